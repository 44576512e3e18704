"""A scripted model that does as it is told: dull questions that tell all facts, clues found again, answers that it was given.

Planner and Browser get nothing usable of it, so that the rules choose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from infoseek_offline.llm.base import Request

A = "(?:the|an?|(?:yet )?another)"


def listed(text: str, heading: str) -> dict[str, str]:
    """The lines of a prompt under a heading, by label or number."""
    block = text.split(f"{heading}\n", 1)[1]
    return dict(re.findall(r"^ *(T?\d+)[.:] (.+)$", re.split(r"\n(?:[A-Z]\w+|Answer .*)\n|\nAnswer ", block)[0], re.MULTILINE))


def dull_question(prompt: str) -> str:
    """All facts in a row, with kinds for labels: no beauty, and nothing wrong with it."""
    told = listed(prompt, "Things and facts")
    things = {label: words.removesuffix(", which is asked for") for label, words in told.items() if label.startswith("T")}
    facts = [re.sub(r"\bT\d+\b", lambda m: things[m[0]], fact) for name, fact in told.items() if name not in things]
    return f"Which {things['T1'].split(' ', 1)[1]} is it of which this is said: {'; '.join(facts)}?"


def dull_cover(prompt: str) -> dict[str, Any]:
    """The facts of a dull question found again. Where two things are of one kind, the first of them is taken."""
    things = listed(prompt, "Things")
    question = prompt.split("Question\n", 1)[1].split("\n", 1)[0]
    said = question.split(": ", 1)[1].removesuffix("?").split("; ")
    answer: dict[str, Any] = {"asks_for": "T1"}
    for number, clue in listed(prompt, "Clues").items():
        pattern = re.sub(r"\bT\d+\b", lambda m: f"{A} {re.escape(things[m[0]].split(';')[0])}", re.escape(clue))
        pattern = pattern.replace(r"\?", f"{A} (.+?)")
        found = next(((words, m) for words in said if (m := re.fullmatch(pattern, words))), None)
        answer[number] = {"words": found[0] if found else ""}
        if "?" in clue:
            kinds = [label for label, thing in things.items() if found and thing.split(";")[0] == found[1][1]]
            answer[number]["of"] = (kinds or [*things])[-1 if not found or "another" in found[0] else 0]
    return answer


def able(request: Request) -> Any:
    prompt = request.messages[1].content
    return {"question": dull_question(prompt)} if request.stage == "writer" else dull_cover(prompt)


def answering(
    answers: Mapping[str, str], *, closed: str = "no idea", alternatives: tuple[str, ...] = ()
) -> Callable[[Request], Any]:
    """Able in all stages: `answers` gives what it says to a question with passages, `closed` what without."""

    def answer(request: Request) -> Any:
        prompt = request.messages[1].content
        if request.stage in ("planner", "browser"):
            return ""
        if request.stage == "judge":
            return dict.fromkeys(request.schema["properties"], "no")
        if request.stage == "alternatives":
            return {"alternatives": list(alternatives)}
        if request.stage in ("closed_book", "bridge"):
            return {"reason": "so", "answer": closed}
        if request.stage == "open_book":
            asked = prompt.rsplit("Question: ", 1)[1].split("\n", 1)[0]
            return {"reason": "so", "answer": answers.get(asked, "no idea")}
        return able(request)

    return answer
