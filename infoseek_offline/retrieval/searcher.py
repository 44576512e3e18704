"""Searching an index: dense, sparse, or both fused by reciprocal rank.

Results are the same bytes on every call, in any thread, alone or among many. A query in which nothing is known finds nothing
(a transformer knows something of every query but the blank one).
Hybrid fuses the first 100 of both components (ranking.FUSION_DEPTH), so it gives at most 200 hits. All components order ties by
the passage's position in the corpus.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_, UsageError
from infoseek_offline.records import Hit, Passage
from infoseek_offline.retrieval.dense import DenseIndex
from infoseek_offline.retrieval.encoder import Encoder, load_encoder
from infoseek_offline.retrieval.folder import MANIFEST, REBUILD, check_sizes, read_manifest
from infoseek_offline.retrieval.ranking import FUSION_DEPTH, Ranking, empty, fuse
from infoseek_offline.retrieval.sparse import SparseIndex
from infoseek_offline.retrieval.tokenise import terms

Mode = Literal["dense", "sparse", "hybrid"]
MODES: tuple[Mode, ...] = get_args(Mode)
Place = tuple[str, int]  # document id, page


class PassageSource(Protocol):
    """Where the texts are: the corpus that was indexed. `passage` is called from the searching thread."""

    @property
    def digest(self) -> str:
        """The `corpus_digest` that the index was built with."""
        ...

    def passage(self, document_id: str) -> Passage: ...


class Searcher:
    """Open it with `Searcher.open`, once in each process (after a fork, not before)."""

    def __init__(
        self,
        manifest: dict[str, Any],
        source: PassageSource,
        encoder: Encoder,
        dense: DenseIndex,
        sparse: SparseIndex,
        documents: NDArray[np.bytes_],
        pages: NDArray[np.int32],
    ) -> None:
        self.manifest = manifest
        self._source = source
        self._encoder = encoder
        self._dense = dense
        self._sparse = sparse
        self._documents = documents
        self._pages = pages

    @classmethod
    def open(cls, folder: Path, passage_source: PassageSource, *, encoder: str | None = None) -> Searcher:
        """Map the index in `folder`. `encoder`, where given, must be the one that the index was made with.

        Raises IndexError_, with the command that mends it: no index or an unfinished one, another format, another corpus,
        another encoder, a file that is missing or damaged. Raises MissingExtra where the encoder's packages are not installed.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        try:
            if manifest["corpus"] != passage_source.digest:
                made, here = manifest["corpus"][:12], passage_source.digest[:12]
                raise IndexError_(f"the index {folder} was made of corpus {made}, the corpus here is {here}; run: {REBUILD}")
            check_sizes(folder, manifest)
            model = load_encoder(folder / "encoder", encoder)
            documents = np.load(folder / "documents.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
            pages = np.load(folder / "pages.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
            dense = DenseIndex(folder / "dense.faiss", manifest["dense"])
            whole = len(documents) == len(pages) == len(dense) == manifest["passages"]
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise IndexError_(f"the index {folder} is damaged ({error}); run: {REBUILD}") from error
        if not whole or model.dimension != manifest["dense"]["dimension"]:
            raise IndexError_(f"the index {folder} is damaged (its files disagree with {MANIFEST}); run: {REBUILD}")
        return cls(manifest, passage_source, model, dense, SparseIndex(folder / "sparse"), documents, pages)

    def __len__(self) -> int:
        return len(self._pages)

    def search(self, query: str, k: int = 10, mode: Mode = "hybrid", exclude_pages: Collection[int] = ()) -> list[Hit]:
        """The best `k` passages with their texts, best first, as if the pages in `exclude_pages` did not exist.

        `Hit.scores` has the score of each component that found the passage among its own results. Raises UsageError for a
        negative k or an unknown mode.
        """
        parts = self._rank(query, k, (mode,), exclude_pages)
        chosen = parts.pop(mode)
        by_part = {name: dict(zip(*(a.tolist() for a in parts[name]), strict=True)) for name in parts}
        hits = []
        for position, score in zip(*(a.tolist() for a in chosen), strict=True):
            passage = self._source.passage(self._documents[position].decode())
            scores = {name: found[position] for name, found in by_part.items() if position in found}
            hits.append(
                Hit(
                    document=passage.id,
                    page=passage.page,
                    title=passage.title,
                    section=passage.section,
                    text=passage.text,
                    score=score,
                    scores=scores or {mode: score},
                )
            )
        return hits

    def search_many(
        self, queries: Iterable[str], k: int = 10, mode: Mode = "hybrid", exclude_pages: Collection[int] = ()
    ) -> list[list[Hit]]:
        """`search` for each query, in order, with the same results as one by one."""
        return [self.search(query, k, mode, exclude_pages) for query in queries]

    def ranks(self, query: str, k: int = 10, mode: Mode = "hybrid", exclude_pages: Collection[int] = ()) -> list[Place]:
        """(document id, page) of what `search` finds, without reading any text."""
        return self._places(self._rank(query, k, (mode,), exclude_pages)[mode])

    def rank_all(self, query: str, k: int = 10, exclude_pages: Collection[int] = ()) -> dict[Mode, list[Place]]:
        """`ranks` in all three modes, for the price of hybrid."""
        found = self._rank(query, k, MODES, exclude_pages)
        return {mode: self._places(found[mode]) for mode in MODES}

    def _rank(self, query: str, k: int, modes: tuple[Mode, ...], exclude_pages: Collection[int]) -> dict[str, Ranking]:
        """Rankings cut to k for the asked modes; the components behind `hybrid` come along, uncut if not asked for."""
        if k < 0:
            raise UsageError(f"k is {k}: ask for 0 hits or more")
        for mode in modes:
            if mode not in MODES:
                raise UsageError(f"no search mode {mode}: say dense, sparse or hybrid")
        hybrid = "hybrid" in modes
        depth = max(k, FUSION_DEPTH) if hybrid else k
        query = query.encode("utf-8", "replace").decode()
        allowed = ~np.isin(self._pages, np.fromiter(exclude_pages, np.int64)) if exclude_pages else None
        found: dict[str, Ranking] = {}
        if hybrid or "dense" in modes:
            found["dense"] = self._rank_dense(query, depth, allowed)
        if hybrid or "sparse" in modes:
            found["sparse"] = self._sparse.search(terms(query, self.manifest["language"]), depth, allowed)
        if hybrid:
            found["hybrid"] = fuse((found["dense"], found["sparse"]), k)
        for mode in modes:
            found[mode] = (found[mode][0][:k], found[mode][1][:k])
        return found

    def _rank_dense(self, query: str, k: int, allowed: NDArray[np.bool_] | None) -> Ranking:
        if not query.strip():  # a transformer has an opinion even on nothing
            return empty()
        return self._dense.search(self._encoder.encode_queries([query])[0], k, allowed)

    def _places(self, ranking: Ranking) -> list[Place]:
        positions = ranking[0]
        ids = self._documents[positions].tolist()
        return [(i.decode(), page) for i, page in zip(ids, self._pages[positions].tolist(), strict=True)]
