"""What a kind is called in a question: a singular noun in the wiki's own script, or none.

First sentences and infobox names give candidates (entities.py). Where they give nothing fit to be said, or only what says too
little ("place", "person"), the title may: "Titan (moon)", or a last word that many titles share and that the wiki also uses as a
kind ("Nukisaki Shrine" among shrines); and then the page's categories ("Explorers of Africa").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from infoseek_offline.corpus.common import COMMON, EMPTY, WEAK, WHOLES
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
    "chinese korean japanese webcolor clip battlebox ipa hiero quote sidebar navbox itself told only early said the compiled stand "
    "effort basis something everything anything nothing first last own same kind sort "
    "issues 基礎情報 イベントインフォメーション 複数の問題".split()
)
_ONE_IN_S = frozenset(
    "series species means headquarters news chess gallows works barracks crossroads lens atlas canvas gas bias".split()
)
_CATEGORY = re.compile(r"(?:[\w'’-]+ )*?(?P<head>[^\W\d_]+) (?:of|in|from|by|on|at|for|named|discovered|designed|built|founded) ")
_PLAIN_CATEGORY = re.compile(r"(?:[A-Z][\w'’-]* )?(?:[a-z'’-]+ )*?(?P<head>[^\W\d_]+s)")  # "Minor characters"
# What a category without more words sorts; one of "Shrines" may hold a law about them.
_SORTS = frozenset(
    "character episode creature monster enemy boss villain hero weapon spell planet starship song album actor".split()
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
    if language.startswith(("en", "simple")) and last in WHOLES:
        return WHOLES[last]
    if not last.isalpha() or shared[last] < MIN_TITLES or not sayable(last, language):
        return ""
    small = words[-1] == last  # "Neretas pogosts": a common noun, in any language
    return last if heads[last] >= 2 or (small and not language.startswith(("en", "simple"))) else ""


def from_categories(categories: Sequence[str], title: str, heads: Mapping[str, int]) -> str:
    """The kind that most of an English page's categories name ("Explorers of Africa"), "" where they name none. Only such as the
    wiki uses, or as anybody would, and not what the page itself is ("Comets" of "Comet")."""
    counts: Counter[str] = Counter()
    for category in categories:
        plain = _PLAIN_CATEGORY.fullmatch(category)
        found = plain if plain and singular(plain["head"].lower()) in _SORTS else _CATEGORY.match(f"{category} ")
        many_of = found["head"].lower() if found else ""
        one = singular(many_of)
        if one != many_of and one.casefold() != title.casefold() and one not in EMPTY and sayable(one, "en"):
            counts[one] += one in COMMON or heads[one] >= MIN_TITLES
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] else ""


def choose(phrases: Sequence[str], title: str, categories: Sequence[str], counts: Counts, enough: int, language: str) -> str:
    """The noun phrase for a page's kind, "" where there is none to be said. `phrases` are the page's types, that of the infobox
    last; `enough` pages share a head that is used without more ado."""
    heads, _, lasts = counts
    english = language.startswith(("en", "simple"))
    phrases = [p for p in phrases if sayable(_head(p), language)]
    known = [p for p in phrases if heads[_head(p)] >= enough]
    if english:
        telling = [p for p in known if _head(p) not in WEAK]
        shown = from_title(title, lasts, heads, language)
        if telling:
            return telling[0]
        if shown and shown not in WEAK:
            return shown
        other = next((p for p in phrases if _head(p) in COMMON and _head(p) not in WEAK), "")
        if other:
            return other
        if all(_head(p) in EMPTY for p in phrases) and (kind := from_categories(categories, title, heads)):
            return kind
        return next((p for p in known or phrases if _head(p) in COMMON or _head(p) in WEAK or heads[_head(p)] >= enough), "")
    if not known and (shown := from_title(title, lasts, heads, language)):
        return shown
    return (known or phrases[-1:] or [""])[0]


def _head(phrase: str) -> str:
    return phrase.rsplit(" ", 1)[-1]


# How many pages have a head noun, two words of a kind, a title's last word; 0 for one that the wiki lacks.
Counts = tuple[Mapping[str, int], Mapping[str, int], Mapping[str, int]]


def shortened(phrase: str, counts: Counts) -> str:
    """The kind as it is said: the head noun, with the word before it where the two are often said together ("chemical element",
    "product manager")."""
    heads, pairs, _ = counts
    words = phrase.split()
    if len(words) < 2:
        return phrase
    pair = f"{words[-2]} {words[-1]}"
    common = words[-2].islower() and words[-2].isalpha() and not _ADJECTIVE.search(words[-2]) and words[-2] not in _QUALITIES
    share = OFTEN_TOGETHER if common else MOSTLY_TOGETHER
    return pair if pairs[pair] >= max(3, share * heads[words[-1]]) else words[-1]


OFTEN_TOGETHER, MOSTLY_TOGETHER = 0.12, 0.5
_QUALITIES = frozenset(
    "small large great little big old new ancient former early late young high low long short main minor major first second third "
    "last larger smaller largest smallest highest longest oldest principal chief important private public common rare famous "
    "popular northern southern eastern western central north south east west modern medieval historic active extinct dark bright "
    "many several few single double own other another".split()
)


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


def plural(noun: str) -> str:
    """The regular plural."""
    if noun.endswith(("ss", "gas", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("s"):
        return noun
    return noun[:-1] + "ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


# By sound: a vowel that is spoken as one, a letter that is spelt out ("an FBI agent", "an X-ray"), a silent h.
_VOWEL = re.compile(r"(?i)[aeiou]|hour|honest|honou?r|heir")
_CONSONANT = re.compile(r"(?i)one\b|once\b|eu|ewe|ouija|uni(?!n|m[aeiopr]|dent)|u[- ]|u[bkrst][aeiou]|ufo\b")
_SPELT = re.compile(r"[A-Z](?=[A-Z\d]|[-. ]|$)")
_SPELT_VOWELS = frozenset("AEFHILMNORSX")
_SPOKEN = re.compile(r"[BCDFGHJ-NP-TV-Z][AEIOU][A-Z]{2,}\b")  # NATO, but not an MIT


def a(noun: str) -> str:
    """ "a" or "an", as the words behind it sound."""
    if _SPELT.match(noun) and not _SPOKEN.match(noun):
        return "an" if noun[0] in _SPELT_VOWELS else "a"
    if noun[:1] == "8" or re.match(r"(?:11|18)(?:\D|$)", noun):
        return "an"
    return "an" if _VOWEL.match(noun) and not _CONSONANT.match(noun) else "a"
