"""Mending a tree that a check refused: the clue at fault is taken away, and its vertex is described without it.

A named page is left vague first, where that is legal; else the Planner goes on from the tree as it stands, with what was refused no
more on offer: another rung of a range, another clue, or one more where two answers are left. What was done is a Mend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from infoseek_offline.agents.base import Planner
from infoseek_offline.records import Constraint, Mend, ResearchTree, Verdict, Vertex
from infoseek_offline.trees.combine import SEARCHED, Finds, complete
from infoseek_offline.trees.grow import Grown, Growth, proceed
from infoseek_offline.trees.memory import plainly
from infoseek_offline.trees.moves import same
from infoseek_offline.trees.tree import DraftVertex

How = Literal["blurred", "widened", "narrowed", "removed", "replaced", "added"]
WORDS = ("R1", "L1")  # what the words of a clue do, they do in any tree of the same root
RETREATS = 2  # fewer than a new tree may take: what has to be given up as a whole is better begun anew


def mend(
    grown: Grown, planner: Planner, verdicts: Sequence[Verdict], clues: Mapping[str, str],
    finds: Finds | None = None, shows: Finds | None = None,
) -> tuple[Grown, Mend] | None:  # fmt: skip
    """The tree after one repair, and what it was; None where no clue can be blamed or no tree comes of it. `clues` are the words of
    the question by constraint id, for what is wrong with the words; `finds` says of clues whether a search for them
    finds their evidence, `shows` whether it finds the answer. The growth in `grown` is used up."""
    tree, growth = grown.tree, grown.growth
    assert tree is not None and growth is not None
    failed = tuple(v.check for v in verdicts if not v.passed)
    growth.memory.failed(plainly(failed))
    if finds and failed == ("R2",):
        result = _describe_lost(growth, planner, next(v for v in verdicts if not v.passed), tree, finds)
        return (result, _what(tree, result.tree, failed)) if result.tree is not None else None
    found = next(_suspects(tree, verdicts, clues), None)
    if found is None and growth.focus() is None:
        return None
    if found is not None:
        place, index, check = found
        vertex = growth.draft.order()[place]
        constraint = vertex.constraints[index]
        growth.refuse(vertex, constraint, for_good=check in WORDS)
        other = growth.draft.vertices[constraint.other].page if constraint.other else None
        growth.draft.remove(vertex, constraint)
        if check == "R1" and shows:
            _refuse_shown(growth, vertex, shows)
        if other is not None and not growth.solved(vertex):
            vague = next((m for m in growth.moves() if m.option and m.option.role == "blur" and m.option.page == other), None)
            if vague is not None and vague.vertex == vertex.id:
                growth.apply(vague)
    result = proceed(growth, planner, RETREATS)
    return (result, _what(tree, result.tree, failed)) if result.tree is not None else None


def _refuse_shown(growth: Growth, vertex: DraftVertex, shows: Finds) -> None:
    """Offer no clue in place of one that showed the answer that would show it as well."""
    options = [m.option for m in growth.moves_at(vertex).clues if m.option is not None and m.option.role != "inner"][:SEARCHED]
    for option, shown in zip(options, shows(vertex, options), strict=True):
        if shown:
            refused = (vertex.page, *same(option.clue, option.page, option.role))
            growth.refused.add(refused)
            growth.memory.refused.add(refused)


def _describe_lost(growth: Growth, planner: Planner, verdict: Verdict, tree: ResearchTree, finds: Finds) -> Grown:
    """Each vertex that no search finds is described anew, with a clue that is found. Where there is none, an inner one gives way to
    another page, and so do those below the root."""
    draft = growth.draft
    order = draft.order()
    lost = [order[n] for n, v in enumerate(tree.vertices) if verdict.measured["ranks"].get(v.id) == 0]
    for vertex in reversed(lost):
        if vertex.id not in draft.vertices or complete(growth, vertex, finds):
            continue
        for constraint in [c for c in draft.root.constraints if vertex is draft.root and growth.ahead.is_inner(c.other)]:
            growth.give_up(draft.vertices[constraint.other])
        if vertex is not draft.root:
            growth.give_up(vertex)
    return proceed(growth, planner, RETREATS)


def _what(old: ResearchTree, new: ResearchTree, failed: tuple[str, ...]) -> Mend:
    before = {said(old, v, c): (v, c) for v in old.vertices if v.role != "blur" for c in v.constraints}
    after = {said(new, v, c): (v, c) for v in new.vertices if v.role != "blur" for c in v.constraints}
    gone = [before[s] for s in before if s not in after]
    come = [after[s] for s in after if s not in before]
    how: How = "removed" if not come else "replaced" if gone else "added"
    for v, c in gone:
        for w, d in come:
            if v.page != w.page:
                continue
            if c.kind == d.kind == "interval" and c.key == d.key:
                how = "widened" if _width(d) > _width(c) else "narrowed"
            elif c.kind == d.kind == "link" and new.vertex(d.other).role == "blur":
                how = "blurred" if old.vertex(c.other).page == new.vertex(d.other).page else how
    went, came = (tuple(s for s in one if s not in other) for one, other in ((before, after), (after, before)))
    return Mend(failed=failed, how=how, before=went, after=came)


def said(tree: ResearchTree, vertex: Vertex, constraint: Constraint) -> str:
    """A clue as a sentence with all names."""
    other = constraint.value
    if constraint.other:
        below = tree.vertex(constraint.other)
        other = f"{below.title} (as {below.noun})" if below.role == "blur" else below.title
    return constraint.wording.replace("{v}", vertex.title).replace("{o}", other)


def _width(constraint: Constraint) -> float:
    assert constraint.low is not None and constraint.high is not None
    return constraint.high - constraint.low


# Which clue is at fault


def _suspects(tree: ResearchTree, verdicts: Sequence[Verdict], clues: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """Places (vertex, constraint) of clues at fault for what failed first, and the check, the likeliest first. A clue that leads to
    a vertex to be found is never one: the tree would be another."""
    places = {c.id: (n, i) for n, v in enumerate(tree.vertices) if v.role in ("root", "inner") for i, c in enumerate(v.constraints)}
    inner = {v.id for v in tree.vertices if v.role == "inner"}
    extents: dict[str, int] = next((v.measured["extents"] for v in verdicts if v.check == "U1"), {})
    by_id = {c.id: c for v in tree.vertices for c in v.constraints}
    single = [v.id for v in tree.vertices if v.role in ("root", "inner") and len(v.constraints) < 2]
    for verdict in verdicts:
        if not verdict.passed:
            for name in _blamed(tree, verdict, clues, extents):
                if name in places and by_id[name].other not in inner and name.rsplit(".", 1)[0] not in single:
                    yield (*places[name], verdict.check)


def _blamed(tree: ResearchTree, verdict: Verdict, clues: Mapping[str, str], extents: Mapping[str, int]) -> list[str]:
    measured = verdict.measured
    telling = sorted(extents, key=lambda c: (extents[c], c))  # the most telling first
    mine = [c for c in telling if c.startswith(f"{tree.root.id}.")]
    named = [c for c in telling if any(d.id == c and d.other for v in tree.vertices for d in v.constraints)]
    if verdict.check in ("M1", "M4"):
        return [c for c, left in measured["without"].items() if left < 2]
    if verdict.check == "M3":
        return [pair.split(" in ")[1] for pair in measured["included"]]
    if verdict.check == "X1":
        return [c for c in measured["alone"] if c in mine[:1]]
    if verdict.check in ("M2", "X4", "X5"):
        return [*mine, *telling]
    if verdict.check in ("X2", "X3"):
        return named
    if verdict.check == "L1":
        words = [leak.split(": ", 1)[1] for leak in measured["leaks"]]
        return [c for c in sorted(clues, key=lambda c: (len(clues[c]), c)) if any(w in clues[c].casefold() for w in words)]
    if verdict.check == "R1":
        found = [name.rsplit(" ", 1)[0] for name in measured["ranks"]]
        return [*(c for c in dict.fromkeys(found) if c in clues), *[c for c in mine if c in named], *mine, *named]
    if verdict.check == "R2":
        lost = [v for v, rank in measured["ranks"].items() if not rank]
        return [c for c in reversed(telling) if c.rsplit(".", 1)[0] in lost]
    return []
