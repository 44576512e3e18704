"""The corpus on disk, and its reader.

A corpus folder holds `corpus.sqlite` (pages, titles, aliases, passages, facts, categories; opened read-only and immutable),
memory-mapped arrays in `graph/` and `manifest.json`, which is written last: a folder without one is no corpus.

    graph/link_ptr.npy     int64 (pages+1)   links of page p are rows link_ptr[p]:link_ptr[p+1] of
    graph/link.npy         int32 (links, 3)  target, start, end (-1, -1 where the link has no place in the text)
    graph/link_kind.npy    uint8 (links)     position in LINK_KINDS
    graph/mention_ptr.npy, graph/mention.npy the same for mentions (start -1: in text that is not prose)
    graph/near_ptr.npy, graph/near.npy       association: N(p), sorted, both directions, without p
    graph/kinds.npy        uint8 (pages)     position in PAGE_KINDS
    graph/title.txt, graph/title_ptr.npy     all titles by id, in UTF-8; graph/noun.txt the same for the words for each page's kind
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, overload
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.passages import Span
from infoseek_offline.engine import batches
from infoseek_offline.errors import CorpusError
from infoseek_offline.files import read_json
from infoseek_offline.records import Evidence, Fact, Link, LinkKind, Page, PageKind, Passage, Quantity, Section

FORMAT = 15
LINK_KINDS = tuple(LinkKind)
PAGE_KINDS = tuple(PageKind)

PAGE_COLUMNS = """
  id INTEGER PRIMARY KEY, title TEXT NOT NULL, source_id INTEGER NOT NULL, revision INTEGER NOT NULL, timestamp TEXT NOT NULL,
  kind INTEGER NOT NULL, text TEXT NOT NULL, prose_end INTEGER NOT NULL, hidden TEXT NOT NULL, infobox TEXT NOT NULL,
  types TEXT NOT NULL, noun TEXT NOT NULL, categories TEXT NOT NULL, sections TEXT NOT NULL, sentences BLOB NOT NULL,
  facts TEXT NOT NULL, templates TEXT NOT NULL"""
PASSAGE_COLUMNS = """
  page INTEGER NOT NULL, ordinal INTEGER NOT NULL, section INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  PRIMARY KEY (page, ordinal)"""
SCHEMA = f"""
CREATE TABLE page ({PAGE_COLUMNS});
CREATE TABLE passage ({PASSAGE_COLUMNS}) WITHOUT ROWID;
CREATE TABLE title (title TEXT PRIMARY KEY, page INTEGER NOT NULL, fragment TEXT NOT NULL, redirect INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alias (alias TEXT NOT NULL, page INTEGER NOT NULL, links INTEGER NOT NULL, source TEXT NOT NULL,
  PRIMARY KEY (page, alias)) WITHOUT ROWID;
"""


class Strings(Sequence[str]):
    """Strings by number, in a mapped file; made when they are asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self._ptr = _array(folder / f"{name}_ptr.npy")
        path = folder / f"{name}.txt"
        # An empty file can't be mapped.
        self._text = np.memmap(path, np.uint8, "r").view(np.ndarray) if path.stat().st_size else np.zeros(0, np.uint8)

    def __len__(self) -> int:
        return len(self._ptr) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        if at < 0:
            at += len(self)
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._text[self._ptr[at] : self._ptr[at + 1]].tobytes().decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for low in range(0, len(self), 4096):
            ends = self._ptr[low : low + 4097].tolist()
            text = self._text[ends[0] : ends[-1]].tobytes()
            for a, b in pairwise(ends):
                yield text[a - ends[0] : b - ends[0]].decode("utf-8", "surrogatepass")


class Corpus:
    """A read-only corpus. Open with `Corpus.open(folder)`; safe to use from several threads and after a fork."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.digest: str = manifest["digest"]
        self.language: str = manifest["site"]["language"]
        self.size: int = manifest["pages"]["total"]
        self._local = threading.local()
        graph = folder / "graph"
        self.link_ptr = _array(graph / "link_ptr.npy")
        self.link = _array(graph / "link.npy")
        self.link_kind = _array(graph / "link_kind.npy")
        self.mention_ptr = _array(graph / "mention_ptr.npy")
        self.mention = _array(graph / "mention.npy")
        self.near_ptr = _array(graph / "near_ptr.npy")
        self.near = _array(graph / "near.npy")
        self.kinds = _array(graph / "kinds.npy")
        self.titles = Strings(graph, "title")  # all titles, by page id
        self.nouns = Strings(graph, "noun")  # for each page the words for its kind of thing ("chemical element"), "" where unknown
        self.page = lru_cache(maxsize=4096)(self._page)
        self.text = lru_cache(maxsize=1024)(self._text)
        self.resolve = lru_cache(maxsize=65536)(self._resolve)
        self.sentence_spans = lru_cache(maxsize=4096)(self._sentence_spans)
        self.facts = lru_cache(maxsize=4096)(self._facts)

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Raises CorpusError where there is no finished corpus of this version."""
        manifest_path = folder / "manifest.json"
        if not manifest_path.is_file():
            raise CorpusError(f"no corpus in {folder}: make one with 'infoseek corpus build DUMP' or 'make index DUMP=…'")
        try:
            manifest = read_json(manifest_path)
            version = manifest["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{manifest_path} is damaged ({error}): build the corpus again") from error
        if version != FORMAT:
            raise CorpusError(f"{folder} has corpus format {version}, this version reads {FORMAT}: build the corpus again")
        try:
            return cls(folder, manifest)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise CorpusError(f"the corpus in {folder} is damaged ({error}): build it again") from error

    @property
    def _connection(self) -> sqlite3.Connection:
        if getattr(self._local, "pid", None) != os.getpid():
            uri = f"file:{_quoted(self.folder / 'corpus.sqlite')}?mode=ro&immutable=1"
            self._local.connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._local.pid = os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        return list(self._iterate(query, *arguments))

    def _iterate(self, query: str, *arguments: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, arguments)
        except sqlite3.DatabaseError as error:
            raise CorpusError(f"{self.folder / 'corpus.sqlite'} can't be read ({error}): build the corpus again") from error

    # Pages

    def _page(self, page: int) -> Page:
        rows = self.rows(
            "SELECT id, title, source_id, revision, timestamp, kind, text, prose_end, infobox, types, categories FROM page "
            "WHERE id = ?",
            page,
        )
        if not rows:
            raise CorpusError(f"no page with id {page} in {self.folder}: ids run from 0 to {self.size - 1}")
        row = rows[0]
        return Page(
            id=row[0], title=row[1], source_id=row[2], revision=row[3], timestamp=row[4], kind=PAGE_KINDS[row[5]], text=row[6],
            prose_end=row[7], infobox=row[8], types=_heads(json.loads(row[9])), categories=tuple(json.loads(row[10])),
        )  # fmt: skip

    def _text(self, page: int) -> str:
        """The page's text alone."""
        text: str = self.rows("SELECT text FROM page WHERE id = ?", page)[0][0]
        return text

    def _resolve(self, title: str) -> int | None:
        """The page of a title or redirect, exact after MediaWiki's folding of underscores and the first letter; None if absent."""
        return self.resolve_all([title]).get(title)

    def resolve_all(self, titles: Iterable[str]) -> dict[str, int]:
        """The pages of those of the titles that have one, asked for together."""
        forms = {title: _forms(title) for title in titles}
        known: dict[str, int] = {}
        for some in batches(dict.fromkeys(form for both in forms.values() for form in both), 500):
            marks = ",".join("?" * len(some))
            known.update(self.rows(f"SELECT title, page FROM title WHERE title IN ({marks})", *some))
        found = {title: next((known[form] for form in both if form in known), None) for title, both in forms.items()}
        return {title: page for title, page in found.items() if page is not None}

    def redirects(self, page: int) -> list[str]:
        """Titles of the redirects to the page itself (not to a section of it)."""
        return [r[0] for r in self.rows("SELECT alias FROM alias WHERE page = ? AND source = 'redirect' ORDER BY alias", page)]

    def aliases(self, page: int) -> list[tuple[str, int]]:
        """(alias, links that use it), the title's forms, redirects and anchors."""
        return [(r[0], r[1]) for r in self.rows("SELECT alias, links FROM alias WHERE page = ? ORDER BY alias", page)]

    # Text

    def sections(self, page: int) -> list[Section]:
        rows = self.rows("SELECT sections FROM page WHERE id = ?", page)
        return [Section(title=s[0], level=s[1], start=s[2], end=s[3], evidence=bool(s[4])) for s in json.loads(rows[0][0])]

    def _sentence_spans(self, page: int) -> list[Span]:
        rows = self.rows("SELECT sentences FROM page WHERE id = ?", page)
        spans = np.frombuffer(rows[0][0], "<i4").reshape(-1, 2)
        return [(int(a), int(b)) for a, b in spans]

    def sentence_at(self, page: int, start: int, end: int) -> Span:
        """The sentence (or infobox line) that holds `start:end`."""
        for low, high in self.sentence_spans(page):
            if low <= start and end <= high:
                return low, high
        return start, end

    def passage(self, document_id: str) -> Passage:
        """Raises CorpusError for an id that does not exist."""
        page, _, ordinal = document_id.partition("-")
        fits = max(len(page), len(ordinal)) <= 18  # digits: a whole number of SQLite's
        if not (document_id.isascii() and page.isdigit() and ordinal.isdigit() and fits):
            raise CorpusError(f"{document_id!r} is no document id: they look like 12-3 (page, passage)")
        rows = self.rows(
            'SELECT p.title, p.sections, p.text, a.section, a.start, a."end" FROM passage a JOIN page p ON p.id = a.page '
            "WHERE a.page = ? AND a.ordinal = ?",
            int(page), int(ordinal),
        )  # fmt: skip
        if not rows:
            raise CorpusError(f"no document {document_id!r} in {self.folder}")
        title, sections, text, section, start, end = rows[0]
        return Passage(id=document_id, page=int(page), title=title, section=json.loads(sections)[section][0], start=start, end=end,
                       text=text[start:end])  # fmt: skip

    def passages(self) -> Iterator[Passage]:
        """All passages of articles and list pages, in document order."""
        cursor = self._iterate(
            'SELECT a.page, a.ordinal, p.title, p.sections, p.text, a.section, a.start, a."end" FROM passage a '
            "JOIN page p ON p.id = a.page WHERE p.kind != ? ORDER BY a.page, a.ordinal",
            PAGE_KINDS.index(PageKind.DISAMBIGUATION),
        )
        for page, ordinal, title, sections, text, section, start, end in cursor:
            yield Passage(id=f"{page}-{ordinal}", page=page, title=title, section=json.loads(sections)[section][0], start=start,
                          end=end, text=text[start:end])  # fmt: skip

    def document_at(self, page: int, start: int) -> str:
        """The id of the passage that holds the position."""
        rows = self.rows("SELECT ordinal FROM passage WHERE page = ? AND start <= ? ORDER BY start DESC LIMIT 1", page, start)
        return f"{page}-{rows[0][0]}" if rows else f"{page}-0"

    def evidence(self, page: int, start: int, end: int) -> Evidence:
        """The evidence record of a span of the page's text."""
        record = self.page(page)
        low, high = self.sentence_at(page, start, end)
        section = next((s.title for s in self.sections(page) if s.start <= start < s.end), "")
        return Evidence(page=page, title=record.title, section=section, start=start, end=end, anchor=record.text[start:end],
                        sentence=record.text[low:high], document=self.document_at(page, start))  # fmt: skip

    # Facts and links

    def _facts(self, page: int) -> list[Fact]:
        rows = self.rows("SELECT facts, text FROM page WHERE id = ?", page)
        return read_facts(page, rows[0][0], rows[0][1])

    def links(self, page: int, *kinds: LinkKind) -> list[Link]:
        """The page's links in order; where kinds are given, only those of them that have a place in the text."""
        low, high = int(self.link_ptr[page]), int(self.link_ptr[page + 1])
        places, numbers = self.link[low:high], self.link_kind[low:high]
        if kinds:  # before a record is made of each
            wanted = numbers == LINK_KINDS.index(kinds[0])
            for kind in kinds[1:]:
                wanted |= numbers == LINK_KINDS.index(kind)
            wanted &= places[:, 1] >= 0
            places, numbers = places[wanted], numbers[wanted]
        return [
            Link(source=page, target=t, start=s, end=e, kind=LINK_KINDS[k])
            for (t, s, e), k in zip(places.tolist(), numbers.tolist(), strict=True)
        ]

    def neighbours(self, page: int) -> NDArray[np.int32]:
        """N(page): sorted ids of all pages associated with it, without itself."""
        return self.near[self.near_ptr[page] : self.near_ptr[page + 1]]

    def degree(self, page: int) -> int:
        return int(self.near_ptr[page + 1] - self.near_ptr[page])

    def answerable(self) -> NDArray[np.int32]:
        """The universe U: ids of all articles."""
        return np.flatnonzero(self.kinds == PAGE_KINDS.index(PageKind.ARTICLE)).astype(np.int32)


def read_facts(page: int, stored: str, text: str) -> list[Fact]:
    return [
        Fact(
            page=page,
            key=key,
            value=text[start:end],
            start=start,
            end=end,
            links=tuple(links),
            quantities=tuple(Quantity(low=q[0], high=q[1], unit=q[2]) for q in quantities),
        )
        for key, start, end, quantities, links in json.loads(stored)
    ]


def _forms(title: str) -> tuple[str, ...]:
    """A title as it may be stored: as it stands, and with a capital."""
    wanted = " ".join(title.replace("_", " ").split())
    return tuple(dict.fromkeys((wanted, wanted[:1].upper() + wanted[1:])))


def _heads(phrases: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.rsplit(" ", 1)[-1] for p in phrases))


def _array(path: Path) -> NDArray[Any]:
    # A plain view of the map: slicing a np.memmap costs ten times as much.
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)


def _quoted(path: Path) -> str:
    return quote(str(path.absolute()))
