"""How fast items come: trees, checks and questions on a home folder, by stage, and what that makes for 50,000.

    python benchmarks/forge_data.py HOME [PAGES] [--profile standard]

The home is made from a forged wiki (`benchmarks/forge.py`, then `infoseek corpus build` and `infoseek index build`) or any other.
Takes PAGES answer pages in the order of a run, in one process, and counts processor time; R1 and R2 apart from the rest.
What a process loads once is not counted. 5,000 forged articles and 150 pages gave 110 ms an item, 76 without R1 and R2
(docs/scale.md).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any

from infoseek_offline import pipeline
from infoseek_offline.checks.all import SEARCH
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.config import load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset import make
from infoseek_offline.dataset.spread import Mix, shape_of
from infoseek_offline.engine import rest_collector
from infoseek_offline.retrieval.searcher import Searcher

ASKED = 50_000


def measure(home: Path, pages: int, profile: str) -> None:
    config = load_config(profile)
    corpus = Corpus.open(home / "corpus")
    pipeline.claims(home)
    maker = make.Maker(corpus, ClaimStore(home / "claims", corpus), Searcher.open(home / "search", corpus), config)
    rest_collector()  # as a worker does
    maker.searcher.rank_all_many(["what a first search loads"] * 8)
    spent: Counter[str] = Counter()

    def timed(name: str, function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            begun = time.process_time()
            try:
                return function(*arguments)
            finally:
                spent[name] += time.process_time() - begun  # type: ignore[assignment]

        return call

    make.grow = timed("growing", make.grow)
    make.search_ahead = timed("search", make.search_ahead)
    make.mend = timed("repair", make.mend)
    for name, check in SEARCH.items():
        SEARCH[name] = timed(name, check)
    mix = Mix(config.shape.shares)
    items: Counter[str] = Counter()
    halves = []
    begun = time.process_time()
    roots = pipeline.answer_order(corpus, config.seed)[:pages]
    for number, root in enumerate(roots, 1):
        made = maker.make(root, mix.weights())
        came = shape_of(made.question.tree) if made.question else ""
        mix.add(made.tried, came)
        items.update([came] if came else [])
        if number in (len(roots) // 2, len(roots)):
            halves.append((time.process_time() - begun, items.total()))
    total, count = halves[-1]
    search = sum(spent[name] for name in ("search", *SEARCH))
    print(f"{corpus.size:,} pages, {len(roots):,} answer pages tried, {count:,} items ({dict(sorted(items.items()))})")
    print(f"{total:.1f} s of processor time: " + ", ".join(f"{name} {s:.1f}" for name, s in sorted(spent.items())))
    each, alone = total / max(1, count), (total - search) / max(1, count)
    print(f"{1000 * each:.0f} ms an item, {1000 * alone:.0f} without R1 and R2; the first half of the pages: "
          f"{1000 * halves[0][0] / max(1, halves[0][1]):.0f} ms an item")  # fmt: skip
    print(f"{ASKED:,} items on two cores: {ASKED * alone / 120:.0f} minutes, {ASKED * each / 120:.0f} with R1 and R2")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("pages", type=int, nargs="?", default=400)
    parser.add_argument("--profile", default="standard")
    asked = parser.parse_args()
    measure(asked.home, asked.pages, asked.profile)
