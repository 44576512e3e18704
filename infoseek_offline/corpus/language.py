"""What differs from one language of wiki to the next: namespaces, redirects, links, headings, infoboxes, lists.

What MediaWiki says of a language is in mediawiki.toml (messages.py), what wikis call things in languages.toml, open to extension. A
word of any language counts on every wiki where that is harmless (redirects, headings of back matter, infoboxes); where it is not,
only the wiki's own and the English ones do (namespaces, months, hatnotes, lists).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from infoseek_offline.corpus.messages import (
    CANONICAL_NAMESPACES,
    file_names,
    languages_like,
    namespace_names,
    one_of,
    prefix,
    redirect_words,
    trail,
)
from infoseek_offline.corpus.messages import months as month_names

# What Semantic MediaWiki calls its namespace of properties, in the languages that it has.
PROPERTY_WORDS = frozenset(
    "property attribut attribuut eigenschap propiedad atributo propriété proprietà propriedade propietat atribut atrybut "
    "właściwość свойство vlastnost vlastnosť lastnost egenskap ominaisuus tulajdonság özellik "
    "ویژگی خاصية תכונה プロパティ 属性 屬性 "
    "속성".split()
)
_NUMBERS = CANONICAL_NAMESPACES | {"portal": 100, "draft": 118, "module": 828}
# Where a word ends: signs of vowels are letters here.
_END = "(?![\\w\u0591-\u05c7\u064b-\u065f\u0900-\u0e7f])"
_SHORT = 5  # letters of a word that other words begin with
_OPTIONAL = ("portal", "draft", "module")  # namespaces that only some wikis have


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    """languages.toml: by language and key the words, casefolded."""
    read = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
    return {
        language: {key: tuple(unicodedata.normalize("NFC", some.casefold()).split("|")) for key, some in section.items()}
        for language, section in read.items()
    }


@lru_cache(maxsize=256)
def words(key: str, language: str = "") -> tuple[str, ...]:
    """The words of one language for something, and of those that it is like; of all languages together where none is given."""
    table = _table()
    which = languages_like(language) if language else tuple(table)
    return tuple(dict.fromkeys(word for code in which if code in table for word in table[code].get(key, ())))


@lru_cache(maxsize=256)
def own_words(key: str, language: str) -> tuple[str, ...]:
    """The words that count on a wiki of the language: its own and the English ones; all where it has none in the table."""
    if not set(languages_like(language)) & _table().keys():
        return words(key)
    return tuple(dict.fromkeys(word for which in ("any", "en", language) for word in words(key, which)))


@lru_cache(maxsize=64)
def _pattern(key: str, language: str) -> re.Pattern[str]:
    begins, others = [], []
    end = "(?=[ _])" if key == "list title" else _END  # "Lista" alone is a place, "Seznam.cz" a firm
    for word in own_words(key, language):
        core = re.escape(word.strip("*…")).replace(r"\ ", "[ _]")
        if word.startswith("*"):
            others.append(core)
        elif word.startswith("…"):
            others.append(f"{core}$")
        else:
            begins.append(core if word.endswith("*") or not word[-1].isalpha() else core + end)
    some = [f"^(?:{'|'.join(begins)})"] if begins else []
    return re.compile("|".join([*some, *others]) or "(?!)")  # without any word, nothing


@lru_cache(maxsize=1 << 15)
def is_one(key: str, name: str, language: str) -> bool:
    """Whether one of a wiki's words stands for the casefolded name: "x" for what begins so, "x*" also within a word, "…x" for what
    ends so, "*x*" for what holds it."""
    return _pattern(key, language).search(name) is not None


def namespace_words(language: str, known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Casefolded namespace names (blanks, no underscores) of a language, besides those of siteinfo and the English ones.

    `known` are the names in siteinfo: a portal, draft or module is none unless the wiki has such a namespace.
    """
    found = namespace_names(language) | {
        word: number for name, number in CANONICAL_NAMESPACES.items() for word in words(name, language)
    }
    for name in _OPTIONAL:
        its = {word for word, number in (known or {}).items() if number == _NUMBERS[name]}
        if its & {name, *words(name)}:
            found |= dict.fromkeys((name, *words(name, language)), _NUMBERS[name])
    return found


@lru_cache(maxsize=1)
def language_codes() -> frozenset[str]:
    """Codes of the Wikipedias: [[fr:X]] is an interlanguage link on each of them."""
    return frozenset(words("language codes"))


@lru_cache(maxsize=1)
def interwiki_prefixes() -> frozenset[str]:
    """What stands before the colon in links to other wikis and sites."""
    return frozenset(words("interwiki"))


@lru_cache(maxsize=64)
def link_trail(language: str) -> str:
    """A regex (one group) for the letters after `]]` that belong to the anchor; it always matches, perhaps nothing."""
    letter = trail(language)
    return f"({letter}*)" if letter[:1] == "[" else f"((?:{letter})*)" if letter else "()"


@lru_cache(maxsize=64)
def link_prefix(language: str) -> re.Pattern[str] | None:
    """A letter that belongs to the anchor where it stands before `[[`; None where the language has no such thing."""
    letter = prefix(language)
    return re.compile(letter) if letter else None


class LinkRules(NamedTuple):
    link: re.Pattern[str]  # groups: target, anchor or None, trail
    file: re.Pattern[str]  # the beginning of a file link


@lru_cache(maxsize=32)
def link_rules(language: str, files: tuple[str, ...]) -> LinkRules:
    """The regular expressions for links of a language; `files` are the wiki's names of the file namespace."""
    names, others = one_of(set(files)), one_of({*file_names(), *words("file")})
    image = r"[^\[\]|\n]+\.(?:jpe?g|png|svg|gif|tiff?|webp|og[gv]|webm)\b"
    return LinkRules(
        # As MediaWiki reads it: the anchor runs to the first "]]" and holds no "[["; a "]" more belongs to it after a "[" in it.
        re.compile(
            r"\[\[([^\[\]|\n]*)(?:\|([^\[\]]*(?:\](?!\])[^\[\]]*)*(?:\[(?!\[)[^\[\]]*(?:(?:\[(?!\[)|\](?!\]))[^\[\]]*)*\]?(?=\]\]))?))?\]\]"
            + link_trail(language)
        ),
        # Wikis take over pages with the file words of other languages: certain where an image's name follows.
        re.compile(rf"\[\[[ _]*(?:(?:{names})[ _]*:|(?:{others})[ _]*:{image})", re.IGNORECASE),
    )


@lru_cache(maxsize=1)
def redirect() -> re.Pattern[str]:
    """The beginning of a redirect's wikitext; its group is the target."""
    some = one_of({word.replace("_", " ") for word in (*words("redirect"), *redirect_words())})
    return re.compile(rf"\s*#\s*(?:{some})\s*:?\s*\[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]", re.IGNORECASE)


@lru_cache(maxsize=1)
def backmatter() -> frozenset[str]:
    """Headings, casefolded, of what is no running text: their links are never evidence."""
    return frozenset(words("backmatter"))


@lru_cache(maxsize=1)
def _infobox() -> re.Pattern[str]:
    begins = (
        re.escape(word).replace(r"\ ", "[ _]?") + (_END if len(word) <= _SHORT and word[-1].isalpha() else "")
        for word in words("infobox")
    )
    return re.compile(f"^(?:{'|'.join(begins)})|" + "|".join(map(re.escape, words("infobox anywhere"))))


_NO_INFOBOX = re.compile(r"infobox (?:start|end|mapframe)|^bio icon|^bio-stub|^infobox[^|]*/(?:doc|style)|^personendaten")


def is_infobox_name(name: str) -> bool:
    """Does the template's name (any case) say that it is an infobox?"""
    low = name.casefold().replace("_", " ")
    return bool(_infobox().search(low)) and not _NO_INFOBOX.search(low)


@lru_cache(maxsize=64)
def months(language: str) -> dict[str, int]:
    """The names of the months in dates, casefolded: of the language, and the English ones that mean no other month in it."""
    found: dict[str, int] = {}
    for which in ("en", *reversed(languages_like(language)[:2])):
        for number, names in enumerate(month_names(which), 1):
            found |= dict.fromkeys((unicodedata.normalize("NFC", name.casefold()) for name in names), number)
        for number, line in enumerate(_table().get(which, {}).get("months", ()), 1):
            found |= dict.fromkeys(line.split(), number)
    return found


@lru_cache(maxsize=1 << 15)
def is_no_box(name: str) -> bool:
    """Is it the name of a template with named parameters, as they stand at the top of pages, that is no infobox?"""
    return _pattern("no infobox", "").search(name.casefold()) is not None


@lru_cache(maxsize=1)
def _layout() -> re.Pattern[str]:
    begins, ends = [], []
    for word in words("layout field"):
        core = re.escape(word.strip("…*")).replace(r"\ ", "[ _]?")
        if word[0] == "…":
            ends.append(core)
        else:
            begins.append(core + (r"\w*" if word[-1] == "*" else ""))
    return re.compile(rf"^(?:{'|'.join(begins)})(?:\d|\b)|(?:{'|'.join(ends)})\d*$", re.IGNORECASE)


@lru_cache(maxsize=1 << 15)
def is_layout_key(key: str) -> bool:
    """Does an infobox's key say how it looks and not what is so: an image, a map, coordinates, an address?"""
    return _layout().search(key) is not None


@lru_cache(maxsize=64)
def variants(language: str) -> tuple[str, ...]:
    """The codes of the scripts and countries that a wiki's text is converted to, those shown first first; () without conversion."""
    return words("variants", language)
