"""The legal moves at one vertex of a growing tree, looked for when they are asked for: clues, steps down, and to stop.

A move that leaves the vertex as it is, gives the answer without some other clue (M2, M4), includes another clue (M3) or shows a
title (L1) is none, nor one that the checks are seen to refuse (trees/ahead.py, trees/above.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from pyroaring import BitMap

from infoseek_offline.agents.base import Move
from infoseek_offline.trees.above import Above
from infoseek_offline.trees.extents import comparable
from infoseek_offline.trees.options import Clue, Option
from infoseek_offline.trees.tree import DraftVertex

if TYPE_CHECKING:
    from infoseek_offline.records import Constraint
    from infoseek_offline.trees.grow import Growth


class Moves(Sequence[Move]):
    """`clues` constrain the vertex, `steps` lead from it to an inner child; `stop` is the last of all. A sequence of all of them;
    a Planner that wants but one kind leaves the other unlooked for, and one that wants but one step takes it from those that are
    `likely` to be legal, if it is `sure`."""

    def __init__(self, growth: Growth, vertex: DraftVertex, stop: Move) -> None:
        self.growth, self.vertex, self.stop = growth, vertex, stop

    @cached_property
    def clues(self) -> list[Move]:
        growth, vertex = self.growth, self.vertex
        if self._closed or not growth.draft.root.constraints:
            return []
        offers = growth.offers.clues(vertex.page, vertex.depth)
        if growth.joins:
            offers = offers + growth.joins.offers(vertex)
        return self._legal(offers, "constrain")

    @cached_property
    def steps(self) -> list[Move]:
        return [move for move in self.likely if self.sure(move)]

    def sure(self, move: Move) -> bool:
        """Whether a likely step is legal: the page can be described."""
        option = move.option
        if option is None or option.page is None or move.kind != "extend" or self.vertex is self.growth.draft.root:
            return True
        return self.growth.offers.describable(option.page, self.vertex.depth + 1)

    @cached_property
    def likely(self) -> list[Move]:
        growth, vertex = self.growth, self.vertex
        if self._closed:
            return []
        if not growth.draft.root.constraints:
            every = len(growth.extents.universe)
            return [Move("start", vertex.id, o, every, len(o.extent)) for o in growth.starts()]
        room = growth.shape.max_vertices - len(growth.draft.vertices)
        if vertex.depth + 1 >= growth.shape.max_depth or room < 2:
            return []
        return self._legal(growth.children(vertex), "extend")

    @property
    def possible(self) -> bool:
        """Whether there is one besides to stop."""
        return bool(self.clues) or any(self.sure(move) for move in self.likely)

    @property
    def _closed(self) -> bool:
        done = self.stop.reason == DONE
        return done or len(self.vertex.constraints) >= self.growth.shape.max_constraints

    @cached_property
    def _all(self) -> list[Move]:
        return [*self.clues, *self.steps, self.stop]

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, at: int) -> Move: ...

    @overload
    def __getitem__(self, at: slice) -> list[Move]: ...

    def __getitem__(self, at: Any) -> Any:
        return self._all[at]

    def __iter__(self) -> Iterator[Move]:
        return iter(self._all)

    def _legal(self, offers: Iterable[Option], kind: Literal["constrain", "extend"]) -> list[Move]:
        growth, vertex = self.growth, self.vertex
        draft, refused, joins = growth.draft, growth.refused, growth.joins
        ahead, tells_all = growth.ahead, self._tells_all
        current, skipped, loosened, extents = growth.candidates(vertex), self._skipped, self._loosened, self._extents
        before, least = len(current), growth.bounds.min_skipped
        used = {c.key for c in vertex.constraints if c.kind in ("interval", "fact")}
        kinds = {c.kind for c in vertex.constraints}
        hidden = frozenset().union(*(growth.options.title_words(v.page) for v in draft.vertices.values() if v.role != "leaf"))
        called = frozenset().union(*(growth.options.names(v.page) for v in draft.vertices.values() if v.role != "leaf"))
        pages, named = draft.pages, growth.options.named_by(draft)
        bare = sum(c.key == "connected" for v in draft.vertices.values() for c in v.constraints)
        room = growth.shape.max_vertices - len(draft.vertices)
        above = None if vertex is draft.root else Above(growth, vertex)
        left_by = current.intersection_cardinality
        linked = vertex is not draft.root and growth.several
        moves = []
        for option in offers:
            clue = option.clue
            if option.adds:
                if option.adds > room or option.page in pages:
                    continue
                if option.beneath and any(o.page in pages for o in option.beneath):
                    continue
            elif clue.kind in ("interval", "fact"):
                if clue.key in used:
                    continue
            elif clue.kind != "link" and clue.kind in kinds:  # a type or a category
                continue
            if bare >= growth.max_bare and clue.key == "connected":
                continue
            if option.page in named or not pages.isdisjoint(option.named):
                continue  # "the country on the Pacific that has a coast on the Pacific"
            extent = option.extent
            after = left_by(extent)
            if after >= before or not after:
                continue
            if option.shown and option.role != "inner" and not hidden.isdisjoint(option.shown):
                continue  # L1: "Göttingen" in a clue about the University of Göttingen
            if called and option.page is not None and option.role != "leaf" and growth.noun(option.page) in called:
                continue  # "the mathematician who worked in …" of mathematics
            if joins and joins.confuses(option):
                continue
            spare = min([left.intersection_cardinality(extent) for left in skipped], default=before)
            if spare < least or (refused and (vertex.page, *same(clue, option.page, option.role)) in refused):
                continue
            if (loosened and _singles(loosened, extent)) or comparable(extents, extent):
                continue
            if linked and option.page is not None and option.role != "blur" and vertex.page not in ahead.by_links(option):
                continue  # without it this vertex would be any or none by hyperlinks, and all that hangs on it (M2)
            if self._by_links and ahead.least_by_links(self._by_links, option) < least:
                continue
            if after == 1 and (ahead.named_with(tells_all, option) or (above and above.needless([extent]))):
                continue
            moves.append(Move(kind, vertex.id, option, before, after, "", spare))
        return moves

    # What a move must not break

    @cached_property
    def _extents(self) -> list[BitMap]:
        return [self.growth.extent_of(self.vertex, i) for i in range(len(self.vertex.constraints))]

    @cached_property
    def _skipped(self) -> list[BitMap]:
        return self.growth.skipped(self.vertex)

    @cached_property
    def _by_links(self) -> list[BitMap]:
        return self.growth.ahead.skipped_by_links(self.vertex)

    @cached_property
    def _loosened(self) -> list[BitMap]:
        return self.growth.loosened(self.vertex, own=False)

    @cached_property
    def _tells_all(self) -> BitMap:
        return self.growth.ahead.tells_all() if self.vertex is self.growth.draft.root else BitMap()


DONE, NO_MOVE = "done", "no move left"


def same(clue: Constraint | Clue, page: int | None, role: str) -> tuple[object, ...]:
    """What makes a clue about a vertex the same as another."""
    if page is not None:
        return (page, role)
    return (clue.kind, clue.key, clue.value, clue.low, clue.high)


def _singles(loosened: list[BitMap], extent: BitMap) -> bool:
    """M4: whether some clue would be idle, the vertex being found without it."""
    return any(left.intersection_cardinality(extent) < 2 for left in loosened)
