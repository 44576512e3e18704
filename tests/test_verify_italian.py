"""What `verify` promises, on a wiki in another language than that of the sample: Italian questions, with joins and phrasings."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import dump_xml
from italian_world import italian_world
from test_verify import mutants, put, various

from infoseek_offline import pipeline
from infoseek_offline.checks.verifier import Verifier
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.config import load_config
from infoseek_offline.files import canonical_json, digest_of

JSON = Any


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("italian")
    (folder / "dump.xml").write_text(dump_xml(italian_world(), "it").replace(">Category<", ">Categoria<"), encoding="utf-8")
    pipeline.corpus(folder / "dump.xml", folder / "home")
    pipeline.index(folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def run(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    pipeline.data(home, out, load_config("demo", count=12, seed=2, phrasings=2, shape={"joins": 0.2}))
    return out


@pytest.fixture(scope="module")
def records(run: Path) -> list[JSON]:
    return [json.loads(line) for line in (run / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def verifier(home: Path, run: Path) -> Verifier:
    settings = json.loads((run / "config.json").read_text(encoding="utf-8"))
    return Verifier(home, settings["config"]["reading"], settings["config"]["bounds"], settings=settings)


def failed(verifier: Verifier, record: JSON) -> set[str]:
    return {f.claim for f in verifier.verify_line(1, canonical_json(record).encode()).failures}


def test_honest_run_holds(run: Path, home: Path) -> None:
    report = verify_run(run, home)
    assert report.failures == () and report.retold
    assert report.items == 12


def variants(text: str) -> Iterator[tuple[str, str]]:
    """The same words to the eye, or nearly so."""
    yield "decomposed", unicodedata.normalize("NFD", text)
    yield "a space behind", text + " "
    yield "a space that does not break", text.replace(" ", "\u00a0", 1)
    yield "a letter of another script", text.replace("a", "\u0430", 1)
    yield "another apostrophe", text.replace("'", "\u2019", 1)


def strings(value: JSON, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings(inside, (*path, key))


def test_every_change_of_a_record_is_noticed(records: list[JSON], verifier: Verifier) -> None:
    tried, unnoticed = 0, []
    for place in various(records, 2):
        record = records[place]
        assert not failed(verifier, record)
        changes = [(path, done, value) for path, done, value in mutants(record)]
        changes += [(path, done, text) for path, was in strings(record) for done, text in variants(was) if text != was]
        for path, done, value in changes:
            tried += 1
            if not failed(verifier, put(record, path, value)):
                unnoticed.append((".".join(map(str, path)), done))
    assert tried > 1500
    assert unnoticed == []


def with_ids(record: JSON) -> JSON:
    """The record with the digests that fit its words."""
    said = [c["wording"] for v in record["tree"]["vertices"] for c in v["constraints"]]
    record["id"] = "q-" + digest_of(record["question"], record["answer"], record["clues"], said, record["history"])
    for number, other in enumerate(record["phrasings"], 2):
        other["id"] = "p-" + digest_of(other["question"], record["answer"], other["clues"], number)
    return record


@pytest.mark.parametrize(
    ("was", "put_in"),
    [("è nat", "è mort"), ("allieva di", "sorella di"), ("è legat", "è nemic"), ("altitudine", "popolazione"), ("bagna", "evita"),
     ("Qual è il ", "Qual è il falso "), ("C'è un", "C'è un finto"), ("?", " e che fu venduto nel 1999?")],
)  # fmt: skip
def test_a_question_that_says_something_else_is_found_though_all_digests_fit(
    records: list[JSON], verifier: Verifier, was: str, put_in: str
) -> None:
    """The words of the rules are what the rules say: a relation turned, a clue or a property added is found, in clues as well."""
    tried = 0
    for record in records:
        for told in (record, *record["phrasings"]):
            if was not in told["question"]:
                continue
            changed = json.loads(canonical_json(record))
            twin = next(t for t in (changed, *changed["phrasings"]) if t["question"] == told["question"])
            twin["question"] = told["question"].replace(was, put_in)
            twin["clues"] = {name: words.replace(was, put_in) for name, words in told["clues"].items()}
            assert "words" in failed(verifier, with_ids(changed))
            tried += 1
    assert tried
