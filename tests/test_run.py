"""A run's folder: the same bytes however it was made, killed at any point and begun again; nothing of anybody else is touched."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import dump_xml
from test_grow import First, NeverStopping, invented_home, invented_wiki

from infoseek_offline import pipeline
from infoseek_offline.agents.base import Move
from infoseek_offline.checks.all import ALL, STRUCTURE
from infoseek_offline.checks.problem import Problem
from infoseek_offline.config import Config, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.make import Made, Maker
from infoseek_offline.demo import set_aside
from infoseek_offline.errors import OtherRun, RunError
from infoseek_offline.records import Question, Rejection
from infoseek_offline.run import Run, check_sums
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.grow import Growth

COUNT = 20
FILES = {"config.json", "manifest.json", "questions.jsonl", "rejected.jsonl", "SHA256SUMS"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented_home(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config("demo", count=COUNT, seed=11)


@pytest.fixture(scope="module")
def finished(home: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run by one worker, without any mishap; tests must not change it."""
    out = tmp_path_factory.mktemp("finished") / "run"
    pipeline.data(home, out, config, workers=1)
    return out


def sums(out: Path) -> str:
    return (out / "SHA256SUMS").read_text()


def state(out: Path) -> dict[str, tuple[int, str]]:
    """All files with their times and contents."""
    return {
        p.relative_to(out).as_posix(): (p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).hexdigest())
        for p in out.rglob("*")
        if p.is_file()
    }


# A finished run


def test_the_folder_explains_itself(finished: Path) -> None:
    assert {p.name for p in finished.iterdir()} == FILES, "neither work nor lock is left"
    lines = [line.split("  ") for line in sums(finished).splitlines()]
    assert {name for _, name in lines} == FILES - {"SHA256SUMS"}
    for digest, name in lines:
        assert hashlib.sha256((finished / name).read_bytes()).hexdigest() == digest
    assert check_sums(finished) == []


def test_the_manifest_counts_what_is_there(finished: Path, config: Config) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    questions, rejections = pipeline.questions(finished), pipeline.rejections(finished)
    assert (manifest["asked"], manifest["accepted"], manifest["rejected"]) == (COUNT, len(questions), len(rejections))
    assert manifest["depths"] == {str(d): sum(q.depth == d for q in questions) for d in sorted({q.depth for q in questions})}
    assert sum(manifest["failed checks of rejected trees"].values()) == sum(len(r.failed) for r in rejections)
    assert manifest["config"] == config.model_dump(mode="json") == json.loads((finished / "config.json").read_text())["config"]
    assert COUNT <= manifest["answer pages tried"] <= manifest["answer pages"]


def test_every_accepted_item_has_all_verdicts_and_all_hold(finished: Path, home: Path) -> None:
    questions = pipeline.questions(finished)
    assert len(questions) == COUNT
    digest = Corpus.open(home / "corpus").digest
    for question in questions:
        assert [v.check for v in question.certificate.verdicts] == list(ALL)
        assert question.certificate.passed and all(v.measured and not v.reason for v in question.certificate.verdicts)
        assert (question.certificate.reading, question.certificate.corpus) == ("open", digest)
        assert question.depth == question.tree.depth and question.vertices == len(question.tree.vertices)
        assert question.answer == question.tree.root.title
        assert {c.id for v in question.tree.vertices for c in v.constraints} == set(question.clues)
        assert question.evidence_documents and set(question.gold_documents) <= set(question.evidence_documents)


def test_one_question_an_answer_and_no_question_twice(finished: Path) -> None:
    questions = pipeline.questions(finished)
    for of in ("answer", "question", "id"):
        assert len({getattr(q, of) for q in questions}) == len(questions), of


def test_every_rejected_tree_says_what_failed(finished: Path) -> None:
    rejections = pipeline.rejections(finished)
    assert len(rejections) > 5
    for rejection in rejections:
        assert rejection.tree is not None and rejection.failed
        assert rejection.failed == tuple(v.check for v in rejection.verdicts if not v.passed)
        assert all(v.reason for v in rejection.verdicts if not v.passed)
        assert [v.check for v in rejection.verdicts] == list(ALL)[: len(rejection.verdicts)]
    assert len({r.key for r in rejections}) == len(rejections)


def test_records_of_another_version_are_noticed(finished: Path) -> None:
    for name, record in (("questions.jsonl", Question), ("rejected.jsonl", Rejection)):
        line = json.loads((finished / name).read_text().splitlines()[0])
        with pytest.raises(ValueError, match="surprise"):
            record.model_validate({**line, "surprise": 1})


# The same bytes


def test_two_workers_in_another_folder_give_the_same_bytes(home: Path, config: Config, finished: Path, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "elsewhere" / "run", config, workers=2)
    assert sums(tmp_path / "elsewhere" / "run") == sums(finished)
    assert {p.name for p in (tmp_path / "elsewhere" / "run").iterdir()} == FILES, "workers that were ahead leave nothing behind"


def test_another_home_of_the_same_wiki_gives_the_same_bytes(config: Config, finished: Path, tmp_path: Path) -> None:
    pipeline.data(invented_home(tmp_path), tmp_path / "run", config, workers=1)
    assert sums(tmp_path / "run") == sums(finished)


def test_run_again_it_finds_its_work_done(home: Path, config: Config, finished: Path) -> None:
    before = state(finished)
    manifest = pipeline.data(home, finished, config, workers=1)
    assert manifest == json.loads((finished / "manifest.json").read_text())
    assert state(finished) == before


def test_a_smaller_count_is_a_beginning_of_a_larger_one(home: Path, finished: Path, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "run", load_config("demo", count=6, seed=11))
    mine, theirs = ((out / "questions.jsonl").read_text().splitlines() for out in (tmp_path / "run", finished))
    assert mine == theirs[:6]


def test_another_seed_gives_other_questions(home: Path, finished: Path, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "run", load_config("demo", count=6, seed=12))
    assert {q.id for q in pipeline.questions(tmp_path / "run")} != {q.id for q in pipeline.questions(finished)[:6]}


# Killed and begun again


@pytest.mark.parametrize("stop_after", [0, 1, 8, 13, 24])
def test_interrupted_after_some_pages_it_ends_with_the_same_bytes(
    home: Path, config: Config, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    make = Maker.make
    made = 0

    def breaking(self: Maker, root: int, shapes: dict[str, float] | None) -> Made:
        nonlocal made
        if made == stop_after:
            raise KeyboardInterrupt
        made += 1
        return make(self, root, shapes)

    out = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Maker, "make", breaking)
        pipeline.data(home, out, config)
    assert not (out / "manifest.json").exists() and not (out / "questions.jsonl").exists()
    assert len(list((out / "work").glob("*.jsonl"))) == stop_after // pipeline.CHUNK
    pipeline.data(home, out, config)
    assert sums(out) == sums(finished)
    assert {p.name for p in out.iterdir()} == FILES


def test_what_was_done_before_the_kill_is_not_done_again(
    home: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    tried = json.loads((finished / "manifest.json").read_text())["answer pages tried"]
    make = Maker.make
    made: list[int] = []

    def counting(self: Maker, root: int, shapes: dict[str, float] | None) -> Made:
        made.append(root)
        if len(made) == 17:
            raise KeyboardInterrupt
        return make(self, root, shapes)

    monkeypatch.setattr(Maker, "make", counting)
    with pytest.raises(KeyboardInterrupt):
        pipeline.data(home, tmp_path / "run", config)
    pipeline.data(home, tmp_path / "run", config)
    assert made[17] == made[16], "the seventeenth page alone is made twice"
    assert not set(made[:16]) & set(made[17 : tried + 1]), "two chunks of eight were kept"


def test_a_chunk_is_read_again_whatever_stands_in_the_texts(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some characters end a line for Python and not for JSON Lines: U+2028, U+0085."""
    pages = {title: text.replace(" is a ", "\u2028is\x85a ") for title, text in invented_wiki().items()}
    (tmp_path / "d.xml").write_text(dump_xml(pages), encoding="utf-8")
    home = tmp_path / "home"
    pipeline.corpus(tmp_path / "d.xml", home)
    pipeline.index(home)
    few = config.model_copy(update={"count": 6})
    pipeline.data(home, tmp_path / "whole", few)
    assert len(pipeline.questions(tmp_path / "whole")) == 6

    def killed(self: Run, manifest: dict[str, object]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "finish", killed)
        pipeline.data(home, tmp_path / "run", few)
    pipeline.data(home, tmp_path / "run", few)
    assert sums(tmp_path / "run") == sums(tmp_path / "whole")


@pytest.mark.parametrize("failing", ["rejected.jsonl", "manifest.json", "SHA256SUMS"])
def test_killed_between_any_two_files_of_the_end(
    home: Path, config: Config, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    replace = os.replace

    def breaking(source: str | Path, target: str | Path) -> None:
        if Path(target).name == failing:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("os.replace", breaking)
        pipeline.data(home, tmp_path / "run", config)
    pipeline.data(home, tmp_path / "run", config)
    assert sums(tmp_path / "run") == sums(finished)
    assert {p.name for p in (tmp_path / "run").iterdir()} == FILES


def start(home: Path, out: Path, workers: int) -> subprocess.Popen[str]:
    """`infoseek data` as its own process group."""
    code = "from infoseek_offline.cli import main; main()"
    words = ["data", "--home", home, "--out", out, "--profile", "demo", "--count", COUNT, "--seed", 11, "--workers", workers]
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(("workers", "chunks"), [(1, 0), (1, 2), (2, 1)])
def test_killed_by_the_system_it_ends_with_the_same_bytes(
    home: Path, config: Config, finished: Path, tmp_path: Path, workers: int, chunks: int
) -> None:
    """SIGKILL to the process as soon as the configuration, or so many chunks, are there; its workers end with it."""
    out = tmp_path / "run"
    process = start(home, out, workers)
    until(lambda: (out / "config.json").exists() and len(list(out.glob("work/0*.jsonl"))) >= chunks, process)
    process.kill()
    process.communicate(timeout=60)
    assert not (out / "SHA256SUMS").exists() or process.returncode == 0
    pipeline.data(home, out, config, workers=2)
    assert sums(out) == sums(finished)
    assert {p.name for p in out.iterdir()} == FILES


def test_interrupted_by_the_user_it_says_one_line_and_ends_with_130(
    home: Path, config: Config, finished: Path, tmp_path: Path
) -> None:
    for attempt in range(5):  # one that was done before the signal came shows nothing
        out = tmp_path / f"run{attempt}"
        process = start(home, out, 2)
        until(lambda: len(list(out.glob("work/0*.jsonl"))) >= 1, process)  # noqa: B023 - called within its round
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        if process.returncode:
            break
    assert process.returncode == 130 and stdout == ""
    assert stderr.splitlines() == ["infoseek: interrupted: run the same command again to go on"]
    pipeline.data(home, out, config)
    assert sums(out) == sums(finished)


# Folders of others


def test_another_seed_into_the_same_folder_is_refused_and_loses_nothing(home: Path, finished: Path) -> None:
    before = state(finished)
    with pytest.raises(RunError, match=r"another configuration \(config.seed is 11 there, 12 here\): give another --out") as caught:
        pipeline.data(home, finished, load_config("demo", count=COUNT, seed=12))
    assert "\n" not in str(caught.value) and caught.value.exit_code == 1
    assert state(finished) == before


def test_another_corpus_into_the_same_folder_is_refused(
    home: Path, config: Config, finished: Path, make_home: Callable[..., Path]
) -> None:
    other = make_home({"Anvil": "A tool.", "Bench": "Of wood, by the [[Anvil]]."}, index=True)
    with pytest.raises(RunError, match=r"another configuration \(corpus is "):
        pipeline.data(other, finished, config)


def test_the_demo_keeps_a_run_of_another_version_under_another_name(tmp_path: Path) -> None:
    run = tmp_path / "demo"
    for number in (1, 2):
        with Run(run, {"stage": number}).locked():
            pass
        with pytest.raises(OtherRun), Run(run, {"stage": 0}).locked():
            pass
        assert set_aside(run) == tmp_path / f"demo-{number}" and not run.exists()
    assert [json.loads((tmp_path / f"demo-{n}" / "config.json").read_text())["stage"] for n in (1, 2)] == [1, 2]


def test_two_runs_at_once_in_one_folder(home: Path, config: Config, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    with (out / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RunError, match=f"another run works in {out}: wait for it, or give another --out"):
            pipeline.data(home, out, config)
        assert [p.name for p in out.iterdir()] == [".lock"]
    pipeline.data(home, out, config)
    assert sums(out) == sums(finished)


def test_of_two_processes_in_one_folder_one_works_and_one_says_so(home: Path, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    both = [start(home, out, 1), start(home, out, 1)]
    ended = [(*p.communicate(timeout=120), p.returncode) for p in both]
    refused = [stderr for _, stderr, code in ended if code == 1]
    assert sorted(code for *_, code in ended) in ([0, 0], [0, 1]), ended
    assert all(line == f"infoseek: another run works in {out}: wait for it, or give another --out\n" for line in refused)
    assert sums(out) == sums(finished)


def test_two_runs_at_once_into_two_folders_of_one_fresh_home(config: Config, finished: Path, tmp_path: Path) -> None:
    """Both read the claims and look up what is stated, and neither is in the other's way."""
    home = invented_home(tmp_path)
    both = [start(home, tmp_path / name, 1) for name in ("one", "two")]
    ended = [(*p.communicate(timeout=120), p.returncode) for p in both]
    assert [code for *_, code in ended] == [0, 0], ended
    assert sums(tmp_path / "one") == sums(tmp_path / "two") == sums(finished)
    assert {p.name for p in home.iterdir()} == {"corpus", "search", "claims", "extents"}


def test_a_folder_with_other_files_is_left_alone(home: Path, config: Config, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(RunError, match=r"holds other files \(thesis.tex\): give a new folder as --out"):
        pipeline.data(home, tmp_path, config)
    assert (tmp_path / "thesis.tex").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_where_the_folder_should_be(home: Path, config: Config, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    for out in (tmp_path / "run", tmp_path / "run" / "below"):
        with pytest.raises(RunError, match="is a file, not a folder: give another --out"):
            pipeline.data(home, out, config)
    assert (tmp_path / "run").read_text() == "mine"


def test_a_damaged_configuration_of_a_run(home: Path, config: Config, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RunError, match=r"config.json"):
        pipeline.data(home, tmp_path, config)


def test_changed_files_of_a_finished_run_are_named(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    pipeline.data(home, out, load_config("demo", count=1, seed=1))
    (out / "questions.jsonl").write_text("")
    (out / "rejected.jsonl").unlink()
    assert sorted(check_sums(out)) == ["questions.jsonl", "rejected.jsonl"]
    with pytest.raises(RunError, match=r"no rejected\.jsonl in"):
        pipeline.rejections(out)
    with pytest.raises(RunError, match="no finished run in"):
        check_sums(tmp_path)


# What is asked for


def test_a_count_that_the_corpus_can_not_give(home: Path, tmp_path: Path) -> None:
    """All pages are tried, what holds is kept, and the run is finished."""
    manifest = pipeline.data(home, tmp_path / "run", load_config("demo", count=100_000, seed=11), workers=2)
    assert COUNT < manifest["accepted"] < manifest["asked"] == 100_000
    assert manifest["answer pages tried"] == manifest["answer pages"]
    assert len(pipeline.questions(tmp_path / "run")) == manifest["accepted"]


def test_the_closed_reading(home: Path, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "run", load_config("demo", count=8, seed=11, reading="closed"))
    questions = pipeline.questions(tmp_path / "run")
    assert len(questions) == 8 and {q.certificate.reading for q in questions} == {"closed"}
    corpus = Corpus.open(home / "corpus")
    closed = Extents(corpus, "closed")
    for question in questions:
        problem = Problem(corpus, closed, question.tree, load_config("demo").bounds)
        assert [check(problem) for check in STRUCTURE.values()] == list(question.certificate.verdicts[: len(STRUCTURE)])


class Last:
    """Always the last move that is no stop."""

    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        return moves[-2] if len(moves) > 1 else moves[-1]


@pytest.mark.parametrize("planner", [NeverStopping, First, Last])
def test_whoever_plans_what_is_accepted_holds(
    home: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planner: type
) -> None:
    """A bad Planner costs yield, never correctness."""
    monkeypatch.setattr("infoseek_offline.dataset.make.RulePlanner", planner)
    pipeline.data(home, tmp_path / "run", config.model_copy(update={"count": 5, "attempts": 3}), workers=2)
    corpus = Corpus.open(home / "corpus")
    extents = Extents(corpus)
    for question in pipeline.questions(tmp_path / "run"):
        problem = Problem(corpus, extents, question.tree, config.bounds)
        assert all(check(problem).passed for check in STRUCTURE.values())
