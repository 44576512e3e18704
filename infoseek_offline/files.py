"""Files written whole or not at all, and digests of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical_json(value: Any) -> str:
    """One line of JSON, the same for equal values: sorted keys, no blanks, UTF-8 as it is."""
    return _CANONICAL.encode(value)


def digest_of(*parts: Any) -> str:
    """16 hexadecimal digits of the BLAKE2b digest of the parts' canonical JSON."""
    return hashlib.blake2b(canonical_json(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def lock(descriptor: int, patience: float = 2.0) -> bool:
    """Lock an open file or folder for this process; False where another one holds it.

    It is tried for `patience` seconds: the workers of a killed process hold its locks until they have seen that it is gone.
    """
    import fcntl

    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text through a temporary file and a rename, so that a reader sees all of it or nothing."""
    with writing(path) as write:
        write(text)


@contextmanager
def writing(path: Path, temporary: Path | None = None) -> Iterator[Callable[[str], object]]:
    """The same piece by piece: what to write with. The file is there when the block has ended well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary or path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with sorted keys, for people to read."""
    write_text(path, json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n")


def read_json(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return json.load(file)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder`; on success it takes its place, on failure it goes and the old one stays."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f".{folder.name}.building-{os.getpid()}")
    for stale in folder.parent.glob(f".{folder.name}.building-*"):
        if not _alive(stale.name.rsplit("-", 1)[-1]):
            shutil.rmtree(stale, ignore_errors=True)
    building.mkdir()
    try:
        yield building
        if folder.exists():
            old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
            os.rename(folder, old)
            os.rename(building, folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
