"""U1: the answer is unique. U2: every inner vertex is a valid sub-problem."""

from __future__ import annotations

from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.records import Verdict

SHOWN = 10  # of the pages that should not be there, so many are named


def check_u1(problem: Problem) -> Verdict:
    """`S(root) = {answer}`. Measured: the size of S(root), and the extent of each of the root's constraints."""
    found = problem.solution.sets[problem.tree.root.id]
    others = [problem.corpus.titles[p] for p in found[: SHOWN + 1] if p != problem.answer][:SHOWN]
    return verdict(
        "U1",
        len(found) == 1 and problem.answer in found,
        f"{len(found)} pages meet all constraints, among them {', '.join(others) or 'none'}",
        candidates=len(found),
        extents={c.id: len(problem.solution.extents[c.id]) for v in problem.tree.vertices for c in v.constraints},
    )


def check_u2(problem: Problem) -> Verdict:
    """`S(w) = {entity(w)}` for each inner vertex, and the entity of each vague vertex is one of at least two candidates."""
    sizes = {v.id: len(problem.solution.sets[v.id]) for v in problem.tree.vertices if v.role in ("inner", "blur")}
    bad = []
    for vertex in problem.tree.vertices:
        if vertex.role not in ("inner", "blur"):
            continue
        found = problem.solution.sets[vertex.id]
        right = len(found) == 1 if vertex.role == "inner" else len(found) >= 2
        if not (right and vertex.page in found):
            bad.append(f"{vertex.id} ({vertex.title}) has {len(found)} candidates")
    return verdict("U2", not bad, "; ".join(bad), candidates=sizes)
