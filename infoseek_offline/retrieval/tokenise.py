"""Text to search terms: one function for passages and queries, so that both sides agree by construction.

`terms(text, language)` gives lower-case terms in text order, with repeats:

- words (letters, marks and digits of any script), case-folded after Unicode NFKC;
- runs of scripts written without spaces (Han, kana, Hangul, Thai, Lao, Khmer, Burmese) as overlapping pairs of characters,
  a run of one character as that character;
- for English also: the possessive 's and the commonest function words left out, Latin accents folded, words stemmed.

An index knows a term by a 64-bit hash (`hashed`): a vocabulary is then a sorted array that is mapped, not a dictionary to load.

Changing what this module gives for any text makes old indexes wrong: raise `folder.FORMAT` with it.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_STOP_WORDS = """
    a about also an and any are as at be been but by can could did do does for from had has have he her him his how i if in
    into is it its me more most my no nor not of on one or our she should so some such than that the their them then there these
    they this those to was we were what when where which while who whom whose why will with would you your
"""
ENGLISH_STOP_WORDS = frozenset(_STOP_WORDS.split())

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Burmese
    "\u1100-\u11ff"  # Hangul jamo
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7af"  # Hangul
)
# Burmese and Thai punctuation, the middle dot of kana and the like stand in those blocks, but are no text.
_UNSPACED_PUNCTUATION = "\u0e3f\u0e4f\u0e5a\u0e5b\u104a-\u104f\u17d4-\u17da\u30a0\u30fb"
_JOINERS = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_local = threading.local()


def terms(text: str, language: str = "en") -> list[str]:
    """The terms of `text`, in order; empty where it has no letter and no digit."""
    folded = _JOINERS.sub("", unicodedata.normalize("NFKC", text).casefold())
    english = is_english(language)
    if english:
        folded = _POSSESSIVE.sub(" ", folded)
    found: list[str] = []
    for match in _pattern().finditer(folded):
        piece = match.group()
        if match.lastgroup == "run":
            found.extend(piece[i : i + 2] for i in range(len(piece) - 1)) if len(piece) > 1 else found.append(piece)
        elif not english:
            found.append(piece)
        elif piece not in ENGLISH_STOP_WORDS:
            found.append(_english(piece))
    return found


def pieces(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where words (True) and runs of scripts without spaces (False) stand in `text`."""
    for match in _pattern().finditer(text):
        yield match.start(), match.end(), match.lastgroup == "word"


class Tokens(NamedTuple):
    """The terms of some texts: `ids`, one after another, and how many each text has (`lengths`)."""

    ids: NDArray[np.uint64]
    lengths: NDArray[np.int64]

    def numbered(self) -> Numbered:
        vocabulary, ids = np.unique(self.ids, return_inverse=True)
        return Numbered(vocabulary, ids.astype(np.int32), self.lengths)


class Numbered(NamedTuple):
    """The terms of all passages: `ids` are places in the sorted `vocabulary`, one passage after another."""

    vocabulary: NDArray[np.uint64]
    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]

    def rows(self, start: int, stop: int, step: int = 1) -> Tokens:
        ends = np.concatenate(([0], np.cumsum(self.lengths)))
        if step == 1:
            return Tokens(self.vocabulary[self.ids[ends[start] : ends[stop]]], self.lengths[start:stop])
        kept = np.zeros(len(self.lengths), np.bool_)
        kept[start:stop:step] = True
        return Tokens(self.vocabulary[self.ids[np.repeat(kept, self.lengths)]], self.lengths[kept])


def hashed(texts: Iterable[str], language: str = "en") -> Tokens:
    ids: list[int] = []
    lengths: list[int] = []
    for text in texts:
        before = len(ids)
        ids.extend(map(term_hash, terms(text, language)))
        lengths.append(len(ids) - before)
    return Tokens(np.array(ids, np.uint64), np.array(lengths, np.int64))


@lru_cache(maxsize=1 << 17)
def term_hash(term: str) -> int:
    """With a million terms, two share a hash in one corpus of 37 million; they then count as one term."""
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def find(vocabulary: NDArray[np.uint64], ids: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each id its place in the sorted vocabulary, and whether it stands there."""
    if not len(vocabulary):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    places = np.minimum(np.searchsorted(vocabulary, ids), len(vocabulary) - 1)
    return places, vocabulary[places] == ids


def is_english(language: str) -> bool:
    """True for the codes of English wikis, "simple" among them."""
    return language.split("-")[0] in ("en", "simple")


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    # Python's \w has no combining marks, and would cut Indic words at every vowel sign.
    marks = "".join(re.escape(chr(code)) for code in range(0x300, 0x11FFF) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    run = f"(?:(?![{_UNSPACED_PUNCTUATION}])[{_UNSPACED}])+"
    return re.compile(f"(?P<run>{run})|(?P<word>[^\\W_{_UNSPACED}]+(?:[{marks}]+[^\\W_{_UNSPACED}]*)*)")


@lru_cache(maxsize=1 << 17)
def _english(word: str) -> str:
    if not word.isascii() and _is_latin(word):
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    stemmer: Any = getattr(_local, "stemmer", None)
    if stemmer is None:  # a PyStemmer object must not be used by two threads at once
        import Stemmer

        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(word))


def _is_latin(word: str) -> bool:
    return all(ord(c) < 0x370 or 0x1E00 <= ord(c) < 0x1F00 for c in word)
