"""Which of a corpus's associations are hyperlinks, one way or the other: a byte for each place of `corpus.near`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.store import Corpus

CHUNK = 65536  # pages whose links are looked up at a time


def hyperlinks(corpus: Corpus) -> NDArray[np.bool_]:
    """Beside `corpus.near`; what is associated by mentions alone, or by way of a disambiguation page, is False."""
    found = np.zeros(len(corpus.near), np.bool_)
    for first in range(0, corpus.size, CHUNK):
        pointers = corpus.link_ptr[first : first + CHUNK + 1]
        sources = np.repeat(np.arange(first, first + len(pointers) - 1), np.diff(pointers))
        targets = corpus.link[pointers[0] : pointers[-1], 0].astype(np.int64)
        pairs = np.unique(sources[sources != targets] << 32 | targets[sources != targets])
        low, high = pairs >> 32, pairs & 0xFFFFFFFF
        found[_places(corpus, low, high)] = True
        found[_places(corpus, high, low)] = True
    return found


def _places(corpus: Corpus, pages: NDArray[Any], others: NDArray[Any]) -> NDArray[np.int64]:
    """Where in `corpus.near` each page has the other: the pages' parts are halved, all at once, until one place is left."""
    places, sizes = corpus.near_ptr[pages], corpus.near_ptr[pages + 1] - corpus.near_ptr[pages]
    for _ in range(int(sizes.max(initial=1) - 1).bit_length()):
        halves = sizes // 2
        places += np.where(corpus.near[places + halves] <= others, halves, 0)
        sizes = sizes - halves
    return places
