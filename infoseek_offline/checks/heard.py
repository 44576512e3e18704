"""What a language model answered, held against the corpus and the run's ledger: the verifier's part for the gates.

Computed again is which answers are right by their words, which were near enough to be judged, which passages were shown, and which
clues exclude which alternative. That the model said so is held against the run's ledger where it is there; no model is asked.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from infoseek_offline.checks.recompute import Measured, Pages, Proof
from infoseek_offline.checks.stored import WORD
from infoseek_offline.files import digest_of
from infoseek_offline.records import Question, Vertex
from infoseek_offline.retrieval.searcher import Searcher

GATES = {"closed": "G1", "open": "G2", "alternatives": "G3", "bridge": "G4"}
SAMPLES, DISTRACTORS = 3, 4
KEPT = 300  # characters of a proposal in the ledger
# Answers


def plain_name(name: str) -> str:
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    words = WORD.findall("".join(c for c in letters if unicodedata.combining(c) == 0))
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        del words[0]
    return " ".join(words)


def right(answer: str, names: Iterable[str]) -> bool:
    return plain_name(answer) in {plain_name(n) for n in names} - {""}


def to_be_judged(answer: str, names: Iterable[str]) -> bool:
    given, known = plain_name(answer), {plain_name(n) for n in names}
    if given == "" or given in known:
        return False
    long = {w for w in given.split(" ") if len(w) > 3}
    return any(long & set(n.split(" ")) or SequenceMatcher(None, given, n).ratio() >= 0.8 for n in known)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Said(_Strict):
    """One answer as a gate records it; `key` and `judge` are the ledger's."""

    answer: str
    key: str
    exact: bool
    judged: Literal["", "same", "different"]
    judge: str


class _Closed(_Strict):
    model: str
    samples: list[Said]


class _Shown(Said):
    """`others` of the documents are no evidence: as many as fitted the model's context."""

    documents: list[str]
    others: int


class _Open(_Shown):
    model: str


class _Bridge(_Strict):
    model: str
    without: dict[str, _Shown]


class _Proposal(_Strict):
    name: str
    page: str
    excluded_by: list[str]


class _Alternatives(_Strict):
    model: str
    key: str
    proposals: list[_Proposal]


class Ledger:
    """The answers of a run, as they came. Raises sqlite3.Error for a file that is none."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        rows = self._database.execute("SELECT answer FROM completion WHERE stage = 'writer'")
        self.written = {str(value.get("question", "")).strip() for (text,) in rows if (value := read_object(text)) is not None}
        accepted = "SELECT proposal FROM verdict JOIN completion USING (key) WHERE stage = 'writer' AND verdict.reason = ''"
        self.accepted = {proposal for (proposal,) in self._database.execute(accepted)}

    def answer(self, key: str, stage: str) -> dict[str, Any] | None:
        row = self._database.execute("SELECT answer FROM completion WHERE key = ? AND stage = ?", (key, stage)).fetchone()
        return None if row is None else read_object(row[0])


def read_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text."""
    for at in (m.start() for m in re.finditer(r"\{", text)):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return None


class Gated:
    """The gates of one item computed again: each whether it holds and what should be recorded, given the model's words."""

    def __init__(self, proof: Proof, question: Question, model: str, searcher: Searcher | None, ledger: Ledger | None) -> None:
        self.proof, self.question, self.tree, self.model = proof, question, question.tree, model
        self.stored, self.searcher, self.ledger = proof.stored, searcher, ledger
        self.names = [question.answer, *question.answer_aliases]

    def claims(self, gates: Iterable[str]) -> Iterator[tuple[str, Measured]]:
        recorded = {v.check: v.measured for v in self.question.certificate.verdicts}
        for gate in gates:
            name = GATES[gate]
            try:
                yield name, getattr(self, gate)(recorded[name])
            except ValidationError as error:
                wrong = error.errors()[0]
                yield name, (False, {"unreadable": f"{'.'.join(str(p) for p in wrong['loc'])}: {wrong['msg']}"})

    def _heard(self, said: Said, stage: str) -> tuple[bool, bool, dict[str, Any]]:
        """(whether it is as the ledger has it, whether it is the answer, what should be recorded)."""
        exact, near = right(said.answer, self.names), to_be_judged(said.answer, self.names)
        known = (said.judged != "") == near == (said.judge != "")
        if self.ledger is not None:
            known &= str((self.ledger.answer(said.key, stage) or {}).get("answer")).strip() == said.answer
            verdict = (self.ledger.answer(said.judge, "judge") or {}).get("same") if near else ""
            known &= verdict == {"same": "yes", "different": "no", "": ""}[said.judged]
        else:
            known &= re.fullmatch(r"[0-9a-f]{16}", said.key) is not None
        return known, exact or said.judged == "same", {"answer": said.answer, "key": said.key, "exact": exact,
                                                       "judged": said.judged, "judge": said.judge}  # fmt: skip

    def closed(self, measured: dict[str, Any]) -> Measured:
        samples = sorted(_Closed.model_validate(measured).samples, key=lambda said: said.key)
        heard = [self._heard(said, "closed_book") for said in samples]
        keys = {said["key"] for _, _, said in heard}
        holds = len(keys) == len(heard) == SAMPLES and all(known and not hit for known, hit, _ in heard)
        return holds, {"model": self.model, "samples": [said for _, _, said in heard]}

    def open(self, measured: dict[str, Any]) -> Measured:
        told = _Open.model_validate(measured)
        known, hit, said = self._heard(told, "open_book")
        shown = self._shown(told, list(self.question.evidence_documents), self._negatives(told.documents))
        return known and hit, {"model": self.model, **shown, **said}

    def _negatives(self, shown: list[str]) -> list[str]:
        """The best hits for the question that are on no page of the tree or its evidence; without an index, such as were shown."""
        away = {v.page for v in self.tree.vertices} | {c.evidence.page for v in self.tree.vertices for c in v.constraints}
        if self.searcher is not None:
            return [document for document, _ in self.searcher.ranks(self.question.question, DISTRACTORS, "hybrid", sorted(away))]
        others = [d for d in shown if d not in self.question.evidence_documents]
        pages = {d: int(d.split("-")[0]) for d in others if re.fullmatch(r"\d{1,9}-\d{1,9}", d)}
        return [
            d for d, page in pages.items() if page not in away and page < self.stored.size and d in self.stored.page(page).passages
        ]

    def _shown(self, told: _Shown, needed: list[str], others: list[str]) -> dict[str, Any]:
        """The passages as they must have been shown, with as many of the others as are said to have been."""
        count = min(max(told.others, 0), len(others), DISTRACTORS)
        documents = sorted([*needed, *others[:count]], key=lambda d: (digest_of(self.question.question, d), d))
        return {"documents": documents, "others": count}

    def alternatives(self, measured: dict[str, Any]) -> Measured:
        told = _Alternatives.model_validate(measured)
        answer, holds, proposals = self.tree.root, True, []
        for name in (p.name for p in told.proposals):
            page = self.stored.resolve(name)
            if page is None:
                page = self.stored.resolve(re.sub(r"(?i)^(the|an?) ", "", name.strip()))
            out = [] if page is None else [c.id for c in answer.constraints if page not in self.proof.extents[c.id]]
            holds &= page in (None, answer.page) or out != []
            proposals.append({"name": name, "page": "" if page is None else self.stored.titles[page], "excluded_by": out})
        if self.ledger is not None:
            said = self.ledger.answer(told.key, "alternatives") or {}
            holds &= said.get("alternatives") == [p["name"] for p in proposals]
        return holds, {"model": self.model, "key": told.key, "proposals": proposals}

    def bridge(self, measured: dict[str, Any]) -> Measured:
        told = _Bridge.model_validate(measured).without
        holds = True
        without: dict[str, Any] = {}
        for v in (v for v in self.tree.vertices if v.role == "inner"):
            if v.id not in told:
                return False, {"model": self.model, "without": without}
            known, hit, said = self._heard(told[v.id], "bridge")
            holds &= known and not hit
            links = frozenset(c.id for u in self.tree.vertices for c in u.constraints if c.other == v.id)
            away = {*links, *(c.id for c in v.constraints)}
            left = [c.evidence.document for u in self.tree.vertices for c in u.constraints if c.id not in away]
            shown = self._shown(told[v.id], list(dict.fromkeys(left)), self._rivals(links))
            without[v.id] = {**shown, **said}
        return holds, {"model": self.model, "without": without}

    def _rivals(self, links: frozenset[str]) -> list[str]:
        """First passages of pages that are answers too without the links and what hangs on them, of the answer's kind first."""
        root: Vertex = self.tree.root
        left: Pages = self.proof.candidates(root, without=links)
        pages = sorted(
            left - {v.page for v in self.tree.vertices},
            key=lambda p: (self.stored.nouns[p] != root.noun, digest_of(self.question.question, self.stored.titles[p]), p),
        )
        found: list[str] = []
        for page in pages:
            if len(found) < DISTRACTORS and f"{page}-0" in self.stored.page(page).passages:
                found.append(f"{page}-0")
        return found
