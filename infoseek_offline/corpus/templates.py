# ruff: noqa: E501 - the tables read best a language or a kind of template to a line
"""Templates that stand for text: what they read as, in wikitext again ("{{ill|X|ja|Y}}" becomes "[[X]]").

`render` answers with the text where the reading is certain, "" for a template that is known to show nothing in running text, and
None for all others, which the caller drops and counts. What templates are called is in templates.toml, by language; here is how each
kind of them reads. Names are compared casefolded with blanks for underscores.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from infoseek_offline.corpus.language import months, own_words
from infoseek_offline.corpus.markup import DROP, ITEM
from infoseek_offline.corpus.messages import languages_like
from infoseek_offline.corpus.messages import months as month_names


@dataclass(frozen=True, slots=True)
class Arguments:
    """A template's arguments: `positional` in order (stripped), `named` by lower-case key with underscores as blanks."""

    positional: list[str]
    named: dict[str, str]

    def get(self, *keys: str) -> str:
        """The first non-empty value of these keys; a digit is the place of a positional argument, from 1."""
        for key in keys:
            if key.isdigit() and int(key) <= len(self.positional) and self.positional[int(key) - 1]:
                return self.positional[int(key) - 1]
            if self.named.get(key):
                return self.named[key]
        return ""


_SPLIT = re.compile(r"\[\[(?:[^\[\]]|\[\[[^\[\]]*\]\]|\[[^\[\]]*\])*\]\]|\|")
# Brackets of nothing but links without a pipe or another link in them, and of addresses.
_NO_PIPED_LINK = re.compile(r"[^\[]*+(?:\[(?:\[[^\[\]|]*+\]\]|(?!\[))[^\[]*+)*+")
_KEY = re.compile(r"\s*([^=\[\]{}<>|]{1,80}?)\s*=")


def split_arguments(content: str) -> list[str]:
    """The pieces between the pipes of a template or file link; pipes inside links don't count."""
    if "[[" not in content or _NO_PIPED_LINK.fullmatch(content):
        return content.split("|")
    pieces, start = [], 0
    for match in _SPLIT.finditer(content):
        if match.group() == "|":
            pieces.append(content[start : match.start()])
            start = match.end()
    pieces.append(content[start:])
    return pieces


@lru_cache(maxsize=1 << 13)
def _key_name(raw: str) -> str:
    return " ".join(raw.replace("_", " ").lower().split())


def read_arguments(pieces: list[str]) -> Arguments:
    positional: list[str] = []
    named: dict[str, str] = {}
    for piece in pieces:
        key = _KEY.match(piece) if "=" in piece else None
        if key is None:
            positional.append(piece.strip())
        else:
            name, value = _key_name(key.group(1)), piece[key.end() :].strip()
            if name.isdigit() and 0 < int(name) <= 20:
                while len(positional) < int(name):
                    positional.append("")
                positional[int(name) - 1] = value
            elif value or name not in named:
                named[name] = value
    return Arguments(positional, named)


@lru_cache(maxsize=4096)
def template_name(raw: str) -> str:
    """The name as shown: blanks collapsed, "Template:" away, first letter upper case."""
    name = " ".join(raw.replace("_", " ").replace(DROP, "").split())
    if name[:9].lower() == "template:":
        name = name[9:].lstrip()
    return name[:1].upper() + name[1:]


Renderer = Callable[[Arguments, str], str | None]
_MONTHS = "January February March April May June July August September October November December".split()
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "grc": "Ancient Greek", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "la": "Latin", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sa": "Sanskrit", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
}  # fmt: skip
_UNITS = {"sqmi": "sq mi", "sqkm": "km2", "c": "°C", "f": "°F", "k": "K", "cuyd": "cu yd", "cuft": "cu ft", "sqft": "sq ft", "acre": "acres",
          "impgal": "imp gal", "usgal": "US gal", "kmh": "km/h", "kph": "km/h", "ftin": "ft", "foot": "ft", "mile": "mi", "metre": "m",
          "meter": "m", "kilometre": "km", "kilometer": "km", "°c": "°C", "°f": "°F", "sqm": "m2"}  # fmt: skip
_RANGES = {"to": " to ", "-": "–", "–": "–", "and": " and ", "or": " or ", "to(-)": "–", "x": " × ", "by": " by ", "+/-": " ± ",
           "±": " ± ", "×": " × ", "xx": " × "}  # fmt: skip
_NUMBER = re.compile(r"[-−+]?[\d.,/+⁄ ]+(?:e[-+]?\d+)?$")


def _convert(a: Arguments, _: str) -> str | None:
    """`{{convert|10|to|20|km|mi}}` as stated, without the conversion: "10 to 20 km"."""
    p = a.positional
    if len(p) < 2 or not _NUMBER.match(p[0]):
        return None
    text, i = p[0], 1
    while i + 1 < len(p) and p[i].lower() in _RANGES and _NUMBER.match(p[i + 1]):
        text += _RANGES[p[i].lower()] + p[i + 1]
        i += 2
    if i >= len(p) or not p[i] or _NUMBER.match(p[i]):
        return None
    unit = _UNITS.get(p[i].lower(), p[i])
    if i + 2 < len(p) and _NUMBER.match(p[i + 1]) and p[i].lower() in ("ft", "lb", "st", "mi", "yd"):
        return f"{text} {unit} {p[i + 1]} {p[i + 2]}"
    adjective = "-" if a.get("adj") == "on" and not unit.startswith("°") else " "
    return f"{text}{adjective}{unit}"


def _month(text: str) -> str:
    return _MONTHS[int(text) - 1] if text.isdigit() and 1 <= int(text) <= 12 else text


@lru_cache(maxsize=64)
def _date_form(language: str) -> str:
    forms = {code: form for form, codes in readings()["dates"].items() for code in codes.split("|")}
    names = month_names(language)
    return next((forms[code] for code in (language, language.split("-")[0]) if code in forms), "(D )M Y" if names else "")


def dated(language: str, year: str, month: int, day: int) -> str:
    """A date as the language writes it, or as ISO 8601 does; without its day where that is 0."""
    form = _date_form(language)
    if not form or not 1 <= month <= 12:
        return f"{year}-{month:02}" + (f"-{day:02}" if day else "")
    form = re.sub(r"\((.*?)\)", r"\1" if day else "", form)
    names = month_names(language)
    forms = names[month - 1] if names else (str(month),)
    said = {"Y": year, "N": str(month), "D": str(day), "M": forms[0], "A": forms[min(1, len(forms) - 1)]}
    return re.sub("[YNDMA]", lambda m: said[m.group()], form)


def _date(a: Arguments, language: str) -> str | None:
    year, month, day = (a.get(k) for k in "123")
    if not year or not re.fullmatch(r"-?\d{1,4}", year):
        return year or None  # free text, as {{start-date}} and {{dts}} take it
    if month and language != "en" and month.isdigit():
        return dated(language, year, int(month), int(day) if day.isdigit() else 0)
    if not month:
        return year
    if not day:
        return f"{_month(month)} {year}"
    first = a.get("df", "dmy").lower() in ("y", "yes", "1", "true")
    return f"{day.lstrip('0')} {_month(month)} {year}" if first else f"{_month(month)} {day.lstrip('0')}, {year}"


def _link(a: Arguments, _: str) -> str | None:
    """{{ill}}, 仮リンク and their like: a link whose page is in another wiki as long as ours has none."""
    target = a.get("1", "fr", "tr", "عر", "target", "lokal", "местный")
    shown = a.get("lt", "display", "label", "text", "texte", "texto", "text", "نص", "4" if len(a.positional) == 4 else "lt")
    if not target or "[[" in target:
        return target or None
    return f"[[{target}|{shown}]]" if shown and "[[" not in shown else f"[[{target}]]"


def _link_shown_second(a: Arguments, _: str) -> str | None:
    return f"[[{a.get('1')}|{a.get('2', '1')}]]" if a.get("1") and "[[" not in a.get("1") else a.get("1") or None


def _flag(a: Arguments, _: str) -> str | None:
    country = a.get("1")
    if not country or "[[" in country:
        return country or None
    return f"[[{country}|{a.get('name')}]]" if a.get("name") else f"[[{country}]]"


def _nihongo(a: Arguments, _: str) -> str | None:
    first = a.get("1", "3")
    inside = ", ".join(x for x in (a.get("2"), a.get("3") if a.get("1") else "", a.get("4", "extra")) if x)
    return f"{first} ({inside})" if first and inside else first or inside


def _lang_name(code: str) -> Renderer:
    def render(a: Arguments, language: str) -> str | None:
        name = _LANGUAGES.get(code, "") if language == "en" and a.get("label", "links") not in ("none", "no") else ""
        return f"{name}: {a.get('1', 'text')}" if name and a.get("1", "text") else a.get("1", "text")

    return render


def _langx(a: Arguments, language: str) -> str | None:
    return _lang_name(a.get("1"))(Arguments(a.positional[1:], a.named), language) if len(a.positional) > 1 else None


def _value(a: Arguments, _: str) -> str | None:
    number, error = a.get("1"), a.get("2")
    if not number:
        return None
    text = number + (("±" + error) if error and not a.get("3") else f"+{error}−{a.get('3').lstrip('-−')}" if error else "")
    text += f" × 10^{a.get('e')}" if a.get("e") else ""
    unit = a.get("ul", "u")
    return f"{text} {unit}" if unit else text


def _fraction(a: Arguments, _: str) -> str | None:
    p = [x for x in a.positional if x]
    return {1: lambda: f"1/{p[0]}", 2: lambda: f"{p[0]}/{p[1]}", 3: lambda: f"{p[0]} {p[1]}/{p[2]}"}.get(len(p), lambda: None)()


def _items(a: Arguments, _: str) -> str:
    return ITEM.join(x for x in a.positional if x)


_BULLET = re.compile(r"(?:^|\n)\s*[*#:]+\s*")


def _plain_list(a: Arguments, _: str) -> str:
    return ITEM.join(x.strip() for x in _BULLET.split(a.get("1")) if x.strip())


def _ship(a: Arguments, _: str) -> str | None:
    name = f"{a.get('1')} {a.get('2')}".strip()
    return f"[[{name} ({a.get('3')})|{name}]]" if a.get("3") else f"[[{name}]]"


def _sort_name(a: Arguments, _: str) -> str | None:
    name = f"{a.get('1')} {a.get('2')}".strip()
    return name if a.get("nolink") else f"[[{a.get('3')}|{name}]]" if a.get("3") else f"[[{name}]]"


def _quote(a: Arguments, _: str) -> str | None:
    text = a.get("text", "quote", "1")
    return f"\n\n{text}\n\n" if text else None


def _as_of(a: Arguments, _: str) -> str | None:
    if a.get("alt"):
        return a.get("alt")
    date = " ".join(x for x in (a.get("3"), _month(a.get("2")), a.get("1")) if x)
    return ("as of " if a.get("lc") else "As of ") + date + a.get("post") if date else None


def _around(text: str) -> Renderer:
    before, _, after = text.partition("…")
    return lambda a, _: before + a.get("1") + after if a.get("1") else None


def _span(text: str) -> Renderer:
    before = text.partition("…")[0]
    return lambda a, _: before + "–".join(x for x in a.positional[:2] if x) if a.get("1") else before.strip()


def _argument(*keys: str) -> Renderer:
    return lambda a, _: a.get(*keys)


def _last(a: Arguments, _: str) -> str:
    return next((x for x in reversed(a.positional) if x), "")


def _fixed(text: str) -> Renderer:
    shown = ITEM if text == "\n" else text
    return lambda a, _: shown


def _number_and_unit(a: Arguments, _: str) -> str | None:
    """Italian {{M|12|3|km}}, {{M|12|ul=km}}: a number, how uncertain it is, and its unit."""
    number, error, unit = a.get("1"), a.get("2"), a.get("3", "ul", "u")
    if not number:
        return None
    return f"{number}±{error} {unit}".strip() if error and error != "-" and unit else f"{number} {unit}".strip()


def _measure(a: Arguments, _: str) -> str | None:
    return " ".join(x for x in a.positional if x) or None


def _in_brackets(a: Arguments, _: str) -> str | None:
    return f"{a.get('1')}（{a.get('2')}）" if a.get("1") and a.get("2") else a.get("1")


def _height(a: Arguments, _: str) -> str | None:
    parts = ((a.get("ft"), "ft"), (a.get("in"), "in"), (a.get("m"), "m"), (a.get("cm"), "cm"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or None


def _marriage(a: Arguments, language: str) -> str | None:
    return f"{a.get('1')} ({_span('…')(Arguments(a.positional[1:], {}), language)})" if a.get("2") else a.get("1")


def _link_shown_third(a: Arguments, _: str) -> str | None:
    target, shown = a.get("3"), a.get("4")
    if not target or "[[" in f"{target}{shown}":
        return shown or target or None
    return f"[[{target}|{shown}]]" if shown else f"[[{target}]]"


def _day_first(a: Arguments, language: str) -> str | None:
    day, month, year = (a.get(key) for key in "123")
    if not month:
        return day or None  # the whole date as one text, or a year
    number = int(month) if month.isdigit() else months(language).get(month.casefold(), 0)
    if not year or not number or not re.fullmatch(r"\d{1,2}(?:er)?", day):
        return " ".join(x for x in (day, month, year) if x)
    return dated(language, year, number, int(day.removesuffix("er")))


def _old_date(a: Arguments, _: str) -> str | None:
    """{{OldStyleDate|6|июня|1799|26|мая}}: by the new calendar, and by the old one before it."""
    new, month, year, old, old_month = (a.get(key) for key in "12345")
    if not (new and month and old):
        return " ".join(x for x in (new, month, year) if x) or None
    return f"{old} {old_month} ({new} {month}) {year}".strip() if old_month else f"{old} ({new}) {month} {year}".strip()


def _century(a: Arguments, language: str) -> str | None:
    form = readings()["centuries"].get(language) or next(iter(readings()["centuries"].values()))
    number = a.get("1")
    first = number == "I" and form.startswith("Xe")
    return form.replace("Xe" if first else "X", "Ier" if first else number, 1) if re.fullmatch("[IVXL]+", number) else None


_READINGS: dict[str, Renderer] = {
    "first": _argument("1", "text"), "second": _argument("2", "text"), "second or first": _argument("2", "1"), "core": _argument("1", "3", "2"),
    "last": _last, "in brackets": _in_brackets, "convert": _convert, "measure": _measure, "number and unit": _number_and_unit, "value": _value, "fraction": _fraction,
    "date": _date, "day first": _day_first, "old date": _old_date, "two dates": lambda a, _: f"{a.get('1')}, {a.get('2')}".strip(", "),
    "as of": _as_of, "century": _century, "marriage": _marriage, "height": _height, "link": _link, "link shown second": _link_shown_second,
    "link shown third": _link_shown_third, "ship": _ship, "sort name": _sort_name, "flag": _flag, "nihongo": _nihongo, "langx": _langx,
    "items": _items, "plain list": _plain_list, "quote": _quote, "joined": lambda a, _: "".join(a.positional),
    "spaced": lambda a, _: " ".join(a.positional), "formula": lambda a, _: a.get("1").replace("_", "").replace("^", ""), "nothing": _fixed(""),
}  # fmt: skip
_SHORT = 4  # letters of a name that means something else on any other wiki
_TEXTS: dict[str, Callable[[str], Renderer]] = {"span": _span, "around": _around, "fixed": _fixed}


@lru_cache(maxsize=1)
def readings() -> dict[str, dict[str, Any]]:
    """templates.toml."""
    return tomllib.loads(Path(__file__).with_name("templates.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _by_language() -> dict[str, dict[str, tuple[str, str]]]:
    """By language and name of a template what it reads as: the section of templates.toml, and its text where it has one."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for reading in _READINGS:
        for language, names in readings()[reading].items():
            found.setdefault(language, {}).update(dict.fromkeys(names.split("|"), (reading, "")))
    for reading in _TEXTS:
        for language, texts in readings()[reading].items():
            for text, names in texts.items():
                found.setdefault(language, {}).update(dict.fromkeys(names.split("|"), (reading, text)))
    return found


@lru_cache(maxsize=64)
def _table(language: str) -> dict[str, Renderer]:
    """Names of templates with what they read as on a wiki of the language: its own names, those of many languages, and those of the
    others (wikis take templates over) that are no mere letters and mean the same in each of them."""
    by_language = _by_language()
    several: dict[str, set[tuple[str, str]]] = {}
    for names in by_language.values():
        for name, reading in names.items():
            several.setdefault(name, set()).add(reading)
    certain = {name for name, some in several.items() if len(some) == 1 and (len(name) > _SHORT or not name.isascii())}
    found = {name: next(iter(several[name])) for name in certain}
    for code in ("any", *reversed(languages_like(language))):
        found |= by_language.get(code, {})
    return {name: _TEXTS[reading](text) if reading in _TEXTS else _READINGS[reading] for name, (reading, text) in found.items()}


_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "formatnum": str, "nowrap": str, "lc": str.lower, "uc": str.upper, "lcfirst": lambda x: x[:1].lower() + x[1:],
    "ucfirst": lambda x: x[:1].upper() + x[1:],
}  # fmt: skip


_LANGUAGE_MARKS = ("lang-", "lang ", "vol-", "jez-", "јез-", "k-")  # with the code of a language: {{lang-fr|text}}
_ORDINAL = re.compile(r"[ivxl]+(?:er|re|e)(?: siècle)?|\d{1,2}(?:er|re|e)")


def render(name: str, pieces: list[str], language: str, title: str) -> str | None:
    """What the template shows, as wikitext; "" if it is known to show nothing; None if that is not known.

    `name` as template_name gives it, `pieces` the arguments between pipes, `title` the page's (for {{PAGENAME}}).
    """
    key = name.casefold()
    renderer = _table(language).get(key)
    if renderer is not None:
        return renderer(read_arguments(pieces), language)
    if key in ("pagename", "fullpagename", "subpagename", "basepagename"):
        return title
    if ":" in key:
        function, _, first = name.partition(":")
        if function.casefold() in _FUNCTIONS:
            return _FUNCTIONS[function.casefold()](first.strip())
        return "" if function.casefold() in ("defaultsort", "displaytitle", "#tag", "#invoke", "#coordinates") else None
    if key.startswith(_LANGUAGE_MARKS) and len(key) <= 12:
        return _lang_name(key[5:])(read_arguments(pieces), language)
    if language == "fr" and _ORDINAL.fullmatch(key):  # {{XIXe siècle}}, {{2e}}
        return name
    if key in ("uss", "hms", "ss", "rms", "hmas", "hmcs", "usns", "ins", "mv", "sms", "hdms", "hmnzs", "usat", "uscgc"):
        return _ship(Arguments([key.upper(), *read_arguments(pieces).positional], {}), language)
    return None


def stands_for_text(name: str) -> bool:
    """Is the template one that may show its arguments in running text?"""
    key = name.casefold()
    return any(key in names for names in _by_language().values()) or key.startswith(_LANGUAGE_MARKS) or key.partition(":")[0] in _FUNCTIONS


@lru_cache(maxsize=64)
def _hatnotes(language: str) -> dict[str, tuple[int, int]]:
    """Templates that lead elsewhere: name -> (first place of a page title among the positional arguments, step)."""
    found = dict.fromkeys(own_words("hatnote", language), (1, 1))
    for place, names in readings()["hatnote"].items():
        first, step = place.split()
        found |= dict.fromkeys(names.split("|"), (int(first), int(step)))
    return found


@lru_cache(maxsize=4096)
def _hatnote_place(name: str, language: str) -> tuple[int, int] | None:
    return _hatnotes(language).get(name.casefold())


def hatnote_targets(name: str, pieces: list[str], language: str = "en") -> list[str] | None:
    """Page titles that a hatnote template points to (raw, possibly with `[[…]]` in them); None if it is no hatnote."""
    place = _hatnote_place(name, language)
    if place is None:
        return None
    first, step = place
    return [x for x in read_arguments(pieces).positional[first - 1 :: step] if x and "[[" not in x and x.lower() != "and"]
