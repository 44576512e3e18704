"""From a research tree to one English question, and the words in it that state each clue.

The root's kind comes first ("Which moon …"), named pages stand by name, inner vertices as nested descriptions ("the astronomer
who was born in Hanover"), vague ones with "a". Each clause must attach to the right noun when the question is read aloud, so:
measures stand right behind the noun ("with a mean radius between …"), then relatives, possessives and verb phrases, short before
long; what is nested comes last, and a second nested description gets a sentence of its own. The relative pronoun is repeated
where a verb might belong to the noun outside as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from infoseek_offline.corpus.kinds import singular
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.clauses import forms
from infoseek_offline.questions.fit import CONNECTED, connected, fitted
from infoseek_offline.questions.names import Names, literal_name
from infoseek_offline.questions.parts import SUBORDINATE, Clue, Parts, a, listed, parts_of
from infoseek_offline.questions.style import LONG_QUESTION, NO_KIND, OPENINGS, Style, Wording, digest, set_apart, styles
from infoseek_offline.records import ResearchTree, Vertex

_POWER = re.compile(r"(?<=[ /])(km|cm|m|mm)([23])\b")
_CATEGORY = re.compile(r"(?P<nouns>[^\W\d_]+) (?P<rest>(?:of|in|from|by|on|at) .+)")


@dataclass
class _Telling:
    tree: ResearchTree
    style: Style
    clues: dict[str, str] = field(default_factory=dict)


class Realiser:
    """Puts the trees of one corpus into words; pure: the same tree gives the same questions in the same order."""

    def __init__(self, corpus: Corpus) -> None:
        self.names = Names(corpus)

    def realise(self, tree: ResearchTree) -> Wording:
        """Raises ValueError for a constraint whose wording is not realisable; such constraints are not offered (trees/options)."""
        return next(self.phrasings(tree))

    def phrasings(self, tree: ResearchTree) -> Iterator[Wording]:
        """Different questions of the same tree, the first as `realise` gives it; all clues are in each. They differ in opening, in
        the order of the clues and in what gets a sentence of its own."""
        seen: set[str] = set()
        first = digest(tree) % OPENINGS
        whole = self._tell(tree, Style(first, apart=tree.joined))
        for style in styles(first, set_apart(tree, whole.clues), len(whole.question.split()) > LONG_QUESTION, tree.joined):
            wording = self._tell(tree, style)
            if wording.question not in seen:
                seen.add(wording.question)
                yield wording

    def _tell(self, tree: ResearchTree, style: Style) -> Wording:
        telling = _Telling(tree, style)
        before = [self._statement(telling, tree.vertex(name)) for name in style.apart]
        return Wording(" ".join([*before, self._ask(telling)]), telling.clues)

    # The root

    def _ask(self, telling: _Telling) -> str:
        root, clues, opening = telling.tree.root, telling.clues, telling.style.opening
        person = self.names.is_person(root.page)
        noun = self._kind(root, clues)
        parts = self._parts(telling, root, person)
        inserted = _inserted(parts, person)
        head = f"{noun}{_with(parts.measures)}"
        predicates = [*parts.verbs, *parts.nested]
        if parts.nested_other:  # "at which the chemist who … studied" can only stand behind what is short
            tail = listed([*parts.relatives, *parts.possessives, *_who(parts.verbs, person), *parts.nested_other])
            for words in parts.nested:
                clues.update((c, _also(words)) for c, told in list(clues.items()) if told == words)
                tail += f", and {'who' if person else 'that'} {_also(words)}"
            return f"{_what(person, opening)} the {head} {tail}?"
        if len(parts.nested) > 1:
            return self._side_by_side(head, inserted, parts, clues)
        if not predicates:
            tail = listed([*parts.relatives, *parts.possessives])
            return f"{_what(person, opening)} the {head} {tail}?" if tail else f"{_what(person, opening)} the {head}?"
        if head == NO_KIND and not inserted:
            return f"What {listed(predicates)}?"
        if opening == 0 and not parts.relatives and len(predicates) > 1:
            tail = _pronouns(predicates, "who" if person else "that")
            return f"{_what(person, opening)} the {head} {listed([*parts.possessives, tail])}?"
        if opening == 1 and not inserted and not parts.measures and len(predicates) > 1:
            first = next((v for v in parts.verbs if not SUBORDINATE.search(v)), "")
            if first:
                inserted = [f"{'who' if person else 'which'} {first}"]
                predicates.remove(first)
        aside = f", {listed(inserted)}," if inserted else ""
        return f"Which {head}{aside} {listed(predicates)}?"

    def _side_by_side(self, head: str, inserted: list[str], parts: Parts, clues: dict[str, str]) -> str:
        """Several nested descriptions, each set off by a comma and "also", so that none hangs on the one before it."""
        aside = f", {listed(inserted)}," if inserted else ""
        first, *others = parts.nested
        rest = [_also(words) for words in others]
        clues.update((c, _also(words)) for c, words in list(clues.items()) if words in others)
        asked = "What" if head == NO_KIND and not inserted else f"Which {head}{aside}"
        said = f"{asked} {listed([*parts.verbs, first])}"
        said += "".join(f", {words}" for words in rest[:-1])
        return f"{said}, and {rest[-1]}?"

    # Descriptions

    def _statement(self, telling: _Telling, vertex: Vertex) -> str:
        """A sentence of its own: "A certain university is known for physics and is the alma mater of Max Born." """
        person = self.names.is_person(vertex.page)
        noun = self._kind(vertex, telling.clues)
        parts = self._parts(telling, vertex, person)
        head = f"{noun}{_with(parts.measures)}"
        predicates = [*parts.verbs, *parts.nested]
        if parts.nested_other or not predicates:
            pieces = [*parts.relatives, *parts.possessives, *_who(predicates, person), *parts.nested_other]
            return f"There is {a(noun)} {head} {listed(pieces)}."
        inserted = _inserted(parts, person)
        aside = f", {listed(inserted)}," if inserted else ""
        return f"A certain {head}{aside} {listed(predicates)}."

    def _noun_phrase(self, telling: _Telling, vertex: Vertex, outer: bool) -> str:
        """`outer` says whether what is described around it is a person too, so that "who" alone is not clear."""
        if vertex.role == "leaf":
            return self.names.name(vertex.page)
        if vertex.id in telling.style.apart:
            return f"this {vertex.noun}"
        clues, person = telling.clues, self.names.is_person(vertex.page)
        noun = self._kind(vertex, clues)
        parts = self._parts(telling, vertex, person)
        head = f"{'the' if vertex.role == 'inner' else a(noun)} {noun}{_with(parts.measures)}"
        verbs = [*parts.verbs, *parts.nested]
        only = verbs if not (parts.relatives or parts.possessives or parts.nested_other) else []
        if len(only) == 1 and re.match(r"(?:is|was) (?:in|on|at|near|within) ", only[0]):
            said = only[0].split(" ", 1)[1]  # "that is in Germany" is said "in Germany"
            clues.update((c.id, said) for c in vertex.constraints if clues.get(c.id) == only[0])
            return f"{head} {said}"
        pieces = [*parts.relatives, *parts.possessives]
        repeat = outer == person or vertex.depth > 1 or bool(pieces)
        pronoun = "who" if person else "that"
        if repeat or _subordinate(verbs):
            pieces += [f"{pronoun} {verb}" for verb in verbs]
        elif verbs:
            pieces.append(f"{pronoun} {listed(verbs)}")
        pieces += parts.nested_other
        return f"{head} {listed(pieces)}" if pieces else head

    def _kind(self, vertex: Vertex, clues: dict[str, str]) -> str:
        """The noun, with what a category of that very kind says of it: "moon of Uranus"."""
        noun = vertex.noun
        for constraint in vertex.constraints:
            found = _CATEGORY.fullmatch(constraint.value) if constraint.kind == "category" else None
            if found and noun == vertex.noun and singular(found["nouns"].lower()) == noun.rsplit(" ", 1)[-1]:
                noun = f"{noun} {found['rest']}"
                clues[constraint.id] = noun
            elif constraint.kind == "type":
                clues[constraint.id] = vertex.noun
        return noun

    # Clues

    def _parts(self, telling: _Telling, vertex: Vertex, person: bool) -> Parts:
        """Short clues first (or last), in an order that doesn't depend on how the tree grew."""
        sign = -1 if telling.style.backward else 1
        told = sorted(
            self._clues(telling, vertex, person),
            key=lambda c: (c.nested, c.heavy, sign * c.weight, [sign * ord(letter) for letter in c.constraint.id]),
        )
        return parts_of(told, telling.clues, person, self.names.within)

    def _clues(self, telling: _Telling, vertex: Vertex, person: bool) -> list[Clue]:
        found = []
        for constraint in vertex.constraints:
            if constraint.kind == "type" or constraint.id in telling.clues:
                continue
            said = forms(constraint.wording)
            if not said:
                raise ValueError(f"no clause for {constraint.wording!r}")
            other, bare, nested, page, kind = literal_name(constraint.value), _uncapitalised(constraint.value), False, -1, ""
            if constraint.kind == "interval":
                other = _POWER.sub(lambda m: m[1] + {"2": "²", "3": "³"}[m[2]], other)
            elif constraint.kind == "category":
                other = other[:1].lower() + other[1:]  # "Towns on the Rhine", and a plural comes first
            if constraint.other:
                beneath = telling.tree.vertex(constraint.other)
                other = self._noun_phrase(telling, beneath, person)
                bare = self.names.bare(beneath.page) if beneath.role == "leaf" else other
                nested = beneath.role == "inner" and beneath.id not in telling.style.apart
                page, kind = beneath.page, self.names.head(beneath.page)
                name = other if beneath.role == "leaf" else ""
                said = fitted(said, self.names.head(vertex.page), kind, name)
                if said[0].text == CONNECTED:
                    said = connected(vertex.depth + telling.style.opening)
            found.append(Clue(constraint, said, other, bare, nested, page))
        return found


def _inserted(parts: Parts, person: bool) -> list[str]:
    """Relatives and possessives as they stand between commas behind the root's noun."""
    return [re.sub(r"^that ", "which ", words) for words in parts.relatives] + parts.possessives


def _who(verbs: list[str], person: bool) -> list[str]:
    return [_pronouns(verbs, "who" if person else "that")] if verbs else []


def _with(measures: list[str]) -> str:
    return f" with {listed(measures)}" if measures else ""


def _subordinate(verbs: list[str]) -> bool:
    return any(SUBORDINATE.search(verb) for verb in verbs[:-1])


def _pronouns(verbs: list[str], pronoun: str) -> str:
    """ "who was born in Hanover and studied at Göttingen"; with the pronoun again where the subject might be lost."""
    return listed([f"{pronoun} {verb}" for verb in verbs]) if _subordinate(verbs) else f"{pronoun} {listed(verbs)}"


def _what(person: bool, style: int) -> str:
    if person:
        return "Who is"
    return "What is the name of" if style == 2 else "What is"


def _uncapitalised(value: str) -> str:
    """ "Writer" as it stands after "a"; "German painter" as it is."""
    first, *rest = value.split() or [""]
    demonym = re.search(r"(?:an|ish|ese|ch|ek|[aeo]li|[ds]i)$", first)
    if demonym or not first[1:].islower() or any(word[:1].isupper() for word in rest):
        return value
    return value[:1].lower() + value[1:]


def _also(verb: str) -> str:
    """ "was also born in", "also discovered"."""
    first, _, rest = verb.partition(" ")
    return f"{first} also {rest}" if first in ("is", "was") else f"also {verb}"
