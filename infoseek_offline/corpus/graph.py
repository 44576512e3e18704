"""Links and mentions to flat arrays: pointers, and the association graph N(p)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.store import PAGE_KINDS
from infoseek_offline.records import PageKind


def ranges(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """[2, 3] gives [0, 1, 0, 1, 2]."""
    total = int(sizes.sum()) if len(sizes) else 0
    return np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def pointers(sorted_source: NDArray[Any], pages: int) -> NDArray[np.int64]:
    return np.searchsorted(sorted_source, np.arange(pages + 1)).astype(np.int64)


def association(
    source: NDArray[Any], target: NDArray[Any], mention_source: NDArray[Any], mention_target: NDArray[Any], kinds: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """N(p) of hcsp.md as CSR: linked or mentioned, either way. A link or mention of a disambiguation page may mean any page that
    it lists, so it associates with all of them."""
    a = np.concatenate([source, mention_source]).astype(np.int64)
    b = np.concatenate([target, mention_target]).astype(np.int64)
    dab = kinds == PAGE_KINDS.index(PageKind.DISAMBIGUATION)
    listed_from, listed = source[dab[source]], target[dab[source]]
    through = np.flatnonzero(dab[b])
    first = pointers(listed_from, len(kinds))
    sizes = first[b[through] + 1] - first[b[through]]
    extra_a = np.repeat(a[through], sizes)
    extra_b = listed[np.repeat(first[b[through]], sizes) + ranges(sizes)] if len(through) else np.zeros(0, np.int64)
    low, high = np.concatenate([a, extra_a]), np.concatenate([b, extra_b])
    both = np.unique(np.concatenate([np.stack([low, high], 1), np.stack([high, low], 1)]), axis=0)
    both = both[both[:, 0] != both[:, 1]]
    return pointers(both[:, 0], len(kinds)), both[:, 1].astype(np.int32)
