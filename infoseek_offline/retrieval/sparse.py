"""The sparse index: BM25 (Lucene's variant, k1 1.5, b 0.75) as a folder of plain mapped files, made by bm25s. No pickle.

It knows hashes of terms (tokenise.hashed), not texts. Files: `terms.npy` (uint64, sorted; the place in it is the term's column) and
bm25s's `data`, `indices` and `indptr`, from which bm25s itself can be opened too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_
from infoseek_offline.retrieval.ranking import Ranking, empty, top
from infoseek_offline.retrieval.tokenise import Numbered, find

K1 = 1.5
B = 0.75
PARTS = ("data", "indices", "indptr")


def build_sparse(tokens: Numbered, folder: Path) -> dict[str, Any]:
    """Index the terms of each passage, in order, into `folder` (made here); gives the settings for the manifest."""
    import bm25s

    vocabulary = tokens.vocabulary
    lists: Sequence[list[int]] = _Lists(tokens.ids, tokens.lengths)
    if not len(vocabulary):  # bm25s can't hold an index without terms
        vocabulary, lists = np.zeros(1, np.uint64), [[0], *[[]] * (len(tokens.lengths) - 1)]
    # The backend is named so that the files do not depend on whether numba happens to be installed.
    index = bm25s.BM25(k1=K1, b=B, method="lucene", backend="numpy", csc_backend="numpy")
    scores = index.build_index_from_ids(range(len(vocabulary)), lists, show_progress=False)
    folder.mkdir()
    np.save(folder / "terms.npy", vocabulary, allow_pickle=False)
    for part in PARTS:
        np.save(folder / f"{part}.npy", scores[part], allow_pickle=False)
    return {"method": "lucene", "k1": K1, "b": B, "terms": len(vocabulary)}


class _Lists(Sequence[list[int]]):
    """Lists of term numbers, made when asked for: as Python lists, those of a million passages would be 3 GB."""

    def __init__(self, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> None:
        self._ids = ids
        self._ends = np.concatenate(([0], np.cumsum(lengths))).tolist()

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> list[int]: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[int]]: ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(len(self))[place]]
        return self._ids[self._ends[place] : self._ends[place + 1]].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        return (self[i] for i in range(len(self)))


class SparseIndex:
    """Safe to search from several threads."""

    def __init__(self, folder: Path, passages: int) -> None:
        """Raises IndexError_ where the folder's files can't be read."""
        try:
            # Plain views of the maps: numpy's memmap class costs more per slice than the slice.
            self._terms, self._data, self._indices, self._indptr = (
                np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray) for name in ("terms", *PARTS)
            )
        except (OSError, ValueError, EOFError) as error:
            raise IndexError_(f"{folder} is damaged ({error}); run: infoseek index") from error
        if len(self._indptr) != len(self._terms) + 1 or len(self._data) != len(self._indices):
            raise IndexError_(f"{folder} is damaged (its files disagree); run: infoseek index")
        self._passages, self._folder = passages, folder

    def search(self, terms: NDArray[np.uint64], k: int, without: NDArray[Any] | None = None) -> Ranking:
        """The best `k` passages for a query's terms, but those at the positions (or under the mask) `without`.

        None come out where no term is known.
        """
        from scipy.sparse import csc_matrix

        places, known = find(self._terms, terms)
        columns, counts = np.unique(places[known], return_counts=True)
        if k < 1 or not len(columns):
            return empty()
        # In the order of the columns, so that the sums are the same whatever the order of the words.
        parts = [slice(low, high) for low, high in zip(self._indptr[columns], self._indptr[columns + 1], strict=True)]
        if any(not 0 <= part.start <= part.stop <= len(self._data) for part in parts):
            raise IndexError_(f"{self._folder / 'indptr.npy'} is damaged; run: infoseek index")
        ends = np.concatenate(([0], np.cumsum([part.stop - part.start for part in parts])))
        postings = csc_matrix(
            (np.concatenate([self._data[p] for p in parts]), np.concatenate([self._indices[p] for p in parts]), ends),
            shape=(self._passages, len(columns)),
        )
        scores = postings @ counts.astype(np.float32)
        if without is not None:
            scores[without] = 0
        return top(scores, k)
