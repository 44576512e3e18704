"""The tables of what a corpus states: the same in memory, mapped, and by any number of workers; made again when they do not fit."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from pyroaring import BitMap

from infoseek_offline import pipeline
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.files import read_json, write_json
from infoseek_offline.trees import hyperlinks
from infoseek_offline.trees import lookup as module
from infoseek_offline.trees.extents import SOME, Extents
from infoseek_offline.trees.lookup import lookup
from infoseek_offline.trees.options import CONTAINERS


@pytest.fixture(scope="module")
def sample(sample_home: Path) -> Corpus:
    return Corpus.open(sample_home / "corpus")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_workers_and_chunks_change_no_byte(sample: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(sample, tmp_path / "one", workers=1)
    monkeypatch.setattr(module, "CHUNK", 100)
    monkeypatch.setattr(hyperlinks, "CHUNK", 100)
    lookup(sample, tmp_path / "two", workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_is_kept_answers_as_what_is_collected_anew(sample: Corpus, tmp_path: Path) -> None:
    kept, anew = Extents(sample, folder=tmp_path / "kept"), Extents(sample)
    facts = [fact for page in sample.answerable()[:300].tolist() for fact in sample.facts(page)]
    assert len(facts) > 100
    for fact in facts:
        assert kept.stated(fact.key) == anew.stated(fact.key)
        assert fact.page in kept.with_value(fact.key, fact.value) and fact.page in kept.stated(fact.key)
        assert kept.with_value(fact.key, fact.value) == anew.with_value(fact.key, fact.value)
        for q in fact.quantities:
            asked = (fact.key, q.low, q.high, q.unit)
            assert fact.page in kept.in_interval(*asked) and kept.in_interval(*asked) == anew.in_interval(*asked)


def test_what_is_kept_is_used_again_and_not_touched(sample: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(sample, tmp_path / "kept")
    monkeypatch.setattr(module, "_made", lambda *arguments: pytest.fail("made a second time"))
    lookup(sample, tmp_path / "kept")


@pytest.mark.parametrize("change", ["other corpus", "other format", "no manifest", "damaged manifest"])
def test_what_does_not_fit_is_made_again(sample: Corpus, tmp_path: Path, change: str) -> None:
    folder = tmp_path / "kept"
    lookup(sample, folder)
    whole, manifest = contents(folder), folder / "manifest.json"
    np.save(folder / "fact.page.npy", np.zeros(1, np.uint32))
    settings = read_json(manifest)
    if change == "no manifest":
        manifest.unlink()
    elif change == "damaged manifest":
        manifest.write_text("{")
    else:
        write_json(manifest, {**settings, **({"corpus": "x"} if change == "other corpus" else {"format": -1})})
    lookup(sample, folder)
    assert contents(folder) == whole


@pytest.mark.parametrize("by_links", [False, True])
def test_neighbours_of_many_are_those_of_each(sample: Corpus, by_links: bool) -> None:
    """By whichever way they are looked for, few or many, from either side."""
    extents = Extents(sample)
    extents = extents.by_links if by_links else extents
    rng, pages = random.Random(1), [*extents.universe]
    for size in (0, 1, 9, 40, 300):
        for other in (1, 5, 60, SOME, SOME + 1):
            chosen, others = BitMap(rng.sample(pages, size)), BitMap(rng.sample(pages, other))
            each = BitMap.union(BitMap(), *(extents.near(page) for page in others))
            assert extents.near_any(others) == each
            assert extents.among(chosen, others) == chosen & each


def test_association_by_links_is_what_the_links_say(sample: Corpus) -> None:
    extents = Extents(sample).by_links
    linked = {page: {link.target for link in sample.links(page)} - {page} for page in range(sample.size)}
    for page in [*extents.universe][:: max(1, len(extents.universe) // 200)]:
        said = linked[page] | {other for other, targets in linked.items() if page in targets}
        assert set(extents.near(page)) == said & set(extents.universe)


def test_statements_are_the_claims_of_both_sides(sample: Corpus, sample_home: Path) -> None:
    pipeline.claims(sample_home)
    store = ClaimStore(sample_home / "claims", sample)
    for page in sample.answerable()[::40].tolist():
        about = store.about(page)
        for statement in about:
            evidence = statement.evidence
            assert evidence.page in (page, statement.other)
            assert sample.text(evidence.page)[evidence.start : evidence.end] == evidence.anchor
        own = store.own(page, CONTAINERS)
        assert all(s.kind == "type" or s.key in CONTAINERS for s in own)
        assert all(s.evidence.page == page for s in own)
        assert {(s.kind, s.other, s.value) for s in about if s.kind == "type"} <= {(s.kind, s.other, s.value) for s in own}
