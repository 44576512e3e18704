"""The sample wiki: its build is repeatable, the committed dump is what the sources give, and it is as large as promised."""

from __future__ import annotations

import bz2
import hashlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
NS = "{http://www.mediawiki.org/xml/export-0.11/}"
LINK = re.compile(r"\[\[(?![^\[\]|]*:[^ ])[^\[\]|]+(?:\|[^\[\]]*)?\]\]")


def build(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SAMPLE / "build.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sample")
    built = [folder / "one.xml.bz2", folder / "two.xml.bz2"]
    for path in built:
        done = build("--out", str(path))
        assert done.returncode == 0, done.stderr
    assert built[0].read_bytes() == built[1].read_bytes()
    return built[0].read_bytes()


@pytest.fixture(scope="module")
def pages(dump: bytes) -> list[ET.Element]:
    root = ET.fromstring(bz2.decompress(dump))
    assert root.tag == f"{NS}mediawiki" and root.get("version") == "0.11"
    return root.findall(f"{NS}page")


def text_of(page: ET.Element) -> str:
    return page.findtext(f"{NS}revision/{NS}text") or ""


def kind_of(page: ET.Element) -> str:
    if page.findtext(f"{NS}ns") != "0":
        return "other"
    if page.find(f"{NS}redirect") is not None:
        return "redirect"
    if re.search(r"\{\{(disambig|disambiguation|hndis|geodis)[|}]", text_of(page)):
        return "disambiguation"
    return "list" if (page.findtext(f"{NS}title") or "").startswith("List of ") else "article"


def test_committed_dump_is_what_the_sources_give(dump: bytes) -> None:
    assert (SAMPLE / "samplewiki.xml.bz2").read_bytes() == dump, "run: python sample/build.py"


def test_counts(pages: list[ET.Element]) -> None:
    counts = Counter(kind_of(page) for page in pages)
    assert counts["article"] >= 700
    assert counts["redirect"] >= 150
    assert counts["disambiguation"] >= 30
    assert counts["list"] >= 15
    assert counts["other"] >= 4
    articles = [page for page in pages if kind_of(page) == "article"]
    assert sum(len(LINK.findall(text_of(page))) for page in articles) >= 8_000
    assert sum("{{Infobox" in text_of(page) for page in articles) > 0.7 * len(articles)


def test_titles_and_ids_are_unique(pages: list[ET.Element]) -> None:
    titles = [page.findtext(f"{NS}title") for page in pages if page.findtext(f"{NS}ns") == "0"]
    ids = [page.findtext(f"{NS}id") for page in pages]
    assert len(titles) == len(set(titles)) and len(ids) == len(set(ids))
    assert all(title and title[0] == title[0].upper() and "_" not in title for title in titles)


def test_text_attributes(pages: list[ET.Element]) -> None:
    for page in pages:
        text = page.find(f"{NS}revision/{NS}text")
        assert text is not None and text.text
        data = text.text.encode()
        assert int(text.get("bytes", "")) == len(data)
        sha1 = text.get("sha1", "")
        assert len(sha1) == 31 and int(sha1, 36) == int(hashlib.sha1(data, usedforsecurity=False).hexdigest(), 16)
        assert page.findtext(f"{NS}revision/{NS}sha1") == sha1


def test_no_placeholder_is_left(pages: list[ET.Element]) -> None:
    for page in pages:
        if kind_of(page) == "article" and "{{Infobox" in text_of(page):
            assert not re.search(r"\{(it|its|name|items|was|a:\w+)\}(?!\})", text_of(page), re.IGNORECASE), page.findtext(
                f"{NS}title"
            )


def test_redirects_of_every_kind(pages: list[ET.Element]) -> None:
    target: dict[str, str] = {}
    for page in pages:
        redirect = page.find(f"{NS}redirect")
        if redirect is not None:
            target[page.findtext(f"{NS}title") or ""] = redirect.get("title", "")
    assert any(title == to for title, to in target.items()), "a self redirect"
    assert any(title != to and target.get(to) == title for title, to in target.items()), "a loop"
    assert any(to in target and target[to] in target for to in target.values()), "a chain"
    assert any("#" in text_of(page).partition("\n")[0][9:] for page in pages if kind_of(page) == "redirect"), "one to a section"
    assert any(not title.isascii() for title in target)


def test_check_reports_no_errors() -> None:
    done = build("--check")
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if line.startswith("error"))
    assert re.search(r"^0 errors", done.stdout, re.MULTILINE)


def test_dump_page() -> None:
    assert "[[Fehu]]" in build("--dump-page", "ᚠ").stdout
    assert build("--dump-page", "No such page").returncode == 1
