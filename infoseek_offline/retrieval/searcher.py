"""Searching an index: dense, sparse, or both fused, by their levelled scores or by their ranks.

Results are the same bytes on every call, in any thread, alone or among many. A query in which nothing is known finds nothing
(a transformer knows something of every query but the blank one).
Hybrid fuses the first 200 of both components (ranking.FUSION_DEPTH), so it gives at most 400 hits; how is in the index's manifest,
and may be said otherwise for a searcher or a search. All components order ties by
the passage's position in the corpus.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_, UsageError
from infoseek_offline.files import read_json
from infoseek_offline.records import Hit, Passage
from infoseek_offline.retrieval.dense import DenseIndex
from infoseek_offline.retrieval.encoder import load_encoder
from infoseek_offline.retrieval.folder import MANIFEST, REBUILD, check_cheaply, read_manifest
from infoseek_offline.retrieval.ranking import FUSION_DEPTH, FUSIONS, Fusion, Ranking, empty, fuse
from infoseek_offline.retrieval.sparse import SparseIndex
from infoseek_offline.retrieval.tokenise import hashed

Mode = Literal["dense", "sparse", "hybrid"]
MODES: tuple[Mode, ...] = get_args(Mode)
Place = tuple[str, int]  # document id, page
BATCH = 64  # queries that are ranked together: their scores over a Flat index are held at once
FEW = 1_000  # passages; more than these are hidden by a mask, fewer by looking further


class PassageSource(Protocol):
    """Where the texts are: the corpus that was indexed. `passage` is called from the searching thread."""

    @property
    def digest(self) -> str:
        """The `corpus_digest` that the index was built with."""
        ...

    def passage(self, document_id: str) -> Passage: ...


class Filter(NamedTuple):
    """Which passages may be found: those under the mask `allowed` (None: all), but for the positions `without` (None: none)."""

    allowed: NDArray[np.bool_] | None
    without: NDArray[np.int64] | None

    @property
    def hidden(self) -> NDArray[Any] | None:
        return self.without if self.allowed is None else ~self.allowed


class Searcher:
    """Open it with `Searcher.open`, once in each process (after a fork, not before)."""

    def __init__(
        self,
        folder: Path,
        manifest: dict[str, Any],
        source: PassageSource,
        encoder: str | None = None,
        fusion: Fusion | None = None,
    ) -> None:
        """Map the files of a whole index; `open` also checks that it is one."""
        self.manifest = manifest
        self.fusion: Fusion = fusion or manifest.get("fusion", "scores")
        self.encoder = load_encoder(folder / "encoder", encoder)
        self._folder = folder
        self._source = source
        self._dense = DenseIndex(folder / "dense.faiss", manifest["dense"])
        self._sparse = SparseIndex(folder / "sparse", manifest["passages"])
        self._documents, self._pages, self._sections = (_mapped(folder / f"{n}.npy") for n in ("documents", "pages", "sections"))
        parts = (self._documents, self._pages, self._sections, self._dense)
        self._whole = all(len(part) == manifest["passages"] for part in parts)

    @classmethod
    def open(
        cls, folder: Path, passage_source: PassageSource, *, encoder: str | None = None, fusion: Fusion | None = None
    ) -> Searcher:
        """Map the index in `folder`. `encoder`, where given, must be the one that the index was made with; `fusion`, where given,
        stands for the one in its manifest.

        Raises IndexError_, with the command that mends it: no index or an unfinished one, another format, another corpus,
        another encoder, a file that is missing or damaged. Raises MissingExtra where the encoder's packages are not installed.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        try:
            if manifest["corpus"] != passage_source.digest:
                made, here = manifest["corpus"][:12], passage_source.digest[:12]
                raise IndexError_(f"the index {folder} was made of corpus {made}, the corpus here is {here}; run: {REBUILD}")
            check_cheaply(folder, manifest)
            searcher = cls(folder, manifest, passage_source, encoder, fusion)
            whole = searcher._whole and searcher.encoder.dimension == manifest["dense"]["dimension"]
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise IndexError_(f"the index {folder} is damaged ({error}); run: {REBUILD}") from error
        if not whole:
            raise IndexError_(f"the index {folder} is damaged (its files disagree with {MANIFEST}); run: {REBUILD}")
        return searcher

    def __len__(self) -> int:
        return len(self._pages)

    def search(
        self,
        query: str,
        k: int = 10,
        mode: Mode = "hybrid",
        exclude_pages: Collection[int] = (),
        fusion: Fusion | None = None,
        *,
        pages: Collection[int] | None = None,
        sections: Collection[str] | None = None,
    ) -> list[Hit]:
        """The best `k` passages with their texts, best first, as if the pages in `exclude_pages` did not exist, and where given
        only of these `pages`, only of sections with these titles ("" is the lead).

        `Hit.scores` has the score of each component that found the passage among its own results. `fusion` is how hybrid fuses,
        by default as the searcher does. Raises UsageError for a negative k, an unknown mode or an unknown fusion.
        """
        return self.search_many([query], k, mode, exclude_pages, fusion, pages=pages, sections=sections)[0]

    def search_many(
        self,
        queries: Iterable[str],
        k: int = 10,
        mode: Mode = "hybrid",
        exclude_pages: Collection[int] = (),
        fusion: Fusion | None = None,
        *,
        pages: Collection[int] | None = None,
        sections: Collection[str] | None = None,
    ) -> list[list[Hit]]:
        """`search` for each query, in order, with the same results as one by one; the encoder is called once for 64 queries."""
        chosen = self.filter(exclude_pages, pages, sections)
        return [self._hits(found, mode) for found in self._rank(list(queries), k, (mode,), chosen, fusion)]

    def get_document(self, document_id: str) -> Passage:
        """The passage of an id. Raises CorpusError where there is none."""
        return self._source.passage(document_id)

    def has(self, name: str) -> bool:
        """Whether a document id, or a page as ids begin ("12"), is in the index."""
        page, dash, _ = name.partition("-")
        if not (page.isascii() and page.isdigit()):
            return False
        there = self._positions([int(page)])
        return name.encode() in self._documents[there].tolist() if dash else bool(len(there))

    def ranks(self, query: str, k: int = 10, mode: Mode = "hybrid", exclude_pages: Collection[int] = ()) -> list[Place]:
        """(document id, page) of what `search` finds, without reading any text."""
        return self._places(self._rank([query], k, (mode,), self.filter(exclude_pages))[0][mode])

    def rank_all(self, query: str, k: int = 10, exclude_pages: Collection[int] = ()) -> dict[Mode, list[Place]]:
        """`ranks` in all three modes, for the price of hybrid."""
        return self.rank_all_many([query], k, exclude_pages)[0]

    def rank_all_many(
        self, queries: Sequence[str], k: int = 10, exclude_pages: Collection[int] = ()
    ) -> list[dict[Mode, list[Place]]]:
        """`rank_all` for each query, in order, with the same results as one by one."""
        ranked = self._rank(queries, k, MODES, self.filter(exclude_pages))
        return [{mode: self._places(found[mode]) for mode in MODES} for found in ranked]

    def filter(
        self,
        exclude_pages: Collection[int] = (),
        pages: Collection[int] | None = None,
        sections: Collection[str] | None = None,
    ) -> Filter:
        """What `search` may find. Passages stand in the order of their pages, so the few of a page are found without a scan."""
        hidden = self._positions(exclude_pages)
        if pages is None and sections is None and len(hidden) <= FEW:
            return Filter(None, hidden if len(hidden) else None)
        allowed = np.full(len(self), pages is None)
        if pages is not None:
            allowed[self._positions(pages)] = True
        if sections is not None:
            wanted = [line for title in sections if (line := self._section_lines.get(title)) is not None]
            allowed &= np.isin(self._sections, np.array(wanted, np.int32))
        allowed[hidden] = False
        return Filter(allowed, None)

    @cached_property
    def _section_lines(self) -> dict[str, int]:
        return {title: line for line, title in enumerate(read_json(self._folder / "sections.json"))}

    def _positions(self, pages: Collection[int]) -> NDArray[np.int64]:
        """The passages of these pages."""
        wanted = np.array(sorted({p for p in pages if 0 <= p <= 2**31 - 1}), np.int32)
        low, high = np.searchsorted(self._pages, wanted), np.searchsorted(self._pages, wanted, side="right")
        return np.concatenate([np.empty(0, np.int64), *(np.arange(a, b) for a, b in zip(low, high, strict=True))])

    def _rank(
        self, queries: Sequence[str], k: int, modes: tuple[Mode, ...], chosen: Filter, fusion: Fusion | None = None
    ) -> list[dict[str, Ranking]]:
        """For each query rankings cut to k for the asked modes; the components behind `hybrid` come along, uncut if not asked."""
        if k < 0:
            raise UsageError(f"k is {k}: ask for 0 hits or more")
        for mode in modes:
            if mode not in MODES:
                raise UsageError(f"no search mode {mode}: say dense, sparse or hybrid")
        fusion = fusion or self.fusion
        if fusion not in FUSIONS:
            raise UsageError(f"no fusion {fusion}: say scores or rrf")
        hybrid = "hybrid" in modes
        depth = max(k, FUSION_DEPTH) if hybrid else k
        texts = [query.encode("utf-8", "replace").decode() for query in queries]
        ranked: list[dict[str, Ranking]] = [{} for _ in texts]
        if hybrid or "dense" in modes:
            for found, ranking in zip(ranked, self._rank_dense(texts, depth, chosen), strict=True):
                found["dense"] = ranking
        if hybrid or "sparse" in modes:
            for found, text in zip(ranked, texts, strict=True):
                terms = hashed([text], self.manifest["language"]).ids
                found["sparse"] = self._sparse.search(terms, depth, chosen.hidden)
        for found in ranked:
            if hybrid:
                found["hybrid"] = fuse((found["dense"], found["sparse"]), k, fusion)
            for mode in modes:
                found[mode] = (found[mode][0][:k], found[mode][1][:k])
        return ranked

    def _rank_dense(self, texts: list[str], k: int, chosen: Filter) -> list[Ranking]:
        ranked: list[Ranking] = [empty()] * len(texts)
        asked = [place for place, text in enumerate(texts) if text.strip()]  # a transformer has an opinion even on nothing
        for start in range(0, len(asked), BATCH):
            places = asked[start : start + BATCH]
            vectors = self.encoder.encode_queries([texts[place] for place in places])
            for place, found in zip(places, self._dense.search_many(vectors, k, *chosen), strict=True):
                ranked[place] = found
        return ranked

    def _hits(self, rankings: dict[str, Ranking], mode: Mode) -> list[Hit]:
        parts = {name: dict(zip(*(a.tolist() for a in rankings[name]), strict=True)) for name in rankings if name != mode}
        hits = []
        for position, score in zip(*(a.tolist() for a in rankings[mode]), strict=True):
            passage = self._source.passage(self._documents[position].decode("utf-8", "replace"))
            scores = {name: found[position] for name, found in parts.items() if position in found}
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

    def _places(self, ranking: Ranking) -> list[Place]:
        positions = ranking[0]
        ids = self._documents[positions].tolist()
        return [(i.decode("utf-8", "replace"), page) for i, page in zip(ids, self._pages[positions].tolist(), strict=True)]


def _mapped(path: Path) -> NDArray[Any]:
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
