"""What the checks will say of a clue, seen before it is taken: M2 in levels further down and by hyperlinks, X3.

What is foreseen here is asked of the whole tree once more by checks/; foreseen, it costs a clue and not a tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyroaring import BitMap

from infoseek_offline.trees.above import LOOSE
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.options import Option
from infoseek_offline.trees.tree import DraftVertex

if TYPE_CHECKING:
    from infoseek_offline.trees.grow import Growth


class Ahead:
    """For one growing tree."""

    def __init__(self, growth: Growth) -> None:
        self.growth = growth
        self._reaches: dict[tuple[bool, tuple[object, ...]], list[BitMap]] = {}

    def is_inner(self, name: str) -> bool:
        vertices = self.growth.draft.vertices
        return name in vertices and vertices[name].role == "inner"

    # M2

    def skipped_by_links(self, vertex: DraftVertex) -> list[BitMap]:
        """What is left of the root without each inner vertex, if links alone count; for other vertices none."""
        growth = self.growth
        return self.skipped_below(vertex, growth.extents.by_links, own=True) if vertex is growth.draft.root else []

    def skipped_below(self, vertex: DraftVertex, extents: Extents, own: bool = False) -> list[BitMap]:
        """S(vertex) without each inner vertex that stands further down, and with `own` without each inner child. Of large sets
        below a part is taken, which gives a part of these."""
        draft = self.growth.draft
        inner = [(i, draft.vertices[c.other]) for i, c in enumerate(vertex.constraints) if self.is_inner(c.other)]
        if not own and not any(c.role == "inner" for _, child in inner for c in draft.children(child)):
            return []
        found = []
        for i, child in inner:
            others = self._left_by(extents, vertex, i)
            if own:
                found.append(others)
            found += [others & reached for reached in self._reached(extents, child)]
        return found

    def _reached(self, extents: Extents, child: DraftVertex) -> list[BitMap]:
        """What the child's sets without an inner vertex below it are near to; kept as long as nothing changes below the child."""
        key = (extents.links_only, self.growth.signature(child))
        if key not in self._reaches:
            skipped = self.skipped_below(child, extents, own=True)
            self._reaches[key] = [extents.near_any(left[:LOOSE]) for left in skipped]
        return self._reaches[key]

    def _left_by(self, extents: Extents, vertex: DraftVertex, without: int) -> BitMap:
        """S(vertex) without one constraint by these extents, which may be those of links alone: they leave less than all do."""
        growth = self.growth
        left = growth.candidates(vertex, without)
        if extents is growth.extents:
            return left
        for index, constraint in enumerate(vertex.constraints):
            child = growth.draft.vertices.get(constraint.other)
            if child is not None and index != without:
                leaf = child.role != "blur"
                left = left & extents.near(child.page) if leaf else extents.among(left, growth.candidates(child))
        return left

    def by_links(self, option: Option) -> BitMap:
        """The option's extent with links alone; of a page that is left vague the whole extent, which is known."""
        if option.page is None or option.role == "blur":
            return option.extent
        return self.growth.extents.by_links.near(option.page)

    def least_by_links(self, skipped: Sequence[BitMap], option: Option) -> int:
        """How many pages of the one of those sets that has fewest the option leaves with links alone."""
        extent = self.by_links(option)
        return min(left.intersection_cardinality(extent) for left in skipped)

    # X3

    def tells_all(self) -> BitMap:
        """Pages near the answer and all pages that are named so far."""
        growth = self.growth
        root = growth.draft.root.page
        found = growth.extents.near_all(root)
        for vertex in growth.draft.vertices.values():
            if vertex.role == "leaf":
                found &= growth.extents.near_or_same(vertex.page)
        return found - BitMap([root])

    def named_with(self, tells_all: BitMap, *options: Option) -> bool:
        """Whether one of those pages is near all that the options name too."""
        for option in options:
            leaves = [o.page for o in (option, *option.beneath) if o.role == "leaf" and o.page is not None]
            for page in (*leaves, *option.named):
                tells_all = tells_all & self.growth.extents.near_or_same(page)
        return bool(tells_all)
