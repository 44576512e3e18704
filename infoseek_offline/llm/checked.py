"""From the text of an answer to a Completion: JSON found, checked against its schema, or one line of why not.

Servers may ignore the schema and models may be bad: text before or after the JSON, code fences and a `<think>` block are taken
away; half a JSON, HTML, refusals, an echo of the prompt and an answer cut off are told apart in the reason. Nothing here raises
for anything that a model can say.

`demand_bounds` is for schemas, which are ours: it raises ValueError for what llama.cpp's grammars can't keep. Strings need a
maxLength (or an enum of strings), lists maxItems, integers both bounds; objects name all their properties as required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from infoseek_offline.files import canonical_json
from infoseek_offline.llm.base import Completion, Request

MOST_REPEATS = 2000  # llama.cpp refuses grammars that repeat more often
SHOWN = 60  # characters of an answer that a reason quotes
ECHO = 60  # as many characters of the prompt at an answer's beginning are an echo
KEYWORDS: Mapping[str, set[str]] = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength", "enum", "const"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
}
_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_THINK = re.compile(r"\A\s*<(think|thinking|reasoning)>(?:(.*?)</\1>|.*\Z)", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(r"\s*<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE)


def read_answer(
    request: Request, text: str, *, prompt_tokens: int = 0, completion_tokens: int = 0, seconds: float = 0.0, cut: bool = False
) -> Completion:
    """The Completion of an answer's text. `cut` says that the answer ran into its token limit."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    value, reason = _read(request, text)
    if reason and cut:
        reason = f"cut off at {completion_tokens or request.sampling.max_tokens} tokens"
    return Completion(text, value, reason, prompt_tokens, completion_tokens, seconds, cut)


def demand_bounds(schema: Mapping[str, Any]) -> None:
    """Raises ValueError for a schema that is not of our bounded kind; the first fault, and where it is."""
    _demand(canonical_json(dict(schema)))


@lru_cache(maxsize=4096)
def _demand(schema: str) -> None:
    parsed = json.loads(schema)
    fault = next(_faults(parsed, "schema"), None)
    if fault is None and parsed.get("type") != "object":
        fault = "schema: must be an object"
    if fault:
        raise ValueError(fault)


def _faults(schema: Any, where: str) -> Iterator[str]:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if not isinstance(kind, str) or kind not in KEYWORDS:
        yield f"{where}: type must be one of {', '.join(KEYWORDS)}"
        return
    unknown = set(schema) - KEYWORDS[kind] - {"type", "description", "title"}
    if unknown:
        yield f"{where}: {min(unknown)} is not supported for a {kind}"
    if kind == "object":
        properties = schema.get("properties") or {}
        if not properties or sorted(schema.get("required", ())) != sorted(properties):
            yield f"{where}: an object must name its properties, all of them required"
        if schema.get("additionalProperties") is not False:
            yield f"{where}: additionalProperties must be false"
        for name, inner in properties.items():
            yield from _faults(inner, f"{where}.{name}")
    elif kind == "array":
        if not 0 < schema.get("maxItems", 0) <= MOST_REPEATS:
            yield f"{where}: a list needs maxItems, at most {MOST_REPEATS}"
        yield from _faults(schema.get("items"), f"{where}[]")
    elif kind == "string" and not {"enum", "const"} & set(schema):
        if not 0 < schema.get("maxLength", 0) <= MOST_REPEATS:
            yield f"{where}: a string needs maxLength, at most {MOST_REPEATS}"
    elif kind == "string":
        choices = schema["enum"] if "enum" in schema else [schema["const"]]
        if not choices or not all(isinstance(choice, str) for choice in choices):
            yield f"{where}: choices must be strings"
    elif kind == "integer" and not {"minimum", "maximum"} <= set(schema):
        yield f"{where}: an integer needs minimum and maximum"


def _read(request: Request, text: str) -> tuple[Any, str]:
    """(value, "") or (None, reason)."""
    answer = _THINK.sub("", text, count=1).strip()
    if not answer:
        return None, "nothing but reasoning" if text.strip() else "empty answer"
    fault = ""
    for part in [answer] if _echo(request, answer) else _parts(answer):
        try:
            value = json.loads(part, parse_constant=_no_constant, strict=False)  # raw line ends do no harm
        except (ValueError, RecursionError) as error:
            fault = fault or str(error)
            continue
        if not isinstance(value, dict):
            return None, f"JSON, but not an object: {_shown(answer)}"
        reason = _invalid(request.schema, value)
        return (None, reason) if reason else (value, "")
    return None, _what_it_is(request, answer, fault)


def _parts(answer: str) -> Iterator[str]:
    """Where the JSON may be: all of the answer, the one fenced block, or what stands between the outermost braces."""
    yield answer
    fenced = _FENCE.findall(answer)
    if len(fenced) == 1:
        yield fenced[0]
    begin, end = answer.find("{"), answer.rfind("}")
    if not fenced and 0 <= begin < end:
        yield answer[begin : end + 1]


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _what_it_is(request: Request, answer: str, fault: str) -> str:
    shown = _shown(answer)
    if _HTML.match(answer):
        return f"HTML, not JSON: {shown}"
    if _echo(request, answer):
        return f"an echo of the prompt, not JSON: {shown}"
    return f"broken JSON ({fault})" if answer[0] in "{[" else f"not JSON: {shown}"


def _shown(text: str) -> str:
    return canonical_json(text[:SHOWN]) + ("…" if len(text) > SHOWN else "")


def _echo(request: Request, answer: str) -> bool:
    return any(len(m.content) >= ECHO and answer.startswith(m.content.strip()[:ECHO]) for m in request.messages)


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, it: isinstance(it, int) and not isinstance(it, bool))
    return validators.extend(Draft202012Validator, type_checker=strict)(json.loads(schema))  # 1.0 is no integer, nor is true


def _invalid(schema: Mapping[str, Any], value: Any) -> str:
    """Why the value is not of the schema, or ""."""
    try:
        canonical_json(value).encode("utf-8")
        errors = list(_validator(canonical_json(dict(schema))).iter_errors(value))
    except UnicodeEncodeError:
        return "half a surrogate pair in a string"
    except RecursionError:
        return "nested too deep"
    if not errors:
        return ""
    return _as_line(min(errors, key=lambda e: ([str(step) for step in e.absolute_path], str(e.validator))))


def _as_line(error: ValidationError) -> str:
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".") or "answer"
    found = error.instance
    whole = canonical_json(found)
    shown = whole if len(whole) <= SHOWN else whole[:SHOWN] + "…"
    rule, bound = str(error.validator), error.validator_value
    said = {
        "maxLength": f"{len(found) if isinstance(found, str) else 0} characters, more than {bound}",
        "minLength": f"fewer than {bound} characters",
        "maxItems": f"{len(found) if isinstance(found, list) else 0} entries, more than {bound}",
        "minItems": f"fewer than {bound} entries",
        "minimum": f"{shown} is below {bound}",
        "maximum": f"{shown} is above {bound}",
        "enum": f"{shown} is not one of the choices",
        "const": f"{shown} is not {canonical_json(bound)}",
        "type": f"{shown} is not of type {bound}",
    }.get(rule)
    if said is None and isinstance(found, dict):
        missing = [name for name in error.schema.get("required", ()) if name not in found]
        more = sorted(set(found) - set(error.schema.get("properties", ())))
        if rule == "required" and missing:
            said = f"{missing[0]} is missing"
        elif more:
            said = f"{more[0][:SHOWN]} is not asked for"
    return f"{where}: {said or error.message[:SHOWN]}".replace("\n", " ")
