"""What is read from one segment of a dump, in a file of its own, and what the later stages make of it.

    read-N.sqlite    pages and redirects of segment N as they were parsed, with local ids; arrays by name in the table `array`
    link-N.npy       its links, resolved (LINK), by source and start
    mention-N.npy    its mentions (MENTION), by page, start and target
    final-N.sqlite   of each page its id in the corpus, the words for its kind, its facts with links; of each redirect its page

A file takes its name when it is whole, so that a build that was killed goes on with the parts that it has.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus import kinds
from infoseek_offline.corpus.cut import Fault
from infoseek_offline.corpus.dump import RawPage, SiteInfo, read_segment
from infoseek_offline.corpus.names import NAME, name_hashes
from infoseek_offline.corpus.packed import Segment, Source
from infoseek_offline.corpus.pages import PageRow, read_page
from infoseek_offline.corpus.store import PAGE_COLUMNS, PASSAGE_COLUMNS
from infoseek_offline.files import canonical_json

LINK = np.dtype([("source", "<i4"), ("target", "<i4"), ("start", "<i4"), ("end", "<i4"), ("kind", "u1")])
MENTION = np.dtype([("page", "<i4"), ("target", "<i4"), ("start", "<i4"), ("end", "<i4")])

_SCHEMA = f"""
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192;
CREATE TABLE page ({PAGE_COLUMNS});
CREATE TABLE passage ({PASSAGE_COLUMNS});
CREATE TABLE redirect (id INTEGER PRIMARY KEY, title TEXT NOT NULL, fragment TEXT NOT NULL);
CREATE TABLE array (name TEXT PRIMARY KEY, data BLOB NOT NULL);
"""
_INSERT_PAGE = f"INSERT INTO page VALUES (?{',?' * PAGE_COLUMNS.count(',')})"


@contextmanager
def new_database(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A database that takes its name when it is whole."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    database = sqlite3.connect(temporary)
    try:
        database.executescript(schema)
        yield database
        database.commit()
    finally:
        database.close()
    os.replace(temporary, path)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """A .npy file that takes its name when it is whole."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        np.save(file, array)
    os.replace(temporary, path)


class Part:
    """A finished read-N.sqlite."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number = folder, number
        self.database = sqlite3.connect(read_path(folder, number))

    def array(self, name: str, kind: Any) -> NDArray[Any]:
        (data,) = self.database.execute("SELECT data FROM array WHERE name = ?", (name,)).fetchone()
        return np.frombuffer(data, kind)

    def title_and_offset(self, entry: int) -> tuple[str, int]:
        """Of one of its articles and redirects, in the order of the dump."""
        redirect = self.array("redirect", bool)
        table, row = ("redirect", entry) if redirect[entry] else ("page", int((~redirect[:entry]).sum()))
        (title,) = self.database.execute(f"SELECT title FROM {table} WHERE id = ?", (row,)).fetchone()
        return str(title), int(self.array("offset", "<i8")[entry])

    def close(self) -> None:
        self.database.close()


def read_path(folder: Path, number: int) -> Path:
    return folder / f"read-{number:06d}.sqlite"


@contextmanager
def without_gc() -> Iterator[None]:
    """Parsing makes many objects that live briefly; looking for cycles among them costs half as much again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_READ_MODELS = ("wikitext", "text", "proofread-page")
ELSEWHERE = "in namespace "  # before its number in the counts of a part
DROPPED = "template dropped: "  # before a template's name in the counts of a part


def read_part(folder: Path, source: Source, segment: Segment, site: SiteInfo, passage_words: int) -> list[Fault]:
    """Parse a segment and write its part; what could not be read."""
    with without_gc(), new_database(read_path(folder, segment.number), _SCHEMA) as database:
        return _Reading(database, site, passage_words).read(source, segment)


class _Reading:
    def __init__(self, database: sqlite3.Connection, site: SiteInfo, passage_words: int) -> None:
        self.database, self.site, self.passage_words = database, site, passage_words
        self.counts: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.titles: list[str] = []
        self.targets: list[str] = []
        self.redirect: list[bool] = []
        self.section: list[bool] = []
        self.source_ids: list[int] = []
        self.offsets: list[int] = []
        self.kinds: list[int] = []
        self.digests: list[bytes] = []
        self.links: list[tuple[Any, Any, Any]] = []
        self.heads: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self.articles: list[str] = []  # their titles

    def read(self, source: Source, segment: Segment) -> list[Fault]:
        pages = 0
        for offset, raw in read_segment(source, segment, self.site, self.faults.append):
            if raw.ns not in self.site.content:
                self.counts["pages of other namespaces"] += 1
                self.counts[f"{ELSEWHERE}{raw.ns}"] += 1
            elif raw.model not in _READ_MODELS:
                self.counts["pages that are no wikitext"] += 1
            elif raw.deleted:
                self.counts["pages whose text was taken out"] += 1
            elif not raw.title:
                self.faults.append(Fault("", offset, f"a page without a title (id {raw.source_id})"))
            elif raw.redirect:
                self._redirect(raw, offset)
            else:
                self._entry(raw, offset, "", False)
                self.counts["pages without a text"] += not raw.text
                row = read_page(raw, self.site, self.passage_words)
                if row.cut_at:
                    reason = f"read up to character {row.cut_at:,} of {len(raw.text):,}: longer than any real page"
                    self.faults.append(Fault(raw.title, offset, reason))
                    self.counts["pages read in part"] += 1
                self._page(pages, row)
                pages += 1
        self._arrays()
        return self.faults

    def _entry(self, raw: RawPage, offset: int, target: str, section: bool) -> None:
        self.titles.append(raw.title)
        self.targets.append(target)
        self.redirect.append(bool(raw.redirect))
        self.section.append(section)
        self.source_ids.append(raw.source_id)
        self.offsets.append(offset)

    def _redirect(self, raw: RawPage, offset: int) -> None:
        target, fragment = self.site.page_title(raw.redirect)
        self.database.execute("INSERT INTO redirect VALUES (?,?,?)", (len(self.titles), raw.title, fragment))
        self._entry(raw, offset, target, bool(fragment))
        self.digests.append(_digest(raw.title, target, fragment))

    def _page(self, page: int, row: PageRow) -> None:
        self.kinds.append(row.kind)
        self.articles.append(row.raw[0])
        for phrase in row.phrases:
            words = phrase.split()
            self.heads[words[-1]] += 1
            if len(words) > 1:
                self.pairs[f"{words[-2]} {words[-1]}"] += 1
        counts = self.counts
        for name, count in row.counts.items():
            counts[name] += count
        for name, count in row.dropped.items():
            counts[DROPPED + name] += count
        passages = row.passages
        stored = (
            *row.raw, row.kind, row.text, row.prose_end, row.hidden, row.infobox, _words_json(row.phrases), "",
            _words_json(row.categories), _sections_json(row.sections), row.sentences, _fields_json(row.fields),
            _words_json(row.templates),
        )  # fmt: skip
        self.database.execute(_INSERT_PAGE, (page, *stored))
        self.database.executemany(
            "INSERT INTO passage VALUES (?,?,?,?,?)", [(page, i, *passage) for i, passage in enumerate(passages)]
        )
        told = ",".join([f"[{section},{start},{end}]" for section, start, end in passages])
        self.digests.append(
            _digest(*stored, f"[{told}]", row.link_name.tobytes(), row.link_span.tobytes(), row.link_kind.tobytes())
        )
        self.links.append((row.link_name, row.link_span, row.link_kind))

    def _arrays(self) -> None:
        none = (np.zeros(0, NAME), np.zeros((0, 2), np.int32), np.zeros(0, np.uint8))
        names, spans, link_kinds = ([none[n], *(links[n] for links in self.links)] for n in range(3))
        arrays: dict[str, Any] = {
            "name": name_hashes(self.titles),
            "target": name_hashes(self.targets),
            "redirect": np.array(self.redirect, bool),
            "section": np.array(self.section, bool),
            "source_id": np.array(self.source_ids, "<i8"),
            "offset": np.array(self.offsets, "<i8"),
            "kind": np.array(self.kinds, np.uint8),
            "digest": np.frombuffer(b"".join(self.digests), np.uint8),
            "links": np.array([len(kind) for _, _, kind in self.links], "<i8"),
            "link_name": np.concatenate(names),
            "link_span": np.concatenate(spans).astype("<i4"),
            "link_kind": np.concatenate(link_kinds),
        }
        for name, counter in (("head", self.heads), ("pair", self.pairs), ("last", kinds.title_heads(self.articles))):
            words = sorted(counter)
            arrays[name] = name_hashes(words)["hash"]
            arrays[f"{name}_count"] = np.array([counter[w] for w in words], "<i8")
        rows = [(name, np.ascontiguousarray(array).tobytes()) for name, array in arrays.items()]
        rows += [("counts", json.dumps(self.counts).encode()), ("faults", json.dumps(self.faults).encode())]
        self.database.executemany("INSERT INTO array VALUES (?,?)", rows)


def _digest(*values: Any) -> bytes:
    told: list[bytes] = []
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        told += (len(data).to_bytes(8, "little"), data)
    return hashlib.blake2b(b"".join(told), digest_size=16).digest()


# The same as canonical_json gives, without an encoder for each of many short lists.


def _words_json(words: list[str]) -> str:
    return f"[{','.join(map(encode_basestring, words))}]"


def _sections_json(sections: list[list[Any]]) -> str:
    told = [f"[{encode_basestring(title)},{level},{start},{end},{evidence}]" for title, level, start, end, evidence in sections]
    return f"[{','.join(told)}]"


def _fields_json(fields: list[list[Any]]) -> str:
    told = [
        f"[{encode_basestring(key)},{start},{end},{canonical_json(quantities) if quantities else '[]'}]"
        for key, start, end, quantities in fields
    ]
    return f"[{','.join(told)}]"


def counts_and_faults(part: Part) -> tuple[Counter[str], list[Fault]]:
    rows = dict(part.database.execute("SELECT name, data FROM array WHERE name IN ('counts', 'faults')").fetchall())
    return Counter(json.loads(rows["counts"])), [Fault(*fault) for fault in json.loads(rows["faults"])]
