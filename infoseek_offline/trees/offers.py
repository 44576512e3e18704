"""What may be said of a page below one root, whatever the tree: legal clues, and the pages to step down to.

A clue that gives the answer away, a named page too near to the answer, a page that could not be described are never offered. What
is found serves all trees of the root.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from pyroaring import BitMap

from infoseek_offline.config import Bounds, Shape
from infoseek_offline.trees.extents import comparable
from infoseek_offline.trees.options import Option, Options

UNKNOWN_KIND = "subject"
HOPEFUL = 64  # pages that the links of a page may leave for its literals to tell apart
HUB_SHARE = 0.1  # a page near more of the corpus than this narrows nothing down, and is no good inner vertex …
HUB_LEAST = 64  # … save in a wiki so small, or linked so densely, that most pages are: of so few the other clues leave one
_ONE_ONLY = re.compile(r"\b(?:is|was) the\b|\bonly\b")
Which = Literal["literal", "link", "vague"]


class Offers:
    """For one root under one configuration."""

    def __init__(self, root: int, options: Options, bounds: Bounds, shape: Shape) -> None:
        self.root, self.options, self.bounds, self.shape = root, options, bounds, shape
        self.extents, self.corpus = options.extents, options.corpus
        self.called = self.extents.called(self.corpus.nouns[root] or UNKNOWN_KIND)  # pages that the question's kind fits
        self._rings: list[BitMap] = []
        self._legal: dict[tuple[int, int, Which], list[Option]] = {}
        self._children: dict[tuple[int, int], list[Option]] = {}
        self._describable: dict[tuple[int, int], bool] = {}
        self._seconds: dict[tuple[int, int], list[Option]] = {}
        self._told: BitMap | None = None

    def forget(self, page: int) -> None:
        """What was found of the page: it has other claims now."""
        for kept in (self._legal, self._children, self._describable):
            for key in [k for k in kept if k[0] == page]:
                del kept[key]  # type: ignore[arg-type]
        if page == self.root:
            self._told = None
            self._seconds.clear()

    def within(self, distance: int) -> BitMap:
        """Pages within that distance of the root in the association graph, not walking through hubs."""
        if len(self._rings) <= distance:
            self._rings = self.extents.rings(self.root, distance, self.bounds.hub_degree, self._rings)
        return self._rings[distance]

    def clues(self, page: int, depth: int) -> list[Option]:
        """Clues for a vertex that no state of the tree could make illegal: not too telling at the root (X1), and naming no page
        that is nearer to the answer than the tree says (X2)."""
        found = [*self._plain(page, depth)]
        if depth + 2 <= self.shape.max_depth:
            found += self.legal(page, depth, "vague")
        return found

    def _plain(self, page: int, depth: int) -> Iterator[Option]:
        """The same without those that leave a page vague, which are dear to make."""
        yield from self.legal(page, depth, "literal")
        if depth + 1 <= self.shape.max_depth:
            yield from self.legal(page, depth, "link")

    def legal(self, page: int, depth: int, which: Which) -> list[Option]:
        key = (page, depth, which)
        if key not in self._legal:
            make: dict[Which, Callable[[int], list[Option]]]
            make = {"literal": self.options.literals, "link": self.options.links, "vague": self.options.blurs}
            least = self.bounds.min_clue if depth == 0 else 0
            near, below = self.within(depth), self.within(depth + 1) if which == "vague" else BitMap()
            self._legal[key] = [
                o
                for o in make[which](page)
                if len(o.extent) >= least and not _exposes(o, near, below) and not (depth == 0 and self._tells_alone(o))
            ]
        return self._legal[key]

    def _tells_alone(self, option: Option) -> bool:
        """Whether hardly another page stands in that relation with the named one. The certificate's sets know only association; a
        reader knows that one place has Cardiff as its seat, and needs no other clue."""
        if option.role != "leaf" or option.page is None or option.clue.key == "connected":
            return False
        if option.read:  # in words of its own, which no other page's claim has
            alike = option.extent.intersection_cardinality(self.called)
            return alike < self.bounds.min_skipped or _ONE_ONLY.search(option.clue.wording) is not None
        return self.options.sharing(option.clue.wording, option.page) < self.bounds.min_skipped

    def told(self) -> BitMap:
        """What all legal clues of the root together would leave; no choice of them leaves less."""
        if self._told is None:
            left = self.extents.universe
            for option in self._plain(self.root, 0):
                left = left & option.extent
                if len(left) == 1:
                    break
            self._told = left
        return self._told

    def describable(self, page: int, depth: int) -> bool:
        """Whether some choice of clues could leave the page alone, on a level below the root's. Asked of many pages that no tree
        ever steps to: links, of which no more than the other side is looked at, mostly do."""
        key = (page, depth)
        if key not in self._describable:
            self._describable[key] = self._leaves_alone(page, depth)
        return self._describable[key]

    def _leaves_alone(self, page: int, depth: int) -> bool:
        left = self.extents.universe
        if depth + 1 <= self.shape.max_depth:
            near = self.within(depth)
            for other in self.options.linked(page):
                if other not in near:
                    left = left & self.extents.near(other)
                    if len(left) == 1:
                        return True
        for option in self.legal(page, depth, "literal"):
            left = left & option.extent
            if len(left) == 1:
                return True
        return False

    def _hopeful(self, page: int, depth: int) -> bool:
        """Whether the page may be describable, by its links alone: no claim is read for it. In the open reading literals leave most
        of the corpus, and do not tell a page apart that its links don't."""
        if self.extents.reading == "closed":
            return True
        if depth + 1 > self.shape.max_depth:
            return False
        left = self.extents.universe
        for other in self.extents.near(page) - self.within(depth):
            left = left & self.extents.near(other)
            if len(left) <= HOPEFUL:
                return True
        return False

    def children(self, page: int, depth: int) -> list[Option]:
        """Linked pages that could be described in their turn: with enough neighbours, no hub, not near the answer otherwise. Below
        the root it is no more than likely that they are `describable`, which is dear to know and asked of the one that is taken."""
        key = (page, depth)
        if key not in self._children:
            self._children[key] = [
                replace(option, role="inner", shown=frozenset())
                for option in self.options.links(page)
                if option.page is not None and self._possible(option.page, option.extent, depth)
            ]
        return self._children[key]

    def seconds(self, page: int, few: int) -> list[Option]:
        """The root's children that could be a second branch beside that page: enough pages are near each (M2), no more than `few`
        are near both (U1), and neither includes the other (M3)."""
        if (page, few) not in self._seconds:
            extent, called, least = self.extents.near(page), self.called, self.bounds.min_skipped
            told = self.told() & extent
            wide = self.children(self.root, 0) if extent.intersection_cardinality(called) >= least else []
            self._seconds[page, few] = [
                other
                for other in wide
                if other.page != page
                and other.extent.intersection_cardinality(called) >= least
                and other.extent.intersection_cardinality(extent) <= few
                and other.extent.intersection_cardinality(told) == 1
                and not comparable([extent], other.extent)
            ]
        return self._seconds[page, few]

    def _possible(self, page: int, extent: BitMap, depth: int) -> bool:
        return bool(
            (self.options.any_kind or self.options.noun(page))
            and self.narrows(extent)
            and not (depth >= 1 and page in self.within(depth))
            and page != self.root
            and (self.describable(page, 1) if depth == 0 else self._hopeful(page, depth + 1))
        )

    def narrows(self, extent: BitMap) -> bool:
        """Whether the pages near a page are neither too few nor too many for an inner vertex."""
        every = len(self.extents.universe)
        return self.bounds.min_clue <= len(extent) <= max(HUB_SHARE * every, min(HUB_LEAST, every / 2))


def offers_below(root: int, options: Options, bounds: Bounds, shape: Shape) -> Offers:
    """What has been found for the root so far, where the last tree was one of the same root; else anew."""
    known = options.offers
    if known is None or known.root != root or known.bounds is not bounds or known.shape is not shape:
        options.offers = known = Offers(root, options, bounds, shape)
    return known


def _exposes(option: Option, near: BitMap, below: BitMap) -> bool:
    """Whether a clue names a page of `near`, or names one of `below` beneath it."""
    if option.role == "leaf" and option.page is not None and option.page in near:
        return True
    if option.named and any(page in near for page in option.named):
        return True
    return any(_exposes(o, below, below) for o in option.beneath)
