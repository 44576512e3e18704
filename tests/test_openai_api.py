"""Any OpenAI-compatible server: what it is asked, how its tokens are counted, and what happens when it misbehaves."""

from __future__ import annotations

import json
import multiprocessing
import socket
import sys
import threading
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


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_a_url_may_end_with_v1_or_not(server: ModelServer, end: str) -> None:
    assert Server(server.url + end).complete(REQUEST).value == GOOD
    assert set(server.paths) <= {"/v1/models", "/props", "/tokenize", "/v1/chat/completions"}


def test_a_server_may_have_an_address_of_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with model_server(lambda body: GOOD, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert Server(f"{server.url}/v1/").complete(REQUEST).value == GOOD


def test_half_a_surrogate_pair_in_a_prompt_is_a_question_mark(server: ModelServer) -> None:
    Server(server.url).complete(replace(REQUEST, messages=(Message("user", "a\ud800b"),)))
    assert server.asked[0]["messages"] == [{"role": "user", "content": "a?b"}]


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
    with pytest.raises(ModelError, match=r"refuses the key \(status 401: not now\): set another INFOSEEK_API_KEY") as caught:
        model.complete(REQUEST)
    assert "sk-not" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-not-é", "sk-not\nto-be-seen"])
def test_a_key_that_can_not_be_sent_is_said_and_not_shown(server: ModelServer, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("INFOSEEK_API_KEY", key)
    with pytest.raises(UsageError, match="INFOSEEK_API_KEY holds a character that no key has") as caught:
        Server(server.url)
    assert "sk-not" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "http://user:secret@127.0.0.1:1/v1"])
def test_a_url_without_a_host_or_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="INFOSEEK_API_KEY") as caught:
        Server(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:none", "http://127.0.0.1:99999", "http://[::1:80", "http://a..b/", "http://a/v1?key=1", "http://a b/"],
)
def test_a_url_that_is_none_is_one_line(url: str) -> None:
    with pytest.raises(UsageError, match=r"is no URL of a server.*give one like http://127\.0\.0\.1:8080") as caught:
        Server(url)
    assert url in str(caught.value) and "\n" not in str(caught.value)


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
        *((flavour, 4096, "bytes", 5 + 5 + 2 * 16) for flavour in ("plain", "page", "faulty", "constant")),
    ],
)
def test_tokens_and_context_are_the_servers_where_it_says_them(flavour: str, context: int, counting: str, tokens: int) -> None:
    with model_server(lambda body: GOOD, flavour=flavour) as server:
        model = Server(server.url)
        assert (model.context, model.counting) == (context, counting)
        assert model.count_tokens(REQUEST.messages) == tokens


def test_a_context_too_small_for_the_prompts_is_said() -> None:
    with model_server(lambda body: GOOD, context=512) as server, pytest.raises(ModelError, match="512 tokens, 1024 are needed"):
        Server(server.url)
    for nonsense in (0, -1, True):
        with model_server(lambda body: GOOD, context=nonsense) as server:
            assert Server(server.url).context == 4096, "as of one that does not say"


def test_a_server_that_is_still_loading_its_model_is_waited_for(waits: Waits) -> None:
    with model_server(lambda body: GOOD) as server:
        server.loading = 2
        assert Server(server.url, wait=waits).name == "tiny" and waits == [1, 2]


# Servers that misbehave


STREAM = b'data: {"choices": [{"index": 0, "delta": {"content": "{\\"why\\": "}}]}\n\n'  # and no end
MISHAPS = ["drop", "html", "half", "list", 429, 500, 503, 529, {"choices": []}, {"error": {"message": "overloaded"}}, STREAM]


@pytest.mark.parametrize("mishap", MISHAPS)
def test_what_goes_wrong_for_a_while_is_tried_again_with_growing_waits(server: ModelServer, waits: Waits, mishap: Any) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap, mishap, mishap]
    assert model.complete(REQUEST).value == GOOD
    # A connection that the server had closed meanwhile is no trouble of the server: at first it is only made again.
    assert waits == ([2, 4] if mishap == "drop" else [1, 2, 4]) and len(server.asked) == 4
    assert all(body == server.asked[0] for body in server.asked)


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        ("drop", r"does not answer \(.+\): start it, as by 'llama-server"),
        ("html", r"fails at /v1/chat/completions 6 times in a row \(an answer that is no JSON object\): look into its log"),
        ("half", r"fails at /v1/chat/completions 6 times in a row \(an answer that is no JSON object\)"),
        (429, r"6 times in a row \(status 429: not now\)"),
        (500, r"6 times in a row \(status 500: not now\)"),
        ({"choices": []}, r"6 times in a row \(no chat completion: \{'choices': \[\]\}\): look into its log"),
        ({"error": {"message": "no memory"}}, r"6 times in a row \(an error: no memory\)"),
    ],
)
def test_what_goes_on_for_ever_ends_in_one_line(server: ModelServer, waits: Waits, mishap: Any, said: str) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap] * 50
    with pytest.raises(ModelError, match=said) as caught:
        model.complete(REQUEST)
    if mishap == "drop":
        assert len(server.asked) == TRIES and waits == [2, 4, 8, 16]
    else:
        assert len(server.asked) == TRIES + 1, "and whether it takes another question"
        assert waits == [1, 2, 4, 8, 16] and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("mishap", "tries", "said"),
    [
        (500, TRIES, "no answer: status 500: not now"),
        ({"choices": []}, TRIES, "no answer: no chat completion: {'choices': []}"),
        ((400, {"message": "this character is not taken"}), 1, "no answer: status 400: this character is not taken"),
    ],
)
def test_a_question_that_alone_has_no_answer_costs_its_proposal_and_not_the_run(
    server: ModelServer, waits: Waits, mishap: Any, tries: int, said: str
) -> None:
    """Else the same command would end there again."""
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap] * tries
    completion = model.complete(REQUEST)
    assert (completion.value, completion.reason) == (None, said) and len(server.asked) == tries + 1
    assert model.complete(REQUEST).value == GOOD


def test_retry_after_is_waited_for_within_bounds(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [(429, {"Retry-After": said}) for said in ("7", "100000", "soon", "-5", "nan")]
    assert model.complete(REQUEST).value == GOOD
    assert waits == [7, 60, 4, 8, 16]


def test_a_date_to_retry_after_is_by_the_servers_own_clock(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits)
    server.clock = "Wed, 21 Oct 2015 07:28:00 GMT"
    server.mishaps = [(503, {"Retry-After": f"Wed, 21 Oct 2015 07:{when} GMT"}) for when in ("28:09", "20:00", "59:00")]
    assert model.complete(REQUEST).value == GOOD
    assert waits == [9, 2, 60]


def test_an_answer_that_comes_too_late_is_asked_for_again(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits, answer_s=0.2)
    server.mishaps = ["late"]
    assert model.complete(REQUEST).value == GOOD
    assert waits == [1]


def test_a_server_that_goes_silent_is_said_after_two_tries(server: ModelServer, waits: Waits) -> None:
    model = Server(server.url, wait=waits, answer_s=0.1)
    server.mishaps = ["late"] * 9
    with pytest.raises(ModelError, match=r"does not answer \(no end of an answer in .* s\): look into its log"):
        model.complete(REQUEST)
    assert len(server.asked) == 2


def test_a_server_that_says_a_byte_now_and_then_is_left_in_the_end(server: ModelServer, waits: Waits) -> None:
    """Each byte is in time, and a header has no end."""
    model = Server(server.url, wait=waits, answer_s=0.1)
    model._connection._grace = 0.0
    server.mishaps = ["drip"]
    assert model.complete(REQUEST).value == GOOD
    assert len(server.asked) == 2


@pytest.mark.parametrize("mishap", ["late", 429])
def test_a_question_that_is_abandoned_ends_at_once_in_whatever_thread(server: ModelServer, mishap: Any) -> None:
    """While it is waited for, and between two tries; the next one is asked."""
    model, errors = Server(server.url), list[ModelError]()
    server.mishaps = [(429, {"Retry-After": "60"}) if mishap == 429 else mishap]

    def ask() -> None:
        try:
            model.complete(REQUEST)
        except ModelError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not errors:
        if server.asked:
            model.abandon()
        thread.join(0.01)
    assert "abandoned" in str(errors[0]) and len(server.asked) == 1
    assert model.complete(REQUEST).value == GOOD


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
        ((307, {"Location": "https://127.0.0.1:9/v1/chat/completions"}), r"sends on to https://127.0.0.1:9 \(status 307\)"),
        (404, r"/v1/chat/completions refuses \(status 404"),
    ],
)
def test_a_refusal_is_not_tried_again(server: ModelServer, waits: Waits, mishap: Any, said: str) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [mishap, mishap]
    with pytest.raises(ModelError, match=said) as caught:
        model.complete(REQUEST)
    assert waits == [] and len(server.asked) <= 2 and "\n" not in str(caught.value)


def test_a_server_that_knows_no_schema_is_told_from_others(server: ModelServer) -> None:
    model = Server(server.url)
    server.mishaps = [(400, {"message": "response_format.type json_schema is not supported"})] * 2
    with pytest.raises(ModelError, match=r"a server is needed that knows response_format with a JSON schema, as llama-server"):
        model.complete(REQUEST)


def test_a_server_that_refuses_settings_of_a_template_is_asked_without(server: ModelServer) -> None:
    model = Server(server.url)
    server.mishaps = [(400, {"message": "Unrecognized request argument supplied: chat_template_kwargs"})]
    assert model.complete(REQUEST).value == model.complete(REQUEST).value == GOOD
    assert ["chat_template_kwargs" in body for body in server.asked] == [True, False, False]


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 2048 tokens.",
        "the request exceeds the available context size",
        "The decoder prompt (length 5000) is longer than the maximum model length of 2048.",
        "`inputs` must have less than 2048 tokens. Given: 5000",
        "input too long",
    ],
)
@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_a_prompt_too_long_is_known_in_the_words_of_many_servers(
    server: ModelServer, waits: Waits, status: int, message: str
) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [(status, {"message": message})]
    assert "does not fit the server's context" in model.complete(REQUEST).reason and waits == []


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


TEXT, DONE = json.dumps(GOOD), b"data: [DONE]\n\n"


def said(usage: Any = None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": finish}], "usage": usage}


@pytest.mark.parametrize(
    "body",
    [
        said(content=TEXT, usage="none"),
        said(content=TEXT, usage={"prompt_tokens": -3, "completion_tokens": float("inf")}),
        said(content=TEXT, usage={"prompt_tokens": None, "completion_tokens": "8"}),
        said(content=[{"type": "text", "text": TEXT[:9]}, {"type": "text", "text": TEXT[9:]}]),
        said(content=[TEXT]),
        said(content=[{"type": "thinking", "thinking": "Well."}, {"type": "text", "text": TEXT}]),
        said(content=GOOD),
        said(content=f"<think>I {{think}}.</think>\n{TEXT}", reasoning_content=None),
        said(content=f"I think.\n</think>\n```json\n{TEXT}\n```"),
        said(content=TEXT, reasoning_content="I think."),
        said(content=None, reasoning_content=TEXT),
        said(content=None, finish="tool_calls", tool_calls=[{"function": {"name": "answer", "arguments": TEXT}}]),
        said(content="", tool_calls=[{"function": {"name": "answer", "arguments": GOOD}}]),
        b"".join(b"data: %s\n\n" % json.dumps({"choices": [{"delta": {"content": c}}]}).encode() for c in TEXT) + DONE,
    ],
)
def test_an_answer_is_found_in_whatever_form_a_server_gives_it(server: ModelServer, waits: Waits, body: Any) -> None:
    model = Server(server.url, wait=waits)
    server.mishaps = [body]
    completion = model.complete(REQUEST)
    assert (completion.value, completion.reason, waits) == (GOOD, "", [])
    assert completion.prompt_tokens > 0 and completion.completion_tokens > 0, "estimated where the server's are none"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (said(content=None, reasoning="I think."), "nothing but reasoning"),
        (said(content=None, refusal="I can't help with that."), 'not JSON: "I can\'t help'),
        (said(content=None), "empty answer"),
        (said(), "empty answer"),
        (said(content=TEXT[:12], finish="length"), "cut off at"),
    ],
)
def test_what_is_no_answer_is_called_by_what_it_is(server: ModelServer, body: Any, reason: str) -> None:
    model = Server(server.url)
    server.mishaps = [body]
    completion = model.complete(REQUEST)
    assert completion.value is None and completion.reason.startswith(reason)


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
