"""What the Browser's prompts show of a page: the sentences with links, marked, in windows.

All of the page's running text is shown, and nothing is cut: a sentence without a link says nothing that could be claimed, and
stands there only before one that has links, in the same paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from infoseek_offline.agents.grounding import Shown
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.store import PAGE_KINDS, Corpus
from infoseek_offline.records import Link, LinkKind, PageKind

MAX_LINKS = 20  # of a window, so that its claims fit into an answer
MAX_SENTENCES = 40


@dataclass(frozen=True)
class Part:
    """A sentence of a page with some of its links. `before` is the sentence before it where that helps to understand it."""

    name: str
    span: tuple[int, int]
    links: dict[str, Link]
    line: str
    before: str


@dataclass(frozen=True)
class Window:
    """Some sentences of a page, as one prompt shows them."""

    page: int
    parts: tuple[Part, ...]

    @property
    def shown(self) -> Shown:
        return Shown(self.page, {p.name: p.span for p in self.parts}, {k: link for p in self.parts for k, link in p.links.items()})

    @property
    def lines(self) -> list[str]:
        """The sentences with their ids and marks; what stands before one has no id, and is not said twice."""
        found: list[str] = []
        for part in self.parts:
            found += [line for line in (part.before, part.line) if line]
        return found

    def halves(self) -> list[Window]:
        """The same in two windows; of a single sentence in two prompts, each with half of its links. Empty where that can't be."""
        if len(self.parts) > 1:
            middle = len(self.parts) // 2
            return [Window(self.page, self.parts[:middle]), Window(self.page, self.parts[middle:])]
        part = self.parts[0]
        names = list(part.links)
        middle = len(names) // 2
        return [
            Window(self.page, (replace(part, links={name: part.links[name] for name in some}),))
            for some in (names[:middle], names[middle:])
            if middle
        ]


def windows_of(corpus: Corpus, page: int) -> list[Window]:
    """All sentences of the running text that hold a link to another article, each with the sentence before it where that has none
    and stands in the same paragraph, in windows of so many links and sentences."""
    windows: list[Window] = []
    parts: list[Part] = []
    for part in _parts(corpus, page):
        if parts and (sum(len(p.links) for p in parts) + len(part.links) > MAX_LINKS or len(parts) >= MAX_SENTENCES):
            windows.append(Window(page, tuple(parts)))
            parts = []
        parts.append(part)
    return [*windows, Window(page, tuple(parts))] if parts else windows


def _parts(corpus: Corpus, page: int) -> Iterator[Part]:
    record = corpus.page(page)
    sections = [s for s in corpus.sections(page) if s.evidence]
    links = [k for k in corpus.links(page) if _may_be_claimed(corpus, page, k, record.text)]
    number = count = 0
    last, before = -1, ""
    for low, high in corpus.sentence_spans(page):
        if high > record.prose_end or not any(s.start <= low and high <= s.end for s in sections):
            continue
        if last < 0 or "\n" in record.text[last:low]:
            before = ""
        inside = [k for k in links if low <= k.start and k.end <= high]
        for at in range(0, len(inside), MAX_LINKS):
            number += 1
            some = {f"k{count + n}": link for n, link in enumerate(inside[at : at + MAX_LINKS], 1)}
            count += len(some)
            line = f"s{number}: {_marked(corpus, record.text, low, high, some)}"
            yield Part(f"s{number}", (low, high), some, line, before)
        last, before = high, "" if inside else one_line(record.text[low:high])


def _may_be_claimed(corpus: Corpus, page: int, link: Link, text: str) -> bool:
    if link.kind != LinkKind.PROSE or not link.is_evidence or link.target == page:
        return False
    return PAGE_KINDS[corpus.kinds[link.target]] == PageKind.ARTICLE and not text[link.start : link.end].isdigit()


def _marked(corpus: Corpus, text: str, low: int, high: int, links: dict[str, Link]) -> str:
    """The sentence with its links marked: "[William Herschel](k5)"."""
    pieces, at = [], low
    for name, link in links.items():
        anchor, title = text[link.start : link.end], corpus.titles[link.target]
        told = "" if anchor.casefold() in (title.casefold(), base_title(title).casefold()) else f" = {title}"
        pieces += [text[at : link.start], f"[{anchor}]({name}{told})"]
        at = link.end
    return one_line("".join([*pieces, text[at:high]]))


def one_line(text: str) -> str:
    """One line; a sentence of a page must not look like a part of the prompt."""
    return re.sub(r"\s+", " ", text).strip()
