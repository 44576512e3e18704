"""Pages that words name."""

from __future__ import annotations

from infoseek_offline.corpus.store import Corpus


def named_in(corpus: Corpus, words: str) -> set[int]:
    """Pages whose title or redirect stands in the words, by runs of up to six words."""
    parts = words.split()
    found: set[int] = set()
    for start in range(len(parts)):
        for end in range(start + 1, min(len(parts), start + 6) + 1):
            page = corpus.resolve(" ".join(parts[start:end]).strip(".,;:()'\""))
            if page is not None:
                found.add(page)
    return found
