"""Pages that words name, and words that name none."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from infoseek_offline.corpus.store import Corpus

COMMON_TITLES = 0.01  # a word in more than this share of titles (and in ten) is no name: "mount", "university"
WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4)
def common_words(corpus: Corpus) -> frozenset[str]:
    """Words of so many titles that they tell none apart, casefolded."""
    counts = Counter(word for title in corpus.titles for word in {w.casefold() for w in WORD.findall(title)})
    return frozenset(word for word, count in counts.items() if count > max(10, COMMON_TITLES * corpus.size))


def named_in(corpus: Corpus, words: str) -> set[int]:
    """Pages whose title or redirect stands in the words, by runs of up to six words."""
    parts = words.split()
    runs = {
        " ".join(parts[start:end]).strip(".,;:()'\"")
        for start in range(len(parts))
        for end in range(start + 1, min(len(parts), start + 6) + 1)
    }
    return set(corpus.resolve_all(runs).values())
