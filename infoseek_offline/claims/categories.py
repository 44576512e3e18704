"""Claims from categories and types: "{s} is one of the moons of Uranus", "{s} is a moon"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from infoseek_offline.corpus.kinds import italian_singulars, singular
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim, Page

_ITALIAN = re.compile(
    r"^(?P<noun>[^\W\d_]+[ieà])\b(?P<rest>\s(?:di|del|dello|della|dei|degli|delle|in|nel|nella|nei|negli|nelle|sul|sulla|d'|dell'|"
    r"nell'|sull').+)$"
)
_PLURAL = re.compile(r"^(?P<noun>[^\W\d_]+s|[^\W\d_]*people|[^\W\d_]*women|[^\W\d_]*men)\b(?P<rest>\s(?:of|in|from|by|on|at)\s.+)$")

_RULES: dict[str, tuple[re.Pattern[str], Callable[[str], Sequence[str]]]] = {
    "en": (_PLURAL, lambda noun: (singular(noun),)),
    "simple": (_PLURAL, lambda noun: (singular(noun),)),
    "it": (_ITALIAN, italian_singulars),
}


def category_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """Categories that name a kind in the plural ("Moons of Uranus", "Fiumi della Lombardia"), in English and Italian wikis only:
    what else a category may say can't be put into a sentence with certainty. Evidence is the page's first sentence, since a
    category has no place in the text."""
    language = corpus.language.split("-")[0]
    if language not in _RULES:
        return
    pattern, singulars = _RULES[language]
    record = corpus.page(page)
    spans = corpus.sentence_spans(page)
    if not spans:
        return
    for name in record.categories:
        found = pattern.match(name)
        if found is None or re.search(r"\d", name):
            continue
        noun = found.group("noun").lower()
        if not any(one in record.types for one in singulars(noun)):
            continue
        words = noun + found.group("rest")
        yield Claim(
            subject=page, object=None, kind="category", source="category", key=name, wording="{s} is one of the {o}", value=words,
            confidence=0.8, evidence=corpus.evidence(page, *spans[0]),
        )  # fmt: skip


def type_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """The page's kind, where its first sentence states it."""
    record: Page = corpus.page(page)
    noun = corpus.nouns[page]
    spans = corpus.sentence_spans(page)
    if not noun or not spans or noun.startswith("group of "):
        return
    head = noun.rsplit(" ", 1)[-1]
    if all(kind.rsplit(" ", 1)[-1] != head for kind in record.types):
        return  # the title alone shows the kind
    low, high = spans[0]
    found = re.compile(rf"\b{re.escape(head)}\b", re.IGNORECASE).search(record.text, low, high)
    if found is None:
        return
    at = found.start()
    yield Claim(
        subject=page, object=None, kind="type", source="type", key="type", wording="{s} is a {o}", value=head, confidence=0.8,
        evidence=corpus.evidence(page, at, at + len(head)),
    )  # fmt: skip
