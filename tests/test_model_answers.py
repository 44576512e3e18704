"""An answer's text is a value of its schema or a reason in one line; schemas are bounded; nothing that a model says can raise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import RandomModel, ScriptedModel

from infoseek_offline.llm.base import Completion, Message, Request, Sampling
from infoseek_offline.llm.checked import demand_bounds, read_answer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "choice": {"type": "string", "enum": ["m1", "m2"]},
        "notes": {
            "type": "array",
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string", "maxLength": 8}, "rank": {"type": "integer", "minimum": 1, "maximum": 9}},
                "required": ["text", "rank"],
                "additionalProperties": False,
            },
        },
        "sure": {"type": "boolean"},
    },
    "required": ["choice", "notes", "sure"],
    "additionalProperties": False,
}
PROMPT = 'Choose one of the moves m1 and m2 below, and say why in a few notes. Answer in JSON like {"choice": "m1"}.'
REQUEST = Request("planner", (Message("system", "You plan."), Message("user", PROMPT)), SCHEMA, seed=7)
GOOD = {"choice": "m1", "notes": [{"text": "short", "rank": 3}], "sure": True}
TEXT = json.dumps(GOOD)


def read(text: str, **more: Any) -> Completion:
    return read_answer(REQUEST, text, **more)


# What is taken as an answer


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"\n  {TEXT}\n\n",
        f"```json\n{TEXT}\n```",
        f"Here is my answer:\n```\n{TEXT}\n```\nI hope that it helps.",
        f"Sure! {TEXT}",
        f"<think>The move m2 {{is}} worse.</think>\n{TEXT}",
        f"<think>\n</think>```json\n{TEXT}\n```",
    ],
)
def test_json_is_found_in_what_stands_around_it(text: str) -> None:
    completion = read(text)
    assert completion.value == GOOD and completion.reason == ""
    assert completion.text == text


def test_a_raw_line_end_in_a_string_does_no_harm() -> None:
    assert read(TEXT.replace("short", "sh\nort")).value["notes"][0]["text"] == "sh\nort"


def test_tokens_and_time_are_handed_on() -> None:
    assert read(TEXT, prompt_tokens=20, completion_tokens=9, seconds=0.5, cut=True) == Completion(TEXT, GOOD, "", 20, 9, 0.5, True)


# What is not


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty answer"),
        ("  \n", "empty answer"),
        ("<think>I wonder", "nothing but reasoning"),
        (TEXT[:40], "broken JSON"),
        ("I'm sorry, but I can't help with that.", "not JSON: \"I'm sorry"),
        ("<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "HTML, not JSON"),
        (PROMPT, "an echo of the prompt"),
        (f"[{TEXT}]", "JSON, but not an object"),
        ('"m1"', "JSON, but not an object"),
        (f"{TEXT} or {TEXT}", "broken JSON"),
        (f"```\n{TEXT}\n``` or ```\n{TEXT}\n```", "not JSON"),
        ('{"choice": NaN}', "broken JSON (NaN"),
        ("{" * 100_000, "broken JSON"),
        ('{"choice": ' + "9" * 10_000 + "}", "broken JSON"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "broken JSON"),
    ],
)
def test_a_text_without_an_answer_has_its_reason(text: str, reason: str) -> None:
    completion = read(text)
    assert completion.value is None
    assert completion.reason.startswith(reason) and "\n" not in completion.reason and len(completion.reason) < 200


def test_half_an_answer_that_ran_into_the_limit_is_called_cut_off() -> None:
    assert read(TEXT[:40], completion_tokens=512, cut=True).reason == "cut off at 512 tokens"


def test_an_echo_is_no_answer_for_the_example_in_the_prompt() -> None:
    request = Request(
        "planner", (Message("user", f"Which of the moves below is best for the tree? An example: {TEXT}"),), SCHEMA, 1
    )
    assert read_answer(request, request.messages[0].content).reason.startswith("an echo")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"choice": "m9"}, 'choice: "m9" is not one of the choices'),
        ({"notes": [{"text": "much too long", "rank": 3}]}, "notes[0].text: 13 characters, more than 8"),
        ({"notes": [{"text": "x", "rank": 1}] * 3}, "notes: 3 entries, more than 2"),
        ({"notes": [{"text": "x", "rank": 0}]}, "notes[0].rank: 0 is below 1"),
        ({"notes": [{"text": "x", "rank": 10}]}, "notes[0].rank: 10 is above 9"),
        ({"notes": [{"text": "x", "rank": 2.0}]}, "notes[0].rank: 2.0 is not of type integer"),
        ({"notes": [{"text": "x", "rank": True}]}, "notes[0].rank: true is not of type integer"),
        ({"notes": [{"text": "x"}]}, "notes[0]: rank is missing"),
        ({"sure": "yes"}, 'sure: "yes" is not of type boolean'),
        ({"why": "because"}, "answer: why is not asked for"),
        ({"notes": [{"text": "\ud800", "rank": 1}]}, "half a surrogate pair in a string"),
    ],
)
def test_an_answer_outside_the_schema_has_its_place_and_its_reason(change: dict[str, Any], reason: str) -> None:
    completion = read(json.dumps({**GOOD, **change}))
    assert completion.value is None and completion.reason == reason


@given(
    st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=4),
        ).map(json.dumps),
    )
)
def test_whatever_a_model_says_there_is_a_value_or_a_reason(text: str) -> None:
    completion = read(text)
    assert (completion.value is None) == bool(completion.reason)
    completion.text.encode("utf-8")


# Schemas


def changed(path: str, **keywords: Any) -> dict[str, Any]:
    """SCHEMA with keywords set (or taken away by None) in one of its places."""
    schema: dict[str, Any] = json.loads(json.dumps(SCHEMA))
    place = schema
    for step in path.split():
        place = place[step]
    for name, value in keywords.items():
        if value is None:
            place.pop(name)
        else:
            place[name] = value
    return schema


NOTE = "properties notes items properties"


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (changed(f"{NOTE} text", maxLength=None), "schema.notes[].text: a string needs maxLength"),
        (changed(f"{NOTE} text", maxLength=5000), "schema.notes[].text: a string needs maxLength, at most 2000"),
        (changed(f"{NOTE} text", pattern="^a$"), "schema.notes[].text: pattern is not supported"),
        (changed("properties notes", maxItems=None), "schema.notes: a list needs maxItems"),
        (changed(f"{NOTE} rank", minimum=None), "schema.notes[].rank: an integer needs minimum and maximum"),
        (changed("properties choice", enum=[1, 2]), "schema.choice: choices must be strings"),
        (changed("properties choice", enum=[]), "schema.choice: choices must be strings"),
        (changed("properties choice", type="number"), "schema.choice: type must be one of"),
        (changed("properties choice", type=None), "schema.choice: type must be one of"),
        (changed("", required=["choice"]), "schema: an object must name its properties"),
        (changed("", additionalProperties=None), "schema: additionalProperties must be false"),
        ({"type": "string", "maxLength": 8}, "schema: must be an object"),
    ],
)
def test_a_schema_without_bounds_is_refused(schema: dict[str, Any], fault: str) -> None:
    demand_bounds(SCHEMA)
    with pytest.raises(ValueError, match=fault.replace("[", r"\[").replace("]", r"\]")):
        demand_bounds(schema)


# The models of these tests


def test_the_scripted_model_remembers_what_it_was_asked(scripted: type[ScriptedModel]) -> None:
    model = scripted([GOOD, "no"])
    assert model.complete(REQUEST).value == GOOD
    assert model.complete(REQUEST).reason.startswith("not JSON")
    assert model.history == [REQUEST, REQUEST]
    with pytest.raises(AssertionError, match="call 3"):
        model.complete(REQUEST)


def test_the_random_model_answers_within_the_schema_and_the_same_again() -> None:
    answers = [RandomModel(seed).complete(REQUEST) for seed in range(40)]
    assert all(answer.value for answer in answers)
    assert answers == [RandomModel(seed).complete(REQUEST) for seed in range(40)]
    assert len({answer.text for answer in answers}) > 20


def test_a_bad_model_costs_no_more_than_its_answer(any_bad_model: ScriptedModel) -> None:
    completion = any_bad_model.complete(Request("planner", REQUEST.messages, SCHEMA, 3, Sampling(max_tokens=64)))
    assert (completion.value is None) == bool(completion.reason)
    assert completion.completion_tokens <= 64
