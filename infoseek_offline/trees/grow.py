"""The growing loop: one research tree from one root page, by the four moves of the Planner.

The loop offers only moves that can still end in a certificate: a clue that gives the answer away, a named page too near to the
answer, a clue that includes another are never offered. It solves the deepest unsolved vertex first, so that each inner vertex
stands for one page when its parent is constrained. What comes out is checked all the same (checks/).
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from pyroaring import BitMap

from infoseek_offline.agents.base import Move, Planner
from infoseek_offline.config import Bounds, Shape
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, ResearchTree
from infoseek_offline.trees.ahead import LOOSE, Ahead, comparable
from infoseek_offline.trees.combine import complete
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.joins import Joins
from infoseek_offline.trees.options import Option, Options
from infoseek_offline.trees.tree import Draft, DraftVertex

MAX_MOVES = 250
MAX_RETREATS = 6
HUB_SHARE = 0.1  # a page near more of the corpus than this narrows nothing down, and is no good inner vertex
FEW = 3  # pages near both of two branches, at most: hardly a clue more is needed, and trees with more left to tell apart seldom end
FEW_JOINED = 30  # the same of branches that meet further down as well, which are rarer
UNKNOWN_KIND = "subject"
_ONE_ONLY = re.compile(r"\b(?:is|was) the\b|\bonly\b")
NO_START = "no page to start with"
NO_MOVE = "no move left"
NO_JOIN = "the branches do not meet"


@dataclass(frozen=True)
class Grown:
    """`tree` is None where the Planner gave up; `reason` says why. `growth` is what it was frozen from, to go on with."""

    tree: ResearchTree | None
    reason: str
    growth: Growth | None = field(default=None, compare=False, repr=False)


class Growth:
    """The state of one growing tree, with what the Planner may ask about it."""

    def __init__(
        self, root: int, options: Options, bounds: Bounds, shape: Shape, rng: random.Random, depth: int, asked: str = "chain",
        join: bool = False,
    ) -> None:  # fmt: skip
        self.options, self.bounds, self.shape, self.rng = options, bounds, shape, rng
        self.corpus: Corpus = options.corpus
        self.extents: Extents = options.extents
        self.depth = depth  # the depth that is asked for
        self.asked = asked  # the shape
        self.ahead = Ahead(self)
        self.joins = Joins(self) if join else None  # where two branches are to meet
        options.begin(root)
        self.draft = Draft(root, self.corpus.titles[root], self.noun(root))
        self.eager: set[str] = set()  # vertices that ended in a dead end once: now the most telling clues come first
        self.known: dict[str, BitMap] = {}  # extents of the draft's constraints, by id, as their options gave them
        self._reaches: dict[tuple[object, ...], list[BitMap]] = {}
        self.hopeless: set[tuple[int, ...]] = set()  # vertices that no set of clues describes (combine.py)
        self.refused: set[tuple[object, ...]] = set()  # clues that a check has refused
        self.refused_for_good: set[tuple[object, ...]] = set()
        self.banned: set[int] = set()  # pages that could not be described as inner vertices of this tree

    def noun(self, page: int) -> str:
        return self.corpus.nouns[page] or UNKNOWN_KIND

    # Sets

    def extent_of(self, vertex: DraftVertex, index: int) -> BitMap:
        """The extent of the vertex's constraint, its inner children taken as solved."""
        constraint = vertex.constraints[index]
        if constraint.id in self.known:
            return self.known[constraint.id]
        if not constraint.other:
            return self.extents.of(constraint)
        child = self.draft.vertices[constraint.other]
        if child.role == "blur":
            return self.extents.near_any(self.candidates(child))
        return self.extents.near(child.page)

    def candidates(self, vertex: DraftVertex, without: int = -1) -> BitMap:
        """S(v), its inner children taken as solved, without the constraint of that index."""
        return self.extents.meet([self.extent_of(vertex, index) for index in range(len(vertex.constraints)) if index != without])

    def solved(self, vertex: DraftVertex) -> bool:
        return len(self.candidates(vertex)) == 1

    def within(self, distance: int) -> BitMap:
        """Pages within that distance of the root in the association graph, not walking through hubs."""
        return self.options.within(self.draft.root.page, distance, self.bounds.hub_degree)

    # Moves

    def focus(self) -> DraftVertex | None:
        """The vertex to work on: the deepest unsolved inner vertex, else the root; None when all are solved."""
        described = [v for v in self.draft.vertices.values() if v.role in ("root", "inner")]
        unsolved = [v for v in described if not self.solved(v)]
        return max(unsolved, key=lambda v: (v.depth, v.id)) if unsolved else None

    def moves(self) -> list[Move]:
        """All legal moves now, the last one being to stop."""
        root = self.draft.root
        at = root
        if not root.constraints:
            found = [self._move("start", root, o) for o in self._starts()]
        else:
            unsolved = self.focus()
            if unsolved is None:
                return [Move("stop", root.id, None, 1, 1, "done")]
            at = unsolved
            found = self.moves_at(at)
        return [*found, Move("stop", at.id, None, 0, 0, NO_START if not (root.constraints or self.banned) else NO_MOVE)]

    def moves_at(self, vertex: DraftVertex) -> list[Move]:
        if len(vertex.constraints) >= self.shape.max_constraints:
            return []
        current = self.candidates(vertex)
        before = len(current)
        extents = [self.extent_of(vertex, i) for i in range(len(vertex.constraints))]
        skipped = self.skipped(vertex)
        by_links = self.ahead.skipped_by_links(vertex)
        tells_all = self.ahead.tells_all() if vertex is self.draft.root else BitMap()
        loosened = self.loosened(vertex, own=False)
        used = {c.key for c in vertex.constraints if c.kind in ("interval", "fact")}
        kinds = {c.kind for c in vertex.constraints}
        hidden = frozenset().union(*(self.options.title_words(v.page) for v in self.draft.vertices.values() if v.role != "leaf"))
        pages = self.draft.pages
        room = self.shape.max_vertices - len(self.draft.vertices)
        least = self.bounds.min_skipped
        offers = self._offers(vertex)
        if vertex.depth + 1 < self.shape.max_depth and room >= 2:
            offers = offers + self._children(vertex)
        if self.joins:
            offers = offers + self.joins.offers(vertex)
        moves = []
        for option in offers:
            constraint = option.constraint
            if option.adds > room:
                continue
            if constraint.kind in ("interval", "fact"):
                if constraint.key in used:
                    continue
            elif constraint.kind in ("type", "category"):
                if constraint.kind in kinds:
                    continue
            elif option.adds and (option.page in pages or (option.beneath and any(o.page in pages for o in option.beneath))):
                continue
            if self.joins and self.joins.confuses(option):
                continue
            extent = option.extent
            after = current.intersection_cardinality(extent)
            if after >= before or not after:
                continue
            if option.role != "inner" and not hidden.isdisjoint(option.shown):
                continue  # L1: "Göttingen" in a clue about the University of Göttingen
            spare = min([left.intersection_cardinality(extent) for left in skipped], default=before)
            if self.refused and (vertex.page, *_same(constraint, option.page, option.role)) in self.refused:
                continue
            if spare < least or _singles(loosened, extent) or comparable(extents, extent):
                continue
            if by_links and min(left.intersection_cardinality(self.ahead.by_links(option)) for left in by_links) < least:
                continue
            if after == 1 and (self.ahead.named_with(tells_all, option) or self.ahead.needless_above(vertex, [extent])):
                continue
            kind: Literal["extend", "constrain"] = "extend" if option.role == "inner" and option.adds else "constrain"
            moves.append(Move(kind, vertex.id, option, before, after, spare=spare))
        return moves

    def skipped(self, vertex: DraftVertex) -> list[BitMap]:
        """M2, seen from here: with an inner vertex away, enough must be left; of the root also of the kind that the question will
        ask for (X4)."""
        found = [self.candidates(vertex, i) for i, c in enumerate(vertex.constraints) if self.ahead.is_inner(c.other)]
        if vertex is self.draft.root:
            found = [s & self.extents.called(vertex.noun) for s in found] + self.ahead.skipped_below(vertex, self.extents)
        return found

    def loosened(self, vertex: DraftVertex, own: bool = True) -> list[BitMap]:
        """M4, seen from here: S(vertex) without each constraint of its inner vertices, and with `own` without each of its own. Of
        large sets below a part is taken, which gives a part of these."""
        found = [self.candidates(vertex, i) for i in range(len(vertex.constraints))] if own else []
        for i, c in enumerate(vertex.constraints):
            child = self.draft.vertices.get(c.other)
            if child is not None and child.role == "inner":
                others = self.candidates(vertex, i)
                found += [others & reached for reached in self._reached(child)]
        return found

    def _reached(self, child: DraftVertex) -> list[BitMap]:
        """What each of the child's loosened sets is near to; kept as long as nothing changes below the child."""
        key = self._signature(child)
        if key not in self._reaches:
            self._reaches[key] = [self.extents.near_any(list(s)[:LOOSE]) for s in self.loosened(child)]
        return self._reaches[key]

    def _signature(self, vertex: DraftVertex) -> tuple[object, ...]:
        below = ((c.kind, c.key, c.value, c.other and self._signature(self.draft.vertices[c.other])) for c in vertex.constraints)
        return (vertex.page, vertex.role, *below)

    def _offers(self, vertex: DraftVertex) -> list[Option]:
        """Clues for the vertex that no state of the tree could make illegal: not too telling at the root (X1), and naming no page
        that is nearer to the answer than the tree says (X2)."""
        offers = self._plain_offers(vertex.page, vertex.depth)
        if vertex.depth + 2 <= self.shape.max_depth:
            offers = offers + self._legal(vertex.page, vertex.depth, "vague")
        return offers

    def _plain_offers(self, page: int, depth: int) -> list[Option]:
        """The same without those that leave a page vague, which are dear to make."""
        return [*self._each_plain_offer(page, depth)]

    def _each_plain_offer(self, page: int, depth: int) -> Iterator[Option]:
        yield from self._legal(page, depth, "literal")
        if depth + 1 <= self.shape.max_depth:
            yield from self._legal(page, depth, "link")

    def _legal(self, page: int, depth: int, which: Literal["literal", "link", "vague"]) -> list[Option]:
        kept = self.options.offers_of(self.draft.root.page)
        key = (page, depth, which)
        if key not in kept:
            made = {"literal": self.options.literals, "link": self.options.links, "vague": self.options.blurs}[which](page)
            least = self.bounds.min_clue if depth == 0 else 0
            near, below = self.within(depth), self.within(depth + 1) if which == "vague" else BitMap()
            kept[key] = [
                o
                for o in made
                if len(o.extent) >= least and not _exposes(o, near, below) and not (depth == 0 and self._tells_alone(o))
            ]
        return kept[key]

    def _tells_alone(self, option: Option) -> bool:
        """Whether hardly another page stands in that relation with the named one. The certificate's sets know only association; a
        reader knows that one place has Cardiff as its seat, and needs no other clue."""
        if option.role != "leaf" or option.page is None or option.constraint.key == "connected":
            return False
        if option.read:  # in words of its own, which no other page's claim has
            alike = option.extent.intersection_cardinality(self.extents.called(self.draft.root.noun))
            return alike < self.bounds.min_skipped or _ONE_ONLY.search(option.constraint.wording) is not None
        return self.options.sharing(option.constraint, option.page) < self.bounds.min_skipped

    def _told(self, page: int, depth: int) -> BitMap:
        """What all legal clues of the page at that depth together would leave; no choice of them leaves less."""
        kept = self.options.told_of(self.draft.root.page)
        key = (page, depth)
        if key not in kept:
            left = self.extents.universe
            for option in self._each_plain_offer(page, depth):
                left = left & option.extent
                if len(left) == 1:
                    break
            kept[key] = left
        return kept[key]

    def describable(self, page: int, depth: int) -> bool:
        """Whether some choice of clues could leave the page alone."""
        return len(self._told(page, depth)) == 1

    def _starts(self) -> list[Option]:
        """Inner children to start with: such as, with a second one where two are asked for and all other clues, would leave the
        root alone."""
        children = self._children(self.draft.root)
        if self.asked == "chain":
            told = self._told(self.draft.root.page, 0)
            return [o for o in children if told.intersection_cardinality(o.extent) == 1]
        if self.joins:
            return [o for o in children if o.page is not None and self.joins.meetings(o.page)]
        return [o for o in children if self.partners(o)]

    def _move(self, kind: str, vertex: DraftVertex, option: Option) -> Move:
        assert kind in ("start", "extend")
        return Move(kind, vertex.id, option, len(self.extents.universe), len(option.extent))  # type: ignore[arg-type]

    def _children(self, vertex: DraftVertex) -> list[Option]:
        """Linked pages that could be described in their turn and are not in the tree yet."""
        kept = self.options.offers_of(self.draft.root.page)
        key = (vertex.page, vertex.depth, "inner")
        if key not in kept:
            kept[key] = self._possible_children(vertex)
        pages = self.draft.pages
        return [o for o in kept[key] if o.page not in pages and o.page not in self.banned]

    def _possible_children(self, vertex: DraftVertex) -> list[Option]:
        """Those with enough neighbours, no hub, not near the answer otherwise."""
        found = []
        for option in self.options.links(vertex.page):
            page = option.page
            assert page is not None
            if not (self.corpus.nouns[page] or self.options.any_kind):
                continue
            if not self.narrows(option.extent):
                continue
            if vertex.depth >= 1 and page in self.within(vertex.depth):
                continue
            if page != self.draft.root.page and self.describable(page, vertex.depth + 1):
                found.append(replace(option, role="inner", shown=frozenset()))
        return found

    def narrows(self, extent: BitMap) -> bool:
        """Whether the pages near a page are neither too few nor too many for an inner vertex."""
        return self.bounds.min_clue <= len(extent) <= HUB_SHARE * len(self.extents.universe)

    def partners(self, option: Option) -> int:
        """How many of the root's other children could be a second branch beside this one."""
        return len(self.seconds(option.page, option.extent))

    def seconds(self, page: int | None, extent: BitMap) -> list[Option]:
        """The root's children that could be a second branch beside that page: enough pages are near each (M2), few are near both
        (U1), and neither includes the other (M3)."""
        called = self.extents.called(self.draft.root.noun)
        least, few = self.bounds.min_skipped, FEW_JOINED if self.joins else FEW
        if extent.intersection_cardinality(called) < least:
            return []
        told = self._told(self.draft.root.page, 0) & extent
        return [
            other
            for other in self._children(self.draft.root)
            if other.page != page
            and other.extent.intersection_cardinality(called) >= least
            and other.extent.intersection_cardinality(extent) <= few
            and other.extent.intersection_cardinality(told) == 1
            and not comparable([extent], other.extent)
        ]

    def retreat(self, vertex: DraftVertex) -> bool:
        """Take back what led into a dead end: at first the vertex's clues, to be chosen anew more eagerly; then the vertex itself,
        or at the root one of its inner children. False where there is nothing to take back."""
        inner = [c for c in vertex.constraints if c.other and self.draft.vertices[c.other].role == "inner"]
        clues = [c for c in vertex.constraints if c not in inner]
        for constraint in clues:
            self.draft.remove(vertex, constraint)
        if clues and vertex.id not in self.eager:
            self.eager.add(vertex.id)
            return True
        if vertex is not self.draft.root:
            parent = self.draft.vertices[vertex.parent]
            self.banned.add(vertex.page)
            self.draft.remove(parent, next(c for c in parent.constraints if c.other == vertex.id))
            return True
        if not inner:
            return False
        self.banned.add(self.draft.vertices[inner[-1].other].page)
        self.draft.remove(vertex, inner[-1])
        return True

    def refuse(self, vertex: DraftVertex, constraint: Constraint, for_good: bool = False) -> None:
        """Offer a clue no more, neither to this tree nor, `for_good`, to a later one of the same root."""
        child = self.draft.vertices.get(constraint.other)
        same = _same(constraint, child.page, child.role) if child else _same(constraint, None, "")
        self.refused.add((vertex.page, *same))
        if for_good:
            self.refused_for_good.add((vertex.page, *same))

    def apply(self, move: Move) -> None:
        vertex = self.draft.vertices[move.vertex]
        option = move.option
        assert option is not None
        if option.page is None:
            self.known[self.draft.constrain(vertex, option.constraint).id] = option.extent
            return
        if option.role == "inner" and not option.adds:
            self.draft.join(vertex, option.constraint, next(v for v in self.draft.vertices.values() if v.page == option.page))
            self.known[vertex.constraints[-1].id] = option.extent
            return
        child = self.draft.extend(
            vertex, option.constraint, option.page, self.corpus.titles[option.page], option.role or "leaf", self.noun(option.page)
        )
        self.known[vertex.constraints[-1].id] = option.extent
        if option.role == "inner":
            self.options.open(option.page)
        for beneath in option.beneath:
            if beneath.page is None:
                self.draft.constrain(child, beneath.constraint)
            else:
                self.draft.extend(
                    child, beneath.constraint, beneath.page, self.corpus.titles[beneath.page], "leaf", self.noun(beneath.page)
                )

    # Selecting and blurring

    def tidy(self) -> None:
        """Take away idle clues and widen ranges, everywhere."""
        for vertex in [v for v in self.draft.vertices.values() if v.role in ("root", "inner")]:
            self.settle(vertex)

    def settle(self, vertex: DraftVertex) -> None:
        """Of a solved vertex, take away idle clues (M1), the most telling ones first, then widen each range as far as the vertex
        stays solved."""
        for constraint in sorted(vertex.constraints, key=lambda c: (c.kind == "link", c.id)):
            index = vertex.constraints.index(constraint)
            child = self.draft.vertices.get(constraint.other)
            if child is not None and child.role == "inner":
                continue
            if len(vertex.constraints) > 1 and len(self.candidates(vertex, index)) == 1:
                self.draft.remove(vertex, constraint)
        for constraint in [c for c in vertex.constraints if c.kind == "interval"]:
            self._widen(vertex, constraint.key)

    def _widen(self, vertex: DraftVertex, key: str) -> None:
        index = next(i for i, c in enumerate(vertex.constraints) if c.kind == "interval" and c.key == key)
        now = vertex.constraints[index]
        others = self.candidates(vertex, index)
        rungs = [o for o in self.options.literals(vertex.page) if o.constraint.kind == "interval" and o.constraint.key == key]
        best = now
        for option in rungs:
            c = option.constraint
            assert c.low is not None and c.high is not None and best.low is not None and best.high is not None
            if c.high - c.low > best.high - best.low and len(others & option.extent) == 1 and len(others) > 1:
                best = c
        if best is not now:
            self.draft.replace(vertex, now, best.model_copy(update={"id": now.id}))
            self.known.pop(now.id, None)


def _same(constraint: Constraint, page: int | None, role: str) -> tuple[object, ...]:
    """What makes a clue about a vertex the same as another."""
    if page is not None:
        return (page, role)
    return (constraint.kind, constraint.key, constraint.value, constraint.low, constraint.high)


def _singles(loosened: list[BitMap], extent: BitMap) -> bool:
    """M4: whether some clue would be idle, the vertex being found without it."""
    return any(left.intersection_cardinality(extent) < 2 for left in loosened)


def _exposes(option: Option, near: BitMap, below: BitMap) -> bool:
    """Whether a clue names a page of `near`, or names one of `below` beneath it."""
    if option.role == "leaf" and option.page is not None and option.page in near:
        return True
    if option.named and any(page in near for page in option.named):
        return True
    return any(_exposes(o, below, below) for o in option.beneath)


def grow(
    root: int, planner: Planner, options: Options, bounds: Bounds, shape: Shape, rng: random.Random, asked: str = "chain",
    refused: Collection[tuple[object, ...]] = (), join: bool = False,
) -> Grown:
    """Grow one tree from `root`, in the shape asked for if the Planner can, with `join` so that two of its branches meet. The
    generator decides the depth, and whatever the Planner leaves to chance. `refused` are clues that earlier trees of the root were
    refused for good."""
    depth = shape.min_depth if asked == "bush" else rng.randint(max(shape.min_depth, 2 + (asked == "balanced")), shape.max_depth)
    growth = Growth(root, options, bounds, shape, rng, depth, asked, join)
    growth.refused.update(refused)
    return proceed(growth, planner, MAX_RETREATS)


def proceed(growth: Growth, planner: Planner, most: int) -> Grown:
    """Go on until the tree is done or given up; a dead end is taken back `most` times before that."""
    shape, retreats = growth.shape, 0
    for _ in range(MAX_MOVES):
        move = planner.choose(growth, growth.moves())
        if move.kind != "stop":
            growth.apply(move)
            changed = growth.draft.vertices[move.vertex]
            if move.kind == "constrain" and changed.role == "inner" and growth.solved(changed):
                growth.settle(changed)  # an idle clue down there would seem one that the answer can do without (M4)
        elif move.reason == "done":
            growth.tidy()
            tree = growth.draft.freeze()
            if growth.joins and not tree.joined:
                return Grown(None, NO_JOIN)
            if tree.depth < shape.min_depth:
                return Grown(None, "too shallow")
            enough = len(tree.vertices) >= shape.min_vertices
            return Grown(tree, "done", growth) if enough else Grown(None, "too few vertices")
        elif move.reason == NO_MOVE and complete(growth, growth.draft.vertices[move.vertex]):
            continue
        elif move.reason != NO_START and retreats < most and growth.retreat(growth.draft.vertices[move.vertex]):
            retreats += 1
        else:
            return Grown(None, move.reason)
    return Grown(None, "too many moves")
