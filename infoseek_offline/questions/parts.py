"""A vertex's clues as pieces of a sentence: each in the form in which it is said, what is said alike said once.

In: the clauses of each clue with the words for its other side. Out: `Parts`, which realise.py puts into an order. Each piece
states whole clues, and `clues` (constraint id -> words) says which words state which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from infoseek_offline.corpus.kinds import a
from infoseek_offline.questions.clauses import WHERE, Clause
from infoseek_offline.questions.names import is_plural
from infoseek_offline.records import Constraint

LONG = 6  # words for {o} from which on they come last in their clause
SUBORDINATE = re.compile(r"\b(?:who|whom|whose|which|that|where)\b")
_MEASURE = re.compile(r"(?P<noun>[^{}]+?) (?:is|was) (?P<value>\{o\}.*)")
_ARTICLE = re.compile(r"\ban? \{o\}")
_DESCRIBED = re.compile(
    r"(?:the|an?|another) ((?:[\w-]+ )*?[\w-]+) (?:that|who|which|whose|where|in|of|with|to|on|for|from|at|by) "
)
_PLURAL_VERBS = {
    "is": "are", "was": "were", "has": "have", "lies": "lie", "belongs": "belong", "flows": "flow",
    "stands": "stand", "rises": "rise",
}  # fmt: skip
# Verbs of which plural_after knows the plural.
_PAST_SUBJECT = re.compile(r"\{o\} (?:is|was|has|had|lies|belongs|[a-z]+ed|found|taught)\b")
_PLACE = re.compile(r"([a-z ]+) (?:in|at|on|from) \{o\}")
_PLACE_AND_TIME = re.compile(r"((?:was |were )?(?:born|died|founded|discovered|built|first isolated|described|launched|killed))")


@dataclass(frozen=True)
class Clue:
    constraint: Constraint
    forms: tuple[Clause, ...]
    other: str  # the words for {o}
    bare: str  # the words for {o} after "a"
    nested: bool
    page: int = -1  # of the other side, -1 for a value
    kind: str = ""  # the head noun of that page

    @property
    def weight(self) -> int:
        return len(self.other.split())

    @property
    def heavy(self) -> bool:
        """Another verb right behind could be read as part of it."""
        return SUBORDINATE.search(self.other) is not None

    def form(self, kind: str) -> Clause | None:
        return next((f for f in self.forms if f.form == kind), None)

    def say(self, clause: Clause) -> str:
        text = clause.ending if clause.ending and (self.heavy or self.weight >= LONG) else clause.text
        if re.search(r"\ban? \{o\}", text) and re.match(r"(?:the|an?|this|another) ", self.bare):
            text = re.sub(r"\b(?:is|was) an? \{o\}", "belongs to {o}", text)
        if re.search(r"\ban? \{o\}", text):
            return re.sub(r"\ban? \{o\}", lambda _: f"{a(self.bare)} {self.bare}", text)
        described = _DESCRIBED.match(self.other)
        if described and f"the {described[1].split()[-1]} {{o}}" in text:  # "described the mineral the mineral that …"
            text = text.replace(f"the {described[1].split()[-1]} {{o}}", "{o}")
        if described:  # "belongs to the genre of the genre that …"
            text = text.replace(f"the {described[1].split()[-1]} of {{o}}", "{o}")
        # The name of a page has its article already.
        if "the {o}" in text and (self.constraint.other or re.match(r"(?i)(the|an?|this|another) ", self.other)):
            text = text.replace("the {o}", "{o}")
        return text.replace("{o}", self.other)

    def measure(self) -> str:
        """ "a mean radius between 700 and 800 km"; "" for what isn't a measure."""
        whose = self.form("possessive")
        found = _MEASURE.fullmatch(whose.text) if whose and self.constraint.kind == "interval" else None
        return f"{a(found['noun'])} {found['noun']} {found['value'].replace('{o}', self.other)}" if found else ""


@dataclass
class Parts:
    """A vertex's clues, each in the form that it is said in: the words with the clue's own in `clues`."""

    measures: list[str] = field(default_factory=list)
    relatives: list[str] = field(default_factory=list)
    possessives: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)  # verb phrases, last of all
    nested_other: list[str] = field(default_factory=list)  # the same where no verb phrase says it


def parts_of(told: Sequence[Clue], clues: dict[str, str], person: bool, within: Callable[[int, int], bool]) -> Parts:
    """Pieces in the order of the clues. `within` says whether one page's place is another's: "in Bern in Switzerland"."""
    parts = Parts()
    # One kind of clause reads better than a mixture: a thing's possessives become verb phrases where there are verbs anyway.
    mixed = not person and any(c.nested or c.forms[0].form == "verb" for c in told if not c.measure())
    said_alike: dict[str, list[Clue]] = {}
    groups = _alike(told)
    times = _times(groups)
    for group in groups:
        if any(group is joined for joined in times.values()):
            continue  # said with its place
        clue = group[0] if len(group) == 1 else _merged(group, within)
        first, verb = clue.forms[0], clue.form("verb")
        told_by = group
        alike = first.form == "verb" and clue.constraint.kind == "link" and not _ARTICLE.search(first.text)
        alike = alike and not first.text.endswith((" in {o}", " at {o}"))  # one place may be in the other
        if alike and id(group) not in times:
            before = said_alike.get(first.text, [])
            if before and not any(c.nested or c.heavy for c in before):
                # "explored Spitsbergen and the bay that …", not "explored Spitsbergen and explored the bay that …"
                parts.verbs.remove(clues[before[0].constraint.id])
                told_by = [*before, *group]
                clue = replace(clue, other=listed([c.other for c in told_by]))
            said_alike[first.text] = told_by
        if measure := clue.measure():
            words = measure
            parts.measures.append(words)
        elif verb and (first.form == "verb" or _as_verb(clue, mixed and not person)):
            words = clue.say(_theirs(verb) if person else verb)
            if id(group) in times:
                told_by = [*group, *times[id(group)]]
                other = times[id(group)][0]
                long = clue.heavy or re.match(r"(?:an?|another) ", clue.other)  # "a city in Saxony between 1900 and 1999"
                more = f"by {other.other}" if other.constraint.kind == "link" else other.other
                words = re.sub(r" (?=(?:in|at|on|from) )", f" {more} ", words, count=1) if long else f"{words} {more}"
            (parts.nested if clue.nested else parts.verbs).append(words)
        elif first.form == "possessive":
            words = f"whose {clue.say(first)}"
            (parts.nested_other if clue.nested else parts.possessives).append(words)
        else:
            pronoun = "whom" if person else "which"
            plural = len(group) > 1 or (clue.constraint.other and _several(clue))
            said = plural_after(clue.say(first), clue.other) if plural else clue.say(first)
            if first.preposition:
                words = f"where {said}" if first.preposition == WHERE else f"{first.preposition} {pronoun} {said}"
            else:
                words = f"{pronoun if person else 'that'} {said}"
            (parts.nested_other if clue.nested else parts.relatives).append(words)
        clues.update((one.constraint.id, words) for one in told_by)
    return parts


def _theirs(verb: Clause) -> Clause:
    """ "Has X among their allies", of a person."""
    text, ending = (re.sub(r"\b(as|among) its ", r"\1 their ", words) for words in (verb.text, verb.ending))
    return replace(verb, text=text, ending=ending)


def _several(clue: Clue) -> bool:
    """Whether the name takes a plural verb: "the Alps", "the Azores"."""
    return is_plural(clue.other) or (clue.kind in ("archipelago", "range") and bool(re.fullmatch(r"the [A-Z].*s", clue.other)))


def _as_verb(clue: Clue, mixed: bool) -> bool:
    """Whether a relative or a possessive is rather said as a verb phrase."""
    if clue.constraint.kind == "fact":
        return False  # "whose colour is steel grey", not "has steel grey as its colour"
    return clue.nested or clue.heavy if clue.forms[0].form == "relative" else mixed


def _times(groups: list[list[Clue]]) -> dict[int, list[Clue]]:
    """What is said with a place: a time ("died in London between 1850 and 1899"), or else by whom the same was done ("written in
    Rust by …"). The other group, by that of the place."""
    found: dict[int, list[Clue]] = {}
    taken: set[int] = set()
    for place in groups:
        said = _PLACE.fullmatch(place[0].forms[0].text)
        if not said or len(place) > 1 or place[0].nested or not place[0].constraint.other:
            continue
        timed = _PLACE_AND_TIME.fullmatch(said[1]) is not None
        for other in groups:
            text, kind = other[0].forms[0].text, other[0].constraint.kind
            when = timed and kind == "interval" and text == f"{said[1]} {{o}}"
            who = kind == "link" and text == f"{said[1]} by {{o}}" and len(other) == 1 and not (other[0].nested or other[0].heavy)
            if (when or who) and id(other) not in taken:
                found[id(place)] = other
                taken.add(id(other))
                break
    return found


def _alike(clues: Sequence[Clue]) -> list[list[Clue]]:
    """Named pages of which the same is said stand together: "worked in botany and geology"."""
    groups: list[list[Clue]] = []
    for clue in clues:
        first = clue.forms[0]
        fits = (
            clue.constraint.kind == "link"
            and not clue.nested
            and not clue.heavy
            and not re.search(rf"{_ARTICLE.pattern}|^\{{o\}} (?:is|was) an? (?!citizen$)", first.text)
        )
        several = first.form == "possessive" and first.text.endswith(" include {o}")
        fits = fits and (first.form == "verb" or several or _PAST_SUBJECT.match(first.text) is not None)
        same = next((g for g in groups if fits and g[0].forms[0] == first and not g[0].nested and not g[0].heavy), None)
        if same is not None and same[0].constraint.kind == "link":
            same.append(clue)
        else:
            groups.append([clue])
    return groups


def _merged(group: list[Clue], within: Callable[[int, int], bool]) -> Clue:
    words = listed([clue.other for clue in group])
    if len(group) == 2 and re.search(r"\b(?:in|at) \{o\}$", group[0].forms[0].text):
        inner, outer = group if within(group[0].page, group[1].page) else group[::-1]
        if inner.kind != outer.kind and within(inner.page, outer.page):  # a country names its neighbours, too
            words = f"{inner.other} in {outer.other}"
    return Clue(group[0].constraint, group[0].forms, words, words, nested=False)


def plural_after(text: str, subject: str) -> str:
    """The verb right behind the subject in the plural."""
    if not text.startswith(subject):
        return text
    said = re.sub(r"^ (\w+)\b", lambda m: f" {_PLURAL_VERBS.get(m[1], m[1])}", text.removeprefix(subject))
    return subject + re.sub(r"^ (are|were) a citizen$", r" \1 citizens", said)


def listed(pieces: Sequence[str]) -> str:
    """ "A, B and C"; with a comma before "and" where the piece before it holds a relative clause that would go on otherwise."""
    if len(pieces) <= 1:
        return "".join(pieces)
    closed = any(SUBORDINATE.search(re.sub(r"^(?:\w+ )?(?:who|whom|whose|which|that|where) ", "", piece)) for piece in pieces[:-1])
    return f"{', '.join(pieces[:-1])}{',' if closed else ''} and {pieces[-1]}"


