"""From a wording ("{o} was born in {v}") to clauses about `{v}` that a question can use.

Three forms cover all: a verb phrase ("was discovered by {o}", after "who" or "that" or as the predicate), a possessive ("whose
mean radius is {o}") and a relative with its preposition in front ("in which {o} was born"). What fits none is not realisable,
and such a claim is not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from infoseek_offline.questions.inverse import (
    HARD_TO_READ,
    HARD_WHEN_NESTED,
    INVERSE,
    NOUN_FOR_VERB,
    PAST,
    PREFERRED,
    PRESENT_ACTIVE,
    SAME,
    TRANSITIVE,
    VAGUE,
)
from infoseek_offline.questions.names import is_person_noun

PREPOSITIONS = frozenset(
    "of in at on by for from to with under after into through near over around along within during between across toward towards "
    "behind beside against about before above below beneath onto upon via as alongside inside outside off beyond among".split()
)
WHERE = "where"  # instead of "in which", as the preposition of a relative
MAX_WORDS = 11  # of a wording, besides the placeholders
_NOT_ACTIVE = frozenset("located situated based related connected".split())
# Words that need something the question doesn't hold: an antecedent, a second half, a time.
_DANGLING = frozenset(
    (
        "he she they them him his her their this that these those who whom whose which where when while also both either "
        "neither nor not or but however respectively latter same other another others such there here then thus than if "
        "because since although though later earlier next following previous recently now currently today yesterday further "
        "more only once again still yet even too including"
    ).split()
)


@dataclass(frozen=True)
class Clause:
    """`text` holds `{o}` once and no `{v}`; for `relative` it is what follows "which" or "whom" after `preposition`; for a
    relative without preposition ("that {o} visited") `preposition` is empty. `ending` may come instead of `text` where the words
    for {o} are long, so that they come last ("has as its capital {o}")."""

    form: Literal["verb", "possessive", "relative"]
    text: str
    preposition: str = ""
    ending: str = ""


def clause(wording: str) -> Clause | None:
    """The clause that reads best, None where the wording can't be put into a question."""
    found = forms(wording)
    return found[0] if found else None


@lru_cache(maxsize=65536)
def realisable(wording: str) -> bool:
    """Whether a claim with that wording can be put into words that read well; for wordings with {v} and {o} (or {s} and {o}).
    Pure."""
    words = wording.replace("{s}", "{v}")
    if clause(words) is None:
        return False
    plain = re.sub(r"\b(?:the )?\{[vo]\}", " ", words).split()
    named = any((w[0].isupper() or w[0].isdigit()) and w not in _NAMES for w in plain)
    if named or len(plain) > MAX_WORDS or not _DANGLING.isdisjoint(plain):
        return False
    if _BROKEN.search(" ".join(plain)) or VAGUE.search(words):
        return False
    return not re.search(r"\b(\w+) \1\b|\bits \{|\band \{|\{\w\} and \{|\{\w\} [a-z]+ing\b", words)


@lru_cache(maxsize=65536)
def ease(wording: str, nested: bool) -> float:
    """How easily a clue of that wording is read: 1 for most, less for what a reader stumbles over; `nested` where a description
    comes in the place of {o}. For the choice between clues that prove the same."""
    found = forms(wording)
    if not found:
        return 0.0
    said = next((f for f in found if f.form == "verb"), found[0]) if nested else found[0]
    if nested and said.form == "relative":  # "where a country in which the Harz lies has shores"
        return HARD_TO_READ.get(said.text, 1.0) * 0.2
    return HARD_TO_READ.get(said.text, 1.0) * (HARD_WHEN_NESTED.get(said.text, 1.0) if nested else 1.0)


@lru_cache(maxsize=65536)
def gist(wording: str) -> str:
    """What a clue says of its vertex, whatever the place: "was discovered in" and "the place of discovery was" are one."""
    found = forms(wording)
    place = re.fullmatch(r"(.*) (?:in|at|on) (?:the )?\{o\}", found[0].text) if found else None
    return place[1] if place else wording


_BROKEN = re.compile(r"\b(?:of of|in in|the the|a the|the a|and and)\b|,|\b(?:and|or|the|an|its)$|\b(?:from|to|of) (?:in|at|on)\b")
_NAMES = frozenset("Mohs Greek Roman Union Earth".split())


@lru_cache(maxsize=65536)
def forms(wording: str) -> tuple[Clause, ...]:
    """All clauses that say the wording, the best first."""
    words = _plainer(re.sub(r"\bthe \{v\}", "{v}", " ".join(wording.split()).strip(" .")))
    if words.count("{v}") != 1 or words.count("{o}") != 1 or re.search(r"[\"“”()\[\];:]", words):
        return ()
    if words.startswith("{v} "):
        return (Clause("verb", words[4:]),) if _verb_first(words[4:]) else ()
    if words.startswith("{v}'s "):
        return (Clause("possessive", words[6:]),)
    owned = re.fullmatch(rf"(?:the|an?) ({_NOUN}) of \{{v\}} (.+)", words)
    if owned:
        return _owned(owned[1], owned[2])
    if words.startswith("the {o} "):
        words = words[4:]
    owner = re.fullmatch(rf"the ({_NOUN}) of (?:the )?\{{o\}} (is|was|are|were|include) \{{v\}}", words)
    if owner:
        many = owner[2] in ("include", "are", "were")
        return (Clause("verb", f"{'is one of' if many else owner[2]} the {owner[1]} of {{o}}"),)
    middle = re.fullmatch(rf"(\{{o\}}|the {_NOUN} of (?:the )?\{{o\}}) ([^{{}}]+) \{{v\}}", words)
    if middle and middle[1] == "{o}":
        return _gap(middle[2])
    if middle:
        linked = re.fullmatch(r"(is|was) (linked|bound up|connected|associated) with", middle[2])
        also = (Clause("verb", f"{middle[2]} {middle[1]}"),) if linked else ()
        if middle[2].endswith(" by") and (active := _inverse(middle[2])):  # "painted the cover of {o}"
            return tuple(Clause("verb", c.text.replace("{o}", middle[1])) for c in active)
        return (*_relative(middle[1], middle[2].split()), *also)
    mine = re.fullmatch(r"\{o\} (is|was) \{v\}'s ([^{}]+)", words)
    return (Clause("possessive", f"{mine[2]} {mine[1]} {{o}}"),) if mine else ()


_NOUN = r"(?:(?!\b(?:the|an?|is|was|include)\b)[^{}])+"
# "was a space probe launched aboard {o}" says no more of a space probe than "was launched aboard {o}".
_KIND_FIRST = re.compile(
    r" (is|was) an? [a-z -]+ ([a-z]+ed|flown|built|sent|found|made|led|run|written|known|held|given|taken|drawn|sung|spoken|grown|"
    r"worn|kept|set|laid|shown|seen) (aboard|by|from|to|in|at|with|on|for|after) "
)
# "is a town in {o}": the question has its noun already.
_KIND_PLACE = re.compile(
    r" (is|was) an? (?:[a-z-]+ ){1,3}(in|on) (?=(?:the )?\{)|"
    r" (is) an? (?:[a-z-]+ )?(?:country|state|town|city|region|province|river|mountain|volcano|island|lake|desert) "
    r"(?:of|on the territory of) (?=(?:the )?\{)"
)
# "was a scientific voyage to {o}", of what the question calls a voyage anyway.
_JOURNEY = re.compile(r"(?<=\}) (?:is|was) an? (?:[a-z-]+ ){0,2}(?:expedition|voyage|journey) to (?=(?:the )?\{)")
# "were a folk band from {o}".
_FROM = re.compile(r"(?<=\}) (is|was|are|were) an? (?:[a-z-]+ ){1,6}from (?=(?:the )?\{)")
_NOUN_OF = re.compile(rf"the ({'|'.join(NOUN_FOR_VERB)}) of (?:the )?(\{{[vo]\}}) (?:is|was) (\{{[vo]\}})")
_IS_NOUN_OF = re.compile(rf"(\{{[vo]\}}) (?:is|was) the ({'|'.join(NOUN_FOR_VERB)}) of ((?:the )?\{{[vo]\}})")
_STANDING = frozenset("operated used owned run managed located situated administered known spoken kept held based".split())


def _plainer(words: str) -> str:
    """The same said in fewer or commoner words."""
    for many, few in SAME.items():
        if f"}} {many} " in words:
            words = words.replace(f"}} {many} ", f"}} {few} ")
    words = _FROM.sub(lambda m: f" {'comes' if m[1] in ('is', 'are') else 'came'} from ", words)
    words = _JOURNEY.sub(" set out for ", words)
    if found := _NOUN_OF.fullmatch(words):
        words = f"{found[2]} {NOUN_FOR_VERB[found[1]]} {found[3]}"
    elif found := _IS_NOUN_OF.fullmatch(words):
        words = f"{found[3].removeprefix('the ')} {NOUN_FOR_VERB[found[2]]} {found[1]}"
    words = _KIND_FIRST.sub(lambda m: f" {m[1] if m[2] in _STANDING else 'was'} {m[2]} {m[3]} ", words)
    return _KIND_PLACE.sub(_place_alone, words)


def _place_alone(found: re.Match[str]) -> str:
    if is_person_noun(found[0].split()[-2]):
        return found[0]  # a commander in a battle is more than in it
    return f" {found[1] or found[3]} {found[2] or 'in'} "


def _verb_first(text: str) -> bool:
    return re.match(r"[a-z]+(?:ed|s|t|d|e|n|w|k|g|m)?\b", text) is not None and not text.startswith(("'s", "and ", "or "))


def _owned(noun: str, rest: str) -> tuple[Clause, ...]:
    """ "the N of {v} REST"."""
    whose = Clause("possessive", f"{noun} {rest}")
    found = re.fullmatch(r"(is|was) \{o\}", rest)
    if found:
        has = "has" if found[1] == "is" else "had"
        return whose, Clause("verb", f"{has} {{o}} as its {noun}", ending=f"{has} as its {noun} {{o}}")
    if rest == "include {o}":
        return whose, Clause("verb", f"has {{o}} among its {noun}", ending=f"has among its {noun} {{o}}")
    return (whose,)


def _gap(middle: str) -> tuple[Clause, ...]:
    """ "{o} MIDDLE {v}"."""
    parts = middle.split()
    if middle in ("is a", "was a", "is an", "was an") or parts[-1] in ("the", "a", "an", "and", "or", "is", "was", "than"):
        return ()
    inverse = _inverse(middle)
    title = re.fullmatch(r"(is|was) the ((?:(?! of | in | to | by )[^{}])+) of", middle)
    if title and not inverse:
        has = "has" if title[1] == "is" else "had"
        return (
            Clause("possessive", f"{title[2]} {title[1]} {{o}}"),
            Clause("verb", f"{has} {{o}} as its {title[2]}", ending=f"{has} as its {title[2]} {{o}}"),
        )
    group = re.fullmatch(r"(is|was) one of the ([^{}]+) of", middle)
    if group:
        has = f"has {{o}} among its {group[2]}"
        return Clause("possessive", f"{group[2]} include {{o}}"), Clause("verb", has, ending=f"has among its {group[2]} {{o}}")
    if middle in PREFERRED:
        return inverse
    relative = _relative("{o}", parts)
    return (*relative, *inverse) if middle in INVERSE else (*inverse, *relative)


def _inverse(middle: str) -> tuple[Clause, ...]:
    """Verb phrases that say it from the other side: by the table, else active for passive and passive for active."""
    known = INVERSE.get(middle)
    if known:
        return (Clause("verb", known.replace(" |", ""), ending=_ending(known)),)
    parts = middle.split()
    if parts[-1] == "by" and len(parts) >= 3 and parts[0] in ("was", "were", "is", "are"):
        active = _active(parts[1:-1], present=parts[0] in ("is", "are"))
        return (Clause("verb", f"{active} {{o}}"),) if active else ()
    if len(parts) <= 2:
        passive = _passive(parts)
        return (Clause("verb", f"{passive} by {{o}}"),) if passive else ()
    return ()


def _ending(known: str) -> str:
    """ "sent {o} | into space" gives "sent into space {o}"."""
    if "|" not in known:
        return ""
    head, tail = known.split(" | ")
    return head.replace("{o}", tail) + " {o}"


def _relative(subject: str, parts: list[str]) -> tuple[Clause, ...]:
    """ "in which {o} was born"; only where nothing but the verb and a short object stands before the preposition."""
    *before, last = parts
    if last in PREPOSITIONS:
        noun = re.fullmatch(r"(?:is|was|became) (?:an?|one) [a-z-]+(?: [a-z-]+)?", " ".join(before)) is not None
        if not before or len(before) > 4 or not _APART.isdisjoint(before):
            return ()
        if last == "as" or (last == "of" and not noun) or (last == "by" and noun):
            return ()
        if before in (["is"], ["was"]) and last not in ("in", "on", "at"):
            return ()
        return (Clause("relative", " ".join([subject, *before]), last),)
    return (Clause("relative", f"{subject} {' '.join(parts)}"),) if len(parts) <= 2 and last in TRANSITIVE else ()


# Words that part the preposition at the end from its verb.
_APART = PREPOSITIONS | frozenset("name place part role way".split())


def _active(participle: list[str], present: bool) -> str:
    """ "discovered" from "was discovered by"; "" where the active form isn't sure."""
    *before, last = participle
    if any(not w.endswith("ly") and w not in ("first", "last", "jointly", "co-") for w in before) or last in _NOT_ACTIVE:
        return ""
    if present:
        verb = PRESENT_ACTIVE.get(last, "")
    else:
        verb = PAST.get(last, last if last.endswith("ed") else "")
    return " ".join([*before, verb]) if verb else ""


def _passive(parts: list[str]) -> str:
    """ "was discovered" from "discovered", "is orbited" from "orbits"; "" where it isn't sure."""
    *before, verb = parts
    if any(w not in ("first", "last") and not w.endswith("ly") for w in before):
        return ""
    known = TRANSITIVE.get(verb)
    if not known:
        return ""
    be, participle = known
    return " ".join([be, *before, participle])
