"""What `verify` promises for a run with a model: honest items hold, a change is found, and a ledger tells who said what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from able import answering
from models import ScriptedModel
from test_verify import mutants, put

from infoseek_offline import pipeline
from infoseek_offline.checks import heard, told
from infoseek_offline.checks.answers import is_near, is_right
from infoseek_offline.checks.gates import GATES
from infoseek_offline.checks.verifier import Verifier
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.config import Config, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.make import Maker
from infoseek_offline.files import canonical_json
from infoseek_offline.llm.ledger import Ledger, Recorded
from infoseek_offline.questions import cover
from infoseek_offline.records import Question
from infoseek_offline.retrieval.searcher import Searcher

JSON = Any
MODEL = "scripted"


@dataclass
class Modelled:
    """Items of a model with all gates, the ledger beside them, and the questions' answers."""

    records: list[JSON]
    ledger: Path
    config: Config
    home: Path

    def verifier(self, ledger: bool = True, model: str = MODEL, search: bool = True) -> Verifier:
        heard_in = heard.Ledger(self.ledger) if ledger else None
        bounds = self.config.bounds.model_dump()
        return Verifier(self.home, self.config.reading, bounds, search=search, gates=[*GATES], model=model, ledger=heard_in)


@pytest.fixture(scope="module")
def modelled(sample_home: Path, sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Modelled:
    """Some items of the sample wiki: made once to know the questions, then with gates by a model that has the answers."""
    corpus = Corpus.open(sample_home / "corpus")
    claims, searcher = ClaimStore(sample_home / "claims", corpus), Searcher.open(sample_home / "search", corpus)
    config = load_config("demo", count=3, seed=5)
    roots = [corpus.resolve(q.answer) for q in pipeline.questions(sample_run)[:6]]

    def make(config: Config, answers: dict[str, str], ledger: Path) -> Iterator[Question]:
        model = ScriptedModel(answering(answers, closed="Great Salt Lake", alternatives=("Germany", "the Moon", "Nowhere at all")))
        maker = Maker(corpus, claims, searcher, config, Recorded(model, Ledger(ledger)))
        made = (maker.make(root) for root in roots if root is not None)
        yield from (one.question for one in made if one.question is not None)

    folder = tmp_path_factory.mktemp("modelled")
    first = [*make(config, {}, folder / "first.sqlite")]
    answers = {q.question: q.answer.split(" (")[0] for q in first}
    gated = config.model_copy(update={"gates": tuple(GATES)})
    second = [*make(gated, answers, folder / "ledger.sqlite")]
    assert len(second) >= 3
    return Modelled([q.model_dump(mode="json") for q in second], folder / "ledger.sqlite", gated, sample_home)


def failures(verifier: Verifier, record: JSON) -> set[str]:
    return {f.claim for f in verifier.verify_line(1, canonical_json(record).encode()).failures}


def test_honest_items_hold_with_and_without_ledger_and_index(modelled: Modelled) -> None:
    for ledger in (True, False):
        for search in (True, False):
            verifier = modelled.verifier(ledger, search=search)
            for place, record in enumerate(modelled.records):
                assert [v["check"] for v in record["certificate"]["verdicts"]][-4:] == ["G1", "G2", "G3", "G4"]
                assert not verifier.verify_line(place + 1, canonical_json(record).encode()).failures
    assert MODEL in {r["written_by"] for r in modelled.records}


def unnoticed(verifier: Verifier, record: JSON, places: list[tuple[str | int, ...]]) -> set[tuple[str, str]]:
    """(last key, what was done) of all changes within those places that are not found."""
    found, tried = set(), 0
    for place in places:
        inside = record
        for step in place:
            inside = inside[step]
        for path, done, value in mutants(inside, place):
            tried += 1
            if not failures(verifier, put(record, path, value)):
                found.add((str(path[-1]), done))
    assert tried > 50
    return found


def gates_of(record: JSON) -> list[tuple[str | int, ...]]:
    count = len(record["certificate"]["verdicts"])
    return [("certificate", "verdicts", n) for n in range(count - len(GATES), count)]


def test_every_change_is_noticed(modelled: Modelled) -> None:
    """Of what only a run with a model has; test_verify.py changes all else."""
    record = next(r for r in modelled.records if r["written_by"] == MODEL)
    assert unnoticed(modelled.verifier(), record, [("question",), ("clues",), ("written_by",), *gates_of(record)]) == set()


def test_without_the_ledger_only_the_models_own_words_go_unnoticed(modelled: Modelled) -> None:
    """What can't be recomputed from the corpus: what a model answered where it is wrong, and under which key."""
    record = next(r for r in modelled.records if r["written_by"] == MODEL)
    left = {key for key, _ in unnoticed(modelled.verifier(ledger=False), record, gates_of(record))}
    assert left == {"answer", "key", "name", "proposals"}


def test_whose_words_they_are(modelled: Modelled) -> None:
    by_model = next(r for r in modelled.records if r["written_by"] == MODEL)
    verifier = modelled.verifier()
    assert "item" in failures(verifier, {**by_model, "written_by": "another model"})
    assert failures(verifier, {**by_model, "written_by": "rules"}) >= {"item"}
    assert "item" in failures(modelled.verifier(model=""), by_model)  # a run by rules has no model


def test_gates_must_be_all_there(modelled: Modelled) -> None:
    record = modelled.records[0]
    verifier = modelled.verifier()
    for place in range(-4, 0):
        verdicts = record["certificate"]["verdicts"]
        less = put(record, ("certificate", "verdicts"), [v for v in verdicts if v is not verdicts[place]])
        assert "certificate" in failures(verifier, less)


@pytest.mark.parametrize("wrong", [None, [], "", 7, {}, {"model": MODEL}, {"model": MODEL, "samples": [1]}, {"without": {"B": {}}}])
def test_any_measured_is_survived(modelled: Modelled, wrong: JSON) -> None:
    record = modelled.records[0]
    verifier = modelled.verifier()
    for place in range(-4, 0):
        changed = put(record, ("certificate", "verdicts", len(record["certificate"]["verdicts"]) + place, "measured"), wrong)
        assert failures(verifier, changed)


def test_an_answer_that_the_ledger_does_not_have(modelled: Modelled, tmp_path: Path) -> None:
    """A forger who changes record and ledger alike is not found out; one who changes the record alone is."""
    copy = tmp_path / "ledger.sqlite"
    with sqlite3.connect(modelled.ledger) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        target.execute("DELETE FROM completion WHERE stage = 'closed_book'")
        target.commit()
    bounds = modelled.config.bounds.model_dump()
    verifier = Verifier(modelled.home, "open", bounds, gates=[*GATES], model=MODEL, ledger=heard.Ledger(copy))
    assert failures(verifier, modelled.records[0]) == {"G1"}


def test_both_sides_judge_words_alike(sample_run: Path, modelled: Modelled) -> None:
    """The checks that made a record and those that verify it are written twice, and agree."""
    corpus, stored = Corpus.open(modelled.home / "corpus"), modelled.verifier(search=False).stored
    names = ["Ilmare (moon)", "Ilmare", "Brontes VI", "James Cook", "東京", "The Who"]
    for answer in [*names, "Captain Cook", "the who", "Ílmare", "Ilmar", "cook", "", "?", "Brontes", "moon", "Tokyo"]:
        assert heard.right(answer, names) == is_right(answer, names), answer
        assert heard.to_be_judged(answer, names) == is_near(answer, names), answer
    questions = [*pipeline.questions(sample_run), *(Question.model_validate(r) for r in modelled.records)]
    for question, other in zip(questions, [*questions[1:], questions[0]], strict=True):
        for text in (question.question, other.question, f"{question.question} In 1851, Zorbania and geology?"):
            assert told.additions(stored, question.tree, text) == cover.added(corpus, question.tree, text)
        clues = {**question.clues, **dict.fromkeys(["A.1"], "worked with")}
        for said in (question.clues, clues, other.clues, {}):
            ours = {name for name, _ in cover.untold(question.tree, question.question, said)}
            assert {name for name, _ in told._faults(question.tree, question.question, dict(said))} == ours


def test_json_among_other_words() -> None:
    for text in ('{"a": 1}', '```json\n{"a": 1}\n```', 'Here: {not} {"a": 1} and more'):
        assert heard.read_object(text) == {"a": 1}
    for text in ("", "{", "[1]", "{'a': 1}", json.dumps("{")):
        assert heard.read_object(text) is None
