"""The `distil` encoder: a vector for each word piece, taken once from a sentence-transformers model by model2vec; a text is their
mean, weighted by rarity (SIF) and reduced by PCA. For corpora that a transformer on a CPU would need days for.

Making it needs the extra `transformers` (torch) and a minute; searching needs only model2vec, which has no torch. Files:
`encoder.json`, `embeddings.npy` (float32, pieces × dimension; mapped when loaded), `tokenizer.json`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from infoseek_offline.errors import IndexError_, MissingExtra
from infoseek_offline.retrieval.encoder import DISTIL, Vectors, digest_of, read_description, write_description
from infoseek_offline.retrieval.transformer import check_model, go_offline, model_digest, model_folder

DIMENSION = 256
LONGEST = 512  # pieces of a text that are looked at
BATCH = 1_024


class StaticEncoder:
    """A text without a known piece becomes the zero vector."""

    name = DISTIL

    def __init__(self, embeddings: Vectors, tokenizer: Any, spec: str, teacher: str) -> None:
        """Raises MissingExtra where model2vec is not installed."""
        go_offline()
        try:
            from model2vec import StaticModel
        except ImportError as error:
            raise MissingExtra(f"the encoder {spec}", "model2vec", "transformers") from error
        self.spec, self.teacher_digest = spec, teacher
        self.dimension = int(embeddings.shape[1])
        self._embeddings, self._tokenizer = embeddings, tokenizer
        self._model = StaticModel(embeddings, tokenizer, normalize=False)
        self.digest = digest_of([embeddings.tobytes(), tokenizer.to_str().encode()])

    @classmethod
    def distil(cls, spec: str) -> StaticEncoder:
        """From the model named in `distil:MODEL`, by default minilm. The same bytes whatever the number of cores.

        Raises IndexError_ where the model is not there or model2vec can't read it, MissingExtra without the packages.
        """
        folder = teacher_folder(spec)
        check_model(folder)
        go_offline()
        try:
            import torch
            from model2vec.distill import distill
        except ImportError as error:
            raise MissingExtra(f"the encoder {spec}", "model2vec[distill]", "transformers") from error
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with nullcontext() if sys.stderr.isatty() else redirect_stderr(StringIO()):  # its progress bar
                model = distill(str(folder), device="cpu", pca_dims=DIMENSION, quantize_to="float32")
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise IndexError_(f"the model in {folder} can't be distilled ({_first_line(error)}); use --encoder {folder}") from error
        finally:
            torch.set_num_threads(threads)
        return cls(np.ascontiguousarray(model.embedding, np.float32), model.tokenizer, spec, model_digest(folder))

    @classmethod
    def load(cls, folder: Path) -> StaticEncoder:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtra("the encoder distil", "model2vec", "transformers") from error
        saved = read_description(folder)
        embeddings = np.load(folder / "embeddings.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the tokenizers package raises bare exceptions
            raise IndexError_(f"{folder / 'tokenizer.json'} is damaged ({_first_line(error)}); run: infoseek index") from error
        return cls(embeddings, tokenizer, saved["model"], saved["teacher_digest"])

    def save(self, folder: Path) -> None:
        np.save(folder / "embeddings.npy", self._embeddings, allow_pickle=False)
        self._tokenizer.save(str(folder / "tokenizer.json"))
        write_description(self, folder)

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": self.spec,
            "teacher_digest": self.teacher_digest,
            "dimension": self.dimension,
            "digest": self.digest,
        }

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        vectors = self._model.encode(list(texts), max_length=LONGEST, batch_size=BATCH, use_multiprocessing=False)
        lengths = np.linalg.norm(np.asarray(vectors, np.float64), axis=1)
        lengths[lengths < 1e-6] = np.inf
        return np.asarray(vectors / lengths[:, None], np.float32)


def teacher_folder(spec: str) -> Path:
    return model_folder(spec.partition(":")[2] or "minilm")


def teacher_digest(spec: str) -> str:
    return model_digest(teacher_folder(spec))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
