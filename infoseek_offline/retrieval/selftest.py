"""A known-item test that no one can tune to: seeded queries made from a corpus itself, each with the one page that it is about.

Half are the sentences around link anchors, the anchor itself taken out: the target is the linked page. Half are first sentences of
pages, their title taken out: the target is that page. A query is found where a passage of its target is among the first ten hits;
the page that a link stands on is hidden, as its sentence is the query itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.retrieval.searcher import MODES, Searcher

QUERIES = 500
TOP = 10
SEED = 17
TRIES = 8  # links or pages that are looked at for one item; not all make a query
LEAST_WORDS = 4  # of a query: less names nothing


class Item(NamedTuple):
    kind: str  # "anchor" or "first sentence"
    query: str
    page: int
    hidden: int  # a page that must not be found, -1 for none


def make_items(corpus: Corpus, wanted: int = QUERIES) -> list[Item]:
    """At most `wanted` items, half of each kind; fewer in a corpus that has no more. The same for the same corpus."""
    draw = np.random.default_rng(SEED)
    half = wanted // 2
    answerable = set(corpus.answerable().tolist())
    rows = dict.fromkeys(draw.integers(0, max(1, len(corpus.link)), min(TRIES * half, len(corpus.link))).tolist())
    anchors = [item for row in rows if (item := _anchor(corpus, row)) and item.page in answerable]
    pages = draw.permutation(corpus.answerable()).tolist()[: TRIES * half]
    first = [item for page in pages if (item := _first_sentence(corpus, page))]
    return anchors[:half] + first[: wanted - half]


def known_items(corpus: Corpus, folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Recall@10 by mode and kind of query, for the manifest of the index in `folder`."""
    searcher = Searcher(folder, manifest, corpus)
    items = make_items(corpus)
    found: dict[str, Any] = {}
    for kind in ("anchor", "first sentence"):
        chosen = [item for item in items if item.kind == kind]
        hits = dict.fromkeys(MODES, 0)
        for item in chosen:
            for mode, places in searcher.rank_all(item.query, TOP, [item.hidden]).items():
                hits[mode] += any(page == item.page for _, page in places)
        recall = {mode: round(n / len(chosen), 4) if chosen else None for mode, n in hits.items()}
        found[kind] = {"queries": len(chosen), f"recall@{TOP}": recall}
    return found


def _anchor(corpus: Corpus, row: int) -> Item | None:
    target, start, end = (int(v) for v in corpus.link[row])
    source = int(np.searchsorted(corpus.link_ptr, row, side="right")) - 1
    page = corpus.page(source)
    if start < 0 or end > page.prose_end or target == source:
        return None
    low, high = corpus.sentence_at(source, start, end)
    return _item("anchor", page.text[low:start] + " " + page.text[end:high], target, source)


def _first_sentence(corpus: Corpus, page: int) -> Item | None:
    spans = corpus.sentence_spans(page)
    record = corpus.page(page)
    if not spans or spans[0][1] > record.prose_end:
        return None
    name = record.title.partition(" (")[0]
    text = re.sub(re.escape(name), " ", record.text[spans[0][0] : spans[0][1]], flags=re.IGNORECASE)
    return _item("first sentence", text, page, -1)


def _item(kind: str, text: str, page: int, hidden: int) -> Item | None:
    query = " ".join(text.split())
    # Scripts without spaces count by their characters.
    enough = len(query.split()) >= LEAST_WORDS or (not query.isascii() and len(query) >= 4 * LEAST_WORDS)
    return Item(kind, query, page, hidden) if enough else None
