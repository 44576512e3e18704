"""From a wording ("{o} was born in {v}") to a clause about `{v}` that a question can use.

Three forms cover all: a verb phrase ("was discovered by {o}", after "who" or "that" or as the predicate), a possessive ("whose
mean radius is {o}") and a relative with its preposition in front ("in which {o} was born"). What fits none is not realisable,
and such a claim is not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

PREPOSITIONS = (
    (
    "of in at on by for from to with under after into through near over around along within during between across toward "
    "towards behind beside against about before above below beneath onto upon via as"
).split()
)
_IRREGULAR = {  # participle -> past
    "written": "wrote", "given": "gave", "taken": "took", "drawn": "drew", "chosen": "chose", "driven": "drove", "worn": "wore",
    "flown": "flew", "seen": "saw", "begun": "began", "sung": "sang", "overthrown": "overthrew", "undertaken": "undertook",
    "overseen": "oversaw", "known": "", "born": "", "built": "built", "led": "led", "made": "made", "won": "won", "held": "held",
    "taught": "taught", "found": "found", "bought": "bought", "sold": "sold", "fought": "fought", "sent": "sent", "laid": "laid",
    "set": "set", "put": "put", "cast": "cast", "shot": "shot", "struck": "struck", "lost": "lost", "left": "left", "met": "met",
    "hit": "hit", "read": "read", "run": "ran", "shown": "showed", "told": "told", "thought": "", "brought": "brought",
}  # fmt: skip
_PARTICIPLE = {past: participle for participle, past in _IRREGULAR.items() if past}
_NOT_PASSIVE = frozenset(["located", "situated", "based", "related", "connected", "succeeded"])


@dataclass(frozen=True)
class Clause:
    """`text` holds `{o}` once and no `{v}`; for `relative` it is what follows "which" or "whom" after `preposition`; for a
    relative without preposition ("that {o} orbits") `preposition` is empty."""

    form: Literal["verb", "possessive", "relative"]
    text: str
    preposition: str = ""


@lru_cache(maxsize=65536)
def clause(wording: str) -> Clause | None:
    """The clause that a wording gives, None where it can't be put into a question."""
    words = " ".join(wording.split()).strip(" .")
    if words.count("{v}") != 1 or words.count("{o}") != 1 or re.search(r"[\"“”()\[\];:]", words):
        return None
    if words.startswith("{v} "):
        return Clause("verb", words[4:])
    if words.startswith("{v}'s "):
        return Clause("possessive", words[6:])
    found = re.fullmatch(r"the (.+) of (\{v\}|\{o\}) (is|was|are|were|include|falls) (.+)", words)
    if found:
        noun, whose, verb, value = found.groups()
        if whose == "{v}":
            return Clause("possessive", f"{noun} {verb} {value}")
        if value == "{v}":
            return Clause("verb", f"is one of the {noun} of {{o}}" if verb in ("include", "are", "were") else f"{verb} the {noun} of {{o}}")
        return None
    if words.endswith(" {v}") and words.startswith("{o} "):
        return _gap(words[4:-4])
    if words.endswith(" the {v}") and words.startswith("{o} "):
        return _gap(words[4:-8])
    if "{v}'s" in words and words.startswith("{o} "):
        rest = re.fullmatch(r"\{o\} (is|was) \{v\}'s (.+)", words)
        if rest:
            return Clause("possessive", f"{rest.group(2)} {rest.group(1)} {{o}}")
    return None


def _gap(middle: str) -> Clause | None:
    """ "{o} MIDDLE {v}"."""
    parts = middle.split()
    if not parts:
        return None
    title = re.fullmatch(r"(is|was) the (.+) of", middle)
    if title and " of " not in title.group(2):
        return Clause("possessive", f"{title.group(2)} {title.group(1)} {{o}}")
    if parts[-1] == "by" and len(parts) >= 3 and parts[0] in ("was", "were", "is", "are"):
        active = _active(parts[1:-1], present=parts[0] in ("is", "are"))
        if active:
            return Clause("verb", f"{active} {{o}}")
    if parts[-1] in PREPOSITIONS:
        if len(parts) == 1:
            return None
        return Clause("relative", " ".join(["{o}", *parts[:-1]]), parts[-1])
    if len(parts) == 1:
        passive = _passive(parts[0])
        if passive:
            return Clause("verb", f"{passive} by {{o}}")
    return Clause("relative", f"{{o}} {middle}")


def _active(participle: list[str], present: bool) -> str:
    """ "discovered" from "was discovered by"; "" where the past form isn't sure."""
    *before, last = participle
    if present or any(not w.endswith("ly") for w in before) or last in _NOT_PASSIVE:
        return ""
    past = _IRREGULAR.get(last, last if last.endswith("ed") else "")
    return " ".join([*before, past]) if past else ""


def _passive(verb: str) -> str:
    """ "was discovered" from "discovered", "is orbited" from "orbits"; "" where it isn't sure."""
    if verb in _PARTICIPLE:
        return f"was {_PARTICIPLE[verb]}"
    if verb.endswith("ed") and verb not in ("remained", "needed", "resembled", "joined", "married", "succeeded", "entered", "visited"):
        return f"was {verb}"
    if verb in ("visited", "succeeded", "joined"):
        return f"was {verb}"
    known = {"orbits": "orbited", "borders": "bordered", "contains": "contained", "drains": "drained", "owns": "owned",
             "operates": "operated", "crosses": "crossed", "surrounds": "surrounded", "includes": "included"}  # fmt: skip
    return f"is {known[verb]}" if verb in known else ""


def realisable(wording: str) -> bool:
    """Whether a claim of that wording can be put into a question."""
    return clause(wording) is not None
