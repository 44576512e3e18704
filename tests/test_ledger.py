"""The ledger: a model is asked once for each key, whoever asks, and a run is replayed with no model at all."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from models import ScriptedModel

from infoseek_offline.errors import ModelError, Pending
from infoseek_offline.llm.base import Completion, Message, Request, Sampling
from infoseek_offline.llm.ledger import Cost, Ledger, Noted, Recorded, Replay

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string", "maxLength": 20}},
    "required": ["word"],
    "additionalProperties": False,
}


def request(content: str = "Say a word.", **changes: Any) -> Request:
    return replace(Request("planner", (Message("user", content),), SCHEMA, seed=5, prompt="p1"), **changes)


def said(request: Request) -> dict[str, str]:
    return {"word": f"{len(request.messages[0].content)}-{request.seed}"}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "run" / "ledger.sqlite")


# Asked once


def test_the_model_is_asked_once_for_each_key(ledger: Ledger) -> None:
    model = ScriptedModel([{"word": "one"}, {"word": "two"}])
    recorded = Recorded(model, ledger)
    first = recorded.complete(request())
    assert first.value == {"word": "one"} and recorded.complete(request()) == first
    assert recorded.complete(request(seed=6)).value == {"word": "two"}
    assert [asked.seed for asked in model.history] == [5, 6]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (request(seed=6), False),
        (request("Say another word."), False),
        (request(messages=(Message("system", "Say a word."),)), False),
        (request(schema={**SCHEMA, "title": "a word"}), False),
        (request(sampling=Sampling(temperature=0.7)), False),
        (request(sampling=Sampling(max_tokens=9)), False),
        (request(stage="writer"), True),
        (request(prompt="p2"), True),
    ],
)
def test_the_key_is_all_that_can_change_the_answer(other: Request, same: bool) -> None:
    assert (request().key("model") == other.key("model")) == same
    assert request().key("model") != request().key("another model")


def test_an_answer_that_is_of_no_use_is_kept_too_with_its_reason(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(["no", "never " * 1000]), ledger)
    for seed, reason in ((1, 'not JSON: "no"'), (2, "cut off at 8 tokens")):
        asked = request(seed=seed, sampling=Sampling(max_tokens=8))
        first = recorded.complete(asked)
        assert first.value is None and first.reason == reason
        assert recorded.complete(asked) == first


def test_the_reason_of_a_prompt_that_was_never_answered_is_kept(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(said)
    monkeypatch.setattr(model, "complete", lambda request: Completion("", None, "the prompt does not fit", 9, 0, 0.0))
    recorded = Recorded(model, ledger)
    assert recorded.complete(request()).reason == recorded.complete(request()).reason == "the prompt does not fit"


def test_nothing_is_kept_of_a_model_that_can_not_be_reached(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel([ModelError("down"), Pending("later"), {"word": "up"}]), ledger)
    with pytest.raises(ModelError, match="down"):
        recorded.complete(request())
    with pytest.raises(Pending):
        recorded.complete(request())
    assert recorded.complete(request()).value == {"word": "up"}


def test_what_is_in_the_ledger_is_checked_against_the_schema_as_a_new_answer_is(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    recorded.complete(request())
    ledger.close()
    with sqlite3.connect(ledger.path) as file:
        file.execute("UPDATE completion SET answer = ?", ('{"word": "' + "x" * 21 + '"}',))
    assert Recorded(ScriptedModel(), Ledger(ledger.path)).complete(request()).reason == "word: 21 characters, more than 20"


# Replay


def test_a_replay_has_no_model_behind_it(ledger: Ledger, tmp_path: Path) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    asked = [request(seed=seed) for seed in range(3)]
    made = [recorded.complete(one) for one in asked]
    counted = recorded.count_tokens(asked[0].messages)
    ledger.close()
    assert [p.name for p in ledger.path.parent.iterdir()] == ["ledger.sqlite"], "one file, nothing beside it"
    replay = Replay(Ledger(ledger.path, read_only=True), recorded.digest)
    assert (replay.digest, replay.name, replay.context) == (recorded.digest, recorded.name, recorded.context)
    assert [replay.complete(one) for one in asked] == made
    assert replay.count_tokens(asked[0].messages) == counted
    again = Recorded(replay, Ledger(tmp_path / "again.sqlite"))
    assert [again.complete(one) for one in asked] == made
    with pytest.raises(ModelError, match="no answer to a planner prompt"):
        replay.complete(request(seed=9))
    with pytest.raises(ModelError, match="no token count"):
        replay.count_tokens((Message("user", "never counted"),))


def test_there_is_nothing_to_replay_without_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nothing to replay"):
        Ledger(tmp_path / "ledger.sqlite", read_only=True)
    with pytest.raises(ModelError, match=r"holds no answers of the run's model \(abc\): put the run's whole ledger there"):
        Replay(Ledger(tmp_path / "empty.sqlite"), "abc")


def test_a_replay_is_of_the_runs_model_though_the_ledger_knows_others(ledger: Ledger) -> None:
    others = [Recorded(ScriptedModel([{"word": name}], name=name), ledger) for name in ("a", "b")]
    for one in others:
        one.complete(request())
    assert [Replay(ledger, one.digest).complete(request()).value for one in others] == [{"word": "a"}, {"word": "b"}]


def test_a_damaged_ledger_is_one_line_wherever_the_damage_is_found(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    for seed in range(200):
        recorded.complete(request(seed=seed))
    ledger.close()
    whole = bytearray(ledger.path.read_bytes())
    whole[2048:] = b"\xff" * (len(whole) - 2048)
    ledger.path.write_bytes(whole)
    for read_only in (False, True):
        with pytest.raises(ModelError, match=r"ledger\.sqlite is damaged \(.+\): put a whole copy") as caught:
            broken = Ledger(ledger.path, read_only=read_only)
            [broken.find(request(seed=seed).key(recorded.digest), request(seed=seed)) for seed in range(200)]
        assert "\n" not in str(caught.value)


def test_a_full_disk_is_said_and_what_was_kept_before_stays(ledger: Ledger) -> None:
    connection = ledger._connection()
    ((pages,),) = connection.execute("PRAGMA page_count")
    connection.execute(f"PRAGMA max_page_count = {pages + 8}")
    recorded, kept = Recorded(ScriptedModel(said), ledger), list[Request]()
    with pytest.raises(ModelError, match=r"can't be written \(.*full.*\): free some space and run the same command again"):
        for seed in range(2000):
            recorded.complete(one := request(seed=seed))
            kept.append(one)
    assert kept and ledger.holds([one.key(recorded.digest) for one in kept])
    connection.execute("PRAGMA max_page_count = 100000")
    assert recorded.complete(request(seed=2001)).value, "and it goes on"


def test_when_no_more_is_wanted_threads_that_still_ask_come_to_an_end(ledger: Ledger) -> None:
    model, abandoned = ScriptedModel(said), list[bool]()
    model.abandon = lambda: abandoned.append(True)  # type: ignore[attr-defined]
    recorded = Recorded(model, ledger)
    recorded.complete(request())
    recorded.stop()
    with pytest.raises(ModelError, match="no more is asked in this run"):
        recorded.complete(request(seed=6))
    assert abandoned == [True] and len(model.history) == 1
    assert Recorded(model, ledger).complete(request(seed=6)).value, "of another run it is asked"


@pytest.mark.parametrize("content", [b"not a database at all, but a text" * 100, b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_file_that_is_no_ledger_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(content)
    with pytest.raises(ModelError, match=r"ledger\.sqlite is no ledger"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_ledger_of_another_format_is_refused(ledger: Ledger) -> None:
    ledger.close()
    with sqlite3.connect(ledger.path) as file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(ModelError, match="format 99"):
        Ledger(ledger.path)


def test_requests_come_back_as_they_were_asked(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    asked = request(stage="judge", sampling=Sampling(0.7, 0.9, 33))
    recorded.complete(asked)
    assert [(key, one, answer) for key, one, answer in ledger.requests()] == [
        (asked.key(recorded.digest), asked, '{"word": "11-5"}')
    ]


def test_what_many_prompts_have_in_common_is_kept_once(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    system = Message("system", "".join(f"{number} is a rule. " for number in range(500)))
    for seed in range(50):
        recorded.complete(request(messages=(system, Message("user", f"Page {seed}")), seed=seed))
    ledger.close()
    assert ledger.path.stat().st_size < 10 * len(system.content)
    assert {one.messages[0] for _, one, _ in Ledger(ledger.path).requests()} == {system}


# Verdicts and costs


def test_a_note_says_what_became_of_a_proposal_and_noting_it_again_changes_nothing(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    recorded.complete(request())
    for _ in range(2):
        recorded.note(request(), "s3 l1", "the sentence does not hold the link")
        recorded.note(request(), "s4 l2")
    key = request().key(recorded.digest)
    assert list(ledger.verdicts()) == [
        Noted("planner", key, "s3 l1", "the sentence does not hold the link"),
        Noted("planner", key, "s4 l2", ""),
    ]


def test_costs_are_summed_by_stage(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(["no", {"word": "a"}, {"word": "b"}]), ledger)
    for stage, seed in (("planner", 1), ("planner", 2), ("writer", 3), ("writer", 3)):
        recorded.complete(request(stage=stage, seed=seed))
    assert ledger.costs() == [Cost("planner", 2, 1, 14, 5, 0.0), Cost("writer", 1, 0, 7, 4, 0.0)]


# Threads, processes, kills


def test_threads_and_processes_write_at_the_same_time(ledger: Ledger) -> None:
    recorded = Recorded(ScriptedModel(said), ledger)
    recorded.complete(request(seed=0))  # the parent's connection is open when the children begin

    def ask(first: int) -> None:
        for seed in range(first, first + 60):
            recorded.complete(request(seed=seed))
            recorded.note(request(seed=seed), "it")

    others: list[Any] = [multiprocessing.get_context("fork").Process(target=ask, args=(first,)) for first in (0, 30, 60)]
    others += [threading.Thread(target=ask, args=(first,)) for first in (90, 120)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert [getattr(other, "exitcode", 0) for other in others] == [0] * 5
    assert ledger.costs()[0].calls == len(list(ledger.verdicts())) == 180


def test_two_that_ask_at_once_get_the_same_answer(ledger: Ledger) -> None:
    """Even of a model that never says the same again: what was kept first counts."""
    both = threading.Barrier(2)
    count = iter(range(2))

    def answer(request: Request) -> dict[str, str]:
        both.wait()
        return {"word": str(next(count))}

    recorded = Recorded(ScriptedModel(answer), ledger)
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(recorded.complete(request()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2 and answers[0] == answers[1]


def _ask_for_ever(path: Path) -> None:
    recorded = Recorded(ScriptedModel(said), Ledger(path))
    seed = 0
    while True:
        recorded.complete(request(seed=seed))
        seed += 1


def test_a_kill_at_any_point_leaves_the_ledger_readable(ledger: Ledger) -> None:
    for round_ in range(3):
        process = multiprocessing.get_context("fork").Process(target=_ask_for_ever, args=(ledger.path,))
        process.start()
        while len(list(ledger.requests())) < 20 * (round_ + 1):
            time.sleep(0.01)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    model = ScriptedModel(said)
    kept = len(list(ledger.requests()))
    recorded = Recorded(model, Ledger(ledger.path))
    for seed in range(kept):
        assert recorded.complete(request(seed=seed)).value == {"word": f"11-{seed}"}
    assert model.history == [], "what was answered before the kill is not asked again"


def test_a_ledger_is_pickled_as_its_path(ledger: Ledger) -> None:
    Recorded(ScriptedModel(said), ledger).complete(request())
    other = pickle.loads(pickle.dumps(ledger))
    assert len(list(other.requests())) == 1
