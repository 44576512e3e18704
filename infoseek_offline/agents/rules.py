"""Planner and Browser as rules: choices by selectivity and the seed, no model."""

from __future__ import annotations

import math
from collections.abc import Sequence

from infoseek_offline.agents.base import Move
from infoseek_offline.claims.browser import read_claims
from infoseek_offline.claims.infobox import phrases
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.files import digest_of
from infoseek_offline.records import Claim
from infoseek_offline.trees.grow import Growth

RULES_VERSION = 1  # of claims/: a change of what is read is a new version
BRANCHING = 0.35  # how often the root gets a second inner child where it could


class RulePlanner:
    """Goes down to the depth that is asked for, then solves upwards; prefers clues that leave something to find."""

    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        stop = moves[-1]
        if stop.reason == "done" or len(moves) == 1:
            return stop
        children = [m for m in moves if m.kind in ("start", "extend")]
        clues = [m for m in moves if m.kind == "constrain"]
        vertex = growth.draft.vertices[moves[0].vertex]
        inner = [c for c in growth.draft.children(vertex) if c.role == "inner"]
        deepen = not inner and vertex.depth + 1 < growth.depth and vertex.depth == self._deepest(growth)
        widen = vertex is growth.draft.root and len(inner) == 1 and growth.rng.random() < BRANCHING
        if children and (deepen or widen or (not clues and not inner)):
            return self._pick(growth, children, child=True)
        if not clues:
            return Move("stop", vertex.id, None, 0, 0, "no clue left")
        return self._pick(growth, clues)

    def _deepest(self, growth: Growth) -> int:
        return max(v.depth for v in growth.draft.vertices.values() if v.role in ("root", "inner"))

    def _pick(self, growth: Growth, moves: Sequence[Move], child: bool = False) -> Move:
        """A weighted draw: a clue that halves the candidates or tells a few bits weighs most; one that is too telling, least."""
        left = growth.shape.max_constraints - len(growth.draft.vertices[moves[0].vertex].constraints)
        weights = []
        for move in moves:
            bits = math.log2(move.before / max(1, move.after))
            assert move.option is not None
            needed = math.log2(max(2, move.before)) / max(1, left)  # to be done in the clues that are left
            weight = 0.05 + math.exp(-abs(bits - max(needed, 2.0)) / 2.0)
            if not child and bits < needed * 0.6:
                weight *= 0.1
            weight *= 0.5 + confidence(move)
            if move.option.role == "blur":
                weight *= 0.6
            if move.option.constraint.kind == "interval":
                weight *= 0.5  # there are several rungs of each
            weights.append(weight)
        return growth.rng.choices(list(moves), weights)[0]


def confidence(move: Move) -> float:
    """How well the clue reads: relations from sentences read best, then infobox fields with words of their own."""
    assert move.option is not None
    constraint = move.option.constraint
    if constraint.kind == "link":
        return 1.0 if not constraint.wording.startswith("the ") else 0.4
    return 0.8


class RuleBrowser:
    """Reads a page by the rules of claims/."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.version = f"rules-{RULES_VERSION}-{digest_of(phrases())}"

    def read(self, page: int) -> Sequence[Claim]:
        return read_claims(self.corpus, page)
