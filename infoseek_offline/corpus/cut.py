"""Bytes of XML cut into pages, whatever is broken between them.

`<page>` can't stand in a page's text, where `<` is always escaped, so pages are found by search, and each is parsed on its own: a
page that is broken costs no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from infoseek_offline.corpus.packed import Piece

PAGE = re.compile(rb"<page[\s>]")
MANY_BYTES = 8 << 20  # of a page that has not ended, before its older revisions are thrown away

_TITLE = re.compile(rb"<title>([^<]{0,200})")
_STAMP = re.compile(rb"<timestamp>\s*([^<\s]*)")
_PARTS = re.compile(rb"<(?:title|revision|text)\b|</page>")


class Fault(NamedTuple):
    """What could not be read: the page's title where it is known, the place, the reason."""

    page: str
    offset: int
    reason: str


Report = Callable[[Fault], None]


def newest_revision(page: bytes) -> bytes:
    """The page's bytes with the newest of its complete revisions by timestamp, the last of equals; what follows them stays."""
    at = first = page.find(b"<revision>")
    best, stamp, end = b"", b"", first
    while at >= 0:
        close = page.find(b"</revision>", at)
        if close < 0:
            break
        end = close + len(b"</revision>")
        found = _STAMP.search(page, at, end)
        its = found.group(1) if found else b""
        if not best or its >= stamp:
            best, stamp = page[at:end], its
        at = page.find(b"<revision>", end)
    return page[:first] + best + page[end:] if best else page


def cut_pages(pieces: Iterable[Piece], report: Report) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of each page that begins in the segment's own pieces; the last one may go on in those that follow.

    What is lost is reported: own pieces that could not be unpacked, and pages that lack their end.
    """
    buffer = bytearray()
    places: list[tuple[int, int, bool]] = []  # (position in the buffer, offset, whether exact) of each piece
    own = at = 0
    begin = -1  # of the page that is open
    after_page = False  # whether `at` stands right behind a page, so that what follows must be white

    def offset(position: int) -> int:
        low, place, exact = next(p for p in reversed(places) if p[0] <= position)
        return place + position - low if exact else place

    def lost(start: int, reason: str) -> None:
        title = _TITLE.search(buffer, start)
        report(Fault(title.group(1).decode("utf-8", "replace") if title else "", offset(start), reason))

    for piece in pieces:
        if piece.fault:
            if piece.own:
                report(Fault("", piece.offset, piece.fault))
            if begin >= 0:
                lost(begin, "cut in two by damage of the file")
            if not piece.own:
                return
            buffer.clear()
            places.clear()
            own, at, begin, after_page = 0, 0, -1, False
            continue
        places.append((len(buffer), piece.offset, piece.exact))
        buffer += piece.data
        if piece.own:
            own = len(buffer)
        while True:
            if begin < 0:
                found = PAGE.search(buffer, at)
                if after_page and _PARTS.search(buffer, at, found.start() if found else max(at, len(buffer) - 16)):
                    report(Fault("", offset(at), "between two pages stands a part of one that has no beginning"))
                    after_page = False
                if found is None:
                    if not piece.own and len(buffer) - 6 > own:
                        return
                    at = max(at, len(buffer) - 16)
                    break
                if found.start() >= own:
                    return
                begin, at = found.start(), found.end()
            close = buffer.find(b"</page>", at)
            if close < 0:
                at = max(at, len(buffer) - 6)
                if len(buffer) - begin > MANY_BYTES:
                    kept = newest_revision(bytes(buffer[begin:]))
                    if len(kept) < len(buffer) - begin:
                        own = begin + 1 if own > begin else own
                        buffer[begin:] = kept
                        own = len(buffer) if piece.own else own
                        at = begin + 6
                        places = [p for p in places[:-1] if p[0] <= begin]
                        places.append((len(buffer) - len(piece.data), piece.offset, piece.exact))
                break
            close += len(b"</page>")
            inner = [m.start() for m in PAGE.finditer(buffer, begin + 5, close)]
            for start in inner:
                lost(begin, "the page has no end")
                begin = start
                if begin >= own:
                    return
            yield offset(begin), bytes(buffer[begin:close])
            begin, at, after_page = -1, close, True
        keep = begin if begin >= 0 else at
        del buffer[:keep]
        places = [(low - keep, place, exact) for low, place, exact in places]
        while len(places) > 1 and places[1][0] <= 0:
            places.pop(0)
        own, at, begin = own - keep, at - keep, 0 if begin >= 0 else -1
    if begin >= 0:
        lost(begin, "the XML breaks off within the page")
