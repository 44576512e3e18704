"""What MediaWiki itself says of each language: names of namespaces, words of redirects and files, letters around links, months.

The facts are in mediawiki.toml, made from MediaWiki's message files by benchmarks/mediawiki.py. A language has its own rows and
those of the languages that it is like, as MediaWiki has it (Alsatian is like German); one that is not there has English ones.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

# English names, valid on every wiki whatever its language, with MediaWiki's own aliases.
CANONICAL_NAMESPACES: dict[str, int] = {
    "media": -2, "special": -1, "talk": 1, "user": 2, "user talk": 3, "project": 4, "project talk": 5, "file": 6, "image": 6,
    "file talk": 7, "image talk": 7, "mediawiki": 8, "mediawiki talk": 9, "template": 10, "template talk": 11, "help": 12,
    "help talk": 13, "category": 14, "category talk": 15,
}  # fmt: skip


@lru_cache(maxsize=1)
def messages() -> dict[str, dict[str, str]]:
    """mediawiki.toml: by kind of fact and language."""
    return tomllib.loads(Path(__file__).with_name("mediawiki.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def languages_like(language: str) -> tuple[str, ...]:
    """The language and those whose facts hold for it besides its own, nearest first."""
    like = messages()["like"]
    found: dict[str, None] = {}
    waiting = [language, language.split("-")[0]]
    while waiting:
        code = waiting.pop(0)
        if code not in found:
            found[code] = None
            waiting += like.get(code, "").split("|") if code in like else []
    return tuple(found)


def _row(kind: str, language: str, default: str = "") -> str:
    rows = messages()[kind]
    return next((rows[code] for code in languages_like(language) if code in rows), default)


def _names(row: str) -> Iterator[tuple[str, int]]:
    for space in filter(None, row.split(";")):
        number, _, names = space.partition(" ")
        yield from ((name, int(number)) for name in names.split("|"))


@lru_cache(maxsize=64)
def namespace_names(language: str) -> dict[str, int]:
    """Casefolded names of namespaces (blanks, no underscores) besides the English ones."""
    found: dict[str, int] = {}
    for code in languages_like(language):
        for name, number in _names(messages()["namespaces"].get(code, "")):
            found.setdefault(name, number)
    return found


@lru_cache(maxsize=1)
def file_names() -> tuple[str, ...]:
    """The names of the file namespace in all languages."""
    rows = messages()["namespaces"].values()
    return tuple(sorted({"file", "image"} | {name for row in rows for name, number in _names(row) if number == 6}))


def redirect_words() -> set[str]:
    """The words of redirects in all languages."""
    return {"redirect"} | {word for row in messages()["redirect"].values() for word in row.split("|")}


def one_of(words: set[str]) -> str:
    """Names as a regular expression, the longer ones first; a blank may be written as an underscore."""
    return "|".join(re.escape(word).replace(r"\ ", "[ _]") for word in sorted(words, key=lambda word: (-len(word), word)))


@lru_cache(maxsize=64)
def file_option(language: str) -> re.Pattern[str]:
    """What of a file link's parts is layout and no caption, in the language and in English."""
    rows = messages()["options"]
    words = {word for code in (*languages_like(language), "en") for word in rows.get(code, "").split("|") if word}
    plain = {word for word in words if "$1" not in word} | {"loop", "muted", "noplayer", "noicon"}
    said = sorted(
        re.escape(word).replace(r"\ ", "[ _]").replace(r"\$1", ".*") for word in words if "$1" in word and not _is_width(word)
    )
    unit = one_of({word.replace("$1", "").strip() for word in words if _is_width(word)})
    return re.compile(
        rf"\s*(?:{one_of(plain)}|{'|'.join(said)}|(?:thumbtime|start|end)\s*=.*|(?:\d*x?\d+|\d+x)\s*(?:{unit})(?:px)?)\s*$",
        re.IGNORECASE,
    )


def _is_width(word: str) -> bool:
    """Is it how the language writes a number of pixels ("$1px")?"""
    return word.startswith("$1") and "=" not in word


def trail(language: str) -> str:
    """A letter that belongs to a link's anchor behind it, as a regular expression; "" where the language has none."""
    return _row("trail", language, "[a-z]")


def prefix(language: str) -> str:
    """The same before a link."""
    return _row("prefix", language)


def months(language: str) -> tuple[tuple[str, ...], ...]:
    """The names of the twelve months, each in its forms; () where MediaWiki writes them with numbers."""
    row = messages()["months"].get(language, "")
    return tuple(tuple(names.split()) for names in row.split("|")) if row else ()
