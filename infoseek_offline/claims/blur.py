"""Blurring: a value becomes a vaguer one that is still true (a year a decade, a number a range), as a ladder from narrow to wide.

Each rung is (low, high, words); `low <= value <= high` always. Years end at the last moment of their last year (1789.9999).
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from infoseek_offline.records import Quantity

YEAR = "year"
THIS_DECADE = 2029  # ends: nobody asks for what began "between 2020 and 2039"


class Rung(NamedTuple):
    low: float
    high: float
    words: str


def ladder(value: str, quantity: Quantity) -> list[Rung]:
    """The rungs for one quantity of a value as it is written, narrow first; empty where no honest range can be put into words."""
    if quantity.unit == YEAR:
        return _years(quantity)
    return _numbers(value, quantity)


def _years(quantity: Quantity) -> list[Rung]:
    first, last = math.floor(quantity.low), math.floor(quantity.high)
    rungs = []
    for width in (5, 10, 20, 50, 100):
        low = first - first % width
        high = low + width - 1
        if last <= high and low > 0 and (high <= THIS_DECADE or width <= 10):
            rungs.append(Rung(float(low), high + 0.9999, f"between {low} and {high}"))
    return rungs


def _numbers(value: str, quantity: Quantity) -> list[Rung]:
    largest = max(abs(quantity.low), abs(quantity.high))
    if largest == 0 or not math.isfinite(largest) or largest < 1e-3 or largest >= 1e15:
        return []
    unit = written_unit(value, quantity.unit)
    power = 10.0 ** math.floor(math.log10(largest))
    whole = quantity.low == math.floor(quantity.low) and quantity.high == math.floor(quantity.high) and not unit
    rungs = []
    for part in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        step = power * part
        if whole and step < 1:
            continue  # a count is not "between 5.0 and 5.5"
        low = math.floor(round(quantity.low / step, 9)) * step
        high = low + step
        if quantity.high > high or low == 0 or (part > 1 and low < 0):
            continue
        digits = max(0, -math.floor(math.log10(step)))
        low, high = round(low, digits), round(high, digits)
        if not low <= quantity.low <= quantity.high <= high:
            continue
        rungs.append(Rung(low, high, f"between {in_words(low, digits)} and {in_words(high, digits, low)}{unit}"))
    return rungs


def in_words(number: float, digits: int, smallest: float = 0.0) -> str:
    """10,000 and more with separators, millions and billions in words (where `smallest`, the lower end of a range, has them too), a
    true minus sign, no more digits than the step has."""
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if abs(smallest or number) >= size and round(number / size, 3) == number / size:
            return f"{number / size:g} {name}".replace("-", "\u2212")
    text = f"{abs(number):,.{digits}f}" if abs(number) >= 10_000 else f"{abs(number):.{digits}f}"
    return ("\u2212" if number < 0 else "") + text


def written_unit(value: str, unit: str) -> str:
    """The unit as the page writes it, with the blank before it; a per cent sign stands close."""
    if not unit:
        return ""
    found = re.search(re.escape(unit), value, re.IGNORECASE)
    shown = found.group() if found else unit
    return shown if shown == "%" else f" {shown}"
