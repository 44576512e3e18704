"""Whether a question that a model wrote tells every clue and adds nothing: by its words, with no model.

A clue is told where its words (a verbatim part of the question) hold the name of what it leads to, or its kind where the question
describes it, all numbers, and all main words of the relation, in any order and with other endings. Added is a number, a
capitalised word or the name of a page of the corpus that no clue has. checks/told.py computes the same a second time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.kinds import a
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, ResearchTree, Vertex

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?:^|[.?!]\s+)[\"“‘'(]*(?=\w)")
_LABEL = re.compile(r"\bT\d+\b")
UNKNOWN = "subject"  # how a thing is called whose kind the corpus does not tell
MAX_NAME_WORDS = 6
MAX_ENDING = 3  # letters in which two forms of one word differ
# Words that carry no clue of their own; a question may have any of them, also at its beginning.
SMALL = frozenset(
    (
        "a an the this that these those it its he his him she her hers they their them who whom whose which what where when how "
        "and or but nor not no also both either neither as at by for from in into of off on onto out over per to under up upon "
        "with within without about across after along among around before behind below beneath beside between beyond down during "
        "inside near outside since through throughout toward towards until via "
        "is are was were be been being am has have had having do does did done can could may might will would shall should "
        "one ones same such some any each every all more most other another there here then than so too very "
        "name names named called known identify find tell give consider imagine say person people thing place kind type sort "
        "if while though although once later first"
    ).split()
)
# Of a relation's words, those that only join: the rest must stand in the clue.
_JOINING = SMALL - {"named", "known", "first", "called"} | frozenset(
    "include includes included lies lie located situated became become".split()
)


def words_of(text: str) -> list[str]:
    """Letters and digits in runs, casefolded; "km²" and "km2" are the same."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def same_word(a: str, b: str) -> bool:
    """Equal, or two forms of one word: "discovered" and "discovery", "study" and "studied". Numbers must be equal."""
    if a == b or any(c.isdigit() for c in a + b):
        return a == b
    short, long = sorted((len(a), len(b)))
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), short)
    return common >= max(3 if short < 5 else 4, short - 2) and long - common <= MAX_ENDING


def same_name(name: str, word: str) -> bool:
    """The last word of a name as it may stand in a question: "nebulae" for "nebula"; nearer than `same_word`, since "borax" is not
    "boron"."""
    if name == word or any(c.isdigit() for c in name + word):
        return name == word
    return len(name) >= 3 and word.startswith(name[:-1]) and abs(len(word) - len(name)) <= MAX_ENDING


# A bare connection is said in one of these ways, and in no stronger one.
BARE = "connected"
CONNECTED = frozenset("connected connection associated association linked link related relation".split())


def main_words(constraint: Constraint) -> list[str]:
    """The words of the relation and of a literal value that must stand in the clue."""
    relation = re.sub(r"\{[vo]\}", " ", constraint.wording if constraint.key != BARE else "")
    return list(dict.fromkeys(w for w in words_of(f"{relation} {constraint.value}") if w not in _JOINING))


def missing_words(tree: ResearchTree, constraint: Constraint, clue: str) -> list[str]:
    """What of a constraint the clue's words do not hold."""
    said = words_of(clue)
    missing = [w for w in main_words(constraint) if not any(same_word(w, s) for s in said)]
    if constraint.key == BARE and CONNECTED.isdisjoint(said):
        missing.append(BARE)
    if constraint.other:
        other = tree.vertex(constraint.other)
        name = base_title(other.title) if other.role == "leaf" else other.noun
        if not _together(words_of(name), said):
            missing.append(name)
    return missing


def _together(name: Sequence[str], said: Sequence[str]) -> bool:
    """Whether the name's words stand one behind the other; the last may have another ending ("nebula", "nebulae")."""
    size = len(name)
    return any(
        list(said[i : i + size - 1]) == list(name[:-1]) and same_name(name[-1], said[i + size - 1])
        for i in range(len(said) - size + 1)
    )


def stands_in(words: str, text: str) -> bool:
    """Verbatim, and not in the middle of a word."""
    return words.strip() != "" and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def untold(tree: ResearchTree, question: str, clues: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(constraint id, reason) for each constraint that its clue does not tell."""
    for vertex in tree.vertices:
        for constraint in vertex.constraints:
            clue = clues.get(constraint.id, "")
            if not stands_in(clue, question):
                yield constraint.id, f"{clue!r} is no part of the question" if clue else "it is not told"
            elif constraint.kind == "type":
                if clue != vertex.noun:
                    yield constraint.id, f"{clue!r} is not the kind {vertex.noun!r}"
            elif clue.strip(" ?.") == question.strip(" ?."):
                yield constraint.id, "the whole question is given for it"
            elif missing := missing_words(tree, constraint, clue):
                yield constraint.id, f"{clue!r} lacks {_listed(missing)}"


def lacking(tree: ResearchTree, question: str) -> Iterator[tuple[str, str]]:
    """(constraint id, reason) for each constraint that no words of the question can tell."""
    for vertex in tree.vertices:
        for constraint in vertex.constraints:
            missing = [] if constraint.kind == "type" else missing_words(tree, constraint, question)
            if missing:
                yield constraint.id, f"the question lacks {_listed(missing)}"
        if vertex.role != "leaf" and any(c.kind == "type" for c in vertex.constraints) and not stands_in(vertex.noun, question):
            yield vertex.id, f"the question lacks {vertex.noun!r}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(repr(word) for word in words)


def form_faults(tree: ResearchTree, question: str) -> Iterator[str]:
    """What is wrong with the question before any clue is looked for."""
    if "\n" in question or not question.endswith("?") or question != " ".join(question.split()):
        yield "it is not one line that ends with a question mark"
    if _LABEL.search(question):
        yield f"it says {_LABEL.findall(question)[0]}"
    if tree.root.noun != UNKNOWN and not _together(words_of(tree.root.noun), words_of(question)):
        yield f"it does not say that T1 is a {tree.root.noun!r}"


# What was added


def material(tree: ResearchTree) -> list[str]:
    """All that a question on the tree may say."""
    found = []
    for vertex in tree.vertices:
        found.append(vertex.noun)
        if vertex.role == "leaf":
            found += [base_title(vertex.title), vertex.title]
        found += [text for c in vertex.constraints for text in (re.sub(r"\{[vo]\}", " ", c.wording), c.value)]
    return found


def added(corpus: Corpus, tree: ResearchTree, question: str) -> list[str]:
    """Numbers, capitalised words and names of pages that stand in the question and in no clue."""
    texts = material(tree)
    known = {w for text in texts for w in words_of(text)}
    starts = {m.end() for m in _SENTENCE.finditer(question)}
    found = []
    for word in _WORD.finditer(question):
        low = " ".join(words_of(word[0]))
        if low in known or low == "s":
            continue
        if any(c.isdigit() for c in low) or (
            word[0][0].isupper() and not any(same_name(k, low) for k in known) and not (word.start() in starts and low in SMALL)
        ):
            found.append(word[0])
    pages = {page for text in texts for _, page in names_in(corpus, text, known)}
    pages |= {v.page for v in tree.vertices if v.role == "leaf"}
    found += [name for name, page in names_in(corpus, question, known) if page not in pages and name not in found]
    return list(dict.fromkeys(found))


def names_in(corpus: Corpus, text: str, known: set[str]) -> Iterator[tuple[str, int]]:
    """(words, page) of the titles and redirects of up to six words in a text. A single word counts in lower case only where links
    show it so, and it is none of the known words."""
    words = list(_WORD.finditer(text))
    for i, first in enumerate(words):
        for last in words[i : i + MAX_NAME_WORDS]:
            name = text[first.start() : last.end()]
            if first[0].casefold() in SMALL or last[0].casefold() in SMALL:
                continue
            page = corpus.resolve(name)
            if page is None:
                continue
            if first is last and name[0].islower():
                low = name.casefold()
                if any(same_name(k, low) for k in known) or dict(corpus.aliases(page)).get(name, 0) < 2:
                    continue
            yield name, page


def kind_of(vertex: Vertex) -> str:
    """How a question calls a described vertex: "the scientist", "a country"."""
    if vertex.role == "blur":
        return f"{a(vertex.noun)} {vertex.noun}"
    return f"the {vertex.noun}"
