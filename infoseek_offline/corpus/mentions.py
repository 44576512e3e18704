"""Mentions: titles and aliases that stand in a page's text without a link.

An alias is a title, a title without its "(…)", a redirect or an anchor text. All word n-grams of a text are hashed at once and
looked up in sorted arrays of alias hashes, a lookup for each length. Association is an over-estimate on purpose (hcsp.md), so
overlapping and nested mentions all count, and an ambiguous alias mentions each of its pages. What is left out are common
words: a single word counts only with a capital letter or where its lower-case form is linked often enough.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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

    `pages_of[i]` are the pages of alias i; `lower[i]` says that a lower-case occurrence counts too.
    """

    def __init__(self, aliases: Mapping[tuple[str, ...], Iterable[int]], lower: Iterable[tuple[str, ...]] = ()) -> None:
        kept = sorted(k for k in aliases if 0 < len(k) <= MAX_WORDS and not all(w.isdigit() for w in k) and len("".join(k)) > 1)
        self.keys: list[tuple[str, ...]] = kept
        self.pages_of: list[tuple[int, ...]] = [tuple(sorted(set(aliases[k]))) for k in kept]
        wanted = set(lower)
        self.lower = np.array([len(k) > 1 or k in wanted for k in kept], bool)
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


def without_common_words(table: AliasTable, linked: NDArray[np.int64], unlinked: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which aliases to keep, from how often each stands in the corpus as a link and without one."""
    share = linked / np.maximum(linked + unlinked, 1)
    single = np.array([len(k) == 1 for k in table.keys], bool)
    common = single & (unlinked >= COMMON_COUNT) & (share < COMMON_SHARE)
    return ~common
