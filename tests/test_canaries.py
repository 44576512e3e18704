"""`infoseek doctor --model`: whether a model keeps to a schema and a seed, reads all of a long prompt, and how fast it is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from model_server import model_server
from models import RandomModel, ScriptedModel, bad_model

from infoseek_offline.cli import main
from infoseek_offline.doctor import examine_model
from infoseek_offline.errors import RunError
from infoseek_offline.files import write_json
from infoseek_offline.llm import canaries
from infoseek_offline.llm.base import Completion, Message, Request
from infoseek_offline.llm.canaries import WORD, Speed
from infoseek_offline.llm.ledger import Ledger, Recorded


def obliging(request: Request) -> dict[str, Any]:
    """The right answers."""
    (name,) = request.schema["properties"]
    return {name: WORD}


def marks(model: ScriptedModel) -> dict[str, str]:
    return {canary.what: canary.mark for canary in canaries.examine_model(model)[0]}


def infoseek(*arguments: Any) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_good_model_passes_all() -> None:
    assert marks(ScriptedModel(obliging)) == {"schema": "ok", "seed": "ok", "context": "ok"}


def test_a_model_that_looks_past_the_schema_fails() -> None:
    more = ScriptedModel(lambda request: {**obliging(request), "more": 1})
    assert marks(more) == {"schema": "failed", "seed": "ok", "context": "failed"}
    for kind in ("garbage", "refuses", "echoes", "never stops", "empty"):
        assert marks(bad_model(kind))["schema"] == "failed"


def test_a_model_that_looks_past_the_seed_is_weak() -> None:
    count = iter(range(99))
    schema_kept = ScriptedModel(lambda r: obliging(r) if "enum" in str(r.schema) else {"words": f"{WORD} {next(count)}"})
    assert marks(schema_kept) == {"schema": "ok", "seed": "weak", "context": "ok"}


def test_the_long_prompt_nearly_fills_the_context_and_asks_for_its_first_line() -> None:
    model = ScriptedModel(obliging, context=2048)
    canaries.examine_model(model)
    sizes = [model.count_tokens(request.messages) for request in model.history]
    assert 1600 < max(sizes) < 2048
    random = marks(RandomModel())
    assert random == {"schema": "ok", "seed": "ok", "context": "weak"}, "answers, but knows nothing of the first line"


def test_a_prompt_that_arrives_cut_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(obliging)
    complete = model.complete

    def cut(request: Request) -> Completion:
        said = complete(request)
        return Completion(said.text, said.value, said.reason, min(said.prompt_tokens, 50), said.completion_tokens, 0.0)

    monkeypatch.setattr(model, "complete", cut)
    assert marks(model)["context"] == "failed"


def test_a_context_of_any_size_is_tried_by_a_prompt_no_longer_than_a_run_has() -> None:
    model = ScriptedModel(obliging, context=10**9)
    assert marks(model)["context"] == "ok"
    assert 7500 < max(model.count_tokens(request.messages) for request in model.history) <= canaries.LONGEST


def test_a_server_that_counts_tokens_wrongly_is_not_taken_for_one_that_cuts_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(obliging)
    complete = model.complete
    monkeypatch.setattr(model, "complete", lambda request: replace(complete(request), prompt_tokens=7))
    assert marks(model)["context"] == "ok"
    monkeypatch.setattr(model, "count_tokens", lambda messages: 1)
    assert marks(model)["context"] == "ok", "and a count that never fills the context comes to an end"


def test_reading_that_takes_too_little_to_be_measured_is_said_to_be_fast_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(obliging)
    complete = model.complete
    monkeypatch.setattr(model, "complete", lambda request: replace(complete(request), completion_tokens=50, seconds=2.0))
    _, speed = canaries.examine_model(model)
    assert speed is not None and speed.at_least and speed.read == pytest.approx(3800 / (canaries.NOISE * 2), rel=0.1)
    assert canaries.examine_model(bad_model("empty"))[1] is None, "nothing was written"


def test_the_speed_is_that_of_reading_and_of_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(obliging)
    complete = model.complete

    def timed(request: Request) -> Completion:
        said = complete(request)
        seconds = said.prompt_tokens / 1000 + 50 / 10
        return Completion(said.text, said.value, said.reason, said.prompt_tokens, 50, seconds)

    monkeypatch.setattr(model, "complete", timed)
    _, speed = canaries.examine_model(model)
    assert speed is not None and not speed.at_least
    assert speed.read == pytest.approx(1000, rel=0.05) and speed.written == pytest.approx(10, rel=0.05)


def test_items_an_hour_are_what_an_item_takes_at_that_speed() -> None:
    assert Speed(read=1000, written=10).items_an_hour(30_000, 1_500) == pytest.approx(3600 / (30 + 150))


# The command


def test_doctor_tries_a_gguf_file(tiny_gguf: Path) -> None:
    result = infoseek("doctor", "--model", tiny_gguf)
    lines = {line.split()[1]: line for line in result.stdout.splitlines()}
    assert result.exit_code == 0 and list(lines) == ["model", "schema", "seed", "context", "speed", "items"]
    assert "tiny.gguf, digest " in lines["model"] and "a context of 4,096 tokens" in lines["model"]
    assert lines["schema"].startswith("ok") and lines["seed"].startswith("ok")
    assert re.search(r"about [\d,.]+ an hour, where an item takes 46,000 tokens read and 6,100 written", lines["items"])


def test_doctor_tries_a_server() -> None:
    def answer(body: dict[str, Any]) -> dict[str, str]:
        (name,) = body["response_format"]["json_schema"]["schema"]["properties"]
        return {name: WORD}

    with model_server(answer) as server:
        result = infoseek("doctor", "--model", server.url)
    assert result.exit_code == 0 and f"at {server.url}, tokens counted by vllm" in result.stdout
    with model_server(lambda body: "Paris, of course.") as server:
        result = infoseek("doctor", "--model", server.url)
    assert result.exit_code == 1 and "failed   schema" in result.stdout and "Paris, of course" in result.stdout


def test_doctor_says_what_answers_a_batch_has(tmp_path: Path) -> None:
    assert "no answers yet in" in infoseek("doctor", "--model", f"batch:{tmp_path / 'batch'}").stdout


@pytest.mark.parametrize(("spec", "code"), [("no-such-model", 2), ("missing.gguf", 1)])
def test_doctor_says_in_one_line_that_there_is_no_model(spec: str, code: int) -> None:
    result = infoseek("doctor", "--model", spec)
    assert result.exit_code == code and result.stderr.startswith("infoseek: no model") and result.stderr.count("\n") == 1


def test_what_an_item_takes_is_that_of_a_run_where_one_is_given(tiny_gguf: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    recorded = Recorded(ScriptedModel(obliging), ledger)
    words = {"a": {"type": "string", "maxLength": 20}}
    schema = {"type": "object", "properties": words, "required": ["a"], "additionalProperties": False}
    for seed in range(4):
        recorded.complete(Request("planner", (Message("user", "x" * 4000),), schema, seed))
    ledger.close()
    with pytest.raises(RunError, match="no finished run"):
        examine_model(str(tiny_gguf), tmp_path)
    write_json(tmp_path / "manifest.json", {"accepted": 2})
    (items,) = (finding.detail for finding in examine_model(str(tiny_gguf), tmp_path) if finding.what == "items")
    assert "2,008 tokens read and 10 written, as in" in items
