# ruff: noqa: E501 - fragments are lists to skim
"""Reading wikitext: hand-written cases, one a trap, and properties that hold for any input."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hostile_pages import BEFORE, SHAPES, UNITS, Shape
from hypothesis import given, settings
from hypothesis import strategies as st

from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.language import namespace_words
from infoseek_offline.corpus.wikitext import ParsedPage, parse_wikitext

TABLES = ("wikitext_cases.toml", "language_cases.toml")  # of English wikis, and of other languages and scripts
CASES = [case for name in TABLES for case in tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))["case"]]


def site(language: str = "en") -> SiteInfo:
    return SiteInfo(language=language, namespaces=SiteInfo().namespaces | namespace_words(language))


def parse(wikitext: str, language: str = "en") -> ParsedPage:
    page = parse_wikitext(wikitext, "Harbour", site(language))
    check(page)
    return page


def check(page: ParsedPage) -> None:
    """What must hold whatever the wikitext."""
    for link in page.links:
        if link.start >= 0:
            assert page.text[link.start : link.end] == link.anchor != ""
        else:
            assert link.start == link.end == -1
        assert link.target and link.target != "Harbour"
    placed = [link for link in page.links if link.start >= 0]
    assert all(a.end <= b.start for a, b in pairwise(placed))
    prose = [s for s in page.sections if s.title != "Infobox" or s.level]
    assert prose[0].start == 0 and prose[-1].end == page.prose_end
    assert all(a.end == b.start for a, b in pairwise(prose))
    if page.fields:
        assert page.sections[-1] == ("Infobox", 0, page.prose_end + 2, len(page.text), True)
        assert page.text[page.prose_end : page.prose_end + 2] == "\n\n"
    else:
        assert page.prose_end == len(page.text)
    for field in page.fields:
        line = page.text.rfind("\n", 0, field.start) + 1
        assert page.text[line : field.start] == f"{field.key}: "
        assert page.text[field.end : field.end + 1] in ("", "\n")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict) -> None:
    page = parse(case["wikitext"], case.get("language", "en"))
    if "text" in case:
        assert page.text == case["text"]
    if "links" in case:
        assert [[link.target, link.anchor, link.kind] for link in page.links] == case["links"]
    if "infobox" in case:
        assert [page.infobox, *([f.key, page.text[f.start : f.end]] for f in page.fields)] == case["infobox"]
    if "categories" in case:
        assert page.categories == case["categories"]
    if "sections" in case:
        assert [[s.title, s.level, s.evidence] for s in page.sections] == case["sections"]
    if "hidden" in case:
        assert case["hidden"] in page.hidden_text
    if "hidden_text" in case:
        assert page.hidden_text == case["hidden_text"]


FIRM = SiteInfo(
    dbname="firmwiki", language="en", case="case-sensitive", content=frozenset({0, 3000}),
    namespaces=SiteInfo().namespaces | {"projekt": 3000, "property": 102}, names={102: "Property", 3000: "Projekt"},
)  # fmt: skip


def read(wikitext: str, title: str = "Projekt:Apollo/Plan", site: SiteInfo = FIRM) -> ParsedPage:
    page = parse_wikitext(wikitext, title, site)
    check(page)
    return page


def placed(page: ParsedPage) -> list[tuple[str, str]]:
    return [(link.target, link.anchor) for link in page.links if link.start >= 0 and link.kind == "prose"]


def test_links_to_the_namespaces_that_are_read_have_their_names() -> None:
    page = read("[[projekt:Gaia]], [[Projekt:Apollo/Plan|self]], [[Ann]], [[ann]], [[Help:Me]] and [[:Projekt:Gaia_2#a|two]].")
    found = [("Projekt:Gaia", "projekt:Gaia"), ("Ann", "Ann"), ("ann", "ann"), ("Projekt:Gaia 2", "two")]
    assert placed(page) == found
    without_main = replace(FIRM, content=frozenset({3000}), _titles={})
    assert placed(read("[[Projekt:Gaia]] and [[Ann]]", site=without_main)) == [("Projekt:Gaia", "Projekt:Gaia")]


def test_subpages() -> None:
    page = read("[[../]], [[/Q1]], [[/Q2/]], [[../Team|team]], [[../../X]], [[../..]], [[//a.example]] and [[./Y]].")
    assert page.text == "Projekt:Apollo, /Q1, Q2, team, ../../X, ../.., //a.example and ./Y."
    below = "Projekt:Apollo/Plan"
    assert [t for t, _ in placed(page)] == ["Projekt:Apollo", f"{below}/Q1", f"{below}/Q2", "Projekt:Apollo/Team"]
    assert placed(read("[[/Q1]]", "Ann")) == [("Ann/Q1", "/Q1")]
    assert placed(read("[[/dev/null]]", "Ann", replace(FIRM, dbname="dewiki", _titles={}))) == [("/dev/null", "/dev/null")]


def test_annotations_of_semantic_mediawiki_are_links_and_fields() -> None:
    wikitext = (
        "Owned by [[Has owner::Ann Lee]] and [[Has owner::Bob|him]][[Is secret::true| ]], with [[Has length::1,200 m]] in [[A::B::Ship]]."
        "{{#set: Has phone=+1 23 |Has tag=red;blue|+sep=;}}{{#ask: [[Has owner::Nobody]]}} [[:Has owner::Zed]]\n"
        "{|\n| [[Has berth::Pier]]\n|}"
    )
    page = read(wikitext)
    assert page.text[: page.prose_end] == "Owned by Ann Lee and him, with 1,200 m in Ship. Has owner::Zed"
    escaped = ("Has owner::Zed", "Has owner::Zed")
    assert placed(page) == [("Ann Lee", "Ann Lee"), ("Bob", "him"), ("1,200 m", "1,200 m"), ("Ship", "Ship"), escaped]
    fields = {f.key: page.text[f.start : f.end] for f in page.fields}
    assert fields == {
        "phone": "+1 23", "tag": "red; blue", "owner": "Ann Lee; Bob", "is secret": "true", "length": "1,200 m", "a": "Ship", "b": "Ship",
    }  # fmt: skip
    assert ("Pier", "table") in [(link.target, link.kind) for link in page.links]


def test_a_box_and_what_is_said_besides_it() -> None:
    page = read("{{Infobox plan|owner=[[Has owner::Ann]]|start=2020}}Led by [[Owner::Bob]].")
    assert {f.key: page.text[f.start : f.end] for f in page.fields} == {"owner": "Ann; Bob", "start": "2020"}


def test_two_colons_are_a_title_where_there_are_no_properties() -> None:
    assert [(link.target, link.anchor) for link in parse("See [[std::vector]].").links] == [("Std::vector", "std::vector")]


def test_enough_cases() -> None:
    assert len(CASES) >= 120 and len({case["name"] for case in CASES}) == len(CASES)


def test_templates_are_named_once_in_order() -> None:
    page = parse("{{Short description|x}} {{disambiguation}} {{template: disambiguation}} {{nowrap|{{small|x}}}}")
    assert page.templates == ["Short description", "Disambiguation", "Nowrap"]


def test_the_own_language_prefix_of_a_wikimedia_wiki_leads_to_itself() -> None:
    wikipedia = SiteInfo(dbname="enwiki", language="en")
    (link,) = parse_wikitext("See [[:en:Pier#Old|the pier]].", "Harbour", wikipedia).links
    assert (link.target, link.fragment, link.anchor) == ("Pier", "Old", "the pier")


def test_fragments_are_kept_apart_from_the_target() -> None:
    (link,) = parse("[[Pier#Old part|x]]").links
    assert (link.target, link.fragment) == ("Pier", "Old part")


def test_dropped_and_rendered_templates_are_counted() -> None:
    counts = parse("{{nowrap|a}} {{unknown}} {{also unknown|b}}<ref>x</ref>").counts
    assert (counts["templates rendered"], counts["templates dropped"], counts["ref"]) == (1, 2, 1)


PIECES = st.sampled_from(
    ["[[", "]]", "{{", "}}", "{{{", "}}}", "{|", "|}", "\n{|", "\n|}", "\n|-", "|", "||", "'''", "''", "'", "=", "==", "\n== H ==\n", "\n",
     "\n\n", "\n* ", "\n:", "\n#", "<ref>", "</ref>", "<ref name=x />", "<nowiki>", "</nowiki>", "<!--", "-->", "<br>", "<math>", "</math>",
     "<gallery>", "</gallery>", "<table>", "</table>", "File:A.jpg", "Category:X", "[[File:", "[[Category:", "[[:fr:", "thumb", "nowrap",
     "Infobox x", "|a=b", "convert|5|km", "lang|fr|", "plainlist|", "main|", "unknown|", "&nbsp;", "&#91;", "&lt;", "__NOTOC__", "http://x.y",
     "[http://a b]", "(", ")", ",", ";", " ", "  ", "\u00a0", "\u200e", "word", "Pier", "boat s", "é", "港", "\ufdd0", "\ufdd5", "#s", "harbour",
     "See also", "<sup>2</sup>", "<div>", "</div>", "10", "."]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(PIECES, PIECES, PIECES, st.text(max_size=6)), max_size=60), st.sampled_from(["en", "de", "ja", "hy"]))
def test_any_mixture_of_markup_is_read(pieces: list[str], language: str) -> None:
    check(parse_wikitext("".join(pieces), "Harbour", site(language)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(CASES), min_size=1, max_size=6), st.integers(0, 400), st.integers(0, 40))
def test_mutated_cases_are_read(cases: list[dict], cut: int, length: int) -> None:
    joined = "\n".join(case["wikitext"] for case in cases)
    check(parse_wikitext(joined[:cut] + joined[cut + length :], "Harbour", site()))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.head}{shape.unit}{shape.close}{shape.tail}"[:24].strip())
def test_hostile_pages_are_read_and_keep_what_stands_before(shape: Shape) -> None:
    page = parse_wikitext(BEFORE + shape.text(), "Harbour", site())
    check(page)
    assert page.text.startswith("Before pier")
    assert page.cut_at == 0 or page.cut_at < len(BEFORE) + len(shape.text())


def test_deep_nesting_keeps_the_text_after_it() -> None:
    page = parse("{{a|" * 10_000 + "}}" * 10_000 + " The [[pier]] stands.")
    assert page.text == "The pier stands."


def test_nothing_is_lost_in_a_page_of_a_megabyte() -> None:
    page = parse(UNITS[-1] * 6_000)
    assert page.text.count("The pier of stone is old.") == 6_000
    assert [link.kind for link in page.links].count("prose") == 2 * 6_000
