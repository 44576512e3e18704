"""The answer is unique in the raw dump too: XML, a dumb regular expression for links, sets; no parser of ours.

What is read here is less than what the corpus knows: no mentions but names as infobox values, and numbers only where they are
plain. A page that states a value which is not plain is left to the parser, and so is what kind of thing a page is about, which
takes reading. All else is raw: who is linked with everything that the tree asks for, and contradicts none of its literals, must
be the answer, and nobody else.
"""

from __future__ import annotations

import bz2
import html
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from infoseek_offline.corpus.store import Corpus

SAMPLE = Path(__file__).parent.parent / "sample" / "samplewiki.xml.bz2"
LINK = re.compile(r"\[\[:?([^\[\]|#{}\n]*)(?:#[^\[\]|]*)?(?:\|[^\[\]]*)?\]\]")
# A name as an infobox value, without a link.
VALUE = re.compile(r"(?:^\s*\|[^=\n]*=|;|^\*)[ \t]*([A-Z][^\[\]{}|=;\n<>]*?)(?=[ \t]*(?:$|;))", re.MULTILINE)
NOT_PLAIN = re.compile(r"million|billion|thousand|[×^]|10<sup>|\{\{(?:e|val)\||\de\d|BC|\bcentury\b")
NUMBER = re.compile(r"(?<![\w.])[-\u2212]?\d[\d,]*(?:\.\d+)?")

JSON = Any


def normal(title: str) -> str:
    words = " ".join(html.unescape(title).replace("_", " ").split())
    return words[:1].upper() + words[1:]


class Raw:
    """The wikitext of all pages of namespace 0, without comments, and the links in it, both directions, redirects resolved."""

    def __init__(self, dump: Path, kinds: dict[str, set[str]]) -> None:
        self.kinds = kinds
        self.redirects = redirects = dict[str, str]()
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
            for target in LINK.findall(text) + VALUE.findall(text.partition("'''")[0]):
                target, seen = normal(target), set()
                while target in redirects and target not in seen:
                    seen.add(target)
                    target = redirects[target]
                if target in self.text and target != title:
                    self.count += 1
                    self.near[title].add(target)
                    self.near[target].add(title)
        self.universe = {t for t, text in self.text.items() if not t.startswith("List of ") and not self._ambiguous(t, text)}

    def in_words(self, clue: dict[str, JSON]) -> Iterator[str]:
        """Pages whose title or redirect stands in the category or value of a clue ("Islands of France")."""
        words = clue["value"].split() if clue["kind"] in ("category", "fact") else []
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                title = normal(" ".join(words[start:end]).strip(".,;:()'\""))
                title = self.redirects.get(title, title)
                if title in self.text:
                    yield title

    @staticmethod
    def _ambiguous(title: str, text: str) -> bool:
        template = re.search(r"\{\{\s*(disambig|disambiguation|hndis|geodis)\b", text, re.IGNORECASE)
        return template is not None or title.endswith("(disambiguation)")

    # What pages state

    def values(self, title: str, key: str) -> list[str]:
        """The raw values of an infobox parameter, up to the next one."""
        name = re.escape(key).replace(r"\ ", "[ _]")
        parameter = rf"^\s*\|\s*{name}\s*=((?:(?!^\s*\||^\}}\}}\s*$).)*)"
        return [v for v in re.findall(parameter, self.text[title], re.MULTILINE | re.IGNORECASE | re.DOTALL) if v.strip()]

    def categories(self, title: str) -> set[str]:
        return {normal(name) for name in re.findall(r"\[\[\s*[Cc]ategory\s*:([^\]|]*)", self.text[title])}

    def infobox(self, title: str) -> str:
        found = re.search(r"\{\{\s*infobox ([^|}\n]*)", self.text[title], re.I)
        return found.group(1).strip().casefold() if found else ""

    # Extents

    def meets(self, title: str, c: JSON) -> bool | None:
        """Whether the page may meet a literal constraint, by its raw text; None where that is not plain."""
        if c["kind"] == "interval":
            return self._numbers_fit(self.values(title, c["key"]), c["low"], c["high"])
        if c["kind"] == "fact":
            wanted, values = words_of(c["value"]), [shown(v) for v in self.values(title, c["key"])]
            return not values or any(wanted <= words_of(v) or words_of(v) <= wanted for v in values)
        if c["kind"] == "category":
            family = re.split(r"\b(?:of|in|from|by|at|on)\b", c["value"])[0]
            mine = self.categories(title)
            return c["value"] in mine or not any(name.startswith(family) for name in mine)
        mine = self.kinds[title]
        return not mine or not mine.isdisjoint(self._beside(c["value"])) or self.infobox(title) in self._boxes(c["value"])

    @staticmethod
    def _numbers_fit(values: list[str], low: float, high: float) -> bool | None:
        numbers = [
            float(n.replace(",", "").replace("\u2212", "-"))
            for value in values
            for n in NUMBER.findall(re.sub(r"<sup>.*?</sup>", "", value))
        ]
        if any(low <= n <= high for n in numbers) or not numbers:
            return True
        return None if any(NOT_PLAIN.search(value) for value in values) else False

    @cached_property
    def _rare(self) -> set[str]:
        sizes = Counter(kind for kinds in self.kinds.values() for kind in kinds)
        return {kind for kind, size in sizes.items() if size < 3}

    @cache  # noqa: B019
    def _beside(self, kind: str) -> set[str]:
        """Kinds that some page has together with this one, and those of fewer than three pages."""
        return {kind} | self._rare | {k for kinds in self.kinds.values() if kind in kinds for k in kinds}

    @cache  # noqa: B019
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
                found = {t for t in found if self.meets(t, c) or (t == vertex["title"] and self.meets(t, c) is None)}
        return found


def shown(wikitext: str) -> str:
    """With the words of links instead of the links, and no marks around them: "[[globe]]s" shows "globes"."""
    return re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]", r"\1", wikitext)


def words_of(text: str) -> set[str]:
    return {w.casefold() for w in re.findall(r"[^\W_]+", text)}


@pytest.fixture(scope="module")
def raw(sample_home: Path) -> Raw:
    corpus = Corpus.open(sample_home / "corpus")
    return Raw(SAMPLE, {title: set(corpus.page(page).types) for page, title in enumerate(corpus.titles)})


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
        named = {v["title"] for v in tree.values() if v["role"] == "leaf"}
        named |= {name for v in tree.values() for c in v["constraints"] for name in raw.in_words(c)}
        for page in raw.near[root["title"]]:
            assert not all(page == name or page in raw.near[name] for name in named), page


def test_evidence_of_links_stands_in_the_dump(raw: Raw, trees: list[dict[str, JSON]]) -> None:
    for tree in trees:
        for vertex in tree.values():
            for c in (c for c in vertex["constraints"] if c["kind"] == "link"):
                assert tree[c["other"]]["title"] in raw.near[vertex["title"]]
                words = html.unescape(shown(raw.text[c["evidence"]["title"]])).replace("\xa0", " ")
                assert c["evidence"]["anchor"] in words
