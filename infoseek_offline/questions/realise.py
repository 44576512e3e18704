"""From a research tree to one English question, and the words in it that state each clue.

The root's kind comes first ("Which moon …"), named pages stand by name, inner vertices as nested descriptions ("the astronomer
who was born in Hanover"), vague ones with "a". Short clues come before long ones, so that each relative clause stands behind
what it describes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.clauses import Clause, clause
from infoseek_offline.questions.names import Names
from infoseek_offline.records import Constraint, ResearchTree, Vertex


@dataclass(frozen=True)
class Wording:
    """`clues` gives for each constraint id the words of `question` that state it; a clue that leads to a described page holds
    that page's description too."""

    question: str
    clues: dict[str, str]


@dataclass(frozen=True)
class _Clue:
    constraint: Constraint
    clause: Clause
    other: str  # the words for {o}
    weight: int  # words, with what is nested

    def verb(self) -> str:
        return self.clause.text.replace("{o}", self.other)

    def relative(self, person: bool) -> str:
        """The clue as a relative clause, with its relative pronoun."""
        text = self.clause.text.replace("{o}", self.other)
        if self.clause.form == "verb":
            return f"{'who' if person else 'that'} {text}"
        if self.clause.form == "possessive":
            return f"whose {text}"
        if self.clause.preposition:
            return f"{self.clause.preposition} {'whom' if person else 'which'} {text}"
        return f"{'whom' if person else 'that'} {text}"


class Realiser:
    """Puts the trees of one corpus into words; pure: the same tree gives the same question."""

    def __init__(self, corpus: Corpus) -> None:
        self.names = Names(corpus)

    def realise(self, tree: ResearchTree) -> Wording:
        """Raises ValueError for a constraint whose wording is not realisable; such constraints are not offered (trees/options)."""
        clues: dict[str, str] = {}
        question = self._question(tree, clues)
        return Wording(question, clues)

    def _question(self, tree: ResearchTree, clues: dict[str, str]) -> str:
        root = tree.root
        person = self.names.is_person(root.page)
        noun = self._kind(root, clues)
        told = self._clues(tree, root, clues)
        predicates = [c for c in told if c.clause.form == "verb"]
        if predicates:
            main = predicates[-1]
            rest = [c for c in told if c is not main]
            if not rest:
                return f"Which {noun} {main.verb()}?"
            inserted = _join([self._inserted(c, person) for c in rest], rest)
            return f"Which {noun}, {inserted}, {main.verb()}?"
        return f"What is the {noun} {self._relatives(told, person)}?"

    def _inserted(self, clue: _Clue, person: bool) -> str:
        words = clue.relative(person)
        if clue.clause.form == "verb" and not person:
            return "which" + words[4:]
        if words.startswith("that "):
            return "which" + words[4:]
        return words

    def _noun_phrase(self, tree: ResearchTree, vertex: Vertex, clues: dict[str, str]) -> str:
        if vertex.role == "leaf":
            return self.names.name(vertex.page)
        person = self.names.is_person(vertex.page)
        noun = self._kind(vertex, clues)
        told = self._clues(tree, vertex, clues)
        article = "the" if vertex.role == "inner" else _a(noun)
        if not told:
            return f"{article} {noun}"
        return f"{article} {noun} {self._relatives(told, person)}"

    def _kind(self, vertex: Vertex, clues: dict[str, str]) -> str:
        for constraint in vertex.constraints:
            if constraint.kind == "type":
                clues[constraint.id] = vertex.noun
        return vertex.noun

    def _clues(self, tree: ResearchTree, vertex: Vertex, clues: dict[str, str]) -> list[_Clue]:
        """The vertex's clues, short ones first, what is nested last."""
        found = []
        for constraint in vertex.constraints:
            if constraint.kind == "type":
                continue
            form = clause(constraint.wording)
            if form is None:
                raise ValueError(f"no clause for {constraint.wording!r}")
            other = constraint.value
            if constraint.other:
                other = self._noun_phrase(tree, tree.vertex(constraint.other), clues)
            if "the {o}" in form.text and re.match(r"(?i)(the|an?) ", other):
                form = Clause(form.form, form.text.replace("the {o}", "{o}"), form.preposition)
            clue = _Clue(constraint, form, other, len(other.split()))
            clues[constraint.id] = _clue_words(clue)
            found.append(clue)
        nested = {c.id for c in vertex.constraints if c.other and tree.vertex(c.other).role == "inner"}
        order = {"possessive": 0, "verb": 1, "relative": 2}
        return sorted(found, key=lambda c: (c.constraint.id in nested, c.weight > 8, order[c.clause.form], c.constraint.id))

    def _relatives(self, told: list[_Clue], person: bool) -> str:
        """Relative clauses in a row; verb phrases behind each other share their pronoun."""
        pieces: list[str] = []
        kinds: list[str] = []
        if len(told) == 1 and told[0].clause.form == "verb":
            return _reduced(told[0].verb(), person)
        index = 0
        while index < len(told):
            run = [told[index]]
            while (
                told[index].clause.form == "verb" and index + 1 < len(told) and told[index + 1].clause.form == "verb"
                and told[index].weight <= 8
            ):  # fmt: skip
                index += 1
                run.append(told[index])
            index += 1
            if len(run) > 1:
                verbs = [c.verb() for c in run]
                pieces.append(f"{'who' if person else 'that'} {_listed(verbs)}")
            else:
                pieces.append(run[0].relative(person))
            kinds.append(run[0].clause.form)
        return _listed(pieces)


def _reduced(verb: str, person: bool) -> str:
    """ "that is in Germany" is said "in Germany"."""
    if re.match(r"(is|was) (in|on|at|near|within) ", verb):
        return verb.split(" ", 1)[1]
    return f"{'who' if person else 'that'} {verb}"


def _clue_words(clue: _Clue) -> str:
    text = clue.clause.text.replace("{o}", clue.other)
    if clue.clause.form == "relative" and clue.clause.preposition:
        return f"{clue.clause.preposition} which {text}"
    return text


def _listed(pieces: list[str]) -> str:
    if len(pieces) <= 1:
        return "".join(pieces)
    if len(pieces) == 2:
        return f"{pieces[0]} and {pieces[1]}"
    return f"{', '.join(pieces[:-1])} and {pieces[-1]}"


def _join(pieces: list[str], clues: list[_Clue]) -> str:
    return _listed(pieces)


def _a(noun: str) -> str:
    return "an" if re.match(r"(?i)[aeio]|u[^ns]|un[^i]|us[^e]|hour|honest|honou?r", noun) and not re.match(r"(?i)one\b|eu", noun) else "a"
