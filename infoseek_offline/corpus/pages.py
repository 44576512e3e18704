"""One raw page to one row of the corpus: parsed, cut into sentences and passages, its links hashed. Runs in the workers."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus import entities
from infoseek_offline.corpus.dump import RawPage, SiteInfo
from infoseek_offline.corpus.listing import page_kind
from infoseek_offline.corpus.names import name_hashes
from infoseek_offline.corpus.passages import PASSAGE_WORDS, make_passages, split_sentences
from infoseek_offline.corpus.quantities import read_quantities
from infoseek_offline.corpus.store import LINK_KINDS, PAGE_KINDS
from infoseek_offline.corpus.wikitext import ParsedPage, parse_wikitext

_PAGE_KIND_NUMBERS = {kind: number for number, kind in enumerate(PAGE_KINDS)}
_KIND_NUMBERS = {kind.value: number for number, kind in enumerate(LINK_KINDS)}


class PageRow(NamedTuple):
    """One parsed page, as small as it goes between processes."""

    raw: tuple[str, int, int, str]  # title, source id, revision, timestamp
    kind: int
    text: str
    prose_end: int
    hidden: str
    infobox: str
    phrases: list[str]
    categories: list[str]
    sections: list[list[Any]]
    sentences: bytes
    passages: list[tuple[int, int, int]]
    fields: list[list[Any]]
    templates: list[str]
    link_name: NDArray[Any]  # names.NAME
    link_span: NDArray[np.int32]  # (links, 2)
    link_kind: NDArray[np.uint8]
    counts: dict[str, int]
    dropped: dict[str, int]  # templates whose reading is not known: name, how often
    cut_at: int  # characters read, where the page is longer than the bounds of trim.py, else 0


def read_page(raw: RawPage, site: SiteInfo, passage_words: int = PASSAGE_WORDS) -> PageRow:
    """Parse one page; pure."""
    parsed = parse_wikitext(raw.text, raw.title, site)
    targets, _, starts, ends, _, kinds = zip(*parsed.links, strict=True) if parsed.links else ((),) * 6
    places = list(zip(starts, ends, strict=True))
    keep = [place for place in places if place[0] >= 0]
    sentences = []
    for section in parsed.sections:
        if section.title == "Infobox" and section.level == 0 and section.start >= parsed.prose_end:
            sentences += [(section.start + m.start(), section.start + m.end())
                          for m in re.finditer(r"[^\n]+", parsed.text[section.start : section.end])]  # fmt: skip
        else:
            sentences += split_sentences(parsed.text, section.start, section.end, keep)
    return PageRow(
        raw=(raw.title, raw.source_id, raw.revision, raw.timestamp),
        kind=_PAGE_KIND_NUMBERS[page_kind(raw.title, parsed, site.language)],
        text=parsed.text,
        prose_end=parsed.prose_end,
        hidden=parsed.hidden_text,
        infobox=parsed.infobox,
        phrases=_phrases(parsed, sentences, site.language),
        categories=parsed.categories,
        sections=[[s.title, s.level, s.start, s.end, int(s.evidence)] for s in parsed.sections],
        sentences=_spans(sentences).astype("<i4", copy=False).tobytes(),
        passages=make_passages(
            parsed.text, [(i, (s.start, s.end)) for i, s in enumerate(parsed.sections)], sentences, passage_words
        ),
        fields=_fields(parsed, site.language),
        templates=parsed.templates,
        link_name=name_hashes(targets),
        link_span=_spans(places),
        link_kind=np.frombuffer(bytes(map(_KIND_NUMBERS.__getitem__, kinds)), np.uint8),
        counts=parsed.counts,
        dropped=parsed.dropped,
        cut_at=parsed.cut_at,
    )


def _spans(places: Iterable[tuple[int, int]]) -> NDArray[np.int32]:
    return np.frombuffer(array("i", chain.from_iterable(places)), np.int32).reshape(-1, 2)


def _phrases(parsed: ParsedPage, sentences: list[tuple[int, int]], language: str) -> list[str]:
    phrases: list[str] = []
    if language.startswith(("en", "simple")) and sentences and sentences[0][1] <= parsed.prose_end:
        first = parsed.text[sentences[0][0] : sentences[0][1]]
        phrases += entities.sentence_types(first)
    elif language.split("-")[0] == "it":
        first = parsed.text[sentences[0][0] : sentences[0][1]] if sentences and sentences[0][1] <= parsed.prose_end else ""
        told = {f.key: parsed.text[f.start : f.end] for f in parsed.fields if f.key in ("attività", "attività2")}
        phrases += entities.italian_types(first, told.get("attività", ""))
    by_box = entities.infobox_type(parsed.infobox, language)
    if by_box:
        phrases.append(by_box)
    return list(dict.fromkeys(phrases))


def _fields(parsed: ParsedPage, language: str) -> list[list[Any]]:
    return [
        [f.key, f.start, f.end, [[q.low, q.high, q.unit] for q in read_quantities(parsed.text[f.start : f.end], f.key, language)]]
        for f in parsed.fields
    ]
