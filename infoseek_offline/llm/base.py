"""What a language model is to us: messages, a JSON schema, sampling and a seed in; a checked object, token counts and time out.

Every call is a `Request`; its digest, with the model's, is the key under which the ledger keeps the answer. A model that can't be
reached raises ModelError, and the run ends with one line; an answer that can't be used is no error but a `Completion` without a
value and with its reason, since a bad answer costs one proposal and never the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from infoseek_offline.files import digest_of

SMALLEST_CONTEXT = 1024  # tokens that our prompts need, the longest cut to it

Role = Literal["system", "user", "assistant"]
Stage = Literal["browser", "planner", "writer", "cover", "judge", "closed_book", "open_book", "alternatives", "bridge", "canary"]


@dataclass(frozen=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True)
class Sampling:
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512


@dataclass(frozen=True)
class Request:
    """One completion asked for. `schema` is a JSON schema with bounded strings and lists; `seed` is derived from the item's key.
    `prompt` is the digest of the prompt file, `stage` what it is asked for; neither changes the answer."""

    stage: Stage
    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    seed: int
    sampling: Sampling = field(default_factory=Sampling)
    prompt: str = ""

    def key(self, model: str) -> str:
        """The ledger's key: the digest of model, messages, schema, sampling and seed."""
        messages = [[m.role, m.content] for m in self.messages]
        sampling = [self.sampling.temperature, self.sampling.top_p, self.sampling.max_tokens]
        schema = json.dumps(dict(self.schema))  # not sorted: properties are answered in their order
        return digest_of("completion", model, messages, schema, sampling, self.seed)


@dataclass(frozen=True)
class Completion:
    """`value` is the object that the schema asks for, checked against it; None where the answer can't be used, and then `reason`
    says why ("cut off at 512 tokens", "not JSON", "choice: 'm9' is not one of …"). `text` is the answer as it came."""

    text: str
    value: Any
    reason: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    cut: bool = False  # the answer ran into its token limit


class LanguageModel(Protocol):
    name: str  # for people: the file's name or the server's model
    digest: str  # of the weights' file, or of the server's address-free description; part of every ledger key
    context: int  # tokens that prompt and answer may take together

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        """Tokens of the messages as the model's own template and tokenizer make them, or an upper bound of that."""
        ...

    def complete(self, request: Request) -> Completion:
        """Ask once. Raises ModelError where no answer is to be had at all."""
        ...
