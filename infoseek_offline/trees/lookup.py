"""What the corpus states, by name: which pages state a fact, a number, a type, a category; mapped arrays, made once a corpus.

Each table is a few arrays of one length, sorted by a hash (64 bits) of the name that is looked for, so that what is stated under a
name is one slice. A folder holds an array a file and `manifest.json`, which is written last; without a folder they stay in memory.

    fact      key                page, words (how many the value has)     word    key, word        fact (its row)
    number    key, unit; by low  page, low, high                          span    those of number whose high is above their low
    type      type               page                                     untyped pages with none
    beside    type               another on one page with it (hash)       boxed   infobox          type (hash)
    box       type               infobox (hash)                           rare    pages of types that too few pages have
    category  category           page                                     family  family           page
    noun      last word          page

One more array, `near.linked`, has a byte for each of the corpus's associations (trees/hyperlinks.py).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.engine import map_ordered
from infoseek_offline.files import read_json, replacing_folder, write_json
from infoseek_offline.trees.hyperlinks import hyperlinks

FORMAT = 2
CHUNK = 4096  # pages
MIN_TYPE_PAGES = 3  # a type that fewer pages have is too rare to contradict another
COLUMNS = {
    "fact": ("page", "words"), "word": ("fact",), "number": ("page", "low", "high"), "span": ("page", "low", "high"),
    "type": ("page",), "untyped": ("page",), "beside": ("type",), "box": ("box",), "boxed": ("type",), "rare": ("page",),
    "category": ("page",), "family": ("page",), "noun": ("page",),
}  # fmt: skip
TYPES = {"words": np.uint16, "low": np.float64, "high": np.float64, "type": np.uint64, "box": np.uint64}  # others: uint32
LINKED = "near.linked"
_WORD = re.compile(r"[^\W_]+")

Arrays = dict[str, NDArray[Any]]
_corpus: Corpus
Progress = Callable[[str, int], None]


class Lookup:
    """The tables of one corpus."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    @property
    def hyperlinks(self) -> NDArray[np.bool_]:
        """For each place of `corpus.near` whether it is a hyperlink, one way or the other."""
        return self._arrays[LINKED]

    def under(self, table: str, *name: str) -> tuple[NDArray[Any], ...]:
        """The columns of what stands under the name."""
        return self.under_hash(table, hashed(*name))

    def under_hash(self, table: str, name: int) -> tuple[NDArray[Any], ...]:
        keys = self._arrays[f"{table}.name"]
        low, high = np.searchsorted(keys, np.uint64(name), "left"), np.searchsorted(keys, np.uint64(name), "right")
        return tuple(self._arrays[f"{table}.{column}"][low:high] for column in COLUMNS[table])

    def every(self, table: str) -> tuple[NDArray[Any], ...]:
        return tuple(self._arrays[f"{table}.{column}"] for column in COLUMNS[table])


@lru_cache(maxsize=1 << 16)
def hashed(*name: str) -> int:
    text = "\x1f".join(name).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def words_of(value: str) -> frozenset[str]:
    return frozenset(w.casefold() for w in _WORD.findall(value))


def head_word(noun: str) -> str:
    return noun.casefold().rsplit(" ", 1)[-1]


def category_family(name: str) -> str:
    """Categories of one family can be compared: "Moons of Uranus" and "Moons of Saturn" are both "moons of"; digits are folded."""
    low = re.sub(r"\d+", "#", name.casefold())
    cut = re.search(r"\s(of|in|from|by|at|on|discovered by|named after)\s", low)
    return low[: cut.end()].strip() if cut else low


def lookup(corpus: Corpus, folder: Path | None = None, *, workers: int = 1, progress: Progress = lambda what, done: None) -> Lookup:
    """The tables, made where the folder does not hold those of this corpus."""
    if folder is None:
        return Lookup(_made(corpus, 1, progress))
    settings = {"format": FORMAT, "corpus": corpus.digest}
    try:
        if read_json(folder / "manifest.json") == settings:
            return Lookup(_mapped(folder))
    except (OSError, ValueError):  # none, or damaged: made again
        pass
    with replacing_folder(folder) as building:
        for name, values in _made(corpus, workers, progress).items():
            np.save(building / f"{name}.npy", values, allow_pickle=False)
        write_json(building / "manifest.json", settings)
    return Lookup(_mapped(folder))


def _names() -> Iterator[str]:
    for table, columns in COLUMNS.items():
        yield from (f"{table}.{column}" for column in (*(() if table in ("untyped", "rare") else ("name",)), *columns))


def _mapped(folder: Path) -> Arrays:
    # A plain view of the map: slicing a np.memmap costs ten times as much.
    names = (*_names(), LINKED)
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray) for name in names}


# Making


def _made(corpus: Corpus, workers: int, progress: Progress) -> Arrays:
    parts: dict[str, list[NDArray[Any]]] = defaultdict(list)
    facts = 0
    chunks = range(0, corpus.size, CHUNK)
    for first, part in zip(chunks, map_ordered(_read, chunks, workers=workers, setup=partial(_open, corpus)), strict=True):
        part["word.fact"] += facts  # rows count on from chunk to chunk
        facts += len(part["fact.page"])
        for name, values in part.items():
            parts[name].append(values)
        progress("index", min(first + CHUNK, corpus.size))
    arrays = {name: np.concatenate(parts.pop(name)) if name in parts else _array(name, []) for name in _names()}
    for table in ("beside", "box", "boxed"):
        pairs = np.unique(np.stack([arrays[f"{table}.{c}"] for c in ("name", *COLUMNS[table])], axis=1), axis=0)
        arrays[f"{table}.name"], arrays[f"{table}.{COLUMNS[table][0]}"] = pairs[:, 0].copy(), pairs[:, 1].copy()
    for table, columns in COLUMNS.items():
        if f"{table}.name" in arrays:
            by = [arrays[f"{table}.{c}"] for c in ("low",) if c in columns]
            order = np.lexsort((*by, arrays[f"{table}.name"]))  # stable: pages stay in their order
            if table == "fact":
                arrays["word.fact"] = np.argsort(order).astype(np.uint32)[arrays["word.fact"]]
            for column in ("name", *columns):
                arrays[f"{table}.{column}"] = arrays[f"{table}.{column}"][order]
    _, place, counts = np.unique(arrays["type.name"], return_inverse=True, return_counts=True)
    arrays["rare.page"] = np.unique(arrays["type.page"][counts[place] < MIN_TYPE_PAGES])
    arrays[LINKED] = hyperlinks(corpus)
    return arrays


def _array(name: str, values: list[Any]) -> NDArray[Any]:
    column = name.split(".")[1]
    return np.array(values, np.uint64 if column == "name" else TYPES.get(column, np.uint32))


def _open(corpus: Corpus) -> None:
    global _corpus
    _corpus = corpus


def _read(first: int) -> Arrays:
    """The rows of a chunk of pages; facts are counted from its own first one."""
    corpus = _corpus
    found: dict[str, list[Any]] = defaultdict(list)
    pairs: set[tuple[str, int, int]] = set()

    def add(table: str, name: int, *values: Any) -> None:
        found[f"{table}.name"].append(name)
        for column, value in zip(COLUMNS[table], values, strict=True):
            found[f"{table}.{column}"].append(value)

    last = min(first + CHUNK, corpus.size) - 1
    text_of_facts = "CASE facts WHEN '[]' THEN '' ELSE text END"
    query = f"SELECT id, facts, {text_of_facts}, types, infobox, categories FROM page WHERE id BETWEEN ? AND ? ORDER BY id"
    for page, facts, text, types, infobox, categories in corpus.rows(query, first, last):
        for key, start, end, quantities, _ in json.loads(facts):
            words = words_of(text[start:end])
            for word in words or ("",):
                add("word", hashed(key, word), len(found["fact.page"]))
            add("fact", hashed(key), page, min(len(words), 65535))
            for low, high, unit in quantities:
                add("number", hashed(key, unit), page, low, high)
                if high > low:
                    add("span", hashed(key, unit), page, low, high)
        heads = {hashed(phrase.rsplit(" ", 1)[-1]) for phrase in json.loads(types)}
        if not heads:
            found["untyped.page"].append(page)
        for head in heads:
            add("type", head, page)
            pairs.update(("beside", head, other) for other in heads)
            if infobox:
                box = hashed(infobox.casefold())
                pairs.update((("box", head, box), ("boxed", box, head)))
        names = json.loads(categories)
        for name in dict.fromkeys(names):
            add("category", hashed(name), page)
        for family in dict.fromkeys(map(category_family, names)):
            add("family", hashed(family), page)
        add("noun", hashed(head_word(corpus.nouns[page])), page)
    for pair in pairs:
        add(*pair)
    return {name: _array(name, found[name]) for name in _names() if name != "rare.page"}
