"""The dense index: one FAISS file, chosen by size or by a factory string, memory-mapped when opened. Likeness is the inner product.

Up to 50,000 passages `Flat` (exact), up to a million `IVF{4√N},SQ8`, above `IVF65536_HNSW32,SQ8`. Trained and filled by one
thread, so that the file is the same bytes on every build.

A query gets the same bytes alone and among others, though matrix products change the last bits with the batch. `Flat` goes through
one for many queries, and whatever may be among the best is scored again one by one; FAISS is kept from using one where it looks for
the lists of an IVF index; an index behind PCA is searched one query at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from math import isqrt
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_, UsageError
from infoseek_offline.retrieval.encoder import Vectors
from infoseek_offline.retrieval.ranking import BLOCK, DECIMALS, Ranking, at_most_kth, empty, order

FLAT_UP_TO = 50_000
SQ8_UP_TO = 1_000_000
CHUNK = 65_536
TRAIN_PER_LIST = 64  # k-means wants at least 39 points a list; more than this only costs time
SLACK = 16
EF_SEARCH = 128
PRODUCT = 1 << 24  # scores that a matrix product makes at once: 64 MB
PRODUCT_FROM = 4  # queries; for fewer, FAISS is as quick
PIECE = 8_192
NOISE = 1e-4  # vectors that were float16 are as like as this by rounding alone
ROUNDING = 1e-5  # more than a product of unit vectors in float32 can be off


class Rows(Protocol):
    """Vectors by row: an array, or shards of one (shards.Shards)."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __getitem__(self, rows: slice) -> Any: ...


def factory_for(passages: int) -> str:
    """The FAISS factory string for a corpus of this size."""
    if passages <= FLAT_UP_TO:
        return "Flat"
    return f"IVF{4 * isqrt(passages)},SQ8" if passages <= SQ8_UP_TO else "IVF65536_HNSW32,SQ8"


def build_dense(vectors: Rows, path: Path, factory: str | None = None, nprobe: int | None = None) -> dict[str, Any]:
    """Write the index of `vectors` (passages × dimension, may be mapped) to `path`; gives the settings to open it with.

    Raises UsageError for a factory string that FAISS does not know, that needs more passages than there are, or whose index can't
    be searched with a filter; IndexError_ where the file can't be written (a full disk).
    """
    faiss: Any = import_module("faiss")  # its type stubs know less than it does
    count, dimension = vectors.shape
    factory = factory or factory_for(count)
    with one_thread():
        try:
            index = faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT)
            lists = getattr(faiss.try_extract_index_ivf(index), "nlist", 0)
            if not index.is_trained:
                step = max(1, count // max(lists * TRAIN_PER_LIST, CHUNK))
                index.train(np.ascontiguousarray(vectors[::step], np.float32))
        except RuntimeError as error:
            reason = str(error).strip().rsplit("\n", 1)[-1].rsplit(": ", 1)[-1]
            what = f"{count:,} passages of {dimension} dimensions"
            raise UsageError(f"--factory {factory} does not do for {what} ({reason}); leave it out") from error
        for start in range(0, count, CHUNK):
            index.add(np.ascontiguousarray(vectors[start : start + CHUNK], np.float32))
        settings = {"factory": factory, "dimension": dimension, "lists": lists, "nprobe": nprobe or default_nprobe(lists)}
        try:
            faiss.write_index(index, str(path))
            written = DenseIndex(path, settings)
            whole = len(written) == count  # FAISS does not tell when the last block meets a full disk
        except (RuntimeError, IndexError_):
            whole = False
    if not whole:
        raise IndexError_(f"{path} can't be written: is the disk full? Free some space and run: infoseek index")
    try:
        written.search(np.ones(dimension, np.float32), 1, allowed=np.ones(count, np.bool_))
    except RuntimeError as error:
        raise UsageError(f"--factory {factory}: FAISS can't filter in such an index; use Flat, SQ8, IVF or HNSW") from error
    return settings


def default_nprobe(lists: int) -> int:
    return min(lists, max(16, isqrt(lists)))


class DenseIndex:
    """Safe to search from several threads."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Raises IndexError_ where the file is no FAISS index of the stated dimension."""
        faiss: Any = import_module("faiss")
        try:
            # Plain IO_FLAG_MMAP is silently ignored for Flat, SQ and HNSW.
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexError_(f"{path} is damaged; run: infoseek index") from error
        if self._index.d != settings["dimension"]:
            raise IndexError_(f"{path} has {self._index.d} dimensions, not {settings['dimension']}; run: infoseek index")
        self.nprobe = int(settings["nprobe"])
        inner = self._index
        while isinstance(inner, faiss.IndexPreTransform):
            inner = faiss.downcast_index(inner.index)
        self._is_hnsw, self._is_ivf = isinstance(inner, faiss.IndexHNSW), isinstance(inner, faiss.IndexIVF)
        self._is_wrapped = inner is not self._index
        self._faiss = faiss
        # FAISS finds the lists of many queries by a matrix product, but query by query where it is to select among the lists.
        flat = self._is_ivf and isinstance(faiss.downcast_index(inner.quantizer), faiss.IndexFlat)
        self._coarse = {"quantizer_params": faiss.SearchParameters(sel=faiss.IDSelectorAll())} if flat else {}
        self._rows: Vectors | None = None  # of a Flat index: its mapped content
        if isinstance(self._index, faiss.IndexFlat) and self._index.ntotal:
            size = self._index.ntotal * self._index.d
            self._rows = faiss.rev_swig_ptr(self._index.get_xb(), size).reshape(self._index.ntotal, self._index.d)
        # One query at a time gains nothing from threads, and idle OpenMP threads of several workers burn the cores.
        faiss.omp_set_num_threads(1)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(
        self,
        vector: Vectors,
        k: int,
        allowed: NDArray[np.bool_] | None = None,
        without: NDArray[np.int64] | None = None,
        nprobe: int | None = None,
    ) -> Ranking:
        """The best `k` passages for one vector (dimension,), among those that the mask `allowed` (passages) lets through, but the
        positions `without`, which should be few.

        None come out for the zero vector; a likeness that is not above rounding (NOISE) is no hit.
        """
        if k < 1 or not vector.any():
            return empty()
        row = np.ascontiguousarray(vector[None, :], dtype=np.float32)
        fetch = k + (0 if without is None else len(without)) + SLACK
        while True:
            (found,) = self._raw(row, fetch, allowed, nprobe or self.nprobe)
            if (ranking := self._settle(vector, found, fetch, k, without)) is not None:
                return ranking
            fetch *= 4

    def search_many(
        self,
        vectors: Vectors,
        k: int,
        allowed: NDArray[np.bool_] | None = None,
        without: NDArray[np.int64] | None = None,
    ) -> list[Ranking]:
        """`search` for each row of `vectors`, with the same results."""
        if self._rows is not None and len(vectors) >= PRODUCT_FROM:
            return self._by_product(vectors, k, allowed, without)
        if k < 1 or len(vectors) < 2 or self._is_wrapped or self._rows is not None:
            return [self.search(vector, k, allowed, without) for vector in vectors]
        fetch = k + (0 if without is None else len(without)) + SLACK
        ranked: list[Ranking] = []
        rows = np.ascontiguousarray(vectors, np.float32)
        for vector, found in zip(vectors, self._raw(rows, fetch, allowed, self.nprobe), strict=True):
            ranking = self._settle(vector, found, fetch, k, without) if vector.any() else empty()
            ranked.append(self.search(vector, k, allowed, without) if ranking is None else ranking)
        return ranked

    def _settle(
        self, vector: Vectors, found: tuple[Any, Any], fetched: int, k: int, without: NDArray[np.int64] | None
    ) -> Ranking | None:
        """The best `k` of what FAISS gave for a query; None where more must be fetched to tell: positions that tie with the k-th
        but were cut off would make the order depend on FAISS's heap."""
        scores, positions = found
        full = len(positions) >= fetched
        edge = round(float(scores[-1]), DECIMALS) if full else 0.0
        if without is not None and len(without):
            seen = ~np.isin(positions, without)
            scores, positions = scores[seen], positions[seen]
        if self._rows is not None:
            edge += 2 * ROUNDING
            scores = self._likeness(vector, positions)
            best = np.argsort(-scores, kind="stable")
            scores, positions = scores[best], positions[best]
        if not full or edge <= NOISE or edge < round(float(scores[k - 1]), DECIMALS):
            return order(positions, scores, k, NOISE)
        return None

    def _by_product(
        self, vectors: Vectors, k: int, allowed: NDArray[np.bool_] | None, without: NDArray[np.int64] | None
    ) -> list[Ranking]:
        """`search_many` of a Flat index: scores of many queries by one matrix product."""
        assert self._rows is not None
        if k < 1:
            return [empty()] * len(vectors)
        found: list[Ranking] = []
        step = max(1, PRODUCT // len(self))
        for start in range(0, len(vectors), step):
            batch = np.ascontiguousarray(vectors[start : start + step], np.float32)
            scores = np.empty((len(batch), len(self)), np.float32)
            with _blas().limit(limits=1):
                for low in range(0, len(self), PIECE):
                    # The map's rows stand at odd addresses, and numpy would copy all of them at once.
                    np.matmul(batch, np.array(self._rows[low : low + PIECE]).T, out=scores[:, low : low + PIECE])
            if allowed is not None:
                scores[:, ~allowed] = -1
            if without is not None:
                scores[:, without] = -1
            found += [self._best(row, likeness, k) for row, likeness in zip(batch, scores, strict=True)]
        return found

    def _best(self, vector: Vectors, scores: Vectors, k: int) -> Ranking:
        """The best `k` of a query, from what a matrix product gave for it."""
        if not vector.any():
            return empty()
        edge = at_most_kth(scores, k) if len(scores) // BLOCK > k else -1.0
        near = np.flatnonzero(scores >= max(edge - 2 * ROUNDING, NOISE - ROUNDING))
        if k < len(near):
            near = near[scores[near] >= np.partition(scores[near], len(near) - k)[len(near) - k] - 2 * ROUNDING]
        return order(near, self._likeness(vector, near), k, NOISE)

    def _likeness(self, vector: Vectors, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Each by itself and in double precision: what FAISS or a matrix product gives depends on what else is in it."""
        assert self._rows is not None
        return np.einsum("ij,j->i", self._rows[positions].astype(np.float64), vector.astype(np.float64))

    def _raw(self, rows: Vectors, k: int, allowed: NDArray[np.bool_] | None, nprobe: int) -> list[tuple[Any, Any]]:
        """Scores and positions that FAISS finds for each row; fewer than `k` where it has no more."""
        faiss = self._faiss
        chosen: dict[str, Any] = {}
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            chosen["sel"] = faiss.IDSelectorBitmap(bits)
        if self._is_ivf:
            params = faiss.SearchParametersIVF(nprobe=nprobe, **chosen, **(self._coarse if len(rows) > 1 else {}))
        elif self._is_hnsw:
            params = faiss.SearchParametersHNSW(efSearch=max(EF_SEARCH, k), **chosen)
        else:
            params = faiss.SearchParameters(**chosen)
        if self._is_wrapped:
            params = faiss.SearchParametersPreTransform(index_params=params)
        scores, positions = self._index.search(rows, min(k, len(self)), params=params)
        counts = (positions >= 0).sum(axis=1).tolist()  # those not found come last
        return [(s[:n], p[:n]) for s, p, n in zip(scores, positions, counts, strict=True)]


def exact_top(vectors: Rows, queries: Vectors, k: int) -> list[Sequence[int]]:
    """The positions of the `k` rows nearest to each query, by brute force; for measuring what an index misses."""
    best = np.full((len(queries), 0), 0, np.int64)
    scores = np.empty((len(queries), 0), np.float32)
    for start in range(0, vectors.shape[0], CHUNK):
        likeness = queries @ np.asarray(vectors[start : start + CHUNK], np.float32).T
        width = min(k, likeness.shape[1])
        chosen = np.argpartition(-likeness, width - 1, axis=1)[:, :width]
        scores = np.hstack([scores, np.take_along_axis(likeness, chosen, 1)])
        best = np.hstack([best, chosen + start])
        kept = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        scores, best = np.take_along_axis(scores, kept, 1), np.take_along_axis(best, kept, 1)
    return [row.tolist() for row in best]


@lru_cache(maxsize=1)
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    import faiss
    from threadpoolctl import threadpool_limits

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        faiss.omp_set_num_threads(before)
