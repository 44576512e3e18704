"""A scripted model that does as it is told: dull questions that tell all facts, clues found again, answers that it was given.

Planner and Browser get nothing usable of it, so that the rules choose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from infoseek_offline.llm.base import Request


def listed(text: str, heading: str) -> dict[str, str]:
    """The lines of a prompt under a heading, by label or number."""
    block = text.split(f"{heading}\n", 1)[1]
    return dict(re.findall(r"^(T?\d+)[.:] (.+)$", re.split(r"\n(?:[A-Z]\w+|Answer .*)\n|\nAnswer ", block)[0], re.MULTILINE))


def dull_question(prompt: str) -> str:
    """All facts in a row, with kinds for labels: no beauty, and nothing wrong with it."""
    things = {label: words.removesuffix(", which is asked for") for label, words in listed(prompt, "Things").items()}
    facts = [re.sub(r"\bT\d+\b", lambda m: things[m[0]], fact) for fact in listed(prompt, "Facts").values()]
    return f"Which {things['T1'].split(' ', 1)[1]} is it of which this is said: {'; '.join(facts)}?"


def dull_cover(prompt: str) -> dict[str, Any]:
    """The facts of a dull question found again. Where two things are of one kind, the first of them is taken."""
    things = listed(prompt, "Things")
    question = prompt.split("Question\n", 1)[1].split("\n", 1)[0]
    said = question.split(": ", 1)[1].removesuffix("?").split("; ")
    answer: dict[str, Any] = {"asks_for": "T1"}
    for (number, clue), words in zip(listed(prompt, "Clues").items(), said, strict=True):
        answer[number] = {"words": words}
        if "?" in clue:
            kind = re.match(re.escape(clue).replace(r"\?", r"(?:the|an?) (.+)"), words)
            assert kind, (clue, words)
            kinds = [(thing.split(";")[0], label) for label, thing in things.items()]
            # What a test adds to a question stands behind its last words, which may be the kind.
            answer[number]["of"] = next(
                label for same in (str.__eq__, str.startswith) for known, label in kinds if same(kind[1] + " ", known + " ")
            )
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
