"""The Planner as a language model: sees the tree and some of the legal moves with their numbers, and picks one.

Hundreds of moves may be legal; the model is offered a dozen, drawn by the rules' weights from all kinds of clues, fewer where the
context is short. With its move it may name some to go on with, which are taken as long as they are legal. Whether a step down is
due is decided by the shape that was asked for, as for the rules. An answer that can't be used costs nothing but the call: then the
rules choose, and the ledger says so.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from infoseek_offline.agents.base import Move
from infoseek_offline.agents.rules import RulePlanner
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.kinds import a
from infoseek_offline.llm.asked import Asked
from infoseek_offline.llm.base import Message, Request, Sampling
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.records import Constraint
from infoseek_offline.trees.grow import Growth
from infoseek_offline.trees.moves import Moves
from infoseek_offline.trees.options import Option
from infoseek_offline.trees.tree import DraftVertex

OFFERED = 10  # moves
READ = 3.0  # times the weight, for what the browser read: few clues are in words of its own
NEXT = 3  # moves that the model may name to go on with
MAX_REASON = 120  # characters
MAX_TOKENS = 120  # of an answer
RULES = "taken by the rules"
NOT_REACHED = "not needed"
KINDS = ("step", "name", "fact", "vague")


@dataclass(frozen=True)
class Queued:
    """A move that the model named to go on with; `same` tells it among the moves of a later state."""

    request: Request
    proposal: str
    same: tuple[object, ...]


class ModelPlanner:
    """Chooses by `model`; by `rules` where there is nothing to choose or no answer that can be used."""

    def __init__(self, model: Asked, rules: RulePlanner | None = None) -> None:
        self.model = model
        self.rules = rules or RulePlanner()
        self._growth: Growth | None = None
        self._vertex = ""
        self._queue: list[Queued] = []

    def choose(self, growth: Growth, moves: Moves) -> Move:
        stop = moves.stop
        if stop.reason == "done" or len(moves) == 1:
            return stop
        if growth is not self._growth or moves[0].vertex != self._vertex:
            self._growth, self._vertex, self._queue = growth, moves[0].vertex, []
        if (queued := self._go_on(moves)) is not None:
            return queued
        likely, child = self.rules.narrowed(growth, moves)
        candidates = [move for move in likely if moves.sure(move)]
        if not candidates:
            return self.rules.choose(growth, moves)
        offered = self.offered(growth, candidates, child)
        return offered[0] if len(offered) == 1 else self._ask(growth, moves, offered)

    def _go_on(self, moves: Sequence[Move]) -> Move | None:
        while self._queue:
            queued = self._queue.pop(0)
            move = next((m for m in moves if m.option is not None and _same(m) == queued.same), None)
            self.model.note(queued.request, queued.proposal, "" if move else "no longer legal")
            if move is not None:
                return move
        return None

    def offered(self, growth: Growth, moves: Sequence[Move], child: bool) -> list[Move]:
        """Some of the moves: kinds in turn, in each a draw by the rules' weights, no page and no quantity twice."""
        weights = self.rules.weights(growth, moves, child)
        groups: dict[str, list[tuple[Move, float]]] = {kind: [] for kind in KINDS}
        for move, weight in zip(moves, weights, strict=True):
            read = move.option is not None and move.option.read
            groups[kind_of(move)].append((move, weight * READ if read else weight))
        queues = [_drawn(groups[kind], growth.rng) for kind in KINDS if groups[kind]]
        found: list[Move] = []
        while len(found) < OFFERED and any(queues):
            for queue in queues:
                if queue and len(found) < OFFERED:
                    found.append(queue.pop(0))
        return found

    def _ask(self, growth: Growth, moves: Moves, offered: list[Move]) -> Move:
        seed = growth.rng.getrandbits(31) or 1
        request = self.request(growth, offered, seed)
        while not self.model.fits(request) and len(offered) > 2:
            offered = offered[: max(2, len(offered) * 3 // 4)]
            request = self.request(growth, offered, seed)
        if not self.model.fits(request):
            self.model.note(request, RULES, f"the prompt is too long for a context of {self.model.context} tokens")
            return self.rules.choose(growth, moves)
        answer = self.model.complete(request)
        if answer.value is None:
            self.model.note(request, answer.text, answer.reason)
            return self.rules.choose(growth, moves)
        lines = {f"m{n}": (move, move_line(growth, move)) for n, move in enumerate(offered, 1)}
        chosen, line = lines[answer.value["move"]]
        self.model.note(request, f"{answer.value['move']} {line}")
        for name in dict.fromkeys(answer.value["then"]):
            move, line = lines[name]
            if move is not chosen:
                self._queue.append(Queued(request, f"{name} {line}", _same(move)))
                self.model.note(request, f"{name} {line}", NOT_REACHED)
        return chosen

    def request(self, growth: Growth, offered: Sequence[Move], seed: int) -> Request:
        prompt = load_prompt("planner")
        ids = [f"m{n}" for n in range(1, len(offered) + 1)]
        schema = {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "maxLength": MAX_REASON},
                "move": {"type": "string", "enum": ids},
                "then": {"type": "array", "items": {"type": "string", "enum": ids}, "maxItems": NEXT},
            },
            "required": ["reason", "move", "then"],
            "additionalProperties": False,
        }
        return Request("planner", self._messages(growth, offered), schema, seed, Sampling(max_tokens=MAX_TOKENS), prompt.digest)

    def _messages(self, growth: Growth, offered: Sequence[Move]) -> tuple[Message, ...]:
        vertex = growth.draft.vertices[offered[0].vertex]
        room = growth.shape.max_constraints - len(vertex.constraints)
        depth = max(v.depth for v in growth.draft.vertices.values())
        work = (
            f"{vertex.id}, {offered[0].before:,} pages fit, {room} more clue{'s' if room > 1 else ''} at most. "
            f"Depth {depth}, wanted {growth.depth}."
        )
        moves = "\n".join(f"m{n} {move_line(growth, move)}" for n, move in enumerate(offered, 1))
        return load_prompt("planner").messages(tree=tree_lines(growth), work=work, moves=moves)


def _same(move: Move) -> tuple[object, ...]:
    assert move.option is not None
    c = move.option.clue
    return move.vertex, move.option.role, c.kind, c.wording, c.key, c.value, move.option.page


def _drawn(group: list[tuple[Move, float]], rng: random.Random) -> list[Move]:
    """The group in random order, weighty ones mostly first, each page, quantity and vague description once."""
    keyed = sorted(((rng.random() ** (1 / max(weight, 1e-9)), n) for n, (_, weight) in enumerate(group)), reverse=True)
    found: dict[object, Move] = {}
    vague: dict[tuple[str, ...], int | None] = {}
    for _, n in keyed:
        move = group[n][0]
        assert move.option is not None
        page = move.option.page
        if move.option.role == "blur":
            said = (move.option.clue.wording, *(o.clue.wording + o.clue.value for o in move.option.beneath))
            if said in vague and vague[said] != page:
                continue
            vague[said] = page
        found.setdefault(page if page is not None else move.option.clue.key, move)
    return list(found.values())[:OFFERED]


# Words


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
    said = _said(move.option.clue.wording, move.vertex, other)
    return f"{kind}: {said} | {move.before:,} -> {move.after:,}"


def tree_lines(growth: Growth) -> str:
    """Each described vertex with its clues; what they lead to by id, by name, or vaguely."""
    lines = []
    for vertex in growth.draft.vertices.values():
        if vertex.role not in ("root", "inner"):
            continue
        lines.append(f"{vertex.id}: {_called(growth, vertex.page)}" + (", the answer" if vertex.role == "root" else ""))
        lines += [f"  {_said(c.wording, vertex.id, _below(growth, c))}" for c in vertex.constraints]
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
    return _vague(child.noun, [_said(c.wording, "it", _below(growth, c)) for c in child.constraints if c.kind != "type"])


def _other(growth: Growth, option: Option) -> str:
    if option.page is None:
        return option.clue.value
    if option.role != "blur":
        return base_title(growth.corpus.titles[option.page])
    told = [_said(o.clue.wording, "it", _other(growth, o)) for o in option.beneath if o.clue.kind != "type"]
    return _vague(growth.noun(option.page), told)


def _vague(noun: str, told: Sequence[str]) -> str:
    return f"{a(noun)} {noun}" + (f" ({'; '.join(told)})" if told else "")


def _said(wording: str, vertex: str, other: str) -> str:
    """The wording with both sides in place; an article before {o} is that of the words that come there, and never a second one."""
    if re.match(r"(?i)(?:the|an?|this|[A-Z]) ", other) or other[1:] == "":
        wording = re.sub(r"\b(?:the|an?) \{o\}", "{o}", wording)
    wording = wording.replace("the {v}", "{v}")
    wording = re.sub(r"\ban? \{o\}", lambda _: f"{a(other)} {{o}}", wording)
    return wording.replace("{v}", vertex).replace("{o}", other)
