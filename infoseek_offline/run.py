"""A run's folder: what was asked, what came, and how to go on after a kill.

    config.json       the resolved configuration with the digests of corpus and index; written first
    work/             one JSON-lines file a chunk of answer pages, written whole; gone when the run is finished
    questions.jsonl   accepted items (records.Question)
    rejected.jsonl    rejected trees with their verdicts (records.Rejection)
    ledger.sqlite     what a language model was asked and answered, where there was one; not part of the sums
    manifest.json     counts and yields; written last
    SHA256SUMS        of all files above, for `sha256sum -c`

A folder is locked while a run works in it; a folder with a manifest is finished.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from infoseek_offline.errors import OtherRun, RunError
from infoseek_offline.files import file_sha256, lock, read_json, write_json, write_text

LEDGER = "ledger.sqlite"
CONFIG, MANIFEST, SUMS, WORK = "config.json", "manifest.json", "SHA256SUMS", "work"
RESULTS = ("questions.jsonl", "rejected.jsonl")


class Run:
    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder, self.settings = folder, settings

    @property
    def work(self) -> Path:
        return self.folder / WORK

    @property
    def ledger(self) -> Path:
        return self.folder / LEDGER

    @property
    def finished(self) -> bool:
        return (self.folder / MANIFEST).is_file() and (self.folder / SUMS).is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; raises RunError where another run works in it or it belongs to another configuration."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise RunError(f"{self.folder} is a file, not a folder: give another --out") from error
        held = self._lock()
        try:
            self._claim()
            yield
        finally:
            (self.folder / ".lock").unlink(missing_ok=True)
            held.close()

    def _lock(self) -> TextIO:
        """The open lock file, locked. It is removed while it is held, so one that another run has just removed does not count."""
        path = self.folder / ".lock"
        while True:
            held = path.open("w")
            if not lock(held.fileno()):
                held.close()
                raise RunError(f"another run works in {self.folder}: wait for it, or give another --out")
            if path.exists() and os.fstat(held.fileno()).st_ino == path.stat().st_ino:
                return held
            held.close()

    def _claim(self) -> None:
        path = self.folder / CONFIG
        if not path.exists():
            foreign = [p.name for p in self.folder.iterdir() if p.name != ".lock" and not p.name.endswith(".tmp")]
            if foreign:
                raise RunError(f"{self.folder} holds other files ({', '.join(sorted(foreign)[:3])}): give a new folder as --out")
            write_json(path, self.settings)
            return
        try:
            known = read_json(path)
        except ValueError as error:
            raise RunError(f"{path} is damaged ({error}): give another --out, or remove the folder") from error
        if known != self.settings:
            what = first_difference(known, self.settings)
            raise OtherRun(f"{self.folder} holds a run of another configuration ({what}): give another --out, or remove the folder")

    def chunk(self, number: int) -> Path:
        return self.work / f"{number:06d}.jsonl"

    def finish(self, manifest: dict[str, Any]) -> None:
        """Manifest and sums, then the work files go."""
        write_json(self.folder / MANIFEST, manifest)
        names = [CONFIG, MANIFEST, *RESULTS]
        write_text(self.folder / SUMS, "".join(f"{file_sha256(self.folder / name)}  {name}\n" for name in names))
        shutil.rmtree(self.work, ignore_errors=True)


def check_sums(folder: Path) -> list[str]:
    """Names of the files of a finished run that are missing or differ from SHA256SUMS. Raises RunError for an unfinished run."""
    path = folder / SUMS
    if not path.is_file():
        raise RunError(f"no finished run in {folder} (no {SUMS}): make one with 'infoseek data --out {folder}'")
    wrong = []
    for line in path.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        target = folder / name
        if not target.is_file() or file_sha256(target) != digest:
            wrong.append(name)
    return wrong


def first_difference(known: Any, asked: Any, where: str = "") -> str:
    """In words, what of two configurations differs first."""
    if isinstance(known, dict) and isinstance(asked, dict):
        for key in sorted({*known, *asked}):
            if known.get(key) != asked.get(key):
                return first_difference(known.get(key), asked.get(key), f"{where}.{key}" if where else key)
    return f"{where} is {known!r} there, {asked!r} here"
