# ruff: noqa: E501 - lists of words are to skim
"""The tables of what differs between languages: sound, complete for the large Wikipedias, and found by any code for a language."""

from __future__ import annotations

import re
import unicodedata

import pytest

from infoseek_offline.corpus.language import _table, is_one, link_prefix, link_trail, months, namespace_words, words
from infoseek_offline.corpus.messages import CANONICAL_NAMESPACES, file_option, languages_like, messages
from infoseek_offline.corpus.quantities import read_quantities
from infoseek_offline.corpus.templates import _READINGS, _TEXTS, dated, hatnote_targets, readings, render, template_name

KEYS = set(
    "file file_talk user user_talk template_talk category_talk help help_talk special media talk project_talk redirect portal module draft "
    "infobox infobox_anywhere backmatter months variants disambiguation disambiguation_title disambiguation_category list_title "
    "list_category hatnote no_infobox layout_field language_codes interwiki".split()
)


def test_the_table_of_words_is_sound() -> None:
    for language, section in _table().items():
        assert {key.replace(" ", "_") for key in section} <= KEYS, language
        for key, some in section.items():
            assert all(word and word == word.strip() == unicodedata.normalize("NFC", word) for word in some), (language, key)
            assert len(some) == len(set(some)), (language, key)
            is_one(key, "x", language)  # its regular expression compiles
        assert "months" not in section or len(section["months"]) == 12, language
        own = [name for names in section.get("months", ()) for name in names.split()]
        assert len(own) == len(set(own)), language


def test_the_table_of_mediawiki_is_sound() -> None:
    table = messages()
    assert list(table) == ["like", "namespaces", "redirect", "options", "trail", "prefix", "months"]
    assert len(table["namespaces"]) > 300 and len(table["trail"]) > 100 and len(table["months"]) > 300
    numbers = set(CANONICAL_NAMESPACES.values())
    for kind, rows in table.items():
        for language, row in rows.items():
            assert row == unicodedata.normalize("NFC", row) or kind in ("trail", "prefix"), (kind, language)
            if kind in ("redirect", "options"):
                assert len(row.split("|")) == len(set(row.split("|"))), (kind, language)
            if kind == "namespaces":
                found = [(int(space.split(" ")[0]), name) for space in row.split(";") for name in space.partition(" ")[2].split("|")]
                assert {number for number, _ in found} <= numbers and all(name == name.strip() != "" for _, name in found), language
                assert len({name for _, name in found}) == len(found), language
            if kind == "months":
                names = [name.casefold() for month in row.split("|") for name in month.split(" ")]
                assert row.count("|") == 11 and len(names) == len(set(names)) and all(names), language
    for language in {code for rows in table.values() for code in rows}:
        assert re.compile(link_trail(language)).match("") and file_option(language).match("thumb"), language
        assert link_prefix(language) is None or link_prefix(language).fullmatch(" ") is None, language  # type: ignore[union-attr]
        assert set(months(language).values()) == set(range(1, 13)), language


# By articles, without those that bots wrote most of; each needs more than MediaWiki says of it.
LARGEST = (
    "ar arz be bg bn ca cs da de el eo es et eu fa fi fr gl he hi hr hu hy id it ja ka kk ko lt lv mk ms nb nl nn no pl pt ro ru sh sk sl "
    "sr sv ta te th tr uk ur vi zh"
).split()


@pytest.mark.parametrize("language", LARGEST)
def test_the_largest_wikipedias_are_known(language: str) -> None:
    names = namespace_words(language)
    assert {1, 3, 6, 14} <= set(names.values()), language
    for key in ("disambiguation", "disambiguation title", "disambiguation category", "list title", "list category", "backmatter", "hatnote"):
        assert words(key, language), key


def test_a_code_that_is_no_language_and_a_variant_have_the_words_of_their_own() -> None:
    assert words("backmatter", "no") == words("backmatter", "nb") and "sjå òg" in words("backmatter", "nn")
    assert namespace_words("zh-yue")["檔"] == 6 or "file" in words("file", "en")
    assert namespace_words("pt-br")["usuária"] == 2 and link_trail("de-at") == link_trail("de")
    assert link_trail("als") == link_trail("gsw") == link_trail("de") and link_trail("tlh") == link_trail("en")
    assert namespace_words("simple").keys() & {"benutzer", "datei"} == set()


def test_the_table_of_templates_is_sound() -> None:
    table = readings()
    assert set(table) == {*_READINGS, *_TEXTS, "hatnote", "centuries", "dates"}
    codes = {code for rows in messages().values() for code in rows} | set(_table()) | {"any"}
    readings_of: dict[tuple[str, str], str] = {}
    for reading in (*_READINGS, *_TEXTS):
        for language, row in table[reading].items():
            assert language in codes, (reading, language)
            names = [name for some in (row.values() if isinstance(row, dict) else [row]) for name in some.split("|")]
            for name in names:
                assert name == unicodedata.normalize("NFC", name.casefold()) == name.strip() != "", (reading, language, name)
                assert readings_of.setdefault((language, name), reading) == reading, (language, name, reading)
            assert len(names) == len(set(names)), (reading, language)


def test_a_date_is_written_so_that_it_is_read_again() -> None:
    for language in sorted({*messages()["months"], "ja", "ko", "vi", "zh"} - {"gag"}):
        for month in range(1, 13):
            said = dated(language, "1787", month, 11)
            (quantity,) = read_quantities(said, "", language)
            assert (quantity.low, quantity.unit) == (pytest.approx(1787 + (30.5 * (month - 1) + 10) / 366, abs=0.01), "year"), (language, said)


@pytest.mark.parametrize(
    ("language", "wikitext", "shown"),
    [
        ("de", "Nowrap|5 km", "5 km"), ("de", "Höhe|234|DE-NHN", "234 m"), ("de", '"|Wort', "„Wort“"), ("de", "start date|2001|8|11", "11. August 2001"),
        ("fr", "date|11|août|2001", "11 août 2001"), ("fr", "date-|1|8|2001", "1 août 2001"), ("fr", "date|août 2001", "août 2001"),
        ("fr", "unité|12|km", "12 km"), ("fr", "citation|mot", "« mot »"), ("fr", "s|XIX", "XIXe siècle"), ("fr", "s-|I", "Ier siècle"),
        ("fr", "XIXe siècle", "XIXe siècle"), ("fr", "Lien|langue=en|trad=Pier|fr=Quai|texte=le quai", "[[Quai|le quai]]"), ("fr", "e|", "e"),
        ("fr", "référence nécessaire|Il est vieux", "Il est vieux"), ("fr", "en", ""), ("fr", "japonais|quai|埠頭|futō", "quai (埠頭, futō)"),
        ("es", "fecha|11|8|2001", "11 de agosto de 2001"), ("es", "unidad|12|km", "12 km"), ("es", "siglo|XIX", "siglo XIX"), ("es", "cita requerida", ""),
        ("es", "bandera|España", ""), ("es", "bandera2|España", "[[España]]"), ("pt", "dtext|11|8|2001", "11 de agosto de 2001"), ("pt", "séc|XIX", "século XIX"),
        ("it", "M|12|-|km", "12 km"), ("it", "M|12|3|km", "12±3 km"), ("it", "M|12|ul=km", "12 km"), ("it", "senza fonte|È vecchio", "È vecchio"), ("it", "bandiera|ITA", ""), ("it", '"|parola', "«parola»"),
        ("ru", "lang-en|pier", "pier"), ("ru", "iw|Причал|у причала|en|Pier", "[[Причал|у причала]]"), ("ru", "OldStyleDate|6|июня|1799|26|мая", "26 мая (6 июня) 1799"),
        ("ru", "OldStyleDate|16|июля|1800|4", "4 (16) июля 1800"), ("ru", "год|1999", "1999 год"), ("ru", "флагификация|Россия", "[[Россия]]"), ("ru", "флаг|Россия", ""),
        ("uk", "нп|Причал|біля причалу|en|Pier", "[[Причал|біля причалу]]"), ("uk", "ДН|11|8|2001", "11 серпня 2001"), ("pl", "fakt|data=x", ""), ("nl", "bron?", ""),
        ("ja", "仮リンク|港|en|Port", "[[港]]"), ("ja", "要出典範囲|古い港|date=x", "古い港"), ("ja", "読み仮名|港|みなと", "港（みなと）"), ("ja", "生年月日|1999|5|10", "1999年5月10日"),
        ("zh", "link-en|港口|Port", "[[港口]]"), ("zh", "tsl|en|Port|港口|大港", "[[港口|大港]]"), ("zh", "le|港口|Port", "[[港口]]"), ("zh", "kai|字", "字"), ("zh", "NoteTA|G1=IT", ""),
        ("ko", "llang|en|port", "port"), ("ko", "임시링크|항구|lang=en|Port", "[[항구]]"), ("ko", "출생일|1999|5|10", "1999년 5월 10일"), ("ar", "وإو|تر=Port|عر=ميناء", "[[ميناء]]"),
        ("fa", "مدرک|تاریخ=x", ""), ("he", "קישור שפה|אנגלית|Port|נמל", "[[נמל]]"), ("he", "הערה|טקסט", ""), ("tr", "doğum tarihi|1999|5|10", "10 Mayıs 1999"),
        ("fi", "k-en|pier", "pier"), ("fi", "start date|1999|5|10", "10. toukokuuta 1999"), ("cs", "cizojazyčně|en|pier", "pier"), ("hu", "start date|1999|5|10", "1999. május 10."),
        ("sr", "јез-ен|pier", "pier"), ("ca", "segle|XIX", "segle XIX"), ("vi", "cần dẫn nguồn", ""), ("hi", "जन्म तिथि|1999|5|10", "10 मई 1999"),
        ("en", "citation|title=x", ""), ("en", "date|2001|8|11", "August 11, 2001"), ("en", "e|6", " × 10^6"), ("en", "bandiera|ITA", ""), ("xx", "unité|12|km", "12 km"),
    ],
)  # fmt: skip
def test_templates_by_their_names_in_the_language(language: str, wikitext: str, shown: str) -> None:
    name, *pieces = wikitext.split("|")
    assert render(template_name(name), pieces, language, "Pier") == shown


def test_a_name_that_means_different_things_elsewhere_means_nothing_here() -> None:
    assert render("M", ["5"], "en", "Pier") is None  # a number with a unit in Italian alone
    assert hatnote_targets("Dp", ["Pier"], "nl") is None and hatnote_targets("Hlavní článek", ["Molo"], "cs") == ["Molo"]
    assert languages_like("xx") == ("xx",)
