"""An index's folder: what is in it, how it is written so that it is whole or not there, and how it is checked.

    manifest.json     written last: format, corpus digest, settings, counts, size and SHA-256 of every other file
    encoder/          see encoder.py
    dense.faiss       see dense.py
    sparse/           see sparse.py
    documents.npy     document ids by position, fixed-width UTF-8 bytes
    pages.npy         page ids by position, int32, ascending
    sections.npy      by position, int32: line of
    sections.json     titles of sections, sorted

A build writes into `.NAME.building` beside the folder, which is renamed at its end. What a killed build left there goes into the
next one where that is asked for the same (`building.json`), and is cleared where it is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infoseek_offline.errors import IndexError_
from infoseek_offline.files import lock, read_json, write_json

FORMAT = 2
READ = 32 << 20
MANIFEST = "manifest.json"
NAMES = {MANIFEST, "encoder", "dense.faiss", "sparse", "documents.npy", "pages.npy", "sections.npy", "sections.json"}
KEY, VECTORS = "building.json", "vectors"  # of a build under way
KEPT = {KEY, "encoder", VECTORS}
REBUILD = "infoseek index"


def file_table(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file under `folder` but the manifest, by path, sorted."""
    table: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            table[name] = {"size": path.stat().st_size, "sha256": _digest(path)}
    return table


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    write_json(folder / MANIFEST, manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished index of this format. Raises IndexError_ for anything else."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise IndexError_(f"no index at {folder}; run: {REBUILD} --home {folder.parent}")
    if not path.is_file():
        raise IndexError_(f"the index {folder} is unfinished (it has no {MANIFEST}); run: {REBUILD}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexError_(f"{path} is damaged; run: {REBUILD}") from error
    if found != FORMAT:
        raise IndexError_(f"the index {folder} has format {found}, this version reads format {FORMAT}; run: {REBUILD}")
    return dict(manifest)


def check_cheaply(folder: Path, manifest: dict[str, Any]) -> None:
    """At every opening: the sizes of all files, and the digests of the smallest, READ bytes together, which takes some 0.05 s.
    Raises IndexError_ for the first that is not as it was built."""
    check_sizes(folder, manifest)
    read = 0
    for name, entry in sorted(manifest["files"].items(), key=lambda item: (item[1]["size"], item[0])):
        read += entry["size"]
        if read > READ:
            break
        _check_digest(folder / name, entry)


def check_sizes(folder: Path, manifest: dict[str, Any]) -> None:
    """Raises IndexError_ for a file that is missing or of another size."""
    for name, entry in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise IndexError_(f"{path} is missing; run: {REBUILD}")
        if path.stat().st_size != entry["size"]:
            raise IndexError_(f"{path} is damaged ({path.stat().st_size} bytes, not {entry['size']}); run: {REBUILD}")


def check_digests(folder: Path) -> dict[str, Any]:
    """The full check: reads every file; gives the manifest. Raises IndexError_ for the first that is not as it was built."""
    manifest = read_manifest(folder)
    check_sizes(folder, manifest)
    for name, entry in manifest["files"].items():
        _check_digest(folder / name, entry)
    return manifest


def _check_digest(path: Path, entry: dict[str, Any]) -> None:
    if _digest(path) != entry["sha256"]:
        raise IndexError_(f"{path} is damaged (its SHA-256 has changed); run: {REBUILD}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def building(folder: Path, key: dict[str, Any] | None = None) -> Iterator[Path]:
    """A folder to build in. When the block ends well it takes the place of `folder`; else `folder` is kept.

    Encoder and vectors that were made, which can be hours of work, stay in it whatever ended the block, and are there again for a
    build with the same `key`.

    Raises IndexError_ where another process builds the same index, where `folder` holds anything but an index, or where the
    disk does not take the files.
    """
    folder = folder.absolute()
    work, old = folder.with_name(f".{folder.name}.building"), folder.with_name(f".{folder.name}.old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(folder)
        lock = _claim(work)
    except OSError as error:
        raise IndexError_(f"the index {folder} can't be written: {error.strerror}") from error
    try:
        if old.exists() and not folder.exists():  # a build was killed between its two renames
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        _clear(work, key)
        try:
            yield work
            (work / KEY).unlink(missing_ok=True)
            shutil.rmtree(work / VECTORS, ignore_errors=True)
            if folder.exists():
                folder.rename(old)
            work.rename(folder)
        except Exception:
            _clear(work, key)
            if not any((work / VECTORS).glob("*.npy")):
                shutil.rmtree(work, ignore_errors=True)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or f"is the disk full? ({error})"  # numpy says only how many bytes it got rid of
        raise IndexError_(f"the index {folder} can't be written: {reason}; mend that and run: {REBUILD}") from error
    finally:
        os.close(lock)


def _claim(work: Path) -> int:
    """Make `work` and lock it (the lock goes with the process); gives the lock's file descriptor."""
    while True:
        work.mkdir(exist_ok=True)
        held = os.open(work, os.O_RDONLY)
        if not lock(held):
            os.close(held)
            raise IndexError_(f"another process is building this index in {work}; wait for it, or stop it")
        # Whoever held it may have renamed or removed the folder since it was opened here.
        if work.exists() and os.fstat(held).st_ino == work.stat().st_ino:
            return held
        os.close(held)


def _clear(work: Path, key: dict[str, Any] | None) -> None:
    try:
        same = key is not None and read_json(work / KEY) == key
    except (OSError, ValueError):
        same = False
    for entry in work.iterdir():
        if same and entry.name in KEPT:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if key is not None and not same:
        write_json(work / KEY, key)


def _refuse_foreign(folder: Path) -> None:
    if folder.is_dir():
        foreign = sorted({entry.name for entry in folder.iterdir()} - NAMES)
        if foreign:
            raise IndexError_(f"{folder} holds other files than an index ({foreign[0]}): name another folder for the index")
    elif folder.exists():
        raise IndexError_(f"{folder} is a file: name a folder for the index")
