"""From the tree's clauses to one fluent question by a language model, or none: then the rule-based wording stands.

The model gets the facts and writes; then it is asked, of its question alone, which words tell each clue and of which thing. What
it says is held against the tree by questions/cover.py, and the caller's own checks (nothing leaks, one search does not find the
answer) come last. A question that fails is written again, with the reason, three times in all. Raises ModelError alone, where no
answer is to be had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.llm.asked import Asked, seed_of
from infoseek_offline.llm.base import Message, Request, Sampling, Stage
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.questions.cover import added, form_faults, kind_of, lacking, stands_in, untold
from infoseek_offline.questions.names import Names, is_plural, literal_name
from infoseek_offline.questions.parts import plural_after
from infoseek_offline.questions.style import Wording
from infoseek_offline.records import Constraint, ResearchTree, Vertex

TRIES = 3
MAX_QUESTION = 900  # characters
MAX_CLUE = 400
FOUND = "the answer's page is found by "  # how R1 begins its reason
MAX_TOKENS = {"writer": 400, "cover": 1200}

Accept = Callable[[Wording], str]  # the reason against a wording, "" for none


@dataclass(frozen=True)
class Written:
    """`wording` is None where all tries failed; `refused` holds a reason for each try that did."""

    wording: Wording | None
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A tree as the prompts show it: each described vertex by its label, each constraint (but kinds) by its number."""

    labels: dict[str, str]  # vertex id -> "T1"
    numbers: dict[str, str]  # number -> constraint id
    things: str  # for the writer
    facts: str
    described: str  # the same things for the one who checks
    clues: str  # the facts, with "?" for the thing that a clue is told of


class Writer:
    """Puts the trees of one corpus into words by a model, and notes what became of each proposal."""

    def __init__(self, corpus: Corpus, model: Asked, names: Names | None = None) -> None:
        self.corpus, self.model = corpus, model
        self.names = names or Names(corpus)

    def write(self, tree: ResearchTree, key: str, accept: Accept) -> Written:
        """`key` is the tree's, for the seeds; `accept` says what else is against a wording."""
        sheet = self.sheet(tree)
        messages = load_prompt("writer").messages(things=sheet.things, facts=sheet.facts)
        refused: list[str] = []
        for attempt in range(TRIES):
            request = self._request("writer", messages, question_schema(), key, attempt)
            wording, reason, answer = self._once(tree, sheet, request, key, attempt, accept)
            self.model.note(request, wording.question if wording else answer, reason)
            if wording is not None and not reason:
                return Written(wording, tuple(refused))
            refused.append(reason)
            told = f"That was refused: {_plainly(reason)}. Write the question again, with all facts."
            again = f"{told} Answer with the JSON object only."
            messages = (*messages, Message("assistant", answer), Message("user", again))
        return Written(None, tuple(refused))

    def _once(
        self, tree: ResearchTree, sheet: Sheet, request: Request, key: str, attempt: int, accept: Accept
    ) -> tuple[Wording | None, str, str]:
        """(wording, what is against it, the answer's text)."""
        found = self.model.ask_all([request])[0]
        answer = found.text[:MAX_QUESTION]
        if found.value is None:
            return None, found.reason, answer
        question = str(found.value["question"]).strip()
        faults = [*form_faults(tree, question)]
        if new := added(self.corpus, tree, question):
            faults.append(f"it adds {', '.join(new)}")
        faults += _in_facts(lacking(tree, question), sheet)  # what no span can mend, before the model is asked for spans
        if faults:
            return Wording(question, {}), "; ".join(faults), answer
        clues, reason = self._cover(tree, sheet, question, key, attempt)
        wording = Wording(question, clues)
        return wording, reason or accept(wording), answer

    def _cover(self, tree: ResearchTree, sheet: Sheet, question: str, key: str, attempt: int) -> tuple[dict[str, str], str]:
        """The words of each clue, as the model finds them in its question, and what is against them."""
        messages = load_prompt("cover").messages(things=sheet.described, clues=sheet.clues, question=question)
        request = self._request("cover", messages, cover_schema(sheet, tree), key, attempt)
        found = self.model.ask_all([request])[0]
        if found.value is None:
            return {}, f"its clues could not be found ({found.reason})"
        clues, reasons = read_cover(tree, sheet, question, found.value)
        reason = "; ".join(reasons or _in_facts(untold(tree, question, clues), sheet))
        self.model.note(request, question, reason)
        return clues, reason

    def _request(self, stage: Stage, messages: tuple[Message, ...], schema: dict[str, Any], key: str, attempt: int) -> Request:
        sampling = Sampling(temperature=0.7 if stage == "writer" and attempt else 0.0, max_tokens=MAX_TOKENS[stage])
        return Request(stage, messages, schema, seed_of(stage, key, attempt), sampling, load_prompt(stage).digest)

    def sheet(self, tree: ResearchTree) -> Sheet:
        described = [v for v in tree.vertices if v.role != "leaf"]
        labels = {v.id: f"T{n}" for n, v in enumerate(described, 1)}
        things = [f"T1: {kind_of(described[0])}, which is asked for"] + [f"{labels[v.id]}: {kind_of(v)}" for v in described[1:]]
        numbers: dict[str, str] = {}
        facts, clues = [], []
        hangs_on: dict[str, str] = {}
        for vertex in described:
            for constraint in vertex.constraints:
                if constraint.kind == "type":
                    continue
                numbers[str(len(numbers) + 1)] = constraint.id
                fact = self._fact(tree, constraint, labels[vertex.id], labels)
                facts.append(f"{len(numbers)}. {fact}")
                joins = constraint.other in labels
                clues.append(facts[-1] if joins else f"{len(numbers)}. {self._fact(tree, constraint, '?', labels)}")
                if joins:
                    hangs_on[constraint.other] = fact
        checked = [f"{labels[v.id]}: {v.noun}" + (f"; {hangs_on[v.id]}" if v.id in hangs_on else "") for v in described]
        return Sheet(labels, numbers, "\n".join(things), "\n".join(facts), "\n".join(checked), "\n".join(clues))

    def _fact(self, tree: ResearchTree, constraint: Constraint, vertex: str, labels: dict[str, str]) -> str:
        """The wording with both sides in, `vertex` for its own."""
        text, other = constraint.wording, literal_name(constraint.value)
        if constraint.other in labels:
            other = labels[constraint.other]
            text = re.sub(r"\b(?:the|an?) \{o\}", "{o}", text)
        elif constraint.other:
            page = tree.vertex(constraint.other).page
            other = self.names.bare(page) if re.search(r"\ban? \{o\}", text) else self.names.name(page)
        elif constraint.kind == "category":
            other = other[:1].lower() + other[1:]
        if re.match(r"(?i)(the|an?) ", other):
            text = text.replace("the {o}", "{o}")
        said = text.replace("the {v}", "{v}").replace("{v}", "\0").replace("{o}", other).replace("\0", vertex)
        return plural_after(said, other) if is_plural(other) else said


def question_schema() -> dict[str, Any]:
    return _object({"question": {"type": "string", "maxLength": MAX_QUESTION}})


def cover_schema(sheet: Sheet, tree: ResearchTree) -> dict[str, Any]:
    thing = {"type": "string", "enum": list(sheet.labels.values())}
    words = {"type": "string", "maxLength": MAX_CLUE}
    joining = _joining(sheet, tree)
    clues = {n: _object({"words": words} if n in joining else {"words": words, "of": thing}) for n in sheet.numbers}
    return _object({"asks_for": thing, **clues})


def read_cover(tree: ResearchTree, sheet: Sheet, question: str, value: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """From the model's answer to clues by constraint id, kinds among them, with what speaks against it."""
    by_id = {c.id: (v, c) for v in tree.vertices for c in v.constraints}
    reasons = [] if value["asks_for"] == "T1" else [f"a reader thinks that it asks for {_thing(tree, sheet, value['asks_for'])}"]
    clues: dict[str, str] = {c.id: v.noun for v, c in by_id.values() if c.kind == "type"}
    for number, name in sheet.numbers.items():
        vertex, _ = by_id[name]
        told, label = value[number], sheet.labels[vertex.id]
        clues[name] = _verbatim(told["words"], question)
        if not clues[name].strip():
            reasons.append(f"a reader does not find fact {number} in it")
        elif told.get("of", label) != label:
            thing = _thing(tree, sheet, told["of"])
            reasons.append(f"a reader takes fact {number} to be told of {thing}, not of {_thing(tree, sheet, label)}")
    return {name: clues[name] for name in by_id if name in clues}, reasons


def _verbatim(words: str, question: str) -> str:
    """The words as they stand in the question, where they differ in case or blanks or end in a full stop; else as they are."""
    words = words.strip()
    pattern = r"\s+".join(re.escape(part) for part in words.strip(" .,;?\"'").split())
    found = re.search(rf"(?<!\w){pattern}(?!\w)", question, re.IGNORECASE) if pattern else None
    return words if stands_in(words, question) or found is None else found[0]


def _joining(sheet: Sheet, tree: ResearchTree) -> set[str]:
    others = {c.id: c.other for v in tree.vertices for c in v.constraints}
    return {number for number, name in sheet.numbers.items() if others[name] in sheet.labels}


def _thing(tree: ResearchTree, sheet: Sheet, label: str) -> str:
    vertex: Vertex = next(tree.vertex(v) for v, known in sheet.labels.items() if known == label)
    return f"{label}, {kind_of(vertex)}"


def _in_facts(faults: Iterable[tuple[str, str]], sheet: Sheet) -> list[str]:
    """Reasons in the model's terms: numbers of facts for the ids of constraints, labels for those of vertices."""
    called = {**{name: f"fact {number}" for number, name in sheet.numbers.items()}, **sheet.labels}
    return [f"{called.get(name, 'its kind')}: {reason}" for name, reason in faults]


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _plainly(reason: str) -> str:
    """A check's reason as a writer can act on it, who knows nothing of checks."""
    if not reason.startswith(FOUND):
        return reason
    words = "the question" if "question" in reason.removeprefix(FOUND) else "one of its facts"
    return f"a search with the words of {words} finds the answer at once; use other words for what is no name or number"
