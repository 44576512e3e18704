"""Any server on this machine or network that speaks OpenAI's chat completions: llama-server, vLLM, and others.

A URL with or without /v1; `URL#NAME` where it serves several models. Answers are asked for with the schema as `response_format` and
with a seed. Tokens are counted by the server's own tokenizer where it has one to ask (`counting` says so), else a token for two
bytes is allowed for: about twice what European languages need, and enough for any script that a model knows. Where it was not
enough, the server refuses the prompt.

A question that the server does not take, or fails at whenever it is asked, while it takes another, costs its proposal and not the
run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from infoseek_offline.errors import ModelError
from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import SMALLEST_CONTEXT, Completion, Message, Request, Sampling
from infoseek_offline.llm.chat import TEMPLATE_SETTINGS, as_json, body_of, said_in
from infoseek_offline.llm.checked import demand_bounds, read_answer
from infoseek_offline.llm.connection import ANSWER_S, CHAT, MODELS, TRIES, Connection, Refused, TooLong

CONTEXT = 4096  # of a server that does not say
BYTES_A_TOKEN, AROUND = 2, 16  # where the server does not count: tokens of a text, and of a template around a message
ONE, MORE = "one", "one two three four five six seven eight " * 4  # what counts tokens finds more in the second
YES = {
    "type": "object", "properties": {"say": {"type": "string", "enum": ["yes"]}}, "required": ["say"],
    "additionalProperties": False,
}  # fmt: skip
OTHER = Request("canary", (Message("user", "Say yes, in JSON."),), YES, 1, Sampling(max_tokens=16))  # of a server that is there


class Server:
    remote = True  # it may be asked by many threads at once

    def __init__(self, url: str, *, wait: Callable[[float], object] | None = None, answer_s: float = ANSWER_S) -> None:
        """Raises MissingExtra without httpx, UsageError for a URL that is none, ModelError where no server answers."""
        self._connection = Connection(url, wait=wait, answer_s=answer_s)
        self.root = self._connection.root
        self._strict = False  # whether it refuses what it does not know
        model = self._choose(self._connection.chosen)
        self._model = str(model["id"])
        self.name = PurePath(self._model).name or self._model
        meta: Any = model.get("meta") if isinstance(model.get("meta"), dict) else {}
        self.digest = digest_of("server", self._model, [meta.get(name) for name in ("n_params", "n_vocab", "size")])
        self.context = self._find_context(model)
        self.counting = self._find_counting()

    @property
    def description(self) -> str:
        """How it is asked, for people."""
        return f"at {self.root}, tokens counted by {self.counting}"

    def abandon(self) -> None:
        """Questions that are being asked raise ModelError at once; those that come later are asked."""
        self._connection.abandon()

    # What the server is

    def _choose(self, name: str) -> dict[str, Any]:
        models = self._probe("GET", MODELS).get("data")
        models = [m for m in models if isinstance(m, dict) and m.get("id")] if isinstance(models, list) else []
        if name:
            return next((m for m in models if m["id"] == name), {"id": name})
        if len(models) > 1:
            names = ", ".join(str(m["id"]) for m in models[:8])
            raise ModelError(f"{self.root} serves {len(models)} models ({names}): choose one with --model {self.root}#NAME")
        return models[0] if models else {"id": "default"}

    def _find_context(self, model: dict[str, Any]) -> int:
        size: Any = model.get("max_model_len")  # vLLM
        if not _is_count(size):
            settings = self._probe("GET", "/props").get("default_generation_settings")  # llama-server
            size = settings.get("n_ctx") if isinstance(settings, dict) else None
        if not _is_count(size):
            return CONTEXT
        if size < SMALLEST_CONTEXT:
            raise ModelError(f"{self.root} has a context of {size} tokens, {SMALLEST_CONTEXT} are needed: start it with more")
        return int(size)

    def _find_counting(self) -> str:
        """"vllm", "llama-server" or "bytes"."""
        for way in ("vllm", "llama-server"):
            try:
                few, many = (self._counted(way, (Message("user", text),), probe=True) for text in (ONE, MORE))
            except ValueError:
                continue
            if 0 < few < many:
                return way
        return "bytes"

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        try:
            return self._counted(self.counting, messages)
        except TooLong:
            return self.context + 1
        except ValueError as error:
            raise ModelError(f"{self.root} no longer counts tokens ({error}): start it again as it was") from error

    def _counted(self, way: str, messages: tuple[Message, ...], probe: bool = False) -> int:
        """Raises ValueError where the server does not count in this way."""
        plain = as_json(messages)
        if way == "bytes":
            return sum(_tokens(m["content"]) + AROUND for m in plain)

        def asked(path: str, body: dict[str, Any]) -> Any:
            return self._connection.ask("POST", path, body, _as_it_is, probe=probe)[0]

        if way == "vllm":
            count = asked("/tokenize", {"model": self._model, "messages": plain, "add_generation_prompt": True}).get("count")
            if not _is_count(count):
                raise ValueError("no count")
            return int(count)
        prompt = asked("/apply-template", {"messages": plain}).get("prompt")
        if not isinstance(prompt, str):
            raise ValueError("no prompt")
        tokens = asked("/tokenize", {"content": prompt, "add_special": True, "parse_special": True}).get("tokens")
        if not isinstance(tokens, list):
            raise ValueError("no tokens")
        return len(tokens)

    def _probe(self, method: str, path: str) -> dict[str, Any]:
        return self._connection.ask(method, path, None, _as_it_is, probe=True)[0]

    # Answers

    def complete(self, request: Request) -> Completion:
        demand_bounds(request.schema)
        try:
            (text, cut, prompt_tokens, completion_tokens), seconds = self._ask(request)
        except TooLong as error:
            return Completion("", None, str(error), self.count_tokens(request.messages), 0, 0.0)
        except Refused as error:
            if not self._answers():
                raise
            return Completion("", None, f"no answer: {error.why}", 0, 0, 0.0)
        return read_answer(
            request,
            text,
            prompt_tokens=prompt_tokens or self.count_tokens(request.messages),
            completion_tokens=completion_tokens or _tokens(text),  # of a server that counts none
            seconds=seconds,
            cut=cut,
        )

    def _ask(self, request: Request, tries: int = TRIES) -> tuple[tuple[str, bool, int, int], float]:
        body = body_of(request, self._model)
        if self._strict:
            del body[TEMPLATE_SETTINGS]
        try:
            return self._connection.ask("POST", CHAT, body, said_in, tries=tries)
        except Refused as error:
            if self._strict or TEMPLATE_SETTINGS not in error.why:
                raise
        self._strict = True
        return self._ask(request, tries)

    def _answers(self) -> bool:
        """Whether it takes another question."""
        try:
            self._ask(OTHER, tries=1)
        except (Refused, TooLong):
            return False
        return True


def _as_it_is(value: dict[str, Any]) -> dict[str, Any]:
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _tokens(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)
