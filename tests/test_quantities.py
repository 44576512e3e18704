"""Numbers and dates of infobox values, as comparable ranges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoseek_offline.corpus.quantities import read_quantities


def read(value: str, key: str = "") -> list[tuple[float, float, str]]:
    return [(q.low, q.high, q.unit) for q in read_quantities(value, key)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1,234.5 km", (1234.5, 1234.5, "km")),
        ("1 234 m", (1234, 1234, "m")),
        ("1.234,5 m", (1234.5, 1234.5, "m")),
        ("1.234.567", (1234567, 1234567, "")),
        ("788.4 ± 0.6 km", (787.8, 789, "km")),
        ("10–20 km", (10, 20, "km")),
        ("10 to 20 kg", (10, 20, "kg")),
        ("3.0 × 10^20 kg", (3e20, 3e20, "kg")),
        ("3.0×10^−5 m", (3e-5, 3e-5, "m")),
        ("−203 °C", (-203, -203, "°c")),
        ("45%", (45, 45, "%")),
        ("103,400", (103400, 103400, "")),
        ("22nd", (22, 22, "")),
        ("29.5 days", (29.5, 29.5, "days")),
        ("468 km2", (468, 468, "km2")),
        ("468 km²", (468, 468, "km2")),
        ("12 km/s", (12, 12, "km/s")),
        ("5 million", (5e6, 5e6, "")),
        ("US$5 billion", (5e9, 5e9, "us$")),
        ("10.5 sq mi", (10.5, 10.5, "sq mi")),
        ("1200 km", (1200, 1200, "km")),
        ("about 30 m (98 ft)", (30, 30, "m")),
    ],
)
def test_numbers(value: str, expected: tuple[float, float, str]) -> None:
    (quantity,) = read(value)
    assert quantity[2] == expected[2]
    assert quantity[:2] == pytest.approx(expected[:2])


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("11 January 1787", 1787.0274, 1787.0274),
        ("January 11, 1787", 1787.0274, 1787.0274),
        ("1787-01-11", 1787.0274, 1787.0274),
        ("11th Jan 1787 (aged 3)", 1787.0274, 1787.0274),
        ("1 January 2000", 2000.0, 2000.0),
        ("31 December 2000", 2000.9973, 2000.9973),
        ("1787", 1787.0, 1787.999),
        ("c. 1600", 1600.0, 1600.999),
        ("450 BC", -450.0, -449.001),
        ("500–428 BC", -500.0, -427.001),
        ("384 BC – 322 BC", -384.0, -321.001),
        ("AD 79", 79.0, 79.999),
        ("1939–1945", 1939.0, 1945.999),
        ("1914–18", 1914.0, 1918.999),
        ("2010s", 2010.0, 2019.999),
        ("1969年7月20日", 1969.5479, 1969.5479),
        ("1878年（明治11年）", 1878.0, 1878.999),
        ("July 1969", 1969.4959, 1969.5781),
    ],
)
def test_dates_are_years(value: str, low: float, high: float) -> None:
    assert read(value) == [(low, high, "year")]


def test_order_of_dates_is_order_of_numbers() -> None:
    values = ["450 BC", "449 BC", "AD 79", "1 May 1900", "2 May 1900", "June 1900", "1901"]
    lows = [read(value)[0][0] for value in values]
    assert lows == sorted(lows) and len(set(lows)) == len(lows)


@pytest.mark.parametrize("key", ["population", "students", "elevation m", "area total", "length", "mass"])
def test_a_key_tells_a_count_from_a_year(key: str) -> None:
    assert read("1900", key) == [(1900, 1900, "")]
    assert read("1900", "population year") == [(1900, 1900.999, "year")]
    assert read("1900", "established") == [(1900, 1900.999, "year")]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Ann Lee",
        "Apollo 11",
        "1,2",
        "5'10",
        "2006–present",
        "31 February 1900 ad hoc 3x",
        "no. 7",
        "²",
        "−",
        "–",
        "(",
        "x 10^9",
        "111Cd",
        "4月3日",
        "400 Main Street",
        "098-858-2700",
        "21/05/2012",
        "89th Annual Prize",
        "W (1990, 1992)",
        "1990, 1992",
        "before 3 May 1808",
        "[Rn]6d17s2",
    ],
)
def test_what_is_not_certain_is_left_out(value: str) -> None:
    assert read(value) == []


def test_a_dot_may_part_thousands_of_people() -> None:
    assert read("1.234", "population") == [] and read("1.234", "eccentricity") == [(1.234, 1.234, "")]


def test_a_date_by_numbers_with_dots() -> None:
    assert read("11.01.1787") == read("11 January 1787") == read("11. 1. 1787") and read("11.13.1787") == []


def test_a_dot_parts_thousands_in_the_languages_that_write_so_where_a_unit_stands_behind() -> None:
    def low(value: str, language: str) -> list[float]:
        return [q.low for q in read_quantities(value, "budget", language)]

    assert low("808.000 €", "de") == [808_000] and low("1.234 km", "it") == [1234] and low("1.200–1.500 m", "de-at") == [1200]
    assert low("808.000", "de") == [] and low("808.000 €", "en") == [808] and low("0.123 km", "de") == [0.123]



def test_several_values() -> None:
    assert read("5 km; 3 kg (est.); none") == [(5, 5, "km"), (3, 3, "kg")]


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(st.text(max_size=40), st.text(alphabet="0123456789.,-–± ×^kmBCJanuary11()%;/eE", max_size=40)),
    st.sampled_from(["", "population"]),
)
def test_anything_can_be_read(value: str, key: str) -> None:
    for quantity in read_quantities(value, key):
        assert quantity.low <= quantity.high and math.isfinite(quantity.low) and math.isfinite(quantity.high)
