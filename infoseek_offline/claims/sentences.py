"""Claims from sentences: short relation phrases between a page and a page it links to, as "{s} was discovered by {o}".

English only. `extract` reads one sentence and is pure. A clause whose subject is the page (or a linked page, with the page as
an object) is read by reader.py; what follows its verb, up to the link, by phrase.py, without what only gives a time or other
names. Whatever is not understood with certainty (hedges, negation, modality, relative clauses, other subjects) gives nothing:
precision goes before recall. All words are in verbs.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from infoseek_offline.claims.italian import italian_claims
from infoseek_offline.claims.links import is_named, stated_claim, text_links
from infoseek_offline.claims.reader import Sentence
from infoseek_offline.claims.subject import Basis, Extraction, Subject, make_subject, page_subject
from infoseek_offline.corpus.passages import Span
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim, Link, Section

__all__ = ["Extraction", "Subject", "extract", "make_subject", "sentence_claims"]

CONFIDENCE: dict[Basis, float] = {"name": 0.95, "pronoun": 0.9, "coordinated": 0.85}


def extract(sentence: str, links: Sequence[tuple[int, int]], subject: Subject) -> list[Extraction]:
    """At most one extraction for each link, in the order of the links. Never raises."""
    read = Sentence.of(sentence, links, subject)
    return read.extractions() if read is not None else []


def sentence_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """The link claims of a page's running text, in reading order; nothing where the wiki is neither in English nor in Italian
    (italian.py).

    "He" and "it" count only after a sentence about the page in the same paragraph (persons also at its start). A link with a
    small anchor counts only where the anchor is its target's title, which may then take the anchor's place.
    """
    if corpus.language.split("-")[0] == "it":
        yield from italian_claims(corpus, page)
    if not corpus.language.startswith(("en", "simple")):
        return
    record = corpus.page(page)
    text = record.text[: record.prose_end]
    subject = page_subject(corpus, page)
    silent = replace(subject, pronouns=frozenset())
    links = text_links(corpus, page)
    sections = [section for section in corpus.sections(page) if section.evidence]
    anchored = False
    for low_, high, begins, inside in _to_read(corpus.sentence_spans(page), text, links, sections):
        if begins:
            anchored = subject.is_person
        sentence = Sentence.of(text[low_:high], [(k.start - low_, k.end - low_) for k in inside], subject if anchored else silent)
        anchored = sentence is not None and sentence.about
        for found in sentence.extractions() if sentence is not None else ():
            link = inside[found.link_index]
            anchor = text[link.start : link.end]
            if not anchor.isdigit() and is_named(corpus, page, link, anchor):  # a number is a year
                yield stated_claim(corpus, page, link, found.wording, CONFIDENCE[found.basis])


def _to_read(
    spans: Iterable[Span], text: str, links: Sequence[Link], sections: Sequence[Section]
) -> Iterator[tuple[int, int, bool, list[Link]]]:
    """Start and end of each sentence that is to be read, whether a paragraph begins with it, and its links: those before the last
    link of their paragraph. The rest hold no claim, and no later sentence hangs on them."""
    paragraph: list[tuple[int, int, bool, list[Link]]] = []
    last = -1
    for low_, high in spans:
        if high > len(text) or not any(section.start <= low_ and high <= section.end for section in sections):
            continue
        begins = last < 0 or "\n" in text[last:low_]
        if begins:
            paragraph.clear()
        last = high
        paragraph.append((low_, high, begins, [link for link in links if low_ <= link.start and link.end <= high]))
        if paragraph[-1][-1]:
            yield from paragraph
            paragraph.clear()
