"""The growing loop: one research tree from one root page, by the four moves of the Planner.

The loop offers only moves that can still end in a certificate: a clue that gives the answer away, a named page too near to the
answer, a clue that includes another are never offered. It solves the deepest unsolved vertex first, so that each inner vertex
stands for one page when its parent is constrained. What comes out is checked all the same (checks/).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from pyroaring import BitMap

from infoseek_offline.agents.base import Move, Planner
from infoseek_offline.claims.links import has_sentence_rules, reads_little
from infoseek_offline.config import Bounds, Shape
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, ResearchTree
from infoseek_offline.trees.above import LOOSE
from infoseek_offline.trees.ahead import Ahead
from infoseek_offline.trees.combine import complete
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.joins import Joins
from infoseek_offline.trees.memory import Memory
from infoseek_offline.trees.moves import DONE, NO_MOVE, Moves, same
from infoseek_offline.trees.offers import UNKNOWN_KIND, offers_below
from infoseek_offline.trees.options import Clue, Option, Options
from infoseek_offline.trees.tree import Draft, DraftVertex

MAX_MOVES = 250
MAX_RETREATS = 6
FEW = 3  # pages near both of two branches, at most: hardly a clue more is needed, and trees with more left to tell apart seldom end
FEW_JOINED = 30  # the same of branches that meet further down as well, which are rarer
MAX_BARE = 2  # clues that say no more than that two pages are connected; with a third one nobody would ask the question
NO_START = "no page to start with"
NO_JOIN = "the branches do not meet"
SHALLOW, SMALL = "too shallow", "too few vertices"


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
        join: bool = False, max_bare: int = MAX_BARE, memory: Memory | None = None,
    ) -> None:  # fmt: skip
        self.options, self.bounds, self.shape, self.rng = options, bounds, shape, rng
        self.corpus: Corpus = options.corpus
        self.extents: Extents = options.extents
        self.depth = depth  # the depth that is asked for
        self.asked = asked  # the shape
        self.memory = memory if memory is not None else Memory(self.corpus.titles[root])
        self.memory.begin()
        self.ahead = Ahead(self)
        self.joins = Joins(self) if join else None  # where two branches are to meet
        options.begin(root)
        self.offers = offers_below(root, options, bounds, shape)
        self.draft = Draft(root, self.corpus.titles[root], self.noun(root))
        self.eager: set[str] = set()  # vertices that ended in a dead end once: now the most telling clues come first
        self.known: dict[str, BitMap] = {}  # extents of the draft's constraints, by id, as their options gave them
        self._met: dict[str, tuple[list[Constraint], dict[int, BitMap]]] = {}  # of each vertex, while its constraints are these
        self._reaches: dict[tuple[object, ...], list[BitMap]] = {}
        self.hopeless: set[tuple[int, ...]] = set()  # vertices that no set of clues describes (combine.py)
        self.refused = set(self.memory.refused)  # clues that a check has refused
        # Where sentences aren't read, little else can be said.
        self.max_bare = max_bare if has_sentence_rules(self.corpus.language) else MAX_MOVES
        self.banned = set(self.memory.unfound)  # pages that could not be described as inner vertices of this tree

    def noun(self, page: int) -> str:
        return self.options.noun(page) or UNKNOWN_KIND

    @property
    def several(self) -> bool:
        """Whether there are claims that are no links, and several inner vertices: then each of these must hold by links alone."""
        return reads_little(self.corpus) and (
            self.asked != "chain" or sum(v.role == "inner" for v in self.draft.vertices.values()) > 1
        )

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
        """S(v), its inner children taken as solved, without the constraint of that index; not to be changed."""
        known = self._met.get(vertex.id)
        now = vertex.constraints
        if known is None or len(known[0]) != len(now) or any(a is not b for a, b in zip(known[0], now, strict=True)):
            known = self._met[vertex.id] = ([*now], {})
        if without not in known[1]:
            known[1][without] = self.extents.meet([self.extent_of(vertex, i) for i in range(len(now)) if i != without])
        return known[1][without]

    def solved(self, vertex: DraftVertex) -> bool:
        return len(self.candidates(vertex)) == 1

    # Moves

    def focus(self) -> DraftVertex | None:
        """The vertex to work on: the deepest unsolved inner vertex, else the root; None when all are solved."""
        described = [v for v in self.draft.vertices.values() if v.role in ("root", "inner")]
        unsolved = [v for v in described if not self.solved(v)]
        return max(unsolved, key=lambda v: (v.depth, v.id)) if unsolved else None

    def moves(self) -> Moves:
        """All legal moves now, the last one being to stop."""
        at = self.draft.root
        if at.constraints:
            unsolved = self.focus()
            if unsolved is None:
                return Moves(self, at, Move("stop", at.id, None, 1, 1, DONE))
            at = unsolved
        return self.moves_at(at)

    def moves_at(self, vertex: DraftVertex) -> Moves:
        reason = NO_START if not (self.draft.root.constraints or self.banned) else NO_MOVE
        return Moves(self, vertex, Move("stop", vertex.id, None, 0, 0, reason))

    def skipped(self, vertex: DraftVertex) -> list[BitMap]:
        """M2, seen from here: with an inner vertex away, enough must be left; of the root also of the kind that the question will
        ask for (X4)."""
        found = [self.candidates(vertex, i) for i, c in enumerate(vertex.constraints) if self.ahead.is_inner(c.other)]
        if vertex is self.draft.root:
            found = [s & self.offers.called for s in found] + self.ahead.skipped_below(vertex, self.extents)
        return found

    def loosened(self, vertex: DraftVertex, own: bool = True) -> list[BitMap]:
        """M4, seen from here: S(vertex) without each constraint of its inner vertices, and with `own` without each of its own. Of
        large sets below a part is taken, which gives a part of these."""
        found = [self.candidates(vertex, i) for i in range(len(vertex.constraints))] if own else []
        for i, c in enumerate(vertex.constraints):
            if self.ahead.is_inner(c.other):
                others = self.candidates(vertex, i)
                found += [others & reached for reached in self._reached(self.draft.vertices[c.other])]
        return found

    def _reached(self, child: DraftVertex) -> list[BitMap]:
        """What each of the child's loosened sets is near to; kept as long as nothing changes below the child."""
        key = self.signature(child)
        if key not in self._reaches:
            self._reaches[key] = [self.extents.near_any(s[:LOOSE]) for s in self.loosened(child)]
        return self._reaches[key]

    def signature(self, vertex: DraftVertex) -> tuple[object, ...]:
        below = ((c.kind, c.key, c.value, c.other and self.signature(self.draft.vertices[c.other])) for c in vertex.constraints)
        return (vertex.page, vertex.role, *below)

    def starts(self) -> list[Option]:
        """Inner children to start with: such as, with a second one where two are asked for and all other clues, would leave the
        root alone."""
        children = self.children(self.draft.root)
        if self.asked == "chain":
            told = self.offers.told()
            return [o for o in children if told.intersection_cardinality(o.extent) == 1]
        if self.joins:
            return [o for o in children if o.page is not None and self.joins.meetings(o.page)]
        return [o for o in children if self.partners(o)]

    def children(self, vertex: DraftVertex) -> list[Option]:
        """Linked pages that could be described in their turn and are not in the tree yet."""
        pages = self.draft.pages | self.banned
        return [o for o in self.offers.children(vertex.page, vertex.depth) if o.page not in pages]

    def partners(self, option: Option) -> int:
        """How many of the root's other children could be a second branch beside this one."""
        return len(self.seconds(option.page)) if option.page is not None else 0

    def seconds(self, page: int) -> list[Option]:
        """The root's children that could be a second branch beside that page."""
        taken = self.draft.pages | self.banned
        return [o for o in self.offers.seconds(page, FEW_JOINED if self.joins else FEW) if o.page not in taken]

    def retreat(self, vertex: DraftVertex) -> bool:
        """Take back what led into a dead end: at first the vertex's clues, to be chosen anew more eagerly; then the vertex itself,
        or at the root one of its inner children. False where there is nothing to take back."""
        inner = [c for c in vertex.constraints if c.other and self.draft.vertices[c.other].role == "inner"]
        clues = [c for c in vertex.constraints if c not in inner]
        left = len(self.candidates(vertex))
        self.memory.failed(f"{left:,} pages still fitted {vertex.title}" if left > 1 else f"no more clues for {vertex.title}")
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

    def go_elsewhere(self) -> bool:
        """Of a tree that is too shallow, take away the deepest page: from there it went no deeper. False where there is none."""
        inner = [v for v in self.draft.vertices.values() if v.role == "inner"]
        if not inner:
            return False
        vertex = max(inner, key=lambda v: (v.depth, v.id))
        parent = self.draft.vertices[vertex.parent]
        self.banned.add(vertex.page)
        self.draft.remove(parent, next(c for c in parent.constraints if c.other == vertex.id))
        return True

    def say_less(self) -> bool:
        """Of a tree that is too small, take away the most telling clue, for which others must come. False where there is none."""
        described = [v for v in self.draft.vertices.values() if v.role in ("root", "inner")]
        room = [v for v in described if len(v.constraints) < self.shape.max_constraints]
        places = [(v, i) for v in room for i, c in enumerate(v.constraints) if not self.ahead.is_inner(c.other)]
        if not places:
            return False
        vertex, index = min(places, key=lambda place: (len(self.extent_of(*place)), place[0].constraints[place[1]].id))
        constraint = vertex.constraints[index]
        self.refuse(vertex, constraint)
        self.draft.remove(vertex, constraint)
        return True

    def give_up(self, vertex: DraftVertex) -> None:
        """Take away an inner vertex of which no clue is found by a search."""
        parent = self.draft.vertices[vertex.parent]
        self.banned.add(vertex.page)
        self.memory.unfound.add(vertex.page)
        self.draft.remove(parent, next(c for c in parent.constraints if c.other == vertex.id))

    def refuse(self, vertex: DraftVertex, constraint: Constraint, for_good: bool = False) -> None:
        """Offer a clue no more, neither to this tree nor, `for_good`, to a later one of the same root."""
        child = self.draft.vertices.get(constraint.other)
        refused = (vertex.page, *(same(constraint, child.page, child.role) if child else same(constraint, None, "")))
        self.refused.add(refused)
        if for_good:
            self.memory.refused.add(refused)

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
        rungs = [o for o in self.options.literals(vertex.page) if o.clue.kind == "interval" and o.clue.key == key]
        best: Constraint | Clue = now
        for option in rungs:
            c = option.clue
            assert c.low is not None and c.high is not None and best.low is not None and best.high is not None
            if c.high - c.low > best.high - best.low and len(others & option.extent) == 1 and len(others) > 1:
                best = c
        if isinstance(best, Clue):
            self.draft.replace(vertex, now, best.constraint.model_copy(update={"id": now.id}))
            self.known.pop(now.id, None)


def grow(
    root: int, planner: Planner, options: Options, bounds: Bounds, shape: Shape, rng: random.Random, asked: str = "chain",
    join: bool = False, max_bare: int = MAX_BARE, memory: Memory | None = None,
) -> Grown:
    """Grow one tree from `root`, in the shape asked for if the Planner can, with `join` so that two of its branches meet. The
    generator decides the depth, and whatever the Planner leaves to chance. `memory` is that of the earlier trees of the root."""
    depth = shape.min_depth if asked == "bush" else rng.randint(max(shape.min_depth, 2 + (asked == "balanced")), shape.max_depth)
    growth = Growth(root, options, bounds, shape, rng, depth, asked, join, max_bare, memory)
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
            short = SHALLOW if tree.depth < shape.min_depth else SMALL if len(tree.vertices) < shape.min_vertices else ""
            if not short:
                return Grown(tree, "done", growth)
            if retreats >= most or not (growth.go_elsewhere() if short == SHALLOW else growth.say_less()):
                return Grown(None, short)
            retreats += 1
        elif move.reason == NO_MOVE and complete(growth, growth.draft.vertices[move.vertex]):
            continue
        elif move.reason != NO_START and retreats < most and growth.retreat(growth.draft.vertices[move.vertex]):
            retreats += 1
        else:
            return Grown(None, move.reason)
    return Grown(None, "too many moves")
