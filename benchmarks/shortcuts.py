"""What X2, X3 and the sets S(v) cost on a corpus of any size: `python benchmarks/shortcuts.py HOME [TREES]`.

Plants trees on random pages along real associations: a chain of described pages, each with named pages beside it, and at the root
a category and a range of its infobox where it has them. Nothing says that such a tree has an answer; what a check costs does not
depend on that. Prints milliseconds of processor time a tree (median, worst), and holds the distances of X2 against a plain
breadth-first search over the neighbours, for the first trees.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from infoseek_offline.checks.problem import Problem
from infoseek_offline.checks.shortcuts import check_x2, check_x3
from infoseek_offline.claims.blur import ladder
from infoseek_offline.config import Bounds, Shape
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, Evidence, ResearchTree
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.lookup import lookup
from infoseek_offline.trees.offers import offers_below
from infoseek_offline.trees.options import Options
from infoseek_offline.trees.solve import solve
from infoseek_offline.trees.tree import Draft, DraftVertex

SEARCHED = 40  # trees whose distances are searched for as well
NAMED = 2  # named pages beside each described one


class Planter:
    """Made-up trees with real pages."""

    def __init__(self, corpus: Corpus, extents: Extents, bounds: Bounds, random: Random) -> None:
        self.corpus, self.extents, self.bounds, self.random = corpus, extents, bounds, random
        self.articles = corpus.answerable().tolist()

    def plant(self, depth: int) -> ResearchTree:
        """A chain with its deepest named pages at `depth`."""
        while True:
            root = self.random.choice(self.articles)
            draft = Draft(root, self.corpus.titles[root], "page")
            vertex: DraftVertex | None = draft.root
            self._literals(draft, root)
            while vertex is not None and vertex.depth + 1 < depth:
                for _ in range(NAMED - 1):
                    self._below(draft, vertex, "leaf")
                vertex = self._below(draft, vertex, "inner")
            if vertex is not None and None not in [self._below(draft, vertex, "leaf") for _ in range(NAMED)]:
                return draft.freeze()

    def _below(self, draft: Draft, vertex: DraftVertex, role: Any) -> DraftVertex | None:
        near = [int(p) for p in self.extents.near(vertex.page) if p not in draft.pages]
        if role == "inner":
            near = [p for p in near if NAMED < self.corpus.degree(p) <= self.bounds.hub_degree]
        if not near:
            return None
        page = self.random.choice(near)
        constraint = Constraint(id="", kind="link", wording="{v} is connected with {o}", key="connected",
                                evidence=self._evidence(vertex.page))  # fmt: skip
        return draft.extend(vertex, constraint, page, self.corpus.titles[page], role, "page")

    def _literals(self, draft: Draft, root: int) -> None:
        evidence = self._evidence(root)
        for category in self.corpus.page(root).categories[:1]:
            draft.constrain(draft.root, Constraint(id="", kind="category", wording="{v}", value=category, evidence=evidence))
        for fact in self.corpus.facts(root):
            rungs = ladder(fact.value, fact.quantities[0]) if fact.quantities else []
            if rungs:
                low, high, unit = rungs[0].low, rungs[0].high, fact.quantities[0].unit
                draft.constrain(draft.root, Constraint(id="", kind="interval", wording="{v}", key=fact.key, low=low, high=high,
                                                       unit=unit, evidence=evidence))  # fmt: skip
                return

    def _evidence(self, page: int) -> Evidence:
        return Evidence(page=page, title=self.corpus.titles[page], section="", start=0, end=0, anchor="", sentence="",
                        document=f"{page}-0")  # fmt: skip


def searched(corpus: Corpus, answer: int, wanted: set[int], hub_degree: int, farthest: int) -> dict[int, int]:
    """Distances from the answer by a plain search, one page at a time; pages farther than that are left out."""
    found = {answer: 0}
    waiting = deque([answer])
    while waiting and not wanted <= found.keys():
        page = waiting.popleft()
        if found[page] == farthest or (page != answer and corpus.degree(page) > hub_degree):
            continue
        for other in corpus.neighbours(page).tolist():
            if other not in found:
                found[other] = found[page] + 1
                waiting.append(other)
    return {page: found[page] for page in wanted if page in found}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    result = call()
    return 1000 * (time.process_time() - begun), result


def say(what: str, milliseconds: list[float]) -> None:
    print(f"{what:<44} {statistics.median(milliseconds):9.3f} ms  {max(milliseconds):9.3f} ms at worst")


def measure(home: Path, count: int) -> None:
    bounds, shape = Bounds(), Shape()
    corpus = Corpus.open(home / "corpus")
    begun = time.perf_counter()
    lookup(corpus, home / "extents", workers=2)
    spent = time.perf_counter() - begun
    print(f"{corpus.size:,} pages, {len(corpus.near):,} neighbours; the tables of what is stated made, or found, in {spent:.2f} s")
    took, extents = timed(lambda: Extents(corpus, folder=home / "extents"))
    print(f"extents made ready in {took:.1f} ms; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB so far")
    options = Options(corpus, None, extents)  # type: ignore[arg-type]
    planter = Planter(corpus, extents, bounds, Random(1))
    compared: Counter[str] = Counter()
    for depth in range(2, shape.max_depth + 1):
        took_each: dict[str, list[float]] = {}
        for number in range(count):
            tree = planter.plant(depth)
            extents._cache()  # nothing of the tree is known yet
            problem = Problem(corpus, extents, tree, bounds)
            near_answer = partial(offers_below, problem.answer, options, bounds, shape)
            problem.exposed  # noqa: B018
            described = len(problem.described)
            for what, call in (
                ("X2", lambda: check_x2(problem)),  # noqa: B023
                ("X3", lambda: check_x3(problem)),  # noqa: B023
                ("S(v), a vertex, first time", lambda: solve(tree, extents)),  # noqa: B023
                ("S(v), a vertex, bitmaps kept", lambda: solve(tree, extents)),  # noqa: B023
                ("growing: all pages nearer than a named one", lambda: near_answer().within(depth - 1)),  # noqa: B023
            ):
                took, result = timed(call)
                took_each.setdefault(what, []).append(took / described if what.startswith("S") else took)
                if what == "X2" and number < SEARCHED:
                    farthest = max(0, max(problem.exposed.values()) - 1)
                    took, found = timed(
                        lambda: searched(corpus, problem.answer, set(problem.exposed), bounds.hub_degree, farthest)  # noqa: B023
                    )
                    took_each.setdefault("(a plain breadth-first search)", []).append(took)
                    expected = {corpus.titles[p]: found.get(p, result.measured["at_least"]) for p in problem.exposed}
                    compared["same" if expected == result.measured["distances"] else "other"] += len(expected)
        print(f"\n{count} trees with named pages down to depth {depth}:")
        for what, milliseconds in took_each.items():
            say(what, milliseconds)
    print(f"\ndistances of X2 that the plain search gives too: {compared['same']:,} of {compared.total():,}")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("trees", type=int, nargs="?", default=200)
    asked = parser.parse_args()
    measure(asked.home, asked.trees)
