"""What a clause owes to the kinds of the pages on its two sides.

"In Paris" but "at the observatory", "in which the Harz lies" but "home to the academy", "worked in botany" but "did research on
the Sun". Pure; nouns are head nouns in lower case, "" where a page's kind is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from infoseek_offline.questions.clauses import Clause

# What one is in, and not at.
_AREAS = frozenset(
    "city town village capital municipality settlement hamlet suburb borough district county province prefecture region state "
    "country kingdom empire republic nation territory island archipelago peninsula continent commune metropolis port".split()
)
# What one is at, and not in.
_SITES = frozenset(
    "observatory university college institute laboratory academy school telescope institution station museum spaceport "
    "hospital airport".split()
)
# What lies somewhere: its place is not home to it.
_LAND = frozenset(
    "city town village capital municipality settlement hamlet suburb borough district county province prefecture region state "
    "country kingdom empire republic nation territory island archipelago peninsula continent commune metropolis port place area "
    "mountain volcano hill peak summit range massif plateau desert valley forest lake lagoon bay gulf glacier canyon cave plain "
    "strait cape coast landform basin sea".split()
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_FIELDS = frozenset("science branch field discipline study subject art craft industry profession genre area".split())
# What one is known for; with a place or a thing one is rather associated.
_KNOWN_FOR = frozenset(
    "science branch field discipline study subject theory theorem law method art invention instrument device experiment work book "
    "novel film play poem song album series painting opera symphony discovery concept principle".split()
)
_WORK = "discovered|isolated|found|made|observed|seen|developed|invented|worked|studied|taught|educated"
_AT = re.compile(rf"^((?:was |were )?(?:first )?(?:{_WORK})|is|was) at (?=(?:the )?\{{o\}}$)")
_IN = re.compile(rf"^((?:was |were )?(?:first )?(?:{_WORK})) in (?=(?:the )?\{{o\}}$)")


def fitted(found: Sequence[Clause], subject: str, other: str, name: str) -> tuple[Clause, ...]:
    """The clauses as they are said of a page of kind `subject`; `other` is the kind of the page at the other end, `name` the
    words for it ("" for a description)."""
    clauses = [Clause(c.form, _placed(c.text, other), _preposition(c, subject), c.ending) for c in found]
    if other in _LAND and clauses and clauses[0].text == "is home to {o}":
        inside = Clause("verb", "includes {o}") if subject in _LAND else clauses[0]
        clauses = [Clause("relative", "{o} lies", "in"), inside]
    if clauses and clauses[0].form == "possessive" and _DAY.fullmatch(name):
        text = clauses[0].text.replace(" is {o}", " falls on {o}").replace(" include {o}", " fall on {o}")
        clauses = [Clause("possessive", text)]
    if other in ("continent", "country", "state"):  # "an ocean that borders the continent that …"
        clauses = [Clause("verb", "borders {o}") if c.text == "has {o} on its shore" else c for c in clauses]
    if clauses and clauses[0].text == "worked in {o}" and _is_matter(name):
        clauses = [Clause("verb", "did research on {o}")]
    if clauses and clauses[0] == Clause("relative", "{o} worked", "in") and subject and subject not in _FIELDS | _LAND | _AREAS:
        clauses[0] = Clause("relative", "{o} did research", "on")
    if clauses and clauses[0].text == "belonged to {o}" and other in _AREAS:
        clauses = [Clause("verb", "came from {o}")]
    if clauses and clauses[0] == Clause("relative", "{o} belonged", "to") and subject in _AREAS:
        clauses[0] = Clause("relative", "{o} came", "from")
    if clauses and clauses[0].text == "was involved in {o}":
        clauses = [Clause("verb", "worked on {o}")]
    if clauses and subject and re.fullmatch(rf"is an? {re.escape(subject)} of \{{o\}}", clauses[0].text):
        clauses = [Clause("verb", "belongs to {o}")]  # "the agency that is an agency of"
    if clauses and clauses[0] == Clause("relative", "{o} is known", "for") and subject not in _KNOWN_FOR and other not in _LAND:
        clauses[0] = Clause("relative", "{o} is associated", "with")
    if clauses and re.fullmatch(r"(?:is|was) part of \{o\}", clauses[0].text) and other == "programme":
        clauses = [Clause("verb", "belonged to {o}")]
    return tuple(clauses)


# A bare connection, said in other words where one description stands in another.
CONNECTED = "is connected with {o}"
_CONNECTIONS = ("is associated with {o}", "is linked to {o}")
_DAY = re.compile(rf"(?:\d{{1,2}} )?(?:{MONTHS})(?: \d{{1,2}})?")


def connected(turn: int) -> tuple[Clause, ...]:
    """A link of which no more is known than that it is there; `turn` is the depth at which it is told."""
    return (Clause("verb", _CONNECTIONS[turn % len(_CONNECTIONS)]),)


def _placed(text: str, other: str) -> str:
    if other in _AREAS:
        return _AT.sub(r"\1 in ", text)
    return _IN.sub(r"\1 at ", text) if other in _SITES else text


def _preposition(clause: Clause, subject: str) -> str:
    if clause.form != "relative":
        return clause.preposition
    if clause.preposition == "at" and subject in _AREAS:
        return "in"
    worked = re.search(rf"\b(?:{_WORK})$", clause.text) is not None
    return "at" if clause.preposition == "in" and subject in _SITES and worked else clause.preposition


def _is_matter(name: str) -> bool:
    """ "The Sun", "asteroids": what one does research on, and no science to work in."""
    return name.startswith("the ") or (name[:1].islower() and name.endswith("s") and not name.endswith(("ics", "ss", "us", "is")))
