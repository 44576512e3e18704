"""Solvers with no model, which try to answer without doing the work. X4: not by ignoring the hierarchy. X5: not by association.

Each takes, out of a pool of pages, those that the most of something speaks for. A solver that is left with one page answers with
it; one that is left with several may draw lots. A check fails where the answer is among fewer than `min_skipped` pages at the top:
so no solver singles the answer out, and the lot is a poor one.

A solver may look at all articles, or at those alone that the corpus calls what the question asks for ("Which moon …"), which is a
clue to a reader where it is none of the tree's. Pages that the question names are never the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyroaring import BitMap

from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.records import Question, Verdict
from infoseek_offline.trees.extents import Reading

READINGS: tuple[Reading, ...] = ("open", "closed")
SOLVERS = ("one search", "a clue dropped", "hierarchy ignored", "association")


def check_x4(problem: Problem) -> Verdict:
    """All clues of the tree put to one page, as if there were no inner vertices: each literal, and each link to a named page. Once
    with what the corpus states (closed), once with what it does not rule out (open)."""
    found = {}
    for reading in READINGS:
        extents = problem.extents.under(reading)
        clues = []
        for vertex in problem.tree.vertices:
            for c in vertex.constraints:
                if c.kind != "link":
                    clues.append(extents.of(c))
                elif problem.tree.vertex(c.other).role == "leaf":
                    clues.append(extents.near(problem.tree.vertex(c.other).page))
        found.update(_both_pools(problem, clues, f", {reading}"))
    return _judge(problem, "X4", "with the hierarchy ignored", found)


def check_x5(problem: Problem) -> Verdict:
    """The page that is associated with the most of the named pages is not the answer."""
    near = [problem.extents.near(page) for page in problem.exposed]
    return _judge(problem, "X5", "by association with the named pages", _both_pools(problem, near, ""))


def _both_pools(problem: Problem, clues: list[BitMap], suffix: str) -> dict[str, dict[str, int]]:
    named = BitMap(problem.exposed)
    pools = {"any": problem.extents.universe - named, "kind": problem.extents.called(problem.tree.root.noun) - named}
    return {name + suffix: standing(clues, pool, problem.answer) for name, pool in pools.items()}


def _judge(problem: Problem, check: str, how: str, found: dict[str, dict[str, int]]) -> Verdict:
    m = problem.bounds.min_skipped
    bad = [pool for pool, at in found.items() if at["answer"] == at["best"] and at["pages"] < m]
    return verdict(check, not bad, f"{how} the answer is among fewer than {m} best pages ({'; '.join(bad)})", **found)


def standing(clues: Iterable[BitMap], pool: BitMap, answer: int) -> dict[str, int]:
    """How many of the sets hold the answer, how many hold any page of the pool at best, and how many pages are at that best."""
    levels = [pool]  # levels[n]: pages of the pool that n sets or more hold
    mine = 0
    for clue in clues:
        mine += answer in clue
        higher = [level & clue for level in levels]
        levels = [levels[0], *(a | b for a, b in zip(levels[1:], higher, strict=False)), higher[-1]]
    best = max(n for n, level in enumerate(levels) if level or n == 0)
    return {"answer": mine, "best": best, "pages": len(levels[best])}


def successes(question: Question) -> dict[str, tuple[float, float]]:
    """For each solver: whether it singles the answer out (0 or 1), and its chance when it draws lots among the best, in the pool
    and reading that are best for it. A clue dropped: whether there is one without which the answer is alone; and the chance of a
    solver that did all the work, but for one clue of any. Read from what the certificate measured."""
    measured = {v.check: v.measured for v in question.certificate.verdicts}
    first = any(rank == 1 and name.startswith("question ") for name, rank in measured["R1"]["ranks"].items())
    left = [1 / max(1, n) for n in measured["M4"]["without"].values()]
    found = {"one search": (float(first), float(first)), "a clue dropped": (float(max(left) == 1), sum(left) / len(left))}
    for solver, check in (("hierarchy ignored", "X4"), ("association", "X5")):
        lots = [1 / at["pages"] for at in measured[check].values() if at["answer"] == at["best"]]
        found[solver] = (float(1.0 in lots), max(lots, default=0.0))
    return found


class Figures:
    """The success of the four solvers over a run."""

    def __init__(self) -> None:
        self.items = 0
        self.sums = {solver: [0.0, 0.0] for solver in SOLVERS}

    def add(self, question: Question) -> None:
        self.items += 1
        for solver, success in successes(question).items():
            for place in (0, 1):
                self.sums[solver][place] += success[place]

    def report(self) -> dict[str, Any]:
        """Shares of the items, rounded to four digits; see docs/certificates.md."""
        count = max(1, self.items)
        return {
            solver: {"singled out": round(alone / count, 4), "by lot": round(lot / count, 4)}
            for solver, (alone, lot) in self.sums.items()
        }
