"""Language models for the tests: one that says what it is told to, one that answers at random within the schema, and bad ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Completion, Message, Request
from infoseek_offline.llm.checked import demand_bounds, read_answer

Answer = Any  # a str is the text as it comes, an Exception is raised, anything else is written as JSON
CHARACTERS_A_TOKEN = 4


class ScriptedModel:
    """Answers from a queue, or by a function of the request; `history` holds what it was asked.

    An answer longer than `max_tokens` is cut there, as a server cuts it; one more call than answers is the test's fault.
    """

    def __init__(
        self, answers: Iterable[Answer] | Callable[[Request], Answer] = (), *, context: int = 4096, name: str = "scripted"
    ) -> None:
        self.name, self.context, self.digest = name, context, digest_of("test", name, context)
        self.history: list[Request] = []
        self._answer = answers if callable(answers) else None
        self._queue = [] if callable(answers) else list(answers)

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        return sum(tokens(message.content) + 4 for message in messages)

    def complete(self, request: Request) -> Completion:
        demand_bounds(request.schema)
        self.history.append(request)
        if self._answer:
            answer = self._answer(request)
        else:
            assert self._queue, f"call {len(self.history)} ({request.stage}) has no scripted answer"
            answer = self._queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        limit = request.sampling.max_tokens
        cut = tokens(text) > limit
        if cut:
            text = text[: limit * CHARACTERS_A_TOKEN]
        return read_answer(
            request, text, prompt_tokens=self.count_tokens(request.messages), completion_tokens=tokens(text), seconds=0.0, cut=cut
        )


def tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_A_TOKEN)


class RandomModel(ScriptedModel):
    """Answers within the schema, at random: the same request gets the same answer. Half of the strings are words of the prompt."""

    def __init__(self, seed: int = 0, *, context: int = 4096) -> None:
        super().__init__(self._at_random, context=context, name=f"random-{seed}")

    def _at_random(self, request: Request) -> Answer:
        chance = random.Random(request.key(self.digest))
        words = [word for message in request.messages for word in message.content.split()] or ["word"]
        return _value(request.schema, chance, words)


def _value(schema: Mapping[str, Any], chance: random.Random, words: list[str]) -> Any:
    kind = schema["type"]
    if kind == "object":
        return {name: _value(inner, chance, words) for name, inner in schema["properties"].items()}
    if kind == "array":
        count = chance.randint(schema.get("minItems", 0), min(schema["maxItems"], schema.get("minItems", 0) + 5))
        return [_value(schema["items"], chance, words) for _ in range(count)]
    if kind == "integer":
        return chance.randint(schema["minimum"], schema["maximum"])
    if kind == "boolean":
        return chance.random() < 0.5
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    least, most = schema.get("minLength", 0), schema["maxLength"]
    if chance.random() < 0.5:
        start = chance.randrange(len(words))
        text = " ".join(words[start : start + chance.randint(1, 12)])
    else:
        text = "".join(chance.choice("abcdefghijklmnop qrstuvwxyz{}\"'é—") for _ in range(chance.randint(least, min(most, 60))))
    return text[:most].ljust(least, "x")


def _garbage(request: Request) -> str:
    return random.Random(request.key("garbage")).randbytes(200).decode("latin-1")


BAD: dict[str, Callable[[Request], Answer]] = {
    "garbage": _garbage,
    "refuses": lambda request: "I'm sorry, but I can't help with that.",
    "echoes": lambda request: request.messages[-1].content,
    "never stops": lambda request: '{"' + "and so on " * 100_000,
    "empty": lambda request: "",
}


def bad_model(kind: str) -> ScriptedModel:
    return ScriptedModel(BAD[kind], name=kind)
