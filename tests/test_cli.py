"""The command: its order, its helps, data on stdout and talk on stderr, and one line for whatever a user can mend."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from test_grow import invented_home

from infoseek_offline import __version__, pipeline
from infoseek_offline.cli import main
from infoseek_offline.config import load_config
from infoseek_offline.errors import (
    ConfigError,
    CorpusError,
    DumpError,
    IndexError_,
    InfoseekError,
    MissingExtra,
    ModelError,
    Pending,
    RunError,
    UsageError,
    VerifyError,
)

ROOT = Path(__file__).parent.parent
COMMANDS = ["doctor", "corpus", "index", "search", "serve", "data", "reproduce", "verify", "audit", "show"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented_home(tmp_path_factory.mktemp("cli"))


@pytest.fixture(scope="module")
def run(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli-run") / "run"
    pipeline.data(home, out, load_config("demo", count=3, seed=2))
    return out


def infoseek(*words: object) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def one_line(result: Result, code: int) -> str:
    """What went wrong: one line on stderr and nothing on stdout, no traceback."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("infoseek: ")
    return line.removeprefix("infoseek: ")


# Help


def test_the_help_lists_the_commands_in_the_order_of_use() -> None:
    lines = infoseek("--help").stdout.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in lines if line.strip()] == COMMANDS
    assert list(main.commands) == COMMANDS


@pytest.mark.parametrize("words", [*COMMANDS, "corpus build", "corpus page"])
def test_each_command_has_a_help(words: str) -> None:
    for flag in ("--help", "-h"):
        result = infoseek(*words.split(), flag)
        assert result.exit_code == 0 and result.stdout.startswith("Usage: ")
        assert len(result.stdout.splitlines()) >= 5 and result.stderr == ""


def test_each_option_says_what_it_is_for() -> None:
    for name, command in main.commands.items():
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "mode":
                assert option.help, f"{name} --{option.name}"


@pytest.mark.parametrize("start", [["cli.py"], ["-m", "infoseek_offline"]], ids=["cli.py", "module"])
def test_it_runs_from_a_checkout(start: list[str]) -> None:
    done = subprocess.run([sys.executable, *start, "--version"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == f"infoseek, version {__version__}\n" and done.stderr == ""


def test_help_and_version_are_quick_to_load() -> None:
    """Neither faiss nor scikit-learn is imported for them."""
    code = "import sys; import infoseek_offline.cli; print([m for m in ('faiss', 'sklearn', 'torch', 'bm25s') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "words",
    ["", "nothing", "search", "data", "serve --port 70000", "search x -k 0", "search x --mode fast", "data --out x --workers 0"],
)
def test_a_wrong_use_ends_with_2_and_the_usage(words: str) -> None:
    result = infoseek(*words.split())
    assert result.exit_code == 2 and "Usage: " in result.stderr


# Data on stdout, talk on stderr


def test_the_whole_way_by_commands(home: Path, tmp_path: Path) -> None:
    """Each command prints one JSON document, and says what to type next."""
    other = tmp_path / "home"
    built = infoseek("corpus", "build", home.parent / "invented.xml", "--home", other, "--workers", 2)
    assert json.loads(built.stdout) == json.loads((other / "corpus" / "manifest.json").read_text())
    assert f"next: infoseek index --home {other}" in built.stderr
    indexed = infoseek("index", "--home", other)
    assert json.loads(indexed.stdout) == json.loads((other / "search" / "manifest.json").read_text())
    assert f"next: infoseek data --home {other} --out runs/first" in indexed.stderr
    out = tmp_path / "run"
    words = ["data", "--home", other, "--out", out, "--profile", "demo", "--count", 3, "--seed", 2, "--workers", 2]
    made = infoseek(*words)
    assert json.loads(made.stdout) == json.loads((out / "manifest.json").read_text())
    assert made.stderr.splitlines() == [f"3 questions in {out / 'questions.jsonl'}; next: infoseek verify {out} --home {other}"]
    again = infoseek(*words)
    assert json.loads(again.stdout) == json.loads(made.stdout) and again.stderr == made.stderr, "it finds its work done"
    verified = infoseek("verify", out, "--home", other)
    assert verified.exit_code == 0 and verified.stdout == "" and "all hold" in verified.stderr


def test_fewer_questions_than_asked_for_is_said_and_no_failure(home: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text("attempts = 1\n[bounds]\nmin_clue = 40\n")
    result = infoseek("data", "--home", home, "--out", tmp_path / "run", "--profile", tmp_path / "tiny.toml", "--count", 500)
    assert result.exit_code == 0
    accepted = json.loads(result.stdout)["accepted"]
    assert accepted < 500 and "asked for 500: all 243 answer pages were tried, no more trees hold" in result.stderr


def test_search_prints_hits(home: Path) -> None:
    title = infoseek("search", "river", "--home", home, "-k", 1, "--json")
    name = json.loads(title.stdout)["title"]
    result = infoseek("search", name, "--home", home, "-k", 3)
    assert result.exit_code == 0 and result.stderr == ""
    assert result.stdout.startswith(f"  1. {name}") and "\n  3. " in result.stdout


@pytest.mark.parametrize("mode", ["dense", "sparse", "hybrid"])
def test_search_as_json_is_one_object_a_line(home: Path, mode: str) -> None:
    result = infoseek("search", "a chemist", "--home", home, "-k", 4, "--mode", mode, "--json")
    hits = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(hits) == 4 and all({"document", "title", "text", "score"} <= set(hit) for hit in hits)
    assert [h["score"] for h in hits] == sorted((h["score"] for h in hits), reverse=True)


def test_search_for_a_word_that_stands_nowhere(home: Path) -> None:
    result = infoseek("search", "qqqxyz", "--home", home)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no hits: no word of the query stands in the corpus\n")


def test_show_by_number_and_by_id(run: Path) -> None:
    questions = pipeline.questions(run)
    assert infoseek("show", run).stdout == infoseek("show", run, 1).stdout
    for number, question in enumerate(questions, 1):
        shown = infoseek("show", run, number).stdout
        assert shown == infoseek("show", run, question.id).stdout
        assert shown.splitlines()[0] == question.question
        for words in (f"Answer: {question.answer}", question.id, "Evidence", "Certificate (open reading", "U1  holds", "R2  holds"):
            assert words in shown
        for vertex in question.tree.vertices:
            assert f" {vertex.id}: {vertex.title}" in shown
        for constraint in (c for v in question.tree.vertices for c in v.constraints):
            assert f"[{constraint.evidence.document}]" in shown
        assert json.loads(infoseek("show", run, number, "--json").stdout) == question.model_dump(mode="json")


@pytest.mark.parametrize("item", ["0", "4", "99", "q-nothing", "²"])
def test_show_of_an_item_that_is_not_there(run: Path, item: str) -> None:
    first = pipeline.questions(run)[0].id
    line = one_line(infoseek("show", run, item), 2)
    assert line == f"no item {item!r} in {run}: give a number from 1 to 3, or an id such as {first}"


def test_show_of_no_run(tmp_path: Path) -> None:
    assert "no questions.jsonl in" in one_line(infoseek("show", tmp_path), 1)


def test_corpus_page(home: Path, run: Path) -> None:
    answer = pipeline.questions(run)[0].answer
    text = infoseek("corpus", "page", answer, "--home", home)
    record = json.loads(infoseek("corpus", "page", answer, "--home", home, "--json").stdout)
    assert text.exit_code == 0 and text.stdout.startswith(f"{answer}  (page {record['id']}, article; ")
    assert record["title"] == answer and record["associated_pages"] >= 1
    for link in record["links"]:
        assert record["text"][link["start"] : link["end"]] == link["anchor"]
        assert f"{link['anchor']} -> {link['target']}" in text.stdout
    assert "Associated pages: " in text.stdout


def test_corpus_page_that_is_not_there(home: Path) -> None:
    assert one_line(infoseek("corpus", "page", "Nowhere", "--home", home), 1).startswith("no page 'Nowhere' in ")


# Doctor


def test_doctor_says_a_line_a_thing(home: Path) -> None:
    result = infoseek("doctor", "--home", home)
    lines = {line.split()[1]: line.split()[0] for line in result.stdout.splitlines()}
    assert result.exit_code == 0 and result.stderr == ""
    assert set(lines.values()) <= {"ok", "absent", "low"}
    assert {name: lines[name] for name in ("python", "faiss-cpu", "bm25s", "corpus", "index")} == dict.fromkeys(
        ("python", "faiss-cpu", "bm25s", "corpus", "index"), "ok"
    )
    assert "invented.xml, 243 pages" in result.stdout and "encoder lsa" in result.stdout


def test_doctor_reads_all_of_the_index(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    content = bytearray((tmp_path / "home" / "search" / "dense.faiss").read_bytes())
    content[-1] ^= 1
    (tmp_path / "home" / "search" / "dense.faiss").write_bytes(content)
    result = infoseek("doctor", "--home", tmp_path / "home")
    assert result.exit_code == 1
    assert "dense.faiss is damaged (its SHA-256 has changed); run: infoseek index" in result.stdout


def test_doctor_without_a_corpus_says_how_to_make_one(tmp_path: Path) -> None:
    result = infoseek("doctor", "--home", tmp_path / "nowhere")
    assert result.exit_code == 0
    assert "absent   corpus" in result.stdout and "infoseek corpus build" in result.stdout


def test_doctor_fails_where_the_core_can_not_work(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infoseek_offline.doctor.CORE", ("no-such-package",))
    result = infoseek("doctor", "--home", home)
    assert result.exit_code == 1
    assert "missing  no-such-package          pip install no-such-package" in result.stdout


# Errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("what to do"), 2), (ConfigError("what to do"), 2), (DumpError("what to do"), 1), (RunError("what to do"), 1),
        (CorpusError("what to do"), 1), (IndexError_("what to do"), 1), (VerifyError("what to do"), 1),
        (InfoseekError("what to do"), 1), (ModelError("what to do"), 1), (Pending("what to do"), 75),
        (MissingExtra("The model", "torch", "transformers"), 1),
        (OSError(28, "No space left on device", "x.bin"), 1), (OSError("unnamed"), 1),
        (PermissionError(13, "Permission denied", "x.bin"), 1), (sqlite3.OperationalError("database or disk is full"), 1),
        (sqlite3.DatabaseError("malformed"), 1), (MemoryError(), 1), (KeyboardInterrupt(), 130),
    ],
    ids=lambda e: type(e).__name__ if isinstance(e, BaseException) else "",
)  # fmt: skip
def test_every_error_that_a_user_can_mend_is_one_line(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("infoseek_offline.pipeline.index", failing)
    line = one_line(infoseek("index", "--home", "x"), code)
    assert len(line) > 8 and "None" not in line
    if isinstance(error, InfoseekError):
        assert line == str(error)


def test_all_kinds_of_errors_are_known_here() -> None:
    tested = {UsageError, ConfigError, DumpError, CorpusError, IndexError_, RunError, ModelError, VerifyError, MissingExtra}
    assert set(InfoseekError.__subclasses__()) == tested


def test_any_other_error_is_a_bug_and_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("infoseek_offline.pipeline.index", failing)
    assert isinstance(infoseek("index").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--count 0", "count: Input should be greater than or equal to 1 (value: 0)"),
        ("--seed -1", "seed: Input should be greater than or equal to 0 (value: -1)"),
        ("--profile huge", "no profile 'huge': give one of demo, standard, full, or the path of a TOML file"),
    ],
)
def test_a_setting_that_can_not_be(home: Path, tmp_path: Path, words: str, says: str) -> None:
    assert one_line(infoseek("data", "--home", home, "--out", tmp_path / "x", *words.split()), 2).startswith(says)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "toml", ["count = ", "colour = 3", "[bounds]\nmin_clue = 1", "[shape]\nmin_depth = 4\nmax_depth = 3", "\xff"]
)
def test_a_profile_that_can_not_be(home: Path, tmp_path: Path, toml: str) -> None:
    (tmp_path / "mine.toml").write_text(toml, encoding="latin-1")
    one_line(infoseek("data", "--home", home, "--out", tmp_path / "x", "--profile", tmp_path / "mine.toml"), 2)


def test_a_closed_pipe_is_no_traceback(home: Path) -> None:
    code = "from infoseek_offline.cli import main; main()"
    words = ["search", "a town", "--home", str(home), "-k", "150"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 1, 120)
