"""A language model by its spec: the path of a GGUF file, the URL of a server, or `batch:DIR`.

A file can be told how to run: `FILE.gguf?context=16384&threads=8&gpu_layers=20&template=FILE.jinja`; without, all is the file's and
the machine's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from infoseek_offline.engine import cpu_count
from infoseek_offline.errors import UsageError
from infoseek_offline.llm.base import LanguageModel

BATCH = "batch:"
NUMBERS, TEMPLATE = ("context", "threads", "gpu_layers"), "template"


def open_model(spec: str) -> LanguageModel:
    """Raises UsageError for a spec of no such kind, ModelError for a model that can't be loaded or reached, MissingExtra."""
    if spec.startswith(BATCH):
        if not spec.removeprefix(BATCH):
            raise UsageError("batch: needs a folder: --model batch:DIR")
        from infoseek_offline.llm.batch import Batch

        return Batch(Path(spec.removeprefix(BATCH)))
    if spec.lower().startswith(("http://", "https://")):
        from infoseek_offline.llm.openai_api import Server

        return Server(spec)
    name, _, told = spec.partition("?")
    if "://" in spec or not (Path(name).suffix.lower() == ".gguf" or Path(name).is_file()):
        raise UsageError(
            f"no model {spec!r}: give the path of a GGUF file, the URL of a server (http://127.0.0.1:8080), or batch:DIR; "
            "docs/models.md says which model suits which machine"
        )
    from infoseek_offline.llm.llama_cpp import LlamaCpp

    return LlamaCpp(Path(name), **_settings(told))


def _settings(told: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, value in parse_qsl(told, keep_blank_values=True):
        if name in NUMBERS:
            if not value.isdigit():
                raise UsageError(f"{name}={value}: a whole number is needed")
            settings[name] = int(value)
            if name == "threads" and settings[name] > cpu_count():
                raise UsageError(f"threads={value}: this machine has {cpu_count()} cores")
        elif name == TEMPLATE:
            if not Path(value).is_file():
                raise UsageError(f"{name}={value}: no such file")
            settings[name] = Path(value).read_text(encoding="utf-8")
        else:
            raise UsageError(f"a GGUF file can't be told {name!r}, only {', '.join((*NUMBERS, TEMPLATE))}")
    return settings
