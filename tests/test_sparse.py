"""Wikis that link little: names that are no link are claims too, what no search finds is told otherwise, and a run that has fewer
items than asked for says why."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import dump_xml

from infoseek_offline import pipeline
from infoseek_offline.agents.rules import RulePlanner
from infoseek_offline.checks.verifier import Verifier
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.claims.links import reads_little, text_links
from infoseek_offline.claims.sentences import sentence_claims
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.claims.unlinked import unlinked
from infoseek_offline.config import Bounds, Config, Shape, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.shortfall import why_fewer
from infoseek_offline.dataset.spread import LEAST_TOLD, Spread
from infoseek_offline.files import canonical_json
from infoseek_offline.records import Constraint, Difficulty, ResearchTree, Verdict
from infoseek_offline.trees import grow as growing
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.grow import SHALLOW, SMALL, Grown, grow
from infoseek_offline.trees.options import Option, Options
from infoseek_offline.trees.repair import mend
from infoseek_offline.trees.tree import DraftVertex

MakeCorpus = Callable[..., Corpus]
BOUNDS = Bounds(hub_degree=60, top_k=3)

# Names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ferry boats go from Kesh to the isle of Yarrel every day.", ["Kesh", "Yarrel"]),
        ("From here one sees Kesh and, on clear days, Dorrit.", ["Kesh", "Dorrit"]),
        ("Kesh is seen from here.", []),  # it may owe its capital to its place
        ("Here is the Old Kesh, and there Kesh Harbour, and there Kesh 13.", []),
        ("Nearby are Kesh of Panno and the Gulf of Dorrit.", []),
        ("One comes by way of Great Marden in a day.", ["Great Marden"]),
        ("It is called the old kesh by some.", []),  # nobody links it so
        ("A stone called amber is found here, and amber is sold.", ["Amber"]),  # two pages link it so
        ("They name [[Yarrel|Kesh]] in songs, and Kesh in tales.", []),
        ("Of Wick there are two.", []),  # and nobody knows which is meant
        ("\n== See also ==\nAs one sees from Kesh.", []),
    ],
)
def test_a_name_without_a_link_counts_where_it_can_mean_nothing_else(make_corpus: MakeCorpus, text: str, found: list[str]) -> None:
    others = ("Kesh", "Dorrit", "Panno", "Yarrel", "Great Marden", "Amber", "Wick (town)", "Wick (river)")
    pages = {title: f"'''{title}''' is a place of some kind." for title in others}
    pages |= {f"Shop {n}": "A shop that sells [[amber]] and nothing else." for n in (1, 2)}
    corpus = make_corpus({**pages, "Here": f"'''Here''' is a town. {text}"})
    here = corpus.resolve("Here")
    assert here is not None
    names = unlinked(corpus, here)
    assert sorted(corpus.titles[link.target] for link in names) == sorted(found)
    words = corpus.page(here).text
    assert all(corpus.resolve(words[link.start : link.end]) == link.target for link in names)


def test_where_infoboxes_link_enough_only_links_are_read(make_corpus: MakeCorpus) -> None:
    box = "{{Infobox town\n| river = [[Sennet]]\n| county = [[Marl]]\n}}\n"
    told = "'''{}''' is a town. It was founded by Oda Merrin."
    pages = {name: told.format(name) for name in ("Quillport", "Stonebay", "Elmwick")}
    pages |= {
        "Oda Merrin": "'''Oda Merrin''' was a queen.",
        "Sennet": "'''Sennet''' is a river.",
        "Marl": "'''Marl''' is a county.",
    }
    for rich in (False, True):
        corpus = make_corpus({t: (box if rich and "town" in text else "") + text for t, text in pages.items()})
        town = corpus.resolve("Quillport")
        assert town is not None and reads_little(corpus) == (not rich)
        relations = [c.wording for c in sentence_claims(corpus, town)]
        assert relations == ([] if rich else ["{s} was founded by {o}"]), "a name is read as a link would be"
        assert bool(text_links(corpus, town)) == (not rich)


# A whole run

LANGUAGE = "lv"  # of which no sentence is read


def sparse_wiki(seed: int = 3) -> dict[str, str]:
    """Made-up pages (title -> text) of which each names some others, half of them without a link."""
    rng = random.Random(seed)
    titles: list[str] = []
    while len(titles) < 150:
        name = "".join(rng.choice("b br d f g k l m n p r st t v z".split()) + rng.choice("aeiou") for _ in range(3)).capitalize()
        if name not in titles:
            titles.append(name)
    pages = {}
    for title in titles:
        others = rng.sample([t for t in titles if t != title], 7)
        named = [f"[[{other}]]" if n % 2 else other for n, other in enumerate(others)]
        told = " ".join(f"Te stāsta par {name} {rng.choice('veci jauni klusi seni skaļi'.split())} ļaudis." for name in named)
        pages[title] = f"'''{title}''' ir vieta. {told}"
    return pages


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sparse")
    (folder / "dump.xml").write_text(dump_xml(sparse_wiki(), LANGUAGE), encoding="utf-8")
    pipeline.corpus(folder / "dump.xml", folder / "home")
    pipeline.index(folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config("demo", count=30, seed=2)


@pytest.fixture(scope="module")
def run(home: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    pipeline.data(home, out, config)
    return out


@pytest.fixture(scope="module")
def options(home: Path) -> Options:
    corpus = Corpus.open(home / "corpus")
    pipeline.claims(home)
    return Options(corpus, ClaimStore(home / "claims", corpus), Extents(corpus))


def by_name(home: Path, run: Path) -> list[tuple[Any, int, int]]:
    """Items with the place (vertex, constraint) of a clue that is read of a name and no link."""
    corpus = Corpus.open(home / "corpus")
    found = []
    for line in (run / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        for v, vertex in enumerate(item["tree"]["vertices"]):
            for c, constraint in enumerate(vertex["constraints"]):
                evidence = constraint["evidence"]
                spans = [(link.start, link.end) for link in corpus.links(evidence["page"])]
                if constraint["kind"] == "link" and (evidence["start"], evidence["end"]) not in spans:
                    found.append((item, v, c))
    return found


def test_items_come_of_names_and_hold(home: Path, run: Path) -> None:
    assert by_name(home, run)
    report = verify_run(run, home)
    assert report.items >= 10 and report.failures == ()


def test_a_word_that_is_no_name_is_found_to_be_none(home: Path, run: Path, config: Config) -> None:
    item, v, c = by_name(home, run)[0]
    verifier = Verifier(home, config.reading, config.bounds.model_dump())
    assert verifier.verify_line(1, canonical_json(item).encode()).failures == []
    evidence = item["tree"]["vertices"][v]["constraints"][c]["evidence"]
    begins = evidence["sentence"].index(" par ") + 1 - evidence["sentence"].index(evidence["anchor"])
    evidence |= {"start": evidence["start"] + begins, "end": evidence["start"] + begins + 3, "anchor": "par"}
    failures = verifier.verify_line(1, canonical_json(item).encode()).failures
    assert any("is no link to" in failure.detail for failure in failures)


def test_a_bare_connection_is_no_relation_that_could_dominate(run: Path) -> None:
    items = pipeline.questions(run)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["bare connections"] == len(items) > LEAST_TOLD and manifest["relations"]["different"] == 0
    spread = Spread(count=20)
    for item in items[: LEAST_TOLD + 1]:
        spread.add(item.tree, Difficulty(**item.difficulty.model_dump()))
    assert spread.bare == LEAST_TOLD + 1 and "{v} is connected with {o}" not in spread.relations


# Repair by search


def first_tree(options: Options) -> Grown:
    for root in options.corpus.answerable().tolist():
        found = grow(root, RulePlanner(), options, BOUNDS, Shape(max_depth=2), random.Random(root))
        if found.tree is not None and found.growth is not None:
            return found
    raise AssertionError("no tree grows")


def place(constraint: Constraint) -> tuple[int, int]:
    return constraint.evidence.page, constraint.evidence.start


def lost(tree: ResearchTree, role: str) -> Verdict:
    ranks = {v.id: 0 if v.role == role else 1 for v in tree.vertices if v.role in ("root", "inner")}
    return Verdict(check="R2", passed=False, reason="", measured={"ranks": ranks})


@pytest.mark.parametrize("role", ["root", "inner"])
def test_what_no_search_finds_is_described_by_what_one_finds(options: Options, role: str) -> None:
    """Of all clues but those that the tree has, every second one is found."""
    grown = first_tree(options)
    assert grown.tree is not None
    before = {place(c) for v in grown.tree.vertices if v.role == role for c in v.constraints}
    shown: set[tuple[int, int]] = set()

    def finds(vertex: DraftVertex, offers: Sequence[Option]) -> list[bool]:
        found = [place(o.constraint) not in before and n % 2 == 0 for n, o in enumerate(offers)]
        shown.update(place(o.constraint) for o, yes in zip(offers, found, strict=True) if yes)
        return found

    mended = mend(grown, RulePlanner(), [lost(grown.tree, role)], {}, finds)
    assert mended is not None and mended[0].tree is not None and mended[1].failed == ("R2",)
    vertex = next(v for v in mended[0].tree.vertices if v.role == role)
    inner = [{v.page for v in tree.vertices if v.role == "inner"} for tree in (grown.tree, mended[0].tree)]
    assert any(place(c) in shown for c in vertex.constraints) or inner[0] != inner[1]


def test_a_page_of_which_nothing_is_found_gives_way(options: Options) -> None:
    grown = first_tree(options)
    assert grown.tree is not None and grown.growth is not None
    inner = next(v.page for v in grown.tree.vertices if v.role == "inner")
    mended = mend(grown, RulePlanner(), [lost(grown.tree, "inner")], {}, lambda vertex, offers: [False] * len(offers))
    assert grown.growth.memory.unfound == {inner}
    assert mended is None or inner not in {v.page for v in mended[0].tree.vertices}  # type: ignore[union-attr]


def test_no_clue_that_shows_the_answer_takes_the_place_of_one_that_did(options: Options) -> None:
    mended = 0
    for root in options.corpus.answerable().tolist()[:40]:
        grown = grow(root, RulePlanner(), options, BOUNDS, Shape(max_depth=2), random.Random(root))
        if grown.tree is None:
            continue
        told = [c for c in grown.tree.root.constraints if grown.tree.vertex(c.other).role == "leaf"]
        before = {place(c) for c in grown.tree.root.constraints}
        showing: set[tuple[int, int]] = set()

        def shows(vertex: DraftVertex, offers: Sequence[Option], showing: set[tuple[int, int]] = showing) -> list[bool]:
            showing.update(place(o.constraint) for n, o in enumerate(offers) if n % 2)
            return [n % 2 == 1 for n in range(len(offers))]

        found = Verdict(check="R1", passed=False, reason="", measured={"ranks": {f"{told[0].id} dense": 1}})
        result = mend(grown, RulePlanner(), [found], {c.id: "" for c in told}, None, shows)
        if result is not None and result[0].tree is not None and showing:
            mended += 1
            tree = result[0].tree
            now = {place(c) for c in tree.root.constraints if tree.vertex(c.other).role == "leaf"}
            assert not now & (showing - before)
    assert mended >= 3


# What was asked for


@pytest.mark.parametrize(("shape", "short"), [(Shape(min_vertices=8), SMALL), (Shape(min_depth=3), SHALLOW)], ids=["size", "depth"])
def test_a_tree_that_is_not_what_was_asked_for_grows_on(
    options: Options, shape: Shape, short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried() -> list[Grown]:
        roots = options.corpus.answerable().tolist()[:60]
        return [grow(root, RulePlanner(), options, BOUNDS, shape, random.Random(root)) for root in roots]

    trees = tried()
    assert all(len(g.tree.vertices) >= shape.min_vertices and g.tree.depth >= shape.min_depth for g in trees if g.tree)
    monkeypatch.setattr(growing.Growth, "say_less", lambda self: False)
    monkeypatch.setattr(growing.Growth, "go_elsewhere", lambda self: False)
    at_once = tried()
    assert sum(g.reason == short for g in trees) < sum(g.reason == short for g in at_once)
    assert {g.tree.root.page for g in trees if g.tree} >= {g.tree.root.page for g in at_once if g.tree}


# The report


def test_a_run_with_too_few_items_says_why(home: Path, run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    lost_at = [{"step": "begun", "left": 90, "lost": {}}, {"step": "search", "left": 1, "lost": {"R1": 3, "R2": 1200}}]
    given_up = {"no page to start with": 7, "no move left": 40, "no clue left": 2}
    manifest |= {"asked": 900, "trees given up": given_up, "funnel": lost_at}
    lines = why_fewer(manifest, Corpus.open(home / "corpus"))
    assert lines[0] == "asked for 900: all 150 answer pages were tried, no more trees hold"
    assert [line.split()[0] for line in lines[1:5]] == ["42", "7", "1,200", "3"], "the commonest first, dead ends together"
    assert "came to a dead end" in lines[1] and "nowhere to start" in lines[2] and "--encoder" in lines[3] and "3 hits" in lines[4]


def test_a_wiki_whose_pages_do_not_hang_together_is_told_so(make_home: Callable[..., Path], tmp_path: Path) -> None:
    home = make_home({f"Isle {n}": f"'''Isle {n}''' is an island of its own." for n in range(20)}, index=True)
    manifest = pipeline.data(home, tmp_path / "run", load_config("standard", count=5))
    lines = why_fewer(manifest, Corpus.open(home / "corpus"))
    assert manifest["accepted"] == 0 and "nowhere to start" in lines[1]
    assert "of 20 articles 0 link to, mention, or are linked from 5 others or more" in lines[-1]
    assert verify_run(tmp_path / "run", home).failures == ()
