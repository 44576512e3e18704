"""Any OpenAI-compatible server: what it is asked, how its tokens are counted, and what happens when it misbehaves."""

from __future__ import annotations

import json
import multiprocessing
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer, model_server

from infoseek_offline.errors import MissingExtra, ModelError, UsageError
from infoseek_offline.llm.base import Message, Request, Sampling
from infoseek_offline.llm.ledger import Ledger, Recorded
from infoseek_offline.llm.openai_api import TRIES, Server

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"why": {"type": "string", "maxLength": 40}, "choice": {"type": "string", "enum": ["m1", "m2"]}},
    "required": ["why", "choice"],
    "additionalProperties": False,
}
MESSAGES = (Message("system", "You plan."), Message("user", "Which one?"))
REQUEST = Request("planner", MESSAGES, SCHEMA, seed=2**40 + 5, sampling=Sampling(0.6, 0.9, 99))
GOOD = {"why": "it is the first", "choice": "m1"}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(lambda body: GOOD) as server:
        yield server


class Waits(list[float]):
    """Stands in for time.sleep, and remembers."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


# What it asks


def test_a_completion_is_asked_for_with_schema_sampling_and_seed(server: ModelServer) -> None:
    completion = Server(server.url).complete(REQUEST)
    assert completion.value == GOOD and (completion.prompt_tokens, completion.completion_tokens) == (7, 8)
    (body,) = server.asked
    assert body["model"] == "tiny"
    assert body["messages"] == [{"role": "system", "content": "You plan."}, {"role": "user", "content": "Which one?"}]
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert list(body["response_format"]["json_schema"]["schema"]["properties"]) == ["why", "choice"], "in their order"
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.6, 0.9, 99)
    assert 0 <= body["seed"] < 2**31


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_a_url_may_end_with_v1_or_not(server: ModelServer, end: str) -> None:
    assert Server(server.url + end).complete(REQUEST).value == GOOD
    assert set(server.paths) <= {"/v1/models", "/props", "/tokenize", "/v1/chat/completions"}


def test_a_schema_without_bounds_is_refused_before_anything_is_asked(server: ModelServer) -> None:
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "why": {"type": "string"}}}
    with pytest.raises(ValueError, match="maxLength"):
        Server(server.url).complete(replace(REQUEST, schema=schema))
    assert server.asked == []


def test_the_key_comes_from_the_environment_and_is_written_nowhere(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Server(server.url).complete(REQUEST)
    assert set(server.keys) == {None}
    plain = Server(server.url).digest
    monkeypatch.setenv("INFOSEEK_API_KEY", "sk-not-to-be-seen")
    server.keys.clear()
    model = Server(server.url)
    Recorded(model, Ledger(tmp_path / "ledger.sqlite")).complete(REQUEST)
    assert set(server.keys) == {"Bearer sk-not-to-be-seen"} and model.digest == plain
    assert all(b"sk-not-to-be-seen" not in file.read_bytes() for file in tmp_path.iterdir())
    server.mishaps = [401]
    with pytest.raises(ModelError, match="wants a key") as caught:
        model.complete(REQUEST)
    assert "sk-not" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "http://user:secret@127.0.0.1:1/v1"])
def test_a_url_without_a_host_or_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="INFOSEEK_API_KEY") as caught:
        Server(url)
    assert "secret" not in str(caught.value)


# What the server is


def test_the_digest_is_the_models_and_not_the_address() -> None:
    with model_server(lambda body: GOOD) as one, model_server(lambda body: GOOD) as two:
        first, second = Server(one.url), Server(two.url)
        assert one.url != two.url and (first.digest, first.name) == (second.digest, second.name) == (first.digest, "tiny")
    with model_server(lambda body: GOOD, models=("other",)) as other:
        assert Server(other.url).digest != first.digest


def test_of_several_models_one_is_chosen_in_the_url() -> None:
    with model_server(lambda body: GOOD, models=("small", "org/large")) as server:
        with pytest.raises(ModelError, match=r"serves 2 models \(small, org/large\): choose one with --model http.*#NAME"):
            Server(server.url)
        model = Server(f"{server.url}/v1#org/large")
        model.complete(REQUEST)
        assert model.name == "large" and server.asked[0]["model"] == "org/large"


@pytest.mark.parametrize(
    ("flavour", "context", "counting", "tokens"),
    [
        ("vllm", 2048, "vllm", 3 + 2 + 2),
        ("llama-server", 3072, "llama-server", 6),
        *((flavour, 4096, "bytes", 5 + 5 + 2 * 16) for flavour in ("plain", "page", "faulty")),
    ],
)
def test_tokens_and_context_are_the_servers_where_it_says_them(flavour: str, context: int, counting: str, tokens: int) -> None:
    with model_server(lambda body: GOOD, flavour=flavour) as server:
        model = Server(server.url)
        assert (model.context, model.counting) == (context, counting)
        assert model.count_tokens(REQUEST.messages) == tokens


def test_a_server_that_is_still_loading_its_model_is_waited_for(waits: Waits) -> None:
    with model_server(lambda body: GOOD) as server:
        server.loading = 2
        assert Server(server.url, wait=waits).name == "tiny" and waits == [1, 2]


# Servers that misbehave


@pytest.mark.parametrize("mishap", ["drop", "html", "half", "list", 429, 500, 503])
def test_what_goes_wrong_for_a_while_is_tried_again_with_growing_waits(server: ModelServer, waits: Waits, mishap: Any) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap, mishap, mishap]
    assert model.complete(REQUEST).value == GOOD
    assert waits == [1, 2, 4] and len(server.asked) == 4
    assert all(body == server.asked[0] for body in server.asked)


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        ("drop", r"does not answer \(.+\): start it, as by 'llama-server"),
        ("html", r"fails at /v1/chat/completions 6 times in a row \(an answer that is no JSON object\): look into its log"),
        ("half", r"fails at /v1/chat/completions 6 times in a row \(an answer that is no JSON object\)"),
        (429, r"6 times in a row \(status 429: not now\)"),
        (500, r"6 times in a row \(status 500: not now\)"),
    ],
)
def test_what_goes_on_for_ever_ends_in_one_line(server: ModelServer, waits: Waits, mishap: Any, said: str) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap] * 50
    with pytest.raises(ModelError, match=said) as caught:
        model.complete(REQUEST)
    assert len(server.asked) == TRIES and waits == [1, 2, 4, 8, 16] and "\n" not in str(caught.value)


def test_retry_after_is_waited_for_within_bounds(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits)
    later = [(429, {"Retry-After": said}) for said in ("7", "100000", "Wed, 21 Oct 2026 07:28:00 GMT", "-5")]
    server.mishaps = list(later)
    assert model.complete(REQUEST).value == GOOD
    assert waits == [7, 60, 4, 8]


def test_an_answer_that_comes_too_late_is_asked_for_again(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits, answer_s=0.2)
    server.mishaps = ["late"]
    assert model.complete(REQUEST).value == GOOD
    assert waits == [1]


def test_an_answer_that_does_not_end_is_asked_for_again(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = ["endless"]
    assert model.complete(REQUEST).value == GOOD
    assert waits == [1]


def test_a_prompt_too_long_for_the_server_costs_the_proposal_and_not_the_run(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [(400, {"message": "This model's maximum context length is 2048 tokens."})]
    completion = model.complete(REQUEST)
    assert completion.value is None and "does not fit the server's context" in completion.reason and waits == []


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        ((400, {"message": "response_format is not supported"}), r"refuses \(status 400: response_format is not supported\)"),
        (403, "wants a key"),
        (404, r"/v1/chat/completions refuses \(status 404"),
    ],
)
def test_a_refusal_is_not_tried_again(server: ModelServer, waits: Waits, mishap: Any, said: str) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap]
    with pytest.raises(ModelError, match=said):
        model.complete(REQUEST)
    assert waits == [] and len(server.asked) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(GOOD)[:20], "broken JSON"),
        ("I'm sorry, I can't.", "not JSON"),
        ({**GOOD, "choice": "m3"}, 'choice: "m3" is not one of the choices'),
        ("", "empty answer"),
    ],
)
def test_a_server_that_looks_past_the_schema_gives_answers_of_no_use_with_their_reason(content: Any, reason: str) -> None:
    with model_server(lambda body: content) as server:
        assert Server(server.url).complete(REQUEST).reason.startswith(reason)


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{"text": "old"}]}, {"object": "error"}])
def test_a_server_that_speaks_something_else_is_one_line(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]
) -> None:
    model = Server(server.url)
    monkeypatch.setattr(model, "_ask", lambda *args, **more: body)
    with pytest.raises(ModelError, match="does not speak OpenAI's chat completions"):
        model.complete(REQUEST)


def test_a_server_that_is_not_there_is_said_at_once(waits: Waits) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ModelError, match=rf"http://127.0.0.1:{port} does not answer .*'llama-server -m MODEL.gguf") as caught:
        Server(f"http://127.0.0.1:{port}/v1", wait=waits)
    assert waits == [] and "\n" not in str(caught.value)


def test_without_httpx_the_install_line_is_said(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtra, match=r"pip install 'infoseek-offline\[http\]'"):
        Server(server.url)


def _ask(model: Server, seeds: range, results: Any) -> None:
    results.put([model.complete(replace(REQUEST, seed=seed)).value for seed in seeds])


def test_connections_are_not_shared_over_a_fork() -> None:
    with model_server(lambda body: {**GOOD, "why": str(body["seed"])}) as server:
        model = Server(server.url)
        context = multiprocessing.get_context("fork")
        results = context.SimpleQueue()
        processes = [context.Process(target=_ask, args=(model, range(k, k + 20), results)) for k in (0, 100)]
        for process in processes:
            process.start()
        answers = [[answer["why"] for answer in results.get()] for _ in processes]
        for process in processes:
            process.join()
        assert sorted(answers) == sorted([[str(seed) for seed in range(k, k + 20)] for k in (0, 100)])
