"""A corpus folder as `verify` reads it (layout: corpus/store.py): the stored bytes, with no help from the code that wrote them.

Association is made anew from links and mentions; extents and proofs over it are in recompute.py.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import CorpusError
from infoseek_offline.files import read_json
from infoseek_offline.records import LinkKind, PageKind, Passage, Quantity

FORMAT = 15  # of the corpus folder
WORD = re.compile(r"[^\W_]+")

Pages = frozenset[int]


class Field(NamedTuple):
    """An infobox field of a page; `start:end` is its value's span."""

    key: str
    start: int
    end: int
    value: str
    quantities: tuple[Quantity, ...]


class StoredLink(NamedTuple):
    target: int
    start: int
    end: int
    kind: LinkKind


class Stored:
    """A corpus folder, read-only. Raises CorpusError where there is no finished corpus of this format, or a damaged one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            manifest = read_json(folder / "manifest.json")
            if manifest["format"] != FORMAT:
                raise CorpusError(f"{folder} has corpus format {manifest['format']}, this version reads {FORMAT}: build it again")
            self.digest: str = manifest["digest"]
            self.size: int = manifest["pages"]["total"]
            self.language: str = manifest["site"]["language"]
            self._link_at, self._link, self._link_kind = (self._array(n) for n in ("link_ptr", "link", "link_kind"))
            self._mention_at, self._mention = self._array("mention_ptr"), self._array("mention")
            kinds = self._array("kinds").tolist()
        except FileNotFoundError as error:
            raise CorpusError(f"no corpus in {folder}: make one with 'infoseek corpus build DUMP'") from error
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"the corpus in {folder} is damaged ({error}): build it again") from error
        self.universe: Pages = frozenset(p for p, k in enumerate(kinds) if tuple(PageKind)[k] == PageKind.ARTICLE)
        self.lists_others: Pages = frozenset(p for p, k in enumerate(kinds) if tuple(PageKind)[k] == PageKind.DISAMBIGUATION)
        self._database = sqlite3.connect(f"file:{quote(str((folder / 'corpus.sqlite').absolute()))}?mode=ro&immutable=1", uri=True)
        self.titles: list[str] = [r[0] for r in self.rows("SELECT title FROM page ORDER BY id")]
        self.nouns: list[str] = [r[0] for r in self.rows("SELECT noun FROM page ORDER BY id")]
        self.near = lru_cache(maxsize=65536)(self._near)
        self.page = lru_cache(maxsize=512)(self._page)

    def _array(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = np.load(self.folder / "graph" / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return array

    def rows(self, query: str, *arguments: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._database.execute(query, arguments)
        except sqlite3.DatabaseError as error:
            raise CorpusError(f"{self.folder / 'corpus.sqlite'} can't be read ({error}): build the corpus again") from error

    def resolve(self, words: str) -> int | None:
        """The page of a title or redirect; a small first letter may stand for a capital."""
        name = " ".join(words.replace("_", " ").split())
        for form in (name, name[:1].upper() + name[1:]):
            for (page,) in self.rows("SELECT page FROM title WHERE title = ?", form):
                return int(page)
        return None

    def aliases(self, page: int) -> list[tuple[str, int, str]]:
        """(alias, links that show it, source), by alias."""
        return [(r[0], r[1], r[2]) for r in self.rows("SELECT alias, links, source FROM alias WHERE page = ? ORDER BY alias", page)]

    def _page(self, page: int) -> StoredPage:
        return StoredPage(self, page)

    @cached_property
    def title_words(self) -> Counter[str]:
        """In how many titles each word stands."""
        return Counter(w for title in self.titles for w in words_of(title))

    def passage(self, document_id: str) -> Passage:
        """For the searcher's sake; ranking reads no text."""
        raise CorpusError(f"no text of {document_id} here")

    # Association

    @cached_property
    def _backwards(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Where each page is linked or mentioned: sources ordered by target, whether by a link, and each target's first row."""
        pages = np.arange(self.size)
        source = np.concatenate([np.repeat(pages, np.diff(self._link_at)), np.repeat(pages, np.diff(self._mention_at))])
        target = np.concatenate([self._link[:, 0], self._mention[:, 0]])
        linked = np.arange(len(source)) < len(self._link)
        order = np.argsort(target, kind="stable")
        return source[order], linked[order], np.searchsorted(target[order], np.arange(self.size + 1))

    def linked(self, page: int) -> set[int]:
        return set(self._link[self._link_at[page] : self._link_at[page + 1], 0].tolist())

    def names(self, page: int) -> set[int]:
        """Pages that the page's text links to or mentions."""
        return self.linked(page) | set(self._mention[self._mention_at[page] : self._mention_at[page + 1], 0].tolist())

    def passages_naming(self, page: int, other: int) -> set[str]:
        """Document ids of the page's passages that link to or mention the other page."""
        rows = [self._link[self._link_at[page] : self._link_at[page + 1]]]
        rows.append(self._mention[self._mention_at[page] : self._mention_at[page + 1]])
        places = [start for part in rows for target, start, _ in part.tolist() if target == other and start >= 0]
        return {name for name, (low, high) in self.page(page).passages.items() if any(low <= start < high for start in places)}

    def named_by(self, page: int, links_only: bool = False) -> set[int]:
        source, linked, first = self._backwards
        rows = slice(first[page], first[page + 1])
        return set((source[rows][linked[rows]] if links_only else source[rows]).tolist())

    def near_by_links(self, page: int) -> Pages:
        """The same by hyperlinks alone."""
        return frozenset((self.linked(page) | self.named_by(page, links_only=True)) - {page})

    def _near(self, page: int) -> Pages:
        """N(page), with all kinds of pages. Who names a disambiguation page may mean each page that it links to."""
        named = self.names(page)
        found = named | self.named_by(page)
        for meant in named & self.lists_others:
            found |= self.linked(meant)
        for listing in self.named_by(page, links_only=True) & self.lists_others:
            found |= self.named_by(listing)
        return frozenset(found - {page})


class StoredPage:
    """What evidence is held against: one page's text, spans, fields, links, categories and types."""

    def __init__(self, stored: Stored, page: int) -> None:
        columns = "title, text, categories, types, sections, sentences, facts, infobox"
        row = next(iter(stored.rows(f"SELECT {columns} FROM page WHERE id = ?", page)))
        self.title, self.text = str(row[0]), str(row[1])
        self.categories: list[str] = json.loads(row[2])
        self.types = {head(p) for p in json.loads(row[3])}
        sections = json.loads(row[4])
        self.sections: list[tuple[str, int, int]] = [(s[0], s[2], s[3]) for s in sections]
        self.evident: list[tuple[int, int]] = [(s[2], s[3]) for s in sections if s[4]]
        self.sentences: list[list[int]] = np.frombuffer(row[5], "<i4").reshape(-1, 2).tolist()
        facts = json.loads(row[6])
        self.infobox = str(row[7])
        self.fields = [Field(key, a, b, self.text[a:b], quantities_of(numbers)) for key, a, b, numbers, _ in facts]
        self.passages: dict[str, tuple[int, int]] = {
            f"{page}-{n}": (a, b) for n, a, b in stored.rows('SELECT ordinal, start, "end" FROM passage WHERE page = ?', page)
        }
        self.mentions: list[list[int]] = stored._mention[stored._mention_at[page] : stored._mention_at[page + 1]].tolist()
        rows = slice(stored._link_at[page], stored._link_at[page + 1])
        kinds = (tuple(LinkKind)[k] for k in stored._link_kind[rows].tolist())
        self.links = [StoredLink(t, a, b, kind) for (t, a, b), kind in zip(stored._link[rows].tolist(), kinds, strict=True)]

    def links_to(self, start: int, end: int, other: int) -> bool:
        """Whether the span is a link to the other page, of a kind that may be evidence."""
        return any(k == (other, start, end, k.kind) and k.kind in (LinkKind.PROSE, LinkKind.INFOBOX) for k in self.links)

    def is_name_in_field(self, start: int, end: int, other: int) -> bool:
        """Whether the span is an infobox value or a part of one that names the other page, and can mean no other."""
        return self._means(start, end, other) and any(f.start <= start and end <= f.end for f in self.fields)

    def is_name_in_text(self, start: int, end: int, other: int) -> bool:
        """Whether the span is a name in running text that may be evidence, which can mean no other page."""
        return self._means(start, end, other) and any(a <= start and end <= b for a, b in self.evident)

    def _means(self, start: int, end: int, other: int) -> bool:
        return {target for target, a, b in self.mentions if (a, b) == (start, end)} == {other}


def head(phrase: str) -> str:
    return phrase.split(" ")[-1]


def words_of(text: str) -> frozenset[str]:
    return frozenset(w.casefold() for w in WORD.findall(text))


def quantities_of(numbers: list[Any]) -> tuple[Quantity, ...]:
    return tuple(Quantity(low=low, high=high, unit=unit) for low, high, unit in numbers)
