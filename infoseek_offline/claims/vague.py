"""Whether a vague wording ("a town in Germany") is true of a page, by what the corpus knows of it.

The words for the kind must be the page's kind, type or category; the place must be a page that the infobox or the first sentence
links to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from infoseek_offline.corpus.kinds import singular
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Link, LinkKind

_INSIDE = re.compile(r"\s+(?:in|of|on|at|from)\s+")


@dataclass(frozen=True)
class Blur:
    """A vague description that holds: of that kind, and in that place where one is given."""

    kind: str
    container: int | None


def blur_of(corpus: Corpus, page: int, words: str) -> Blur | None:
    """What a vague wording ("a town in Germany") says of a page, None where the corpus does not agree: its kind must be the last
    word of a kind or category of the page, its place a page that the page's infobox or first sentence links to."""
    bare = re.sub(r"^(?:an?|the|one of the|some)\s+", "", words.strip(" ."), flags=re.IGNORECASE)
    head, *rest = _INSIDE.split(bare, maxsplit=1)
    noun = head.casefold().split()
    if not noun:
        return None
    record = corpus.page(page)
    kinds = {*record.types, *corpus.nouns[page].casefold().split()[-1:]}
    kinds |= {singular(w) for name in record.categories for w in name.casefold().split()[:3]}
    told = {*kinds, *corpus.nouns[page].casefold().split(), *(w for name in record.categories for w in name.casefold().split())}
    if noun[-1] not in kinds or not all(word in told or singular(word) in told for word in noun[:-1]):
        return None
    if not rest:
        return Blur(noun[-1], None)
    container = corpus.resolve(re.sub(r"^the\s+", "", rest[0]))
    near_by = [link.target for link in corpus.links(page, LinkKind.PROSE, LinkKind.INFOBOX) if _tells_place(corpus, page, link)]
    return Blur(noun[-1], container) if container is not None and container != page and container in near_by else None


def _tells_place(corpus: Corpus, page: int, link: Link) -> bool:
    """Whether the link stands in the infobox or the first sentence."""
    spans = corpus.sentence_spans(page)
    return link.start >= corpus.page(page).prose_end or bool(spans and spans[0][0] <= link.start < spans[0][1])
