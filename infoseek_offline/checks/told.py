"""The clues of a question held against its tree: the verifier's part for words, those of the rules and those of a model.

Each claim comes as (claim, whether it holds, detail). The words of the rules hold the other side of the constraint, a description
with all its own clues. Those of a model hold all main words of the constraint and the name or kind of its other side; and a
question of a model adds no number, no capitalised word and no page of the corpus.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from infoseek_offline.checks.stored import WORD, Stored, head
from infoseek_offline.records import Constraint, ResearchTree

RULES = "rules"  # who wrote a question that no model did
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
CONNECTED = set("connected connection associated association linked link related relation".split())
JOINING = SMALL | set("include includes included lies lie located situated became become".split())
JOINING -= set("named known first called".split())


def words_in(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def clue_claims(
    stored: Stored, tree: ResearchTree, text: str, clues: dict[str, str], written_by: str = RULES
) -> Iterator[tuple[str, bool, str]]:
    """The clues of one phrasing, whose text is given."""
    constraints = {c.id: (v, c) for v in tree.vertices for c in v.constraints}
    yield "clue", set(clues) == set(constraints), f"given for {' '.join(clues)}, and not for {' '.join(constraints)}"
    if written_by != RULES:
        faults = dict(_faults(tree, text, clues))
        yield from ((f"clue {name}", name not in faults, faults.get(name, "")) for name in constraints)
        new = additions(stored, tree, text)
        yield "clue", not new, f"the question adds {', '.join(new)}"
        return
    for name in sorted(set(clues) & set(constraints)):
        vertex, c = constraints[name]
        clue, claim = clues[name], f"clue {name}"
        yield claim, _stands_in(clue, text), f"{clue!r} does not stand in the question"
        if c.kind == "type":
            yield claim, clue == vertex.noun and head(clue) == c.value, f"{clue!r} is not the kind of {vertex.id}"
        for words in filter(None, _other_side(tree, c, clues)):
            place = clue
            if words == "subject" and stored.language.startswith("it"):
                words = "voce"  # what a page of no known kind is called there
            below = tree.vertex(c.other) if c.kind == "link" else None
            if below and below.role == "inner" and words != below.noun:  # what describes "this island" stands before it
                place = f"{_told_apart(text, below.noun, clue)} {clue}"  # which may tell another one as well
            held = _stands_in(words, place) or words.casefold()[:-1] in place.casefold()  # "Nebula" may be "nebulae" there
            held = held or (words == "voce" and _stands_in("ciò", place))
            if c.kind == "category":  # "in the United Kingdom"
                bare = place.replace(" the ", " ")
                forms = [form.replace(" the ", " ") for form in (words, _one_of(words, stored.language))]
                held = held or any(_stands_in(form, bare) for form in forms)
            held = held or (c.kind == "interval" and stored.language.startswith("it") and _same_numbers(words, place))
            yield claim, held, f"{place!r} does not hold {words!r}"


def _stands_in(words: str, text: str) -> bool:
    """Whether the text says the words: as they are, with "which" for "that", or with "is in …" shortened to "in …"."""
    forms = {words, re.sub(r"^that ", "which ", words), re.sub(r"^(is|was) ", "", words)}
    return words != "" and any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text) for form in forms)


def _told_apart(question: str, noun: str, clue: str) -> str:
    """The sentence that describes "this NOUN" of a clue, or those of "the first NOUN" and "the second NOUN"; "" where the clue
    holds the description itself."""
    said = re.findall(rf"\b(this |the first |the second |quest[oa] |quest'){re.escape(noun)}\b", clue)
    sentences = re.split(r"(?<=\.) (?=(?:A certain|One|Another|There is|Which|What|Who|C'è|Qual|Quale|Chi|Sapresti) )", question)
    openings = "|".join({_OPENINGS.get(words, _OPENINGS[""]) for words in said})
    return " ".join(s for s in sentences if said and re.match(rf"(?:{openings}){re.escape(noun)}\b", s))


_OPENINGS = {
    "": r"A certain |There is an? |C'è (?:un[ao]? |un')",
    "the first ": r"One |A certain |There is an? ",
    "the second ": r"Another |There is another ",
}


def _same_numbers(value: str, clue: str) -> bool:
    """Whether the clue says the range's numbers, one behind the other, with the separators of another language."""
    told, said = ([re.sub(r"[.,]", "", n) for n in re.findall(r"\d[\d.,]*", text)] for text in (value, clue))
    return len(told) == 2 and told == said[: len(told)]


def _one_of(category: str, language: str) -> str:
    """ "moon of Uranus" for "Moons of Uranus"; of an Italian category all but its first word, whose singular is not made here."""
    if language.startswith("it"):
        return category.partition(" ")[2]
    found = re.fullmatch(r"(\w+?)(ies|(?:(?<=ss)|(?<=sh)|(?<=ch)|(?<=x))es|s) (.+)", category)
    return f"{found[1].lower()}{'y' if found[2] == 'ies' else ''} {found[3]}" if found else category


def _other_side(tree: ResearchTree, c: Constraint, clues: dict[str, str]) -> Iterator[str]:
    """The words that a clue must hold for its other side: a name, a value, or a description and all its clues."""
    below = tree.vertex(c.other) if c.kind == "link" else None
    if below is None:
        yield c.value if c.kind != "type" else ""
    elif below.role == "leaf":
        yield _base(below.title)
    else:
        yield below.noun
        yield from (clues.get(lower.id, "") for lower in below.constraints)


def borne_out(wording: str, sentence: str) -> bool:
    """Whether half of a relation's main words stand in the sentence, in any form; what a model claims may be in other words, but
    not in none of these."""
    main = set(words_in(re.sub(r"\{\w\}", " ", wording))) - JOINING
    said = words_in(sentence)
    return 2 * sum(any(_forms_of_one(word, other) for other in said) for word in main) >= len(main)


# Of a model


def _faults(tree: ResearchTree, question: str, clues: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(constraint id, fault) for the clues of a question that a model wrote."""
    for v in tree.vertices:
        for c in v.constraints:
            clue = clues.get(c.id, "")
            if not clue.strip() or not re.search(rf"(?<!\w){re.escape(clue)}(?!\w)", question):
                yield c.id, f"{clue!r} does not stand in the question"
            elif c.kind == "type":
                if clue != v.noun:
                    yield c.id, f"{clue!r} is not the kind of {v.id}"
            elif clue.strip(" ?.") == question.strip(" ?."):
                yield c.id, "is the whole question"
            else:
                said = words_in(clue)
                if c.key == "connected" and not CONNECTED & set(said):
                    yield c.id, f"{clue!r} does not say that they are connected"
                for wanted in _demanded(c):
                    if not any(_forms_of_one(wanted, word) for word in said):
                        yield c.id, f"{clue!r} does not hold {wanted!r}"
                other = _other_name(tree, c)
                if other and not _named(words_in(other), said):
                    yield c.id, f"{clue!r} does not hold {other!r}"


def _demanded(c: Constraint) -> set[str]:
    relation = "" if c.key == "connected" else c.wording.replace("{v}", " ").replace("{o}", " ")
    return set(words_in(relation) + words_in(c.value)) - JOINING


def _other_name(tree: ResearchTree, c: Constraint) -> str:
    if c.kind != "link":
        return ""
    other = tree.vertex(c.other)
    return _base(other.title) if other.role == "leaf" else other.noun


def _forms_of_one(a: str, b: str) -> bool:
    """Two forms of one word: much of the beginning, and at most three letters more on either side."""
    if a == b or re.search(r"\d", a + b):
        return a == b
    least = min(len(a), len(b))
    shared = 0
    while shared < least and a[shared] == b[shared]:
        shared += 1
    enough = shared >= least - 2 and shared >= (3 if least < 5 else 4)
    return enough and max(len(a), len(b)) <= shared + 3


def _ends_of_one(name: str, word: str) -> bool:
    """The same name, with another last letter or up to three more."""
    if name == word or re.search(r"\d", name + word):
        return name == word
    return len(name) > 2 and word[: len(name) - 1] == name[:-1] and -3 <= len(word) - len(name) <= 3


def _named(name: list[str], said: list[str]) -> bool:
    for start in range(len(said) - len(name) + 1):
        run = said[start : start + len(name)]
        if run[:-1] == name[:-1] and _ends_of_one(name[-1], run[-1]):
            return True
    return False


def additions(stored: Stored, tree: ResearchTree, question: str) -> list[str]:
    """Numbers, capitalised words and pages of the corpus that stand in the question and in no clue."""
    texts = [v.noun for v in tree.vertices]
    texts += [t for v in tree.vertices if v.role == "leaf" for t in (_base(v.title), v.title)]
    for c in (c for v in tree.vertices for c in v.constraints):
        texts += [c.wording.replace("{v}", " ").replace("{o}", " "), c.value]
    known = {word for text in texts for word in words_in(text)}
    new = []
    for found in WORD.finditer(question):
        word = " ".join(words_in(found[0]))
        if word in known or word == "s":
            continue
        opening = re.search(r"(?:^|[.?!]\s+)[\"“‘'(]*$", question[: found.start()]) is not None and word in SMALL
        capital = found[0][0].isupper() and not opening and not any(_ends_of_one(k, word) for k in known)
        if capital or re.search(r"\d", word):
            new.append(found[0])
    allowed = {v.page for v in tree.vertices if v.role == "leaf"} | {p for text in texts for _, p in _pages_in(stored, text, known)}
    named = (name for name, page in _pages_in(stored, question, known) if page not in allowed)
    return list(dict.fromkeys([*new, *named]))


def _pages_in(stored: Stored, text: str, known: set[str]) -> Iterator[tuple[str, int]]:
    places = [(m.start(), m.end()) for m in WORD.finditer(text)]
    for i, (start, first_end) in enumerate(places):
        for last_start, end in places[i : i + 6]:
            if text[start:first_end].casefold() in SMALL or text[last_start:end].casefold() in SMALL:
                continue
            name = text[start:end]
            page = stored.resolve(name)
            if page is None:
                continue
            if start == last_start and name.islower():
                shown = {alias: links for alias, links, _ in stored.aliases(page)}
                if shown.get(name, 0) < 2 or any(_ends_of_one(k, name.casefold()) for k in known):
                    continue
            yield name, page


def _base(title: str) -> str:
    """The title without its "(…)"."""
    return re.sub(r"\s*\([^()]*\)$", "", title) or title
