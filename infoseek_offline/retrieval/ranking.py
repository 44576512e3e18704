"""Ordering of results: the same for every component, and the same bytes on every run.

A ranking is a pair of arrays (positions int64, scores float64 rounded to `DECIMALS`), best first, ties by position. The
rounding is what makes ties equal where only the last bits differ (another batch, another processor).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

DECIMALS = 6
SCALE = 10.0**DECIMALS
BLOCK = 64
FUSION_DEPTH = 200
RRF = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)

Fusion = Literal["scores", "rrf"]
FUSIONS: tuple[Fusion, ...] = get_args(Fusion)
Ranking = tuple[NDArray[np.int64], NDArray[np.float64]]


def empty() -> Ranking:
    return np.empty(0, np.int64), np.empty(0, np.float64)


def order(positions: NDArray[np.int64], scores: NDArray[Any], k: int, least: float = 0.0) -> Ranking:
    """The best `k` of scored positions; a score that rounds to `least` or below is no hit."""
    rounded = np.rint(scores.astype(np.float64) * SCALE) / SCALE  # as np.round, at a third of its price for so few
    keep = rounded > least
    if not keep.all():
        positions, rounded = positions[keep], rounded[keep]
    best = np.lexsort((positions, -rounded))[:k]
    return positions[best], rounded[best]


def top(scores: NDArray[Any], k: int) -> Ranking:
    """The best `k` of a score for every position, exactly: a tie at the edge goes to the lower position."""
    if not 0 < k < len(scores):
        return order(np.flatnonzero(scores > 0), scores[scores > 0], k)
    blocks = len(scores) // BLOCK
    edge = at_most_kth(scores, k) if blocks > k else np.partition(scores, len(scores) - k)[len(scores) - k]
    # Scores within the rounding of the edge may tie with it.
    positions = np.flatnonzero(scores >= max(float(edge) - 2 * 10.0**-DECIMALS, 10.0**-DECIMALS / 2))
    return order(positions, scores[positions], k)


def at_most_kth(scores: NDArray[Any], k: int) -> float:
    """Not above the k-th highest of more than `k` times `BLOCK` scores: enough to leave nearly all others out, in one pass instead
    of sorting. At least k scores reach the k-th highest maximum of a block; which scores make a block does not matter, and numpy
    is quickest with those that stand a fixed way apart."""
    blocks = len(scores) // BLOCK
    return float(np.partition(scores[: blocks * BLOCK].reshape(BLOCK, blocks).max(axis=0), blocks - k)[blocks - k])


def fuse(rankings: Sequence[Ranking], k: int, fusion: Fusion = "scores") -> Ranking:
    """The first `FUSION_DEPTH` of each component as one ranking; at most that many times their number come out.

    `scores`: the mean of the components' levelled scores, which tell a hit that stands far above the next from one that does not
    (Bruch, Gai and Ingber 2023; measured on our corpora in docs/retrieval.md). `rrf`: the sum of 1 / (60 + rank)."""
    positions = np.concatenate([positions[:FUSION_DEPTH] for positions, _ in rankings])
    if fusion == "rrf":
        parts = [1 / (RRF + 1.0 + np.arange(len(scores[:FUSION_DEPTH]))) for _, scores in rankings]
    else:
        parts = [_levelled(scores) / len(rankings) for _, scores in rankings]
    unique, inverse = np.unique(positions, return_inverse=True)
    sums = np.bincount(inverse, weights=np.concatenate(parts), minlength=len(unique))
    fused = np.asarray(np.round(sums, DECIMALS), np.float64)
    best = np.lexsort((unique, -fused))[:k]
    return unique[best], fused[best]


def _levelled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 1 for the best down to 0 for what did not come in: where the ranking was cut, or at likeness 0 where it is whole."""
    floor = scores[FUSION_DEPTH - 1] if len(scores) >= FUSION_DEPTH else 0.0
    kept = scores[:FUSION_DEPTH]
    if not len(kept) or kept[0] <= floor:
        return np.ones(len(kept))
    return np.asarray((kept - floor) / (kept[0] - floor), np.float64)
