"""Mentions: titles and aliases that stand in a page's text without a link.

An alias is a title, a title without its "(…)", a redirect or an anchor text. All word n-grams of a text are hashed at once and
looked up in sorted arrays of alias hashes, a lookup for each length; a bit array in front turns nearly all of them away.
Association is an over-estimate on purpose (hcsp.md), so overlapping and nested mentions all count, and an ambiguous alias
mentions each of its pages. What is left out are common words: a single word counts only with a capital letter or where its
lower-case form is linked often enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.graph import ranges
from infoseek_offline.corpus.words import PRIME, Words, words_of

MAX_WORDS = 10
LOWER_CASE_SHARE = 0.10  # of a lower-case word's occurrences must be links, for the others to be mentions
COMMON_SHARE = 0.005  # a capitalised word linked less often than this is a common word …
COMMON_COUNT = 50  # … if it stands in the corpus at least so often
TEXT_SIZE = 1 << 19  # characters that are searched at once

KEY = np.dtype([("key", "<u8"), ("page", "<i4"), ("words", "u1"), ("low", "?")])
FOUND = np.dtype([("alias", "<i4"), ("page", "<i4"), ("start", "<i4"), ("end", "<i4"), ("low", "?"), ("linked", "?")])


class Match(NamedTuple):
    """All alias matches of one text: parallel arrays."""

    alias: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    low: NDArray[np.bool_]  # whether it begins with a lower-case letter


def alias_keys(forms: Sequence[str], pages: NDArray[np.int32]) -> NDArray[Any]:
    """(forms,) of dtype KEY: by what hash each form is found in a text. `words` is 0 where it can't be: no word or too many,
    numbers alone, a single character."""
    rows = np.zeros(len(forms), KEY)
    rows["page"] = pages
    rows["low"] = [form[:1].islower() for form in forms]
    words = words_of("\n".join(forms))
    if not len(words.hash):
        return rows
    first = np.flatnonzero(np.diff(words.line, prepend=-1))
    sizes = np.diff(first, append=len(words.line))
    line = words.line[first]
    letters = np.add.reduceat((~words.digits).astype(np.int64), first)
    characters = np.add.reduceat(words.end - words.start, first)
    usable = (sizes <= MAX_WORDS) & (letters > 0) & (characters > 1)
    rows["words"][line] = np.where(usable, sizes, 0)
    left = np.repeat(sizes, sizes) - 1 - ranges(sizes)
    with np.errstate(over="ignore"):
        powers = np.concatenate([np.ones(1, np.uint64), np.cumprod(np.full(MAX_WORDS, PRIME, np.uint64))])
        rows["key"][line] = np.add.reduceat(words.hash * powers[np.minimum(left, MAX_WORDS)], first)
    return rows


class AliasTable:
    """The sorted hashes by which aliases are found, and their pages; mapped files, so shared by the workers.

    Aliases of one word come first, then those of two, and so on. The pages of alias i are
    `pages[first[i]:first[i + 1]]`. A single word counts in lower case only where `lower[i]`, one of its forms being written so.
    """

    def __init__(self, folder: Path) -> None:
        names = ("keys", "first", "pages", "lower", "bits", "lengths")
        arrays = (np.load(folder / f"alias_{n}.npy", mmap_mode="r").view(np.ndarray) for n in names)
        self.keys, self.first, self.pages, self.lower, self.bits, self.lengths = arrays
        self.singles = int(self.lengths[1])
        self.shift = np.uint64(64 - (len(self.bits) * 8).bit_length() + 1)

    @staticmethod
    def write(folder: Path, rows: Iterable[NDArray[Any]]) -> None:
        """The table of KEY rows, which come in pieces."""
        kept = [part[part["words"] > 0] for part in rows]
        keys, sizes, pages, lower, lengths = [], [np.zeros(1, np.int64)], [], [], [0]
        for length in range(1, MAX_WORDS + 1):
            some = np.concatenate([np.zeros(0, KEY)] + [part[part["words"] == length] for part in kept])
            some = some[np.lexsort((some["page"], some["key"]))]
            new = np.ones(len(some), bool)
            new[1:] = some["key"][1:] != some["key"][:-1]
            begins = np.flatnonzero(new)
            keys.append(some["key"][begins])
            lower.append(np.logical_or.reduceat(some["low"], begins) | (length > 1) if len(some) else np.zeros(0, bool))
            new[1:] |= some["page"][1:] != some["page"][:-1]  # a page once for each alias
            sizes.append(np.add.reduceat(new.astype(np.int64), begins) if len(some) else np.zeros(0, np.int64))
            pages.append(some["page"][new])
            lengths.append(lengths[-1] + len(begins))
        every = np.concatenate(keys)
        size = max(10, (16 * len(every)).bit_length())
        bits = np.zeros(1 << size, bool)
        bits[every >> np.uint64(64 - size)] = True
        arrays = {
            "keys": every,
            "first": np.cumsum(np.concatenate(sizes)),
            "pages": np.concatenate(pages),
            "lower": np.concatenate(lower),
            "bits": np.packbits(bits),
            "lengths": np.array(lengths, np.int64),
        }
        for name, array in arrays.items():
            np.save(folder / f"alias_{name}.npy", array)

    def find(self, text: str) -> Match:
        """All matches in `text`, the shorter first. A match never crosses a line."""
        words = words_of(text)
        parts: list[tuple[NDArray[Any], NDArray[Any], int]] = []
        rolling = words.hash
        for length in range(1, min(MAX_WORDS, len(words.hash)) + 1):
            if length > 1:
                with np.errstate(over="ignore"):
                    rolling = rolling[:-1] * PRIME + words.hash[length - 1 :]
            low, high = int(self.lengths[length - 1]), int(self.lengths[length])
            if low == high:
                continue
            slot = rolling >> self.shift
            likely = np.flatnonzero((self.bits[slot >> np.uint64(3)] >> (7 - (slot & np.uint64(7)).astype(np.uint8))) & 1)
            likely = likely[words.line[likely] == words.line[likely + length - 1]]
            table = self.keys[low:high]
            at = np.searchsorted(table, rolling[likely])
            at[at == len(table)] = 0
            good = table[at] == rolling[likely]
            alias, begins = low + at[good], likely[good]
            good = self.lower[alias] | words.capital[begins]
            parts.append((alias[good], begins[good], length))
        return _match(words, parts)


def _match(words: Words, parts: list[tuple[NDArray[Any], NDArray[Any], int]]) -> Match:
    none = np.zeros(0, np.int64)
    alias = np.concatenate([none, *(a for a, _, _ in parts)]).astype(np.int32)
    begins = np.concatenate([none, *(b for _, b, _ in parts)])
    lasts = np.concatenate([none, *(b + length - 1 for _, b, length in parts)])
    return Match(alias, words.start[begins], words.end[lasts], ~words.capital[begins])


def find_all(table: AliasTable, texts: Iterable[tuple[int, str, str]]) -> NDArray[Any]:
    """Matches in (page, text, hidden text), of dtype FOUND; in hidden text start and end are -1."""
    parts = [np.zeros(0, FOUND)]
    held: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
    sizes = [0, 0]
    for page, text, hidden in texts:
        for which, body in enumerate((text, hidden)):
            if body:
                held[which].append((page, body))
                sizes[which] += len(body)
                if sizes[which] >= TEXT_SIZE:
                    parts.append(_find_some(table, held[which], which == 0))
                    held[which].clear()
                    sizes[which] = 0
    return np.concatenate([*parts, _find_some(table, held[0], True), _find_some(table, held[1], False)])


def _find_some(table: AliasTable, texts: list[tuple[int, str]], visible: bool) -> NDArray[Any]:
    match = table.find("\n".join(body for _, body in texts))
    begins = np.cumsum([0] + [len(body) + 1 for _, body in texts])
    which = np.searchsorted(begins, match.start, side="right") - 1
    found = np.zeros(len(match.alias), FOUND)
    found["alias"], found["low"] = match.alias, match.low
    found["page"] = np.array([page for page, _ in texts], np.int32)[which] if texts else 0
    found["start"] = match.start - begins[which] if visible else -1
    found["end"] = match.end - begins[which] if visible else -1
    return found


def place(page: NDArray[np.int32], start: NDArray[np.int32]) -> NDArray[np.int64]:
    """One number for a place in the corpus."""
    return (page.astype(np.int64) << 32) | (start.astype(np.int64) & 0xFFFFFFFF)


def count(table: AliasTable, found: NDArray[Any]) -> NDArray[np.int64]:
    """(4, aliases of one word): how often each stands there with a capital and without a link, so but linked, in
    lower case, so but linked."""
    single = found[found["alias"] < table.singles]
    cell = single["low"] * 2 + single["linked"]
    return np.bincount(cell * np.int64(table.singles) + single["alias"], minlength=4 * table.singles).reshape(4, table.singles)


def names(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(2, aliases of one word): whether a word is a name, with a capital and in lower case, by the counts of the whole corpus."""
    capital, capital_linked, low, low_linked = counts
    share = capital_linked / np.maximum(capital + capital_linked, 1)
    low_share = low_linked / np.maximum(low + low_linked, 1)
    return np.stack([~((capital >= COMMON_COUNT) & (share < COMMON_SHARE)), low_share >= LOWER_CASE_SHARE])


def unlinked_mentions(table: AliasTable, found: NDArray[Any], is_name: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Rows (page, mentioned page, start, end), sorted and unique, without single words that are a link's start or no name."""
    single = found["alias"] < table.singles
    keep = ~single
    # A nested or ambiguous name at a link's start still mentions its other pages: only the very pages of the link are left out,
    # and association knows those anyway.
    keep[single] = is_name[found["low"][single].astype(np.int64), found["alias"][single]] & ~found["linked"][single]
    found = found[keep]
    alias = found["alias"]
    times = (table.first[alias + 1] - table.first[alias]).astype(np.int64)
    mentioned = table.pages[np.repeat(table.first[alias], times) + ranges(times)] if len(alias) else np.zeros(0, np.int32)
    rows = np.stack(
        [np.repeat(found["page"], times), mentioned, np.repeat(found["start"], times), np.repeat(found["end"], times)], 1
    )
    rows = rows[rows[:, 0] != rows[:, 1]]
    rows = rows[np.lexsort((rows[:, 3], rows[:, 1], rows[:, 2], rows[:, 0]))]
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return rows[new].astype(np.int32)
