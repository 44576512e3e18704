"""Whether a language model can be used here, and how fast it is: four small calls.

Does it keep to a schema; does the same seed say the same; does a prompt that fills its context reach it whole; how many tokens a
second it reads and writes. From the last, and from what an accepted item takes, follows how many items an hour to expect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from infoseek_offline.llm.base import Completion, LanguageModel, Message, Request, Sampling

WORD = "flumbergast"
SEED = 11
WRITTEN = 128  # tokens of the answers that are timed
LONGEST = 8192  # tokens of the long prompt; none of a run has more, and a context may have a million
NOISE = 0.05  # of a call's seconds; what is less can't be told from it
FILLER = "The harbour was rebuilt after the fire, and the market moved to the other side of the river. "
# What an accepted item took on the sample wiki, all calls and what came to nothing included (docs/models.md says where from).
TOKENS_AN_ITEM = (46_000, 6_100)  # read, written


@dataclass(frozen=True)
class Canary:
    """`failed` means that the model is of no use here, `weak` that it can be used and what to expect."""

    mark: Literal["ok", "failed", "weak"]
    what: str
    detail: str


@dataclass(frozen=True)
class Speed:
    """Tokens a second, one call at a time; `at_least` where reading took too little of a call to be measured."""

    read: float
    written: float
    at_least: bool = False

    def items_an_hour(self, read: float, written: float) -> float:
        return 3600 / (read / self.read + written / self.written)


def examine_model(model: LanguageModel) -> tuple[list[Canary], Speed | None]:
    """The canaries in order, and the speed that they show; None where nothing was written. Raises ModelError where the model can't
    be reached."""
    short = _ask(model, _words(40), Sampling(temperature=1.0, max_tokens=WRITTEN))
    again = _ask(model, _words(40), Sampling(temperature=1.0, max_tokens=WRITTEN))
    long = _fill(model)
    whole = _ask(model, long, Sampling(max_tokens=WRITTEN))
    canaries = [_schema(model), _seed(short, again), _context(model, long, whole, short)]
    return canaries, _speed(again, whole) if again.completion_tokens and whole.completion_tokens else None


def _schema(model: LanguageModel) -> Canary:
    schema = {
        "type": "object",
        "properties": {"word": {"type": "string", "enum": [WORD]}},
        "required": ["word"],
        "additionalProperties": False,
    }
    question = (Message("user", "Which word is the capital of France?"),)
    said = model.complete(Request("canary", question, schema, SEED, Sampling(max_tokens=32)))
    if said.value == {"word": WORD}:
        return Canary("ok", "schema", f"says {WORD!r}, the only word that the schema allows")
    return Canary("failed", "schema", f"the schema is not kept ({said.reason}): use a server that knows response_format")


def _seed(first: Completion, second: Completion) -> Canary:
    if first.text == second.text:
        return Canary("ok", "seed", "the same seed says the same")
    return Canary("weak", "seed", "the same seed says something else the second time; only a replay of the ledger is exact")


def _context(model: LanguageModel, messages: tuple[Message, ...], said: Completion, short: Completion) -> Canary:
    size = model.count_tokens(messages)
    asked = f"a prompt of {size:,} tokens, of a context of {model.context:,}"
    if said.value is None:
        return Canary("failed", "context", f"{asked}: {said.reason}")
    counts = said.prompt_tokens > short.prompt_tokens  # else what it counts are no tokens of prompts
    if counts and said.prompt_tokens < size / 5:  # a count by bytes is about twice the tokens
        return Canary("failed", "context", f"{asked}, arrives as {said.prompt_tokens:,}: give the server a larger context")
    if str(said.value["words"]).lower().startswith(WORD):
        return Canary("ok", "context", f"{asked}, is answered from its first line")
    return Canary("weak", "context", f"{asked}, is answered, but not from its first line")


def _speed(short: Completion, long: Completion) -> Speed:
    """Two calls with the same answer's length, about, and with other prompts: two equations."""
    more = max(1, long.prompt_tokens - short.prompt_tokens)
    a_token_written = short.seconds / max(1, short.completion_tokens)
    reading, least = long.seconds - long.completion_tokens * a_token_written, NOISE * long.seconds
    return Speed(more / max(1e-9, reading, least), 1 / max(1e-9, a_token_written), at_least=reading < least)


def _ask(model: LanguageModel, messages: tuple[Message, ...], sampling: Sampling) -> Completion:
    schema = {
        "type": "object",
        "properties": {"words": {"type": "string", "maxLength": 200}},
        "required": ["words"],
        "additionalProperties": False,
    }
    return model.complete(Request("canary", messages, schema, SEED, sampling))


def _words(count: int) -> tuple[Message, ...]:
    return (Message("user", f"Write {count} words about a river, in JSON."),)


def _fill(model: LanguageModel) -> tuple[Message, ...]:
    """A prompt as long as leaves room for an answer."""
    room = min(model.context, LONGEST) - 2 * WRITTEN

    def filled(times: int) -> tuple[Message, ...]:
        text = f"The first word is {WORD}.\n{FILLER * times}\nWhich is the first word? Answer with that word alone, in JSON."
        return (Message("user", text),)

    return filled(_most(lambda times: model.count_tokens(filled(times)) <= room))


def _most(fits: Callable[[int], bool]) -> int:
    """The largest number that fits, where 0 does; found by doubling and halving."""
    step = 1
    while step <= LONGEST and fits(step):  # none where the count does not grow with the text
        step *= 2
    low, high = 0, step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
