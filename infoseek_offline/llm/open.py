"""A language model by its spec: the path of a GGUF file, the URL of a server, or `batch:DIR`."""

from __future__ import annotations

from pathlib import Path

from infoseek_offline.errors import UsageError
from infoseek_offline.llm.base import LanguageModel

BATCH = "batch:"


def open_model(spec: str) -> LanguageModel:
    """Raises UsageError for a spec of no such kind, ModelError for a model that can't be loaded or reached, MissingExtra."""
    if spec.startswith(BATCH):
        if not spec.removeprefix(BATCH):
            raise UsageError("batch: needs a folder: --model batch:DIR")
        from infoseek_offline.llm.batch import Batch

        return Batch(Path(spec.removeprefix(BATCH)))
    if spec.startswith(("http://", "https://")):
        from infoseek_offline.llm.openai_api import Server

        return Server(spec)
    if "://" in spec or not (Path(spec).suffix.lower() == ".gguf" or Path(spec).is_file()):
        raise UsageError(
            f"no model {spec!r}: give the path of a GGUF file, the URL of a server (http://127.0.0.1:8080), or batch:DIR; "
            "docs/models.md says which model suits which machine"
        )
    from infoseek_offline.llm.llama_cpp import LlamaCpp

    return LlamaCpp(Path(spec))
