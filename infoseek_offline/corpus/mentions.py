"""Mentions: titles and aliases that stand in a page's text without a link.

An alias is a title, a title without its "(…)", a redirect or an anchor text. All word n-grams of a text are hashed at once and
looked up in sorted arrays of alias hashes, a lookup for each length. Association is an over-estimate on purpose (hcsp.md), so
overlapping and nested mentions all count, and an ambiguous alias mentions each of its pages. What is left out are common
words: a single word counts only with a capital letter or where its lower-case form is linked often enough.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.graph import ranges

MAX_WORDS = 10
LOWER_CASE_SHARE = 0.10  # of a lower-case word's occurrences must be links, for the others to be mentions
COMMON_SHARE = 0.005  # a capitalised word linked less often than this is a common word …
COMMON_COUNT = 50  # … if it stands in the corpus at least so often

# A character of a script that is written without blanks is a word of its own.
_TOKEN = re.compile(r"[぀-ヿ㐀-鿿豈-﫿฀-๿]|[^\W_]+(?:['’][^\W\d_]+)?")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


class Match(NamedTuple):
    """All alias matches of one text: parallel arrays."""

    alias: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]


@lru_cache(maxsize=1 << 18)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") | 1


def _stem(token: str) -> str:
    low = token.casefold()
    return low[:-2] if low.endswith(("'s", "’s")) else low  # "Kepler's" mentions Kepler


def _tokens(text: str) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    hashes, starts, ends, capital = [], [], [], []
    for match in _TOKEN.finditer(text):
        token = match.group()
        hashes.append(_word_hash(_stem(token)))
        starts.append(match.start())
        ends.append(match.end() - (2 if token.endswith(("'s", "’s")) else 0))
        capital.append(not token[0].islower())
    return (np.array(hashes, np.uint64), np.array(starts, np.int32), np.array(ends, np.int32), np.array(capital, bool))


def alias_key(alias: str) -> tuple[str, ...]:
    """The words by which an alias is found."""
    return tuple(_stem(t) for t in _TOKEN.findall(alias))


class AliasTable:
    """Aliases, their pages, and the sorted hashes by which they are found.

    `pages_of[i]` are the pages of alias i. A single word counts in lower case only where `lower[i]`, one of its
    forms being written so.
    """

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        aliases: dict[tuple[str, ...], set[int]] = {}
        written_low: set[tuple[str, ...]] = set()
        for form, page in names:
            key = alias_key(form)
            aliases.setdefault(key, set()).add(page)
            if form[:1].islower():
                written_low.add(key)
        kept = sorted(k for k in aliases if 0 < len(k) <= MAX_WORDS and not all(w.isdigit() for w in k) and len("".join(k)) > 1)
        self.keys: list[tuple[str, ...]] = kept
        self.pages_of: list[tuple[int, ...]] = [tuple(sorted(aliases[k])) for k in kept]
        self.single = np.array([len(k) == 1 for k in kept], bool)
        self.lower = ~self.single | np.array([k in written_low for k in kept], bool)
        self._by_length: dict[int, tuple[NDArray[np.uint64], NDArray[np.int32]]] = {}
        for length in sorted({len(k) for k in kept}):
            index = np.array([i for i, k in enumerate(kept) if len(k) == length], np.int32)
            hashes = np.array([_key_hash(kept[i]) for i in index], np.uint64)
            order = np.argsort(hashes, kind="stable")
            self._by_length[length] = (hashes[order], index[order])

    def find(self, text: str) -> Match:
        """All matches in `text`, by start then alias. A match never crosses a line."""
        hashes, starts, ends, capital = _tokens(text)
        aliases: list[NDArray[np.int32]] = []
        positions: list[NDArray[np.int64]] = []
        lasts: list[NDArray[np.int64]] = []
        rolling = np.zeros(0, np.uint64)
        with np.errstate(over="ignore"):
            for length in range(1, min(MAX_WORDS, len(hashes)) + 1):
                rolling = hashes.copy() if length == 1 else rolling[:-1] * _PRIME + hashes[length - 1 :]
                if length not in self._by_length:
                    continue
                table, index = self._by_length[length]
                at = np.searchsorted(table, rolling)
                at[at == len(table)] = 0
                found = np.flatnonzero(table[at] == rolling)
                if len(found):
                    alias = index[at[found]]
                    good = self.lower[alias] | capital[found]
                    aliases.append(alias[good])
                    positions.append(found[good])
                    lasts.append(found[good] + length - 1)
        if not aliases:
            empty = np.zeros(0, np.int32)
            return Match(empty, empty, empty)
        alias_all, first, last = np.concatenate(aliases), np.concatenate(positions), np.concatenate(lasts)
        start, end = starts[first], ends[last]
        if "\n" in text:
            breaks = np.array([m.start() for m in re.finditer("\n", text)], np.int32)
            good = np.searchsorted(breaks, start) == np.searchsorted(breaks, end)
            alias_all, start, end = alias_all[good], start[good], end[good]
        order = np.lexsort((alias_all, start))
        return Match(alias_all[order], start[order], end[order])


def _key_hash(key: tuple[str, ...]) -> int:
    value = 0
    for word in key:
        value = (value * int(_PRIME) + _word_hash(word)) & 0xFFFFFFFFFFFFFFFF
    return value


class Found(NamedTuple):
    """Alias matches of many pages: parallel arrays. In hidden text start and end are -1; `low` marks lower-case matches."""

    page: NDArray[np.int32]
    alias: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    low: NDArray[np.bool_]


def find_all(table: AliasTable, texts: Iterable[tuple[int, str, str]]) -> Found:
    """Matches in (page, text, hidden text)."""
    none = np.zeros(0, np.int32)
    parts = [Found(none, none, none, none, np.zeros(0, bool))]
    for page, text, hidden in texts:
        for visible, body in ((True, text), (False, hidden)):
            if body:
                match = table.find(body)
                size = len(match.alias)
                nowhere = np.full(size, -1, np.int32)
                low = np.array([body[i].islower() for i in match.start], bool)
                start, end = (match.start, match.end) if visible else (nowhere, nowhere)
                parts.append(Found(np.full(size, page, np.int32), match.alias, start, end, low))
    return Found(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def place(page: NDArray[np.int32], start: NDArray[np.int32]) -> NDArray[np.int64]:
    """One number for a place in the corpus."""
    return (page.astype(np.int64) << 32) | (start.astype(np.int64) & 0xFFFFFFFF)


def unlinked_mentions(table: AliasTable, found: Found, anchors: NDArray[np.int64]) -> NDArray[np.int32]:
    """Rows (page, mentioned page, start, end), sorted and unique, without what stands at the start of a link (`anchors` are the
    places of all links) and without common words."""
    linked = np.isin(place(found.page, found.start), anchors) & (found.start >= 0)
    keep = np.zeros(len(found.alias), bool)
    for low in (False, True):
        part = found.low == low
        links = np.bincount(found.alias[part & linked], minlength=len(table.keys))
        others = np.bincount(found.alias[part & ~linked], minlength=len(table.keys))
        share = links / np.maximum(links + others, 1)
        if low:
            names = ~table.single | (share >= LOWER_CASE_SHARE)
        else:
            names = ~(table.single & (others >= COMMON_COUNT) & (share < COMMON_SHARE))
        keep |= part & names[found.alias]
    # A nested or ambiguous name at a link's start still mentions its other pages: only the very pages of the link are left out,
    # and association knows those anyway.
    keep &= ~linked | ~table.single[found.alias]
    page, alias, start, end = (column[keep] for column in (found.page, found.alias, found.start, found.end))
    sizes = np.array([len(pages) for pages in table.pages_of], np.int64)
    flat = np.array([page for pages in table.pages_of for page in pages], np.int64)
    first = np.cumsum(sizes) - sizes
    times = sizes[alias]
    mentioned = flat[np.repeat(first[alias], times) + ranges(times)] if len(alias) else np.zeros(0, np.int64)
    rows = np.stack([np.repeat(page, times), mentioned, np.repeat(start, times), np.repeat(end, times)], 1)
    rows = np.unique(rows[rows[:, 0] != rows[:, 1]], axis=0)
    return rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))].astype(np.int32)
