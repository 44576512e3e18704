"""How a run's trees are spread: shapes, sizes, and how often a page or a relation occurs. No described page may dominate.

`admits` is asked in the order of the items, so that the same items are left out whatever the number of workers.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from infoseek_offline.records import ResearchTree

MAX_SHARE = 0.05  # of the items asked for may have the same page as an inner vertex
LEAST = 5  # but so many always
SHOWN = 10


class Spread:
    """`count` is the number of items asked for."""

    def __init__(self, count: int) -> None:
        self.most = max(LEAST, int(MAX_SHARE * count))
        self.shapes: Counter[str] = Counter()
        self.depths: Counter[int] = Counter()
        self.vertices: Counter[int] = Counter()
        self.inner: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()

    def admits(self, tree: ResearchTree) -> bool:
        """Whether none of the tree's inner vertices has been met too often already."""
        return all(self.inner[v.title] < self.most for v in tree.vertices if v.role == "inner")

    def add(self, tree: ResearchTree) -> None:
        self.shapes[shape_of(tree)] += 1
        self.depths[tree.depth] += 1
        self.vertices[len(tree.vertices)] += 1
        self.answers[tree.root.noun] += 1
        self.inner.update({v.title for v in tree.vertices if v.role == "inner"})
        self.relations.update(c.wording if c.kind == "link" else c.kind for v in tree.vertices for c in v.constraints)

    def report(self) -> dict[str, Any]:
        """By shape, depth and number of vertices how many items; of pages and relations the commonest, with their counts."""
        return {
            "shapes": dict(sorted(self.shapes.items())),
            "depths": {str(d): n for d, n in sorted(self.depths.items())},
            "vertices": {str(d): n for d, n in sorted(self.vertices.items())},
            "kinds of answers": _commonest(self.answers),
            "inner vertices": {"different": len(self.inner), "at most": self.most, "commonest": _commonest(self.inner)},
            "relations": {"different": len(self.relations), "commonest": _commonest(self.relations)},
        }


def shape_of(tree: ResearchTree) -> str:
    """`chain`: no described vertex has two inner children; `bush`: the root has several and they have none; `balanced`: else."""
    inner = {v.id: sum(c.role == "inner" for c in tree.children(v.id)) for v in tree.vertices if v.role in ("root", "inner")}
    if max(inner.values()) <= 1:
        return "chain"
    return "bush" if all(n == 0 for vertex, n in inner.items() if vertex != tree.root.id) else "balanced"


def _commonest(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN])
