"""How a tree may be told, in any language: openings, order, and which descriptions get a sentence of their own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from infoseek_offline.records import ResearchTree, Vertex

OPENINGS = 4
NO_KIND = "subject"  # the noun of a page whose kind is not known
LONG_QUESTION = 34  # words, from which on a description gets a sentence of its own
LONG_CLUE = 14  # words of a clue that holds a description, from which on it may get one


@dataclass(frozen=True)
class Wording:
    """`clues` gives for each constraint id the words of `question` that state it; a clue that leads to a described page holds
    that page's description too."""

    question: str
    clues: dict[str, str]


@dataclass(frozen=True)
class Style:
    """How a tree is told: which opening, in which order, and which descriptions get a sentence of their own before the question."""

    opening: int  # 0 to 3; see `_ask` of a realiser
    backward: bool = False
    apart: tuple[str, ...] = ()  # vertices, the deepest first


def styles(first: int, apart: tuple[str, ...], long: bool, always: tuple[str, ...] = ()) -> Iterator[Style]:
    """All styles, from the opening `first` on; what differs most from the ones before comes first. `long` is the question that is
    told in one sentence: then `apart` is told apart first. `always` are those of `apart` that always are."""
    ways = ((apart, always) if long else (always, apart)) if apart != always else (always,)
    for turn in range(OPENINGS):
        yield Style((first + turn) % OPENINGS, turn % 2 == 1, ways[turn % len(ways)])
    for turn in range(OPENINGS):
        yield from (Style((first + turn) % OPENINGS, backward, way) for backward in (False, True) for way in ways)


def set_apart(tree: ResearchTree, clues: dict[str, str]) -> tuple[str, ...]:
    """Described pages below the root that a sentence of their own makes easier to read: those with much to say of them, whose kind
    is no other's in the tree, so that "this university" is one. At most one branch, the deepest vertex first. And always what is
    joined, so that both places of the question say "this city"."""
    nouns = Counter(v.noun.rsplit(" ", 1)[-1] for v in tree.vertices if v.role != "leaf")
    nouns[NO_KIND] = 2  # "this subject" may be anything
    told = {c.other: len(clues[c.id].split()) for v in tree.vertices for c in v.constraints if c.other}
    chosen: list[Vertex] = []
    for vertex in tree.vertices:
        if vertex.id in tree.joined:
            continue
        if vertex.role == "inner" and nouns[vertex.noun.rsplit(" ", 1)[-1]] == 1 and told[vertex.id] >= LONG_CLUE:
            if vertex.parent == tree.root.id and not chosen:
                best = max(
                    (v for v in tree.children(tree.root.id) if v.role == "inner" and nouns[v.noun.rsplit(" ", 1)[-1]] == 1),
                    key=lambda v: (told[v.id], v.id),
                )
                chosen.append(best)
            elif chosen and vertex.parent == chosen[-1].id:
                chosen.append(vertex)
    return tuple(v.id for v in reversed(tree.vertices) if v in chosen or v.id in tree.joined)


def digest(tree: ResearchTree) -> int:
    """A number that depends on what the tree says, for the choice between openings."""
    said = "\n".join(f"{v.title}|{c.wording}|{c.value}" for v in tree.vertices for c in v.constraints)
    return hashlib.sha256(said.encode()).digest()[0]
