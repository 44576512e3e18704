"""Extents: for each constraint the set of pages that may meet it, as a bitmap over the whole corpus (hcsp.md).

Every extent is an over-estimate on purpose. In the `open` reading a page is left out only where the corpus contradicts the
constraint or shows no association; in the `closed` reading what is not stated is false.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from infoseek_offline.corpus.graph import slices
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint
from infoseek_offline.trees.lookup import category_family, head_word, lookup, words_of

Reading = Literal["open", "closed"]
SOME = 128  # pages whose neighbours are looked up one by one, and kept
CROWDED = 64  # neighbours of one page in so many of the corpus are many
ROOM = 100_000_000  # bytes for the kept sets of each kind of literal, which hold most of the corpus


class Extents:
    """All extents of one corpus under one reading; bitmaps are cached. What the corpus states is looked up in the `folder`, where
    it is kept from run to run (trees/lookup.py); without one it is collected anew."""

    def __init__(self, corpus: Corpus, reading: Reading = "open", folder: Path | None = None) -> None:
        self.corpus, self.reading, self.links_only = corpus, reading, False
        self.universe = bitmap(corpus.answerable())
        self.stated_by = lookup(corpus, folder)
        self.hyperlinks = self.stated_by.hyperlinks
        self.called = lru_cache(maxsize=4096)(self._called)
        self._cache()

    def _cache(self) -> None:
        self._measured = lru_cache(maxsize=256)(self._with_unit)
        self.near = lru_cache(maxsize=1 << 17)(self._near)
        self.near_or_same = lru_cache(maxsize=16384)(self._near_or_same)
        kept = roomy(self.corpus.size, ROOM)
        self.of_type = lru_cache(maxsize=min(kept, 4096))(self._of_type)
        self.in_category = lru_cache(maxsize=min(kept, 4096))(self._in_category)
        self.in_interval = lru_cache(maxsize=min(kept, 16384))(self._in_interval)
        self.with_value = lru_cache(maxsize=min(kept, 16384))(self._with_value)

    def under(self, reading: Reading) -> Extents:
        """The same corpus under the other reading; the index is shared."""
        if reading == self.reading:
            return self
        other = copy(self)
        other.reading = reading
        other._cache()
        return other

    @cached_property
    def by_links(self) -> Extents:
        """The same with hyperlinks alone for association, without mentions: smaller sets, for what must hold even so (M2)."""
        other = copy(self)
        other.links_only = True
        other._cache()
        return other

    def _called(self, noun: str) -> BitMap:
        """Articles that a question would call so ("Which moon …"), by the last word; all where the kind is unknown."""
        found = self._pages("noun", head_word(noun)) & self.universe
        return found or self.universe

    def _pages(self, table: str, *name: str) -> BitMap:
        return bitmap(self.stated_by.under(table, *name)[0])

    def meet(self, extents: Sequence[BitMap]) -> BitMap:
        """The articles that all of the extents hold, in a set of its own. The smallest first: what the others hold is then looked
        for in few places, whatever the size of the corpus."""
        if not extents:
            return BitMap(self.universe)
        first, *others = sorted(extents, key=len)
        found = BitMap(first)
        for extent in others:
            found &= extent
        return found

    # links

    def _near(self, page: int) -> BitMap:
        """N(page) within the universe."""
        others = self.corpus.neighbours(page)
        if self.links_only:
            others = others[self.hyperlinks[self.corpus.near_ptr[page] : self.corpus.near_ptr[page + 1]]]
        return bitmap(others) & self.universe

    def near_all(self, page: int) -> BitMap:
        """N(page) with list and disambiguation pages, for what asks about any page of the corpus."""
        return bitmap(self.corpus.neighbours(page))

    def _near_or_same(self, page: int) -> BitMap:
        """The same with the page itself; not to be changed."""
        found = self.near_all(page)
        found.add(page)
        return found

    def no_hubs(self, pages: BitMap, hub_degree: int) -> BitMap:
        """Those of the pages that are associated with no more pages than that."""
        ids, pointers = _ids(pages), self.corpus.near_ptr
        return bitmap(ids[pointers[ids + 1] - pointers[ids] <= hub_degree])

    def rings(self, root: int, farthest: int, hub_degree: int, known: Sequence[BitMap] = ()) -> list[BitMap]:
        """Pages within 0, 1, … `farthest` steps of `root` in the association graph, not walking through hubs. `known` are the
        first ones of these, where they have been found before."""
        rings = [*known] or [BitMap([root])]
        while len(rings) <= farthest:
            edge = self.no_hubs(rings[-1] - rings[-2], hub_degree) if len(rings) > 1 else rings[0]
            rings.append(rings[-1] | self._near_each(_ids(edge)))
        return rings

    def _near_each(self, ids: NDArray[np.int64]) -> BitMap:
        """All that any of the pages is associated with."""
        pointers = self.corpus.near_ptr
        low = pointers[ids]
        places = slices(low, pointers[ids + 1] - low)
        others = self.corpus.near[places]
        if self.links_only:
            others = others[self.hyperlinks[places]]
        if len(others) * CROWDED < self.corpus.size:
            return bitmap(others)
        seen = np.zeros(self.corpus.size, np.bool_)  # quicker for many, most of which come again and again
        seen[others] = True
        return bitmap(np.flatnonzero(seen))

    def near_any(self, pages: Iterable[int]) -> BitMap:
        """The union of N(b) over the pages."""
        wanted = pages if isinstance(pages, BitMap) else BitMap(pages)
        if len(wanted) > SOME:
            return self._near_each(_ids(wanted)) & self.universe
        maps = [self.near(page) for page in wanted]
        return BitMap.union(*maps) if maps else BitMap()

    def among(self, pages: BitMap, others: BitMap) -> BitMap:
        """Those of the pages that are associated with any of the others: looked for from the side that has fewer."""
        if len(pages) < len(others):
            return BitMap([page for page in pages if not self.near(page).isdisjoint(others)])
        return pages & self.near_any(others)

    # facts and intervals

    def stated(self, key: str) -> BitMap:
        """Pages that state the key."""
        return self._pages("fact", key)

    def _in_interval(self, key: str, low: float, high: float, unit: str) -> BitMap:
        """Pages with a quantity of that key and unit that overlaps [low, high]; open: also those whose value can't be compared
        (another unit, no number read) and those that do not state the key."""
        pages, lows, _ = self.stated_by.under("number", key, unit)
        first, last = np.searchsorted(lows, low, "left"), np.searchsorted(lows, high, "right")
        inside = bitmap(pages[first:last])
        wide, begins, ends = self.stated_by.under("span", key, unit)
        inside |= bitmap(wide[(begins <= high) & (ends >= low)])
        if self.reading == "closed":
            return inside & self.universe
        return self.universe - (self._measured(key, unit) - inside)

    def _with_unit(self, key: str, unit: str) -> BitMap:
        """Pages with a quantity of that key and unit."""
        return self._pages("number", key, unit)

    def _with_value(self, key: str, value: str) -> BitMap:
        """Pages whose value of that key shares its words (one holds the other's), open: or that do not state the key."""
        wanted = words_of(value)
        pages = self.stated_by.under("fact", key)[0]
        if wanted:
            rows = np.concatenate([self.stated_by.under("word", key, word)[0] for word in (*wanted, "")])
            rows, shared = np.unique(rows, return_counts=True)
            pages, sizes = (column[rows] for column in self.stated_by.every("fact"))
            pages = pages[(shared == len(wanted)) | (shared == sizes) | (sizes == 0)]
        same = bitmap(pages)
        if self.reading == "closed":
            return same & self.universe
        return self.universe - (self.stated(key) - same)

    # types

    def _alike(self, kind: str) -> NDArray[Any]:
        """Pages of the types that a page of type `kind` may have as well: those that the corpus shows on one page with it, those
        whose pages share an infobox with its pages, and those too rare to tell."""
        look = self.stated_by
        others = [look.under("beside", kind)[0], *(look.under_hash("boxed", int(box))[0] for box in look.under("box", kind)[0])]
        pages = [look.under_hash("type", int(other))[0] for other in np.unique(np.concatenate(others))]
        return np.concatenate([*pages, *look.every("rare"), *look.every("untyped")])

    def _of_type(self, kind: str) -> BitMap:
        mine = self._pages("type", kind)
        if self.reading == "closed":
            return mine & self.universe
        return bitmap(self._alike(kind)) & self.universe if mine else BitMap(self.universe)

    def type_size(self, kind: str) -> int:
        """Number of pages known to be of the type."""
        return len(self._pages("type", kind))

    # categories

    def members(self, category: str) -> BitMap:
        return self._pages("category", category) & self.universe

    def _in_category(self, category: str) -> BitMap:
        """Members; open: also pages in no category of the same family ("Moons of …"), which can't be compared."""
        inside = self.members(category)
        if self.reading == "closed":
            return inside
        return self.universe - (self._pages("family", category_family(category)) - inside)

    # any constraint

    def of(self, constraint: Constraint, other: Iterable[int] = ()) -> BitMap:
        """The extent of a constraint; `other` are the candidates of the vertex at the other end of a link."""
        if constraint.kind == "link":
            return self.near_any(other)
        if constraint.kind == "interval":
            assert constraint.low is not None and constraint.high is not None
            return self.in_interval(constraint.key, constraint.low, constraint.high, constraint.unit)
        if constraint.kind == "fact":
            return self.with_value(constraint.key, constraint.value)
        if constraint.kind == "category":
            return self.in_category(constraint.value)
        return self.of_type(constraint.value)


def roomy(pages: int, room: int) -> int:
    """How many sets that hold most of so many pages fit into `room` bytes; a few at least."""
    return max(64, room * 8 // max(1, pages))


def comparable(extents: Sequence[BitMap], extent: BitMap) -> bool:
    """M3: whether the extent includes one of the others, or is included."""
    return any(extent <= other or other <= extent for other in extents)


def bitmap(pages: NDArray[Any]) -> BitMap:
    """The set of the page ids in an array; BitMap itself would look at them one by one."""
    return BitMap(array("I", pages.astype(np.uint32, copy=False).tobytes()))


def _ids(pages: BitMap) -> NDArray[np.int64]:
    return np.array(np.frombuffer(memoryview(pages.to_array()), np.uint32), np.int64) if pages else np.zeros(0, np.int64)
