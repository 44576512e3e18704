"""The answer is unique in the raw dump too: XML, a dumb regular expression for links, sets; no parser and no corpus of ours.

What is read here is less than what the corpus knows: no mentions, and values only where they are plain. A page is excluded by a
literal only where its raw text contradicts it plainly. What is left must be the answer, and nothing else.
"""

from __future__ import annotations

import bz2
import html
import json
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parent.parent / "sample" / "samplewiki.xml.bz2"
LINK = re.compile(r"\[\[:?([^\[\]|#{}\n]*)(?:#[^\[\]|]*)?(?:\|[^\[\]]*)?\]\]")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
SENTENCE = re.compile(r"\b(?:is|was|are|were)\b(?:\s+(?:also|now|still))?\s+(?:an?|the|one of (?:the|its|several|many))\s+(.*)")
PHRASE_END = re.compile(
    r"[,;:.()–—\[]|\s(?:of|in|on|at|from|for|to|by|with|that|which|who|whose|where|near|between|known|named|called|discovered|"
    r"found|built|used|born|as|was|is)\b"
)

JSON = Any


def normal(title: str) -> str:
    words = " ".join(html.unescape(title).replace("_", " ").split())
    return words[:1].upper() + words[1:]


class Raw:
    """The wikitext of all pages of namespace 0, without comments, and the links in it, both directions, redirects resolved."""

    def __init__(self, dump: Path) -> None:
        redirects: dict[str, str] = {}
        self.text: dict[str, str] = {}
        with bz2.open(dump) as file:
            for _, page in ET.iterparse(file):
                if not page.tag.endswith("}page"):
                    continue
                names = {e.tag.rpartition("}")[2]: e for e in page.iter()}
                title = names["title"].text or ""
                if names["ns"].text == "0" and "redirect" in names:
                    redirects[title] = normal((names["redirect"].get("title") or "").partition("#")[0])
                elif names["ns"].text == "0":
                    self.text[title] = re.sub(r"<!--.*?-->", "", names["text"].text or "", flags=re.DOTALL)
        self.near: dict[str, set[str]] = defaultdict(set)
        self.count = 0
        for title, text in self.text.items():
            for target in LINK.findall(text):
                target, seen = normal(target), set()
                while target in redirects and target not in seen:
                    seen.add(target)
                    target = redirects[target]
                if target in self.text and target != title:
                    self.count += 1
                    self.near[title].add(target)
                    self.near[target].add(title)
        self.universe = {t for t, text in self.text.items() if not t.startswith("List of ") and not self._ambiguous(t, text)}

    @staticmethod
    def _ambiguous(title: str, text: str) -> bool:
        template = re.search(r"\{\{\s*(disambig|disambiguation|hndis|geodis)\b", text, re.IGNORECASE)
        return template is not None or title.endswith("(disambiguation)")

    # What pages state

    def values(self, title: str, key: str) -> list[str]:
        """The raw values of an infobox parameter, up to the end of the line."""
        name = re.escape(key).replace(r"\ ", "[ _]")
        return [v for v in re.findall(rf"^\s*\|\s*{name}\s*=[ \t]*(.*)$", self.text[title], re.M | re.I) if v.strip()]

    def categories(self, title: str) -> set[str]:
        return {normal(name) for name in re.findall(r"\[\[\s*[Cc]ategory\s*:([^\]|]*)", self.text[title])}

    def infobox(self, title: str) -> str:
        found = re.search(r"\{\{\s*infobox ([^|}\n]*)", self.text[title], re.I)
        return found.group(1).strip().casefold() if found else ""

    @cached_property
    def kinds(self) -> dict[str, set[str]]:
        """Head nouns: of the first sentence, and the last word of the infobox's name."""
        found = {}
        for title, text in self.text.items():
            bold = text.find("'''")
            plain = shown(text[bold:].partition("\n")[0]) if bold >= 0 else ""
            plain = re.sub(r"\{\{[^{}]*\}\}|<ref.*?(?:</ref>|/>)|\([^()]*\)", " ", plain)
            said = SENTENCE.search(plain.partition(". ")[0])
            phrases = PHRASE_END.split(said.group(1), maxsplit=1)[0] if said else ""
            heads = {words.split()[-1] for words in re.split(r" and (?:an? )?| or ", phrases) if words.split()}
            heads = {h for h in heads if h.islower()}
            heads |= {h[:-1] for h in heads if h.endswith("s")}
            found[title] = heads | ({self.infobox(title).split()[-1]} if self.infobox(title) else set())
        return found

    # Extents

    def may(self, c: JSON) -> Callable[[str], bool]:
        """Whether a page's raw text leaves it open that the literal constraint holds."""
        value = c["value"]
        if c["kind"] == "interval":
            return lambda t: self._numbers_fit(self.values(t, c["key"]), c["low"], c["high"])
        if c["kind"] == "fact":
            return lambda t: self._words_fit(self.values(t, c["key"]), words_of(value))
        if c["kind"] == "category":
            family = re.split(r"\b(?:of|in|from|by|at|on)\b", value)[0]
            return lambda t: value in self.categories(t) or not any(name.startswith(family) for name in self.categories(t))
        return lambda t: self._kind_fits(t, value)

    @staticmethod
    def _numbers_fit(values: list[str], low: float, high: float) -> bool:
        for value in values:
            numbers = [float(n.replace(",", "")) for n in NUMBER.findall(value)]
            simple = not re.search(r"million|billion|thousand|[×^]|10<sup>|\de\d|BC", value)
            if not simple or any(low <= n <= high for n in numbers):
                return True
        return not any(NUMBER.search(value) for value in values)

    @staticmethod
    def _words_fit(values: list[str], wanted: set[str]) -> bool:
        return not values or any(wanted <= words_of(v) or words_of(v) <= wanted for v in values)

    def _kind_fits(self, title: str, kind: str) -> bool:
        mine = self.kinds[title]
        return not mine or not mine.isdisjoint(self._beside(kind)) or self.infobox(title) in self._boxes(kind)

    def _beside(self, kind: str) -> set[str]:
        """Kinds that some page has together with this one, and those of fewer than three pages."""
        if not hasattr(self, "_known_beside"):
            self._known_beside: dict[str, set[str]] = {}
            self._sizes: dict[str, int] = defaultdict(int)
            for kinds in self.kinds.values():
                for k in kinds:
                    self._sizes[k] += 1
        if kind not in self._known_beside:
            rare = {k for k, n in self._sizes.items() if n < 3}
            self._known_beside[kind] = {kind} | rare | {k for kinds in self.kinds.values() if kind in kinds for k in kinds}
        return self._known_beside[kind]

    def _boxes(self, kind: str) -> set[str]:
        return {self.infobox(t) for t, kinds in self.kinds.items() if kind in kinds} - {""}

    def candidates(self, tree: dict[str, JSON], vertex: JSON) -> set[str]:
        """S(v): who is linked, either way, with a candidate of each child, and contradicts no literal."""
        if vertex["role"] == "leaf":
            return {vertex["title"]}
        found = set(self.universe)
        for c in sorted(vertex["constraints"], key=lambda c: c["kind"] != "link"):
            if c["kind"] == "link":
                found &= set().union(*(self.near[t] for t in self.candidates(tree, tree[c["other"]])))
            else:
                found = set(filter(self.may(c), found))
        return found


def shown(wikitext: str) -> str:
    """With the words of links instead of the links."""
    return re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]", r"\1", wikitext)


def words_of(text: str) -> set[str]:
    return {w.casefold() for w in re.findall(r"[^\W_]+", text)}


@pytest.fixture(scope="module")
def raw() -> Raw:
    return Raw(SAMPLE)


@pytest.fixture(scope="module")
def trees(sample_run: Path) -> list[dict[str, JSON]]:
    """Vertices by id, the root first, for each item."""
    records = [json.loads(line) for line in (sample_run / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{v["id"]: v for v in r["tree"]["vertices"]} for r in records]


def roots(trees: list[dict[str, JSON]]) -> Iterator[tuple[dict[str, JSON], JSON]]:
    for tree in trees:
        yield tree, next(iter(tree.values()))


def test_the_dump_was_read(raw: Raw) -> None:
    assert len(raw.universe) > 1000 and raw.count > 15_000


def test_no_other_page_answers(raw: Raw, trees: list[dict[str, JSON]]) -> None:
    for tree, root in roots(trees):
        assert raw.candidates(tree, root) == {root["title"]}


def test_no_other_page_is_meant_by_a_description(raw: Raw, trees: list[dict[str, JSON]]) -> None:
    for tree in trees:
        for vertex in tree.values():
            if vertex["role"] in ("inner", "blur"):
                assert vertex["title"] in raw.candidates(tree, vertex)
            if vertex["role"] == "inner":
                assert len(raw.candidates(tree, vertex)) == 1, vertex["title"]


def test_no_far_leaf_is_linked_with_the_answer(raw: Raw, trees: list[dict[str, JSON]]) -> None:
    for tree, root in roots(trees):
        for vertex in tree.values():
            if vertex["role"] == "leaf" and vertex["depth"] >= 2:
                assert vertex["title"] not in raw.near[root["title"]] | {root["title"]}


def test_no_page_is_linked_with_the_answer_and_all_named_pages(raw: Raw, trees: list[dict[str, JSON]]) -> None:
    for tree, root in roots(trees):
        named = [v["title"] for v in tree.values() if v["role"] == "leaf"]
        for page in raw.near[root["title"]]:
            assert not all(page == name or page in raw.near[name] for name in named), page


def test_evidence_of_links_stands_in_the_dump(raw: Raw, trees: list[dict[str, JSON]]) -> None:
    for tree in trees:
        for vertex in tree.values():
            for c in (c for c in vertex["constraints"] if c["kind"] == "link"):
                assert tree[c["other"]]["title"] in raw.near[vertex["title"]]
                words = html.unescape(shown(raw.text[c["evidence"]["title"]])).replace("\xa0", " ")
                assert c["evidence"]["anchor"] in words
