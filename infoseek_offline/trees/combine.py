"""Where clue by clue leads into a dead end: all clues of one vertex chosen anew, together.

Taken one by one, each clue is a good one, and those that are left at last may be none that tell enough and not too much. Here
sets of up to three clues are looked through, so that a vertex is only given up that no such set describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from pyroaring import BitMap

from infoseek_offline.agents.base import Move
from infoseek_offline.questions.clauses import ease, gist
from infoseek_offline.trees.above import Above
from infoseek_offline.trees.extents import comparable
from infoseek_offline.trees.options import Option
from infoseek_offline.trees.tree import DraftVertex

if TYPE_CHECKING:
    from infoseek_offline.trees.grow import Growth

CLUES = 3  # in a set
OFFERS = 30  # are looked at
SETS = 4000  # of three clues are looked at
BARE = 0.3  # a bare connection is taken that much later than what is told of
SEARCHED = 24  # offers are searched for at most

Finds = Callable[[DraftVertex, Sequence[Option]], list[bool]]  # of each clue of a vertex, what a search for it alone finds


def complete(growth: Growth, vertex: DraftVertex, finds: Finds | None = None) -> bool:
    """Describe the vertex by other clues than it has, its inner children kept; with `finds` so that a search for one of them finds
    it. False where no set of them does."""
    kept = [c for c in vertex.constraints if growth.ahead.is_inner(c.other)]
    key = (vertex.page, vertex.depth, *(growth.draft.vertices[c.other].page for c in kept), len(growth.draft.vertices))
    branches = 1 if growth.asked == "chain" else 2
    if (key in growth.hopeless and not finds) or (vertex is growth.draft.root and len(kept) < branches):
        return False
    taken = [c for c in vertex.constraints if c not in kept]
    for constraint in taken:
        growth.draft.remove(vertex, constraint)
    for chosen in _sets(growth, vertex, finds):
        for option in chosen:
            growth.apply(Move("constrain", vertex.id, option, 0, 0))
        return True
    if not finds:
        growth.hopeless.add(key)
    return False


def _sets(growth: Growth, vertex: DraftVertex, finds: Finds | None) -> Iterator[tuple[Option, ...]]:
    """Sets of clues that leave the vertex alone and that the checks will let pass, as far as it can be foreseen."""
    offers = [move.option for move in growth.moves_at(vertex).clues if move.option is not None and move.option.role != "inner"]
    drawn = {id(o): growth.rng.random() ** (1 / _reads(o)) for o in offers}
    said = {gist(c.wording) for c in vertex.constraints if c.other}
    offers.sort(key=lambda o: -drawn[id(o)])
    found = set[int]()
    if finds:
        found = {id(o) for o, shown in zip(offers[:SEARCHED], finds(vertex, offers[:SEARCHED]), strict=True) if shown}
        offers = [o for o in offers if id(o) in found][: OFFERS // 2] + [o for o in offers if id(o) not in found]
    offers = offers[:OFFERS]
    extents = growth.extents
    mine = [growth.extent_of(vertex, i) for i in range(len(vertex.constraints))]
    skipped, loosened = growth.skipped(vertex), growth.loosened(vertex)
    by_links = growth.ahead.skipped_by_links(vertex)
    is_root = vertex is growth.draft.root
    tells_all = growth.ahead.tells_all() if is_root else BitMap()
    above = None if is_root else Above(growth, vertex)
    room = growth.shape.max_vertices - len(growth.draft.vertices)
    least = growth.bounds.min_skipped
    bare = growth.max_bare - sum(c.key == "connected" for v in growth.draft.vertices.values() for c in v.constraints)
    for chosen in _alone(offers, extents.meet(mine), min(CLUES, growth.shape.max_constraints - len(mine))):
        told = [o.extent for o in chosen]
        if finds and not any(id(o) in found for o in chosen):
            continue
        if len(told) + len(mine) < 2 or not _fit(chosen, room) or sum(o.clue.key == "connected" for o in chosen) > bare:
            continue
        gists = [same for o in chosen if (same := gist(o.clue.wording)) != o.clue.wording or o.role == "blur"]
        if len(gists) != len(set(gists)) or not said.isdisjoint(gists):
            continue  # "discovered at …, and discovered in a country …"
        together = extents.meet(told)
        if any(len(s & together) < least for s in skipped) or any(len(s & together) < 2 for s in loosened):
            continue
        if any(len(extents.meet([*mine, *told[:n], *told[n + 1 :]])) < 2 for n in range(len(told))):
            continue
        if any(comparable([*mine, *told[:n]], extent) for n, extent in enumerate(told)):
            continue
        if by_links:
            linked = extents.meet([growth.ahead.by_links(o) for o in chosen])
            if any(len(s & linked) < least for s in by_links):
                continue
        if is_root and growth.ahead.named_with(tells_all, *chosen):
            continue
        if above is None or not above.needless(told):
            yield chosen


def _reads(option: Option) -> float:
    """How willingly a clue is taken, for its words."""
    if option.clue.key == "connected":
        return BARE
    return max(BARE / 2, ease(option.clue.wording, nested=option.role == "blur")) if option.clue.kind == "link" else 1.0


def _alone(offers: list[Option], before: BitMap, most: int) -> Iterator[tuple[Option, ...]]:
    """Sets of clues, the small ones first, that leave one page of those that stand before, and of which none does it for others."""
    left = [before & o.extent for o in offers]
    yield from ((o,) for o, pages in zip(offers, left, strict=True) if most and len(pages) == 1)
    open_ones = [n for n, pages in enumerate(left) if len(pages) > 1]
    looked_at, pairs = 0, []
    for a, b in combinations(open_ones, 2):
        together = left[a].intersection_cardinality(left[b])
        if together == 1 and most > 1:
            yield (offers[a], offers[b])
        elif 1 < together < min(len(left[a]), len(left[b])):
            pairs.append((a, b))
    for a, b in pairs if most > 2 else ():
        both = left[a] & left[b]
        for c in open_ones:
            if c > b and both.intersection_cardinality(left[c]) == 1:
                yield (offers[a], offers[b], offers[c])
        looked_at += len(open_ones)
        if looked_at > SETS:
            return


def _fit(chosen: tuple[Option, ...], room: int) -> bool:
    """Whether the clues may stand beside each other: no page and no field twice, one kind, one category."""
    if sum(o.adds for o in chosen) > room:
        return False
    pages = [p for o in chosen for p in (o.page, *(b.page for b in o.beneath)) if p is not None]
    fields = [o.clue.key for o in chosen if o.clue.kind in ("interval", "fact")]
    kinds = [o.clue.kind for o in chosen if o.clue.kind in ("type", "category")]
    return all(len(values) == len(set(values)) for values in (pages, fields, kinds))
