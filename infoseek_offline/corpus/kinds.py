"""What a kind is called in a question: a singular noun in the wiki's own script, or none.

First sentences and infobox names give candidates (entities.py). Where they give nothing fit to be said, the title may: "Titan
(moon)", or a last word that many titles share and that the wiki also uses as a kind ("Nukisaki Shrine" among shrines).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from infoseek_offline.corpus.language import words

# Endings of adjectives, and the nouns that have them all the same.
_ADJECTIVE = re.compile(r"(?:ical|ional|orical|ous|ful|less|able|ible|sticky|important|notable|native|various|former)$")
_NOUNS = frozenset("periodical musical professional table cable vegetable constable bible fable stable crucible national".split())
_GERUND = re.compile(r".{3,}ing$")
_THINGS_IN_ING = frozenset(
    "building painting spring string wing ring king crossing clearing landing ceiling railing dwelling drawing engraving carving "
    "being offering opening training meeting setting wedding viking sibling duckling earring herring morning evening".split()
)
# Words of an infobox's name that say what the box is for and not what the page is about.
_NO_KIND = frozenset(
    "submission topic infoskreine taksonomeja bio hieroglyphen hieroglyphs positionskarte zweispaltig mean name figure thing item "
    "divisione tassobox successione quattro "
    "study search enough soft body basis archery page article information data map table list gottheit multiple "
    "issues 基礎情報 イベントインフォメーション 複数の問題".split()
)
_ONE_IN_S = frozenset(
    "series species means headquarters news chess gallows works barracks crossroads lens atlas canvas gas bias".split()
)
MIN_TITLES = 5  # that share a last word before it is taken for a kind


def trim(words: Sequence[str]) -> list[str]:
    """A noun phrase without adjectives behind its noun ("shrine famous [for]"); empty where none of it is a singular noun."""
    kept = list(words)
    while kept and _ADJECTIVE.search(kept[-1].lower()) and kept[-1].lower() not in _NOUNS:
        kept.pop()
    return kept


def sayable(head: str, language: str) -> bool:
    """Whether "which HEAD" can be said in a question of that wiki."""
    if head in _NO_KIND or len(head) < 2:
        return False
    if not language.startswith(("en", "simple")):
        return head not in _box_words()
    if not head.isascii():
        return False
    if _GERUND.fullmatch(head) and head not in _THINGS_IN_ING:
        return False
    return not (_ADJECTIVE.search(head) and head not in _NOUNS)


@lru_cache(maxsize=1)
def _box_words() -> frozenset[str]:
    """Words for an infobox that are no ASCII: "ինֆո" is no kind of thing."""
    return frozenset(part for word in words("infobox") for part in re.split(r"[\s/_-]+", word) if not part.isascii())


def many(head: str, language: str) -> bool:
    """Whether an English head noun is a plural: a page about several things ("burial mounds")."""
    if not language.startswith(("en", "simple")) or head in _ONE_IN_S or head.endswith(("ics", "ous", "itis")):
        return False
    return singular(head) != head


def title_heads(titles: Iterable[str]) -> Counter[str]:
    """How many titles of several words end in each word, casefolded."""
    counts: Counter[str] = Counter()
    for title in titles:
        words = re.sub(r"\s*\([^()]*\)$", "", title).split()
        if len(words) > 1:
            counts[words[-1].casefold()] += 1
    return counts


def from_title(title: str, shared: Mapping[str, int], heads: Mapping[str, int], language: str) -> str:
    """The kind that a title shows, "" where it shows none. `heads` counts the head nouns of all kinds that the wiki
    states, `shared` the last words of titles; both give 0 for a word that they lack."""
    bracket = re.search(r"\((?:[^()]* )?([^\W\d_]+)\)$", title)
    if bracket and heads[bracket[1].casefold()] >= 2 and sayable(bracket[1].casefold(), language):
        return bracket[1].casefold()
    words = re.sub(r"\s*\([^()]*\)$", "", title).split()
    last = words[-1].casefold() if len(words) > 1 else ""
    if not last.isalpha() or shared[last] < MIN_TITLES or not sayable(last, language):
        return ""
    small = words[-1] == last  # "Neretas pogosts": a common noun, in any language
    return last if heads[last] >= 2 or (small and not language.startswith(("en", "simple"))) else ""


def singular(noun: str) -> str:
    """The singular of a regular English plural; other words unchanged."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def italian_singulars(plural: str) -> tuple[str, ...]:
    """What an Italian plural may be the plural of: "fiumi" of "fiumo", "fiume", "fiuma"."""
    low = plural.casefold()
    found = [low]
    if low.endswith(("chi", "ghi")):
        found.append(low[:-2] + "o")
    elif low.endswith(("che", "ghe")):
        found.append(low[:-2] + "a")
    if low.endswith("i"):
        found += [low[:-1] + ending for ending in ("o", "e", "a", "io")]
    elif low.endswith("e"):
        found.append(low[:-1] + "a")
    return tuple(found)
