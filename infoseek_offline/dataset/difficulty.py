"""How hard an item is, from what its certificate measured; and what was asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from infoseek_offline.records import Difficulty, ResearchTree, Verdict

# By the searches that a solver who knows the tree's shape needs.
LEVELS = {"easy": (1, 2), "medium": (3, 3), "hard": (4, 99)}


def difficulty_of(tree: ResearchTree, verdicts: Sequence[Verdict], articles: int) -> Difficulty:
    """`articles` is the size of the universe. The tree must hold."""
    measured = {v.check: v.measured for v in verdicts}
    described = {v.id for v in tree.vertices if v.role in ("root", "inner")}
    left = measured["M1"]["without"]
    return Difficulty(
        vertices=len(tree.vertices),
        depth=tree.depth,
        bits={c: round(math.log2(articles / size), 3) for c, size in measured["U1"]["extents"].items()},
        smallest=min(n for c, n in left.items() if c.rsplit(".", 1)[0] in described),
        searches=sum(measured["R2"]["searches"].values()),
        answer_shows=measured["R2"]["answer_shows"],
    )


def level_of(searches: int) -> str:
    return next((name for name, (low, high) in LEVELS.items() if low <= searches <= high), "hard")
