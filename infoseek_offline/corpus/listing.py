"""Disambiguation and list pages: by template, title and category in the words of the wiki's language, and by shape.

By shape a page without an infobox disambiguates that is short and of little text but items that begin with a link to a title that
begins with the page's own; it is a list if nearly all of its lines and most of its text are items that begin with a link. Items are
told from paragraphs by the line break between them (wikitext.py).
"""

from __future__ import annotations

import re
from functools import lru_cache

from infoseek_offline.corpus.language import is_one, words
from infoseek_offline.corpus.wikitext import ParsedPage
from infoseek_offline.records import PageKind

_BASE = re.compile(r"\s*[(（][^()（）]*[)）]$")
_FEWEST_MEANINGS, _MEANINGS = 3, 0.6  # items of that shape, and their share of the lines behind the first
_OTHER_TEXT = 200  # characters of a page that disambiguates besides its items
_FEWEST_ITEMS, _ITEMS, _ITEM_TEXT = 10, 0.8, 0.6  # items of a list, and their share of its lines and of its text


@lru_cache(maxsize=1)
def _in_brackets() -> re.Pattern[str]:
    return re.compile(rf"[(（](?:{'|'.join(map(re.escape, words('disambiguation title')))})[)）]$")


def page_kind(title: str, page: ParsedPage, language: str) -> PageKind:
    """What kind of page it is: an article where nothing says otherwise. `language` is the wiki's."""
    low = title.casefold()
    categories = [name.casefold() for name in page.categories]
    if _in_brackets().search(low) or any(is_one("disambiguation", name.casefold(), "") for name in page.templates):
        return PageKind.DISAMBIGUATION  # wikis take templates over from those of other languages
    if any(is_one("disambiguation category", name, language) for name in categories):
        return PageKind.DISAMBIGUATION
    if is_one("list title", low, language) or any(is_one("list category", name, language) for name in categories):
        return PageKind.LIST
    return PageKind.ARTICLE if page.infobox else _by_shape(low, page)


def _by_shape(title: str, page: ParsedPage) -> PageKind:
    own = _BASE.sub("", title)
    linked = {link.start: link.target for link in page.links if link.start >= 0}
    if len(linked) < _FEWEST_MEANINGS:
        return PageKind.ARTICLE
    lines, items, meanings, size, item_size = 0, 0, 0, 0, 0
    for section in page.sections:
        if not section.evidence:
            continue
        place = section.start
        for block in page.text[section.start : section.end].split("\n\n"):
            pieces = block.split("\n")
            for piece in pieces:
                target = linked.get(place) if len(pieces) > 1 else None
                if target is not None:
                    items += 1
                    item_size += len(piece)
                    meanings += target.casefold().startswith(own)
                lines += bool(piece)
                size += len(piece)
                place += len(piece) + 1
            place += 1
    if meanings >= _FEWEST_MEANINGS and meanings >= _MEANINGS * (lines - 1) and size - item_size <= _OTHER_TEXT:
        return PageKind.DISAMBIGUATION
    listed = items >= _FEWEST_ITEMS and items >= _ITEMS * lines and item_size >= _ITEM_TEXT * size
    return PageKind.LIST if listed else PageKind.ARTICLE
