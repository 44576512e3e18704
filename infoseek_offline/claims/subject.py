"""What a page is called in its own sentences: names, nouns ("the moon") and the pronouns that stand for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from infoseek_offline.claims.clause import lexicon
from infoseek_offline.corpus.store import Corpus

PERSON, THING, SHIP = frozenset(("he", "she")), frozenset(("it",)), frozenset(("it", "she"))
Basis = Literal["name", "pronoun", "coordinated"]  # what the subject was called, or that it was taken from an earlier verb
OWNER = {"he": "his", "she": "her", "it": "its", "they": "their"}


@dataclass(frozen=True)
class Subject:
    """What the sentence's page is called. `nouns` are its kinds ("moon"); `pronouns` those that stand for it here."""

    title: str
    names: tuple[str, ...]
    nouns: tuple[str, ...]
    is_person: bool
    pronouns: frozenset[str] = field(default=THING)


@dataclass(frozen=True)
class Extraction:
    """`link_index` counts the links given to `extract`; `wording` has one `{s}` and one `{o}`."""

    link_index: int
    wording: str
    basis: Basis = "name"


def make_subject(
    title: str,
    types: Sequence[str] = (),
    is_person: bool = False,
    redirects: Sequence[str] = (),
    pronouns: frozenset[str] | None = None,
    common: bool | None = None,
) -> Subject:
    """The names of a page from its title and redirects. A redirect counts where it shares a word with the title or is an
    abbreviation: others may be about a part of the page. `common`: the title is also written small ("the giant panda"); None to
    judge by the types."""
    bare = re.sub(r"\s*\([^()]*\)$", "", title)
    names = {bare, bare.split(", ")[0]}
    words = bare.split(", ")[0].split()
    if is_person:
        cut = next((i for i, word in enumerate(words) if word in ("of", "the", "de", "von", "van", "da")), None)
        if cut is None and len(words) > 1 and len(words[-1]) > 2 and not re.fullmatch(r"[IVX]+|Jr\.?|Sr\.?", words[-1]):
            names.add(words[-1])
        elif cut and words[cut] in ("of", "the"):
            names.add(" ".join(words[:cut]))
    elif len(words) > 1 and words[0] in ("Mount", "Lake", "Saint", "River", "The", "Cape", "HMS", "USS", "RMS", "SS"):
        names.add(" ".join(words[1:]))
    own = {word.casefold() for word in words if len(word) > 3}
    for redirect in redirects:
        plain = re.sub(r"\s*\([^()]*\)$", "", redirect)
        shared = own & {word.casefold() for word in plain.split()}
        if (shared and all(w[:1].isupper() or len(w) < 4 for w in plain.split())) or re.fullmatch(r"[A-Z]{2,6}", plain):
            names.add(plain)
    if common is None:
        common = not is_person and any(lexicon().has("common", kind.split()[-1]) for kind in types if kind)
    if common:
        names |= {bare[:1].lower() + bare[1:], bare.lower()}
    nouns = {
        noun for kind in types for noun in (kind, kind.split()[-1]) if kind and noun not in ("person", "people", "species", "part")
    }
    if not is_person and words and not nouns & lexicon().words["told"]:  # "the farm" in a book of that name is no book
        head = words[words.index("of") - 1] if "of" in words[1:] else words[-1]
        nouns |= {head.casefold()} if head.isalpha() and len(words) > 1 else set()
    if pronouns is None:
        ship = nouns & lexicon().words["ship"]
        pronouns = PERSON if is_person else SHIP if ship else THING
    return Subject(title, tuple(sorted(n for n in names if n)), tuple(sorted(nouns)), is_person, pronouns)


def page_subject(corpus: Corpus, page: int) -> Subject:
    """The page as a subject. Which pronoun stands for a person is what its text uses most."""
    record, words = corpus.page(page), lexicon().words
    text = record.text[: record.prose_end]
    kinds = [kind for kind in (corpus.nouns[page], *record.types) if kind]
    is_person = any(_PERSON_CATEGORY.search(name) for name in record.categories) or any(
        k.split()[-1] in words["person"] for k in kinds[:2]
    )
    pronouns = None
    if is_person:
        he, she = len(re.findall(r"\b[Hh]e\b", text)), len(re.findall(r"\b[Ss]he\b", text))
        sides = [pronoun for pronoun, own, other in (("he", he, she), ("she", she, he)) if own > 2 * other or own == other == 0]
        pronouns = frozenset(sides)
    bare = re.sub(r"\s*\([^()]*\)$", "", record.title)
    common = not is_person and len(re.findall(rf"(?<![.!?] )\b{re.escape(bare[:1].lower() + bare[1:])}\b", text)) > 1
    return make_subject(record.title, kinds, is_person, corpus.redirects(page), pronouns, common)


_PERSON_CATEGORY = re.compile(r"\b(births|deaths|[Ll]iving people)$")
