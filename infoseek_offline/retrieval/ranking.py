"""Ordering of results: the same for every component, and the same bytes on every run.

A ranking is a pair of arrays (positions int64, scores float64 rounded to `DECIMALS`), best first, ties by position. The
rounding is what makes ties equal where only the last bits differ (another batch, another processor).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DECIMALS = 6
BLOCK = 256
FUSION_CONSTANT = 60  # Cormack, Clarke and Büttcher 2009
FUSION_DEPTH = 100

Ranking = tuple[NDArray[np.int64], NDArray[np.float64]]


def empty() -> Ranking:
    return np.empty(0, np.int64), np.empty(0, np.float64)


def order(positions: NDArray[np.int64], scores: NDArray[Any], k: int, least: float = 0.0) -> Ranking:
    """The best `k` of scored positions; a score that rounds to `least` or below is no hit."""
    rounded = np.asarray(np.round(scores.astype(np.float64), DECIMALS), np.float64)
    keep = rounded > least
    positions, rounded = positions[keep], rounded[keep]
    best = np.lexsort((positions, -rounded))[:k]
    return positions[best], rounded[best]


def top(scores: NDArray[Any], k: int) -> Ranking:
    """The best `k` of a score for every position, exactly: a tie at the edge goes to the lower position."""
    if not 0 < k < len(scores):
        return order(np.flatnonzero(scores > 0), scores[scores > 0], k)
    blocks = len(scores) // BLOCK
    if blocks > k:
        # At least k scores reach the k-th highest maximum of a block: one pass instead of sorting.
        edge = np.partition(scores[: blocks * BLOCK].reshape(blocks, BLOCK).max(axis=1), blocks - k)[blocks - k]
    else:
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    # Scores within the rounding of the edge may tie with it.
    positions = np.flatnonzero(scores >= max(float(edge) - 2 * 10.0**-DECIMALS, 10.0**-DECIMALS / 2))
    return order(positions, scores[positions], k)


def fuse(rankings: Sequence[Ranking], k: int) -> Ranking:
    """Reciprocal rank fusion of the first `FUSION_DEPTH` of each ranking; at most that many times their number come out."""
    cut = [positions[:FUSION_DEPTH] for positions, _ in rankings]
    positions = np.concatenate(cut)
    gains = np.concatenate([1.0 / (FUSION_CONSTANT + 1 + np.arange(len(part))) for part in cut])
    unique, inverse = np.unique(positions, return_inverse=True)
    sums = np.bincount(inverse, weights=gains, minlength=len(unique))
    best = np.lexsort((unique, -sums))[:k]
    return unique[best], np.round(sums[best], DECIMALS)
