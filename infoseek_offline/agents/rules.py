"""Planner and Browser as rules: choices by selectivity and the seed, no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from infoseek_offline.agents.base import Move
from infoseek_offline.claims.browser import read_claims
from infoseek_offline.claims.infobox import phrases
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.files import digest_of
from infoseek_offline.questions.clauses import ease, gist
from infoseek_offline.records import Claim
from infoseek_offline.trees.grow import Growth
from infoseek_offline.trees.joins import Joins
from infoseek_offline.trees.moves import DONE, Moves
from infoseek_offline.trees.tree import DraftVertex

RULES_VERSION = 12  # of claims/: a change of what is read is a new version
READS_WELL, BARE, TWICE, AGAIN = 1.5, 0.2, 0.2, 0.05
SECOND_DEEP = 0.4  # of the second branches of a balanced tree have an inner vertex of their own below


class RulePlanner:
    """Goes down to the depth that is asked for, then solves upwards; prefers clues that leave something to find."""

    def choose(self, growth: Growth, moves: Moves) -> Move:
        if moves.stop.reason == DONE:
            return moves.stop
        while True:
            candidates, child = self.narrowed(growth, moves)
            if not candidates:
                break
            weights = self.weights(growth, candidates, child)
            move = growth.rng.choices(candidates, weights if any(weights) else None)[0]  # on a tiny wiki nothing is left to find
            if moves.sure(move):
                return move
            moves.likely.remove(move)
        if not moves.possible:
            return moves.stop
        return Move("stop", moves.vertex.id, None, 0, 0, "no second branch" if child else "no clue left")

    def narrowed(self, growth: Growth, moves: Moves) -> tuple[list[Move], bool]:
        """The moves that the wanted shape asks for now: steps down that are likely to be legal (then the second is true), or
        other clues."""
        vertex = moves.vertex
        inner = [c for c in growth.draft.children(vertex) if c.role == "inner"]
        root = growth.draft.root
        if growth.joins and not growth.joins.done:
            joins = [m for m in moves.clues if m.option is not None and m.option.role == "inner"]
            if joins:
                return joins, False
        deepen = not inner and vertex.depth + 1 < growth.depth and vertex.depth == self._deepest(growth)
        if growth.asked != "chain" and vertex is root and len(inner) == 1:
            return self._steps(growth, moves), True
        if growth.asked == "bush" and vertex is not root:
            return moves.clues, False
        second = growth.asked == "balanced" and vertex.depth == 1 and not vertex.constraints
        if second and len(growth.draft.children(root)) > 1 and moves.possible:
            deepen = growth.rng.random() < SECOND_DEEP
        if not deepen and (inner or moves.clues):
            return moves.clues, False
        children = self._steps(growth, moves)
        return (children, True) if children else (moves.clues, False)

    def _steps(self, growth: Growth, moves: Moves) -> list[Move]:
        if growth.joins and not growth.joins.done:
            return _towards_a_join(growth, growth.joins, moves.vertex, moves.likely)
        return moves.likely

    def _deepest(self, growth: Growth) -> int:
        return max(v.depth for v in growth.draft.vertices.values() if v.role in ("root", "inner"))

    def weights(self, growth: Growth, moves: Sequence[Move], child: bool = False) -> list[float]:
        """For a weighted draw. A clue should tell its share of what is still to be told, neither more nor much less; where few
        clues are left to take, or a dead end has been met, the more telling ones weigh most."""
        vertex = growth.draft.vertices[moves[0].vertex]
        left = growth.shape.max_constraints - len(vertex.constraints)
        second = child and vertex.constraints  # two branches should meet in few pages
        eager = second or (not child and (vertex.id in growth.eager or left <= 2))
        told = {gist(c.wording) for c in vertex.constraints if c.other}
        mine = growth.noun(vertex.page).rsplit(" ", 1)[-1]
        weights = []
        for move in moves:
            assert move.option is not None
            clue, page, described = move.option.clue, move.option.page, move.option.role in ("inner", "blur")
            weight = 1.0
            if clue.key == "connected":
                weight = BARE  # any relation reads better than a bare connection
            elif clue.kind == "link":
                other = growth.noun(page).rsplit(" ", 1)[-1] if described and page is not None else ""
                weight = _reads(clue.wording, mine, other, described)
            same = gist(clue.wording)
            if page is not None and same in told and (described or same != clue.wording):
                weight *= AGAIN  # "discovered in a country that … and discovered in a country that …"
            if move.kind == "start" and growth.asked != "chain":
                assert move.option.page is not None
                met = len(growth.joins.meetings(move.option.page)) if growth.joins else growth.partners(move.option)
                weight *= 0.01 + met
            if eager:
                weight *= (min(move.spare, 64) / move.after) ** 2
            else:
                share = math.log2(max(2, move.before)) / max(1, left)
                bits = math.log2(move.before / move.after)
                weight *= 0.02 + math.exp(-abs(bits - max(share, 2.0)) / 2.0)
            if clue.kind == "interval":
                weight *= 0.5  # there are several rungs of each
            elif move.option.role == "blur":
                weight *= 0.4  # and several vague descriptions of each page
            weights.append(weight)
        return weights


def _towards_a_join(growth: Growth, joins: Joins, vertex: DraftVertex, children: list[Move]) -> list[Move]:
    """Of the steps down those after which two branches can still meet: the first branch goes down to a page that is near another
    child of the root, and the second begins with such a child."""
    branches = len(growth.draft.children(growth.draft.root))
    pages = [(m, m.option.page) for m in children if m.option is not None and m.option.page is not None]
    if vertex.depth == 1 and branches == 1:
        return [m for m, page in pages if page in joins.meetings(vertex.page)]
    if vertex is growth.draft.root and branches:
        return [m for m, page in pages if joins.possible(page, 1)]
    return children


@lru_cache(maxsize=1 << 16)
def _reads(wording: str, mine: str, other: str, nested: bool) -> float:
    """Relations with a verb of their own read better than "the K of X is Y". `mine` and `other` are the last words of what the two
    sides are called, the latter where a description comes in its place (`nested`)."""
    well = 1.0 if wording.startswith("the ") else READS_WELL
    if mine in wording.split():
        well *= TWICE  # "the capital that is the capital of …"
    if nested and other in wording.split():  # "whose customer is the customer that …"
        well *= TWICE
    return well * ease(wording, nested=nested)


class RuleBrowser:
    """Reads a page by the rules of claims/."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.version = f"rules-{RULES_VERSION}-{digest_of(phrases(), phrases('phrases_it.toml'))}"

    def read(self, page: int) -> Sequence[Claim]:
        return read_claims(self.corpus, page)
