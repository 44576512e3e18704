"""Claims from categories and types: "{s} is one of the moons of Uranus", "{s} is a moon"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infoseek_offline.corpus.kinds import singular
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim, Page

_PLURAL = re.compile(r"^(?P<noun>[^\W\d_]+s|[^\W\d_]*people|[^\W\d_]*women|[^\W\d_]*men)\b(?P<rest>\s(?:of|in|from|by|on|at)\s.+)$")


def category_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """Categories that name a kind in the plural ("Moons of Uranus", "Rivers of Austria"), in English wikis only: what else a
    category may say can't be put into a sentence with certainty. Evidence is the page's first sentence, since a category has no
    place in the text."""
    if not corpus.language.startswith(("en", "simple")):
        return
    record = corpus.page(page)
    spans = corpus.sentence_spans(page)
    if not spans:
        return
    for name in record.categories:
        found = _PLURAL.match(name)
        if found is None or re.search(r"\d", name):
            continue
        noun = found.group("noun").lower()
        if singular(noun) not in record.types:
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
    low, high = spans[0]
    found = re.compile(rf"\b{re.escape(head)}\b", re.IGNORECASE).search(record.text, low, high)
    if found is None:
        return
    at = found.start()
    yield Claim(
        subject=page, object=None, kind="type", source="type", key="type", wording="{s} is a {o}", value=head, confidence=0.8,
        evidence=corpus.evidence(page, at, at + len(head)),
    )  # fmt: skip
