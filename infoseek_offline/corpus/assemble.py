"""The parts of a build to one corpus: its database, its arrays, its manifest. Everything is copied in streams, in the order of
pages, so that the bytes do not depend on where the parts begin."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.aliases import buckets_of
from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.packed import Source
from infoseek_offline.corpus.parts import DROPPED, ELSEWHERE, Part, read_path
from infoseek_offline.corpus.passages import PASSAGE_WORDS
from infoseek_offline.corpus.stages import final_path, link_path, mention_path
from infoseek_offline.corpus.store import FORMAT, PAGE_KINDS, SCHEMA
from infoseek_offline.files import file_sha256, read_json, write_json
from infoseek_offline.records import PageKind

MAX_DROPPED = 50  # templates whose reading is not known, that the manifest names
MAX_NAMED = 1000  # faults that the manifest names; it counts all
SORT_MEMORY = 256  # MB, for SQLite's sorts

Progress = Callable[..., None]


def assemble(work: Path, parts: int, source: Source, site: SiteInfo, passage_words: int, progress: Progress) -> None:
    """Write `work/out`; its manifest last."""
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    (out / "graph").mkdir(parents=True)
    kinds = np.load(work / "kinds.npy")
    pages = len(kinds)
    counts = Counter(read_json(work / "read.json")["counts"])
    dropped = {name.removeprefix(DROPPED): counts.pop(name) for name in list(counts) if name.startswith(DROPPED)}
    elsewhere = {int(name.removeprefix(ELSEWHERE)): counts.pop(name) for name in list(counts) if name.startswith(ELSEWHERE)}
    faults = read_json(work / "read.json")["faults"]
    digest = _arrays(work, out / "graph", parts, kinds, counts)
    _database(work, out, parts, progress)
    digest.update(_read_digest(work, parts))
    if passage_words != PASSAGE_WORDS:  # an index of other passages is the index of another corpus
        digest.update(f"passages of {passage_words} words".encode())
    counts["links"] = 0
    for number in range(parts):
        links, missing = np.load(work / f"linkcount-{number:06d}.npy").tolist()
        counts["links"] += links
        counts["links to missing pages"] += missing
    with _connected(out / "corpus.sqlite") as database:
        (counts["passages"],) = database.execute("SELECT count(*) FROM passage").fetchone()
    kind_counts = np.bincount(kinds, minlength=len(PAGE_KINDS)).tolist()
    manifest = {
        "format": FORMAT,
        "digest": digest.hexdigest()[:32],
        "dump": {"name": source.path.name, "sha256": file_sha256(source.path)},
        "site": {"name": site.sitename, "dbname": site.dbname, "language": site.language, "namespaces": sorted(site.content)},
        "other namespaces": [[n, site.names.get(n, str(n)), elsewhere[n]] for n in sorted(elsewhere)],
        "passage words": passage_words,
        "faults": {"count": len(faults), "named": faults[:MAX_NAMED]},
        "pages": {"total": pages, **{k.value: kind_counts[PAGE_KINDS.index(k)] for k in PageKind}},
        "counts": dict(sorted(counts.items())),
        "templates dropped most": dict(sorted(dropped.items(), key=lambda item: (-item[1], item[0]))[:MAX_DROPPED]),
    }
    for path in out.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    write_json(out / "manifest.json", manifest)


def _read_digest(work: Path, parts: int) -> bytes:
    """Of all that was read of the pages and redirects, without those that are left out."""
    digest = hashlib.sha256()
    first, page = np.load(work / "first.npy"), np.load(work / "entry_page.npy", mmap_mode="r")
    for number in range(parts):
        part = Part(work, number)
        rows = part.array("digest", np.uint8).reshape(-1, 16)
        digest.update(rows[page[first[number] : first[number + 1]] != -2].tobytes())
        part.close()
    return digest.digest()


# Arrays


def _arrays(work: Path, graph: Path, parts: int, kinds: NDArray[Any], counts: Counter[str]) -> Any:
    """All arrays of `graph/`; a digest of their content."""
    pages = len(kinds)
    digest = hashlib.sha256()

    def write(name: str, dtype: str, width: int, pieces: Iterable[NDArray[Any]]) -> int:
        return _write(graph / f"{name}.npy", dtype, width, pieces, digest)

    def columns(path: Callable[[Path, int], Path], names: list[str]) -> Iterator[NDArray[Any]]:
        for number in range(parts):
            rows = np.load(path(work, number))
            yield np.stack([rows[name] for name in names], 1)

    def sources(path: Callable[[Path, int], Path], name: str) -> NDArray[np.int64]:
        sizes = np.zeros(pages, np.int64)
        for number in range(parts):
            page, size = np.unique(np.load(path(work, number))[name], return_counts=True)
            sizes[page] += size
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])

    write("kinds", "|u1", 0, [kinds])
    write("link", "<i4", 3, columns(link_path, ["target", "start", "end"]))
    write("link_kind", "|u1", 0, (np.load(link_path(work, n))["kind"] for n in range(parts)))
    write("link_ptr", "<i8", 0, [sources(link_path, "source")])
    counts["mentions"] = write("mention", "<i4", 3, columns(mention_path, ["target", "start", "end"]))
    write("mention_ptr", "<i8", 0, [sources(mention_path, "page")])
    near = sorted(work.glob("near-*.npy"))
    counts["associations"] = write("near", "<i4", 0, (np.load(path) for path in near)) // 2
    degrees = np.concatenate([np.load(path.with_name(path.name.replace("near", "degree"))) for path in near])
    write("near_ptr", "<i8", 0, [np.concatenate([np.zeros(1, np.int64), np.cumsum(degrees)])])
    for name, column in (("title", "p.title"), ("noun", "f.noun")):
        _strings(work, graph, parts, name, column, digest)
    return digest


def _write(path: Path, dtype: str, width: int, pieces: Iterable[NDArray[Any]], digest: Any) -> int:
    """A .npy file of the pieces one after the other, of shape (rows,) or (rows, width); its number of rows."""
    head = 128
    rows = 0
    with path.open("wb") as file:
        file.write(bytes(head))
        for piece in pieces:
            data = np.ascontiguousarray(piece, dtype).tobytes()
            rows += len(piece)
            digest.update(data)
            file.write(data)
        shape = (rows, width) if width else (rows,)
        about = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
        file.seek(0)
        file.write(b"\x93NUMPY\x01\x00" + (head - 10).to_bytes(2, "little") + about.ljust(head - 11).encode() + b"\n")
    return rows


def _strings(work: Path, graph: Path, parts: int, name: str, column: str, digest: Any) -> None:
    """A string a page: their UTF-8 in one file, where each begins in another."""
    sizes = [np.zeros(1, np.int64)]
    with (graph / f"{name}.txt").open("wb") as file:
        for number in range(parts):
            texts = [text.encode("utf-8", "surrogatepass") for (text,) in _of_part(work, number, column)]
            sizes.append(np.array([len(text) for text in texts], np.int64))
            file.write(b"".join(texts))
            digest.update(b"".join(texts))
    _write(graph / f"{name}_ptr.npy", "<i8", 0, [np.cumsum(np.concatenate(sizes))], digest)


def _of_part(work: Path, number: int, column: str) -> list[tuple[Any, ...]]:
    with _connected(read_path(work, number)) as database:
        database.execute("ATTACH ? AS final", (_uri(final_path(work, number)),))
        return database.execute(f"SELECT {column} FROM page p JOIN final.final f ON f.local = p.id ORDER BY p.id").fetchall()


# Database


def _database(work: Path, out: Path, parts: int, progress: Progress) -> None:
    os.environ["SQLITE_TMPDIR"] = str(work)
    columns = "p.title, p.source_id, p.revision, p.timestamp, p.kind, p.text, p.prose_end, p.hidden, p.infobox, p.types, f.noun, " \
              "p.categories, p.sections, p.sentences, f.facts, p.templates"  # fmt: skip
    joined = "FROM part.page p JOIN final.final f ON f.local = p.id"
    alias_files = buckets_of(work)
    total = 3 * parts + len(alias_files) + 2
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress("assemble", done, total)

    names = work / "names.sqlite"
    names.unlink(missing_ok=True)
    with _connected(out / "corpus.sqlite", SCHEMA) as database:
        database.execute("ATTACH ? AS names", (str(names),))
        database.executescript(
            "PRAGMA names.journal_mode = OFF; PRAGMA names.synchronous = OFF;"
            "CREATE TABLE names.title (title TEXT, page INTEGER, fragment TEXT, redirect INTEGER);"
            "CREATE TABLE names.alias (alias TEXT, page INTEGER, links INTEGER, source TEXT);"
        )
        for query in (
            f"INSERT INTO page SELECT f.id, {columns} {joined} ORDER BY p.id",
            'INSERT INTO passage SELECT f.id, a.ordinal, a.section, a.start, a."end" FROM final.final f '
            "JOIN part.passage a ON a.page = f.local ORDER BY f.local, a.ordinal",
            "INSERT INTO names.title SELECT title, page, fragment, redirect FROM final.name",
        ):
            for number in range(parts):
                _insert(database, query, part=read_path(work, number), final=final_path(work, number))
                step()
        for path in alias_files:
            _insert(database, "INSERT INTO names.alias SELECT * FROM part.alias", part=path)
            step()
        for table, order in (("title", "title"), ("alias", "page, alias")):
            database.execute(f"INSERT INTO main.{table} SELECT * FROM names.{table} ORDER BY {order}")
            database.commit()
            step()
        database.execute("DETACH names")
    names.unlink()
    # Its header counts the commits, one a part.
    with (out / "corpus.sqlite").open("r+b") as file:
        for place in (24, 92):
            file.seek(place)
            file.write((1).to_bytes(4, "big"))


def _insert(database: sqlite3.Connection, query: str, **attached: Path) -> None:
    for name, path in attached.items():
        database.execute(f"ATTACH ? AS {name}", (_uri(path),))
    database.execute(query)
    database.commit()
    for name in attached:
        database.execute(f"DETACH {name}")


class _connected:
    """A connection that is closed at the end. Nothing is rolled back: a build that fails makes the database again."""

    def __init__(self, path: Path, schema: str = "") -> None:
        self.database = sqlite3.connect(f"file:{quote(str(path.absolute()))}", uri=True)
        self.database.executescript(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            f"PRAGMA cache_size = {-SORT_MEMORY * 1024}; PRAGMA temp_store = FILE;{schema}"
        )

    def __enter__(self) -> sqlite3.Connection:
        return self.database

    def __exit__(self, *_: object) -> None:
        self.database.commit()
        self.database.close()


def _uri(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=ro"
