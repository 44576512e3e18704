"""The certificate, check by check: each defect is planted by one change in a world that is otherwise sound, and is found.

The world is a small made-up encyclopedia. Its sound tree asks for a moon: it orbits the planet Brontes, and was found by an
astronomer who was born in Quillport and studied at the University of Ardmoor.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infoseek_offline.checks.all import ALL, SEARCH, STRUCTURE, SURFACE, run_checks
from infoseek_offline.checks.problem import Problem
from infoseek_offline.checks.shortcuts import least_cover
from infoseek_offline.config import Bounds
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, Evidence, ResearchTree, Verdict
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.tree import Draft

BOUNDS = Bounds(min_skipped=3, min_clue=5, hub_degree=12, top_k=3, solve_k=5)
READINGS = pytest.mark.parametrize("reading", ["open", "closed"])

# The world


def world() -> dict[str, str]:
    """Title -> wikitext. Brontes has five moons, Gyges five; Tamsin Vell found one of the first and two of the second."""
    pages: dict[str, str] = {}
    for planet, moons in {
        "Brontes": {"Kesh": "Oda Merrin", "Dorrit": "Mira Sorn", "Panno": "Corin Haim", "Yarrel": "Hale Ruskin"},
        "Gyges": {"Sael": "Tamsin Vell", "Odrin": "Tamsin Vell", "Wick": "Oda Merrin", "Tolm": "Piet Lund", "Fenn": "Hale Ruskin"},
        "Steropes": {},
        "Arges": {},
    }.items():
        pages[planet] = f"'''{planet}''' is a planet of many colours, seen by the naked eye since ancient days."
        for moon, finder in moons.items():
            pages[moon] = f"'''{moon}''' is a moon that orbits [[{planet}]]. It was discovered by [[{finder}]]."
    pages["Ilmare (moon)"] = (
        "'''Ilmare''' is a moon of pale ice. Nine days pass while it goes once around [[Brontes]]. The deep gorges on its night "
        "side were first drawn by [[Tamsin Vell]], to whom the discovery is due; radar has since shown an ocean below."
    )
    pages["Brontes VI"] = "#REDIRECT [[Ilmare (moon)]]"
    for person, (town, school) in {
        "Tamsin Vell": ("Quillport", "University of Ardmoor"),
        "Oda Merrin": ("Quillport", "University of Lysk"),
        "Piet Lund": ("Quillport", "University of Lysk"),
        "Hale Ruskin": ("Stonebay", "University of Ardmoor"),
        "Mira Sorn": ("Stonebay", "University of Ardmoor"),
        "Ansel Pryde": ("Quillport", "University of Tarn"),
        "Ida Brock": ("Quillport", "University of Tarn"),
        "Corin Haim": ("Elmwick", "University of Ardmoor"),
        "Lena Oster": ("Elmwick", "University of Ardmoor"),
    }.items():
        pages[person] = f"'''{person}''' was an astronomer who was born in [[{town}]]. {person} studied at the [[{school}]]."
    for town, (river, country) in {
        "Quillport": ("Sennet", "Holmark"), "Stonebay": ("Sennet", "Ravia"), "Elmwick": ("Ousel", "Holmark"),
        "Gravenow": ("Sennet", "Ravia"), "Little Marden": ("Ousel", "Holmark"), "Pell": ("Sennet", "Ravia"),
    }.items():  # fmt: skip
        pages[town] = f"'''{town}''' is a town on the [[{river}]], in [[{country}]]."
    for river in ("Sennet", "Ousel", "Thrush"):
        pages[river] = f"'''{river}''' is a river with slow brown water and many herons."
    for country in ("Holmark", "Ravia", "Estmere"):
        pages[country] = f"'''{country}''' is a country of farms and low hills."
    for place in ("Ardmoor", "Lysk", "Tarn"):
        pages[f"University of {place}"] = f"The '''University of {place}''' is a university with old libraries."
    pages["Northern Survey"] = "The '''Northern Survey''' is a survey by [[Tamsin Vell]]. It mapped the clouds of [[Brontes]]."
    pages["Southern Survey"] = "The '''Southern Survey''' is a survey by [[Ida Brock]]. It mapped the clouds of [[Arges]]."
    pages["Lesser Survey"] = "The '''Lesser Survey''' is a survey by [[Mira Sorn]]. It mapped the clouds of [[Steropes]]."
    for colour, stones in {"green": ("Vardite", "Lorrel", "Humite"), "black": ("Kelmite", "Oxite", "Pirrel")}.items():
        for stone in stones:
            pages[stone] = f"'''{stone}''' is a mineral, {colour} and brittle, which miners know from wet caves."
    return pages


def linked(*titles: str) -> str:
    return ", ".join(f"[[{title}]]" for title in titles)


def with_page(title: str, text: str) -> dict[str, str]:
    return {**world(), title: text}


def with_more(title: str, text: str) -> dict[str, str]:
    return with_page(title, f"{world()[title]} {text}")


# Trees, written as nested tuples

Spec = tuple[str, str, list[Any]]  # title, noun, clues
Change = Callable[[Constraint], Constraint]


def link(wording: str, other: str | Spec) -> tuple[str, str | Spec]:
    """A clue that leads to a named page, or to a described one (`inner`, or `blur` where its noun begins with "~")."""
    return wording, other


def kind(noun: str) -> Constraint:
    return literal("type", value=noun, wording="{v} is a {o}")


def literal(kind: str, **fields: Any) -> Constraint:
    nowhere = Evidence(page=0, title="", section="", start=0, end=0, anchor="", sentence="", document="")
    return Constraint.model_validate({"id": "", "kind": kind, "wording": "{v} has {o}", "evidence": nowhere, **fields})


FINDER: Spec = (
    "Tamsin Vell", "astronomer",
    [link("{v} was born in {o}", "Quillport"), link("{v} studied at {o}", "University of Ardmoor")],
)  # fmt: skip
BY_FINDER = link("{v} was discovered by {o}", FINDER)
AT_BRONTES = link("{v} orbits {o}", "Brontes")
SOUND: Spec = ("Ilmare (moon)", "moon", [BY_FINDER, AT_BRONTES, kind("moon")])
WHERE = (link("{v} lies on {o}", "Sennet"), link("{v} is in {o}", "Holmark"))
DEEP: Spec = (
    "Ilmare (moon)", "moon",
    [
        link("{v} was discovered by {o}", (
            "Tamsin Vell", "astronomer",
            [
                link("{v} was born in {o}", ("Quillport", "town", list(WHERE))),
                link("{v} studied at {o}", "University of Ardmoor"),
            ],
        )),
        AT_BRONTES,
        kind("moon"),
    ],
)  # fmt: skip


def moon_with(*clues: Any) -> Spec:
    return "Ilmare (moon)", "moon", list(clues)


def finder_with(*clues: Any) -> tuple[str, str | Spec]:
    return link("{v} was discovered by {o}", ("Tamsin Vell", "astronomer", list(clues)))


def plant(corpus: Corpus, spec: Spec) -> ResearchTree:
    """The tree of a spec; evidence is the first place where one page names the other."""

    def page(title: str) -> int:
        found = corpus.resolve(title)
        assert found is not None, title
        return found

    def evidence(at: int, words: str) -> Evidence | None:
        start = corpus.page(at).text.find(words)
        return corpus.evidence(at, start, start + len(words)) if start >= 0 else None

    def name(at: int) -> str:
        return re.sub(r" \(.*\)$", "", corpus.titles[at])

    draft = Draft(page(spec[0]), corpus.titles[page(spec[0])], spec[1])
    waiting = [(draft.root, spec[2])]
    while waiting:
        vertex, clues = waiting.pop(0)
        for clue in clues:
            if isinstance(clue, Constraint):
                found = evidence(vertex.page, clue.value) or evidence(vertex.page, name(vertex.page))
                draft.constrain(vertex, clue.model_copy(update={"evidence": found}))
                continue
            wording, other = clue
            title, noun, below = other if isinstance(other, tuple) else (other, "", [])
            role = "leaf" if not noun else "blur" if noun.startswith("~") else "inner"
            to = page(title)
            found = evidence(vertex.page, name(to)) or evidence(to, name(vertex.page)) or evidence(vertex.page, name(vertex.page))
            assert found is not None
            constraint = literal("link", wording=wording, evidence=found)
            child = draft.extend(vertex, constraint, to, corpus.titles[to], role, noun.strip("~"))  # type: ignore[arg-type]
            waiting.append((child, below))
    return draft.freeze()


def changed(tree: ResearchTree, ids: str, change: Change) -> ResearchTree:
    """The tree with some of its constraints changed."""
    vertices = [
        v.model_copy(update={"constraints": tuple(change(c) if c.id in ids.split() else c for c in v.constraints)})
        for v in tree.vertices
    ]
    return ResearchTree(vertices=tuple(vertices))


def examine(corpus: Corpus, tree: ResearchTree, reading: Any, bounds: Bounds = BOUNDS) -> dict[str, Verdict]:
    _, verdicts = run_checks(Problem(corpus, Extents(corpus, reading), tree, bounds), STRUCTURE)
    return {v.check: v for v in verdicts}


def failed(verdicts: dict[str, Verdict], solvers: bool = False) -> set[str]:
    """The checks that fail; each says why, and one that holds says nothing. Those in which a solver looks for the answer find most
    other defects too, and are left out unless asked for."""
    assert all(bool(v.reason) != v.passed for v in verdicts.values())
    return {name for name, v in verdicts.items() if not v.passed and (solvers or name not in ("M4", "X4", "X5"))}


@pytest.fixture(scope="module")
def sound_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from conftest import dump_xml

    from infoseek_offline import pipeline

    folder = tmp_path_factory.mktemp("sound")
    (folder / "dump.xml").write_text(dump_xml(world()), encoding="utf-8")
    pipeline.corpus(folder / "dump.xml", folder / "home")
    pipeline.index(folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def sound(sound_home: Path) -> Corpus:
    return Corpus.open(sound_home / "corpus")


@pytest.fixture(scope="module")
def searcher(sound_home: Path, sound: Corpus) -> Searcher:
    return Searcher.open(sound_home / "search", sound)


# The sound tree


@READINGS
@pytest.mark.parametrize("spec", [SOUND, DEEP], ids=["depth 2", "depth 3"])
def test_the_sound_tree_passes_all_checks_of_structure(sound: Corpus, reading: str, spec: Spec) -> None:
    assert failed(examine(sound, plant(sound, spec), reading), solvers=True) == set()


def test_the_checks_are_those_of_the_certificate_in_its_order() -> None:
    assert list(ALL) == "U1 U2 M1 M2 M3 M4 X1 X2 X3 X4 X5 L1 R1 R2".split()


def test_what_is_measured_on_the_sound_tree(sound: Corpus) -> None:
    found = examine(sound, plant(sound, SOUND), "closed")
    near_finder, near_planet, moons = 6, 6, 10
    assert found["U1"].measured["candidates"] == 1
    assert found["U1"].measured["extents"] == {"A.1": near_finder, "A.2": near_planet, "A.3": moons, "B.1": 7, "B.2": 5}
    assert found["U2"].measured["candidates"] == {"B": 1}
    # Without A.1 the moons of Brontes are left, without A.2 those of the finder, without A.3 the moon and the survey.
    assert found["M1"].measured["without"] == {"A.1": 5, "A.2": 3, "A.3": 2, "B.1": 5, "B.2": 7}
    assert found["M2"].measured == {"without": {"B": 5}, "by_links": {"B": 5}}
    assert found["M3"].measured["included"] == []
    assert found["X1"].measured["alone"] == {"A.1": near_finder, "A.2": near_planet, "A.3": moons}
    assert found["X2"].measured["distances"] == {"Brontes": 1, "Quillport": 2, "University of Ardmoor": 2}
    assert found["X3"].measured == {"telling_pages": 0, "cover": 2, "wanted": 2}
    # Without B.1 the finder may be any who studied at Ardmoor, of whom three more found a moon of Brontes; without B.2, Oda Merrin.
    assert found["M4"].measured["without"] == {"A.1": 5, "A.2": 3, "A.3": 2, "B.1": 4, "B.2": 2}
    # Put to one page: near Brontes, near Quillport, near Ardmoor, a moon. The finder is near both towns, each moon of Brontes is
    # a moon near it.
    assert found["X4"].measured == {
        "any, open": {"answer": 2, "best": 2, "pages": 6}, "kind, open": {"answer": 2, "best": 2, "pages": 5},
        "any, closed": {"answer": 2, "best": 2, "pages": 6}, "kind, closed": {"answer": 2, "best": 2, "pages": 5},
    }  # fmt: skip
    assert found["X5"].measured == {
        "any": {"answer": 1, "best": 2, "pages": 1}, "kind": {"answer": 1, "best": 1, "pages": 5}
    }  # fmt: skip


# U: one answer, one page for each description


@READINGS
def test_u1_a_second_answer(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_page("Zemlya", "'''Zemlya''' is a moon that orbits [[Brontes]]. [[Tamsin Vell]] discovered it."))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"U1"}
    assert found["U1"].reason == "2 pages meet all constraints, among them Zemlya"
    assert found["U1"].measured["candidates"] == 2


@READINGS
def test_u1_the_only_candidate_is_another_page(sound: Corpus, reading: str) -> None:
    found = examine(sound, plant(sound, ("Kesh", *SOUND[1:])), reading)
    assert not found["U1"].passed
    assert found["U1"].reason == "1 pages meet all constraints, among them Ilmare (moon)"


def test_u1_a_page_of_unknown_type_is_a_second_answer_in_the_open_reading_only(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus(with_page("Zemlya", "Zemlya: see [[Brontes]] and [[Tamsin Vell]]."))
    tree = plant(corpus, SOUND)
    assert failed(examine(corpus, tree, "open")) == {"U1"}
    assert failed(examine(corpus, tree, "closed")) == set()


@READINGS
def test_u2_an_inner_vertex_with_two_candidates(make_corpus: Callable[..., Corpus], reading: str) -> None:
    twin = "'''Jory Dane''' was an astronomer who was born in [[Quillport]] and studied at the [[University of Ardmoor]]."
    corpus = make_corpus(with_page("Jory Dane", twin))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"U2"}
    assert found["U2"].reason == "B (Tamsin Vell) has 2 candidates"
    assert found["U2"].measured["candidates"] == {"B": 2}


@READINGS
def test_u2_an_inner_vertex_that_stands_for_another_page(sound: Corpus, reading: str) -> None:
    astray = link("{v} was discovered by {o}", ("Oda Merrin", *FINDER[1:]))
    found = examine(sound, plant(sound, moon_with(astray, AT_BRONTES, kind("moon"))), reading)
    assert failed(found) == {"U2"}
    assert found["U2"].reason == "B (Oda Merrin) has 1 candidates"


@READINGS
def test_u2_a_vague_vertex_must_be_vague(sound: Corpus, reading: str) -> None:
    """A vertex that is left vague on purpose must stand for two pages at least; a town on the Sennet and in Holmark is one."""
    vague = link("{v} was born in {o}", ("Quillport", "~town", [link("{v} lies on {o}", "Sennet")]))
    school = link("{v} studied at {o}", "University of Ardmoor")
    found = examine(sound, plant(sound, moon_with(finder_with(vague, school), AT_BRONTES, kind("moon"))), reading)
    assert found["U2"].measured["candidates"]["D"] == 4, "four towns on the Sennet"
    assert "D (" not in found["U2"].reason
    narrow = link("{v} was born in {o}", ("Quillport", "~town", list(WHERE)))
    found = examine(sound, plant(sound, moon_with(finder_with(narrow, school), AT_BRONTES, kind("moon"))), reading)
    assert found["U2"].reason == "D (Quillport) has 1 candidates"


# M: nothing is idle


@READINGS
def test_m1_an_idle_constraint(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """With the survey in other hands nothing but the moon is near both the finder and the planet: its type says nothing more."""
    pages = world()
    pages["Northern Survey"] = pages["Northern Survey"].replace("[[Tamsin Vell]]", "[[Ida Brock]]")
    corpus = make_corpus(pages)
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"M1"}
    assert found["M1"].reason == "idle: A.3"
    assert found["M1"].measured["without"]["A.3"] == 1


@READINGS
def test_m1_an_idle_constraint_of_an_inner_vertex(sound: Corpus, reading: str) -> None:
    corpus = sound
    wordy = finder_with(*FINDER[2], kind("astronomer"))
    found = examine(corpus, plant(corpus, moon_with(wordy, AT_BRONTES, kind("moon"))), reading)
    assert "M1" in failed(found) and found["M1"].reason == "idle: B.3"


@READINGS
def test_m2_a_level_that_can_be_skipped(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """Two pages only are near Brontes and near the dust: whoever sees that need not look for the finder."""
    dust = "'''Vell dust''' is a dust seen at " + linked("Ilmare (moon)", "Kesh", "Sael", "Wick", "Tolm", "Fenn") + "."
    corpus = make_corpus(with_page("Grey dust", dust))
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES, link("{v} is covered by {o}", "Grey dust"))), reading)
    assert failed(found) == {"M2"}
    assert found["M2"].reason == "without B fewer than 3 answers are left"
    assert found["M2"].measured["without"] == {"B": 2}


@READINGS
def test_m2_what_is_left_does_not_hang_on_mentions(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """Three more moons of Brontes are named near the dust, but by no link: by links alone the level can be skipped."""
    dust = "'''Vell dust''' is a dust seen at " + linked("Ilmare (moon)", "Kesh", "Sael", "Wick", "Tolm", "Fenn")
    corpus = make_corpus(with_page("Grey dust", f"{dust}; not at Dorrit, Panno and Yarrel."))
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES, link("{v} is covered by {o}", "Grey dust"))), reading)
    assert failed(found) == {"M2"}
    assert found["M2"].measured == {"without": {"B": 5}, "by_links": {"B": 2}}


def test_m2_a_tree_without_an_inner_vertex_has_no_level(sound: Corpus) -> None:
    found = examine(
        sound, plant(sound, moon_with(AT_BRONTES, link("{v} was discovered by {o}", "Tamsin Vell"), kind("moon"))), "open"
    )
    assert found["M2"].reason == "the tree has no inner vertex"


@READINGS
def test_m3_an_included_constraint(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """All pages near the lane are near Quillport too, so to be born in the town says nothing more (and is idle, M1)."""
    lane = "'''Cooper's Lane''' is a lane where " + linked("Tamsin Vell", "Oda Merrin", "Piet Lund") + " lived."
    corpus = make_corpus(with_page("Cooper's Lane", lane))
    both = finder_with(*FINDER[2], link("{v} lived in {o}", "Cooper's Lane"))
    found = examine(corpus, plant(corpus, moon_with(both, AT_BRONTES, kind("moon"))), reading)
    assert failed(found) == {"M1", "M3"}
    assert found["M3"].reason == "included: B.3 in B.1"
    assert found["M3"].measured["included"] == ["B.3 in B.1"]


def test_m3_the_same_constraint_twice(sound: Corpus) -> None:
    found = examine(sound, plant(sound, moon_with(BY_FINDER, AT_BRONTES, kind("moon"), kind("moon"))), "open")
    assert found["M3"].measured["included"] == ["A.3 in A.4", "A.4 in A.3"]


def without_rivals() -> dict[str, str]:
    """The others who studied at Ardmoor have found no moon of Brontes: that the finder was born in Quillport need not be known."""
    pages = world()
    pages["Dorrit"] = pages["Dorrit"].replace("Mira Sorn", "Oda Merrin")
    pages["Yarrel"] = pages["Yarrel"].replace("Hale Ruskin", "Piet Lund")
    pages["Panno"] = pages["Panno"].replace("Corin Haim", "Piet Lund")
    return pages


@READINGS
def test_m4_a_clue_that_can_be_left_out(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(without_rivals())
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found, solvers=True) == {"M4"}, "five astronomers are left, so that the clue is not idle by M1"
    assert found["M1"].measured["without"]["B.1"] == 5
    assert found["M4"].reason == "the answer is found without B.1"
    assert found["M4"].measured["without"]["B.1"] == 1


# X: no way round


@READINGS
def test_x1_a_clue_that_leaves_too_few(make_corpus: Callable[..., Corpus], reading: str) -> None:
    ring = "The '''Lace Ring''' is a ring that is fed by " + linked("Ilmare (moon)", "Kesh", "Dorrit", "Sael") + "."
    corpus = make_corpus(with_page("Lace Ring", ring))
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES, link("{v} feeds {o}", "Lace Ring"))), reading)
    assert failed(found) == {"X1"}
    assert found["X1"].reason == "A.3 alone leaves fewer than 5 candidates"
    assert found["X1"].measured["alone"]["A.3"] == 4


DIRECT = {
    "a link in the text": "It was named in [[Quillport]].",
    "a link by a redirect": "It was named in [[Old Quillport|a town]].",
    "the name without a link": "It was named in Quillport.",
    "a link in See also": "\n\n== See also ==\n* [[Quillport]]",
    "a link in a reference": "It is cold.<ref>The observatory of [[Quillport]], 1901.</ref>",
    "a link in a caption": "[[File:X.jpg|thumb|Seen from [[Quillport]]]] It is cold.",
    "a link in a table": "\n{|\n| [[Quillport]] || 1901\n|}",
    "a link to a disambiguation page that lists it": "It was named in the [[Quill (disambiguation)|Quill]].",
}


@READINGS
@pytest.mark.parametrize("text", list(DIRECT.values()), ids=list(DIRECT))
def test_x2_a_direct_link_from_the_answer_to_a_named_page(make_corpus: Callable[..., Corpus], reading: str, text: str) -> None:
    pages = with_more("Ilmare (moon)", text)
    pages["Old Quillport"] = "#REDIRECT [[Quillport]]"
    pages["Quill (disambiguation)"] = "'''Quill''' may be:\n* [[Quillport]], a town\n* [[Thrush]], a river\n{{disambiguation}}"
    corpus = make_corpus(pages)
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"X2"}
    assert found["X2"].reason == "Quillport is 1 from the answer, at depth 2"
    assert found["X2"].measured["distances"]["Quillport"] == 1


@READINGS
def test_x2_a_direct_link_from_a_named_page_to_the_answer(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_more("Quillport", "A statue there shows [[Brontes VI]]."))
    assert failed(examine(corpus, plant(corpus, SOUND), reading)) == {"X2"}


@READINGS
def test_x2_a_page_that_a_value_names_counts_as_named(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """The category "Astronomers from Quillport" shows the town as well as a link would."""
    people = ("Tamsin Vell", "Oda Merrin", "Piet Lund", "Ansel Pryde", "Ida Brock")
    pages = with_more("Ilmare (moon)", "It was named in [[Quillport]].")
    pages |= {p: pages[p] + " [[Category:Astronomers from Quillport]]" for p in people}
    pages |= {
        p: pages[p] + " [[Category:Astronomers from elsewhere]]" for p in ("Hale Ruskin", "Mira Sorn", "Corin Haim", "Lena Oster")
    }
    corpus = make_corpus(pages)
    from_there = literal("category", key="Astronomers from Quillport", value="Astronomers from Quillport")
    tree = plant(corpus, moon_with(finder_with(from_there, FINDER[2][1]), AT_BRONTES, kind("moon")))
    found = examine(corpus, tree, reading)
    assert found["X2"].reason == "Quillport is 1 from the answer, at depth 2"


def _painting(others: int) -> str:
    """A page near the answer and the river of the third level, and near so many other pages."""
    stones = ["Vardite", "Lorrel", "Humite", "Kelmite", "Oxite", "Pirrel", "Thrush", "Estmere", "Arges", "Steropes", "Gyges"][
        :others
    ]
    return "'''Night''' is a painting of [[Ilmare (moon)]] above the [[Sennet]]" + "".join(f", [[{s}]]" for s in stones) + "."


@READINGS
def test_x2_a_path_of_two_steps_to_a_page_of_the_third_level(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_page("Night (painting)", _painting(3)))
    found = examine(corpus, plant(corpus, DEEP), reading)
    assert failed(found) == {"X2"}
    assert found["X2"].reason == "Sennet is 2 from the answer, at depth 3"


@READINGS
def test_x2_no_path_leads_through_a_hub(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """The same path, through a page with 13 neighbours: above the bound of 12 it is none."""
    corpus = make_corpus(with_page("Night (painting)", _painting(11)))
    page = corpus.resolve("Night (painting)")
    assert page is not None and corpus.degree(page) == 13
    assert failed(examine(corpus, plant(corpus, DEEP), reading)) == set()
    strict = BOUNDS.model_copy(update={"hub_degree": 13})
    assert failed(examine(corpus, plant(corpus, DEEP), reading, strict)) == {"X2"}


TELLS_ALL = "[[Brontes]], [[Ilmare (moon)]], [[Quillport]] and the [[University of Ardmoor]]"


@READINGS
@pytest.mark.parametrize(
    ("title", "text"),
    [("List of sights", f"Sights are {TELLS_ALL}."), ("Sights (disambiguation)", f"* {TELLS_ALL}\n{{{{disambiguation}}}}")],
    ids=["list", "disambiguation"],
)
def test_x3_a_page_that_tells_it_all(make_corpus: Callable[..., Corpus], reading: str, title: str, text: str) -> None:
    """Lists and disambiguation pages are no answers, but they can be found and read."""
    corpus = make_corpus(with_page(title, text))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"X3"}
    assert found["X3"].reason == f"{title} is near the answer and all named pages"
    assert found["X3"].measured["telling_pages"] == 1


@READINGS
def test_x3_an_article_that_tells_it_all(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_page("Atlas", f"The '''Atlas''' is an atlas of {TELLS_ALL}."))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"U2", "X3"}, "an article is near the pages of the inner vertex too, and so a candidate for it"
    assert "Atlas is near the answer and all named pages" in found["X3"].reason


@READINGS
def test_x3_evidence_that_can_be_read_on_too_few_pages(sound: Corpus, reading: str) -> None:
    tree = plant(sound, SOUND)
    on_answer = sound.evidence(tree.root.page, 0, 6)
    found = examine(sound, changed(tree, "B.1 B.2", lambda c: c.model_copy(update={"evidence": on_answer})), reading)
    assert failed(found) == {"X3"}
    assert found["X3"].reason == "1 pages hold all evidence, 2 are wanted"
    assert (found["X3"].measured["cover"], found["X3"].measured["wanted"]) == (1, 2)


def test_the_least_cover_is_exact() -> None:
    sets = [frozenset(s) for s in ({1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 1})]
    assert least_cover(sets) == 3
    assert least_cover([frozenset({1, 2}), frozenset({2, 3}), frozenset({2})]) == 1
    assert least_cover([]) == 0


@READINGS
def test_x4_x5_the_only_page_of_its_kind_near_a_named_page(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """The other pages near Brontes are no moons. "Which moon orbits Brontes?" is asked, whatever else is; no clue of the tree says
    that it is a moon, so that M2 counts the rocks as answers too."""
    pages = {name: text.replace("is a moon that orbits [[Brontes]]", "is a rock by [[Brontes]]") for name, text in world().items()}
    pages["Northern Survey"] = pages["Northern Survey"].replace("[[Tamsin Vell]]", "[[Ida Brock]]")
    corpus = make_corpus(pages)
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES)), reading)
    assert failed(found, solvers=True) == {"X4", "X5"}
    assert found["M2"].measured["without"]["B"] > 3
    assert found["X4"].measured["kind, closed"] == found["X5"].measured["kind"] == {"answer": 1, "best": 1, "pages": 1}
    assert found["X4"].reason == (
        "with the hierarchy ignored the answer is among fewer than 3 best pages (kind, open; kind, closed)"
    )


# L and R: the words of the question

QUESTION = (
    "Which moon that orbits Brontes was discovered by the astronomer who was born in Quillport and studied at the University of "
    "Ardmoor?"
)
CLUES = {
    "A.1": "was discovered by the astronomer who was born in Quillport and studied at the University of Ardmoor",
    "A.2": "orbits Brontes",
    "A.3": "moon",
    "B.1": "was born in Quillport",
    "B.2": "studied at the University of Ardmoor",
}


def asked(
    corpus: Corpus, question: str = QUESTION, searcher: Searcher | None = None, tree: ResearchTree | None = None, **clues: str
) -> Problem:
    """The sound tree in words; `clues` by id, "A_2" for "A.2"."""
    told = CLUES | {name.replace("_", "."): words for name, words in clues.items()}
    return Problem(corpus, Extents(corpus), tree or plant(corpus, SOUND), BOUNDS, question, told, searcher)


def surface(corpus: Corpus, question: str, tree: ResearchTree | None = None) -> Verdict:
    return run_checks(asked(corpus, question, tree=tree), SURFACE)[1][0]


def test_l1_the_sound_question_leaks_nothing(sound: Corpus) -> None:
    assert surface(sound, QUESTION).passed
    assert surface(sound, QUESTION).measured == {"leaks": []}


@pytest.mark.parametrize(
    ("words", "leak"),
    [
        ("called Ilmare (moon)", "A: ilmare"),
        ("called Ilmare", "A: ilmare"),
        ("called ILMARE", "A: ilmare"),
        ("with Ilmare's gorges", "A: ilmare"),
        ("with Ilmarean gorges", "A: ilmare"),
        ("also known as Brontes VI", "A: brontes vi"),
        ("found by Tamsin Vell", "B: tamsin vell"),
        ("found by Vell", "B: vell"),
        ("on Tamsin's map", "B: tamsin"),
    ],
)
def test_l1_a_name_in_the_question(sound: Corpus, words: str, leak: str) -> None:
    found = surface(sound, QUESTION.replace("that orbits", f"{words} that orbits"))
    assert not found.passed
    assert leak in found.measured["leaks"]
    assert found.reason.startswith("the question shows ") and leak in found.reason


def test_l1_an_anchor_is_an_alias(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus(with_more("Kesh", "It is smaller than the [[Ilmare (moon)|Pale Sister]]."))
    assert "A: pale sister" in surface(corpus, QUESTION.replace("moon", "Pale Sister")).measured["leaks"]


def test_l1_named_pages_and_kinds_are_no_leaks(sound: Corpus) -> None:
    assert surface(sound, "Which moon of Brontes, Quillport, University of Ardmoor?").passed


def test_l1_a_vague_vertex_must_not_be_named(sound: Corpus) -> None:
    vague = link("{v} was born in {o}", ("Quillport", "~town", [link("{v} lies on {o}", "Sennet")]))
    tree = plant(sound, moon_with(finder_with(vague, FINDER[2][1]), AT_BRONTES, kind("moon")))
    assert surface(sound, QUESTION, tree).measured["leaks"] == ["D: quillport"]


def search_checks(problem: Problem) -> dict[str, Verdict]:
    return {v.check: v for v in run_checks(problem, SEARCH)[1]}


def test_r_the_sound_question_passes(sound: Corpus, searcher: Searcher) -> None:
    found = search_checks(asked(sound, searcher=searcher))
    assert failed(found) == set()
    assert found["R1"].measured == {"top_k": 3, "ranks": {}, "queries": 6}
    assert set(found["R2"].measured["ranks"]) == {"A", "B"} and all(0 < r <= 5 for r in found["R2"].measured["ranks"].values())


def test_r1_a_question_that_one_search_solves(sound: Corpus, searcher: Searcher) -> None:
    telling = "Which moon of pale ice with deep gorges on its night side and an ocean below goes once around Brontes in nine days?"
    found = search_checks(asked(sound, telling, searcher))
    assert failed(found) == {"R1"}
    assert found["R1"].measured["ranks"] == {"question dense": 1, "question sparse": 1, "question hybrid": 1}
    assert found["R1"].reason == "the answer's page is found by question dense, question hybrid, question sparse"


def test_r1_a_clue_that_finds_the_answer_as_a_query(sound: Corpus, searcher: Searcher) -> None:
    found = search_checks(asked(sound, searcher=searcher, A_2="goes around Brontes once in nine days"))
    assert failed(found) == {"R1"}
    assert found["R1"].measured["ranks"]["A.2 sparse"] == 1
    assert {name.split()[0] for name in found["R1"].measured["ranks"]} == {"A.2"}


def test_r1_looks_no_further_than_the_bound(sound: Corpus, searcher: Searcher) -> None:
    problem = asked(sound, searcher=searcher)
    problem.bounds = BOUNDS.model_copy(update={"top_k": 40})
    ranks = search_checks(problem)["R1"].measured["ranks"]
    assert ranks and min(ranks.values()) > BOUNDS.top_k


def test_r2_an_evidence_passage_that_can_not_be_found(make_home: Callable[..., Path]) -> None:
    """Where the finder was born and studied stands in a table only: near enough for a proof, but no search reads it."""
    life = "'''Tamsin Vell''' was an astronomer.\n{|\n| [[Quillport]] || [[University of Ardmoor]]\n|}"
    home = make_home(with_page("Tamsin Vell", life), index=True)
    corpus = Corpus.open(home / "corpus")
    problem = asked(corpus, searcher=Searcher.open(home / "search", corpus))
    assert failed(examine(corpus, problem.tree, "open")) == set()
    found = search_checks(problem)
    assert failed(found) == {"R2"}
    assert found["R2"].reason == "no evidence of B among 5 hits"
    assert found["R2"].measured["ranks"]["B"] == 0 < found["R2"].measured["ranks"]["A"]
