"""The sparse index: BM25 (Lucene's variant, k1 1.5, b 0.75) as a folder of plain mapped files, by bm25s. No pickle.

It knows terms, not texts: passages and queries come through `tokenise.terms` with the same language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_
from infoseek_offline.retrieval.ranking import Ranking, empty, top

K1 = 1.5
B = 0.75


def build_sparse(passages: Iterable[Sequence[str]], folder: Path) -> dict[str, Any]:
    """Index the terms of each passage, in order, into `folder` (made here); gives the settings for the manifest."""
    import bm25s

    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in passage] for passage in passages]
    if not vocabulary:  # bm25s can't hold an index without terms
        ids[0] = [vocabulary.setdefault("", 0)]
    # The backend is named so that the files do not depend on whether numba happens to be installed.
    index = bm25s.BM25(k1=K1, b=B, method="lucene", backend="numpy", csc_backend="numpy")
    index.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    index.save(folder, show_progress=False)
    return {"method": "lucene", "k1": K1, "b": B, "terms": len(vocabulary)}


class SparseIndex:
    """Safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexError_ where the folder's files can't be read."""
        import bm25s

        try:
            self._index = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexError_(f"{folder} is damaged ({error}); run: infoseek index") from error
        # Plain views of the maps: numpy's memmap class costs more per slice than the slice.
        scores = self._index.scores
        for part in ("data", "indices", "indptr"):
            scores[part] = np.asarray(scores[part]).view(np.ndarray)

    def search(self, terms: Sequence[str], k: int, allowed: NDArray[np.bool_] | None = None) -> Ranking:
        """The best `k` passages for a query's terms, among those that the mask `allowed` (passages) lets through.

        None come out where no term is known.
        """
        # Sorted, so that the sum is taken in one order whatever the order of the words.
        ids = sorted(self._index.get_tokens_ids(list(terms)))
        if k < 1 or not ids:
            return empty()
        scores = self._index.get_scores_from_ids(ids)
        if allowed is not None:
            scores[~allowed] = 0
        return top(scores, k)
