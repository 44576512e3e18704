"""From a research tree to one English question, and the words in it that state each clue.

The root's kind comes first ("Which moon …"), named pages stand by name, inner vertices as nested descriptions ("the astronomer
who was born in Hanover"), vague ones with "a". Each clause must attach to the right noun when the question is read aloud, so:
measures stand right behind the noun ("with a mean radius between …"), then relatives, possessives and verb phrases, short before
long; what is nested comes last, and what would be too much for one sentence gets one of its own (apart.py). The relative pronoun
is repeated where a verb might belong to the noun outside as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from infoseek_offline.corpus.kinds import a, singular
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.apart import MUCH_HARDER, clear, head, spoken_of, strain, ways
from infoseek_offline.questions.clauses import Clause, forms
from infoseek_offline.questions.fit import CONNECTED, connected, fitted
from infoseek_offline.questions.names import Names, category_words, literal_name
from infoseek_offline.questions.parts import SUBORDINATE, Clue, Parts, listed, parts_of
from infoseek_offline.questions.style import NO_KIND, OPENINGS, Style, Wording, digest
from infoseek_offline.records import ResearchTree, Vertex

_POWER = re.compile(r"(?<=[ /])(km|cm|m|mm)([23])\b")
_QUALITY = re.compile(
    r"\b(?:climate|terrain|habitat|diet|rarity|colou?r|material|temperament|weather|biome|difficulty|sex|gender|condition|texture|"
    r"shape) is \{o\}"
)
_CATEGORY = re.compile(r"(?P<nouns>[^\W\d_]+) (?P<rest>(?:of|in|from|by|on|at) .+)")


@dataclass
class _Telling:
    tree: ResearchTree
    style: Style
    spoken: dict[str, tuple[str, str]]  # of each vertex with a sentence of its own: its first words, and its name after that
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
        first = digest(tree) % OPENINGS
        told = {style: self._tell(tree, style) for style in (Style(first, apart=apart) for apart in ways(tree))}
        weighed = sorted((strain(tree, style.apart, wording.question), style.apart) for style, wording in told.items())
        easy = [apart for cost, apart in weighed if cost <= weighed[0][0] + MUCH_HARDER]
        seen: set[str] = set()
        for style in _styles(first, easy):
            wording = told.get(style) or self._tell(tree, style)
            if wording.question not in seen and (style.apart == easy[0] or clear(wording.question, _nouns(tree, style.apart))):
                seen.add(wording.question)
                yield wording

    def _tell(self, tree: ResearchTree, style: Style) -> Wording:
        telling = _Telling(tree, style, spoken_of(tree, style.apart))
        before = [self._statement(telling, tree.vertex(name)) for name in style.apart]
        return Wording(" ".join([*before, self._ask(telling)]), telling.clues)

    # The root

    def _ask(self, telling: _Telling) -> str:
        root, clues, opening = telling.tree.root, telling.clues, telling.style.opening
        person = self.names.is_person(root.page)
        noun = self._kind(root, clues)
        alike = root.noun in _nouns(telling.tree, telling.style.apart)
        if alike:
            noun, opening = f"other {noun}", 1 if opening == 1 else 3
        parts = self._parts(telling, root, person)
        inserted = _inserted(parts, person)
        called = f"{noun}{_with(parts.measures)}"
        predicates = [*parts.verbs, *parts.nested]
        unnamed = called in (NO_KIND, "person")  # "What …?", "Who …?"
        if parts.nested_other or (not predicates and not alike):  # what stands behind the noun needs "What is the …"
            tail = listed([*parts.relatives, *parts.possessives, *_who(parts.verbs, person), *parts.nested_other])
            for words in parts.nested:
                clues.update((c, _also(words)) for c, told in list(clues.items()) if told == words)
                tail += f", and {'who' if person else 'that'} {_also(words)}"
            if called == NO_KIND:
                called = "one thing"  # may be anything: a series, a policy
            return f"{_what(person, opening)} the {called} {tail}?" if tail else f"{_what(person, opening)} the {called}?"
        if len(parts.nested) > 1:
            return self._side_by_side(called, inserted, parts, clues, person)
        if not predicates:
            return f"Which {called} is it {listed([*parts.relatives, *parts.possessives])}?"
        if called == NO_KIND and inserted:  # "What is the one thing whose …, in which … and that …?"
            pieces = [*parts.relatives, *parts.possessives, *_who(predicates, person)]
            return f"What is the one thing {listed(pieces)}?"
        if unnamed and not inserted:
            return f"{'Who' if person else 'What'} {listed(predicates)}?"
        if opening == 0 and not parts.relatives and len(predicates) > 1:
            tail = _pronouns(predicates, "who" if person else "that")
            return f"{_what(person, opening)} the {called} {listed([*parts.possessives, tail])}?"
        if opening == 1 and not inserted and not parts.measures and len(predicates) > 1:
            first = next((v for v in parts.verbs if not SUBORDINATE.search(v)), "")
            if first:
                inserted = [f"{'who' if person else 'which'} {first}"]
                predicates.remove(first)
        aside = f", {listed(inserted)}," if inserted else ""
        return f"Which {called}{aside} {listed(predicates)}?"

    def _side_by_side(self, called: str, inserted: list[str], parts: Parts, clues: dict[str, str], person: bool) -> str:
        """Several nested descriptions, each set off by a comma and "also", so that none hangs on the one before it."""
        aside = f", {listed(inserted)}," if inserted else ""
        first, *others = parts.nested
        rest = [_also(words) for words in others]
        clues.update((c, _also(words)) for c, words in list(clues.items()) if words in others)
        asked = f"Which {called}{aside}"
        if called in (NO_KIND, "person") and not inserted:
            asked = "Who" if person else "What"
        said = f"{asked} {listed([*parts.verbs, first])}"
        said += "".join(f", {words}" for words in rest[:-1])
        return f"{said}, and {rest[-1]}?"

    # Descriptions

    def _statement(self, telling: _Telling, vertex: Vertex) -> str:
        """A sentence of its own: "A certain university is known for physics and is the alma mater of Max Born." """
        person = self.names.is_person(vertex.page)
        noun = self._kind(vertex, telling.clues)
        parts = self._parts(telling, vertex, person)
        called = f"{noun}{_with(parts.measures)}"
        predicates = [*parts.verbs, *parts.nested]
        first = telling.spoken[vertex.id][0]
        if parts.nested_other or not predicates:
            pieces = [*parts.relatives, *parts.possessives, *_who(predicates, person), *parts.nested_other]
            opening = "There is another" if first == "Another" else f"There is {a(noun)}"
            return f"{opening} {called} {listed(pieces)}." if pieces else f"{opening} {called}."
        inserted = _inserted(parts, person)
        aside = f", {listed(inserted)}," if inserted else ""
        return f"{first} {called}{aside} {listed(predicates)}."

    def _noun_phrase(self, telling: _Telling, vertex: Vertex, outer: bool) -> str:
        """`outer` says whether what is described around it is a person too, so that "who" alone is not clear."""
        if vertex.role == "leaf":
            return self.names.name(vertex.page)
        if vertex.id in telling.style.apart:
            return telling.spoken[vertex.id][1]
        clues, person = telling.clues, self.names.is_person(vertex.page)
        noun = self._kind(vertex, clues)
        parts = self._parts(telling, vertex, person)
        another = vertex.parent and telling.tree.vertex(vertex.parent).noun == vertex.noun
        article = "the" if vertex.role == "inner" else "another" if another else a(noun)
        called = f"{article} {noun}{_with(parts.measures)}"
        verbs = [*parts.verbs, *parts.nested]
        only = verbs if not (parts.relatives or parts.possessives or parts.nested_other) else []
        if len(only) == 1 and re.match(r"(?:is|was) (?:in|on|at|near|within) ", only[0]):
            said = only[0].split(" ", 1)[1]  # "that is in Germany" is said "in Germany"
            clues.update((c.id, said) for c in vertex.constraints if clues.get(c.id) == only[0])
            if article == "another":  # "another country in Oceania" would be one of two there
                called = f"{a(noun)}{called.removeprefix('another')}"
            return f"{called} {said}"
        pieces = [*parts.relatives, *parts.possessives]
        repeat = outer == person or vertex.depth > 1 or bool(pieces)
        pronoun = "who" if person else "that"
        if repeat or _subordinate(verbs):
            pieces += [f"{pronoun} {verb}" for verb in verbs]
        elif verbs:
            pieces.append(f"{pronoun} {listed(verbs)}")
        pieces += parts.nested_other
        return f"{called} {listed(pieces)}" if pieces else called

    def _kind(self, vertex: Vertex, clues: dict[str, str]) -> str:
        """The noun, with what a category of that very kind says of it: "moon of Uranus"."""
        noun = vertex.noun
        for constraint in vertex.constraints:
            found = _CATEGORY.fullmatch(constraint.value) if constraint.kind == "category" else None
            if found and noun == vertex.noun and singular(found["nouns"].lower()) == noun.rsplit(" ", 1)[-1]:
                noun = f"{noun} {category_words(found['rest'])}"
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
            key=lambda c: (c.nested, c.heavy, sign * c.weight, _ordinal(c.other), [sign * ord(x) for x in c.constraint.id]),
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
            if constraint.kind == "fact" and _QUALITY.search(said[0].text) and re.fullmatch(r"[A-Z][a-z]+(?:[ ,-][a-z]+)*", other):
                other = other[:1].lower() + other[1:]  # "whose climate is tropical"
            if constraint.kind == "interval":
                other = _POWER.sub(lambda m: m[1] + {"2": "²", "3": "³"}[m[2]], other)
            elif constraint.kind == "category":
                other = category_words(other[:1].lower() + other[1:])  # "Towns on the Rhine", and a plural comes first
            if constraint.other:
                beneath = telling.tree.vertex(constraint.other)
                other = self._noun_phrase(telling, beneath, person)
                bare = self.names.bare(beneath.page) if beneath.role == "leaf" else other
                nested = beneath.role == "inner" and beneath.id not in telling.style.apart
                page, kind = beneath.page, self.names.head(beneath.page)
                if self.names.corpus.nouns[page] in ("space telescope", "space station", "space observatory"):
                    kind = "spacecraft"  # which no country is home to
                name = other if beneath.role == "leaf" else ""
                said = fitted(said, self.names.head(vertex.page), kind, name)
                if said[0].text == CONNECTED:
                    said = connected(vertex.depth + telling.style.opening)
                if nested and (own := self._same_noun(telling, said, beneath)):
                    said, other, nested = *own, False
            found.append(Clue(constraint, said, other, bare, nested, page, kind))
        return found

    def _same_noun(self, telling: _Telling, said: Sequence[Clause], beneath: Vertex) -> tuple[tuple[Clause, ...], str] | None:
        """ "Whose customer is also the customer of X", where "whose customer is the customer that …" would be said."""
        same = re.compile(rf"(?:[\w-]+ )*{re.escape(head(beneath.noun))} (?:is|was) \{{o\}}")
        whose = next((f for f in said if f.form == "possessive" and same.fullmatch(f.text)), None)
        if whose is None or any(c.kind == "category" for c in beneath.constraints):
            return None
        inside = _Telling(telling.tree, telling.style, telling.spoken)
        parts = self._parts(inside, beneath, self.names.is_person(beneath.page))
        if parts.measures or parts.relatives or parts.possessives or parts.nested_other or not parts.verbs:
            return None
        first, *others = [*parts.verbs, *parts.nested]
        if not re.search(rf"\b{re.escape(head(beneath.noun))}\b", first):
            return None  # nothing is the same but the noun
        inside.clues.update((c, _also(first)) for c, words in list(inside.clues.items()) if words == first)
        self._kind(beneath, inside.clues)
        telling.clues.update(inside.clues)
        return (Clause("possessive", whose.text.rsplit(" ", 2)[0] + " {o}"),), listed([_also(first), *others])


def _styles(first: int, apart: list[tuple[str, ...]]) -> Iterator[Style]:
    """All styles, from the opening `first` on; what differs most from the ones before comes first."""
    for turn in range(OPENINGS):
        yield Style((first + turn) % OPENINGS, turn % 2 == 1, apart[turn % len(apart)])
    for turn in range(OPENINGS):
        yield from (Style((first + turn) % OPENINGS, backward, way) for backward in (False, True) for way in apart)


def _nouns(tree: ResearchTree, apart: tuple[str, ...]) -> set[str]:
    return {v.noun for v in tree.vertices if v.id in apart}


def _inserted(parts: Parts, person: bool) -> list[str]:
    """Relatives and possessives as they stand between commas behind the root's noun."""
    return [re.sub(r"^that ", "which ", words) for words in parts.relatives] + parts.possessives


def _ordinal(words: str) -> int:
    """ "The first chemist" is told before "the second chemist"."""
    return 1 if words.startswith("the second ") else 0


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
