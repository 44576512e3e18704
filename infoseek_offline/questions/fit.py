"""What a clause owes to the kinds of the pages on its two sides.

"In Paris" but "at the observatory", "in which the Harz lies" but "home to the academy", "worked in botany" but "did research on
the Sun". Pure; nouns are head nouns in lower case, "" where a page's kind is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from infoseek_offline.corpus.kinds import plural
from infoseek_offline.questions.clauses import WHERE, Clause
from infoseek_offline.questions.names import is_person_noun

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
# Where one is, as well.
_PLACES = frozenset(
    "office centre center facility warehouse factory plant campus site hotel shop theatre theater stadium library court club farm "
    "mine mill prison camp base studio gallery zoo park temple shrine church post outpost fortress fort stronghold castle palace "
    "tavern inn bar dungeon planet moon world".split()
)
# What lies somewhere: its place is not home to it.
_LAND = frozenset(
    "city town village capital municipality settlement hamlet suburb borough district county province prefecture region state "
    "country kingdom empire republic nation territory island archipelago peninsula continent commune metropolis port place area "
    "mountain volcano hill peak summit range massif plateau desert valley forest lake lagoon bay gulf glacier canyon cave plain "
    "strait cape coast landform basin sea".split()
)
# What one is on, and not in; those that are countries too have a name without "the island".
_SURFACES = frozenset("island islet peninsula plateau world moon planet satellite asteroid comet coast beach".split())
_NAMED_IN = frozenset("continent".split())  # "in Asia", but "on the continent that …"
_EMPLOYERS = frozenset("agency company corporation firm team department office institute observatory studio".split())
_TAXA = frozenset("species race people genre family order class genus phylum kingdom".split())
_WORLDS = frozenset("planet world star moon sun system sector galaxy nebula".split())
_WORKS = frozenset(
    "game film movie series episode novel book show comic manga anime story play musical opera album season saga".split()
)
_EVENTS = frozenset("battle siege engagement skirmish campaign operation war raid mission uprising".split())
_BEINGS = re.compile(
    r"(?:is|was|are|were) (?:an?|the|one of the) [^{}]*\b(?P<rest>(?:native|indigenous|endemic) to (?:the )?\{o\})"
)
# What flows or lies in a country, and has no home there; what a country sends out.
_WATERS = frozenset("river stream creek tributary canal ocean channel current".split())
_CRAFT = frozenset(
    "spacecraft satellite orbiter lander rover probe mission spaceflight flight rocket vehicle shuttle astrometry".split()
)
# What is studied: one is known for work on it.
_HEAVENLY = frozenset("planet moon satellite star comet asteroid galaxy nebula constellation sun".split())
_MATTER = frozenset("mineral element metal alloy compound substance gas salt ore rock".split())
_STUDIED = _HEAVENLY | _MATTER | frozenset("phenomenon radiation ray particle disease process effect".split())
_PRIZES = frozenset("prize medal award".split())
_SCIENTIST = re.compile(r"(?:scientist|ogist|physicist|chemist|botanist|naturalist|astronomer|mathematician|theorist)$")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_FIELDS = frozenset("science branch field discipline study subject art craft industry profession genre area".split())
# What one is known for; with a place or a thing one is rather associated.
_KNOWN_FOR = frozenset(
    "science branch field discipline study subject theory theorem law method art invention instrument device experiment work book "
    "novel film play poem song album series painting opera symphony discovery concept principle".split()
)
_WORK = "discovered|isolated|found|made|observed|seen|developed|invented|worked|studied|taught|educated"
_AT = re.compile(rf"^((?:was |were )?(?:first )?(?:{_WORK})|is|was) at (?=(?:the )?\{{o\}}$)")
_INSIDE = re.compile(
    rf"^((?:was |were )?(?:first )?(?:{_WORK}|born|built|founded|buried)|is|was|lies|died|lived|landed) in (?=(?:the )?\{{o\}}$)"
)
_IN = re.compile(rf"^((?:was |were )?(?:first )?(?:{_WORK})) in (?=(?:the )?\{{o\}}$)")


def fitted(found: Sequence[Clause], subject: str, other: str, name: str) -> tuple[Clause, ...]:
    """The clauses as they are said of a page of kind `subject`; `other` is the kind of the page at the other end, `name` the
    words for it ("" for a description)."""
    clauses = [Clause(c.form, _placed(_one(c), other, name), _preposition(c, subject), c.ending) for c in found]
    if not clauses:
        return ()
    if subject in _WATERS:  # a town is on a river
        clauses = [Clause("relative", c.text, "on") if c == Clause("relative", "{o} lies", "in") else c for c in clauses]
    for rule in (_homes, _teaching, _known, _work, _membership):
        clauses = rule(clauses, subject, other, name)
    if clauses[0].form == "possessive" and _DAY.fullmatch(name):
        text = clauses[0].text.replace(" is {o}", " falls on {o}").replace(" include {o}", " fall on {o}")
        clauses = [Clause("possessive", text)]
    if other in ("continent", "country", "state"):  # "an ocean that borders the continent that …"
        clauses = [Clause("verb", "borders {o}") if c.text == "has {o} on its shore" else c for c in clauses]
    return tuple(clauses)


def _one(clause: Clause) -> str:
    """The verb in the singular, as every kind is: "the species that is native to"."""
    return re.sub(r"^(are|were|have) ", lambda m: _SINGULAR[m[1]], clause.text) if clause.form == "verb" else clause.text


_SINGULAR = {"are": "is ", "were": "was ", "have": "has "}


def _homes(clauses: list[Clause], subject: str, other: str, name: str) -> list[Clause]:
    """What is in a place: a land lies there, a river flows, a spacecraft is its country's."""
    if clauses[0].text == "was home to {o}" and other in _LAND | _WORLDS | _WATERS:
        return [Clause("relative", "{o} was", WHERE if subject in _AREAS | _LAND else "in"), Clause("verb", "included {o}")]
    if clauses[0].text != "is home to {o}":
        return clauses
    if subject in _WORKS:
        return [Clause("verb", "features {o}")]
    preposition = WHERE if subject in _AREAS | _LAND | _PLACES else "on" if subject in _SURFACES | _WATERS else "in"
    if other in _WORLDS:
        return [Clause("relative", "{o} lies", WHERE if subject in _AREAS | _LAND else "in"), Clause("verb", "includes {o}")]
    if other in _WATERS:
        return [Clause("relative", "{o} flows", preposition), Clause("verb", "includes {o}")]
    if other in _LAND:
        inside = Clause("verb", "includes {o}") if subject in _LAND else clauses[0]
        return [Clause("relative", "{o} lies", preposition), inside]
    if other in _CRAFT:
        return [Clause("verb", "is one of the countries behind {o}" if subject in _AREAS else "was involved in {o}")]
    return clauses


def _teaching(clauses: list[Clause], subject: str, other: str, name: str) -> list[Clause]:
    """A city is nobody's alma mater."""
    if clauses[0].text == "is the alma mater of {o}" and subject in _AREAS:
        return [Clause("relative", "{o} studied", WHERE), Clause("verb", "is the place of study of {o}")]
    return clauses


def _known(clauses: list[Clause], subject: str, other: str, name: str) -> list[Clause]:
    """A scientist is known for work on a planet, a town rather associated with a continent."""
    first = clauses[0]
    if first.text == "is known for {o}":
        if _SCIENTIST.search(subject) and (other in _STUDIED or (not other and (_is_matter(name) or _is_matter(name.lower())))):
            return [Clause("verb", "is known for work on {o}")]
        if other in _LAND | _WATERS | _AREAS or (
            subject in _AREAS | _LAND and (other in _SITES or is_person_noun(other))
        ):
            return [Clause("verb", "is associated with {o}")]
    known = first == Clause("relative", "{o} is known", "for") and subject not in _KNOWN_FOR
    if known and (other not in _LAND or subject in _LAND or is_person_noun(subject)):
        return [Clause("relative", "{o} is associated", "with"), *clauses[1:]]
    return clauses


def _work(clauses: list[Clause], subject: str, other: str, name: str) -> list[Clause]:
    first = clauses[0]
    if first.text == "is the seat of {o}" and other in _PRIZES:
        return [Clause("verb", "is where {o} is awarded")]
    if first.text == "worked in {o}" and (_is_matter(name) or other in _HEAVENLY):
        return [Clause("verb", "did research on {o}")]
    if first == Clause("relative", "{o} worked", "in") and subject and subject not in _FIELDS | _LAND | _AREAS:
        return [Clause("relative", "{o} did research", "on"), *clauses[1:]]
    own = re.fullmatch(rf"(is|was) an? (?:[a-z-]+ )*{re.escape(subject)} (at|in|for|with|from) ((?:the )?\{{o\}})", first.text)
    if own and own[2] == "from":  # "the mercenary who is a mercenary from"
        return [Clause("verb", f"{'comes' if own[1] == 'is' else 'came'} from {own[3]}")]
    inside = re.fullmatch(r"(is|was) in ((?:the )?\{o\})", first.text) or (own if own and own[2] == "in" else None)
    if inside and other in _WORKS:
        return [Clause("verb", f"{'appears' if inside[1] == 'is' else 'appeared'} in {inside[inside.lastindex or 0]}")]
    by = re.fullmatch(rf"(is|was) an? (?:[a-z-]+ )*{re.escape(subject)} (by|near|beside|along|off) ((?:the )?\{{o\}})", first.text)
    if by and subject and not is_person_noun(subject):  # "which song is a song by"
        return [Clause("verb", f"{by[1]} {by[2]} {by[3]}")]
    if first.text == f"is the {subject} of {{o}}" and subject in _TAXA:
        return [Clause("relative", "{o} belongs", "to"), Clause("verb", "includes {o}")]
    if first.text == "is the weapon of {o}" and subject == "weapon":
        return [Clause("verb", "is used by {o}")]
    if own and is_person_noun(subject):  # "which designer is a designer at"
        return [Clause("verb", f"{'works' if own[1] == 'is' else 'worked'} {own[2]} {own[3]}")]
    if first.text == "has {o} among its missions" and subject in _AREAS:
        return [Clause("verb", "sent {o} into space", ending="sent into space {o}")]
    if first.text == "was involved in {o}":
        return [Clause("verb", "worked on {o}")]
    if subject in _AREAS | _LAND | _HEAVENLY | _MATTER:
        return [Clause("verb", "gave its name to {o}") if c.text == "is the namesake of {o}" else c for c in clauses]
    return clauses


def _membership(clauses: list[Clause], subject: str, other: str, name: str) -> list[Clause]:
    first = clauses[0]
    native = _BEINGS.fullmatch(first.text)
    if native and subject and re.search(rf"\b{re.escape(subject)}\b", first.text):  # "the race that is a race of … native to"
        return [Clause("verb", f"{first.text.split()[0]} {native['rest']}")]
    if first.text == "belonged to {o}" and other in _AREAS:
        return [Clause("verb", "came from {o}")]
    if first == Clause("relative", "{o} belonged", "to") and subject in _AREAS:
        return [Clause("relative", "{o} came", "from"), *clauses[1:]]
    if subject and re.fullmatch(rf"is an? (?:[a-z-]+ ){{0,2}}{re.escape(subject)} of (?:the )?\{{o\}}", first.text):
        # "the agency that is an agency of"; who is an astronomer of a probe works on it
        if not is_person_noun(subject):
            return [Clause("verb", "belongs to {o}")]
        if other in _CRAFT or other in _EMPLOYERS:
            return [Clause("verb", f"works {'on' if other in _CRAFT else 'for'} {{o}}")]
    if subject in _AREAS and re.fullmatch(rf"was an? (?:[a-z-]+ ){{0,2}}{re.escape(subject)} of (?:the )?\{{o\}}", first.text):
        return [Clause("verb", _placed("was in {o}", other, name))]
    event = subject if subject in _EVENTS else ""
    if event and re.fullmatch(rf"was an? (?:[a-z-]+ ){{0,2}}{event} (?:of|in) (?:the )?\{{o\}}", first.text):
        return [Clause("verb", "was part of {o}")]
    if subject in _FIELDS:  # "the field that was among the fields of the chemist who …"
        clauses = [Clause("verb", "was pursued by {o}") if c.text == "was among the fields of {o}" else c for c in clauses]
    if other and re.fullmatch(rf"\{{o\}} is an? (?:[a-z-]+ ){{0,2}}{re.escape(other)}", first.text) and first.preposition == "of":
        return [Clause("verb", f"has {{o}} among its {plural(other)}")]
    if re.fullmatch(r"(?:is|was) part of \{o\}", first.text) and other == "programme":
        return [Clause("verb", "belonged to {o}")]
    return clauses


# A bare connection, said in other words where one description stands in another.
CONNECTED = "is connected with {o}"
_CONNECTIONS = ("is associated with {o}", "is linked to {o}")
_DAY = re.compile(rf"(?:\d{{1,2}} )?(?:{MONTHS})(?: \d{{1,2}})?")


def connected(turn: int) -> tuple[Clause, ...]:
    """A link of which no more is known than that it is there; `turn` is the depth at which it is told."""
    return (Clause("verb", _CONNECTIONS[turn % len(_CONNECTIONS)]),)


def _placed(text: str, other: str, name: str) -> str:
    if other in _AREAS and other not in _SURFACES | _NAMED_IN:
        return _AT.sub(r"\1 in ", text)
    if other in _SURFACES or (other in _NAMED_IN and not name):
        return _INSIDE.sub(r"\1 on ", _AT.sub(r"\1 on ", text))
    if other in ("river", "stream", "canal"):
        return re.sub(r"^is in (?=(?:the )?\{o\}$)", "is on ", text)
    return _IN.sub(r"\1 at ", text) if other in _SITES else text


def _preposition(clause: Clause, subject: str) -> str:
    """ "Where" for "in which" of a place, "at" for "in" of an institution of which it isn't sure."""
    if clause.form != "relative" or clause.preposition not in ("in", "at", "on"):
        return clause.preposition
    if subject in _AREAS | _SITES | _LAND | _PLACES:
        return WHERE
    return clause.preposition


def _is_matter(name: str) -> bool:
    """ "The Sun", "asteroids": what one does research on, and no science to work in."""
    return name.startswith("the ") or (name[:1].islower() and name.endswith("s") and not name.endswith(("ics", "ss", "us", "is")))
