"""M1: no constraint is idle. M2: no level can be skipped. M3: none includes another. M4: none can be left out to get the answer."""

from __future__ import annotations

from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.records import Verdict
from infoseek_offline.trees.solve import links_to, solve_without


def check_m1(problem: Problem) -> Verdict:
    """Without the constraint, at least two pages are left: of its vertex, or for a vague vertex of the vertex that it serves."""
    left: dict[str, int] = {}
    for vertex in problem.tree.vertices:
        for constraint in vertex.constraints:
            sets = problem.without(constraint.id)
            served = vertex
            while served.role == "blur":
                served = problem.tree.vertex(served.parent)
            left[constraint.id] = len(sets[served.id])
    idle = [c for c, n in left.items() if n < 2]
    return verdict("M1", not idle, f"idle: {', '.join(idle)}", without=left)


def check_m2(problem: Problem) -> Verdict:
    """With the subtree of an inner vertex taken away, at least m answers are left; also where only hyperlinks associate pages: what
    is left must not hang on mentions, which are read with less certainty."""
    left: dict[str, int] = {}
    linked: dict[str, int] = {}
    for vertex in problem.tree.vertices:
        if vertex.role == "inner":
            links = links_to(problem.tree, vertex)
            sets = solve_without(problem.tree, problem.extents, problem.solution, *links)
            left[vertex.id] = len(sets[problem.tree.root.id])
            sets = solve_without(problem.tree, problem.extents.by_links, problem.solution_by_links, *links, within=sets)
            linked[vertex.id] = len(sets[problem.tree.root.id])
    m = problem.bounds.min_skipped
    bad = [v for v in left if min(left[v], linked[v]) < m]
    reason = f"without {', '.join(bad)} fewer than {m} answers are left" if left else "the tree has no inner vertex"
    return verdict("M2", bool(left) and not bad, reason, without=left, by_links=linked)


def check_m3(problem: Problem) -> Verdict:
    """On one vertex no extent is part of another."""
    pairs = []
    extents = problem.solution.extents
    for vertex in problem.tree.vertices:
        for a in vertex.constraints:
            for b in vertex.constraints:
                if a.id != b.id and extents[a.id] <= extents[b.id]:
                    pairs.append(f"{a.id} in {b.id}")
    return verdict("M3", not pairs, f"included: {'; '.join(pairs)}", included=pairs)


def check_m4(problem: Problem) -> Verdict:
    """Without the constraint, wherever in the tree it stands, at least two answers are left: a solver needs every clue. M1 asks
    this of the constraint's own vertex, of which another reading may lead to the same answer."""
    root = problem.tree.root.id
    left: dict[str, int] = {}
    for vertex in problem.tree.vertices:
        for constraint in vertex.constraints:
            left[constraint.id] = len(problem.without(constraint.id)[root])
    needless = [c for c, n in left.items() if n < 2]
    return verdict("M4", not needless, f"the answer is found without {', '.join(needless)}", without=left)
