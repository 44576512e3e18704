"""How fast items come: trees, checks and questions on a home folder, by stage, and what that makes for 50,000.

    python benchmarks/forge_data.py HOME [PAGES] [--profile standard]

The home is made from a forged wiki (`benchmarks/forge.py`, then `infoseek corpus build` and `infoseek index build`) or any other.
Takes PAGES answer pages in the order of a run, in one process, and counts processor time: once with all checks, and once without
R1 and R2, where a tree that holds but for them is an item. What a process loads once is not counted (docs/scale.md).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any

from infoseek_offline import pipeline
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.config import Config, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset import make
from infoseek_offline.dataset.spread import Mix, shape_of
from infoseek_offline.engine import rest_collector
from infoseek_offline.records import Verdict
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.trees.extents import Extents

ASKED = 50_000
NO_SEARCH = {"searches": {"A": 1}, "answer_shows": 0}


def measure(home: Path, pages: int, profile: str) -> None:
    config = load_config(profile)
    pipeline.claims(home)
    for searching in (True, False):
        corpus = Corpus.open(home / "corpus")
        searcher = Searcher.open(home / "search", corpus)
        searcher.rank_all_many(["what a first search loads"] * 8)
        extents = Extents(corpus, config.reading, home / pipeline.EXTENTS)
        maker = make.Maker(corpus, ClaimStore(home / "claims", corpus), searcher, config, extents=extents)
        rest_collector()  # as a worker does
        if not searching:
            leave_out_search()
        try_pages(maker, config, pipeline.answer_order(corpus, config.seed)[:pages], searching)
    print(f"{corpus.size:,} pages, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most")


def leave_out_search() -> None:
    """R1 and R2 are not asked, and what a solver would search for is not counted."""
    measured, unsearched = make.difficulty_of, Verdict(check="R2", passed=True, reason="", measured=NO_SEARCH)
    make.SEARCH.clear()
    make.search_ahead = lambda problem: None
    make.difficulty_of = lambda tree, verdicts, universe: measured(tree, [*verdicts, unsearched], universe)


def try_pages(maker: make.Maker, config: Config, roots: list[int], searching: bool) -> None:
    spent: Counter[str] = Counter()

    def timed(name: str, function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            begun = time.process_time()
            try:
                return function(*arguments)
            finally:
                spent[name] += time.process_time() - begun  # type: ignore[assignment]

        return call

    kept = make.grow, make.mend, make.search_ahead
    make.grow, make.mend, make.search_ahead = timed("growing", kept[0]), timed("repair", kept[1]), timed("search", kept[2])
    mix = Mix(config.shape.shares)
    items: Counter[str] = Counter()
    halves = []
    begun = time.process_time()
    for number, root in enumerate(roots, 1):
        made = maker.make(root, mix.weights())
        came = shape_of(made.question.tree) if made.question else ""
        mix.add(made.tried, came)
        items.update([came] if came else [])
        if number in (len(roots) // 2, len(roots)):
            halves.append((time.process_time() - begun, items.total()))
    make.grow, make.mend, make.search_ahead = kept
    total, count = halves[-1]
    each, first = (1000 * s / max(1, n) for s, n in (halves[-1], halves[0]))
    print(f"{'all checks' if searching else 'without R1 and R2'}: {count:,} items of {len(roots):,} answer pages "
          f"({dict(sorted(items.items()))}), {total:.1f} s of processor time, "
          + ", ".join(f"{name} {s:.1f}" for name, s in sorted(spent.items())))  # fmt: skip
    print(f"  {each:.0f} ms an item, {first:.0f} in the first half; {ASKED:,} on two cores: {ASKED * each / 120_000:.0f} minutes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("pages", type=int, nargs="?", default=400)
    parser.add_argument("--profile", default="standard")
    asked = parser.parse_args()
    measure(asked.home, asked.pages, asked.profile)
