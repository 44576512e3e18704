"""Solution sets: S(v) for each vertex, from the leaves up (hcsp.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyroaring import BitMap

from infoseek_offline.records import ResearchTree, Vertex
from infoseek_offline.trees.extents import Extents


@dataclass(frozen=True)
class Solution:
    """S(v) by vertex id, and the extent of each constraint by its id."""

    sets: dict[str, BitMap]
    extents: dict[str, BitMap]


def solve(tree: ResearchTree, extents: Extents, *, without: Collection[str] = ()) -> Solution:
    """Solve the tree; constraints whose ids are in `without` are left out. A leaf's set is its page alone; a vertex with no
    constraint left may be any page."""
    sets: dict[str, BitMap] = {}
    found: dict[str, BitMap] = {}
    for vertex in reversed(tree.vertices):  # children stand behind their parents
        if vertex.role == "leaf":
            sets[vertex.id] = BitMap([vertex.page])
            continue
        mine = {c.id: extents.of(c, sets.get(c.other, ())) for c in vertex.constraints if c.id not in without}
        found.update(mine)
        sets[vertex.id] = extents.meet([*mine.values()])
    return Solution(sets, found)


def links_to(tree: ResearchTree, vertex: Vertex) -> frozenset[str]:
    """The constraints that lead to the vertex, one unless it is joined; without them its whole subtree is gone."""
    return frozenset(c.id for v in tree.vertices for c in v.constraints if c.other == vertex.id)


def solve_without(
    tree: ResearchTree, extents: Extents, solution: Solution, *without: str, within: Mapping[str, BitMap] | None = None
) -> dict[str, BitMap]:
    """S of the vertices that carry the constraints and of all above them, without those constraints; keyed by vertex id. `within`
    are sets of these vertices in which theirs must lie: those of larger extents."""
    changed: dict[str, BitMap] = {}
    for vertex in reversed(tree.vertices):
        if any(c.id in without or c.other in changed for c in vertex.constraints):
            left = [c for c in vertex.constraints if c.id not in without]
            bound = [within[vertex.id]] if within is not None else []
            found = extents.meet([*bound, *(solution.extents[c.id] for c in left if c.other not in changed)])
            for constraint in left:
                if constraint.other in changed:
                    found = extents.among(found, changed[constraint.other])
            changed[vertex.id] = found
    return changed
