"""A MediaWiki XML dump, page by page.

In: a file of XML (any export version), plain or compressed with bzip2 (also multistream), gzip, xz or zstd, recognised by its
first bytes. Out: the wiki's SiteInfo and a RawPage for each page of any namespace, in dump order, with its newest revision only.

Fails with DumpError: no such file, a folder, empty, no MediaWiki export, a document type with entities. Damage further on costs
the pages that it hits; each is named in a Fault, and is an error only where `strict` is asked for.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from lxml import etree

from infoseek_offline.corpus.cut import Fault, Report, cut_pages, newest_revision
from infoseek_offline.corpus.language import PROPERTY_WORDS, interwiki_prefixes, language_codes, namespace_words
from infoseek_offline.corpus.language import redirect as redirect_words
from infoseek_offline.corpus.messages import CANONICAL_NAMESPACES
from infoseek_offline.corpus.packed import Segment, Source
from infoseek_offline.errors import DumpError

Title = tuple[int, str, str, bool]

# Blanks that MediaWiki folds to one, and the direction marks that it removes from titles; soft hyphens and controls go as well.
_BLANKS = re.compile(r"[ _\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\t\r\n]+")
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_SPECIAL = re.compile(r"[^ -~]|[_%&#:]|  ")
_CACHE_SIZE = 200_000


@dataclass(frozen=True)
class SiteInfo:
    """What the dump says of its wiki, and the rules for titles that follow from it."""

    dbname: str = ""
    sitename: str = ""
    language: str = "en"
    case: str = "first-letter"
    namespaces: dict[str, int] = field(default_factory=lambda: dict(CANONICAL_NAMESPACES))
    names: dict[int, str] = field(default_factory=dict)  # of its namespaces, as it writes them
    content: frozenset[int] = frozenset({0})  # the namespaces that are read
    _titles: dict[str, Title] = field(default_factory=dict, repr=False, compare=False)

    def normalise_title(self, raw: str) -> Title:
        """`(namespace, title, fragment, interwiki)` of a title or link target as MediaWiki reads it.

        The title is without its namespace's name; an interwiki title keeps its lower-case prefix ("fr:Titan"). The title is ""
        for a link within the page ("#History").
        """
        cached = self._titles.get(raw)
        if cached is None:
            if len(self._titles) >= _CACHE_SIZE:
                self._titles.clear()
            cached = self._titles[raw] = self._normalise(raw)
        return cached

    def _normalise(self, raw: str) -> Title:
        text = raw.strip()
        if not _SPECIAL.search(text):  # most links: ASCII without a namespace or section
            return 0, self.upper_first(text), "", False
        if "&" in text:
            text = html.unescape(text)
        if "%" in text:
            text = unquote(text, errors="replace") if "\ufffd" not in unquote(text, errors="replace") else text
        text = unicodedata.normalize("NFC", _BLANKS.sub(" ", _INVISIBLE.sub("", text))).strip()
        if text.startswith(":"):
            text = text[1:].lstrip()
        text, _, fragment = text.partition("#")
        text, fragment = text.strip(), fragment.strip()
        prefix, colon, rest = text.partition(":")
        if colon:
            name = prefix.strip().casefold()
            number = self.namespaces.get(name)
            if number is not None:
                return number, self.upper_first(rest.strip()), fragment, False
            # Only a Wikimedia wiki ("enwiki") is its own language's; elsewhere [[en:X]] leads to Wikipedia.
            own = name == self.language and self.dbname.replace("_", "-") == f"{name}wiki"
            if own and 0 < len(rest.strip()) < 300:  # [[:en:X]] on the English one leads to X
                return self._normalise(f"{rest}#{fragment}" if fragment else rest)
            if name in language_codes() or name in interwiki_prefixes():
                return 0, f"{name}:{rest.strip()}", fragment, True
        return 0, self.upper_first(text), fragment, False

    def page_title(self, raw: str) -> tuple[str, str]:
        """(title, section) of a page that is read, with the name of its namespace but for the main one; ("", "") of any other."""
        number, title, fragment, interwiki = self.normalise_title(raw)
        if interwiki or not title or number not in self.content:
            return "", ""
        return (f"{self.names[number]}:{title}" if number else title), fragment

    def reading(self, namespaces: Iterable[str]) -> SiteInfo:
        """The same with the namespaces that are to be read, by name or number. Raises DumpError where it has none such."""
        chosen = set()
        for given in namespaces:
            word = _BLANKS.sub(" ", given).strip().casefold()
            known_as = self.namespaces | {"": 0, "main": 0}
            number = int(word) if word.isascii() and word.isdigit() else known_as.get(word, -1)
            if number < 0 or (number and number not in self.names):
                known = ", ".join(f"{name} ({n})" for n, name in sorted(self.names.items()) if n > 0 and n % 2 == 0)
                raise DumpError(f"the wiki has no namespace {given!r}; give one of: main (0), {known}")
            chosen.add(number)
        return replace(self, content=frozenset(chosen or {0}), _titles={})

    @property
    def is_wikipedia(self) -> bool:
        """Whether it is a Wikipedia, in whose main namespace no page is below another."""
        code, wiki, rest = self.dbname.partition("wiki")
        return bool(wiki) and not rest and code.replace("_", "-") in language_codes()

    @property
    def is_semantic(self) -> bool:
        """Whether it has properties of Semantic MediaWiki."""
        return self.names.get(102, "").casefold() in PROPERTY_WORDS

    def upper_first(self, title: str) -> str:
        """The title with its first letter as this wiki writes it."""
        if self.case == "case-sensitive" or not title:
            return title
        first = title[0]
        if "\u10d0" <= first <= "\u10ff":  # Georgian: its capitals are for headlines only
            return title
        if first == "i" and self.language in ("tr", "az", "kaa", "kk-latn"):
            return "İ" + title[1:]
        upper = first.upper()
        return upper + title[1:] if len(upper) == 1 else title


class RawPage(NamedTuple):
    title: str  # as in the dump, with its namespace's name
    ns: int
    source_id: int
    revision: int
    timestamp: str
    redirect: str  # the target as written, with its section part; "" if the page is no redirect
    text: str
    model: str = "wikitext"  # what its text is: wikitext, json, css, Scribunto, …
    deleted: bool = False  # whether the text was taken out of the dump


class DumpReader:
    """Iterates over the pages of a dump, in this process; `site` is known from the start, `faults` fills while reading."""

    def __init__(self, path: str | Path, strict: bool = False, namespaces: Iterable[str] = ()) -> None:
        self.source = Source(path)
        self.path, self.strict = self.source.path, strict
        self.site = read_site(self.source.head).reading(namespaces)
        self.faults: list[Fault] = []

    def __iter__(self) -> Iterator[RawPage]:
        for segment in self.source.segments():
            yield from (page for _, page in read_segment(self.source, segment, self.site, self._report))
        for fault in end_faults(self.source):
            self._report(fault)

    def _report(self, fault: Fault) -> None:
        if self.strict:
            raise DumpError(describe(self.path, fault))
        self.faults.append(fault)


def read_dump(path: str | Path, strict: bool = False, namespaces: Iterable[str] = ()) -> DumpReader:
    """Opens a dump and reads its site information. Raises DumpError for what is no dump and, where `strict`, for any damage."""
    return DumpReader(path, strict, namespaces)


def describe(path: Path, fault: Fault) -> str:
    """A fault in one line."""
    where = f" (page '{fault.page}', offset {fault.offset})" if fault.page else f" (offset {fault.offset})"
    return f"{path}: {fault.reason}{where}; fetch the dump again and compare its checksum"


def read_segment(source: Source, segment: Segment, site: SiteInfo, report: Report) -> Iterator[tuple[int, RawPage]]:
    """(offset, page) of the pages that begin in a segment; what can't be read is reported."""
    for offset, data in cut_pages(source.pieces(segment), report):
        page = _parse(data, offset, site, report)
        if page is not None:
            yield offset, page


def end_faults(source: Source) -> list[Fault]:
    """The fault of a dump that ends between two pages, as if it were whole."""
    return [] if source.complete() else [Fault("", source.size, "the XML breaks off: it has no </mediawiki>")]


_OPTIONS: dict[str, Any] = {"huge_tree": True, "resolve_entities": False, "load_dtd": False, "no_network": True,
                            "remove_comments": True, "remove_pis": True}  # fmt: skip
# What XML forbids and a broken dump may hold all the same.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:[0-8]|1[1245]|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));")


@lru_cache(maxsize=1)
def _parser() -> Any:
    return etree.XMLParser(**_OPTIONS)


def _parse(data: bytes, offset: int, site: SiteInfo, report: Report) -> RawPage | None:
    """One page's XML. What is not well-formed is mended as far as it goes, and reported."""
    if data.count(b"<revision>") > 1:
        data = newest_revision(data)
    page = _usual_page(data, site)
    if page is not None:
        return page
    try:
        return _page(etree.fromstring(data, _parser()), site)
    except etree.XMLSyntaxError as error:
        reason = str(error.msg).split(", line")[0]
    mended = data.decode("utf-8", "replace")
    if "\ufffd" in mended and b"\xef\xbf\xbd" not in data:
        reason = "invalid UTF-8, read as U+FFFD"
    mended = _FORBIDDEN.sub("\ufffd", mended)
    for recover in (False, True):
        try:
            page = _page(etree.fromstring(mended.encode("utf-8"), etree.XMLParser(recover=recover, **_OPTIONS)), site)
        except (etree.XMLSyntaxError, ValueError):
            continue
        report(Fault(page.title, offset, f"mended: {reason}"))
        return page if page.title else None
    report(Fault("", offset, f"a page is no XML: {reason}"))
    return None


_SOME = rb"[^<>&]*(?:&(?:lt|gt|amp|quot|#039);[^<>&]*)*"
_CONTRIBUTOR = (
    rb"<contributor>\s*(?:<username>" + _SOME + rb"</username>\s*<id>\d*</id>|<ip>[^<>&]*</ip>)\s*</contributor>"
    rb'|<contributor deleted="deleted" ?/>'
)
_LEAVES = (
    rb"(?:(?:<parentid>\d*</parentid>|" + _CONTRIBUTOR + rb"|<minor ?/>|<comment>" + _SOME + rb"</comment>"
    rb'|<comment deleted="deleted" ?/>'
    rb"|<origin>\d*</origin>|<model>\s*([\w./-]+)\s*</model>|<format>[^<>&]*</format>|<sha1>\w*</sha1>|<sha1 ?/>)\s*)*"
)
# How nearly all pages are written before and behind their text.
_BEFORE_TEXT = re.compile(
    rb"<page>\s*<title>([^<>&]*)</title>\s*<ns>(-?\d{1,18})</ns>\s*<id>(\d{1,18})</id>\s*"
    rb'(?:<redirect title="([^"<>&]*)" ?/>\s*)?<revision>\s*<id>(\d{1,18})</id>\s*(?:<parentid>\d*</parentid>\s*)?'
    rb"<timestamp>([^<>&]*)</timestamp>\s*" + _LEAVES + rb"(?=<text[ >])"
)
_BEHIND_TEXT = re.compile(rb"</text>\s*" + _LEAVES + rb"</revision>\s*</page>")
_PLAIN_BYTES = bytes([9, 10, *range(32, 256)])


def _usual_page(data: bytes, site: SiteInfo) -> RawPage | None:
    """The page where nothing about it is unusual: XML is parsed for its text only. None for any other."""
    head = _BEFORE_TEXT.match(data)
    if head is None:
        return None
    end = data.rfind(b"</text>")
    tail = _BEHIND_TEXT.fullmatch(data, end) if end >= 0 else None
    if tail is None:
        return None
    around = data[: head.end()] + data[end:]
    if b"\xef\xbf" in around or around.translate(None, _PLAIN_BYTES):
        return None
    try:
        around.decode()
        element = etree.fromstring(data[head.end() : end + len(b"</text>")], _parser())
    except (UnicodeDecodeError, etree.XMLSyntaxError):
        return None
    title, number, source_id, redirect, identifier, timestamp, model = (group.decode() for group in head.groups(b""))
    return _raw_page(
        site, title, int(number), int(source_id), int(identifier), timestamp.strip(),
        redirect.replace("\n", " ").replace("\t", " "),  # in an attribute line breaks are blanks
        element.text or "", (tail[1] or b"").decode() or model or "wikitext", element.get("deleted") is not None,
    )  # fmt: skip


def _raw_page(
    site: SiteInfo, title: str, number: int | None, source_id: int, identifier: int, timestamp: str, redirect: str, text: str,
    model: str, deleted: bool,
) -> RawPage:  # fmt: skip
    """What the elements say, as it is meant."""
    title = " ".join((title if title.isascii() and title.isprintable() else _INVISIBLE.sub("", title)).replace("_", " ").split())
    said = redirect_words().match(text)
    if said and (not redirect or "#" in said.group(1)):
        redirect = said.group(1).strip()  # the element leaves the section part out
    if number is None:
        number = site.normalise_title(title)[0]
    title = unicodedata.normalize("NFC", title if number else site.upper_first(title))
    return RawPage(title, number, source_id, identifier, timestamp, redirect, text, model, deleted)


def _page(element: Any, site: SiteInfo) -> RawPage:
    if element is None:
        raise ValueError
    title, number, source_id, redirect, revision = "", None, 0, "", ()
    for child in element:
        name = _local(child)
        if name == "title":
            title = child.text or ""
        elif name == "ns":
            number = _number(child.text)
        elif name == "id":
            source_id = _number(child.text)
        elif name == "redirect":
            redirect = child.get("title") or ""
        elif name == "revision":
            revision = child
    text, identifier, timestamp, model, deleted = "", 0, "", "wikitext", False
    for child in revision:
        name = _local(child)
        if name == "text":
            text, deleted = child.text or "", child.get("deleted") is not None
        elif name == "model":
            model = (child.text or "").strip() or model
        elif name == "id":
            identifier = _number(child.text)
        elif name == "timestamp":
            timestamp = (child.text or "").strip()
    return _raw_page(site, title, number, source_id, identifier, timestamp, redirect, text, model, deleted)


def _local(element: Any) -> str:
    tag = element.tag
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""


def _number(text: str | None) -> int:
    digits = (text or "").strip()
    return int(digits) if re.fullmatch(r"-?\d{1,18}", digits) else 0


def read_site(head: bytes) -> SiteInfo:
    """What a dump's head says of its wiki; a dump without it is taken for an English one."""
    root = re.search(rb"<mediawiki[^>]*>", head)
    said = re.search(rb"xml:lang=[\"']([^\"']*)", root.group()) if root else None
    language = said.group(1).decode("utf-8", "replace") if said else ""
    low, high = head.find(b"<siteinfo>"), head.find(b"</siteinfo>")
    element: Any = None
    if 0 <= low < high:
        element = etree.fromstring(head[low : high + len(b"</siteinfo>")], etree.XMLParser(recover=True, **_OPTIONS))
    values = {_local(child): (child.text or "").strip() for child in element} if element is not None else {}
    dbname = values.get("dbname", "")
    language = (language or (re.sub(r"wik.*$", "", dbname).replace("_", "-") if "wik" in dbname else "") or "en").lower()
    case = values.get("case") or "first-letter"
    said_names: dict[str, int] = {}
    names = {number: name.capitalize() for name, number in reversed(CANONICAL_NAMESPACES.items())}
    names |= {0: "main", 8: "MediaWiki", 9: "MediaWiki talk"}
    for child in element.iter("{*}namespace") if element is not None else ():
        name, number = unicodedata.normalize("NFC", _BLANKS.sub(" ", child.text or "").strip()), _number(child.get("key"))
        if name:
            names[number] = name
            said_names[name.casefold()] = number
        elif not number and child.get("case") == "case-sensitive":
            case = "case-sensitive"  # the main namespace may differ from the others
    namespaces = CANONICAL_NAMESPACES | namespace_words(language, said_names)
    if sitename := values.get("sitename", "").casefold():
        namespaces |= {sitename: 4} | ({"wp": 4} if sitename == "wikipedia" else {})
    namespaces |= said_names
    return SiteInfo(dbname, values.get("sitename", ""), language, case, namespaces, names)
