"""What a check sees, and what it is. The checks of hcsp.md are functions `Problem -> Verdict`, listed in `checks/all.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyroaring import BitMap

from infoseek_offline.config import Bounds
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.style import Wording
from infoseek_offline.records import ResearchTree, Verdict, Vertex
from infoseek_offline.retrieval.searcher import Mode, Place, Searcher
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.named import named_in
from infoseek_offline.trees.solve import Solution, solve, solve_without


@dataclass
class Problem:
    """A tree under examination. `question` and `clues` (constraint id -> its words) are there once it has been put into words."""

    corpus: Corpus
    extents: Extents
    tree: ResearchTree
    bounds: Bounds
    question: str = ""
    clues: dict[str, str] = field(default_factory=dict)
    searcher: Searcher | None = None
    phrasings: Sequence[Wording] = ()  # the same tree's other questions
    ranked: dict[str, dict[Mode, list[Place]]] = field(default_factory=dict)  # what has been searched for; trees of a root share it
    _without: dict[str, dict[str, BitMap]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def solution(self) -> Solution:
        return solve(self.tree, self.extents)

    @cached_property
    def solution_by_links(self) -> Solution:
        """With hyperlinks alone for association."""
        return solve(self.tree, self.extents.by_links)

    def without(self, constraint: str) -> dict[str, BitMap]:
        """S of the vertices that change without the constraint (`solve_without`); two checks ask for it."""
        if constraint not in self._without:
            self._without[constraint] = solve_without(self.tree, self.extents, self.solution, constraint)
        return self._without[constraint]

    @property
    def answer(self) -> int:
        return self.tree.root.page

    @property
    def texts(self) -> list[str]:
        """All its questions, the item's own first."""
        return [self.question, *(wording.question for wording in self.phrasings)]

    def queries(self) -> dict[str, str]:
        """What a solver could search for at once, by name: each question, and each clue; a clue that two phrasings share, once."""
        asked = {"question": self.question, **self.clues}
        known = set(asked.values())
        for number, wording in enumerate(self.phrasings, 2):
            asked[f"question {number}"] = wording.question
            more = {f"{name} in {number}": clue for name, clue in wording.clues.items() if clue not in known}
            known.update(more.values())
            asked.update(more)
        return asked

    def rankings(self, queries: Sequence[str]) -> list[dict[Mode, list[Place]]]:
        """What each query finds in each mode, as deep as any check looks; together they are quicker than one by one."""
        assert self.searcher is not None
        missing = [query for query in dict.fromkeys(queries) if query not in self.ranked]
        if missing:
            found = self.searcher.rank_all_many(missing, max(self.bounds.top_k, self.bounds.solve_k))
            self.ranked.update(zip(missing, found, strict=True))
        return [self.ranked[query] for query in queries]

    @cached_property
    def described(self) -> list[Vertex]:
        """Root and inner vertices: what the question describes and does not name."""
        return [v for v in self.tree.vertices if v.role in ("root", "inner")]

    @cached_property
    def exposed(self) -> dict[int, int]:
        """Pages that the question names, with the depth at which it does: leaves, and titles inside a category or value."""
        found: dict[int, int] = {}
        for vertex in self.tree.vertices:
            if vertex.role == "leaf":
                found[vertex.page] = min(vertex.depth, found.get(vertex.page, vertex.depth))
            for constraint in vertex.constraints:
                if constraint.kind in ("category", "fact"):
                    for page in named_in(self.corpus, constraint.value):
                        found[page] = min(vertex.depth + 1, found.get(page, vertex.depth + 1))
        return found


Check = Callable[[Problem], Verdict]


def verdict(check: str, passed: bool, reason: str, **measured: Any) -> Verdict:
    return Verdict(check=check, passed=passed, reason="" if passed else reason, measured=measured)
