"""A tree and its moves in the words of the Planner's prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from infoseek_offline.agents.base import Move
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.kinds import a
from infoseek_offline.questions.languages import is_italian
from infoseek_offline.records import Constraint
from infoseek_offline.trees.grow import Growth
from infoseek_offline.trees.options import Option
from infoseek_offline.trees.tree import DraftVertex


def kind_of(move: Move) -> str:
    assert move.option is not None
    if move.kind in ("start", "extend"):
        return "step"
    return {"leaf": "name", "blur": "vague"}.get(move.option.role, "fact")


def move_line(growth: Growth, move: Move) -> str:
    """ "vague: A was discovered by an astronomer | 120 -> 31"."""
    assert move.option is not None
    kind = kind_of(move)
    other = _other(growth, move.option)
    if kind == "step" and move.option.page is not None:
        other = _called(growth, move.option.page)
    said = _said(growth, move.option.clue.wording, move.vertex, other)
    return f"{kind}: {said} | {move.before:,} -> {move.after:,}{_stated(growth, move)}"


def _stated(growth: Growth, move: Move) -> str:
    """How many of the pages that are left say so themselves, where others are left since they say nothing of it."""
    assert move.option is not None
    if move.option.page is not None or growth.extents.reading != "open":
        return ""
    stated = growth.candidates(growth.draft.vertices[move.vertex]) & growth.extents.under("closed").of(move.option.clue.constraint)
    return f", {len(stated):,} surely" if len(stated) < move.after else ""


def work_line(growth: Growth, offered: Sequence[Move]) -> str:
    """ "K, 20 pages fit, 3 more clues at most." """
    vertex = growth.draft.vertices[offered[0].vertex]
    room = growth.shape.max_constraints - len(vertex.constraints)
    return f"{vertex.id}, {offered[0].before:,} pages fit, {room} more clue{'s' if room > 1 else ''} at most."


def failure_line(growth: Growth, state: str) -> str:
    """What came of the last move that was made in this state, in one line."""
    tried = growth.memory.tried(state)
    if not tried.moves or not tried.failure:
        return ""
    last = list(tried.moves.values())[-1].split(": ", 1)[1].rpartition(" | ")[0]
    return f"Tried before: {last}. It failed: {tried.failure}."


def tree_lines(growth: Growth) -> str:
    """Each described vertex with its clues; what they lead to by id, by name, or vaguely."""
    lines = []
    for vertex in growth.draft.vertices.values():
        if vertex.role not in ("root", "inner"):
            continue
        lines.append(f"{vertex.id}: {_called(growth, vertex.page)}" + (", the answer" if vertex.role == "root" else ""))
        lines += [f"  {_said(growth, c.wording, vertex.id, _below(growth, c))}" for c in vertex.constraints]
    return "\n".join(lines)


def _called(growth: Growth, page: int) -> str:
    """ "Belinda (moon)", where the kind is in the title already; "Lake Orrin (lake)" else."""
    title = growth.corpus.titles[page]
    return title if title.endswith(")") else f"{title} ({growth.noun(page)})"


def _below(growth: Growth, constraint: Constraint) -> str:
    if not constraint.other:
        return constraint.value
    child: DraftVertex = growth.draft.vertices[constraint.other]
    if child.role == "inner":
        return child.id
    if child.role == "leaf":
        return base_title(child.title)
    return _vague(child.noun, [_said(growth, c.wording, "it", _below(growth, c)) for c in child.constraints if c.kind != "type"])


def _other(growth: Growth, option: Option) -> str:
    if option.page is None:
        return option.clue.value
    if option.role != "blur":
        return base_title(growth.corpus.titles[option.page])
    told = [_said(growth, o.clue.wording, "it", _other(growth, o)) for o in option.beneath if o.clue.kind != "type"]
    return _vague(growth.noun(option.page), told)


def _vague(noun: str, told: Sequence[str]) -> str:
    return f"{a(noun)} {noun}" + (f" ({'; '.join(told)})" if told else "")


def _said(growth: Growth, wording: str, vertex: str, other: str) -> str:
    """The wording with both sides in place; an article before {o} is that of the words that come there, and never a second one."""
    if re.match(r"(?i)(?:the|an?|this|[A-Z]) ", other) or other[1:] == "":
        wording = re.sub(r"\b(?:the|an?) \{o\}", "{o}", wording)
    wording = wording.replace("the {v}", "{v}")
    if not is_italian(growth.corpus.language):  # where "a" means "in"
        wording = re.sub(r"\ban? \{o\}", lambda _: f"{a(other)} {{o}}", wording)
    return wording.replace("{v}", vertex).replace("{o}", other)
