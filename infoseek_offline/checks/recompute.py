"""A certificate's claims computed a second time: plain Python sets over the stored corpus, by the definitions of hcsp.md.

Made to be compared with what checks/ and trees/ found, and so nothing of theirs is used: no bitmaps, no solver, no stored
association (it is made anew from links and mentions). `Stored` reads a corpus folder (layout: corpus/store.py), `Sets` gives
extents under one reading, `Proof` the numbers of U1 to L1 for one tree.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import CorpusError
from infoseek_offline.files import read_json
from infoseek_offline.records import Constraint, LinkKind, PageKind, Passage, Quantity, ResearchTree, Vertex

FORMAT = 2  # of the corpus folder
CACHED_MEMBERS = 4_000_000  # of all cached extents together, so that memory stays below some hundred MB for any corpus
RARE_TYPE = 3  # pages; a type of fewer contradicts nothing
WORD = re.compile(r"[^\W_]+")
SMALL_WORDS = frozenset(
    "the of in and on at for de la le der die das von van del di da and to by with from saint san santa".split()
)

Pages = frozenset[int]
NONE: Pages = frozenset()


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
        columns = "title, text, categories, types, sections, sentences, facts"
        row = next(iter(stored.rows(f"SELECT {columns} FROM page WHERE id = ?", page)))
        self.title, self.text = str(row[0]), str(row[1])
        self.categories: list[str] = json.loads(row[2])
        self.types = {head(p) for p in json.loads(row[3])}
        self.sections: list[tuple[str, int, int]] = [(s[0], s[2], s[3]) for s in json.loads(row[4])]
        self.sentences: list[list[int]] = np.frombuffer(row[5], "<i4").reshape(-1, 2).tolist()
        facts = json.loads(row[6])
        self.fields = [Field(key, start, end, self.text[start:end], _quantities(numbers)) for key, start, end, numbers, _ in facts]
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
        meant = {target for target, a, b in self.mentions if (a, b) == (start, end)}
        return meant == {other} and any(f.start <= start and end <= f.end for f in self.fields)


def head(phrase: str) -> str:
    return phrase.split(" ")[-1]


def words_of(text: str) -> frozenset[str]:
    return frozenset(w.casefold() for w in WORD.findall(text))


def _quantities(numbers: list[Any]) -> tuple[Quantity, ...]:
    return tuple(Quantity(low=low, high=high, unit=unit) for low, high, unit in numbers)


class Sets:
    """The extents of hcsp.md under one reading: each a frozenset of articles."""

    def __init__(self, stored: Stored, reading: str) -> None:
        self.stored, self.closed = stored, reading == "closed"
        self.universe = stored.universe
        self._facts: dict[str, list[tuple[int, frozenset[str], tuple[Quantity, ...]]]] = defaultdict(list)
        self._of_type: dict[str, set[int]] = defaultdict(set)
        self._beside: dict[str, set[str]] = defaultdict(set)  # types that stand on one page with it
        self._boxes: dict[str, set[str]] = defaultdict(set)
        self._typed: set[int] = set()
        self._in_category: dict[str, set[int]] = defaultdict(set)
        self._in_family: dict[str, set[int]] = defaultdict(set)
        columns = "id, text, facts, types, infobox, categories"
        for page, text, facts, phrases, infobox, categories in stored.rows(f"SELECT {columns} FROM page"):
            for key, start, end, numbers, _ in json.loads(facts):
                self._facts[key].append((page, words_of(text[start:end]), _quantities(numbers)))
            heads = {head(p) for p in json.loads(phrases)}
            for kind in heads:
                self._typed.add(page)
                self._of_type[kind].add(page)
                self._beside[kind] |= heads
                self._boxes[kind] |= {infobox.casefold()} - {""}
            for name in json.loads(categories):
                self._in_category[name].add(page)
                self._in_family[family(name)].add(page)
        size = max(16, CACHED_MEMBERS // max(1, len(self.universe)))
        self._literal = lru_cache(maxsize=size)(self._literal_uncached)
        self.near_any = lru_cache(maxsize=size)(self._near_any)

    def literal(self, c: Constraint) -> Pages:
        """The extent of a constraint that is no link."""
        return self._literal(c.kind, c.key, c.value, c.low, c.high, c.unit)

    def _near_any(self, pages: Pages) -> Pages:
        """Articles associated with one of the pages at least."""
        found: set[int] = set()
        for page in pages:
            found |= self.stored.near(page)
        return self.universe & found

    def _literal_uncached(self, kind: str, key: str, value: str, low: float | None, high: float | None, unit: str) -> Pages:
        if kind == "interval":
            assert low is not None and high is not None
            meet, against = self._interval(key, low, high, unit)
        elif kind == "fact":
            meet, against = self._fact(key, words_of(value))
        elif kind == "category":
            meet = self._in_category.get(value, set())
            against = self._in_family.get(family(value), set())
        else:
            meet, against = self._type(value)
        return self.universe & meet if self.closed else self.universe - (against - meet)

    def _interval(self, key: str, low: float, high: float, unit: str) -> tuple[set[int], set[int]]:
        meet: set[int] = set()
        against: set[int] = set()
        for page, _, quantities in self._facts.get(key, ()):
            for q in quantities:
                if q.unit == unit:
                    (meet if q.low <= high and low <= q.high else against).add(page)
        return meet, against

    def _fact(self, key: str, wanted: frozenset[str]) -> tuple[set[int], set[int]]:
        meet: set[int] = set()
        against: set[int] = set()
        for page, words, _ in self._facts.get(key, ()):
            (meet if wanted.issubset(words) or words.issubset(wanted) else against).add(page)
        return meet, against

    def _type(self, kind: str) -> tuple[set[int], set[int]]:
        """A page contradicts a type when it has types, and none of them may stand beside this one."""
        if self.closed:
            return self._of_type.get(kind, set()), set()
        if kind not in self._of_type:
            return set(), set()
        meet: set[int] = set()
        for other, pages in self._of_type.items():
            shared = not self._boxes[kind].isdisjoint(self._boxes[other])
            if other in self._beside[kind] or shared or len(pages) < RARE_TYPE:
                meet |= pages
        return meet, self._typed


def family(category: str) -> str:
    """What makes categories comparable: the words up to the first preposition, digits alike."""
    low = re.sub(r"\d+", "#", category.casefold())
    found = re.match(r"(.*?\s(?:of|in|from|by|at|on|discovered by|named after))\s", low)
    return found.group(1).strip() if found else low


Measured = tuple[bool, dict[str, Any]]


class Proof:
    """The claims U1 to L1 of one tree, each with whether it holds and its numbers. The tree must be well-formed."""

    def __init__(self, sets: Sets, tree: ResearchTree, bounds: dict[str, int], question: str) -> None:
        self.sets, self.stored, self.tree, self.bounds, self.question = sets, sets.stored, tree, bounds, question
        self.by_id = {v.id: v for v in tree.vertices}
        self.constraints = [(v, c) for v in tree.vertices for c in v.constraints]

    def claims(self) -> Iterator[tuple[str, Measured]]:
        for name in ("U1", "U2", "M1", "M2", "M3", "X1", "X2", "X3", "L1"):
            yield name, getattr(self, name.lower())()

    # Solution sets

    def extent(self, c: Constraint, without: str = "") -> Pages:
        if c.kind != "link":
            return self.sets.literal(c)
        return self.sets.near_any(self.candidates(self.by_id[c.other], without))

    def candidates(self, vertex: Vertex, without: str = "") -> Pages:
        """S(v), from the definition; without one constraint, where its id is given."""
        if vertex.role == "leaf":
            return frozenset([vertex.page])
        extents = [self.extent(c, without) for c in vertex.constraints if c.id != without]
        extents.sort(key=len)
        return extents[0].intersection(*extents[1:]) if extents else self.sets.universe

    @cached_property
    def extents(self) -> dict[str, Pages]:
        return {c.id: self.extent(c) for _, c in self.constraints}

    def u1(self) -> Measured:
        found = self.candidates(self.tree.root)
        extents = {c: len(pages) for c, pages in self.extents.items()}
        return found == {self.tree.root.page}, {"candidates": len(found), "extents": extents}

    def u2(self) -> Measured:
        holds, sizes = True, {}
        for v in self.tree.vertices:
            if v.role in ("inner", "blur"):
                found = self.candidates(v)
                sizes[v.id] = len(found)
                holds &= v.page in found and (len(found) == 1) == (v.role == "inner")
        return holds, {"candidates": sizes}

    def m1(self) -> Measured:
        left = {}
        for vertex, c in self.constraints:
            while vertex.role == "blur":  # has many candidates in any case; what it serves must gain some
                vertex = self.by_id[vertex.parent]
            left[c.id] = len(self.candidates(vertex, without=c.id))
        return min(left.values(), default=0) >= 2, {"without": left}

    def m2(self) -> Measured:
        hangs_on = {c.other: c.id for _, c in self.constraints if c.other}
        left = {v.id: len(self.candidates(self.tree.root, without=hangs_on[v.id])) for v in self.tree.vertices if v.role == "inner"}
        return min(left.values(), default=0) >= self.bounds["min_skipped"], {"without": left}

    def m3(self) -> Measured:
        included = [
            f"{a.id} in {b.id}"
            for v in self.tree.vertices for a in v.constraints for b in v.constraints
            if a is not b and self.extents[a.id].issubset(self.extents[b.id])
        ]  # fmt: skip
        return not included, {"included": included}

    def x1(self) -> Measured:
        alone = {c.id: len(self.extents[c.id]) for c in self.tree.root.constraints}
        return min(alone.values(), default=0) >= self.bounds["min_clue"], {"alone": alone}

    # Shortcuts

    @cached_property
    def exposed(self) -> dict[int, int]:
        """Pages that the question names -> the least depth at which it does: leaves, and titles within a category or value."""
        named = [(v.page, v.depth) for v in self.tree.vertices if v.role == "leaf"]
        for v, c in self.constraints:
            if c.kind in ("category", "fact"):
                named += [(page, v.depth + 1) for page in self._titles_in(c.value)]
        return {page: min(depth for p, depth in named if p == page) for page, _ in named}

    def _titles_in(self, words: str) -> Iterable[int]:
        parts = words.split()
        for start in range(len(parts)):
            for run in range(1, 7):
                page = self.stored.resolve(" ".join(parts[start : start + run]).strip(".,;:()'\""))
                if page is not None:
                    yield page

    def x2(self) -> Measured:
        """Breadth first from the answer; a hub is reached and not left."""
        answer = self.tree.root.page
        limit = max([1, *self.exposed.values()])  # no distance needs to be known beyond it
        distance, edge = {answer: 0}, [answer]
        for step in range(1, limit):
            further = []
            for page in edge:
                if page == answer or len(self.stored.near(page)) <= self.bounds["hub_degree"]:
                    further += [p for p in self.stored.near(page) if p not in distance]
                    distance.update((p, step) for p in self.stored.near(page) if p not in distance)
            edge = further
        found = {self.stored.titles[p]: distance.get(p, limit) for p in self.exposed}
        holds = all(distance.get(p, limit) >= depth for p, depth in self.exposed.items())
        return holds, {"distances": found, "at_least": limit}

    def x3(self) -> Measured:
        answer = self.tree.root.page
        telling = [p for p in self.stored.near(answer) if all(p == q or p in self.stored.near(q) for q in self.exposed)]
        cover = least_cover([self._read_on(v, c) for v, c in self.constraints])
        wanted = 1 + sum(v.role == "inner" for v in self.tree.vertices)
        return not telling and cover >= wanted, {"telling_pages": len(telling), "cover": cover, "wanted": wanted}

    def _read_on(self, vertex: Vertex, c: Constraint) -> Pages:
        """Pages on which the constraint can be read: that of its evidence, and each side's that names the other."""
        found = {c.evidence.page}
        if c.kind == "link":
            a, b = vertex.page, self.by_id[c.other].page
            found |= {page for page, other in ((a, b), (b, a)) if other in self.stored.names(page)}
        else:
            found.add(vertex.page)
        return frozenset(found)

    # Surface

    @cached_property
    def _asked(self) -> list[str]:
        return [w.casefold() for w in WORD.findall(self.question)]

    def l1(self) -> Measured:
        leaks = set()
        for v in self.tree.vertices:
            if v.role != "leaf":
                leaks |= {f"{v.id}: {name}" for name in self._names_shown(v)} | {f"{v.id}: {word}" for word in self._words_shown(v)}
        return not leaks, {"leaks": sorted(leaks)}

    def _names_shown(self, vertex: Vertex) -> Iterator[str]:
        asked = " ".join(["", *self._asked, ""])
        for alias, links, _ in self.stored.aliases(vertex.page):
            name = alias.casefold()
            words = WORD.findall(name)
            generic = len(alias) < 3 or (alias[0].islower() and links < 2) or name == vertex.noun.casefold()
            if words and not generic and " ".join(["", *words, ""]) in asked:
                yield name

    def _words_shown(self, vertex: Vertex) -> Iterator[str]:
        """Distinctive words of the title: no number, not the page's kind, rare among titles."""
        kind = {w.casefold() for w in vertex.noun.split()}
        for word in WORD.findall(re.sub(r"\s*\([^()]*\)$", "", vertex.title)):
            low = word.casefold()
            if len(low) < 3 or low in SMALL_WORDS or low in kind or low.isdigit():
                continue
            if self.stored.title_words[low] > max(10, 0.01 * self.stored.size):
                continue
            if any(alike(low, other) for other in self._asked):
                yield low


def alike(a: str, b: str) -> bool:
    """The same word, or one with up to three letters behind the other's five or more."""
    return a == b or (min(len(a), len(b)) >= 5 and abs(len(a) - len(b)) <= 3 and (a.startswith(b) or b.startswith(a)))


def least_cover(sets: list[Pages]) -> int:
    """The least number of pages that meet every set; 0 for no sets."""
    size = 0
    while not _coverable(sets, size):
        size += 1
    return size


def _coverable(sets: list[Pages], size: int) -> bool:
    if not sets or size == 0:
        return not sets
    return any(_coverable([s for s in sets if page not in s], size - 1) for page in sets[0])
