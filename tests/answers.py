"""Answers that a reader gave to real prompts of the sample wiki, seeing nothing but the prompts: `python tests/answers.py LEDGER…`.

Kept is what was said of each piece of a prompt, by a digest of what was shown of it and without the words around it, so that a
prompt may be put in better words without new reading: the claims of a sentence, the verdict on a statement, the question for some
facts, the words for a clue of a question; a gate's answer by its whole prompt. A Planner's answer is found again by its moves,
where the same vertex is offered them, in whatever company. A statement that was never judged is not accepted; any other piece that
was never asked gets no answer that can be used: then the rules choose, as with a model that fails.

To make them anew: `infoseek data --model batch:DIR` with the settings of test_answers.py, answer the waves, and run this with the
ledger of the finished run.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models import ScriptedModel

from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Request
from infoseek_offline.llm.batch import Batch
from infoseek_offline.llm.ledger import Ledger

ANSWERS = Path(__file__).parent / "data" / "answers.jsonl"
IN_PIECES = ("browser", "judge", "cover")
ASKS_FOR = "asks_for"
_MOVE = re.compile(r"^(m\d+) (.+?) \| ", re.MULTILINE)
_WORK = re.compile(r"^Work on: (\w+)", re.MULTILINE)
_ROOT = re.compile(r"^A: (.+), the answer$", re.MULTILINE)
_SENTENCE = re.compile(r"^(s\d+): .+$", re.MULTILINE)
_STATEMENT = re.compile(r"^(?:Sentence: (?P<sentence>.+)|(?P<name>c\d+): (?P<said>.+))$", re.MULTILINE)
_NUMBERED = re.compile(r"^ *(\d+)\. (.+)$", re.MULTILINE)


def text_of(request: Request) -> str:
    return next(m.content for m in request.messages if m.role == "user")


def pieces(request: Request) -> dict[str, str]:
    """What is asked, piece by piece: the name that the answer has for it, and the digest of what is shown of it."""
    text = text_of(request)
    if request.stage == "browser":
        page = text.split("\n", 1)[0]
        return {m[1]: digest_of("browser", page, m[0]) for m in _SENTENCE.finditer(text)}
    if request.stage == "judge":
        found, sentence = {}, ""
        for m in _STATEMENT.finditer(text):
            sentence = m["sentence"] or sentence
            if m["name"]:
                found[m["name"]] = digest_of("judge", sentence, m["said"])
        return found
    if request.stage == "cover":
        shown, question = text.split("\nClues\n")[0], text.split("\nQuestion\n")[1].split("\n")[0]
        clues = text.split("\nClues\n")[1].split("\nQuestion\n")[0]
        found = {m[1]: digest_of("cover", shown, question, m[2]) for m in _NUMBERED.finditer(clues)}
        return {ASKS_FOR: digest_of("cover", shown, question), **found}
    if request.stage == "writer":  # the same facts, whatever the order of the list and the words of a refusal
        attempt = sum(m.role == "assistant" for m in request.messages)
        return {"": digest_of("writer", sorted(m[2] for m in _NUMBERED.finditer(text)), attempt)}
    return {"": digest_of(request.stage, [[m.role, m.content] for m in request.messages if m.role != "system"])}


def place(request: Request) -> str:
    """The answer page and the vertex that a Planner works on."""
    return " ".join(found[1] for found in (_ROOT.search(text_of(request)), _WORK.search(text_of(request))) if found)


def moves(request: Request) -> dict[str, str]:
    """The moves on offer, by id, without their numbers and articles."""
    return {name: re.sub(r"\b(?:the|an?) ", "", line) for name, line in _MOVE.findall(text_of(request))}


class Reader(ScriptedModel):
    """Gives the answers again; `given` counts them."""

    def __init__(self) -> None:
        super().__init__(self.answer, name="reader")
        self.given = 0
        self.known: dict[str, Any] = {}
        self.chosen: dict[str, list[str]] = {}
        for line in ANSWERS.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["stage"] == "planner":
                self.chosen.setdefault(entry["place"], []).extend(entry["moves"])
            else:
                self.known[entry["asked"]] = entry["answer"]

    def count_tokens(self, messages: tuple[Any, ...]) -> int:
        return Batch.count_tokens(self, messages)  # type: ignore[arg-type]  # as when they were asked for

    def answer(self, request: Request) -> Any:
        answer = self._planned(request) if request.stage == "planner" else self._pieced(request)
        self.given += answer is not None
        return "" if answer is None else answer

    def _planned(self, request: Request) -> Any:
        offered = {line: name for name, line in moves(request).items()}
        names = list(dict.fromkeys(offered[line] for line in self.chosen.get(place(request), []) if line in offered))
        return {"reason": "chosen before", "move": names[0], "then": names[1:6]} if names else None

    def _pieced(self, request: Request) -> Any:
        asked = pieces(request)
        known = {name: self.known[key] for name, key in asked.items() if key in self.known}
        if request.stage not in IN_PIECES:
            return known.get("")
        if not known or (request.stage == "cover" and len(known) < len(asked)):
            return None
        if request.stage == "browser":
            links = set(request.schema["properties"]["claims"]["items"]["properties"]["link"]["enum"])
            return {"claims": [claim for claims in known.values() for claim in claims if claim["link"] in links]}
        return {name: known.get(name, "no") for name in asked}


def kept(request: Request, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of the file for an answer."""
    if request.stage == "planner":
        offered = moves(request)
        return [{"stage": "planner", "place": place(request), "moves": [offered[n] for n in [answer["move"], *answer["then"]]]}]
    found = []
    for name, key in pieces(request).items():
        said: Any = answer if name == "" else answer.get(name)
        if request.stage == "browser":
            said = [claim for claim in answer["claims"] if claim["sentence"] == name]
        found.append({"stage": request.stage, "asked": key, "answer": said})
    return found


def main(ledgers: list[Path]) -> None:
    lines: dict[str, None] = {}
    for ledger in ledgers:
        for _, request, text in Ledger(ledger, read_only=True).requests():
            lines.update((json.dumps(line, ensure_ascii=False, sort_keys=True), None) for line in kept(request, json.loads(text)))
    ANSWERS.write_text("".join(line + "\n" for line in sorted(lines)), encoding="utf-8")
    print(f"{len(lines)} answers in {ANSWERS}", file=sys.stderr)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
