"""No clue is lost, and each hangs on its own vertex: the clues are read back from the questions of a whole run.

The reader below knows how our questions are built and nothing of how they are made: names and values are found in the text, the
openings of descriptions ("the mineral that", "a country in which", "A certain sea") are counted, and each name belongs to the
description that is open where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise, permutations
from pathlib import Path

import pytest

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.names import Names
from infoseek_offline.records import Constraint, ResearchTree, Vertex

PREPOSITION = "in|on|at|by|to|of|for|from|with|through|after|before|under|into|along|around|near|aboard|upon|against"
PRONOUN = rf"(?:where|that|who|whom|which|whose|(?:{PREPOSITION}) (?:which|whom))"
# Relations that a question says in words that share nothing with the claim's.
OTHERWISE = (
    ("studied|student at|graduated", "alma mater|educated|students|taught|studied"),
    ("worked at|worked for|posts", "employed"),
    ("worked in", "research|fields"),
    ("student of|teacher", "taught"),
    ("taught", "student"),
    ("received|honoured|given", "awarded|received"),
    ("member|elected|joined", "among its members|elected|member"),
    (" is in | lies in| on |city|state|town|river|mountain|volcano|lake|desert|island|capital", "home to|include|lie|in|on|flow"),
    ("country| in $", "home to|include|lies|lie"),
    (r"^ (?:is|was) an? $", r"\b(?:is|was) an? |belongs to"),
    ("part of|belongs|belonged", "includ|part of|belong|from|home to"),
    ("satellite|moon", "orbit"),
    ("contains|occurs", "found|contains|occurs"),
    ("has a name", "known|associated"),
    ("known for", "associated"),
    ("lies by|coast|shore|washed", "shore|coast|lies|borders|by which|lie"),
    ("set out|starting|goal", "destination|starting|set out|goal"),
    ("born", "birth"),
    ("birth", "born"),
    ("died", "death"),
    ("death", "died"),
    ("burial", "buried"),
    ("buried", "burial"),
    ("found", "discover"),
    ("flew|flight", "carried|passed|flew"),
    ("took part", "participants"),
    ("has a common border", "border"),
    ("connected", "associated|linked"),
    ("gift", "award"),
    ("written", "wrote"),
    ("came upon", "discovered"),
    ("named after", "namesake"),
    ("came from", "home to"),
    ("flows into", "waters"),
    ("flows through", "crossed"),
    ("sent to", "destination"),
    ("mission", "into space"),
    ("drains", "receives waters"),
    ("relied on", "used by"),
    ("owned by", "owns"),
    ("dedicated", "honoured"),
    ("project of", "belong"),
    ("worked|works", r"works? (?:at|in|for)"),
    ("namesake|named after|name", "gave its name"),
    (r" is (?:an?|one of) ", "among its|belong"),
    ("student|studied", "studied|students"),
    ("devoted", "concern"),
    ("place of teaching", r"\bin\b"),
    ("fed by", "feeds"),
    ("expedition to|voyage to|journey to", "set out"),
    ("involved", "worked on"),
    ("looks out", "lie|shore"),
    (r" was (?:an? [a-z ]+ )?in ", "home to|included|was"),
    ("worked in", "pursued"),
    (r" an? [a-z ]+ from ", "comes? from|came from"),
)


@dataclass
class Open:
    """A description that is open: of which vertex, and whether a comma ends it."""

    vertex: str
    vague: bool
    bare: bool = False


@dataclass
class Read:
    """What a question says: (owner, what stands there, the words around it)."""

    names: list[tuple[str, str, str]] = field(default_factory=list)
    descriptions: list[tuple[str, str, str]] = field(default_factory=list)  # (owner, vertex, words)


def read(tree: ResearchTree, question: str, names: set[str], unused: list[Vertex]) -> Read:
    """`names`: all names and values that may stand in the text; `unused`: the described vertices, those of one kind in the order
    in which they are met."""
    marks = sorted(names, key=lambda name: (-len(name), name))
    text = question
    for number, name in enumerate(marks):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"⟦{number}⟧", text)
    found = Read()
    apart: dict[str, str] = {}
    for sentence in re.split(r"(?<=\.) (?=A certain |One |Another |There is |Which |What |Who )", text):
        head = re.match(r"(?:A certain|One|Another|There is (?:an?|another)) ", sentence)
        stack = [Open(tree.root.id, False)]
        if head:
            fits = (v for v in unused if v.role == "inner" and re.match(rf"{re.escape(v.noun)}\b", sentence[head.end() :]))
            if (vertex := next(fits, None)) is None:
                return found  # it describes what is not in the tree
            unused.remove(vertex)
            one_of_two = "second" if "nother" in head[0] else "first"
            apart[f"the {one_of_two} {vertex.noun}"] = vertex.id
            if "nother" not in head[0]:
                apart[f"this {vertex.noun}"] = vertex.id
            stack = [Open(vertex.id, False)]
        _sentence(sentence, stack, unused, apart, tree, marks, found)
    return found


def _sentence(
    sentence: str, stack: list[Open], unused: list[Vertex], apart: dict[str, str], tree: ResearchTree, marks: list[str], found: Read
) -> None:
    nouns = "|".join(sorted({re.escape(v.noun) for v in tree.vertices if v.role != "leaf"}, key=len, reverse=True))
    event = re.compile(
        rf"⟦(?P<mark>\d+)⟧|\b(?P<this>(?:this|the first|the second) (?:{nouns}))\b|"
        rf"\bwhose (?:[\w-]+ )*?(?P<own>{nouns}) (?=(?:is |was )?also )|"
        rf"\b(?P<article>the|an?|another) (?P<noun>{nouns})(?= (?:with an? |{PRONOUN} |in |on |at |of |near |within |⟦))|"
        r"(?P<also>, and (?=(?:that |who )?(?:is |was |are |were )?also ))|(?P<comma>,)|(?P<and> and )"
    )
    base = stack[0]
    all_words = sentence  # the verb of "in which the physicist who … worked" may stand far behind its subject
    for at in event.finditer(sentence):
        words = sentence[max(0, at.start() - 70) : at.end() + 50]
        if at["mark"]:
            found.names.append((stack[-1].vertex, marks[int(at["mark"])], words))
        elif at["this"]:
            found.descriptions.append((stack[-1].vertex, apart[at["this"]], all_words))
        elif at["own"]:
            if (vertex := _next(unused, stack, tree, at["own"], False)) is not None:
                found.descriptions.append((stack[-1].vertex, vertex.id, all_words))
                unused.remove(vertex)
                stack.append(Open(vertex.id, False, True))
        elif at["noun"]:
            if at.start() < 30 and re.match(r"(?:What|Who) is (?:the name of )?$", sentence[: at.start()]):
                continue  # the root itself
            vague = at["article"] != "the"
            vertex = _next(unused, stack, tree, at["noun"], vague)
            if vertex is None:
                continue
            found.descriptions.append((stack[-1].vertex, vertex.id, all_words))
            unused.remove(vertex)
            stack.append(Open(vertex.id, vague, not re.match(rf" (?:with|{PRONOUN}) ", sentence[at.end() :])))
        elif at["also"]:
            stack[:] = [base]
        else:
            while stack[-1].vague and (at["comma"] or stack[-1].bare):
                stack.pop()


def _next(unused: list[Vertex], stack: list[Open], tree: ResearchTree, noun: str, vague: bool) -> Vertex | None:
    """The described vertex that opens here. Which of several alike it is, only the tree can say: the one that belongs here."""
    fits = [v for v in unused if v.noun == noun and (v.role == "blur") == vague]
    return next((v for v in fits if v.parent == stack[-1].vertex), fits[0] if fits else None)


def says(relation: str, words: str) -> bool:
    """Whether the words around a name hold the relation: a word's stem, or what else it may be called."""
    stems = {w[:5] for w in re.findall(r"[a-z]{3,}", relation)} - set("with from that into was has the its and one".split())
    if any(re.search(rf"\b{stem}", words) for stem in stems):
        return True
    return any(re.search(told, f" {relation.strip()} ") and re.search(said, words) for told, said in OTHERWISE)


def named(names: Names, vertex: Vertex) -> set[str]:
    name = names.name(vertex.page)
    return {name, name.removeprefix("the "), names.bare(vertex.page)}


def told(names: Names, tree: ResearchTree) -> Iterator[tuple[Vertex, Constraint, set[str]]]:
    """Each constraint with what must stand in the text for it; nothing for a description."""
    for vertex in tree.vertices:
        for c in vertex.constraints:
            if c.kind == "link":
                below = tree.vertex(c.other)
                yield vertex, c, named(names, below) if below.role == "leaf" else set()
            elif c.kind == "category":
                first, _, rest = c.value.partition(" ")
                yield vertex, c, {rest, f"{first.lower()} {rest}"}
            else:
                value = re.sub(r"\b(km|cm|m|mm)([23])\b", lambda m: m[1] + {"2": "²", "3": "³"}[m[2]], c.value)
                yield vertex, c, {value, value[:1].lower() + value[1:]}


def lost(names: Names, tree: ResearchTree, question: str) -> list[str]:
    """The constraints that the question does not say, or says of another vertex."""
    wanted = list(told(names, tree))
    texts = {text for _, c, those in wanted for text in those if c.kind != "type"}
    described = [v for v in tree.vertices if v.role in ("inner", "blur")]
    # Which of two minerals is told first, the text does not say but by its clues: one order must fit all.
    found = (_missing(wanted, tree, question, read(tree, question, texts, list(order))) for order in permutations(described))
    return min(_until_none(found), key=len)


def _until_none(found: Iterator[list[str]]) -> Iterator[list[str]]:
    for missing in islice(found, 200):
        yield missing
        if not missing:
            return


def _missing(wanted: list[tuple[Vertex, Constraint, set[str]]], tree: ResearchTree, question: str, heard: Read) -> list[str]:
    missing = []
    for vertex, c, those in wanted:
        relation = re.sub(r"\{\w+\}", " ", c.wording)
        if c.kind == "type":
            good = re.search(rf"\b{re.escape(vertex.noun)}\b", question) is not None
        elif c.kind == "link" and tree.vertex(c.other).role != "leaf":
            good = any(
                (owner, below) == (vertex.id, c.other) and says(relation, words) for owner, below, words in heard.descriptions
            )
        else:
            good = any(
                owner == vertex.id and name in those and (c.kind == "category" or says(relation, words))
                for owner, name, words in heard.names
            )
        if not good:
            missing.append(f"{c.id} {c.wording} {sorted(those)}")
    return missing


@pytest.fixture(scope="module")
def names(sample_home: Path) -> Names:
    return Names(Corpus.open(sample_home / "corpus"))


def test_all_clues_are_read_back_from_all_phrasings_of_a_run(sample_run: Path, names: Names) -> None:
    read_back = 0
    for item in pipeline.questions(sample_run):
        for question in (item.question, *(other.question for other in item.phrasings)):
            assert lost(names, item.tree, question) == [], question
            read_back += 1
    assert read_back > 80


def test_a_lost_or_moved_clue_is_noticed(sample_run: Path, names: Names) -> None:
    """The reader is no rubber stamp: a question without one name, or of another tree, does not say what the tree says."""
    items = pipeline.questions(sample_run)
    for item, other in pairwise(items[:11]):
        leaf = next(v for v in item.tree.vertices if v.role == "leaf" and names.name(v.page) in item.question)
        without = item.question.replace(names.name(leaf.page), "something")
        assert lost(names, item.tree, without)
        assert lost(names, item.tree, other.question)


def test_questions_are_no_longer_than_a_breath_for_each_vertex(sample_run: Path) -> None:
    """At most 90 words for six vertices, and fifteen for each further one."""
    for item in pipeline.questions(sample_run):
        for question in (item.question, *(other.question for other in item.phrasings)):
            assert len(question.split()) <= max(90, 15 * item.vertices), question
