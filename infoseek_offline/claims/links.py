"""Claims from bare links, for what no rule reads, and what all claims from links share.

A link in running text says at least that two pages are connected, which is exactly what its extent is made of (hcsp.md). That is
used where the rules read little: in languages without sentence rules, and in wikis with few linked infoboxes. In any wiki an
infobox value that is a page's name is as good as a link, if the name is no other page's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from infoseek_offline.claims.infobox import box_type, link_wording, table_of
from infoseek_offline.claims.unlinked import unlinked
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.store import LINK_KINDS, PAGE_KINDS, Corpus
from infoseek_offline.records import Claim, Link, LinkKind, PageKind

CONNECTED = "{s} is connected with {o}"
MAX_CONNECTED = 40  # of one page
MIN_INFOBOX_LINKS = 1.0  # an article, of those that lead to a page of the wiki
_ITEM = re.compile(r"[^;\n]+")


def has_sentence_rules(language: str) -> bool:
    """Whether sentences.py reads the language, and so much of it that bare links are not needed (Italian: they still are)."""
    return language.startswith(("en", "simple"))


@lru_cache(maxsize=4)
def reads_little(corpus: Corpus) -> bool:
    """Whether the rules read so little of this wiki that bare links are needed: another language, or hardly a linked infobox
    value an article."""
    if not has_sentence_rules(corpus.language):
        return True
    infobox = int((corpus.link_kind == LINK_KINDS.index(LinkKind.INFOBOX)).sum())
    return infobox < MIN_INFOBOX_LINKS * corpus.manifest["pages"]["article"]


@lru_cache(maxsize=4)
def text_links(corpus: Corpus, page: int) -> tuple[Link, ...]:
    """The links of running text, in order; where the rules read little, the names that are no link as well (unlinked.py)."""
    links = corpus.links(page, LinkKind.PROSE)
    if not reads_little(corpus):
        return tuple(links)
    known = {link.target for link in links}
    names = [link for link in unlinked(corpus, page) if link.target not in known]
    return tuple(sorted([*links, *names], key=lambda link: link.start))


def connected_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """The first prose link to each page, and names that are none, in wikis of which the rules read little; see `reads_little`."""
    if not reads_little(corpus):
        return
    seen: set[int] = set()
    links = corpus.links(page, LinkKind.PROSE)
    for link in [*links, *(name for name in text_links(corpus, page) if name not in links)]:
        if link.target in seen:
            continue
        seen.add(link.target)
        yield Claim(
            subject=page, object=link.target, kind="link", source="sentence", key="connected", wording=CONNECTED, value="",
            confidence=0.5, evidence=corpus.evidence(page, link.start, link.end),
        )  # fmt: skip
        if len(seen) >= MAX_CONNECTED:
            return


def is_named(corpus: Corpus, page: int, link: Link, anchor: str) -> bool:
    """Whether a sentence rule may take the link for its target: another page, an article, under a name. Small words are a name
    only where they are the target's title."""
    if link.target == page or PAGE_KINDS[corpus.kinds[link.target]] != PageKind.ARTICLE:
        return False
    return anchor[:1].isupper() or anchor.casefold() == base_title(corpus.titles[link.target]).casefold()


def stated_claim(corpus: Corpus, page: int, link: Link, wording: str, confidence: float) -> Claim:
    """What a sentence rule read of a link; its key is the wording without the two sides."""
    return Claim(
        subject=page, object=link.target, kind="link", source="sentence", wording=wording, value="",
        key=" ".join(wording.replace("{s}", " ").replace("{o}", " ").split()),
        confidence=confidence, evidence=corpus.evidence(page, link.start, link.end),
    )  # fmt: skip


def named_value_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """Infobox items without a link that are the name of exactly one other page."""
    facts = corpus.facts(page)
    if not facts:
        return
    low, high = int(corpus.mention_ptr[page]), int(corpus.mention_ptr[page + 1])
    named: dict[tuple[int, int], set[int]] = defaultdict(set)
    for target, start, end in corpus.mention[low:high].tolist():
        named[(start, end)].add(target)
    language, box = corpus.language, box_type(corpus.page(page).infobox, corpus.language)
    skip = table_of(language)["skip"]
    text = corpus.page(page).text
    for fact in facts:
        key = re.sub(r"\s*\d+$", "", fact.key)
        wording = "" if key in skip or fact.links or fact.quantities else link_wording(key, box, language)
        if not wording:
            continue
        for item in _ITEM.finditer(text, fact.start, fact.end):
            words = item.group()
            start = item.start() + len(words) - len(words.lstrip())
            pages = named.get((start, start + len(words.strip())), set())
            if len(pages) == 1 and _is_name(corpus, next(iter(pages)), words.strip()):
                yield Claim(
                    subject=page, object=next(iter(pages)), kind="link", source="infobox", key=key, wording=wording, value="",
                    confidence=0.85, evidence=corpus.evidence(page, start, start + len(words.strip())),
                )  # fmt: skip


def _is_name(corpus: Corpus, page: int, words: str) -> bool:
    """Whether the words are the page's title or a redirect, and not only an anchor: "English" often leads to England."""
    return base_title(corpus.titles[page]).casefold() == words.casefold() or corpus.resolve(words) == page
