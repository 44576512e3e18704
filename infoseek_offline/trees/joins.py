"""Joins: what a growing tree may do for two of its branches to meet in one inner vertex.

A join is a further link to an inner vertex that hangs on another vertex of the same level, so that its depth is the number of steps
to the answer either way. The question says "this city" at both places: no other described page may be of the kind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infoseek_offline.trees.options import Option
from infoseek_offline.trees.tree import DraftVertex

if TYPE_CHECKING:
    from infoseek_offline.trees.grow import Growth

NO_KIND = "subject"


class Joins:
    """For one growing tree, of which one join is wanted."""

    def __init__(self, growth: Growth) -> None:
        self.growth = growth
        self._meetings: dict[int, frozenset[int]] = {}

    @property
    def done(self) -> bool:
        return bool(self.growth.draft.joined)

    def meetings(self, page: int) -> frozenset[int]:
        """Pages at which a second branch could meet one that begins with that page: linked with both, and not near the answer."""
        if page not in self._meetings:
            mine = self._joinable(page)
            seconds = self.growth.seconds(page) if mine else []
            met = [mine & self._joinable(o.page) for o in seconds if o.page is not None]
            self._meetings[page] = frozenset().union(*met)
        return self._meetings[page]

    def _joinable(self, page: int) -> set[int]:
        """Pages linked with it that could be an inner vertex on the level of a join."""
        growth = self.growth
        kinds = {_head(growth.draft.root.noun), _head(growth.noun(page)), NO_KIND}
        near = growth.offers.within(1)
        linked = {other for other in growth.options.linked(page) if other not in near}
        return {p for p in linked if _head(growth.noun(p)) not in kinds and growth.offers.narrows(growth.extents.near(p))}

    def possible(self, page: int, depth: int) -> bool:
        """Whether a vertex for the page, at that depth, could be joined to an inner vertex that stands in the tree."""
        inner = (v for v in self.growth.draft.vertices.values() if v.role == "inner" and v.depth == depth + 1)
        return not {v.page for v in inner if self._alone(v)}.isdisjoint(self._joinable(page))

    def _alone(self, vertex: DraftVertex) -> bool:
        """Whether no other vertex that is not named is of its kind."""
        kinds = [_head(v.noun) for v in self.growth.draft.vertices.values() if v.role != "leaf"]
        return vertex.noun != NO_KIND and kinds.count(_head(vertex.noun)) == 1

    def offers(self, vertex: DraftVertex) -> list[Option]:
        """Links to an inner vertex that hangs on another one and is solved."""
        growth = self.growth
        if vertex is growth.draft.root or self.done:
            return []
        there = {
            v.page
            for v in growth.draft.vertices.values()
            if v.role == "inner" and v.depth == vertex.depth + 1 and v.parent != vertex.id and growth.solved(v) and self._alone(v)
        }
        links = growth.options.links(vertex.page) if there else []
        found = [o for o in links if o.page in there and growth.offers.narrows(o.extent)]
        return [replace(o, role="inner", adds=0, shown=frozenset()) for o in found]

    def confuses(self, option: Option) -> bool:
        """Whether the option would describe another page of a joined vertex's kind."""
        if option.page is None or not option.adds or option.role == "leaf":
            return False
        draft = self.growth.draft
        return _head(self.growth.noun(option.page)) in {_head(draft.vertices[name].noun) for name in draft.joined}


def _head(noun: str) -> str:
    return noun.rsplit(" ", 1)[-1]
