"""Is an answer in a model's words the right one? By normalised names; what is near them is for a judge to say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

NEAR = 0.8  # likeness from which on two names may be spellings of one
MIN_SHARED = 4  # letters of a word that makes two names near by being in both
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"the", "a", "an"})


def normalised(name: str) -> str:
    """Casefolded words without marks over letters, punctuation and a first article."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    words = _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def is_right(answer: str, names: Iterable[str]) -> bool:
    given = normalised(answer)
    return given != "" and any(given == normalised(name) for name in names)


def is_near(answer: str, names: Iterable[str]) -> bool:
    """Not right by its words, but perhaps so: it shares a word of a name, or is spelt much like one."""
    given = normalised(answer)
    known = [normalised(name) for name in names]
    if not given or given in known:
        return False
    words = {w for w in given.split() if len(w) >= MIN_SHARED}
    return any(not words.isdisjoint(name.split()) or SequenceMatcher(None, given, name).ratio() >= NEAR for name in known)
