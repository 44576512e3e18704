"""Any server on this machine or network that speaks OpenAI's chat completions: llama-server, vLLM, and others.

A URL with or without /v1; `URL#NAME` where it serves several models. Answers are asked for with the schema as `response_format` and
with a seed. What a server may do wrong for a while (429, 5xx, dropped connections, timeouts, pages of HTML, half a JSON) is tried
again with growing waits, as long as `Retry-After` says where it does; then ModelError says what to type. Tokens are counted by the
server's own tokenizer where it has one to ask (`counting` says so), else a token for two bytes is allowed for: about twice what
European languages need, and enough for any script that a model knows. Where it was not enough, the server refuses the prompt.

A key, where one is needed, comes from the environment variable INFOSEEK_API_KEY and goes nowhere but into the request.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from infoseek_offline.errors import MissingExtra, ModelError, UsageError
from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Completion, Message, Request
from infoseek_offline.llm.checked import SHOWN, demand_bounds, read_answer

KEY = "INFOSEEK_API_KEY"
CONTEXT = 4096  # of a server that does not say
TRIES = 6
LONGEST_WAIT_S = 60
MOST_BYTES = 1 << 24  # of an answer
CONNECT_S, ANSWER_S = 10, 600
BYTES_A_TOKEN, AROUND = 2, 16  # where the server does not count: tokens of a text, and of a template around a message
WAIT_AND_SEE = {408, 425, 429, 500, 502, 503, 504}
BUSY = {429, 503}  # for a probe: a model that is still being loaded
SEEDS = 2**31  # below what any server takes


def body_of(request: Request, model: str) -> dict[str, Any]:
    """The body of a chat completion."""
    return {
        "model": model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": dict(request.schema)},
        },
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "max_tokens": request.sampling.max_tokens,
        "seed": request.seed % SEEDS,
        "chat_template_kwargs": {"enable_thinking": False},  # of llama-server and vLLM; others look past it
    }


def said_in(body: Any) -> tuple[str, bool, int, int]:
    """(text, cut, prompt tokens, completion tokens) of a chat completion's body. Raises ValueError for anything else."""
    try:
        choice = body["choices"][0]
        content = choice["message"]["content"]
        usage = body.get("usage") or {}
        if isinstance(content, list):  # in parts
            content = "".join(part.get("text", "") for part in content)
        counts = [int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no chat completion: {str(body)[:SHOWN]}") from error
    return str(content or ""), choice.get("finish_reason") == "length", counts[0], counts[1]


def too_long(message: str) -> bool:
    """Whether a server's refusal says that the prompt is too long for it."""
    return "context" in message.lower() and any(word in message.lower() for word in ("length", "size", "exceed", "window"))


class Server:
    remote = True  # it may be asked by many threads at once

    def __init__(self, url: str, *, wait: Callable[[float], None] = time.sleep, answer_s: float = ANSWER_S) -> None:
        """Raises MissingExtra without httpx, UsageError for a URL that is none, ModelError where no server answers."""
        try:
            import httpx
        except ImportError as error:
            raise MissingExtra("a model server", "httpx", "http") from error
        self._httpx = httpx
        parts = urlsplit(url)
        if not parts.hostname or "@" in parts.netloc:
            raise UsageError(f"{parts.scheme}://… is no URL of a server (a key goes into {KEY}): give one like http://127.0.0.1:8080")
        self.root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"
        self._wait, self._answer_s = wait, answer_s
        self._process, self._reached = 0, False
        self._made: Any = None
        model = self._choose(parts.fragment)
        self._model = str(model["id"])
        self.name = PurePath(self._model).name
        meta: Any = model.get("meta") if isinstance(model.get("meta"), dict) else {}
        self.digest = digest_of("server", self._model, [meta.get(name) for name in ("n_params", "n_vocab", "size")])
        self.context = self._find_context(model)
        self.counting = self._find_counting()

    @property
    def _client(self) -> Any:
        """A client a process: connections must not be shared over a fork. Proxies and .netrc are not looked at."""
        if self._process != os.getpid():
            key = os.environ.get(KEY)
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            timeout = self._httpx.Timeout(self._answer_s, connect=CONNECT_S)
            secure = self.root.startswith("https:")  # certificates take long to read, and are of no use without
            self._made = self._httpx.Client(headers=headers, timeout=timeout, trust_env=False, verify=secure)
            self._process = os.getpid()
        return self._made

    @property
    def description(self) -> str:
        """How it is asked, for people."""
        return f"at {self.root}, tokens counted by {self.counting}"

    # What the server is

    def _choose(self, name: str) -> dict[str, Any]:
        models = self._ask("GET", "/v1/models", probe=True).get("data") or []
        models = [m for m in models if isinstance(m, dict) and m.get("id")]
        if name:
            return next((m for m in models if m["id"] == name), {"id": name})
        if len(models) > 1:
            names = ", ".join(str(m["id"]) for m in models[:8])
            raise ModelError(f"{self.root} serves {len(models)} models ({names}): choose one with --model {self.root}#NAME")
        return models[0] if models else {"id": "default"}

    def _find_context(self, model: dict[str, Any]) -> int:
        if isinstance(model.get("max_model_len"), int):  # vLLM
            return int(model["max_model_len"])
        settings = self._ask("GET", "/props", probe=True).get("default_generation_settings")  # llama-server
        size = settings.get("n_ctx") if isinstance(settings, dict) else None
        return size if isinstance(size, int) and size > 0 else CONTEXT

    def _find_counting(self) -> str:
        """"vllm", "llama-server" or "bytes"."""
        for way in ("vllm", "llama-server"):
            try:
                if self._counted(way, (Message("user", "one"),), probe=True) > 0:
                    return way
            except ValueError:
                continue
        return "bytes"

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        try:
            return self._counted(self.counting, messages)
        except ValueError as error:
            raise ModelError(f"{self.root} no longer counts tokens ({error}): start it again as it was") from error

    def _counted(self, way: str, messages: tuple[Message, ...], probe: bool = False) -> int:
        """Raises ValueError where the server does not count in this way."""
        plain = [{"role": m.role, "content": m.content} for m in messages]
        if way == "bytes":
            return sum(_tokens(m["content"]) + AROUND for m in plain)
        if way == "vllm":
            body = {"model": self._model, "messages": plain, "add_generation_prompt": True}
            count = self._ask("POST", "/tokenize", body, probe=probe).get("count")
            if not isinstance(count, int):
                raise ValueError("no count")
            return count
        prompt = self._ask("POST", "/apply-template", {"messages": plain}, probe=probe).get("prompt")
        if not isinstance(prompt, str):
            raise ValueError("no prompt")
        body = {"content": prompt, "add_special": True, "parse_special": True}
        tokens = self._ask("POST", "/tokenize", body, probe=probe).get("tokens")
        if not isinstance(tokens, list):
            raise ValueError("no tokens")
        return len(tokens)

    # Answers

    def complete(self, request: Request) -> Completion:
        demand_bounds(request.schema)
        started = time.perf_counter()
        try:
            body = self._ask("POST", "/v1/chat/completions", body_of(request, self._model))
            text, cut, prompt_tokens, completion_tokens = said_in(body)
        except _TooLong as error:
            return Completion("", None, str(error), self.count_tokens(request.messages), 0, time.perf_counter() - started)
        except ValueError as error:
            raise ModelError(f"{self.root} does not speak OpenAI's chat completions ({error}): give another URL") from error
        return read_answer(
            request,
            text,
            prompt_tokens=prompt_tokens or self.count_tokens(request.messages),
            completion_tokens=completion_tokens or _tokens(text),  # of a server that counts none
            seconds=time.perf_counter() - started,
            cut=cut,
        )

    def _ask(self, method: str, path: str, body: Any = None, *, probe: bool = False) -> Any:
        """The JSON object that the server answers. A `probe` gets an empty one where the server has no such path."""
        trouble, lost = "", False
        for attempt in range(TRIES):
            pause = float(2**attempt)
            try:
                response = self._fetch(method, path, body)
            except self._httpx.TransportError as error:
                trouble, lost = f"{type(error).__name__}: {error}".rstrip(": "), True
                refused = isinstance(error, self._httpx.ConnectError)
                if refused and not self._reached:
                    break  # it was never there: no use to wait
            else:
                self._reached, lost = True, False
                if response.status not in WAIT_AND_SEE or (probe and response.status not in BUSY):
                    answer = self._read(response, path, probe)
                    if answer is not None:
                        return answer
                    trouble = "an answer that is no JSON object"
                else:
                    trouble = f"status {response.status}: {_message(response)}"
                    pause = max(pause, _retry_after(response))
            if attempt + 1 < TRIES:
                self._wait(min(pause, LONGEST_WAIT_S))
        mend = "start it, as by 'llama-server -m MODEL.gguf --port 8080'" if lost else "look into its log"
        what = "does not answer" if lost else f"fails at {path} {TRIES} times in a row"
        raise ModelError(f"{self.root} {what} ({trouble}): {mend}, and run the same command again")

    def _fetch(self, method: str, path: str, body: Any) -> _Reply:
        """Raises TransportError for a server that can't be reached, is too slow, or does not come to an end."""
        until, content = time.monotonic() + self._answer_s, bytearray()
        with self._client.stream(method, self.root + path, json=body) as response:
            for part in response.iter_bytes():
                content += part
                if len(content) > MOST_BYTES or time.monotonic() > until:
                    raise self._httpx.ReadError("the answer does not end")
        return _Reply(response.status_code, response.headers, bytes(content))

    def _read(self, response: _Reply, path: str, probe: bool) -> Any:
        """The JSON object, or None where there is none and it may be tried again."""
        status = response.status
        try:
            answer = json.loads(response.content) if status == 200 else None
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            return answer
        message = _message(response)
        if status in (401, 403):
            raise ModelError(f"{self.root} wants a key (status {status}): set {KEY} in the environment")
        if probe:
            return {}
        if status == 200:
            return None
        if status in (400, 413, 422) and too_long(message):
            raise _TooLong(f"the prompt does not fit the server's context: {message}")
        raise ModelError(f"{self.root}{path} refuses (status {status}: {message}): look into the server's log, or give another URL")


class _TooLong(Exception):
    pass


def _tokens(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes


def _message(response: _Reply) -> str:
    """What the server says of an error, in one line."""
    try:
        error = json.loads(response.content)
        error = error.get("error", error) if isinstance(error, dict) else error
        said = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    except (ValueError, RecursionError):
        said = response.content[:2000].decode("utf-8", "replace")
    return " ".join(said.split())[:200] or "nothing said"


def _retry_after(response: _Reply) -> float:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:  # a date, which needs clocks that agree
        return 0.0
