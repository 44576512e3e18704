"""Claims from infobox fields: linked values and literals.

The wording of a field comes from `phrases.toml`; a key that is not there is read as a noun: "the crystal system of {s} is {o}".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim, Fact, LinkKind

MAX_VALUE_WORDS = 5  # a longer literal is a description, not a value
_NOUN_KEY = re.compile(r"[^\W\d_]{2,}(?:[ -][^\W\d_]{2,}){0,2}")


@cache
def phrases() -> dict[str, dict[str, str]]:
    """The phrase table: `link`, `date` and `number` wordings by infobox key, `skip` keys that say nothing to a reader."""
    table: dict[str, dict[str, str]] = tomllib.loads((files(__package__) / "phrases.toml").read_text(encoding="utf-8"))
    return table


def infobox_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    facts = corpus.facts(page)
    if not facts:
        return
    skip = phrases()["skip"]
    links = [link for link in corpus.links(page) if link.kind == LinkKind.INFOBOX and link.start >= 0]
    for fact in facts:
        key = re.sub(r"\s*\d+$", "", fact.key)
        if key in skip:
            continue
        inside = [link for link in links if fact.start <= link.start and link.end <= fact.end]
        for link in inside:
            wording = link_wording(key)
            if wording:
                yield Claim(
                    subject=page, object=link.target, kind="link", source="infobox", key=key, wording=wording, value="",
                    confidence=0.9, evidence=corpus.evidence(page, link.start, link.end),
                )  # fmt: skip
        if not inside:
            yield from _literal(corpus, fact, key)


def _literal(corpus: Corpus, fact: Fact, key: str) -> Iterator[Claim]:
    wording = literal_wording(key, fact)
    if not wording:
        return
    yield Claim(
        subject=fact.page, object=None, kind="literal", source="infobox", key=fact.key, wording=wording,
        value=fact.value, quantities=fact.quantities, confidence=0.9, evidence=corpus.evidence(fact.page, fact.start, fact.end),
    )  # fmt: skip


def link_wording(key: str) -> str:
    """ "" for a key that can't be put into words."""
    known = phrases()["link"].get(key)
    if known is not None:
        return known
    return f"the {key} of {{s}} is {{o}}" if _NOUN_KEY.fullmatch(key) else ""


def literal_wording(key: str, fact: Fact) -> str:
    table = phrases()
    if fact.quantities:
        if fact.quantities[0].unit == "year":
            known = table["date"].get(key)
            if known is None and _NOUN_KEY.fullmatch(key):
                known = f"the {key} of {{s}} falls {{o}}" if key.endswith(("date", "year")) else f"the {key} date of {{s}} falls {{o}}"
            return known or ""
        known = table["number"].get(key)
        if known is None and _NOUN_KEY.fullmatch(key):
            known = f"the {key} of {{s}} is {{o}}"
        return known or ""
    value = fact.value
    if not value or len(value.split()) > MAX_VALUE_WORDS or re.search(r"[\d;:{}\[\]|<>=*]", value) or value.casefold() in ("yes", "no"):
        return ""
    return table["text"].get(key) or (f"the {key} of {{s}} is {{o}}" if _NOUN_KEY.fullmatch(key) else "")
