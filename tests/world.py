"""A small made-up encyclopedia, its sound trees, and how a defect is planted in them, for the tests of the checks.

The sound tree asks for a moon: it orbits the planet Brontes, and was found by an astronomer who was born in Quillport and studied
at the University of Ardmoor.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from infoseek_offline.checks.all import STRUCTURE, run_checks
from infoseek_offline.checks.problem import Problem
from infoseek_offline.config import Bounds
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, Evidence, ResearchTree, Verdict
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
            if isinstance(other, str) and other.startswith("@"):  # an inner vertex that stands in the tree already
                there = next(v for v in draft.vertices.values() if v.page == page(other[1:]))
                named = evidence(vertex.page, name(there.page)) or evidence(there.page, name(vertex.page))
                draft.join(vertex, literal("link", wording=wording, evidence=named), there)
                continue
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
