"""The growing loop: one research tree from one root page, by the four moves of the Planner.

The loop offers only moves that can still end in a certificate: a clue that gives the answer away, a named page too near to the
answer, a clue that includes another are never offered. It solves the deepest unsolved vertex first, so that each inner vertex
stands for one page when its parent is constrained. What comes out is checked all the same (checks/).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from pyroaring import BitMap

from infoseek_offline.agents.base import Move, Planner
from infoseek_offline.config import Bounds, Shape
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import ResearchTree
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.options import Option, Options
from infoseek_offline.trees.tree import Draft, DraftVertex

MAX_MOVES = 60
MAX_RETREATS = 8
HUB_SHARE = 0.1  # a page near more of the corpus than this narrows nothing down, and is no good inner vertex
NO_START = "no page to start with"


@dataclass(frozen=True)
class Grown:
    """`tree` is None where the Planner gave up; `reason` says why."""

    tree: ResearchTree | None
    reason: str


class Growth:
    """The state of one growing tree, with what the Planner may ask about it."""

    def __init__(
        self, root: int, options: Options, bounds: Bounds, shape: Shape, rng: random.Random, depth: int
    ) -> None:
        self.options, self.bounds, self.shape, self.rng = options, bounds, shape, rng
        self.corpus: Corpus = options.corpus
        self.extents: Extents = options.extents
        self.depth = depth  # the depth that is asked for
        self.draft = Draft(root, self.corpus.titles[root], self.noun(root))
        self.banned: set[int] = set()  # pages that could not be described as inner vertices of this tree

    def noun(self, page: int) -> str:
        return self.corpus.nouns[page] or "subject"

    # Sets

    def extent_of(self, vertex: DraftVertex, index: int) -> BitMap:
        """The extent of the vertex's constraint, its inner children taken as solved."""
        constraint = vertex.constraints[index]
        if not constraint.other:
            return self.extents.of(constraint)
        child = self.draft.vertices[constraint.other]
        if child.role == "blur":
            return self.extents.near_any(self.candidates(child))
        return self.extents.near(child.page)

    def candidates(self, vertex: DraftVertex, without: int = -1) -> BitMap:
        """S(v), its inner children taken as solved, without the constraint of that index."""
        current = BitMap(self.extents.universe)
        for index in range(len(vertex.constraints)):
            if index != without:
                current &= self.extent_of(vertex, index)
        return current

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
        if not root.constraints:
            found = [self._move("start", root, o) for o in self._children(root)]
        else:
            vertex = self.focus()
            if vertex is None:
                return [Move("stop", root.id, None, 1, 1, "done")]
            found = self._moves_at(vertex)
        at = root if not root.constraints else self.focus() or root
        return [*found, Move("stop", at.id, None, 0, 0, NO_START if not root.constraints else "no move left")]

    def _moves_at(self, vertex: DraftVertex) -> list[Move]:
        current = self.candidates(vertex)
        room = len(vertex.constraints) < self.shape.max_constraints
        if not room:
            return []
        moves = []
        extents = [self.extent_of(vertex, i) for i in range(len(vertex.constraints))]
        used = {c.key for c in vertex.constraints if c.kind in ("interval", "fact")}
        kinds = {c.kind for c in vertex.constraints}
        page = vertex.page
        offers = self.options.links(page) + self.options.literals(page) + self.options.blurs(page)
        for option in offers:
            constraint = option.constraint
            if constraint.kind in ("interval", "fact") and constraint.key in used:
                continue
            if constraint.kind in ("type", "category") and constraint.kind in kinds:
                continue
            after = len(current & option.extent)
            if after >= len(current) or not self._fits(vertex, option, extents):
                continue
            moves.append(Move("constrain", vertex.id, option, len(current), after))
        if vertex.depth + 1 < self.shape.max_depth and len(self.draft.vertices) + 2 <= self.shape.max_vertices:
            for option in self._children(vertex):
                after = len(current & option.extent)
                if after < len(current) and self._fits(vertex, option, extents):
                    moves.append(Move("extend", vertex.id, option, len(current), after))
        return moves

    def _move(self, kind: str, vertex: DraftVertex, option: Option) -> Move:
        assert kind in ("start", "extend")
        return Move(kind, vertex.id, option, len(self.extents.universe), len(option.extent))  # type: ignore[arg-type]

    def _children(self, vertex: DraftVertex) -> list[Option]:
        """Linked pages that could be described in their turn: with enough neighbours, no hub, not near the answer by another way."""
        found = []
        pages = self.draft.pages
        for option in self.options.links(vertex.page):
            page = option.page
            assert page is not None
            if page in pages or page in self.banned or not self.corpus.nouns[page]:
                continue
            if not self.bounds.min_clue <= len(option.extent) <= HUB_SHARE * len(self.extents.universe):
                continue
            if vertex.depth >= 1 and page in self.within(vertex.depth):
                continue
            if len(self.options.links(page)) < 3:
                continue
            found.append(Option(option.constraint, "inner", page, option.extent))
        return found

    def _fits(self, vertex: DraftVertex, option: Option, extents: list[BitMap]) -> bool:
        """What the certificate would refuse anyway is not offered."""
        root = self.draft.root
        if vertex is root and len(option.extent) < self.bounds.min_clue:
            return False  # X1
        if any(option.extent <= e or e <= option.extent for e in extents):
            return False  # M3
        for index, constraint in enumerate(vertex.constraints):  # M2, seen from here
            if constraint.other and self.draft.vertices[constraint.other].role == "inner":
                if len(self.candidates(vertex, index) & option.extent) < self.bounds.min_skipped:
                    return False
        named = [(option.page, vertex.depth + 1)] if option.role == "leaf" else []
        named += [(o.page, vertex.depth + 2) for o in option.beneath if o.role == "leaf"]
        named += [(page, vertex.depth + 1) for page in option.named]
        pages = self.draft.pages
        for page, depth in named:
            assert page is not None
            if page in pages or (depth > 1 and page in self.within(depth - 1)):
                return False  # X2
            if self._shares_a_word(page, vertex.page):
                return False  # L1
        return not (option.role in ("blur", "inner") and option.page in pages)

    def _shares_a_word(self, page: int, described: int) -> bool:
        """Whether a name would give away a described page: "Göttingen" in a clue about the University of Göttingen."""
        words = self.options.title_words(page)
        if not words.isdisjoint(self.options.title_words(described)):
            return True
        return any(
            not words.isdisjoint(self.options.title_words(v.page))
            for v in self.draft.vertices.values()
            if v.role in ("root", "inner")
        )

    def retreat(self, vertex: DraftVertex) -> bool:
        """Take back what led into a dead end: an inner vertex that can't be described is given up, at the root first the clues.
        False where there is nothing to take back."""
        root = self.draft.root
        if vertex is not root:
            parent = self.draft.vertices[vertex.parent]
            self.banned.add(vertex.page)
            self.draft.remove(parent, next(c for c in parent.constraints if c.other == vertex.id))
            return True
        clues = [c for c in root.constraints if not (c.other and self.draft.vertices[c.other].role == "inner")]
        inner = [c for c in root.constraints if c not in clues]
        if not inner:
            return False
        for constraint in clues:
            self.draft.remove(root, constraint)
        if not clues or self.rng.random() < 0.5:
            self.banned.add(self.draft.vertices[inner[-1].other].page)
            self.draft.remove(root, inner[-1])
        return True

    def apply(self, move: Move) -> None:
        vertex = self.draft.vertices[move.vertex]
        option = move.option
        assert option is not None
        if option.page is None:
            self.draft.constrain(vertex, option.constraint)
            return
        child = self.draft.extend(
            vertex, option.constraint, option.page, self.corpus.titles[option.page], option.role or "leaf", self.noun(option.page)
        )
        for beneath in option.beneath:
            if beneath.page is None:
                self.draft.constrain(child, beneath.constraint)
            else:
                self.draft.extend(
                    child, beneath.constraint, beneath.page, self.corpus.titles[beneath.page], "leaf", self.noun(beneath.page)
                )

    # Selecting and blurring

    def tidy(self) -> None:
        """Take away idle clues (M1), the most telling ones first, then widen each range as far as its vertex stays solved."""
        for vertex in [v for v in self.draft.vertices.values() if v.role in ("root", "inner")]:
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


def grow(root: int, planner: Planner, options: Options, bounds: Bounds, shape: Shape, rng: random.Random) -> Grown:
    """Grow one tree from `root`. The generator decides the depth asked for, and whatever the Planner leaves to chance. A dead end
    is taken back some times before the tree is given up."""
    growth = Growth(root, options, bounds, shape, rng, depth=rng.randint(shape.min_depth, shape.max_depth))
    retreats = 0
    for _ in range(MAX_MOVES):
        move = planner.choose(growth, growth.moves())
        if move.kind != "stop":
            growth.apply(move)
        elif move.reason == "done":
            growth.tidy()
            tree = growth.draft.freeze()
            return Grown(tree, "done") if tree.depth >= shape.min_depth else Grown(None, "too shallow")
        elif move.reason != NO_START and retreats < MAX_RETREATS and growth.retreat(growth.draft.vertices[move.vertex]):
            retreats += 1
        else:
            return Grown(None, move.reason)
    return Grown(None, "too many moves")
