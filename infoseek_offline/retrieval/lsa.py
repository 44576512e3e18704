"""The `lsa` encoder: TF-IDF and truncated SVD fitted on the corpus itself (Deerwester et al. 1990). No weights, any language.

Files: `encoder.json`, `vocabulary.json` (terms in column order), `idf.npy` (float32, terms), `components.npy` (float32, terms ×
dimension; mapped when loaded). Same corpus, same bytes, whatever the number of threads.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.retrieval.encoder import Vectors, digest_of, read_description, write_description
from infoseek_offline.retrieval.tokenise import terms

DIMENSION = 256
MAX_TERMS = 100_000  # 100 MB of components; rarer terms than these carry no likeness
RARE = 1_000  # from so many passages on, a term must stand in two of them: alone it relates nothing
SEED = 0


class LsaEncoder:
    """A text with no known term becomes the zero vector."""

    name = "lsa"

    def __init__(self, vocabulary: Sequence[str], idf: Vectors, components: Vectors, language: str, digest: str) -> None:
        self.columns = {term: column for column, term in enumerate(vocabulary)}
        self.idf = idf
        self.components = components
        self.language = language
        self.digest = digest
        self.dimension = int(components.shape[1])

    @classmethod
    def fit(cls, texts: Iterable[str], language: str = "en") -> LsaEncoder:
        """Reads `texts` once; holds a term id for each of their terms in memory (4 bytes), and a sparse matrix."""
        from scipy.sparse import csr_matrix

        seen: dict[str, int] = {}
        ids, ends = array("i"), [0]
        for text in texts:
            ids.extend([seen.setdefault(term, len(seen)) for term in terms(text, language)])
            ends.append(len(ids))
        flat = np.frombuffer(ids, np.int32) if len(ids) else np.empty(0, np.int32)
        counts = csr_matrix((np.ones(len(flat)), flat, np.asarray(ends)), shape=(len(ends) - 1, len(seen)))
        counts.sum_duplicates()
        vocabulary, kept = _choose(list(seen), np.bincount(counts.indices, minlength=len(seen)), counts.shape[0])
        idf, components = _decompose(counts[:, kept])
        header = json.dumps([language, DIMENSION, SEED]).encode()
        digest = digest_of([header, "\0".join(vocabulary).encode(), idf.tobytes(), components.tobytes()])
        return cls(vocabulary, idf, components, language, digest)

    @classmethod
    def load(cls, folder: Path) -> LsaEncoder:
        saved = read_description(folder)
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        idf = np.load(folder / "idf.npy", allow_pickle=False)
        components = np.load(folder / "components.npy", mmap_mode="r", allow_pickle=False)
        return cls(vocabulary, idf, components.view(np.ndarray), saved["language"], saved["digest"])

    def save(self, folder: Path) -> None:
        vocabulary = json.dumps(list(self.columns), ensure_ascii=False)
        (folder / "vocabulary.json").write_text(vocabulary, encoding="utf-8")
        np.save(folder / "idf.npy", self.idf, allow_pickle=False)
        np.save(folder / "components.npy", self.components, allow_pickle=False)
        write_description(self, folder)

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "language": self.language,
            "dimension": self.dimension,
            "terms": len(self.columns),
            "digest": self.digest,
        }

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        # A sparse times a dense matrix is a plain loop in scipy: no BLAS, so a row depends on nothing but its text.
        from scipy.sparse import csr_matrix

        columns: list[int] = []
        ends = [0]
        for text in texts:
            columns.extend(sorted(self.columns[term] for term in terms(text, self.language) if term in self.columns))
            ends.append(len(columns))
        matrix = csr_matrix(
            (np.ones(len(columns), np.float32), np.asarray(columns, np.int32), np.asarray(ends)),
            shape=(len(texts), len(self.idf)),
        )
        matrix.sum_duplicates()
        matrix.data = (1 + np.log(matrix.data)) * self.idf[matrix.indices]
        return _normalised(np.asarray(matrix @ self.components, np.float32))


def _choose(words: list[str], frequency: NDArray[np.int64], texts: int) -> tuple[list[str], NDArray[np.int64]]:
    """The terms kept, sorted, and where they stand in `words`. The commonest win; ties by the term itself."""
    least = 2 if texts >= RARE else 1
    candidates = [i for i in range(len(words)) if frequency[i] >= least]
    candidates.sort(key=lambda i: (-int(frequency[i]), words[i]))
    kept = sorted(candidates[:MAX_TERMS], key=lambda i: words[i])
    return [words[i] for i in kept], np.asarray(kept, np.int64)


def _decompose(counts: Any) -> tuple[Vectors, Vectors]:
    """idf (terms) and components (terms × dimension) of a count matrix; never more dimensions than its rank."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from threadpoolctl import threadpool_limits

    texts, width = counts.shape
    if width == 0:
        return np.zeros(0, np.float32), np.zeros((0, 1), np.float32)
    weighting = TfidfTransformer(sublinear_tf=True)
    with threadpool_limits(limits=1), np.errstate(invalid="ignore"):  # sklearn divides by the variance of a single text
        weighted = weighting.fit_transform(counts)
        svd = TruncatedSVD(min(DIMENSION, texts, width), algorithm="randomized", random_state=SEED)
        svd.fit(weighted)
    # Directions of a vanishing singular value are noise: they differ from one processor to the next.
    strong = svd.singular_values_ > 1e-6 * svd.singular_values_[0]
    components = np.ascontiguousarray(svd.components_[strong].T, dtype=np.float32)
    return weighting.idf_.astype(np.float32), components


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    # A projection this short is rounding, not likeness.
    lengths[lengths < 1e-6] = np.inf
    unit: Vectors = (vectors / lengths[:, None]).astype(np.float32)
    return unit
