"""Solution sets: S(v) for each vertex, from the leaves up (hcsp.md)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pyroaring import BitMap

from infoseek_offline.records import Constraint, ResearchTree, Vertex
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


def subtree_constraint(tree: ResearchTree, vertex: Vertex) -> Constraint:
    """The constraint by which the vertex hangs on its parent; without it the whole subtree is gone."""
    parent = tree.vertex(vertex.parent)
    return next(c for c in parent.constraints if c.other == vertex.id)


def solve_without(tree: ResearchTree, extents: Extents, solution: Solution, constraint_id: str) -> dict[str, BitMap]:
    """S of the vertex that carries the constraint and of its ancestors, without that constraint; keyed by vertex id."""
    vertex = next(v for v in tree.vertices if any(c.id == constraint_id for c in v.constraints))
    changed: dict[str, BitMap] = {}
    while True:
        changed[vertex.id] = extents.meet([
            extents.near_any(changed[c.other]) if c.other in changed else solution.extents[c.id]
            for c in vertex.constraints
            if c.id != constraint_id
        ])  # fmt: skip
        if not vertex.parent:
            return changed
        vertex = tree.vertex(vertex.parent)
