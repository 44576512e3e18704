"""What the Browser's prompts show of a page: the sentences with links, marked, in windows.

All of the page's running text is shown, and nothing is cut: a sentence without a link says nothing that could be claimed, and
stands there only before one that has links, in the same paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from infoseek_offline.agents.grounding import Shown
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.store import PAGE_KINDS, Corpus
from infoseek_offline.records import Link, LinkKind, PageKind

MAX_LINKS = 10  # of a window, so that its claims fit into an answer
MAX_SENTENCES = 24


@dataclass(frozen=True)
class Window:
    """Some sentences of a page as the prompt shows them. `text` has the links in it."""

    shown: Shown
    lines: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]  # (sentence id, link ids), for making it smaller


def windows_of(corpus: Corpus, page: int) -> list[Window]:
    """All sentences of the running text that hold a link to another article, each with the sentence before it where that
    stands in the same paragraph, in windows of so many links and sentences."""
    record = corpus.page(page)
    sections = [s for s in corpus.sections(page) if s.evidence]
    links = [k for k in corpus.links(page) if _may_be_claimed(corpus, page, k, record.text)]
    windows: list[Window] = []
    sentences: dict[str, tuple[int, int]] = {}
    shown: dict[str, Link] = {}
    lines: list[str] = []
    parts: list[tuple[str, tuple[str, ...]]] = []
    number = count = 0
    before: tuple[int, int] | None = None

    def close() -> None:
        nonlocal sentences, shown, lines, parts
        if sentences:
            windows.append(Window(Shown(page, sentences, shown), tuple(lines), tuple(parts)))
        sentences, shown, lines, parts = {}, {}, [], []

    for low, high in corpus.sentence_spans(page):
        if high > record.prose_end or not any(s.start <= low and high <= s.end for s in sections):
            continue
        inside = [k for k in links if low <= k.start and k.end <= high]
        for at in range(0, len(inside), MAX_LINKS):
            some = inside[at : at + MAX_LINKS]
            if len(shown) + len(some) > MAX_LINKS or len(sentences) >= MAX_SENTENCES:
                close()
            number += 1
            ids = {f"k{count + n}": link for n, link in enumerate(some, 1)}
            count += len(some)
            if before is not None and "\n" not in record.text[before[1] : low] and before not in sentences.values():
                lines.append(one_line(record.text[before[0] : before[1]]))
            sentences[f"s{number}"] = (low, high)
            shown.update(ids)
            parts.append((f"s{number}", tuple(ids)))
            lines.append(f"s{number}: {_marked(corpus, record.text, low, high, ids)}")
        before = (low, high)
    close()
    return windows


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


def part_of(window: Window, parts: Sequence[tuple[str, tuple[str, ...]]]) -> Window:
    """Some sentences of a window."""
    sentences = {name: window.shown.sentences[name] for name, _ in parts}
    links = {name: window.shown.links[name] for _, inside in parts for name in inside}
    lines = [line for line in window.lines if line.partition(":")[0] in sentences]
    return Window(Shown(window.shown.page, sentences, links), tuple(lines), tuple(parts))


def one_line(text: str) -> str:
    """One line; a sentence of a page must not look like a part of the prompt."""
    return re.sub(r"\s+", " ", text).strip()
