"""Pages that words name."""

from __future__ import annotations

from infoseek_offline.corpus.store import Corpus


def named_in(corpus: Corpus, words: str) -> set[int]:
    """Pages whose title or redirect stands in the words, by runs of up to six words."""
    parts = words.split()
    runs = {
        " ".join(parts[start:end]).strip(".,;:()'\"")
        for start in range(len(parts))
        for end in range(start + 1, min(len(parts), start + 6) + 1)
    }
    return set(corpus.resolve_all(runs).values())
