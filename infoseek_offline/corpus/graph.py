"""Links and mentions to flat arrays: pointers, and the association graph N(p) of hcsp.md, in bounded memory.

Each part writes its associations, both ways, as sorted numbers (page << 32 | other), with an index by ranges of pages
(`edges-N.npy`, `.ptr.npy`). A bucket takes a range of pages from all parts and makes it unique (`near-B.npy`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RANGES = 256
BUCKET_EDGES = 8_000_000


def ranges(sizes: NDArray[Any]) -> NDArray[np.int64]:
    """[2, 3] gives [0, 1, 0, 1, 2]."""
    total = int(sizes.sum()) if len(sizes) else 0
    return np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def slices(low: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.int64]:
    """The places of slices, one after the other: from [5, 20] and [2, 3] come [5, 6, 20, 21, 22]."""
    return np.repeat(low - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))


def pointers(sorted_source: NDArray[Any], pages: int) -> NDArray[np.int64]:
    return np.searchsorted(sorted_source, np.arange(pages + 1)).astype(np.int64)


class Lists:
    """What each disambiguation page lists: the pages that it links to."""

    def __init__(self, source: NDArray[Any], target: NDArray[Any]) -> None:
        order = np.argsort(source, kind="stable")
        self.source, self.target = source[order], target[order]

    def of(self, pages: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """How many each page lists, and what, one after the other."""
        low = np.searchsorted(self.source, pages)
        sizes = np.searchsorted(self.source, pages, side="right") - low
        return sizes, self.target[slices(low, sizes)]


def write_edges(folder: Path, number: int, a: NDArray[Any], b: NDArray[Any], lists: Lists, pages: int) -> None:
    """The associations of links and mentions from `a` to `b`, both ways. One with a disambiguation page may mean any page that it
    lists, so it associates with all of them."""
    a, b = a.astype(np.int64), b.astype(np.int64)
    sizes, listed = lists.of(b)
    low, high = np.concatenate([a, np.repeat(a, sizes)]), np.concatenate([b, listed])
    apart = low != high
    low, high = low[apart], high[apart]
    edges = np.unique(np.concatenate([low << 32 | high, high << 32 | low]))
    bounds = np.searchsorted(edges, _bounds(pages) << 32)
    np.save(folder / f"edges-{number:06d}.ptr.npy", bounds)
    temporary = folder / f"edges-{number:06d}.tmp.npy"
    np.save(temporary, edges)
    temporary.replace(folder / f"edges-{number:06d}.npy")


def _bounds(pages: int) -> NDArray[np.int64]:
    """The first page of each range, and the number of pages."""
    return np.arange(RANGES + 1, dtype=np.int64) * pages // RANGES


def buckets(folder: Path, parts: int) -> list[tuple[int, int]]:
    """Ranges of ranges of pages, each of about BUCKET_EDGES associations."""
    sizes = np.zeros(RANGES, np.int64)
    for number in range(parts):
        sizes += np.diff(np.load(folder / f"edges-{number:06d}.ptr.npy"))
    found, low = [], 0
    for high in range(1, RANGES + 1):
        if high == RANGES or sizes[low : high + 1].sum() > BUCKET_EDGES:
            found.append((low, high))
            low = high
    return found


def merge(folder: Path, parts: int, low: int, high: int, pages: int) -> None:
    """The neighbours of the pages of a bucket, page by page, and how many each has."""
    pieces = [np.zeros(0, np.int64)]
    for number in range(parts):
        bounds = np.load(folder / f"edges-{number:06d}.ptr.npy")
        pieces.append(np.load(folder / f"edges-{number:06d}.npy", mmap_mode="r")[bounds[low] : bounds[high]])
    edges = np.unique(np.concatenate(pieces))
    first, last = _bounds(pages)[[low, high]]
    np.save(folder / f"degree-{low:03d}.npy", np.bincount((edges >> 32) - first, minlength=last - first))
    temporary = folder / f"near-{low:03d}.tmp.npy"
    np.save(temporary, (edges & 0xFFFFFFFF).astype(np.int32))
    temporary.replace(folder / f"near-{low:03d}.npy")
