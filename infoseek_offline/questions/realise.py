"""From a research tree to one English question, and the words in it that state each clue.

The root's kind comes first ("Which moon …"), named pages stand by name, inner vertices as nested descriptions ("the astronomer
who was born in Hanover"), vague ones with "a". Each clause must attach to the right noun when the question is read aloud, so:
measures stand right behind the noun ("with a mean radius between …"), then relatives, possessives and verb phrases, short before
long; what is nested comes last, and a second nested description gets a sentence of its own. The relative pronoun is repeated
where a verb might belong to the noun outside as well.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.clauses import Clause, forms
from infoseek_offline.questions.names import Names, is_plural, literal_name
from infoseek_offline.records import Constraint, ResearchTree, Vertex

LONG = 6  # words for {o} from which on they come last in their clause
_MEASURE = re.compile(r"(?P<noun>[^{}]+?) (?:is|was) (?P<value>\{o\}.*)")
_POWER = re.compile(r"(?<=[ /])(km|cm|m|mm)([23])\b")
_ARTICLE = re.compile(r"\ban? \{o\}")
_SUBORDINATE = re.compile(r"\b(?:who|whom|whose|which|that)\b")
_PLURAL_VERBS = {
    "is": "are", "was": "were", "has": "have", "lies": "lie", "belongs": "belong", "flows": "flow",
    "stands": "stand", "rises": "rise",
}  # fmt: skip
_PAST_SUBJECT = re.compile(r"\{o\} (?:is|was|has|had|[a-z]+ed|found|taught)\b")  # verbs that _plural can put in the plural


@dataclass(frozen=True)
class Wording:
    """`clues` gives for each constraint id the words of `question` that state it; a clue that leads to a described page holds
    that page's description too."""

    question: str
    clues: dict[str, str]


@dataclass(frozen=True)
class _Clue:
    constraint: Constraint
    forms: tuple[Clause, ...]
    other: str  # the words for {o}
    bare: str  # the words for {o} after "a"
    nested: bool

    @property
    def weight(self) -> int:
        return len(self.other.split())

    @property
    def heavy(self) -> bool:
        """Another verb right behind could be read as part of it."""
        return _SUBORDINATE.search(self.other) is not None

    def form(self, kind: str) -> Clause | None:
        return next((f for f in self.forms if f.form == kind), None)

    def say(self, clause: Clause) -> str:
        text = clause.ending if clause.ending and (self.heavy or self.weight >= LONG) else clause.text
        if re.search(r"\ban? \{o\}", text) and re.match(r"(?:the|an?) ", self.bare):
            text = re.sub(r"\b(?:is|was) an? \{o\}", "belongs to {o}", text)
        if re.search(r"\ban? \{o\}", text):
            return re.sub(r"\ban? \{o\}", lambda _: f"{_a(self.bare)} {self.bare}", text)
        # The name of a page has its article already.
        if "the {o}" in text and (self.constraint.other or re.match(r"(?i)(the|an?) ", self.other)):
            text = text.replace("the {o}", "{o}")
        return text.replace("{o}", self.other)

    def measure(self) -> str:
        """ "a mean radius between 700 and 800 km"; "" for what isn't a measure."""
        whose = self.form("possessive")
        found = _MEASURE.fullmatch(whose.text) if whose and self.constraint.kind == "interval" else None
        return f"{_a(found['noun'])} {found['noun']} {found['value'].replace('{o}', self.other)}" if found else ""


@dataclass
class _Parts:
    """A vertex's clues, each in the form that it is said in: the words with the clue's own in `clues`."""

    measures: list[str] = field(default_factory=list)
    relatives: list[str] = field(default_factory=list)
    possessives: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)  # verb phrases, last of all
    nested_other: list[str] = field(default_factory=list)  # the same where no verb phrase says it


class Realiser:
    """Puts the trees of one corpus into words; pure: the same tree gives the same question."""

    def __init__(self, corpus: Corpus) -> None:
        self.names = Names(corpus)

    def realise(self, tree: ResearchTree) -> Wording:
        """Raises ValueError for a constraint whose wording is not realisable; such constraints are not offered (trees/options)."""
        clues: dict[str, str] = {}
        return Wording(self._question(tree, clues), clues)

    # The root

    def _question(self, tree: ResearchTree, clues: dict[str, str]) -> str:
        root = tree.root
        person = self.names.is_person(root.page)
        noun = self._kind(root, clues)
        parts = self._parts(tree, root, clues, person)
        style = _digest(tree) % 4
        inserted = _inserted(parts, person)
        head = f"{noun}{_with(parts.measures)}"
        predicates = [*parts.verbs, *parts.nested]
        if parts.nested_other:  # "at which the chemist who … studied" can only stand at the end
            verbs = _who([*parts.verbs, *parts.nested], person)
            tail = _listed([*parts.relatives, *parts.possessives, *verbs, *parts.nested_other])
            return f"{_what(person, style)} the {head} {tail}?"
        if len(parts.nested) > 2 or (len(parts.nested) == 2 and not _simple(parts.nested[0])):
            return self._side_by_side(head, inserted, parts, clues)
        if not predicates:
            tail = _listed([*parts.relatives, *parts.possessives])
            return f"{_what(person, style)} the {head} {tail}?" if tail else f"{_what(person, style)} the {head}?"
        if style == 0 and not parts.relatives and len(predicates) > 1:
            tail = _pronouns(predicates, "who" if person else "that")
            return f"{_what(person, style)} the {head} {_listed([*parts.possessives, tail])}?"
        if style == 1 and not inserted and not parts.measures and len(predicates) > 1:
            first = next((v for v in parts.verbs if not _SUBORDINATE.search(v)), "")
            if first:
                inserted = [f"{'who' if person else 'which'} {first}"]
                predicates.remove(first)
        aside = f", {_listed(inserted)}," if inserted else ""
        return f"Which {head}{aside} {_listed(predicates)}?"

    def _side_by_side(self, head: str, inserted: list[str], parts: _Parts, clues: dict[str, str]) -> str:
        """Several nested descriptions, each set off by a comma and "also", so that none hangs on the one before it."""
        aside = f", {_listed(inserted)}," if inserted else ""
        first, *others = parts.nested
        rest = [_also(words) for words in others]
        clues.update((c, _also(words)) for c, words in list(clues.items()) if words in others)
        said = f"Which {head}{aside} {_listed([*parts.verbs, first])}"
        said += "".join(f", {words}" for words in rest[:-1])
        return f"{said}, and {rest[-1]}?"

    # Descriptions

    def _noun_phrase(self, tree: ResearchTree, vertex: Vertex, clues: dict[str, str], outer: bool) -> str:
        """`outer` says whether what is described around it is a person too, so that "who" alone is not clear."""
        if vertex.role == "leaf":
            return self.names.name(vertex.page)
        person = self.names.is_person(vertex.page)
        noun = self._kind(vertex, clues)
        parts = self._parts(tree, vertex, clues, person)
        head = f"{'the' if vertex.role == 'inner' else _a(noun)} {noun}{_with(parts.measures)}"
        verbs = [*parts.verbs, *parts.nested]
        only = verbs if not (parts.relatives or parts.possessives or parts.nested_other) else []
        if len(only) == 1 and re.match(r"(?:is|was) (?:in|on|at|near|within|part of) ", only[0]):
            said = only[0].split(" ", 1)[1]  # "that is in Germany" is said "in Germany"
            clues.update((c.id, said) for c in vertex.constraints if clues.get(c.id) == only[0])
            return f"{head} {said}"
        pieces = [*parts.relatives, *parts.possessives]
        repeat = outer == person or vertex.depth > 1 or bool(pieces)
        pronoun = "who" if person else "that"
        if repeat or _subordinate(verbs):
            pieces += [f"{pronoun} {verb}" for verb in verbs]
        elif verbs:
            pieces.append(f"{pronoun} {_listed(verbs)}")
        pieces += parts.nested_other
        return f"{head} {_listed(pieces)}" if pieces else head

    def _kind(self, vertex: Vertex, clues: dict[str, str]) -> str:
        for constraint in vertex.constraints:
            if constraint.kind == "type":
                clues[constraint.id] = vertex.noun
        return vertex.noun

    def _parts(self, tree: ResearchTree, vertex: Vertex, clues: dict[str, str], person: bool) -> _Parts:
        """Short clues first, in an order that doesn't depend on how the tree grew."""
        told = sorted(self._clues(tree, vertex, clues, person), key=lambda c: (c.nested, c.heavy, c.weight, c.constraint.id))
        parts = _Parts()
        # One kind of clause reads better than a mixture: a thing's possessives become verb phrases where there are verbs anyway.
        mixed = not person and any(c.nested or c.forms[0].form == "verb" for c in told if not c.measure())
        said_alike: dict[tuple[Clause, ...], list[_Clue]] = {}
        for group in _alike(told):
            clue = group[0] if len(group) == 1 else _merged(group)
            first, verb = clue.forms[0], clue.form("verb")
            told_by = group
            if first.form == "verb" and clue.constraint.kind == "link" and not _ARTICLE.search(first.text):
                before = said_alike.get(clue.forms, [])
                if before and not any(c.nested or c.heavy for c in before):
                    # "explored Spitsbergen and the bay that …", not "explored Spitsbergen and explored the bay that …"
                    parts.verbs.remove(clues[before[0].constraint.id])
                    told_by = [*before, *group]
                    clue = _Clue(clue.constraint, clue.forms, _listed([c.other for c in told_by]), clue.bare, clue.nested)
                said_alike[clue.forms] = told_by
            if measure := clue.measure():
                words = measure
                parts.measures.append(words)
            elif verb and (first.form == "verb" or (clue.nested if first.form == "relative" else mixed and not person)):
                words = clue.say(verb)
                (parts.nested if clue.nested else parts.verbs).append(words)
            elif first.form == "possessive":
                words = f"whose {clue.say(first)}"
                (parts.nested_other if clue.nested else parts.possessives).append(words)
            else:
                pronoun = "whom" if person else "which"
                plural = len(group) > 1 or (clue.constraint.other and is_plural(clue.other))
                said = _plural(clue.say(first), clue.other) if plural else clue.say(first)
                words = f"{first.preposition} {pronoun} {said}" if first.preposition else f"{pronoun if person else 'that'} {said}"
                (parts.nested_other if clue.nested else parts.relatives).append(words)
            clues.update((one.constraint.id, words) for one in told_by)
        return parts

    def _clues(self, tree: ResearchTree, vertex: Vertex, clues: dict[str, str], person: bool) -> list[_Clue]:
        found = []
        for constraint in vertex.constraints:
            if constraint.kind == "type":
                continue
            said = forms(constraint.wording)
            if not said:
                raise ValueError(f"no clause for {constraint.wording!r}")
            other, bare, nested = literal_name(constraint.value), _uncapitalised(constraint.value), False
            if constraint.kind == "interval":
                other = _POWER.sub(lambda m: m[1] + {"2": "²", "3": "³"}[m[2]], other)
            elif constraint.kind == "category":
                other = other[:1].lower() + other[1:]  # "Towns on the Rhine", and a plural comes first
            if constraint.other:
                beneath = tree.vertex(constraint.other)
                other = self._noun_phrase(tree, beneath, clues, person)
                bare = self.names.bare(beneath.page) if beneath.role == "leaf" else other
                nested = beneath.role == "inner"
            found.append(_Clue(constraint, said, other, bare, nested))
        return found


def _alike(clues: list[_Clue]) -> list[list[_Clue]]:
    """Named pages of which the same is said stand together: "worked in botany and geology"."""
    groups: list[list[_Clue]] = []
    for clue in clues:
        first = clue.forms[0]
        fits = (
            clue.constraint.kind == "link"
            and not clue.nested
            and not clue.heavy
            and not re.search(rf"{_ARTICLE.pattern}|^\{{o\}} (?:is|was) an? ", first.text)
        )
        fits = fits and (first.form == "verb" or _PAST_SUBJECT.match(first.text) is not None)
        same = next((g for g in groups if fits and g[0].forms == clue.forms and not g[0].nested and not g[0].heavy), None)
        if same is not None:
            same.append(clue)
        else:
            groups.append([clue])
    return groups


def _merged(group: list[_Clue]) -> _Clue:
    words = _listed([clue.other for clue in group])
    return _Clue(group[0].constraint, group[0].forms, words, words, nested=False)


def _plural(text: str, subject: str) -> str:
    """The verb right behind the subject in the plural."""
    if not text.startswith(subject):
        return text
    return subject + re.sub(r"^ (\w+)\b", lambda m: f" {_PLURAL_VERBS.get(m[1], m[1])}", text.removeprefix(subject))


def _simple(words: str) -> bool:
    """A description short enough that what follows a comma isn't taken for a part of it."""
    return len(words.split()) <= 16 and len(_SUBORDINATE.findall(words)) == 1 and "," not in words and " and " not in words


def _inserted(parts: _Parts, person: bool) -> list[str]:
    """Relatives and possessives as they stand between commas behind the root's noun."""
    return [re.sub(r"^that ", "which ", words) for words in parts.relatives] + parts.possessives


def _who(verbs: list[str], person: bool) -> list[str]:
    return [_pronouns(verbs, "who" if person else "that")] if verbs else []


def _with(measures: list[str]) -> str:
    return f" with {_listed(measures)}" if measures else ""


def _subordinate(verbs: list[str]) -> bool:
    return any(_SUBORDINATE.search(verb) for verb in verbs[:-1])


def _pronouns(verbs: list[str], pronoun: str) -> str:
    """ "who was born in Hanover and studied at Göttingen"; with the pronoun again where the subject might be lost."""
    return _listed([f"{pronoun} {verb}" for verb in verbs]) if _subordinate(verbs) else f"{pronoun} {_listed(verbs)}"


def _what(person: bool, style: int) -> str:
    if person:
        return "Who is"
    return "What is the name of" if style == 2 else "What is"


def _listed(pieces: list[str]) -> str:
    """ "A, B and C"; with a comma before "and" where the piece before it holds a relative clause that would go on otherwise."""
    if len(pieces) <= 1:
        return "".join(pieces)
    closed = any(_SUBORDINATE.search(re.sub(r"^(?:\w+ )?(?:who|whom|whose|which|that) ", "", piece)) for piece in pieces[:-1])
    return f"{', '.join(pieces[:-1])}{',' if closed else ''} and {pieces[-1]}"


def _uncapitalised(value: str) -> str:
    """ "Writer" as it stands after "a"; "German painter" as it is."""
    first, *rest = value.split() or [""]
    demonym = re.search(r"(?:an|ish|ese|ch|ek|[aeo]li|[ds]i)$", first)
    if demonym or not first[1:].islower() or any(word[:1].isupper() for word in rest):
        return value
    return value[:1].lower() + value[1:]


def _digest(tree: ResearchTree) -> int:
    """A number that depends on what the tree says, for the choice between openings."""
    said = "\n".join(f"{v.title}|{c.wording}|{c.value}" for v in tree.vertices for c in v.constraints)
    return hashlib.sha256(said.encode()).digest()[0]


_VOWEL = re.compile(r"(?i)[aeio]|u[^ns]|un[^i]|us[^e]|hour|honest|honou?r|[fhlmnrsx]-")


def _a(noun: str) -> str:
    return "an" if _VOWEL.match(noun) and not re.match(r"(?i)one\b|eu", noun) else "a"


def _also(verb: str) -> str:
    """ "was also born in", "also discovered"."""
    first, _, rest = verb.partition(" ")
    return f"{first} also {rest}" if first in ("is", "was") else f"also {verb}"
