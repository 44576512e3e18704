"""From the tree's clauses to one fluent question by a language model, or none: then the rule-based wording stands.

The model gets the facts, thing by thing, and writes; then it is asked, of its question alone, which words tell each clue and of
which thing. One of the clues is a decoy, which the question does not tell: who finds it there is no reader. What it says is held
against the tree by questions/cover.py, and the caller's own checks (nothing leaks, one search does not find the answer) come last.
A question that fails is written again, with the reason, three times in all. Raises ModelError alone, where no answer is to be had.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.kinds import a
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.files import digest_of
from infoseek_offline.llm.asked import Asked, seed_of
from infoseek_offline.llm.base import Message, Request, Sampling, Stage
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.questions.cover import added, form_faults, kind_of, lacking, stands_in, untold, words_of
from infoseek_offline.questions.names import Names, is_plural, literal_name
from infoseek_offline.questions.parts import plural_after
from infoseek_offline.questions.style import Wording
from infoseek_offline.records import Constraint, ResearchTree, Vertex

TRIES = 3
MAX_QUESTION = 900  # characters
MAX_CLUE = 400
LOOKED_AT = 2000  # pages, for a decoy
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
    handles: dict[str, str]  # label -> "the element", and "another element" for the next of the kind
    facts: str  # for the writer: the things, each with its facts
    described: str  # the same things for the one who checks
    asked: dict[str, str]  # number -> constraint id, of the clues that are asked for; "" for the decoy
    clues: str  # with "?" for the thing that a clue is told of


class Writer:
    """Puts the trees of one corpus into words by a model, and notes what became of each proposal."""

    def __init__(self, corpus: Corpus, model: Asked, names: Names | None = None) -> None:
        self.corpus, self.model = corpus, model
        self.names = names or Names(corpus)

    def write(self, tree: ResearchTree, key: str, accept: Accept) -> Written:
        """`key` is the tree's, for the seeds; `accept` says what else is against a wording."""
        sheet = self.sheet(tree)
        messages = load_prompt("writer").messages(facts=sheet.facts)
        refused: list[str] = []
        for attempt in range(TRIES):
            request = self._request("writer", messages, question_schema(), key, attempt)
            wording, reason, answer = self._once(tree, sheet, request, key, attempt, accept)
            self.model.note(request, wording.question if wording else answer, reason)
            if wording is not None and not reason:
                return Written(wording, tuple(refused))
            refused.append(reason)
            said = in_plain_words(reason, sheet)
            again = f"That was refused: {said}. Write it again, with all facts. Answer with the JSON object only."
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
        handles = dict(zip(labels.values(), _handles(described), strict=True))
        numbers: dict[str, str] = {}
        facts, clues = [], []
        hangs_on: dict[str, str] = {}
        for vertex in described:
            label = labels[vertex.id]
            facts.append(f"{label}: {handles[label]}" + (", which is asked for" if vertex is described[0] else ""))
            for constraint in vertex.constraints:
                if constraint.kind == "type":
                    continue
                numbers[str(len(numbers) + 1)] = constraint.id
                fact = self._fact(tree, constraint, label, labels)
                facts.append(f"  {len(numbers)}. {fact}")
                joins = constraint.other in labels
                clues.append((constraint.id, fact if joins else self._fact(tree, constraint, "?", labels)))
                if joins:
                    hangs_on[constraint.other] = fact
        chance = random.Random(digest_of("decoy", facts))  # the same for the same tree
        if decoy := self._decoy(tree, labels, chance):
            clues.insert(chance.randrange(len(clues) + 1), ("", decoy))
        checked = [f"{labels[v.id]}: {v.noun}" + (f"; {hangs_on[v.id]}" if v.id in hangs_on else "") for v in described]
        return Sheet(
            labels, numbers, handles, "\n".join(facts), "\n".join(checked),
            asked={str(n): name for n, (name, _) in enumerate(clues, 1)},
            clues="\n".join(f"{n}. {clue}" for n, (_, clue) in enumerate(clues, 1)),
        )  # fmt: skip

    def _decoy(self, tree: ResearchTree, labels: dict[str, str], chance: random.Random) -> str:
        """A clue like one of the tree's, with the name of another page of the kind in it; "" where there is none."""
        named = [
            (c, tree.vertex(c.other)) for v in tree.vertices if v.role != "leaf" for c in v.constraints
            if c.other and c.other not in labels
        ]  # fmt: skip
        chance.shuffle(named)
        words = {word for v in tree.vertices for word in words_of(v.title)}
        for constraint, leaf in named:
            for page in chance.sample(range(len(self.corpus.titles)), min(LOOKED_AT, len(self.corpus.titles))):
                title = base_title(self.corpus.titles[page])
                if self.corpus.nouns[page] == leaf.noun and words.isdisjoint(words_of(title)):
                    return self._put(constraint, self._name_in(constraint, page), "?")
        return ""

    def _fact(self, tree: ResearchTree, constraint: Constraint, vertex: str, labels: dict[str, str]) -> str:
        """The wording with both sides in, `vertex` for its own."""
        if constraint.other in labels:
            text = re.sub(r"\b(?:the|an?) \{o\}", "{o}", constraint.wording)
            return self._put(constraint.model_copy(update={"wording": text}), labels[constraint.other], vertex)
        other = literal_name(constraint.value)
        if constraint.other:
            other = self._name_in(constraint, tree.vertex(constraint.other).page)
        elif constraint.kind == "category":
            other = other[:1].lower() + other[1:]
        return self._put(constraint, other, vertex)

    def _name_in(self, constraint: Constraint, page: int) -> str:
        return self.names.bare(page) if re.search(r"\ban? \{o\}", constraint.wording) else self.names.name(page)

    def _put(self, constraint: Constraint, other: str, vertex: str) -> str:
        text = constraint.wording
        if re.match(r"(?i)(the|an?) ", other):
            text = text.replace("the {o}", "{o}")
        text = re.sub(r"\ban? \{o\}", lambda _: f"{a(other)} {{o}}", text)
        said = text.replace("the {v}", "{v}").replace("{v}", "\0").replace("{o}", other).replace("\0", vertex)
        return plural_after(said, other) if is_plural(other) else said


def _handles(described: Sequence[Vertex]) -> Iterator[str]:
    """How the question may call each thing, so that two of one kind are two: "the element", "another element"."""
    seen: Counter[str] = Counter()
    for vertex in described:
        seen[vertex.noun] += 1
        yield {1: kind_of(vertex), 2: f"another {vertex.noun}"}.get(seen[vertex.noun], f"yet another {vertex.noun}")


def in_plain_words(reason: str, sheet: Sheet) -> str:
    """A reason against a question as its writer can use it: what to change."""
    if found := re.match(r"the answer's page is found by (.*)", reason):
        called = {name: f"the words of fact {number}" for number, name in sheet.numbers.items()}
        parts = dict.fromkeys(called.get(name.split(" ", 1)[0], "the question as a whole") for name in found[1].split(", "))
        return f"a search engine finds the answer by {' and '.join(parts)}. Say that part otherwise, in another order"
    if found := re.match(r"the question shows (.*)", reason):
        return f"it gives away a name that must not be said ({found[1]})"
    return re.sub(r"\bit adds (.+?)(?=;|$)", r"it says \1, which no fact has (it adds \1)", reason)


def question_schema() -> dict[str, Any]:
    return _object({"question": {"type": "string", "maxLength": MAX_QUESTION}})


def cover_schema(sheet: Sheet, tree: ResearchTree) -> dict[str, Any]:
    thing = {"type": "string", "enum": list(sheet.labels.values())}
    words = {"type": "string", "maxLength": MAX_CLUE}
    joining = _joining(sheet, tree)
    clues = {n: _object({"words": words} if n in joining else {"words": words, "of": thing}) for n in sheet.asked}
    return _object({"asks_for": thing, **clues})


def read_cover(tree: ResearchTree, sheet: Sheet, question: str, value: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """From the model's answer to clues by constraint id, kinds among them, with what speaks against it."""
    by_id = {c.id: (v, c) for v in tree.vertices for c in v.constraints}
    reasons = [] if value["asks_for"] == "T1" else [f"a reader thinks that it asks for {_thing(sheet, value['asks_for'])}"]
    clues: dict[str, str] = {c.id: v.noun for v, c in by_id.values() if c.kind == "type"}
    called = {name: number for number, name in sheet.numbers.items()}
    for asked, name in sheet.asked.items():
        told = value[asked]
        if not name:
            if _verbatim(told["words"], question).strip():
                reasons.append(f"a reader finds in it what it does not tell ({told['words']!r})")
            continue
        vertex, _ = by_id[name]
        number, label = called[name], sheet.labels[vertex.id]
        clues[name] = _verbatim(told["words"], question)
        if not clues[name].strip():
            reasons.append(f"a reader does not find fact {number} in it")
        elif told.get("of", label) != label:
            thing = _thing(sheet, told["of"])
            reasons.append(f"a reader takes fact {number} to be told of {thing}, not of {_thing(sheet, label)}")
    return {name: clues[name] for name in by_id if name in clues}, reasons


def _verbatim(words: str, question: str) -> str:
    """The words as they stand in the question, where they differ in case or blanks or end in a full stop; else as they are."""
    words = words.strip()
    pattern = r"\s+".join(re.escape(part) for part in words.strip(" .,;?\"'").split())
    found = re.search(rf"(?<!\w){pattern}(?!\w)", question, re.IGNORECASE) if pattern else None
    return words if stands_in(words, question) or found is None else found[0]


def _joining(sheet: Sheet, tree: ResearchTree) -> set[str]:
    others = {c.id: c.other for v in tree.vertices for c in v.constraints}
    return {number for number, name in sheet.asked.items() if name and others[name] in sheet.labels}


def _thing(sheet: Sheet, label: str) -> str:
    return f"{label}, {sheet.handles[label]}"


def _in_facts(faults: Iterable[tuple[str, str]], sheet: Sheet) -> list[str]:
    """Reasons in the model's terms: numbers of facts for the ids of constraints, labels for those of vertices."""
    called = {**{name: f"fact {number}" for number, name in sheet.numbers.items()}, **sheet.labels}
    return [f"{called.get(name, 'its kind')}: {reason}" for name, reason in faults]


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
