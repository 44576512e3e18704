"""Extents and solution sets (hcsp.md): each kind of constraint in both readings, and bitmaps against plain sets on random wikis.

open: what the corpus does not state may be true; closed: it is false. Lists and disambiguation pages are never in an extent.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import dump_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, Evidence, ResearchTree, Vertex
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.lookup import category_family
from infoseek_offline.trees.solve import links_to, solve, solve_without

MakeCorpus = Callable[..., Corpus]


def both(corpus: Corpus) -> tuple[Extents, Extents]:
    return Extents(corpus, "open"), Extents(corpus, "closed")


def titles(corpus: Corpus, pages: BitMap) -> set[str]:
    return {corpus.titles[page] for page in pages}


def box(**fields: object) -> str:
    return "{{Infobox rock\n" + "".join(f"| {k.replace('_', ' ')} = {v}\n" for k, v in fields.items()) + "}}\n"


# Links


@pytest.fixture
def linked(make_corpus: MakeCorpus) -> Corpus:
    return make_corpus(
        {
            "Ember": "Ember lies by [[Flint]] and [[Grove]].",
            "Flint": "Flint is a rock.",
            "Grove": "Grove holds [[Haven]].",
            "Haven": "Haven is near the Flint, it is said.",
            "Islet": "Islet is alone.",
            "List of rocks": "* [[Flint]]\n* [[Islet]]",
            "Grove (disambiguation)": "* [[Grove]]\n* [[Islet]]\n{{disambiguation}}",
            "Jetty": "Jetty was built in the [[Grove (disambiguation)|grove]].",
        }
    )


def test_a_link_to_a_named_page_leaves_its_neighbours(linked: Corpus) -> None:
    """Linked or mentioned, either way; the same in both readings, since evidence of a relation must show an association."""
    for extents in both(linked):
        near = {t: titles(linked, extents.near(linked.resolve(t) or 0)) for t in ("Flint", "Ember", "Haven")}
        assert near == {"Flint": {"Ember", "Haven"}, "Ember": {"Flint", "Grove"}, "Haven": {"Grove", "Flint"}}


def test_an_ambiguous_link_may_mean_any_page_that_is_listed(linked: Corpus) -> None:
    extents = Extents(linked)
    assert titles(linked, extents.near(linked.resolve("Jetty") or 0)) == {"Grove", "Islet"}
    assert "Jetty" in titles(linked, extents.near(linked.resolve("Islet") or 0))


def test_lists_and_disambiguation_pages_are_no_candidates_but_are_near(linked: Corpus) -> None:
    extents = Extents(linked)
    flint = linked.resolve("Flint") or 0
    assert "List of rocks" not in titles(linked, extents.near(flint) | extents.universe)
    assert "List of rocks" in titles(linked, extents.near_all(flint))


def test_a_link_to_a_described_page_leaves_the_neighbours_of_all_its_candidates(linked: Corpus) -> None:
    extents = Extents(linked)
    pages = [linked.resolve(t) or 0 for t in ("Ember", "Haven")]
    assert titles(linked, extents.near_any(pages)) == {"Flint", "Grove"}
    assert extents.near_any([]) == BitMap()


# Intervals and facts


@pytest.mark.parametrize("hub_degree", [1, 2, 400])
@pytest.mark.parametrize("crowded", [0, 10**9], ids=["few neighbours", "many neighbours"])
def test_rings_hold_what_a_walk_reaches_that_goes_on_from_no_hub(
    linked: Corpus, monkeypatch: pytest.MonkeyPatch, crowded: int, hub_degree: int
) -> None:
    monkeypatch.setattr("infoseek_offline.trees.extents.CROWDED", crowded)
    extents = Extents(linked)
    for root in range(linked.size):
        reached = [{root}]
        for _ in range(3):
            walked = [p for p in reached[-1] if p == root or linked.degree(p) <= hub_degree]
            reached.append(reached[-1].union(*(linked.neighbours(p).tolist() for p in walked)))
        assert [set(ring) for ring in extents.rings(root, 3, hub_degree)] == reached
        assert extents.rings(root, 3, hub_degree, extents.rings(root, 1, hub_degree)) == extents.rings(root, 3, hub_degree)


@pytest.fixture
def measured(make_corpus: MakeCorpus) -> Corpus:
    values = {
        "Anvil": "12 km", "Bench": "15–18 km", "Cairn": "40 km", "Dingle": "12 mi", "Esker": "12", "Fjard": "unknown",
        "Gully": "8–13 km", "Hollow": None,
    }  # fmt: skip
    pages = {t: box(length=v) if v else box(lustre="grey") for t, v in values.items()}
    pages["Inlet"] = "Inlet is alone."
    pages["Both"] = box(length="5 km<br />50 km")
    return make_corpus({t: f"{text}'''{t}''' is a rock." for t, text in pages.items()})


UNSTATED = {"Hollow", "Inlet"}
NOT_COMPARABLE = {"Dingle", "Esker", "Fjard"}  # miles, no unit, no number


def test_an_interval_leaves_what_overlaps_it(measured: Corpus) -> None:
    open_, closed = (titles(measured, e.in_interval("length", 10, 16, "km")) for e in both(measured))
    assert closed == {"Anvil", "Bench", "Gully"}
    assert open_ == closed | UNSTATED | NOT_COMPARABLE


def test_the_ends_of_an_interval_belong_to_it(measured: Corpus) -> None:
    closed = Extents(measured, "closed")
    assert titles(measured, closed.in_interval("length", 12, 12, "km")) == {"Anvil", "Gully"}
    assert titles(measured, closed.in_interval("length", 13, 15, "km")) == {"Bench", "Gully"}
    assert titles(measured, closed.in_interval("length", 13.01, 14.99, "km")) == set()


def test_one_of_several_values_in_the_interval_is_enough(measured: Corpus) -> None:
    assert "Both" in titles(measured, Extents(measured, "open").in_interval("length", 4, 6, "km"))
    assert "Both" in titles(measured, Extents(measured, "closed").in_interval("length", 45, 60, "km"))
    assert "Both" not in titles(measured, Extents(measured, "open").in_interval("length", 10, 20, "km"))


def test_values_in_another_unit_contradict_nothing(measured: Corpus) -> None:
    open_, closed = (titles(measured, e.in_interval("length", 100, 200, "mi")) for e in both(measured))
    assert closed == set()
    assert open_ == set(measured.titles) - {"Dingle"}, "twelve miles are not 100 to 200 miles; kilometres may be"


def test_a_key_that_nobody_states(measured: Corpus) -> None:
    open_, closed = both(measured)
    assert open_.in_interval("depth", 1, 2, "km") == open_.with_value("depth", "deep") == open_.universe
    assert closed.in_interval("depth", 1, 2, "km") == closed.with_value("depth", "deep") == BitMap()
    assert titles(measured, open_.stated("length")) == set(measured.titles) - UNSTATED
    assert open_.stated("depth") == BitMap()


def test_dates_are_intervals_of_years(make_corpus: MakeCorpus) -> None:
    values = {
        "Anvil": "11 January 1787",
        "Bench": "1787",
        "Cairn": "1790s",
        "Dingle": "c. 1750",
        "Esker": "450 BC",
        "Fjard": "12 km",
    }
    corpus = make_corpus({t: box(discovered=v) + f"'''{t}''' is a rock." for t, v in values.items()})
    open_, closed = (titles(corpus, e.in_interval("discovered", 1780, 1790.9999, "year")) for e in both(corpus))
    assert closed == {"Anvil", "Bench", "Cairn"}, "a decade overlaps the interval by one year"
    assert open_ == closed | {"Fjard"}


def test_a_fact_leaves_values_that_share_its_words(make_corpus: MakeCorpus) -> None:
    """One value's words hold the other's: "dark green" and "green" may be the same; "red" contradicts."""
    values = {"Anvil": "green", "Bench": "Dark green", "Cairn": "red", "Dingle": "green, red", "Esker": None}
    corpus = make_corpus({t: (box(lustre=v) if v else box(length="1 km")) + f"'''{t}''' is a rock." for t, v in values.items()})
    open_, closed = (titles(corpus, e.with_value("lustre", "Green")) for e in both(corpus))
    assert closed == {"Anvil", "Bench", "Dingle"}
    assert open_ == closed | {"Esker"}


# Types


def kinds(make_corpus: MakeCorpus, **pages: str) -> Corpus:
    return make_corpus({title.replace("_", " "): text for title, text in pages.items()})


def many(noun: str, names: str, opening: str = "") -> dict[str, str]:
    return {name: f"{opening}'''{name}''' is a {noun}." for name in names.split()}


def test_a_type_leaves_pages_of_the_type_and_open_those_of_unknown_type(make_corpus: MakeCorpus) -> None:
    corpus = kinds(
        make_corpus, **many("moon", "Anvil Bench Cairn"), **many("river", "Dingle Esker Fjard"), Gully="Gully lies there."
    )
    open_, closed = (titles(corpus, e.of_type("moon")) for e in both(corpus))
    assert closed == {"Anvil", "Bench", "Cairn"}
    assert open_ == closed | {"Gully"}


def test_types_that_stand_together_on_a_page_do_not_exclude_each_other(make_corpus: MakeCorpus) -> None:
    corpus = kinds(
        make_corpus, **many("chemist", "Anvil Bench Cairn"), **many("poet", "Dingle Esker Fjard"),
        **many("river", "Gully Hollow Inlet"),
        Jetty="'''Jetty''' was a chemist and poet.",
    )  # fmt: skip
    open_, closed = (titles(corpus, e.of_type("poet")) for e in both(corpus))
    assert closed == {"Dingle", "Esker", "Fjard", "Jetty"}
    assert open_ == closed | {"Anvil", "Bench", "Cairn"}


def test_types_whose_pages_share_an_infobox_do_not_exclude_each_other(make_corpus: MakeCorpus) -> None:
    opening = "{{Infobox settlement\n| area = 3 km2\n}}\n"
    corpus = kinds(
        make_corpus, **many("village", "Anvil Bench Cairn", opening), **many("hamlet", "Dingle Esker Fjard", opening),
        **many("river", "Gully Hollow Inlet"),
    )  # fmt: skip
    assert titles(corpus, Extents(corpus).of_type("hamlet")) == set("Anvil Bench Cairn Dingle Esker Fjard".split())


def test_a_type_that_fewer_than_three_pages_have_excludes_none_and_is_excluded_by_none(make_corpus: MakeCorpus) -> None:
    corpus = kinds(
        make_corpus, **many("moon", "Anvil Bench Cairn"), **many("moonlet", "Dingle Esker"), **many("river", "Fjard Gully Hollow")
    )
    open_, closed = both(corpus)
    assert titles(corpus, open_.of_type("moon")) == set("Anvil Bench Cairn Dingle Esker".split())
    assert titles(corpus, closed.of_type("moonlet")) == {"Dingle", "Esker"}
    assert (open_.type_size("moonlet"), open_.type_size("comet")) == (2, 0)


def test_a_type_that_no_page_has(make_corpus: MakeCorpus) -> None:
    open_, closed = both(kinds(make_corpus, **many("moon", "Anvil Bench Cairn")))
    assert open_.of_type("comet") == open_.universe
    assert closed.of_type("comet") == BitMap()


# Categories


def test_a_category_leaves_members_and_open_pages_of_no_category_of_its_family(make_corpus: MakeCorpus) -> None:
    categories = {
        "Anvil": "Moons of Brontes", "Bench": "Moons of Gyges", "Cairn": "Moons of Gyges]] [[Category:Moons of Brontes",
        "Dingle": "Rivers", "Esker": "",
    }  # fmt: skip
    corpus = make_corpus({t: f"{t} is here. [[Category:{c}]]" if c else f"{t} is here." for t, c in categories.items()})
    open_, closed = (titles(corpus, e.in_category("Moons of Brontes")) for e in both(corpus))
    assert closed == {"Anvil", "Cairn"}
    assert open_ == closed | {"Dingle", "Esker"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Moons of Uranus", "Moons of Saturn", True),
        ("Moons of Uranus", "moons of Saturn", True),
        ("Moons of Uranus", "Rings of Uranus", False),
        ("1787 births", "1920 births", True),
        ("1787 births", "1787 deaths", False),
        ("Minerals discovered by Klaproth", "Minerals discovered by Scheele", True),
        ("Rivers", "Rivers of Austria", False),
    ],
)
def test_categories_of_one_family_can_be_compared(one: str, other: str, same: bool) -> None:
    assert (category_family(one) == category_family(other)) is same


def test_a_category_that_no_page_has(make_corpus: MakeCorpus) -> None:
    open_, closed = both(make_corpus({"Anvil": "Anvil is here. [[Category:Moons of Gyges]]", "Bench": "Bench too."}))
    assert titles(open_.corpus, open_.in_category("Moons of Brontes")) == {"Bench"}
    assert closed.in_category("Moons of Brontes") == BitMap()


# Bitmaps against plain sets: the definitions once more, on random wikis, from what was written into them

NAMES = ["Anvil", "Bench", "Cairn", "Dingle", "Esker", "Fjard", "Gully", "Hollow", "Inlet", "Jetty"]
NOUNS = ["", "moon", "river", "chemist"]
BOXES = ["", "rock", "place"]
CATEGORIES = ["Moons of Gyges", "Moons of Brontes", "1901 works", "1902 works"]
UNITS = ["", "km", "mi"]
COLOURS = ["green", "dark green", "red"]


@dataclass(frozen=True)
class Sketch:
    """What stands on a page: the source of the wikitext, and of the sets."""

    kind: str
    noun: str
    box: str
    links: frozenset[int]
    categories: frozenset[str]
    width: tuple[int, int, str] | None
    colour: str

    def wikitext(self, number: int) -> str:
        fields = f"| length = {self.width[0]}–{self.width[1]} {self.width[2]}\n" if self.width else ""
        fields += f"| lustre = {self.colour}\n" if self.colour else ""
        text = f"{{{{Infobox {self.box}\n{fields}}}}}\n" if self.box else ""
        text += f"'''{NAMES[number]}''' is a {self.noun}. " if self.noun else "Here. "
        text += " ".join(f"[[{title_of(link)}|x]]" for link in sorted(self.links))
        text += "".join(f"\n[[Category:{c}]]" for c in sorted(self.categories))
        return text + ("\n{{disambiguation}}" if self.kind == "disambiguation" else "")


def title_of(number: int) -> str:
    return NAMES[number]


@st.composite
def sketches(draw: Any) -> list[Sketch]:
    size = draw(st.integers(3, len(NAMES)))
    found = []
    for _ in range(size):
        low = draw(st.integers(1, 9))
        box = draw(st.sampled_from(BOXES))
        found.append(
            Sketch(
                kind=draw(st.sampled_from(["article"] * 5 + ["disambiguation"])),
                noun=draw(st.sampled_from(NOUNS)),
                box=box,
                links=draw(st.frozensets(st.integers(0, size - 1), max_size=4)),
                categories=draw(st.frozensets(st.sampled_from(CATEGORIES), max_size=2)),
                width=draw(st.none() | st.tuples(st.just(low), st.integers(low + 1, 12), st.sampled_from(UNITS))) if box else None,
                colour=draw(st.sampled_from(["", *COLOURS])) if box else "",
            )
        )
    return [Sketch("article", "", "", frozenset({1}), frozenset(), None, ""), *found[1:]]


@dataclass
class Plain:
    """hcsp.md over the sketches, with sets of page numbers and nothing else."""

    pages: list[Sketch]
    reading: str
    universe: set[int] = field(init=False)
    near: dict[int, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        numbers = range(len(self.pages))
        self.universe = {p for p in numbers if self.pages[p].kind == "article"}
        pairs = {(p, q) for p in numbers for q in self.pages[p].links if p != q}
        pairs |= {(p, r) for p, q in pairs if self.pages[q].kind == "disambiguation" for r in self.pages[q].links if q != r}
        self.near = {p: {q for q in numbers if p != q and ((p, q) in pairs or (q, p) in pairs)} for p in numbers}

    def types(self, page: int) -> set[str]:
        return {self.pages[page].noun, self.pages[page].box} - {""}

    def extent(self, c: Constraint, other: set[int]) -> set[int]:
        is_open = self.reading == "open"
        if c.kind == "link":
            return set().union(*(self.near[b] for b in other)) & self.universe
        return {p for p in self.universe if self.may(c, p, is_open)}

    def may(self, c: Constraint, page: int, is_open: bool) -> bool:
        sketch = self.pages[page]
        if c.kind == "interval":
            if sketch.width is None or sketch.width[2] != c.unit:
                return is_open
            assert c.low is not None and c.high is not None
            return sketch.width[0] <= c.high and sketch.width[1] >= c.low
        if c.kind == "fact":
            if not sketch.colour:
                return is_open
            mine, asked = set(sketch.colour.split()), set(c.value.split())
            return mine <= asked or asked <= mine
        if c.kind == "category":
            if c.value in sketch.categories:
                return True
            return is_open and not any(k.split()[-1] == "works" if "works" in c.value else "of" in k for k in sketch.categories)
        mine = self.types(page)
        if c.value in mine:
            return True
        return is_open and (not mine or any(self.compatible(c.value, t) for t in mine))

    def compatible(self, asked: str, other: str) -> bool:
        with_asked = [p for p in range(len(self.pages)) if asked in self.types(p)]
        with_other = [p for p in range(len(self.pages)) if other in self.types(p)]
        if not with_asked or len(with_other) < 3 or set(with_asked) & set(with_other):
            return True
        return bool({self.pages[p].box for p in with_asked} & {self.pages[p].box for p in with_other} - {""})

    def solve(self, tree: ResearchTree, vertex: Vertex, without: str = "") -> set[int]:
        if vertex.role == "leaf":
            return {vertex.page}
        left = set(self.universe)
        for c in vertex.constraints:
            if c.id != without:
                left &= self.extent(c, self.solve(tree, tree.vertex(c.other), without) if c.other else set())
        return left


NOWHERE = Evidence(page=0, title="", section="", start=0, end=0, anchor="", sentence="", document="")


def any_constraint(rng: random.Random) -> Constraint:
    low = rng.randint(1, 12)
    fields: dict[str, Any] = rng.choice(
        [
            {"kind": "interval", "key": "length", "low": low, "high": low + rng.randint(0, 4), "unit": rng.choice(UNITS)},
            {"kind": "fact", "key": "lustre", "value": rng.choice(COLOURS)},
            {"kind": "category", "key": "c", "value": rng.choice(CATEGORIES)},
            {"kind": "type", "value": rng.choice([*NOUNS[1:], *BOXES[1:], "comet"])},
        ]
    )
    return Constraint(id="", wording="", evidence=NOWHERE, **fields)


def any_tree(rng: random.Random, pages: int, universe: list[int]) -> ResearchTree:
    """Random vertices and constraints, true or not: solving must not care."""
    vertices: list[Vertex] = []

    def grow(name: str, parent: str, depth: int, role: str) -> None:
        constraints = []
        below = []
        for n in range(1, rng.randint(1, 3) + 1) if role != "leaf" else ():
            if rng.random() < 0.6:
                child = f"{name}{n}"
                constraints.append(Constraint(id=f"{name}.{n}", kind="link", wording="", other=child, evidence=NOWHERE))
                below.append((child, rng.choice(["leaf", "inner", "blur"]) if depth < 2 else "leaf"))
            else:
                constraints.append(any_constraint(rng).model_copy(update={"id": f"{name}.{n}"}))
        page = rng.choice(universe) if role in ("root", "inner") else rng.randrange(pages)
        vertices.append(
            Vertex(id=name, page=page, title="", role=role, parent=parent, depth=depth, noun="", constraints=tuple(constraints))  # type: ignore[arg-type]
        )
        for child, kind in below:
            grow(child, name, depth + 1, kind)

    grow("A", "", 0, "root")
    return ResearchTree(vertices=tuple(vertices))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages=sketches(), seed=st.integers(0, 10**6))
def test_bitmaps_and_plain_sets_agree_on_extents_and_solutions(pages: list[Sketch], seed: int) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wiki = {title_of(i): sketch.wikitext(i) for i, sketch in enumerate(pages)}
        (folder / "d.xml").write_text(dump_xml(wiki), encoding="utf-8")
        pipeline.corpus(folder / "d.xml", folder / "home")
        corpus = Corpus.open(folder / "home" / "corpus")
        for extents in both(corpus):
            plain = Plain(pages, extents.reading)
            assert set(extents.universe) == plain.universe
            for page in range(len(pages)):
                assert set(extents.near_all(page)) == plain.near[page]
                assert set(extents.near(page)) == plain.near[page] & plain.universe
            for _ in range(20):
                constraint = any_constraint(rng)
                assert set(extents.of(constraint)) == plain.extent(constraint, set()), constraint
            for _ in range(5):
                agree(extents, plain, any_tree(rng, len(pages), sorted(plain.universe)))


def agree(extents: Extents, plain: Plain, tree: ResearchTree) -> None:
    solution = solve(tree, extents)
    for vertex in tree.vertices:
        assert set(solution.sets[vertex.id]) == plain.solve(tree, vertex)
        for constraint in vertex.constraints:
            left = solve_without(tree, extents, solution, constraint.id)
            upwards = vertex
            while True:
                assert set(left[upwards.id]) == plain.solve(tree, upwards, constraint.id)
                if not upwards.parent:
                    break
                upwards = tree.vertex(upwards.parent)
            again = solve(tree, extents, without=[constraint.id])
            assert all(left[name] == again.sets[name] for name in left)
        if vertex.role == "inner":
            assert len(links_to(tree, vertex)) == 1


def test_a_vertex_without_constraints_may_be_any_page(linked: Corpus) -> None:
    root = Vertex(id="A", page=0, title="", role="root", parent="", depth=0, noun="", constraints=())
    extents = Extents(linked)
    assert solve(ResearchTree(vertices=(root,)), extents).sets["A"] == extents.universe
