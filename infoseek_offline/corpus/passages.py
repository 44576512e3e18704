"""Sentences and passages of a page, as spans of its text.

A sentence never crosses a line; a passage is a run of whole sentences of one section, of about `PASSAGE_WORDS` words. Both are
spans, so that evidence, search and proofs all speak of the same text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

PASSAGE_WORDS = 100

Span = tuple[int, int]

# A full stop, question or exclamation mark (also in other scripts), closing quotes, then a blank. One set of characters at the
# head makes the search fast; from a run of dots it is tried once, not at each of them. Or the end of a line.
_STOP = re.compile(
    r"[.!?…。！？।։\n](?:(?<=\n)|(?<=[.!?…])(?<![.!?…][.!?…])[.!?…]*+[\"'”’»)\]]*+(?=[^\S\n])|(?<=[。！？।։])[。！？।։]*[」』”)]*)"
)
_ASCII_STOP = re.compile(r"[.!?\n](?:(?<=\n)|(?<![.!?][.!?])[.!?]*+[\"')\]]*+(?=[^\S\n]))")
_UNSPACED = re.compile("[぀-鿿฀-๿가-힯]+")
# Before a full stop these are abbreviations, not ends. Single letters (initials) and "e.g"-like words are found by shape.
_ABBREVIATIONS = frozenset(
    (
        "mr mrs ms dr prof st mt ft jr sr vs no nos vol fig ca c approx etc al cf ed eds rev gen col lt capt sgt hon inc ltd co "
        "corp univ dept est b d r m n pp p op cit jan feb mar apr jun jul aug sep sept oct nov dec lat long var subsp ssp sp "
        "spp"
    ).split()
)
_LAST_WORD = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)$")


def split_sentences(text: str, start: int = 0, end: int | None = None, keep: Sequence[Span] = ()) -> list[Span]:
    """Spans of the sentences of `text[start:end]`, in order, without surrounding blanks.

    `keep` are spans (links), in order, that no sentence may cut in two.
    """
    end = len(text) if end is None else end
    spans: list[Span] = []
    stops = _ASCII_STOP if text.isascii() else _STOP
    link, links = bisect_left(keep, (start,)), len(keep)
    begin = start
    last = -1  # the end of the line
    for stop in stops.finditer(text, start, end):
        at, cut = stop.span()
        if text[at] == "\n":
            if begin < at:
                _add(spans, text, begin, at)
            begin = cut
            continue
        while link < links and keep[link][0] < cut:
            link += 1
        if link and cut < keep[link - 1][1] and keep[link - 1][1] - keep[link - 1][0] < 200:
            continue
        if last < at:
            last = text.find("\n", cut, end)
            last = end if last < 0 else last
        if _is_end(text, begin, at, cut, last):
            _add(spans, text, begin, cut)
            begin = cut
    if begin < end:
        _add(spans, text, begin, end)
    return spans


def _is_end(text: str, begin: int, stop: int, cut: int, last: int) -> bool:
    if text[stop] != ".":
        return True
    while cut < last and text[cut].isspace():
        cut += 1
    if cut == last:
        return True
    if text[cut].islower():
        return False
    name = text[max(begin, text.rfind(" ", begin, stop) + 1) : stop]
    if not name.isalpha() or len(name) > 60:
        word = _LAST_WORD.search(name[-60:])
        if word is None:
            return True
        name = word.group(1)
    if "." in name:  # "U.S." before a capital: an abbreviation, more often than an end
        return False
    return not (name.casefold() in _ABBREVIATIONS or (len(name) == 1 and name.isupper()))


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        spans.append((start, end))


def words_of(text: str) -> int:
    """Number of words; a run of a script without spaces counts a word for two characters."""
    words = len(text.split())
    if text.isascii() or not (runs := _UNSPACED.findall(text)):
        return words
    if len(runs) == 1 or words == 1:
        counts = [sum(map(len, runs))]
    else:
        counts = [sum(map(len, _UNSPACED.findall(piece))) for piece in text.split() if not piece.isascii()]
    return words + sum([count // 2 - 1 for count in counts if count > 3])


def make_passages(
    text: str, sections: Iterable[tuple[int, Span]], sentences: Sequence[Span], words: int = PASSAGE_WORDS
) -> list[tuple[int, int, int]]:
    """Passages of about so many words as (section ordinal, start, end).

    `sections` gives (ordinal, span); sentences must not cross section borders.
    """
    passages: list[tuple[int, int, int]] = []
    most = words * 1.25
    index, number = 0, len(sentences)
    for ordinal, (low, high) in sections:
        first = last = -1
        count = 0
        while index < number and sentences[index][0] < low:
            index += 1
        while index < number:
            start, end = sentences[index]
            if end > high:
                break
            sentence = text[start:end]
            size = len(sentence.split()) if sentence.isascii() else words_of(sentence)
            if first >= 0 and count + size > most:
                passages.append((ordinal, first, last))
                first, count = -1, 0
            if first < 0:
                first = start
            last = end
            count += size
            if count >= words:
                passages.append((ordinal, first, last))
                first, count = -1, 0
            index += 1
        if first >= 0:
            passages.append((ordinal, first, last))
    return passages
