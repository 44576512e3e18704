"""Prose links and text against the HTML that MediaWiki's own parser tests expect.

    python benchmarks/parser_tests.py parserTests.txt [--show]

The file is MediaWiki's or Parsoid's (npm's package parsoid holds one). Tests with templates, and those of what we leave to
extensions, are left out. What differs is printed with --show; most of it is a rule of ours (numbers of external links, a pipe with
nothing behind it, the colon of a definition).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

import lxml.html

from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.language import namespace_words
from infoseek_offline.corpus.wikitext import parse_wikitext

NOT_READ = re.compile(
    r"\{\{|-\{|<(?:html|sgml|dynamic|tag|staticexample|aside|rawhtml|translate|languages|inputbox|style|poem)\b", re.IGNORECASE
)
NO_PROSE = re.compile(r"\btoc\b|thumb|gallery|references|mw-editsection|\breference\b|catlinks|mw-ref|citation")
NO_TEXT = frozenset("table h1 h2 h3 h4 h5 h6 style script figure rt rp".split())
NAMES = {"input": "wikitext", "result": "html"}


def tests(path: Path) -> Iterator[dict[str, str]]:
    test: dict[str, str] = {}
    part = ""
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if head := re.match(r"!!\s*([\w/+-]+)", line):
            part = NAMES.get(head.group(1).lower(), head.group(1).lower())
            if part == "test":
                test = {}
            elif part == "end" and "test" in test:
                yield test
                test = {}
        elif part:
            test[part] = test.get(part, "") + line


def expected(html: str) -> tuple[str, list[tuple[str, str]]]:
    """Text and (target, anchor) of the links in it, without what is no prose."""
    out: list[str] = []
    links: list[tuple[str, str]] = []

    def walk(element: Any) -> None:
        name, kind = element.tag if isinstance(element.tag, str) else "", element.get("class") or ""
        of = element.get("typeof") or ""
        hidden = name in NO_TEXT or NO_PROSE.search(kind) or re.search("mw:(?:Extension|Image|File)", of)
        if not name or hidden or (name == "a" and element.find(".//img") is not None):
            return
        start = len("".join(out))
        out.append(element.text or "")
        for child in element:
            walk(child)
            out.append(child.tail or "")
        if name == "a" and "mw-selflink" not in kind and "extiw" not in kind:
            href = element.get("href") or ""
            if "redlink=1" in href:
                links.append((parse_qs(urlparse(href).query).get("title", [""])[0], "".join(out)[start:]))
            elif href.startswith("/wiki/") or element.get("rel") == "mw:WikiLink":
                links.append((unquote(href.removeprefix("/wiki/").removeprefix("./")).split("?")[0], "".join(out)[start:]))

    walk(lxml.html.fragment_fromstring(html, create_parent="div"))
    return "".join(out), links


def squashed(text: str) -> str:
    return re.sub(r"[\s\u00a0\u200e\u200f\u00ad\u200b]+", "", text)


def main(path: Path, show: bool) -> None:
    counts: Counter[str] = Counter()
    for test in tests(path):
        html = test.get("html/php") or test.get("html") or test.get("html/parsoid")
        options = test.get("options", "")
        wikitext = test.get("wikitext")
        if wikitext is None or not html or re.search(r"\b(?:pst|msg|comment|disabled|preload|section|replace)\b", options):
            continue
        if NOT_READ.search(wikitext):
            counts["left out"] += 1
            continue
        language = match.group(1) if (match := re.search(r"language=(\S+)", options)) else "en"
        title = match.group(1) if (match := re.search(r"title=\[\[(.*?)\]\]", options)) else "Parser test"
        site = SiteInfo("parsertest", "MediaWiki", language, namespaces=SiteInfo().namespaces | namespace_words(language))
        page = parse_wikitext(wikitext.rstrip("\n"), title, site)
        try:
            text, found = expected(html)
        except lxml.etree.LxmlError:
            continue
        read = ((site.normalise_title(target), anchor) for target, anchor in found)
        wanted = sorted((to[1], " ".join(anchor.split())) for to, anchor in read if not to[0] and to[1] and not to[3])
        ours = sorted((link.target, " ".join(link.anchor.split())) for link in page.links if link.start >= 0)
        same_links, same_text = wanted == ours, squashed(text) == squashed(page.text)
        counts.update({"tests": 1, "links as expected": int(same_links), "text as expected": int(same_text)})
        if show and not (same_links and same_text):
            print(f"== {test['test'].strip()}\n{wikitext.rstrip()[:400]}")
            print(f"-- expected {wanted} {text.split()}\n-- read {ours} {page.text.split()}")
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--show" in sys.argv)
