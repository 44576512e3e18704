"""What the root would be found by, once an inner vertex is solved: M4 and M2 seen from below, before a clue is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyroaring import BitMap

from infoseek_offline.trees.tree import DraftVertex

if TYPE_CHECKING:
    from infoseek_offline.trees.grow import Growth

LOOSE = 256  # of the pages that would do for an inner vertex but for one clue, so many are looked at
FIRST = 8  # and so many at first


class Above:
    """For one vertex of a growing tree, as the tree stands."""

    def __init__(self, growth: Growth, vertex: DraftVertex) -> None:
        self.growth, self.extents = growth, growth.extents
        self.own = [(growth.extent_of(vertex, i), growth.ahead.is_inner(c.other)) for i, c in enumerate(vertex.constraints)]
        self.others: list[BitMap] = []  # S of each vertex above, up to the root, without the way to this one
        self.more_is_told = False  # of any of those than that way
        while vertex.parent:
            way, vertex = vertex.id, growth.draft.vertices[vertex.parent]
            index = next(i for i, c in enumerate(vertex.constraints) if c.other == way)
            self.others.append(growth.candidates(vertex, index))
            self.more_is_told |= len(vertex.constraints) > 1
        self._told: dict[tuple[int, ...], BitMap] = {}
        self._found: dict[tuple[bytes, int], bool] = {}

    def needless(self, more: Sequence[BitMap]) -> bool:
        """Whether, once clues of these extents solve the vertex, the root would be found without one of its clues, or too few would
        be left of it without one of its inner children. Of what the root has yet to be told nothing is known."""
        if not self.more_is_told:
            return False
        together, kept = self.extents.meet(more), tuple(range(len(self.own)))
        for index in sorted(kept, key=lambda i: len(self.own[i][0])):  # idle ones will be taken away
            rest = tuple(i for i in kept if i != index)
            idle = len(rest) + len(more) > 1 and self._told_by(rest).intersection_cardinality(together) == 1
            if idle and not self.own[index][1]:
                kept = rest
        if len(kept) + len(more) < 2:
            return False
        for index in kept:
            wanted = self.growth.bounds.min_skipped if self.own[index][1] else 2
            if not self._leaves(self._told_by(tuple(i for i in kept if i != index)) & together, wanted):
                return True
        told = self._told_by(kept)
        return not all(self._leaves(self.extents.meet([told, *more[:n], *more[n + 1 :]]), 2) for n in range(len(more)))

    def _told_by(self, indexes: tuple[int, ...]) -> BitMap:
        """What those of the vertex's own clues leave."""
        if indexes not in self._told:
            self._told[indexes] = self.extents.meet([self.own[i][0] for i in indexes])
        return self._told[indexes]

    def _leaves(self, pages: BitMap, wanted: int) -> bool:
        """Whether so many pages would do for the root, if any of those did for the vertex. Mostly the first few show it."""
        key = (pages[:LOOSE].serialize(), wanted)
        if key not in self._found:
            self._found[key] = any(len(self._reached(pages, most)) >= wanted for most in (FIRST, LOOSE))
        return self._found[key]

    def _reached(self, pages: BitMap, most: int) -> BitMap:
        """What of the root is reached from those pages, so many at most being followed from each level."""
        for others in self.others:
            pages = self.extents.among(others, pages[:most])
        return pages
