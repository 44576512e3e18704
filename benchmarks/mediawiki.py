# ruff: noqa: E501 - tables and rows of tables
"""What MediaWiki itself says of each language, made into infoseek_offline/corpus/mediawiki.toml, or held against it.

Names of namespaces and their aliases, the words of redirects and of file links, link trails and prefixes from the message files of
a MediaWiki (the Debian package `mediawiki` has them), names of months from its i18n files; and, where the package mwconstants is
installed, the names that each Wikipedia has besides. Only these names and sets of letters are read: no code, no text.

    python benchmarks/mediawiki.py FOLDER           says what differs, and exits 1 if anything does
    python benchmarks/mediawiki.py FOLDER --write   writes the table anew
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "infoseek_offline" / "corpus" / "mediawiki.toml"
HEAD = """\
# What MediaWiki itself says of each language, and each Wikipedia of its namespaces: made by benchmarks/mediawiki.py, not by hand.
# (What the wikis' own customs are is in languages.toml.) Names are casefolded (those
# of months are not), in NFC, with blanks for underscores.
#
#   like         whose words hold for a language besides its own, or instead of them
#   namespaces   number and names of each namespace that has any besides the English ones
#   redirect     words behind "#" that make a page a redirect
#   options      words of a file link that are no caption; "$1" for what is said with them
#   trail        letters behind a link that belong to its anchor, as a regular expression for one of them; "" for none
#   prefix       the same before a link, where a language has it
#   months       names of the twelve months
"""
CONSTANTS = {
    "NS_MEDIA": -2, "NS_SPECIAL": -1, "NS_TALK": 1, "NS_USER": 2, "NS_USER_TALK": 3, "NS_PROJECT": 4, "NS_PROJECT_TALK": 5, "NS_FILE": 6,
    "NS_FILE_TALK": 7, "NS_MEDIAWIKI": 8, "NS_MEDIAWIKI_TALK": 9, "NS_TEMPLATE": 10, "NS_TEMPLATE_TALK": 11, "NS_HELP": 12, "NS_HELP_TALK": 13,
    "NS_CATEGORY": 14, "NS_CATEGORY_TALK": 15,
}  # fmt: skip
CANONICAL = {
    "media": -2, "special": -1, "talk": 1, "user": 2, "user talk": 3, "project": 4, "project talk": 5, "file": 6, "image": 6, "file talk": 7,
    "image talk": 7, "mediawiki": 8, "mediawiki talk": 9, "template": 10, "template talk": 11, "help": 12, "help talk": 13, "category": 14,
    "category talk": 15,
}  # fmt: skip
# Codes of Wikipedias that are no codes of languages.
CODES = {"als": "gsw", "bat-smg": "sgs", "be-x-old": "be-tarask", "fiu-vro": "vro", "roa-rup": "rup", "zh-classical": "lzh",
         "zh-min-nan": "nan", "zh-yue": "yue", "bh": "bho", "no": "nb", "nrm": "nrf", "simple": "en", "cbk-zam": "cbk"}  # fmt: skip
MONTHS = "january february march april may june july august september october november december".split()
SHORT = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_TOKEN = re.compile(
    r"\s+|#[^\n]*|//[^\n]*|/\*.*?\*/|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<name>\$?\w+)|(?P<mark>=>|.)", re.DOTALL
)


def tidy(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.replace("_", " ").split()).casefold())


def string(token: str) -> str:
    body = token[1:-1]
    if token[0] == '"':
        body = re.sub(r"\\u\{([0-9A-Fa-f]+)\}", lambda m: chr(int(m.group(1), 16)), body)
        return re.sub(r"\\([\\\"$])", r"\1", body)
    return re.sub(r"\\([\\'])", r"\1", body)


class Values:
    """The variables that a message file sets: arrays, strings and booleans."""

    def __init__(self, text: str) -> None:
        self.tokens = [m for m in _TOKEN.finditer(text) if m.lastgroup]
        self.at = 0
        self.values: dict[str, Any] = {}
        while self.at < len(self.tokens):
            name = self.take()
            if name[0] == "$" and self.at < len(self.tokens) and self.tokens[self.at].group() == "=":
                self.at += 1
                self.values[name[1:]] = self.value()

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1].group()

    def value(self) -> Any:
        found = self.one()
        while self.at < len(self.tokens) and self.tokens[self.at].group() == ".":
            self.at += 1
            found = str(found) + str(self.one())
        return found

    def one(self) -> Any:
        token = self.tokens[self.at]
        self.at += 1
        if token.lastgroup == "string":
            return string(token.group())
        word = token.group()
        if word == "array":
            word = self.take()
        if word in ("[", "("):
            return self.array()
        if word in ("true", "false"):
            return word == "true"
        return self.values.get(word[1:], "") if word[0] == "$" else CONSTANTS.get(word, word)

    def array(self) -> list[tuple[Any, Any]]:
        items: list[tuple[Any, Any]] = []
        while (mark := self.tokens[self.at].group()) not in ("]", ")"):
            if mark == ",":
                self.at += 1
                continue
            key: Any = None
            value = self.value()
            if self.tokens[self.at].group() == "=>":
                self.at += 1
                key, value = value, self.value()
            items.append((key, value))
        self.at += 1
        return items


def trail(regex: str) -> str:
    """One letter of a trail as a Python expression, from the whole of MediaWiki's."""
    found = re.match(r"/\^\((.*?)\)\(\.\*\)\$/", regex, re.DOTALL)
    if found is None:
        raise ValueError(regex)
    one = found.group(1)
    one = re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda m: chr(int(m.group(1), 16)), one)
    one = one.removeprefix(":?").replace("\\'", "'")
    one = one.removesuffix("+").replace("\u0966-\ua8e0-\ua8ff", "\u0966-\u097f\ua8e0-\ua8ff")  # Hindi's runs from 0966 to A8E0
    if one.startswith("(?:") and re.fullmatch(r"\(\?:(?:\[[^\]]*\]|\w|[“»]|\|)*\)", one):  # as one set of letters
        one = "[" + re.sub(r"[|\[\]]", "", one[3:-1]) + "]"
    if re.fullmatch(r"\[[^\]]*\]", one):  # a "-" that stands between a range and a letter is itself
        one = re.sub(r"(?<=.-.)-(?=.)", r"\\-", one)
    return letters_of(one)


def letters_of(one: str) -> str:
    """Without quotation marks, which MediaWiki takes into the links of some languages: they are no part of a name."""
    return re.sub('[«»“”„"‘]', "", one).replace("[]", "")


def charset(letters: str) -> str:
    """The letters of a prefix; "all that is no ASCII" are the letters and signs of vowels among them."""
    if "10ffff" in letters:
        return r"(?:(?![0-9_])\w|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed])"
    letters = letters.replace(r"\x80-\xff", "\u00c0-\u00ff")
    return letters_of("[" + re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda m: chr(int(m.group(1), 16)), letters) + "]")


def read(folder: Path) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {
        key: {} for key in ("like", "namespaces", "redirect", "options", "trail", "prefix", "months")
    }
    names: dict[str, dict[str, int]] = {}
    table["like"] |= CODES
    for path in sorted((folder / "languages" / "messages").glob("Messages*.php")):
        code = path.stem.removeprefix("Messages").lower().replace("_", "-")
        if code.startswith("qq"):
            continue
        said = Values(path.read_text(encoding="utf-8")).values
        if said.get("fallback"):
            table["like"].setdefault(code, "|".join(x.strip() for x in said["fallback"].split(",")))
        own = names.setdefault(code, {})
        for number, name in said.get("namespaceNames", ()):
            if isinstance(number, int) and isinstance(name, str) and "$1" not in name:
                own[tidy(name)] = number
        for name, number in said.get("namespaceAliases", ()):
            if isinstance(number, int) and "$1" not in str(name):
                own[tidy(str(name))] = number
        for number, genders in said.get("namespaceGenderAliases", ()):
            own |= {tidy(name): number for _, name in genders}
        words = {
            key: [str(value) for _, value in values[1:]] for key, values in said.get("magicWords", ()) if isinstance(values, list)
        }
        table["redirect"][code] = [
            tidy(word.lstrip("#＃").strip()) for word in words.get("redirect", ()) if word.lower() != "#redirect"
        ]
        table["options"][code] = [tidy(word) for key, values in words.items() if key.startswith("img_") for word in values]
        if "linkTrail" in said:
            table["trail"][code] = trail(said["linkTrail"])
        if "linkPrefixExtension" in said:
            letters = said.get("linkPrefixCharset", "a-zA-Z\\x{80}-\\x{10ffff}")
            table["prefix"][code] = charset(letters) if said["linkPrefixExtension"] else ""
    for code, own in wikipedias().items():
        names.setdefault(CODES.get(code, code) if code != "simple" else code, {}).update(own)
    english = set(table["options"].pop("en"))
    table["options"] = {"en": sorted(english)} | {code: sorted(set(own) - english) for code, own in table["options"].items()}
    table["namespaces"] = {code: grouped(own) for code, own in sorted(names.items())}
    table["months"] = dict(months(folder / "languages" / "i18n"))
    return {key: {code: "|".join(dict.fromkeys(own)) if isinstance(own, list) else own for code, own in sorted(rows.items()) if own or key in ("trail", "prefix")}
            for key, rows in table.items()}  # fmt: skip


def wikipedias() -> dict[str, dict[str, int]]:
    """The names of namespaces that each Wikipedia has, as mwconstants lists them."""
    try:
        from mwconstants.constants.c_namespaces import NAMESPACE_ALIASES
    except ImportError:
        print("mwconstants is not installed: without the names that Wikipedias have besides MediaWiki's", file=sys.stderr)
        return {}
    found: dict[str, dict[str, int]] = {}
    for code, spaces in NAMESPACE_ALIASES.items():
        own = found.setdefault(code, {})
        for name, said in spaces.items():
            number = CANONICAL.get(tidy(said.get("canonical", name)))
            if number not in (None, 4, 5):  # the project's own name is in each dump
                some = (tidy(other) for other in (name, *said.get("aliases", ())))
                own |= {other: number for other in some if len(other) > 2 or (not other.isascii() and other > "\u3000")}  # no "T:"
    return found


def grouped(own: Mapping[str, int]) -> str:
    by_number: dict[int, list[str]] = {}
    for name, number in own.items():
        if name not in CANONICAL and number in CONSTANTS.values():
            by_number.setdefault(number, []).append(name)
    return ";".join(f"{number} {'|'.join(sorted(some))}" for number, some in sorted(by_number.items()))


def months(folder: Path) -> Iterable[tuple[str, str]]:
    """The names of the months in a language that are one word each, and mean one month each."""
    for path in sorted(folder.glob("*.json")):
        if path.stem == "en" or path.stem.startswith("qq"):
            continue
        said = json.loads(path.read_text(encoding="utf-8"))
        rows = [
            [said.get(key) for key in (f"{name}-gen", f"{name}_long" if name == "may" else name, short)]
            for name, short in zip(MONTHS, SHORT, strict=True)
        ]
        rows[4][0] = said.get("may-gen")
        read = [
            dict.fromkeys(unicodedata.normalize("NFC", word.strip(". ")) for word in row if word and " " not in word and not re.search(r"\d", word))
            for row in rows
        ]
        folded = [{word.casefold(): word for word in reversed(row)} for row in read]
        several = {word for row in folded for word in row if sum(word in other for other in folded) > 1}
        kept = [[word for low, word in reversed(row.items()) if low not in several and len(word) > 1] for row in folded]
        if all(kept):
            yield path.stem.lower(), "|".join(" ".join(row) for row in kept)


def written(table: Mapping[str, Mapping[str, str]]) -> str:
    lines = [HEAD]
    for key, rows in table.items():
        lines += [
            f"[{key}]",
            *(f"{code if re.fullmatch(r'[a-z0-9-]+', code) else json.dumps(code)} = {quoted(own)}" for code, own in rows.items()),
            "",
        ]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """A TOML string; what can't be seen as such is written by its number."""
    return '"' + "".join(
        f"\\u{ord(c):04x}" if ord(c) < 0x10000 and unicodedata.category(c) in ("Cf", "Cc", "Co", "Cn", "Zs") and c != " "
        else f"\\U{ord(c):08x}" if unicodedata.category(c) in ("Co", "Cn") else "\\" + c if c in '"\\' else c
        for c in text
    ) + '"'  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = read(options.folder)
    if options.write:
        TABLE.write_text(written(found), encoding="utf-8")
    held = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    different = [f"{key} {code}: {held.get(key, {}).get(code)!r} here, {rows.get(code)!r} there"
                 for key, rows in found.items() for code in sorted(held.get(key, {}).keys() | rows.keys())
                 if held.get(key, {}).get(code) != rows.get(code)]  # fmt: skip
    print("\n".join(different) or f"the same for {len(found['namespaces'])} languages")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
