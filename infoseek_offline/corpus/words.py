"""The words of a text as arrays: where they stand and their hashes, all characters at once.

A word is a run of letters and digits, also across an apostrophe before a letter; a character of a script that is written without
blanks is a word of its own. A word's hash is that of its casefolded letters, without a possessive "'s".
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PRIME = np.uint64(0x9E3779B97F4A7C15)
_KNOWN = 0x20000  # characters with a class of their own; those above are ideographs
_WORD, _LETTER, _ALONE, _LOWER = 1, 2, 4, 8
_MAX_LENGTH = 64  # characters of a word that have a factor of their own
_ALONE_RANGES = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x0E00, 0x0E7F))


class Words(NamedTuple):
    """Parallel arrays, a word a row."""

    hash: NDArray[np.uint64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]  # without "'s"
    capital: NDArray[np.bool_]  # whether it does not begin with a lower-case letter
    digits: NDArray[np.bool_]  # whether it has no letter
    line: NDArray[np.int64]


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A permutation of the 64-bit numbers that leaves no likeness (splitmix64)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint64]]:
    classes = np.zeros(_KNOWN + 1, np.uint8)
    folded = np.arange(_KNOWN + 1, dtype=np.uint64)
    for code in range(_KNOWN):
        char = chr(code)
        if char.isalnum():
            classes[code] = _WORD | (_LETTER if char.isalpha() else 0) | (_LOWER if char.islower() else 0)
            fold = char.casefold()
            if len(fold) == 1:
                folded[code] = ord(fold)
    for low, high in _ALONE_RANGES:
        classes[low : high + 1] |= np.where(classes[low : high + 1] & _WORD, _ALONE, 0).astype(np.uint8)
    classes[_KNOWN] = _WORD | _LETTER | _ALONE
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(_MAX_LENGTH, PRIME, np.uint64), dtype=np.uint64)
    return classes, mix(folded + np.uint64(1)), powers


def words_of(text: str) -> Words:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    classes, values, powers = _tables()
    known = np.minimum(codes, _KNOWN)
    kind = classes[known]
    inside = (kind & _WORD) > 0
    apostrophe = (codes == 39) | (codes == 0x2019)
    quotes = np.flatnonzero(apostrophe[1:-1]) + 1 if len(codes) > 2 else np.zeros(0, np.int64)
    quotes = quotes[inside[quotes - 1] & ((kind[quotes + 1] & (_LETTER | _ALONE)) == _LETTER) & ((kind[quotes - 1] & _ALONE) == 0)]
    inside[quotes] = True
    edge = inside.copy()  # where a word begins
    edge[1:] &= ~inside[:-1] | ((kind[1:] | kind[:-1]) & _ALONE > 0)
    start = np.flatnonzero(edge)
    if not len(start):
        none = np.zeros(0, np.int64)
        return Words(np.zeros(0, np.uint64), none, none, np.zeros(0, bool), np.zeros(0, bool), none)
    last = inside.copy()  # where one ends
    last[:-1] &= ~inside[1:] | edge[1:]
    end = np.flatnonzero(last) + 1
    owned = end - 2
    possessive = (end - start > 2) & apostrophe[owned] & ((codes[end - 1] | 32) == 115)
    end = end - 2 * possessive
    sizes = end - start
    # Each character's value by its place in the word, summed by word.
    place = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = place + np.repeat(start, sizes)
    with np.errstate(over="ignore"):
        shares = values[known[at]] * powers[np.minimum(place, _MAX_LENGTH - 1)]
        hashes = mix(np.add.reduceat(shares, np.cumsum(sizes) - sizes)) | np.uint64(1)
    letters = np.add.reduceat((kind[at] & _LETTER).astype(np.int64), np.cumsum(sizes) - sizes)
    breaks = np.flatnonzero(codes == 10)
    return Words(hashes, start, end, (kind[start] & _LOWER) == 0, letters == 0, np.searchsorted(breaks, start))
