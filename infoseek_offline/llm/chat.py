"""OpenAI's chat completions: the body that asks, and what the body of an answer says, in the forms that servers give it.

The text may come whole, in parts, as a stream of server-sent events though none was asked for, as the arguments of a tool call, or
as reasoning alone; counts of tokens may be missing or nonsense, and are then 0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from infoseek_offline.llm.base import Message, Request
from infoseek_offline.llm.checked import SHOWN

SEEDS = 2**31  # below what any server takes
MOST_TOKENS = 2**40  # of a count that can be true
TEMPLATE_SETTINGS = "chat_template_kwargs"
_DATA = b"data:"
# With "context": "maximum context length is", "exceeds the available context size", "context window". Without, as vLLM, TGI and
# others have it: "longer than the maximum model length", "input too long", "must have less than 4096 tokens".
_OF_A_CONTEXT = ("length", "size", "exceed", "window")
_OF_A_PROMPT = ("too long", "too many tokens", "maximum model length", "max_model_len", "must have less than")


def body_of(request: Request, model: str) -> dict[str, Any]:
    """The body of a chat completion."""
    return {
        "model": model,
        "messages": as_json(request.messages),
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": dict(request.schema)},
        },
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "max_tokens": request.sampling.max_tokens,
        "seed": request.seed % SEEDS,
        TEMPLATE_SETTINGS: {"enable_thinking": False},  # of llama-server and vLLM; others look past it, or say that they can't
    }


def as_json(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages, with a question mark for half a surrogate pair, which JSON in UTF-8 has no place for."""
    return [{"role": m.role, "content": m.content.encode("utf-8", "replace").decode()} for m in messages]


def said_in(body: Any) -> tuple[str, bool, int, int]:
    """(text, cut, prompt tokens, completion tokens) of a chat completion's body. Raises ValueError for anything else."""
    try:
        choice = body["choices"][0]
        text = _text_of(choice["message"])
        usage = body.get("usage")
        counts = [_count(usage.get(name)) if isinstance(usage, dict) else 0 for name in ("prompt_tokens", "completion_tokens")]
        return text, choice.get("finish_reason") == "length", counts[0], counts[1]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no chat completion: {str(body)[:SHOWN]}") from error


def _text_of(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):  # in parts
        content = "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in content)
    if content:
        return _as_text(content)
    calls = message.get("tool_calls")
    if calls:
        return _as_text(calls[0]["function"]["arguments"])
    thought = message.get("reasoning_content") or message.get("reasoning")
    if thought and not str(thought).lstrip().startswith("{"):  # else a server took the answer for it
        thought = f"<think>{thought}</think>"
    return _as_text(thought or message.get("refusal") or "")


def _as_text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < MOST_TOKENS else 0


def from_stream(content: bytes) -> dict[str, Any] | None:
    """The body that a stream of server-sent events makes; None for anything else, and for a stream that breaks off."""
    text, ended, usage = "", "", None
    events = [line[len(_DATA) :].strip() for line in content.splitlines() if line.startswith(_DATA)]
    try:
        for event in events:
            if event == b"[DONE]":
                ended = ended or "stop"
                continue
            part = json.loads(event)
            if "error" in part:
                return {"error": part["error"]}
            usage = part.get("usage") or usage
            for choice in part.get("choices") or []:
                text += (choice.get("delta") or choice.get("message") or {}).get("content") or ""
                ended = choice.get("finish_reason") or ended
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return {"choices": [{"message": {"content": text}, "finish_reason": ended}], "usage": usage} if ended else None


def too_long(message: str) -> bool:
    """Whether a server's refusal says that the prompt is too long for it."""
    lower = message.lower()
    return ("context" in lower and any(word in lower for word in _OF_A_CONTEXT)) or any(word in lower for word in _OF_A_PROMPT)
