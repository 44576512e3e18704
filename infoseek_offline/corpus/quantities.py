# ruff: noqa: E501 - patterns and word lists read best unbroken
"""Numbers and dates of an infobox value, made comparable.

Dates are years with a fraction: 1787-01-11 is 1787.0274 (year + (day of year - 1) / days of the year, four decimals), a year alone
is [1787.0, 1787.999], 450 BC is [-450.0, -449.001]. Units stay as written, lower case, with "km²" as "km2". What is not certain
(a number in the middle of words, "1.234" that may be 1234) is left out: an empty tuple is a good answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from calendar import isleap, monthrange
from functools import lru_cache

from infoseek_offline.corpus.language import months
from infoseek_offline.records import Quantity

_BC = r"(?:\s*(?P<bc>BCE?|B\.C\.(?:E\.)?))?"
_ERA = r"(?:\s*(?:AD|CE|A\.D\.))?"
_CIRCA = re.compile(
    r"^(?:c\.|ca\b\.?|circa|about|around|approximately|approx\.?|over|nearly|almost|roughly|est\.?|~|≈|>|<|≥|≤)\s*", re.IGNORECASE
)


@lru_cache(maxsize=64)
def _dates(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """How dates are written: with the language's months and the English ones, with numbers, with a year alone. Beside each
    letters of which a text of ASCII, in small letters, holds one where it can match; "m" stands for a month's name."""
    month = "|".join(map(re.escape, sorted(months(language), key=len, reverse=True)))
    day = r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.|º|°)?"
    return tuple(
        (re.compile(pattern, re.IGNORECASE), needed)
        for pattern, needed in (
            (rf"{day}\s+(?:(?:of|de|d[i'’]|del)\s*)?(?P<m>{month})\.?,?\s+(?:del?\s+)?(?P<y>\d{{1,4}})\b{_BC}", "m"),
            (rf"(?P<m>{month})\.?\s+{day},?\s+(?P<y>\d{{1,4}})\b(?![\d:]){_BC}", "m"),
            (rf"(?P<y>\d{{4}})\.\s+(?:gada\s+)?(?:(?P<m>{month})\s+{day}|(?P<d2>\d{{1,2}})\.\s+(?P<m2>{month}))\b(?P<bc>)", "m"),
            (r"(?P<d>\d{1,2})\s+tháng\s+(?P<mn>\d{1,2}),?\s+(?:năm\s+)?(?P<y>\d{1,4})\b(?P<bc>)", "á"),
            (r"(?P<y>\d{4})-(?P<mn>\d{1,2})-(?P<d>\d{1,2})\b(?P<bc>)", "-"),
            (r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<mn>\d{1,2})\.\s?(?P<y>\d{4})\b(?!\.\d)(?P<bc>)", "."),
            (rf"(?P<m>{month})\.?,?\s+(?:del?\s+)?(?P<y>\d{{3,4}})\b{_BC}", "m"),
            (r"(?P<y>\d{1,4})\s*(?P<bc>BCE?\b|B\.C\.(?:E\.)?)", "b"),
            (r"(?P<y>\d{3,4})年(?:\s?(?P<mn>\d{1,2})月(?:\s?(?P<d>\d{1,2})日)?)?", "年"),
            (r"(?P<y>\d{3,4})년(?:\s?(?P<mn>\d{1,2})월(?:\s?(?P<d>\d{1,2})일)?)?", "년"),
            (r"(?:AD|CE)\s*(?P<y>\d{1,4})\b(?P<bc>)|(?P<y2>\d{1,4})\s*(?:AD|CE)\b", "ac"),
        )
    )


_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?: \d{3})+(?:[.,]\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{1,3}\.\d{3},\d+|\d+(?:[.,]\d+)?|\.\d+"
_POWER = r"(?:\s*[×x*·]\s*10\s?\^\s?(?P<{0}>[-−–+]?\d{{1,3}})|[eE](?P<{0}e>[-+]?\d{{1,3}}))?"
_SCALE = r"(?:\s*(?P<scale>thousand|million|billion|trillion)\b)?"
_UNIT = r"(?:[ -]?(?P<unit>°\s?[CFK]\b|%|°|[$€£]|[A-Za-zµμÅΩ][A-Za-zµμ]*[²³2-4]?(?![\w])(?:[/·][A-Za-z]+[²³23]?(?![\w]))*(?:\s(?:mi|ft|km|m|in|yd)\b)?))?"
_CURRENCY = r"(?P<currency>(?:US|A|C)?\$|[€£¥₹])?\s*"
_NUMBER = re.compile(
    rf"{_CURRENCY}(?P<sign>[-−+](?=[\d.]))?(?P<low>{_DIGITS})(?![\d])" + _POWER.format("lp")
    + rf"(?:\s*(?P<pm>±|\+/[-−])\s*(?P<error>{_DIGITS})|(?P<range>\s*(?:–|—|-| to | - )\s*)(?P<highsign>[-−])?(?P<high>{_DIGITS})(?![\d]))?"
    + _POWER.format("hp") + _SCALE + _UNIT
)  # fmt: skip
# Keys whose whole numbers are counts or measures, never years.
_COUNT_KEY = re.compile(
    r"population|students?|staff|elevation|height|area|length|mass|weight|depth|width|capacity|number|\bno\b|total|faculty|"
    r"undergrad|postgrad|enrol|employees|members|households|density|rank|volume|speed|distance|diameter|radius|seats|pages|episodes|"
    r"size|power|range|altitude|prominence|isolation|count|passengers|floor|abitanti|popolazione|superficie|altitudine|altezza|lunghezza|postal|zip|code|melting|boiling|temperature|runtime|crew|"
    r"apogee|perigee|wavelength|focal|gdp|visitors|orders?|sales|casualties|strength|id\b|discharge|catchment",
    re.IGNORECASE,
)
_YEAR_KEY = re.compile(r"year|date|\banno|established|founded|opened|built", re.IGNORECASE)
_NOT_AFTER = re.compile(r"\d|['’′″:@]|[-–/.,]\d|, \d")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\W*")
_NAME = re.compile(r"[A-Z][a-z]+|[A-Z][a-z]{3,}.*")
_NAMED_UNITS = frozenset(
    "Hz Pa Mg Bq Gy Sv Wh Nm Mt Gt Gs Mb Mya Myr Gyr Ma Ga Da Km Kg Kb Gb Tb Celsius Fahrenheit Kelvin".split()
)
# What may stand before a date without changing what is said.
_BEFORE_DATE = re.compile(
    r"(?:(?:on|in|the|am|den|le|el|il|em|born|died|opened|founded|established|launched|completed|released|discovered|dissolved|built|[A-Z][a-z]+day)\b[,:]?\s*)*",
    re.IGNORECASE,
)
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_UNIT_WORDS = {"²": "2", "³": "3", "μ": "µ"}
_NO_UNIT = frozenset(
    "and or to in on of at by as for from with the a an est estimate estimated census approx about over under including plus minus is "
    "was per st nd rd th present now bc bce ad ce km² onwards since until".split()
)
_PEOPLE_KEY = re.compile(
    r"population|popola|abitanti|einwohner|poblaci|popula|students?|staff|employees|households|members|dân số", re.IGNORECASE
)
_BRACKETS = re.compile(r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]")
_DIGIT = re.compile(r"\d")
_LONGEST = 10_000  # characters of a value that are looked at
_DECADE = re.compile(r"(?P<y>[12]\d{2}0)'?s\b")
_YEARS_BC = re.compile(r"(?P<low>\d{1,4})\s*(?:–|—|-|/| to )\s*(?P<high>\d{1,4})\s*(?:BCE?\b|B\.C\.)")
_YEARS = re.compile(
    r"(?P<low>[12]\d{3})(?:\s*(?:–|—|-|/| to | - )\s*(?P<high>[12]\d{3}|\d{2}|present))?(?![\d.,/]\d|, \d|\w|\s*[%°])"
)


def read_quantities(value: str, key: str = "", language: str = "en") -> tuple[Quantity, ...]:
    """The quantities that a value states, in order. `key` is the infobox key: it tells a count of 1,900 from the year 1900;
    `language` is the wiki's, for the names of months.

    A value's text in brackets is read only where nothing stands outside of it.
    """
    if _DIGIT.search(value) is None:
        return ()
    if len(value) > _LONGEST:
        value = value[: value.rfind(";", 0, _LONGEST) + 1]
    if not value.isascii():
        value = "".join(str(unicodedata.decimal(c)) if c > "\x7f" and c.isdecimal() else c for c in value)
    outside = _BRACKETS.sub(" ; ", value) if "(" in value or "[" in value or "（" in value else value
    found = [q for part in outside.replace("\n", ";").split(";") if (q := _read(part.strip(), key, language)) is not None]
    if not found and not re.search(r"\w", outside):
        found = [q for part in re.findall(r"\(([^()]*)\)", value) if (q := _read(part.strip(), key, language)) is not None]
    return tuple(found)


def _read(part: str, key: str, language: str) -> Quantity | None:
    """The quantity that a part begins with; numbers after words are not certain ("Apollo 11")."""
    if _DIGIT.search(part) is None:
        return None
    part = _CIRCA.sub("", part)
    if before_christ := _YEARS_BC.match(part):
        low, high = -float(before_christ.group("low")), -float(before_christ.group("high"))
        return Quantity(low=low, high=high + 0.999, unit="year") if low <= high else None
    if decade := _DECADE.match(part):
        return Quantity(low=float(decade.group("y")), high=int(decade.group("y")) + 9.999, unit="year")
    dates = _found_dates(part, language)
    if dates:
        first = min(dates, key=lambda m: (m.start(), -len(m.group())))
        start = _date(first, language)
        if start is not None and not _BEFORE_DATE.fullmatch(part[: first.start()]):
            return None
        if start is not None:
            rest = part[first.end() :]
            joined = re.match(r"\s*(?:–|—|-|to)\s*", rest)
            later = [m for p, _ in _dates(language) if joined and (m := p.match(rest, joined.end()))]
            end = _date(max(later, key=lambda m: len(m.group())), language) if later else None
            high = end[1] if end is not None and end[1] >= start[0] else start[1]
            return Quantity(low=start[0], high=high, unit="year")
    match = _NUMBER.match(part)
    years = None if _COUNT_KEY.search(key) and not _YEAR_KEY.search(key) else _YEARS.match(part)
    if years is not None and (match is None or not _unit(match) or years.group("high") == "present"):
        low = int(years.group("low"))
        if 1000 <= low <= 2100:
            text = years.group("high") or ""
            if text == "present":
                return None
            high = low if not text.isdigit() else int(text) if len(text) == 4 else low - low % 100 + int(text)
            if high >= low:
                return Quantity(low=float(low), high=high + 0.999, unit="year")
    if match is None or (_PEOPLE_KEY.search(key) and re.fullmatch(r"\d{1,3}\.\d{3}", match.group("low"))):
        return None  # 1.234 people are 1234 where the point parts thousands
    return _number(match, part, language)


def _found_dates(part: str, language: str) -> list[re.Match[str]]:
    if not part.isascii():
        return [m for pattern, _ in _dates(language) if (m := pattern.search(part))]
    low = part.lower()
    month = any(name in low for name in _month_names(language))
    holds = {"m": month, "-": "-" in low, ".": "." in low, "b": "b" in low, "ac": "a" in low or "c" in low}
    return [m for pattern, needed in _dates(language) if holds.get(needed) and (m := pattern.search(part))]


@lru_cache(maxsize=64)
def _month_names(language: str) -> tuple[str, ...]:
    """Those of ASCII; a regular expression that ignores case takes a dotless i for one with a dot."""
    names = (name.replace("ı", "i") for name in months(language))
    return tuple(dict.fromkeys(name for name in names if name.isascii()))


def _date(match: re.Match[str], language: str) -> tuple[float, float] | None:
    groups = match.groupdict()
    year = int(groups.get("y") or groups.get("y2") or 0)
    name = unicodedata.normalize("NFC", (groups.get("m") or groups.get("m2") or "").casefold())
    month = months(language).get(name, 0) or int(groups.get("mn") or 0)
    day = int(groups.get("d") or groups.get("d2") or 0)
    if not year or month > 12 or (groups.get("mn") and not month):
        return None
    if groups.get("bc"):
        return float(-year), -year + 0.999  # within the year; months of years BC are too rare to be worth more
    if not month:
        return float(year), year + 0.999
    if day > monthrange(max(year, 1), month)[1]:
        return None
    before = sum(monthrange(max(year, 1), m)[1] for m in range(1, month))
    days = 366 if isleap(year) else 365
    if day:
        exact = round(year + (before + day - 1) / days, 4)
        return exact, exact
    return round(year + before / days, 4), round(year + (before + monthrange(max(year, 1), month)[1] - 1) / days, 4)


def _unit(match: re.Match[str]) -> str:
    unit = (match.group("unit") or match.group("currency") or "").lower()
    for written, plain in _UNIT_WORDS.items():
        unit = unit.replace(written, plain)
    return "" if unit in _NO_UNIT else unit.replace("° ", "°")


def _number(match: re.Match[str], part: str, language: str) -> Quantity | None:
    rest, unit = part[match.end() :], match.group("unit") or ""
    dots, said = language.split("-")[0] in _DOT_PARTS, unit or match.group("currency") or ""
    low = _float(match.group("low"), dots, said)
    # A telephone number, a date by numbers, a word of another kind ("111Cd", "4日", "400 Main Street"): not a quantity for certain.
    if low is None or _NOT_AFTER.match(rest) or (not unit and rest[:1].isalpha() and not _ORDINAL.fullmatch(rest)):
        return None
    if unit.lower() in ("st", "nd", "rd", "th") and re.search(r"\w", rest):
        return None
    if _NAME.fullmatch(unit) and unit not in _NAMED_UNITS:
        return None
    if re.fullmatch(r"\d+,(?:\d{1,2}|\d{4,})", match.group("low")) and not match.group("unit"):
        return None  # "1,2" without a unit may be a list
    high = low
    # "10–20 × 10^3": a power behind a range stands for both ends.
    power = match.group("lp") or match.group("lpe") or match.group("hp") or match.group("hpe")
    exponent = int(power.replace("−", "-").replace("–", "-")) if power else 0
    if abs(exponent) > 300 or _unit(match) in months(language):
        return None  # "5 May", without a year
    factor = 10.0**exponent
    factor *= _SCALES.get((match.group("scale") or "").lower(), 1.0)
    if match.group("sign") in ("-", "−"):
        low = high = -low
    if match.group("pm"):
        error = _float(match.group("error"), dots, said)
        if error is None:
            return None
        low, high = low - error, high + error
    elif match.group("high"):
        other = _float(match.group("high"), dots, said)
        if other is None:
            return None
        high = -other if match.group("highsign") else other
        if high < low:
            return None
    low, high = _rounded(low * factor), _rounded(high * factor)
    return Quantity(low=low, high=high, unit=_unit(match)) if math.isfinite(low) and math.isfinite(high) else None


# Languages that part thousands by a dot: "1.234 km" is 1234 km, where the words are a person's; a bare 1.234 may be a template's.
_DOT_PARTS = frozenset("de it es nl pt da id tr el ro sl hr sr bs vi ca gl eu is lb li fo an ast nds".split())


def _float(text: str, dot_parts: bool = False, unit: str = "") -> float | None:
    """1,234.5 and 1 234,5 and 1.234.567 and 1.234,5 as numbers; None for a lone "1,23" or the like that may mean either."""
    text = text.strip()
    if dot_parts and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text):
        return float(text.replace(".", "")) if unit else None
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?", text):
        return float(text.replace(" ", "").replace(",", "."))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}", text):
        return float(text.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+,\d+", text):
        return float(text.replace(",", ".")) if len(text.partition(",")[2]) != 3 else None
    return float(text)


def _rounded(number: float) -> float:
    return float(f"{number:.12g}")
