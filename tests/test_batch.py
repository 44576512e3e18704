"""Batch over the gap: prompts out as files, answers in as files, and nothing lost whatever they are like."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import model_server

from infoseek_offline.errors import ModelError, Pending, UsageError
from infoseek_offline.llm.base import Message, Request, Sampling
from infoseek_offline.llm.batch import FAILURES, Batch
from infoseek_offline.llm.ledger import Ledger, Recorded
from infoseek_offline.llm.llama_cpp import LlamaCpp
from infoseek_offline.llm.open import open_model
from infoseek_offline.llm.openai_api import Server

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"why": {"type": "string", "maxLength": 40}, "choice": {"type": "string", "enum": ["m1", "m2"]}},
    "required": ["why", "choice"],
    "additionalProperties": False,
}
GOOD = {"why": "é, it is the first", "choice": "m1"}
Line = dict[str, Any]


def request(number: int, **changes: Any) -> Request:
    messages = (Message("system", "You plan."), Message("user", f"Which one, of {number}?"))
    return replace(Request("planner", messages, SCHEMA, seed=number, sampling=Sampling(0.6, 0.9, 99)), **changes)


def ask(batch: Batch, *requests: Request) -> list[Any]:
    """The values of those that are answered, and None for those that are pending."""
    values = []
    for one in requests:
        try:
            values.append(batch.complete(one).value)
        except Pending:
            values.append(None)
    return values


def lines_of(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def response(line: Line, content: Any = GOOD) -> Line:
    """As OpenAI and vLLM write it."""
    text = content if isinstance(content, str) else json.dumps(content)
    body = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 12},
    }
    answer = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "b", "custom_id": line["custom_id"], "response": answer, "error": None}


def failure(line: Line, status: int, message: str) -> Line:
    error = {"error": {"message": message, "code": status}}
    return {"id": "b", "custom_id": line["custom_id"], "response": {"status_code": status, "request_id": "r"}, "error": error}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "batch"


@pytest.fixture
def answer(folder: Path) -> Callable[..., None]:
    def answer(*lines: Line | str, name: str = "wave-001.out.jsonl") -> None:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        (folder / name).write_text(text, encoding="utf-8")

    return answer


@pytest.fixture
def wave(folder: Path) -> list[Line]:
    """The lines of a first wave of five prompts."""
    batch = Batch(folder)
    ask(batch, *map(request, range(5)))
    batch.pending()
    return sorted(lines_of(folder / "wave-001.jsonl"), key=lambda line: line["body"]["seed"])


# What is asked


def test_all_that_was_asked_is_one_wave_in_the_batch_form_of_openai(folder: Path) -> None:
    batch = Batch(folder)
    assert ask(batch, request(3), request(1), request(3), request(2, stage="writer")) == [None] * 4
    error = batch.pending()
    assert error.exit_code == 75
    first = lines_of(folder / "wave-001.jsonl")
    prompts = [line["body"]["messages"][1]["content"] for line in first]
    assert prompts == [f"Which one, of {n}?" for n in (1, 2, 3)], "what begins alike stands together"
    assert set(first[0]) == {"custom_id", "method", "url", "body"}
    assert (first[0]["method"], first[0]["url"]) == ("POST", "/v1/chat/completions")
    body = first[0]["body"]
    assert first[0]["custom_id"] == request(1).key(batch.digest)
    assert body["model"] == "infoseek" and body["seed"] == 1
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.6, 0.9, 99)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    said = str(error)
    assert said.startswith("3 prompts (2 planner, 1 writer) wait for answers: answer ") and "\n" not in said
    assert f"{folder / 'wave-001.jsonl'} into {folder / 'wave-001.out.jsonl'}" in said and "run the same command again" in said


def _ask_three(batch: Batch, first: int) -> None:
    ask(batch, *map(request, range(first, first + 3)))


def test_what_workers_ask_is_in_the_same_wave(folder: Path) -> None:
    batch = Batch(folder)
    processes = [multiprocessing.get_context("fork").Process(target=_ask_three, args=(batch, first)) for first in (0, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    batch.pending()
    assert sorted(line["body"]["seed"] for line in lines_of(folder / "wave-001.jsonl")) == [0, 1, 2, 3, 4]


def test_what_a_killed_run_asked_is_not_lost_and_half_a_line_of_it_does_no_harm(folder: Path) -> None:
    ask(Batch(folder), request(1), request(2))
    (kept,) = (folder / ".asked").iterdir()
    kept.write_bytes(kept.read_bytes()[:-30])
    batch = Batch(folder)
    ask(batch, request(3))
    batch.pending()
    assert {line["body"]["seed"] for line in lines_of(folder / "wave-001.jsonl")} == {1, 3}


def test_asking_the_same_again_writes_no_second_wave(folder: Path, wave: list[Line]) -> None:
    batch = Batch(folder)
    ask(batch, *map(request, range(5)))
    assert "answer " + str(folder / "wave-001.jsonl") in str(batch.pending())
    assert sorted(p.name for p in folder.glob("*.jsonl")) == ["wave-001.jsonl"]


def test_a_schema_without_bounds_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="maxLength"):
        Batch(folder).complete(request(1, schema={**SCHEMA, "properties": {"why": {"type": "string"}}, "required": ["why"]}))


# What comes back


def test_answers_are_read_in_the_form_of_openai_and_by_hand(folder: Path, wave: list[Line], answer: Callable[..., None]) -> None:
    answer(
        response(wave[0]),
        {"custom_id": wave[1]["custom_id"], "answer": GOOD},
        {"custom_id": wave[2]["custom_id"], "answer": json.dumps(GOOD)},
        "",
    )
    answer(response(wave[3], f"```json\n{json.dumps(GOOD)}\n```"), response(wave[4], "I can't."), name="by-hand.out.jsonl")
    batch = Batch(folder)
    assert ask(batch, *map(request, range(4))) == [GOOD] * 4
    assert batch.complete(request(4)).reason.startswith("not JSON")
    first = batch.complete(request(0))
    assert (first.prompt_tokens, first.completion_tokens) == (30, 12)
    by_hand = batch.complete(request(2))
    assert (by_hand.prompt_tokens, by_hand.completion_tokens) == (batch.count_tokens(request(2).messages), 17), "estimated"
    assert batch.report == ["by-hand.out.jsonl: 2 answers", "wave-001.out.jsonl: 3 answers"]


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_answers_may_come_from_a_system_of_other_line_ends_and_marks(folder: Path, wave: list[Line], before: str, end: str) -> None:
    text = before + end.join(json.dumps({**response(line), "response": {**response(line)["response"], "status_code": "200"}})
                             for line in reversed(wave))  # fmt: skip
    (folder / "wave-001.out.jsonl").write_bytes(text.encode())
    batch = Batch(folder)
    assert ask(batch, *map(request, range(5))) == [GOOD] * 5 and batch.report == ["wave-001.out.jsonl: 5 answers"]


def test_answers_in_a_file_of_another_name_are_said_not_to_be_read(
    folder: Path, wave: list[Line], answer: Callable[..., None]
) -> None:
    answer(*map(response, wave), name="wave-001_output.jsonl")
    batch = Batch(folder)
    assert batch.report == ["wave-001_output.jsonl is not read: answers are looked for in files that end in .out.jsonl"]
    assert ask(batch, request(1)) == [None]


def test_what_is_missing_is_asked_again_in_the_next_wave(folder: Path, wave: list[Line], answer: Callable[..., None]) -> None:
    answer(response(wave[1]), response(wave[3]), failure(wave[4], 500, "out of memory"))
    batch = Batch(folder)
    assert ask(batch, *map(request, range(7))) == [None, GOOD, None, GOOD, None, None, None]
    assert str(folder / "wave-002.out.jsonl") in str(batch.pending())
    assert sorted(line["body"]["seed"] for line in lines_of(folder / "wave-002.jsonl")) == [0, 2, 4, 5, 6]
    answer(*map(response, lines_of(folder / "wave-002.jsonl")), name="wave-002.out.jsonl")
    assert ask(Batch(folder), *map(request, range(7))) == [GOOD] * 7


def test_each_kind_of_fault_is_counted_in_one_line_and_nothing_is_lost(
    folder: Path, wave: list[Line], answer: Callable[..., None]
) -> None:
    answer(
        response(wave[0]),
        response(wave[0], {**GOOD, "choice": "m2"}),
        json.dumps(response(wave[1]))[:-30],
        failure(wave[2], 500, "out of\nmemory"),
        {"custom_id": wave[3]["custom_id"], "response": None, "error": {"message": "cancelled"}},
        {"custom_id": "of another run", "answer": GOOD},
        {"answer": GOOD},
        {"custom_id": wave[4]["custom_id"]},
        "[]",
        "[" * 100_000,
        response(wave[4]),
    )
    batch = Batch(folder)
    (line,) = batch.report
    assert line.startswith("wave-001.out.jsonl: 2 answers, 1 answered before (the first: line 2, ")
    assert "5 broken lines (the first: line 3, " in line and "2 failed (the first: line 4, status 500: out of memory)" in line
    assert "1 with an unknown custom_id (the first: line 6, of another run)" in line and "\n" not in line
    assert ask(batch, *map(request, range(5))) == [GOOD, None, None, None, GOOD], "of two answers the first counts"


def test_an_answer_after_a_failure_counts(folder: Path, wave: list[Line], answer: Callable[..., None]) -> None:
    answer(failure(wave[0], 500, "out of memory"), response(wave[0]))
    assert ask(Batch(folder), request(0)) == [GOOD]


@pytest.mark.parametrize(
    ("failures", "final"),
    [
        ([(500, "busy")] * (FAILURES - 1), False),
        ([(500, "busy")] * FAILURES, True),
        ([(400, "maximum context length is 4096")], True),
    ],
)
def test_what_fails_for_good_costs_its_proposal_and_not_the_run(
    folder: Path, wave: list[Line], answer: Callable[..., None], failures: list[tuple[int, str]], final: bool
) -> None:
    for number, (status, message) in enumerate(failures):
        answer(failure(wave[0], status, message), name=f"try-{number}.out.jsonl")
    batch = Batch(folder)
    if final:
        completion = batch.complete(request(0))
        assert completion.value is None and completion.reason == f"no answer: status {failures[-1][0]}: {failures[-1][1]}"
    else:
        assert ask(batch, request(0)) == [None]


def test_answers_go_into_the_ledger_of_any_run_that_asks_the_same(
    folder: Path, wave: list[Line], answer: Callable[..., None], tmp_path: Path
) -> None:
    answer(*map(response, wave))
    for run in ("one", "two"):
        ledger = Ledger(tmp_path / run / "ledger.sqlite")
        recorded = Recorded(Batch(folder), ledger)
        assert [recorded.complete(request(number)).value for number in range(5)] == [GOOD] * 5
        assert ledger.costs()[0].calls == 5


def test_the_answers_alone_are_enough(folder: Path, wave: list[Line], answer: Callable[..., None]) -> None:
    answer(*map(response, wave))
    (folder / "wave-001.jsonl").unlink()
    batch = Batch(folder)
    assert ask(batch, *map(request, range(5))) == [GOOD] * 5 and batch.report == ["wave-001.out.jsonl: 5 answers"]


def test_tokens_are_counted_from_bytes(folder: Path) -> None:
    batch = Batch(folder)
    assert batch.count_tokens((Message("user", "a" * 300),)) == 100 + 16
    assert batch.count_tokens((Message("user", "字" * 100),)) == 100 + 16


# Opened by a spec


def test_a_model_is_opened_by_its_spec(folder: Path, tiny_gguf: Path) -> None:
    assert isinstance(open_model(f"batch:{folder}"), Batch)
    assert isinstance(open_model(str(tiny_gguf)), LlamaCpp)
    with model_server(lambda body: GOOD) as server:
        assert isinstance(open_model(server.url), Server)


def test_a_gguf_file_may_be_told_how_to_run(tiny_gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text("{{ messages[-1]['content'] }}")
    model = open_model(f"{tiny_gguf}?context=2048&threads=2&gpu_layers=0&template={tmp_path / 'own.jinja'}")
    assert isinstance(model, LlamaCpp)
    assert (model.context, model.threads, model.gpu_layers, model.template) == (2048, 2, 0, "given")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("contxt=2048", "context, threads, gpu_layers, template"),
        ("context=many", "context=many: a whole number is needed"),
        ("context=100", "1024 are needed"),
        ("template=/nowhere.jinja", "template=/nowhere.jinja: no such file"),
    ],
)
def test_what_a_gguf_file_can_not_be_told_is_said(tiny_gguf: Path, told: str, said: str) -> None:
    with pytest.raises((UsageError, ModelError), match=said):
        open_model(f"{tiny_gguf}?{told}")


@pytest.mark.parametrize("spec", ["gpt-4", "ftp://127.0.0.1/model", "", "batch:", "models"])
def test_a_spec_of_no_kind_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match="batch:"):
        open_model(spec)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model .*missing\.gguf"):
        open_model(str(tmp_path / "missing.gguf"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file: batch:DIR needs a folder"):
        open_model(f"batch:{tmp_path / 'file'}")
