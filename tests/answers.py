"""Answers that a reader gave to real prompts of the sample wiki, seeing nothing but the prompts: `python tests/answers.py LEDGER…`.

Kept are (stage, digest of what was asked without the system message, answer), so that a prompt may be put in better words without
new reading. A Planner's answer is also found again by its moves, where the same vertex is offered them in other company. What was
never asked gets no answer that can be used: then the rules choose, as with a model that fails.

To make them anew: `infoseek data --model batch:DIR` with the settings of test_answers.py, answer the waves, and run this with the
ledger of the finished run.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from models import ScriptedModel

from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Message, Request
from infoseek_offline.llm.batch import Batch
from infoseek_offline.llm.ledger import Ledger

ANSWERS = Path(__file__).parent / "data" / "answers.jsonl"
_MOVE = re.compile(r"^(m\d+) (.+?) \| ", re.MULTILINE)
_WORK = re.compile(r"^Work on: (\w+)", re.MULTILINE)
_ROOT = re.compile(r"^A: (.+), the answer$", re.MULTILINE)


def asked(request: Request) -> str:
    return digest_of(request.stage, [[m.role, m.content] for m in request.messages if m.role != "system"])


def place(request: Request) -> str:
    """The answer page and the vertex that a Planner works on."""
    text = request.messages[-1].content
    return " ".join(found[1] for found in (_ROOT.search(text), _WORK.search(text)) if found)


def moves(request: Request) -> dict[str, str]:
    """The moves on offer, by id, without their numbers."""
    return dict(_MOVE.findall(request.messages[-1].content))


class Reader(ScriptedModel):
    """Gives the answers again; `given` counts them."""

    def __init__(self) -> None:
        super().__init__(self.answer, name="reader")
        self.given = 0
        self.known: dict[str, Any] = {}
        self.chosen: dict[str, list[str]] = {}
        for line in ANSWERS.read_text(encoding="utf-8").splitlines():
            kept = json.loads(line)
            self.known[kept["asked"]] = kept["answer"]
            if "moves" in kept:
                self.chosen.setdefault(kept["place"], []).extend(kept["moves"])

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        return Batch.count_tokens(self, messages)  # type: ignore[arg-type]  # as when they were asked for

    def answer(self, request: Request) -> Any:
        answer = self.known.get(asked(request))
        if answer is None and request.stage == "planner":
            offered = {line: name for name, line in moves(request).items()}
            names = list(dict.fromkeys(offered[line] for line in self.chosen.get(place(request), []) if line in offered))
            answer = {"reason": "chosen before", "move": names[0], "then": names[1:4]} if names else None
        self.given += answer is not None
        return "" if answer is None else answer


def kept(request: Request, answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"stage": request.stage, "asked": asked(request), "answer": answer}
    if request.stage == "planner":
        offered = moves(request)
        found |= {"place": place(request), "moves": [offered[name] for name in [answer["move"], *answer["then"]]]}
    return found


def main(ledgers: list[Path]) -> None:
    entries: dict[str, dict[str, Any]] = {}
    for ledger in ledgers:
        for _, request, text in Ledger(ledger, read_only=True).requests():
            entries.setdefault(asked(request), kept(request, json.loads(text)))
    lines = sorted(json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in entries.values())
    ANSWERS.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} answers in {ANSWERS}", file=sys.stderr)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
