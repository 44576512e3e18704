"""Claims from infobox fields: linked values and literals.

The wording of a field comes from `phrases.toml`. A key that is not there has a wording only where it reads as a plain noun ("the
crystal habit of {s} is {o}") or as a participle with "by", "after", "in" ("{s} was restored by {o}"); no claim comes from others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Literal

from infoseek_offline.corpus.entities import infobox_type
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim, Fact, Link, LinkKind

MAX_VALUE_WORDS = 5  # a longer literal is a description, not a value
Kind = Literal["link", "date", "number", "count", "text"]

_NOUN_KEY = re.compile(r"[a-z]{3,}(?: [a-z]{3,}){0,2}")
_VERB_KEY = re.compile(
    r"(?P<verb>(?:first |last |originally )?[a-z]{2,}(?:ed|wn|en|lt|ung|old|ound|ought|ade|ept)) "
    r"(?P<prep>by|after|for|in|at|from|to|with|on)"
)
_NO_VERB = frozenset("need seed speed feed open garden women children own town".split())
_WITHIN = frozenset("for in at from to with on".split())  # after these a participle may be a standing state
# Noun-like keys that aren't: numbers, layout, languages, units in the key, abbreviations, adjectives and verbs alone.
_NO_NOUN = re.compile(
    r"(?i)\b(?:no|id|num|url|link|text|label|title|name|names|image|caption|size|width|note|notes|ref|refs|footnotes?|code|rank|"
    r"sub|info|km|km2|sqmi|mi|ft|deg|min|max|avg|est|pct|percent|total|prefix|suffix|header|footer|list|style|color|lang|type|data|source|"
    r"map|nihongo|titel|of|the|and|or|with|who|what|when|where|how|is|was|has|as|to|by|in|at|on|from|for|other|others|former|current|old|new|first|last|"
    r"previous|next|more|free|blank|yes|main|native|official|also|alt|see|common|short|full|long|east|west|north|south|status|order|second|third|fourth|fifth)\b"
)
_NO_PLURAL = ("ss", "us", "is", "ics", "ous", "headquarters", "series", "species", "means")
# Units that may follow a number in a question, as read_quantities gives them.
_UNITS = frozenset(
    (
        "km m cm mm ft mi in yd km2 m2 ha acres sqmi km3 m3 kg g t tonnes tons lb mg °c °f °k k au ly light-years pc days d "
        "hours h minutes min years yr seconds s km/h mph knots kn km/s m/s m3/s % ° g/cm3 kg/m3 gev mev ev w kw mw gw hz khz "
        "mhz ghz v kv nm µm l litres bar pa kpa mpa hpa gpa usd $ € £ million"
    ).split()
)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE_ANCHOR = re.compile(rf"(?:\d{{1,2}} )?(?:(?:{_MONTH})\b ?)?[\d, ]*(?:BCE?|AD|CE|s)?")
_LIST_MARK = re.compile(r"[;,\n·•/]|\s(?:and|&)\s")
_PLACE_KEY = re.compile(r"place|location|luogo|city|town|born|died|headquarters|residence|departure|destination|site|source|mouth")


@cache
def phrases(table_name: str = "phrases.toml") -> dict[str, dict[str, str]]:
    """Wording by key (or "moon/discoverer") for each kind, and the keys to skip."""
    raw: dict[str, dict[str, str]] = tomllib.loads((files(__package__) / table_name).read_text(encoding="utf-8"))
    table: dict[str, dict[str, str]] = {"skip": dict.fromkeys(_split(raw["skip"]["keys"]), "")}
    for kind in ("link", "date", "number", "count", "text"):
        known = table.setdefault(kind, {})
        for wording, keys in raw[kind].items():
            for key in _split(keys):
                for one in _pairs(key):
                    known.setdefault(one, wording)
    return table


def _split(keys: str) -> list[str]:
    return [" ".join(key.split()) for key in keys.split(",") if key.strip()]


def _pairs(key: str) -> list[str]:
    """ "moon|planet/group" stands for two keys; a slash without boxes ("battles/wars") is part of the key."""
    boxes, slash, names = key.partition("/")
    if not slash or ("|" not in key and " " not in key and key in ("battles/wars",)):
        return [key]
    return [f"{box}/{name}" for box in boxes.split("|") for name in names.split("|")]


@cache
def _known_keys() -> frozenset[str]:
    return frozenset(key.split("/", 1)[-1] for table in phrases().values() for key in table)


def box_type(name: str, language: str = "en") -> str:
    """The last word of the infobox's name; every sort of taxobox is a taxobox."""
    if re.search(r"(?i)taxobox|speciesbox|subspeciesbox|hybridbox", name):
        return "taxobox"
    return infobox_type(name, language)


def table_of(language: str) -> dict[str, dict[str, str]]:
    """The phrases of a wiki's own language where there is a table of it; else the English ones, whose keys many wikis use."""
    return phrases("phrases_it.toml") if language.split("-")[0] == "it" else phrases()


def is_english(language: str) -> bool:
    """Whether an unknown key may be read as an English noun."""
    return language.split("-")[0] in ("en", "simple")


def known_wording(kind: Kind, key: str, box: str, language: str = "en") -> str | None:
    table = table_of(language)[kind]
    found = table.get(f"{box}/{key}") if box else None
    return found if found is not None else table.get(key)


def infobox_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """Links first, in the order of the fields; a field's literal only where none of its links makes a claim."""
    facts = corpus.facts(page)
    if not facts:
        return
    language = corpus.language
    box = box_type(corpus.page(page).infobox, language)
    links = corpus.links(page, LinkKind.INFOBOX)
    for fact in facts:
        key = re.sub(r"\s*\d+$", "", fact.key)
        inside = [link for link in links if fact.start <= link.start and link.end <= fact.end]
        wording = link_wording(key, box, language) if inside else ""
        said = False
        for link in inside:
            if wording and is_value(fact, link) and link.target != page:
                said = True
                yield Claim(
                    subject=page, object=link.target, kind="link", source="infobox", key=key, wording=wording, value="",
                    confidence=0.9, evidence=corpus.evidence(page, link.start, link.end),
                )  # fmt: skip
        if not said:
            yield from _literal(corpus, fact, key, box)


def _literal(corpus: Corpus, fact: Fact, key: str, box: str) -> Iterator[Claim]:
    wording = literal_wording(key, fact, box, corpus.language)
    if not wording:
        return
    heads = {noun.split()[-1] for noun in (corpus.nouns[fact.page], *corpus.page(fact.page).types) if noun}
    if wording.endswith(" a {o}") and not heads.isdisjoint(fact.value.casefold().split()):
        return  # "the asteroid that is an asteroid"
    yield Claim(
        subject=fact.page, object=None, kind="literal", source="infobox", key=fact.key, wording=wording,
        value=fact.value, quantities=fact.quantities, confidence=0.9, evidence=corpus.evidence(fact.page, fact.start, fact.end),
    )  # fmt: skip


def is_value(fact: Fact, link: Link) -> bool:
    """Whether the link is one of the field's values: not a unit, a date, a remark in brackets or a part of a longer phrase."""
    low, high = link.start - fact.start, link.end - fact.start
    anchor, before, after = fact.value[low:high], fact.value[:low], fact.value[high:]
    if not anchor or (len(anchor) == 1 and anchor.isascii()) or _DATE_ANCHOR.fullmatch(anchor):
        return False
    if before.count("(") > before.count(")"):
        return False
    if any(q.unit and anchor.casefold().replace("²", "2").replace("³", "3") == q.unit for q in fact.quantities):
        return False
    before = _LIST_MARK.split(before)[-1]
    after = _LIST_MARK.split(re.sub(r"^\s*\([^()]*\)", "", after))[0]
    # "5 May 1820 in [[Berlin]]" is said of the place as well.
    before = re.sub(r"^.*\d{3,4}\)?\s*|\(.*?\)", "", before)
    alone = re.fullmatch(r"\s*(?:\(.*|†|\*)?\s*", after) is not None
    return alone and re.fullmatch(r"(?i)\s*(?:the|in|at|by)?\s*", before) is not None


def link_wording(key: str, box: str = "", language: str = "en") -> str:
    """ "" for a key that can't be put into words."""
    known = known_wording("link", key, box, language)
    if known is not None:
        return known
    if key in table_of(language)["skip"] or not is_english(language):
        return ""
    return verb_wording(key) or noun_wording(key)


def verb_wording(key: str) -> str:
    """ "{s} was restored by {o}" for "restored by"; "" for a key that isn't a participle with its preposition."""
    found = _VERB_KEY.fullmatch(key)
    if found is None or found["verb"].split()[-1] in _NO_VERB:
        return ""
    return f"{{s}} {'is' if found['prep'] in _WITHIN else 'was'} {key} {{o}}"


def noun_wording(key: str) -> str:
    """ "the crystal habit of {s} is {o}", "the bells of {s} include {o}"; "" for a key that doesn't read as a noun."""
    if key in _known_keys():
        return ""  # the table has it for another kind of value or another infobox: "built" is no noun
    if not _NOUN_KEY.fullmatch(key) or _NO_NOUN.search(key) or key.endswith(("ed", "ing", "ly", "able", "ible", "ous", "ful")):
        return ""
    plural = key.endswith("s") and not key.endswith(_NO_PLURAL)
    return f"the {key} of {{s}} {'include' if plural else 'is'} {{o}}"


def literal_wording(key: str, fact: Fact, box: str = "", language: str = "en") -> str:
    """ "" for a key or a value that can't be put into words."""
    if fact.quantities:
        unit = fact.quantities[0].unit
        if unit == "year":
            return known_wording("date", key, box, language) or ""
        if not unit:
            return known_wording("count", key, box, language) or ""
        if unit not in _UNITS:
            return ""
        known = known_wording("number", key, box, language)
        if known is None and key not in table_of(language)["skip"] and is_english(language):
            known = noun_wording(key)
        return known if known and "include" not in known else ""
    return _text_wording(key, fact.value, box, language)


def _text_wording(key: str, value: str, box: str, language: str) -> str:
    """A short value has the wording of a linked one if it looks like a name."""
    if not value or len(value.split()) > MAX_VALUE_WORDS or re.search(r"[\d;:{}\[\]|<>=*?/\"“”()\n]", value):
        return ""
    if not is_english(language) and value.isupper() and len(value) <= 3:
        return ""  # a code: "ITA"
    if value.casefold() in ("yes", "no", "none", "unknown", "n/a", "various", "see below"):
        return ""
    known = known_wording("text", key, box, language)
    if known is not None:
        return known
    if _LIST_MARK.search(value) and not (_PLACE_KEY.search(key) and value.count(",") <= 2 and " and " not in value):
        return ""
    known = known_wording("link", key, box, language)
    if known is not None:
        return known if value[:1].isupper() or value.startswith("the ") else ""
    if key in table_of(language)["skip"] or not is_english(language):
        return ""
    wording = noun_wording(key)
    return wording if "include" not in wording else ""
