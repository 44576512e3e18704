"""Italian articles, prepositions, gender and number: pure functions over words.

A noun phrase is its article ("il", "l'", "una", "" for none) and the rest; a preposition melts with a definite article ("di" and
"il" give "del"). All tables of words are in italian.toml.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

Gender = Literal["m", "f"]

_MELTED = {
    "di": ("del", "dello", "della", "dell'", "dei", "degli", "delle"),
    "a": ("al", "allo", "alla", "all'", "ai", "agli", "alle"),
    "da": ("dal", "dallo", "dalla", "dall'", "dai", "dagli", "dalle"),
    "in": ("nel", "nello", "nella", "nell'", "nei", "negli", "nelle"),
    "su": ("sul", "sullo", "sulla", "sull'", "sui", "sugli", "sulle"),
}
_DEFINITE = ("il", "lo", "la", "l'", "i", "gli", "le")
# An article, alone or melted with a preposition, at the end of a text; with the definite article that is in it.
_SHOWN = re.compile(
    r"(?:^|[\s(])(?i:(?P<plain>il|lo|la|i|gli|le)\s|(?P<elided>(?:dell|all|dall|nell|sull|l)['’])|"
    r"(?:de|a|da|ne|su|co)(?P<tail>l|llo|lla|i|gli|lle)\s)$"
)
_TAILS = {"l": "il", "llo": "lo", "lla": "la", "i": "i", "gli": "gli", "lle": "le"}
# Before these a masculine article is "lo", "uno", "gli".
_IMPURE = re.compile(r"(?i)(?:s[^aeiouàèéìòùhj\W]|sh|z|gn|ps|pn|x|y)")
_VOWEL = re.compile(r"(?i)[aeiouàèéìòùh]")


@cache
def table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "italian.toml").read_text(encoding="utf-8"))


@cache
def words(name: str) -> frozenset[str]:
    return frozenset(table()["gender"][name].split())


@lru_cache(maxsize=65536)
def gender(noun: str) -> Gender:
    """Of a singular noun, by the tables and its ending."""
    low = noun.casefold()
    if low in words("feminine"):
        return "f"
    if low in words("masculine"):
        return "m"
    if low.endswith(("isi", "esi", "osi", "asi")) and low not in ("brindisi", "paesi", "mesi", "casi"):
        return "f"  # Greek: crisi, tesi, metamorfosi, oasi
    if low.endswith(("ista", "iatra", "cida", "nauta", "arca", "crate", "ore", "ere", "ale", "ile", "ante", "ente")):
        return "m"
    return "f" if low.endswith(("a", "ione", "tà", "tù", "trice", "essa", "udine", "ie", "igine")) else "m"


@dataclass(frozen=True)
class Phrase:
    """`gender` and `plural` are what agrees with it."""

    article: str
    rest: str
    gender: Gender = "m"
    plural: bool = False
    area: bool | None = None  # a country, region or the like ("in Italia"), or a town ("a Roma"); None: not known

    def __str__(self) -> str:
        return _glued(self.article, self.rest)

    def after(self, preposition: str) -> str:
        """ "del fiume", "di Roma", "con l'Austria", "in una città"."""
        if preposition in _MELTED and self.article in _DEFINITE:
            return _glued(_MELTED[preposition][_DEFINITE.index(self.article)], self.rest)
        # "ad Ardea", as most write it before the same vowel.
        return f"{preposition}{'d' if preposition == 'a' and str(self)[:1] in 'aAàÀ' else ''} {self}"

    def said(self, how: str) -> str:
        """As italian.toml asks for it: "o" as it is, "dove" as a place, else behind that preposition."""
        if how in ("dove", "entro"):
            return self.where(within=how == "entro")
        return str(self) if how == "o" else self.after(how)

    def where(self, within: bool = False) -> str:
        """The place in which: "a Roma", "in Italia", "negli Stati Uniti", "nella città che …". `within`: what is not known to be a
        town is taken for an area."""
        if not self.article:
            return self.after("in" if self.area or (within and self.area is None) else "a")
        bare = self.area and not self.plural and self.article != "lo" and re.fullmatch(r"[A-ZÀ-Ý][\w-]+", self.rest)
        return f"in {self.rest}" if bare else self.after("in")


def _glued(article: str, rest: str) -> str:
    return f"{article}{rest}" if article.endswith("'") else f"{article} {rest}".strip()


def definite(noun: str, kind: Gender) -> str:
    if _VOWEL.match(noun) and not noun.lower().startswith(("ia", "ie", "io", "iu", "h")):
        return "l'"
    return "la" if kind == "f" else "lo" if _IMPURE.match(noun) else "il"


def elided(article: str, noun: str) -> str:
    """The article as it stands before the noun: "la Alta" is "l'Alta"."""
    return "l'" if article in ("la", "lo", "il") and definite(noun, "f") == "l'" else article


def indefinite(noun: str, kind: Gender) -> str:
    if kind == "f":
        return "un'" if _VOWEL.match(noun) else "una"
    return "uno" if _IMPURE.match(noun) else "un"


def this(noun: str, kind: Gender) -> Phrase:
    """ "questo fiume", "quest'isola"."""
    word = "quest'" if _VOWEL.match(noun) else "questa" if kind == "f" else "questo"
    return Phrase("", _glued(word, noun), kind)


def shown_article(before: str) -> str:
    """The definite article that a text ends in ("la foce del " gives "il"), "" for none."""
    found = _SHOWN.search(before)
    if found is None:
        return ""
    if found["plain"]:
        return found["plain"].lower()
    return "l'" if found["elided"] else _TAILS[found["tail"].lower()]


def agree(clause: str, kind: Gender, plural: bool) -> str:
    """ "@" as the ending of the subject's gender and number, of "è nato|sono nati" what fits its number."""
    clause = re.sub(r"((?:si )?\S+(?: \S+@)?)\|((?:si )?\S+(?: \S+@)?)", lambda m: m[2] if plural else m[1], clause)
    if plural:
        clause = re.sub(r"^(?:è|fu) ", "sono ", clause)
    return clause.replace("@", {"m": "i", "f": "e"}[kind] if plural else {"m": "o", "f": "a"}[kind])
