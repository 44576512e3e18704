"""The `lsa` encoder: TF-IDF and truncated SVD fitted on the corpus itself (Deerwester et al. 1990). No weights, any language.

Files: `encoder.json`, `vocabulary.npy` (hashes of the terms, sorted), `idf.npy` (float32, terms), `components.npy` (float32,
terms × dimension); all but the first mapped when loaded. Same corpus, same bytes, whatever the number of threads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.retrieval.encoder import Vectors, digest_of, read_description, write_description
from infoseek_offline.retrieval.tokenise import Tokens, find, hashed

DIMENSION = 256
MAX_TERMS = 100_000  # 100 MB of components; rarer terms than these carry no likeness
RARE = 1_000  # from so many passages on, a term must stand in two of them: alone it relates nothing
SEED = 0


class LsaEncoder:
    """A text with no known term becomes the zero vector."""

    name = "lsa"

    def __init__(self, vocabulary: NDArray[np.uint64], idf: Vectors, components: Vectors, language: str, digest: str) -> None:
        self.vocabulary = vocabulary
        self.idf = idf
        self.components = components
        self.language = language
        self.digest = digest
        self.dimension = int(components.shape[1])

    @classmethod
    def fit(cls, texts: Iterable[str], language: str = "en") -> LsaEncoder:
        return cls.fit_tokens(hashed(texts, language), language)

    @classmethod
    def fit_tokens(cls, tokens: Tokens, language: str = "en") -> LsaEncoder:
        """From the terms of the texts."""
        from scipy.sparse import csr_matrix

        words, columns = np.unique(tokens.ids, return_inverse=True)
        ends = np.concatenate(([0], np.cumsum(tokens.lengths)))
        counts = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(tokens.lengths), len(words)))
        counts.sum_duplicates()
        frequency = np.bincount(counts.indices, minlength=len(words))
        kept = np.flatnonzero(frequency >= (2 if len(tokens.lengths) >= RARE else 1))
        # The commonest win; ties by the hash.
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:MAX_TERMS]])
        vocabulary = words[kept]
        idf, components = _decompose(counts[:, kept])
        header = json.dumps([language, DIMENSION, SEED]).encode()
        digest = digest_of([header, vocabulary.tobytes(), idf.tobytes(), components.tobytes()])
        return cls(vocabulary, idf, components, language, digest)

    @classmethod
    def load(cls, folder: Path) -> LsaEncoder:
        saved = read_description(folder)
        vocabulary, idf, components = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
            for name in ("vocabulary", "idf", "components")
        )
        return cls(vocabulary, idf, components, saved["language"], saved["digest"])

    def save(self, folder: Path) -> None:
        np.save(folder / "vocabulary.npy", self.vocabulary, allow_pickle=False)
        np.save(folder / "idf.npy", self.idf, allow_pickle=False)
        np.save(folder / "components.npy", self.components, allow_pickle=False)
        write_description(self, folder)

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "language": self.language,
            "dimension": self.dimension,
            "terms": len(self.vocabulary),
            "digest": self.digest,
        }

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self.encode_tokens(hashed(texts, self.language))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_tokens(hashed(texts, self.language))

    def encode_tokens(self, tokens: Tokens) -> Vectors:
        # A sparse times a dense matrix is a plain loop in scipy: no BLAS, so a row depends on nothing but its text.
        from scipy.sparse import csr_matrix

        columns, known = find(self.vocabulary, tokens.ids)
        rows = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)[known]
        columns = columns[known]
        shape = (len(tokens.lengths), len(self.idf))
        matrix = csr_matrix((np.ones(len(columns), np.float32), (rows, columns)), shape=shape)
        matrix.sum_duplicates()
        matrix.data = (1 + np.log(matrix.data)) * self.idf[matrix.indices]
        return _normalised(np.asarray(matrix @ self.components, np.float32))


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
