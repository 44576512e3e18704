"""Wikitext of wikis in other languages and scripts, and what is to be read from it (language_cases.toml)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.language import namespace_words
from infoseek_offline.corpus.wikitext import parse_wikitext

CASES = tomllib.loads(Path(__file__).with_name("language_cases.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict) -> None:
    site = SiteInfo(language=case["language"], namespaces=SiteInfo().namespaces | namespace_words(case["language"]))
    page = parse_wikitext(case["wikitext"], "Harbour", site)
    assert all(page.text[link.start : link.end] == link.anchor for link in page.links if link.start >= 0)
    if "text" in case:
        assert page.text == case["text"]
    if "links" in case:
        assert [[link.target, link.anchor, link.kind] for link in page.links] == case["links"]
    if "infobox" in case:
        assert [page.infobox, *([f.key, page.text[f.start : f.end]] for f in page.fields)] == case["infobox"]
    if "categories" in case:
        assert page.categories == case["categories"]
    if "hidden" in case:
        assert page.hidden_text == case["hidden"]
