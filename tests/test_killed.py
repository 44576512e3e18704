"""A model's run killed by the system goes on where it was: the same data set, and no question asked twice that has its answer."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer, model_server
from test_grow import invented_home
from test_model_run import sensible

from infoseek_offline import pipeline
from infoseek_offline.files import canonical_json, read_json
from infoseek_offline.llm.base import Message, Request
from infoseek_offline.llm.ledger import Ledger
from infoseek_offline.llm.openai_api import body_of
from infoseek_offline.llm.prompts import load_prompt, prompt_digests

COUNT, MODEL = 2, "tiny"
SYSTEMS = {load_prompt(name).system: name for name in prompt_digests()}


def answer(body: dict[str, Any]) -> Any:
    """Sensible, and the same for the same body; the stage is told by the system part."""
    messages = tuple(Message(m["role"], m["content"]) for m in body["messages"])
    stage: Any = SYSTEMS[messages[0].content]
    return sensible(Request(stage, messages, body["response_format"]["json_schema"]["schema"], body["seed"]))


def start(home: Path, out: Path, server: ModelServer, workers: int) -> subprocess.Popen[str]:
    """`infoseek data` as its own process group."""
    words = ["data", "--home", home, "--out", out, "--profile", "demo", "--count", COUNT, "--seed", 2, "--model", server.url]
    return subprocess.Popen(
        [sys.executable, "-m", "infoseek_offline", *map(str, words), "--workers", str(workers)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(process: subprocess.Popen[str]) -> None:
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["accepted"] == COUNT


def questions_to(server: ModelServer) -> Counter[str]:
    return Counter(canonical_json(body) for body in server.asked)


def in_ledger(out: Path) -> set[str]:
    """What the ledger has the answers of, as bodies that the server was sent."""
    return {canonical_json(body_of(request, MODEL)) for _, request, _ in Ledger(out / "ledger.sqlite", read_only=True).requests()}


def data_set(out: Path) -> tuple[list[str], Any]:
    """The sums of all files, and in place of the manifest's its content: all but the seconds that the server took."""
    manifest = read_json(out / "manifest.json")
    manifest.pop("digest")
    sums = (out / "SHA256SUMS").read_text().splitlines()
    assert any(line.endswith("  manifest.json") for line in sums)
    return [line for line in sums if not line.endswith("  manifest.json")], without_seconds(manifest)


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_seconds(inner) for name, inner in value.items() if name != "seconds"}
    return value


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented_home(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def undisturbed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[str]]:
    """A run that nothing happened to, and what it asked."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    with model_server(answer, models=(MODEL,)) as server:
        finish(start(home, out, server, 1))
        return out, questions_to(server)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_killed_in_the_middle_ends_with_the_same_bytes_and_asks_nothing_again_that_was_answered(
    home: Path, undisturbed: tuple[Path, Counter[str]], tmp_path: Path, workers: int
) -> None:
    """SIGKILL to the whole process group, twice, each time with a question in flight: the server holds it back until the kill."""
    whole, asked_for = undisturbed
    out, again = tmp_path / "run", Counter[str]()
    for answered in (4, sum(asked_for.values()) // 2):
        known = in_ledger(out) if out.exists() else set()
        with model_server(answer, models=(MODEL,)) as server:
            server.mishaps = [None] * answered + ["late"] * workers
            process = start(home, out, server, workers)
            until(lambda server=server, answered=answered: len(server.asked) > answered, process)  # type: ignore[misc]
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)
            asked = questions_to(server)
        assert process.returncode == -signal.SIGKILL and not (out / "SHA256SUMS").exists()
        kept = in_ledger(out)
        assert kept > known, "what was answered before the kill is kept"
        assert len(asked.keys() - kept) <= workers, "and all of it, but for what was in flight"
        assert known.isdisjoint(asked), "what was answered before the kill before is not asked again"
        again += asked
    kept = in_ledger(out)
    assert 0 < len(kept) < len(asked_for)
    with model_server(answer, models=(MODEL,)) as server:
        finish(start(home, out, server, workers))
        assert server.asked and kept.isdisjoint(questions_to(server))
        again += questions_to(server)
    assert data_set(out) == data_set(whole)
    if workers == 1:
        assert set(again) == set(asked_for)
        assert sorted(again.values())[-3:] == [1, 2, 2], "only what was in flight at the kills is asked a second time"
    assert pipeline.reproduce(out, home, tmp_path / "again") == []


def test_what_the_ledger_lost_is_asked_again_and_nothing_else(
    home: Path, undisturbed: tuple[Path, Counter[str]], tmp_path: Path
) -> None:
    """As after a power cut, or where it was put back from an older copy. Pages that were made of what is lost are made again, since
    the run could not be reproduced; and it shows that the test above can tell a ledger that keeps nothing from one that does."""
    whole, asked_for = undisturbed
    out = tmp_path / "run"
    with model_server(answer, models=(MODEL,)) as server:
        server.mishaps = [None] * (sum(asked_for.values()) - 1) + ["late"]
        process = start(home, out, server, 1)
        until(lambda: len(server.asked) == sum(asked_for.values()), process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    kept = in_ledger(out)
    with sqlite3.connect(out / "ledger.sqlite") as database:
        database.execute("DELETE FROM completion WHERE key IN (SELECT key FROM completion ORDER BY key LIMIT 9)")
    database.close()
    lost = kept - in_ledger(out)
    assert len(lost) == 9
    with model_server(answer, models=(MODEL,)) as server:
        finish(start(home, out, server, 1))
        again = set(questions_to(server))
    assert lost <= again and again & kept == lost
    assert data_set(out) == data_set(whole)
    assert pipeline.reproduce(out, home, tmp_path / "again") == []


def test_an_interrupted_run_ends_though_all_its_threads_wait_for_answers(home: Path, tmp_path: Path) -> None:
    out, workers = tmp_path / "run", 3
    with model_server(answer, models=(MODEL,)) as server:
        server.mishaps = [None] * 9 + ["late"] * 99
        process = start(home, out, server, workers)
        until(lambda: len(server.asked) == 9 + workers, process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 130 and "interrupted: run the same command again to go on" in stderr
        assert len(server.asked) == 9 + workers, "no thread has asked on"
    assert len(in_ledger(out)) == 9
