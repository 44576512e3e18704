"""The Planner as a language model: sees the tree and some of the legal moves with their numbers, and picks one.

Hundreds of moves may be legal; the model is offered a few, drawn by the rules' weights from all kinds of clues, fewer where the
context is short. Those that were made in the same state before are left out (trees/memory.py), and a line says what came of them.
The same tree is asked for in the same words and with the same seed, whatever the attempt, and so answered from the ledger. With its
move the model may name others: clues to go on with, which are taken as long as they are legal, or steps that are taken without
asking again when the same state comes back, the first step having led nowhere. Whether a step down is due is decided by the
shape that was asked for, as for the rules. An answer that can't be used costs nothing but the call: then the rules choose, and the
ledger says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from infoseek_offline.agents.base import Move
from infoseek_offline.agents.lines import failure_line, kind_of, move_line, tree_lines, work_line
from infoseek_offline.agents.rules import RulePlanner
from infoseek_offline.files import digest_of
from infoseek_offline.llm.asked import Asked, seed_of
from infoseek_offline.llm.base import Message, Request, Sampling
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.trees.grow import Growth
from infoseek_offline.trees.moves import Moves

OFFERED = 6  # moves
READ = 3.0  # times the weight, for what the browser read: few clues are in words of its own
NEXT = OFFERED - 1  # moves that the model may name to go on with
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
        state = state_of(growth, moves[0])
        chosen = self._go_on(self._queue, moves)
        if chosen is None:
            likely, child = self.rules.narrowed(growth, moves)
            candidates = [move for move in likely if moves.sure(move)]
            if not child and len(moves.vertex.constraints) + 1 == growth.shape.max_constraints:
                candidates = [move for move in candidates if move.after == 1]  # the last clue must settle it
            if not candidates:
                return self.rules.choose(growth, moves)
            offered = self.offered(growth, candidates, child)
            if len(offered) == 1:
                chosen = offered[0]
            elif child:
                chosen = self._go_on(growth.memory.tried(state).next, candidates)
            chosen = chosen or self._ask(growth, moves, offered, state)
        if chosen.option is not None:
            growth.memory.took(state, _same(chosen), move_line(growth, chosen))
        return chosen

    def _go_on(self, queue: list[Queued], moves: Sequence[Move]) -> Move | None:
        while queue:
            queued = queue.pop(0)
            move = next((m for m in moves if m.option is not None and _same(m) == queued.same), None)
            self.model.note(queued.request, queued.proposal, "" if move else "no longer legal")
            if move is not None:
                return move
        return None

    def offered(self, growth: Growth, moves: Sequence[Move], child: bool) -> list[Move]:
        """Some of the moves: kinds in turn, in each a draw by the rules' weights, no page and no quantity twice. Those that were
        made in this state before are left out; where nothing else is left, it is the one that was made first."""
        weights = self.rules.weights(growth, moves, child)
        groups: dict[str, list[tuple[Move, float]]] = {kind: [] for kind in KINDS}
        for move, weight in zip(moves, weights, strict=True):
            read = move.option is not None and move.option.read
            groups[kind_of(move)].append((move, weight * READ if read else weight))
        queues = [_drawn(groups[kind], growth.memory.seed) for kind in KINDS if groups[kind]]
        drawn = [move for turn in zip_longest(*queues) for move in turn if move is not None]
        tried = [*growth.memory.tried(state_of(growth, moves[0])).moves]
        fresh = [m for m in drawn if _same(m) not in tried]
        return fresh[:OFFERED] or sorted(drawn, key=lambda m: tried.index(_same(m)))[:1]

    def _ask(self, growth: Growth, moves: Moves, offered: list[Move], state: str) -> Move:
        seed = seed_of("planner", growth.memory.seed, state)
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
        queue = growth.memory.tried(state).next if kind_of(chosen) == "step" else self._queue
        for name in dict.fromkeys(answer.value["then"]):
            move, line = lines[name]
            if move is not chosen:
                queue.append(Queued(request, f"{name} {line}", _same(move)))
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
        work = work_line(growth, offered)
        if line := failure_line(growth, state_of(growth, offered[0])):
            work = f"{work}\n{line}"
        moves = "\n".join(f"m{n} {move_line(growth, move)}" for n, move in enumerate(offered, 1))
        return load_prompt("planner").messages(tree=tree_lines(growth), work=work, moves=moves)


def state_of(growth: Growth, move: Move) -> str:
    """What the tree and the vertex at work are, whatever the attempt."""
    return digest_of("state", tree_lines(growth), move.vertex)


def _same(move: Move) -> tuple[object, ...]:
    assert move.option is not None
    if kind_of(move) == "step":
        return move.vertex, move.option.page  # by whatever relation: what failed was to describe the page
    c = move.option.clue
    return move.vertex, move.option.role, c.kind, c.wording, c.key, c.value, move.option.page


def _drawn(group: list[tuple[Move, float]], seed: str) -> list[Move]:
    """The group in random order, weighty ones mostly first, each page, quantity and vague description once. A move's lot depends
    on the seed and the move alone, so that what else is legal changes nothing."""
    keyed = sorted(((_lot(move, seed) ** (1 / max(weight, 1e-9)), n) for n, (move, weight) in enumerate(group)), reverse=True)
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
    return list(found.values())


def _lot(move: Move, seed: str) -> float:
    """From 0 to 1."""
    assert move.option is not None
    beneath = [o.clue.wording + o.clue.value for o in move.option.beneath]
    return (1 + int(digest_of(seed, _same(move), beneath), 16)) / 16 ** len(digest_of(""))
