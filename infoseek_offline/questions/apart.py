"""Which descriptions of an English question get a sentence of their own, and how each is spoken of after that.

A question that tells three pages in one sentence is right and can't be followed. All ways to give described pages a sentence of
their own are weighed by what a listener has to bear: long sentences, clauses in clauses, many sentences. A way in which "this
city" may be two cities is not taken.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

from infoseek_offline.questions.parts import SUBORDINATE
from infoseek_offline.questions.style import NO_KIND
from infoseek_offline.records import ResearchTree, Vertex

MAX_APART = 4  # of the described pages of a tree, that any way is weighed for
EASY, HARD = 20, 32  # words of a sentence, from which on each further one tires a little, and more
AMBIGUOUS = 100.0
MUCH_HARDER = 2.5  # than the easiest way: not told so, while another is left


def head(noun: str) -> str:
    return noun.rsplit(" ", 1)[-1]


def ways(tree: ResearchTree) -> list[tuple[str, ...]]:
    """Sets of vertices, the deepest first; what is joined is in each, so that both places of the question say "this city"."""
    always = set(tree.joined)
    free = [v for v in tree.vertices if v.role == "inner" and v.id not in always and head(v.noun) != NO_KIND][:MAX_APART]
    found = []
    for size in range(len(free) + 1):
        for some in combinations(free, size):
            chosen = always | {v.id for v in some}
            nouns = Counter(v.noun for v in tree.vertices if v.id in chosen)
            if max(nouns.values(), default=0) <= 2 and not any(a != b and a.endswith(f" {b}") for a in nouns for b in nouns):
                found.append(tuple(v.id for v in reversed(tree.vertices) if v.id in chosen))
    return found or [tuple(v.id for v in reversed(tree.vertices) if v.id in always)]


def spoken_of(tree: ResearchTree, apart: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """For each vertex its first words and what it is called later: "A certain city" and "this city", or, where there are two,
    "One city" and "the first city", "Another city" and "the second city". One that is told with another vague one is "the first"
    as well: "A certain country borders another country …"."""
    told = [tree.vertex(name) for name in apart]
    nouns = Counter(v.noun for v in told)
    found: dict[str, tuple[str, str]] = {}
    seen: Counter[str] = Counter()
    for vertex in told:
        noun = vertex.noun
        if nouns[noun] == 1:
            beside = any(v.noun == noun for v in tree.children(vertex.id) if v.role == "blur")
            found[vertex.id] = ("One", f"the first {noun}") if beside else ("A certain", f"this {noun}")
        else:
            first, ordinal = (("One", "first"), ("Another", "second"))[seen[noun]]
            found[vertex.id] = (first, f"the {ordinal} {noun}")
        seen[noun] += 1
    return found


def strain(tree: ResearchTree, apart: tuple[str, ...], question: str) -> float:
    """What the question asks of a listener; 0 for a short one."""
    cost = 2.0 * sum(_nested(tree, v, apart) >= 2 for v in tree.vertices if v.role == "inner" and v.id not in apart)
    told = {v.noun for v in tree.vertices if v.id in apart}
    cost += sum(v.role == "inner" and v.id not in apart and v.noun in told for v in tree.vertices)  # "this city" and "the city"
    cost += AMBIGUOUS * sum(  # "the second country", where one of the two borders another
        v.role == "blur" and v.parent in apart and v.noun == tree.vertex(v.parent).noun and _count(tree, apart, v.noun) > 1
        for v in tree.vertices
    )
    sentences = re.split(r"(?<=[.?]) (?=[A-Z])", question)
    for sentence in sentences:
        words, clauses = len(sentence.split()), len(SUBORDINATE.findall(sentence))
        cost += 0.12 * max(0, words - EASY) + 0.25 * max(0, words - HARD) + max(0, clauses - 2) + max(0, clauses - 4)
        cost += 0.6 if sentence.startswith("There is") else 0.0
    cost += (len(sentences) - 1) + 0.5 * max(0, len(sentences) - 3)
    return cost + (0.0 if clear(question, told) else AMBIGUOUS)


def _nested(tree: ResearchTree, vertex: Vertex, apart: tuple[str, ...]) -> int:
    """How many descriptions the vertex's own stands in, itself included."""
    level = 0
    while vertex.role == "inner" and vertex.id not in apart:
        level += 1
        vertex = tree.vertex(vertex.parent)
    return level


def _count(tree: ResearchTree, apart: tuple[str, ...], noun: str) -> int:
    return sum(tree.vertex(name).noun == noun for name in apart)


def clear(question: str, nouns: set[str]) -> bool:
    """Whether each "this city" follows on the city that it means, with no other city in between."""
    for noun in sorted(nouns):
        last = ""
        before = r"A certain|There is an?|[Tt]his|[Oo]ther|the first|the second|an?|the|[Ww]hich"
        for found in re.finditer(rf"\b({before}) (?:[\w-]+ )?{re.escape(noun)}\b", question):
            said = "other" if "other " in found[0] else found[1].lower()
            if said == "which":  # what is asked for
                continue
            if said == "this" and last not in ("a certain", "there is a", "there is an", "this"):
                return False
            if said != "other":
                last = said
    return True
