"""Names of other pages in running text that are no link, where they can mean no other page: as good as a link to them.

A wiki that links little still names its pages. What is read here is certain rather than much: the whole title or a redirect, that
is no part of a longer name, and does not owe its capital to the beginning of a sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict

from infoseek_offline.corpus.store import PAGE_KINDS, Corpus
from infoseek_offline.records import Link, LinkKind, PageKind

# What a name hangs together with: "Denzel Washington", "Apollo 13", "Gulf of California", "Takenouchi no Sukune".
_SMALL = r"(?:of|no|de|di|del|della|dello|dei|degli|delle|du|da|do|dos|das|des|von|van|der|den|af|av|al|el|la|le|les|z|y|ya)"
_BEFORE = re.compile(rf"(?<!\w)([^\W_]\w*)[.'’]*(?:[ \-–'’]|[ ]{_SMALL}[ ])$")
_BEHIND = re.compile(rf"(?:[ ]{_SMALL}[ ]|[ \-–'’])([^\W_])")
LEAST = 3  # characters
LINKED = 2  # links that write a name small, for it to stand so without one


def unlinked(corpus: Corpus, page: int) -> list[Link]:
    """Such names in the page's evident sections, in order, as links; of each page the first."""
    low, high = int(corpus.mention_ptr[page]), int(corpus.mention_ptr[page + 1])
    rows = [row for row in corpus.mention[low:high].tolist() if row[1] >= 0]
    if not rows:
        return []
    meant: dict[tuple[int, int], set[int]] = defaultdict(set)
    for target, start, end in rows:
        meant[(start, end)].add(target)
    linked = [(link.start, link.end) for link in corpus.links(page) if link.start >= 0]
    places = sorted({*meant, *linked})
    record = corpus.page(page)
    sections = [s for s in corpus.sections(page) if s.evidence]
    begins = [start for start, _ in corpus.sentence_spans(page)]
    found: dict[int, Link] = {}
    known = corpus.resolve_all(record.text[a:b] for a, b in sorted(meant))
    for (start, end), pages in sorted(meant.items()):
        target, words = min(pages), record.text[start:end]
        if len(pages) > 1 or target in found or target == page or known.get(words) != target or len(words) < LEAST:
            continue
        if end > record.prose_end or not any(s.start <= start and end <= s.end for s in sections):
            continue
        if PAGE_KINDS[corpus.kinds[target]] != PageKind.ARTICLE or _within_another(places, start, end, linked):
            continue
        if _is_bare_name(corpus, target, record.text, start, end, begins):
            found[target] = Link(source=page, target=target, start=start, end=end, kind=LinkKind.PROSE)
    return sorted(found.values(), key=lambda link: link.start)


def _within_another(places: list[tuple[int, int]], start: int, end: int, linked: list[tuple[int, int]]) -> bool:
    """Whether another name or a link reaches into the span, or holds it; names inside it do not matter."""
    if (start, end) in linked:
        return True
    at = bisect_left(places, (start, end))
    around = [*places[max(0, at - 12) : at], *places[at + 1 : at + 13]]
    return any(a < end and start < b and not (start <= a and b <= end) for a, b in around)


def _is_bare_name(corpus: Corpus, page: int, text: str, start: int, end: int, begins: list[int]) -> bool:
    """Whether the words stand as a name of their own: behind no other capitalised word and before none nor a number, and written
    small only as links to the page are."""
    first = text[start]
    if first.islower():
        return any(alias == text[start:end] and links >= LINKED for alias, links in corpus.aliases(page))
    if not first.isupper():
        return True  # a script without capitals, or a number
    if " " not in text[start:end] and start in begins:
        return False
    before, behind = _BEFORE.search(text, max(0, start - 40), start), _BEHIND.match(text, end)
    return not (before and before[1][0].isupper()) and not (behind and (behind[1].isupper() or behind[1].isdigit()))
