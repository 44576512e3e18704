"""How a run's trees are spread: shapes, sizes, and how often a page or a relation occurs. No described page may dominate.

`admits` is asked in the order of the items, so that the same items are left out whatever the number of workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from infoseek_offline.dataset.difficulty import level_of
from infoseek_offline.records import Difficulty, ResearchTree

MAX_SHARE = 0.05  # of the items asked for may have the same page as an inner vertex
LEAST = 5  # but so many always
MAX_TOLD, LEAST_TOLD = 0.3, 20  # the same for one relation
BARE_KEY = "connected"  # of a link of which no relation was read: where nothing else can be read, every item has some
SHOWN = 10
DEAREST = 6
DEAREST_JOIN, MOST_JOINS = 60, 0.95  # the same of joins; and never all tries, where not all items are to have one
SOON = 40  # items
JOINS = "joins"
PRIOR = {"chain": 6, "bush": 2, "balanced": 1}  # of 20 tries, before anything is known


class Mix:
    """Which shapes to try for, so that they come in the proportions that were asked for, though some are harder to grow.

    What is missing of each shape among the items so far, and some more, is weighed against how often it has come of a try; one that
    hardly ever comes is tried at most `DEAREST` times as often as another for the same share, and each keeps a tenth of its share
    of tries. How many items were asked for plays no part: the first of many are the same as the few.
    """

    def __init__(self, shares: dict[str, float], joins: float = 0.0) -> None:
        """`joins` is the share of items in which two branches are to meet; they are counted apart, whatever shape comes of them."""
        self.shares, self.joins, self.joined = shares, joins, 0
        self.tried: Counter[str] = Counter()
        self.apart: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self.settled = [self.weights()]  # after no chunk of answer pages, one, two …

    def settle(self) -> None:
        self.settled.append(self.weights())

    def add(self, tried: dict[str, int], came: str, joined: bool = False) -> None:
        """What came of one answer page ("" for nothing), after how many tries for each shape."""
        self.tried.update(tried)
        self.came[came] += 1
        self.joined += joined
        self.apart[came] += joined

    def report(self) -> dict[str, Any]:
        """By shape: the share asked for, how often it was tried for, and how many came; the same of joins where any are asked."""
        found = {
            s: {"asked": round(share, 4), "tried": self.tried[s], "came": self.came[s]} for s, share in sorted(self.shares.items())
        }
        joins = {"asked": round(self.joins, 4), "tried": self.tried[JOINS], "came": self.joined}
        return found | ({JOINS: joins} if self.joins else {})

    def weights(self) -> dict[str, float]:
        """By shape, and of joins where any are asked, the chance that it is tried for next."""
        found = self._of_shapes()
        if not self.joins:
            return found
        join = self._of_joins()
        return {shape: round(chance * (1 - join), 4) for shape, chance in found.items()} | {JOINS: join}

    def _of_joins(self) -> float:
        """As much as is missing, against how often one has come of a try; they are rare, and most tries end at once."""
        if self.joins == 1:
            return 1.0
        items, tries = self.came.total() - self.came[""], sum(self.tried[s] for s in self.shares)
        joined, others = (self.joined + 1) / (self.tried[JOINS] + 20), (items - self.joined + 10) / (tries + 20)
        missing = self.joins * (items + SOON) - self.joined
        rest = (1 - self.joins) * (items + SOON) - (items - self.joined)
        weight = max(0.0, missing) / max(joined, others / DEAREST_JOIN)
        against = max(0.0, rest) / others
        return round(min(MOST_JOINS, max(0.1 * self.joins, weight / max(1e-9, weight + against))), 4)

    def _of_shapes(self) -> dict[str, float]:
        chance = {s: (self.came[s] - self.apart[s] + PRIOR[s]) / (self.tried[s] + 20) for s, share in self.shares.items() if share}
        least = max(chance.values()) / DEAREST
        items = sum(self.came[s] for s in chance)
        wanted = {s: max(0.0, self.shares[s] * (items + SOON) - self.came[s]) / max(chance[s], least) for s in chance}
        total = sum(wanted.values())
        return {s: round(0.1 * share + 0.9 * wanted.get(s, 0.0) / total, 4) for s, share in self.shares.items()}


class Spread:
    """`count` is the number of items asked for."""

    def __init__(self, count: int) -> None:
        self.most = max(LEAST, int(MAX_SHARE * count))
        self.most_told = max(LEAST_TOLD, int(MAX_TOLD * count))
        self.kinds: Counter[str] = Counter()
        self.depths: Counter[int] = Counter()
        self.levels: Counter[str] = Counter()
        self.searches: Counter[int] = Counter()
        self.blurs: Counter[str] = Counter()
        self.vertices: Counter[int] = Counter()
        self.inner: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.bare = 0
        self.answers: Counter[str] = Counter()

    def admits(self, tree: ResearchTree) -> bool:
        """Whether none of the tree's inner vertices and none of its relations has been met too often already."""
        pages = all(self.inner[v.title] < self.most for v in tree.vertices if v.role == "inner")
        return pages and all(self.relations[r] < self.most_told for r in _relations(tree))

    def add(self, tree: ResearchTree, difficulty: Difficulty) -> None:
        self.levels[level_of(difficulty.searches)] += 1
        self.searches[difficulty.searches] += 1
        self.blurs.update(blurs_of(tree))
        self.depths[tree.depth] += 1
        self.vertices[len(tree.vertices)] += 1
        self.answers[tree.root.noun] += 1
        self.inner.update({v.title for v in tree.vertices if v.role == "inner"})
        self.relations.update(_relations(tree))
        self.bare += any(c.key == BARE_KEY for v in tree.vertices for c in v.constraints)
        self.kinds.update(c.kind for v in tree.vertices for c in v.constraints)

    def report(self) -> dict[str, Any]:
        """How many items by depth, number of vertices and difficulty; how many clues by kind and by blur; of pages and relations
        the commonest, with the number of items that have them; and how many have a bare connection, which is none."""
        return {
            "difficulty": dict(sorted(self.levels.items())),
            "searches": {str(d): n for d, n in sorted(self.searches.items())},
            "clues": dict(sorted(self.kinds.items())),
            "blurs": dict(sorted(self.blurs.items())),
            "depths": {str(d): n for d, n in sorted(self.depths.items())},
            "vertices": {str(d): n for d, n in sorted(self.vertices.items())},
            "kinds of answers": _commonest(self.answers),
            "inner vertices": {"different": len(self.inner), "at most": self.most, "commonest": _commonest(self.inner)},
            "relations": {"different": len(self.relations), "at most": self.most_told, "commonest": _commonest(self.relations)},
            "bare connections": self.bare,
        }


class Repairs:
    """The yield of the checks before and after repair."""

    def __init__(self) -> None:
        self.trees, self.at_once, self.mended = 0, 0, 0
        self.failed: Counter[str] = Counter()
        self.healed: Counter[str] = Counter()
        self.how: Counter[str] = Counter()

    def add(self, history: Sequence[Mapping[str, Any]], failed: Collection[str]) -> None:
        """One examined tree: its repairs, and the checks that it fails after them."""
        self.trees += 1
        first = history[0]["failed"] if history else failed
        self.failed.update(first)
        if failed:
            return
        self.at_once += not history
        self.mended += bool(history)
        self.healed.update(first)
        self.how.update(mend["how"] for mend in history)

    def report(self) -> dict[str, Any]:
        """How many trees were examined, held at once, and held after repair; by check, how many trees failed it at first and how
        many of those hold now; and what was done to these."""
        return {
            "trees": self.trees,
            "held at once": self.at_once,
            "held after repair": self.mended,
            "by check": {c: {"failed": n, "mended": self.healed[c]} for c, n in sorted(self.failed.items())},
            "how": dict(sorted(self.how.items())),
        }


def blurs_of(tree: ResearchTree) -> Iterator[str]:
    """Which of the five blurs stand in the tree, each as often as it does: a `date` is a span of years, a `number` a range, a named
    `place` something in its container, a `name` its kind, and what a page is told apart by a `category` of many."""
    for vertex in tree.vertices:
        for c in vertex.constraints:
            if c.kind == "interval":
                yield "date" if c.unit == "year" else "number"
            elif c.kind == "category":
                yield "category"
            elif vertex.role == "blur":
                yield "place" if c.kind == "link" else "name"


def _relations(tree: ResearchTree) -> set[str]:
    return {c.wording for v in tree.vertices for c in v.constraints if c.kind == "link" and c.key != BARE_KEY}


def shape_of(tree: ResearchTree) -> str:
    """`chain`: no described vertex has two inner children; `bush`: the root has several and they have none; `balanced`: else."""
    inner = {v.id: sum(c.role == "inner" for c in tree.children(v.id)) for v in tree.vertices if v.role in ("root", "inner")}
    if max(inner.values()) <= 1:
        return "chain"
    return "bush" if all(n == 0 for vertex, n in inner.items() if vertex != tree.root.id) else "balanced"


def _commonest(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN])
