"""The words of a query in the text of a hit: marked where they count as the same term (stemmed, folded) in the sparse index."""

from __future__ import annotations

from collections.abc import Iterator

from infoseek_offline.retrieval.tokenise import pieces, terms


def marked(text: str, query: str, language: str, before: str, after: str) -> str:
    """`text` with `before` and `after` around each run of the query's terms."""
    out, done = [], 0
    for start, end in _spans(text, set(terms(query, language)), language):
        out += [text[done:start], before, text[start:end], after]
        done = end
    return "".join([*out, text[done:]])


def _spans(text: str, wanted: set[str], language: str) -> Iterator[tuple[int, int]]:
    for start, end, is_word in pieces(text):
        if is_word:
            if wanted.intersection(terms(text[start:end], language)):
                yield start, end
            continue
        low = high = start  # pairs of characters that overlap are one mark
        for place in range(start, max(end - 1, start + 1)):
            if wanted.intersection(terms(text[place : min(place + 2, end)], language)):
                if place > high:
                    if high > low:
                        yield low, high
                    low = place
                high = min(place + 2, end)
        if high > low:
            yield low, high
