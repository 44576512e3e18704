"""Hostile pages: read up to a stated place and named; real pages cut and mixed at random. Their time: benchmarks/hostile.py."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLE
from hostile_pages import BEFORE, SHAPES, UNITS
from hypothesis import given, settings
from hypothesis import strategies as st
from test_wikitext import check, site

from infoseek_offline.corpus.dump import RawPage, read_dump
from infoseek_offline.corpus.pages import read_page
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.corpus.trim import MAX_CHARACTERS, MAX_MARKS, within_bounds
from infoseek_offline.corpus.wikitext import parse_wikitext

DUMPS = Path(__file__).resolve().parents[2] / "shared" / "dumps"


def articles(dump: Path, count: int) -> list[str]:
    def texts() -> Iterator[str]:
        for raw in read_dump(dump):
            if raw.ns == 0 and not raw.redirect and len(raw.text) < 40_000:
                yield raw.text

    return [text for text, _ in zip(texts(), range(count), strict=False)]


MARKS = ["[[", "]]", "{{", "}}", "|", "\n", "''", "<ref>", "</ref>", "{|", "|}", "<!--", "&lt;", "\ufdd0", "{{{", "[", "]"]
PAGES = articles(SAMPLE, 60)


def test_the_bounds_are_by_characters_and_marks() -> None:
    line = "word " * 20 + "\n"
    long = line * (MAX_CHARACTERS // len(line) + 100)
    kept = within_bounds(long)
    assert len(long) > MAX_CHARACTERS >= len(kept) > MAX_CHARACTERS - len(line) and long.startswith(kept)
    assert within_bounds("[[a]] " * (MAX_MARKS + 5)) == "[[a]] " * MAX_MARKS
    assert within_bounds("-{a}- " * (MAX_MARKS + 5)) == "-{a}- " * MAX_MARKS
    assert within_bounds("x" * 1000) == "x" * 1000


def test_a_page_of_fifty_megabytes_is_read_up_to_its_bound() -> None:
    page = parse_wikitext("The [[pier]] is old. " * 2_500_000, "Harbour", site())
    check(page)
    assert 0 < page.cut_at <= MAX_CHARACTERS and len(page.links) == page.cut_at // len("The [[pier]] is old. ")


def test_what_is_cut_is_counted_and_named_in_the_manifest(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus({"Anvil": "[[Bench]] " * (MAX_MARKS + 10), "Bench": "{{Strange}} {{Strange|x}} {{Odd}} Of wood."})
    (fault,) = corpus.manifest["faults"]["named"]
    assert "Anvil" in str(fault) and f"read up to character {10 * MAX_MARKS:,} of {10 * MAX_MARKS + 100:,}" in str(fault)
    assert corpus.manifest["counts"]["pages read in part"] == 1
    assert corpus.manifest["templates dropped most"] == {"Strange": 2, "Odd": 1}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit[:24].strip())
def test_a_page_of_one_piece_over_and_over_is_read_to_its_end(unit: str) -> None:
    row = read_page(RawPage("Harbour", 0, 1, 1, "", "", BEFORE + unit * (60_000 // len(unit)) + "\n\nThe end."), site())
    assert row.text.startswith("Before pier") and row.cut_at == 0
    ends = np.frombuffer(row.sentences, "<i4").reshape(-1, 2)
    assert (ends[:, 0] <= ends[:, 1]).all() and (ends[1:, 0] >= ends[:-1, 1]).all() and ends[-1, 1] <= len(row.text)


def test_what_is_hostile_fits_into_the_bounds() -> None:
    for shape in SHAPES:
        text = BEFORE + shape.text(shape.largest())
        assert within_bounds(text) == text and len(text) > min(MAX_CHARACTERS, MAX_MARKS) // 3, shape


def test_a_title_of_ten_thousand_characters() -> None:
    long = "a" * 10_000
    page = parse_wikitext(f"[[{long}|x]] and [[pier|{long}]] and [[{':en' * 5_000}:b|y]].", long, site())
    assert [(link.target, len(link.anchor)) for link in page.links] == [("Pier", 10_000)]
    check(page)


def test_ten_thousand_of_everything_unclosed_keeps_the_text_before() -> None:
    for opened in ("{{a|", "[[a|", "<ref>", "\n{|\n", "<table>", "{{{a|", "[[File:x|", "<nowiki>", "<!--", "'''", "<div>"):
        page = parse_wikitext("Before [[pier]]. " + opened * 10_000, "Harbour", site())
        check(page)
        assert page.text.startswith("Before pier.") and page.links[0].target == "Pier", opened


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PAGES), st.randoms(use_true_random=False))
def test_mutated_pages_of_the_sample_are_read(text: str, chance: random.Random) -> None:
    check(parse_wikitext(mutated(text, chance), "Harbour", site()))


@pytest.mark.skipif(not DUMPS.is_dir(), reason="no real dumps beside the project")
def test_mutated_real_pages_are_read() -> None:
    chance = random.Random(3)
    for name in ("ltgwiki-small.xml.bz2", "shintowiki-2024-07.xml.bz2"):
        for text in articles(DUMPS / name, 40):
            check(parse_wikitext(mutated(text, chance), "Harbour", site(chance.choice(["en", "ja", "de"]))))


def mutated(text: str, chance: random.Random) -> str:
    """The text with pieces cut, doubled, moved and marks put in or taken out, at random."""
    for _ in range(chance.randint(1, 12)):
        low, high = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        high = min(high, low + chance.choice([1, 2, 5, 40, 400]))
        piece = text[low:high]
        mark = chance.choice(MARKS)
        text = text[:low] + chance.choice(["", mark, piece * 2, piece[::-1], mark + piece]) + text[high:]
    return text
