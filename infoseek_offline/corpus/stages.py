"""What the stages of a build do with one part (or one bucket) in a worker. Each writes its file last, whole."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus import aliases, entities, graph, kinds, mentions
from infoseek_offline.corpus.names import NAME, NameTable, name_hashes
from infoseek_offline.corpus.parts import LINK, MENTION, Part, new_database, save_array, without_gc
from infoseek_offline.corpus.store import LINK_KINDS
from infoseek_offline.files import canonical_json, read_json
from infoseek_offline.records import LinkKind

_INFOBOX = LINK_KINDS.index(LinkKind.INFOBOX)
_FINAL = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192;
CREATE TABLE final (local INTEGER PRIMARY KEY, id INTEGER NOT NULL, noun TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE name (title TEXT NOT NULL, page INTEGER NOT NULL, fragment TEXT NOT NULL, redirect INTEGER NOT NULL);
"""


def link_path(work: Path, number: int) -> Path:
    return work / f"link-{number:06d}.npy"


def find_path(work: Path, number: int) -> Path:
    return work / f"found-{number:06d}.npy"


def mention_path(work: Path, number: int) -> Path:
    return work / f"mention-{number:06d}.npy"


def final_path(work: Path, number: int) -> Path:
    return work / f"final-{number:06d}.sqlite"


class Stages:
    """A worker's view of a build's folder; all that is large is mapped."""

    def __init__(self, work: Path, parts: int) -> None:
        self.work, self.parts = work, parts
        self.first = np.load(work / "first.npy")

    def _load(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = np.load(self.work / f"{name}.npy", mmap_mode="r")
        return array

    @cached_property
    def table(self) -> mentions.AliasTable:
        return mentions.AliasTable(self.work)

    @cached_property
    def pages(self) -> int:
        return len(self._load("kinds"))

    def entries(self, part: Part) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The pages that the part's entries are or lead to; which entry each redirect has its section from."""
        rows = slice(int(self.first[part.number]), int(self.first[part.number + 1]))
        return np.array(self._load("entry_page")[rows]), np.array(self._load("entry_section")[rows])

    def page_ids(self, part: Part) -> NDArray[np.int32]:
        """The ids of the part's articles; -2 for one that is left out."""
        return self.entries(part)[0][~part.array("redirect", bool)]

    # link, alias

    def link(self, number: int) -> None:
        part = Part(self.work, number)
        ids = self.page_ids(part)
        source = np.repeat(ids, part.array("links", "<i8"))
        target = NameTable(self.work).find(part.array("link_name", NAME))
        span = part.array("link_span", "<i4").reshape(-1, 2)
        good = (target >= 0) & (target != source) & (source >= 0)
        links = np.zeros(int(good.sum()), LINK)
        links["source"], links["target"] = source[good], target[good]
        links["start"], links["end"] = span[good, 0], span[good, 1]
        links["kind"] = part.array("link_kind", np.uint8)[good]
        links = links[np.lexsort((links["start"], links["source"]))]
        self._names(part, ids, links)
        kept = source >= 0
        save_array(self.work / f"linkcount-{number:06d}.npy", np.array([kept.sum(), (target[kept] < 0).sum()]))
        part.close()
        save_array(link_path(self.work, number), links)

    def _names(self, part: Part, ids: NDArray[np.int32], links: NDArray[Any]) -> None:
        names = aliases.Names()
        page, section = self.entries(part)
        for entry, title in part.database.execute("SELECT id, title FROM redirect ORDER BY id"):
            if page[entry] >= 0 and section[entry] < 0:
                names.redirect(title, int(page[entry]))
        visible = links[links["start"] >= 0]
        bounds = np.searchsorted(visible["source"], ids)
        ends = np.searchsorted(visible["source"], ids, side="right")
        rows = visible[["target", "start", "end"]].tolist()
        for local, title, text in part.database.execute("SELECT id, title, text FROM page ORDER BY id"):
            if ids[local] >= 0:
                names.title(title, int(ids[local]))
                if prefix := next(filter(title.startswith, self._prefixes), ""):
                    names.title(title[len(prefix) :], int(ids[local]))
                for target, start, end in rows[bounds[local] : ends[local]]:
                    names.anchor(text[start:end], target)
        names.write(self.work, part.number)

    def alias(self, bounds: tuple[int, int]) -> None:
        aliases.merge(self.work, self.parts, *bounds)

    # find, mention

    def find(self, number: int) -> None:
        part = Part(self.work, number)
        ids = self.page_ids(part)
        texts = part.database.execute("SELECT id, text, hidden FROM page ORDER BY id")
        with without_gc():
            found = mentions.find_all(self.table, ((int(ids[i]), text, hidden) for i, text, hidden in texts if ids[i] >= 0))
        links = np.load(link_path(self.work, number))
        links = links[links["start"] >= 0]
        anchors = mentions.place(links["source"], links["start"])
        found["linked"] = np.isin(mentions.place(found["page"], found["start"]), anchors) & (found["start"] >= 0)
        counts = mentions.count(self.table, found).reshape(-1)
        some = np.flatnonzero(counts)
        save_array(self.work / f"counts-{number:06d}.npy", np.stack([some, counts[some]]))
        part.close()
        save_array(find_path(self.work, number), found)

    def mention(self, number: int) -> None:
        links = np.load(link_path(self.work, number))
        rows = mentions.unlinked_mentions(self.table, np.load(find_path(self.work, number)), self._load("alias_names"))
        listing = self._load("lists")
        lists = graph.Lists(listing["source"], listing["target"])
        a, b = np.concatenate([links["source"], rows[:, 0]]), np.concatenate([links["target"], rows[:, 1]])
        graph.write_edges(self.work, number, a, b, lists, self.pages)
        self._final(number, links)
        found = np.zeros(len(rows), MENTION)
        for column, name in enumerate(MENTION.names or ()):
            found[name] = rows[:, column]
        save_array(mention_path(self.work, number), found)

    def _final(self, number: int, links: NDArray[Any]) -> None:
        """Give each infobox field the pages that its value links to, each page the words for its kind, each redirect its page."""
        part = Part(self.work, number)
        ids = self.page_ids(part)
        boxed = links[links["kind"] == _INFOBOX]
        low, high = np.searchsorted(boxed["source"], ids), np.searchsorted(boxed["source"], ids, side="right")
        spans = boxed[["start", "end", "target"]].tolist()
        page, section = self.entries(part)
        with new_database(final_path(self.work, number), _FINAL) as database:
            rows = part.database.execute("SELECT id, title, types, categories, facts FROM page ORDER BY id")
            for local, title, phrases, categories, stored in rows:
                if ids[local] < 0:
                    continue
                facts = stored
                if stored != "[]":
                    fields = json.loads(stored)
                    for field in fields:
                        inside = [t for a, b, t in spans[low[local] : high[local]] if field[1] <= a and b <= field[2]]
                        field.append(list(dict.fromkeys(inside)))
                    facts = canonical_json(fields)
                noun = self._noun(title, json.loads(phrases), json.loads(categories))
                database.execute("INSERT INTO final VALUES (?,?,?,?)", (local, int(ids[local]), noun, facts))
                database.execute("INSERT INTO name VALUES (?,?,'',0)", (title, int(ids[local])))
            for entry, title, fragment in part.database.execute("SELECT id, title, fragment FROM redirect ORDER BY id"):
                if page[entry] >= 0:
                    given = int(section[entry])
                    own = given == int(self.first[number]) + entry
                    given_fragment = fragment if own else self._fragment(given) if given >= 0 else ""
                    database.execute("INSERT INTO name VALUES (?,?,?,1)", (title, int(page[entry]), given_fragment))
        part.close()

    def _fragment(self, entry: int) -> str:
        """The section part of a redirect anywhere: one that stands later in a chain."""
        number = int(np.searchsorted(self.first, entry, side="right")) - 1
        part = Part(self.work, number)
        (fragment,) = part.database.execute(
            "SELECT fragment FROM redirect WHERE id = ?", (entry - int(self.first[number]),)
        ).fetchone()
        part.close()
        return str(fragment)

    @cached_property
    def _counts(self) -> tuple[_Counts, _Counts, _Counts]:
        """Head nouns, pairs of words, last words of titles."""
        return _Counts(self._load("heads")), _Counts(self._load("pairs")), _Counts(self._load("lasts"))

    @cached_property
    def _prefixes(self) -> list[str]:
        """Of the titles of namespaces that are read besides the main one."""
        return list(read_json(self.work / "read.json")["prefixes"])

    @cached_property
    def _language(self) -> str:
        return str(read_json(self.work / "read.json")["language"])

    def _noun(self, title: str, phrases: list[str], categories: list[str]) -> str:
        """The words for a kind; an infobox that names several things ("burial mounds") is a group of them."""
        language, counts = self._language, self._counts
        phrase = kinds.choose(phrases, title, categories, counts, 1 + self.pages // 1000, language)
        noun = kinds.shortened(phrase, counts)
        head = noun.rsplit(" ", 1)[-1]
        if kinds.many(head, language):
            words = phrase.split()
            return f"group of {' '.join(words[-2:]) if len(words) > 1 and words[-2].islower() else head}"
        return noun if " " in noun else entities.SHOWN_KINDS.get(noun, noun)

    # near

    def near(self, bounds: tuple[int, int]) -> None:
        graph.merge(self.work, self.parts, *bounds, self.pages)


class _Counts(dict[str, int]):
    """Counts of words that are stored by hash: looked up once a word, 0 for one that is not there."""

    def __init__(self, rows: NDArray[Any]) -> None:
        super().__init__()
        self._stored = dict(zip(*rows.tolist(), strict=True))

    def __missing__(self, words: str) -> int:
        count = self[words] = int(self._stored.get(int(name_hashes([words])["hash"].copy().view(np.int64)[0]), 0))
        return count
