"""The dense index: one FAISS file, chosen by size, memory-mapped when opened. Likeness is the inner product.

Up to 50,000 passages `Flat` (exact), up to a million `IVF{4√N},SQ8`, above `IVF65536_HNSW32,SQ8`. Trained and filled by one
thread, so that the file is the same bytes on every build. Queries are searched one at a time: batching changes the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_
from infoseek_offline.retrieval.encoder import Vectors
from infoseek_offline.retrieval.ranking import DECIMALS, Ranking, empty, order

FLAT_UP_TO = 50_000
SQ8_UP_TO = 1_000_000
CHUNK = 65_536
TRAIN_PER_LIST = 64  # k-means wants at least 39 points a list; more than this only costs time
SLACK = 16


def factory_for(passages: int) -> str:
    """The FAISS factory string for a corpus of this size."""
    if passages <= FLAT_UP_TO:
        return "Flat"
    return f"IVF{4 * isqrt(passages)},SQ8" if passages <= SQ8_UP_TO else "IVF65536_HNSW32,SQ8"


def build_dense(vectors: Vectors, path: Path, factory: str | None = None) -> dict[str, Any]:
    """Write the index of `vectors` (passages × dimension, may be mapped) to `path`; gives the settings to open it with.

    Raises IndexError_ where the file can't be written (a full disk).
    """
    import faiss

    count, dimension = vectors.shape
    factory = factory or factory_for(count)
    with _one_thread():
        index = faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT)
        lists = 0
        if not index.is_trained:
            lists = faiss.extract_index_ivf(index).nlist
            step = max(1, count // (lists * TRAIN_PER_LIST))
            index.train(np.ascontiguousarray(vectors[::step]))
        for start in range(0, count, CHUNK):
            index.add(np.ascontiguousarray(vectors[start : start + CHUNK]))
        settings = {"factory": factory, "dimension": dimension, "lists": lists, "nprobe": min(lists, max(16, isqrt(lists)))}
        try:
            faiss.write_index(index, str(path))
            whole = len(DenseIndex(path, settings)) == count  # FAISS does not tell when the last block meets a full disk
        except (RuntimeError, IndexError_):
            whole = False
    if not whole:
        raise IndexError_(f"{path} can't be written: is the disk full? Free some space and run: infoseek index")
    return settings


class DenseIndex:
    """Safe to search from several threads."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Raises IndexError_ where the file is no FAISS index of the stated dimension."""
        import faiss

        try:
            # Plain IO_FLAG_MMAP is silently ignored for Flat, SQ and HNSW.
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexError_(f"{path} is damaged; run: infoseek index") from error
        if self._index.d != settings["dimension"]:
            raise IndexError_(f"{path} has {self._index.d} dimensions, not {settings['dimension']}; run: infoseek index")
        self._nprobe = int(settings["nprobe"])
        # One query at a time gains nothing from threads, and idle OpenMP threads of several workers burn the cores.
        faiss.omp_set_num_threads(1)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> Ranking:
        """The best `k` passages for one vector (dimension,), among those that the mask `allowed` (passages) lets through.

        None come out for the zero vector; a likeness that is not positive is no hit.
        """
        if k < 1 or not vector.any():
            return empty()
        row = np.ascontiguousarray(vector[None, :], dtype=np.float32)
        fetch = k + SLACK
        while True:
            scores, positions = self._raw(row, min(fetch, len(self)), allowed)
            # Positions that tie with the k-th but were cut off would make the order depend on FAISS's heap: fetch until past.
            if len(positions) < fetch or round(float(scores[-1]), DECIMALS) < round(float(scores[k - 1]), DECIMALS):
                return order(positions, scores, k)
            fetch *= 4

    def _raw(self, row: Vectors, k: int, allowed: NDArray[np.bool_] | None) -> tuple[Any, Any]:
        faiss: Any = import_module("faiss")  # its type stubs know less than it does
        chosen: dict[str, Any] = {}
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            chosen["sel"] = faiss.IDSelectorBitmap(bits)
        if self._nprobe:
            params = faiss.SearchParametersIVF(nprobe=self._nprobe, **chosen)
        else:
            params = faiss.SearchParameters(**chosen)
        scores, positions = self._index.search(row, k, params=params)
        found = positions[0] >= 0
        return scores[0][found], positions[0][found]


@contextmanager
def _one_thread() -> Iterator[None]:
    import faiss
    from threadpoolctl import threadpool_limits

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        faiss.omp_set_num_threads(before)
