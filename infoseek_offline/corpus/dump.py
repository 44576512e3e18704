"""A MediaWiki XML dump, streamed page by page.

In: a file of XML (export versions 0.3 to 0.11, UTF-8 or UTF-16), plain or compressed with bzip2 (also multistream), gzip, xz
or zstd, recognised by its first bytes. Out: the wiki's SiteInfo and a RawPage for each page of any namespace, in dump order,
with the newest revision only. Never more than one page (and the newest of its revisions) is held in memory.

Fails with DumpError: no such file, a folder, empty, no MediaWiki export, damaged or truncated data, a document type with
entities. Pages before the damage are yielded first.
"""

from __future__ import annotations

import bz2
import gzip
import html
import lzma
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast
from urllib.parse import unquote

import zstandard
from lxml import etree

from infoseek_offline.corpus.language import CANONICAL_NAMESPACES, INTERWIKI_PREFIXES, LANGUAGE_CODES, REDIRECT, namespace_words
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
            return 0, self._upper_first(text), "", False
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
                return number, self._upper_first(rest.strip()), fragment, False
            if name == self.language and name in LANGUAGE_CODES and rest.strip():  # [[:en:X]] on the English one leads to X
                return self._normalise(f"{rest}#{fragment}" if fragment else rest)
            if rest.strip() and (name in LANGUAGE_CODES or name in INTERWIKI_PREFIXES):
                return 0, f"{name}:{rest.strip()}", fragment, True
        return 0, self._upper_first(text), fragment, False

    def _upper_first(self, title: str) -> str:
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


class _Reader(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


_MAGIC = {b"BZh": "bzip2", b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_UNPACK_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


class _Unpacked:
    """A decompressor's bytes, with its errors as DumpError and its head readable ahead."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self._file: BinaryIO = _opened(path)
        magic = self._file.read(6)
        self._file.seek(0)
        if not magic:
            raise DumpError(f"{path}: the file is empty; give a MediaWiki XML dump (pages-articles.xml, .bz2, .gz, .xz or .zst)")
        self.packing = next((name for start, name in _MAGIC.items() if magic.startswith(start)), "")
        self._stream: _Reader = {
            "bzip2": lambda: cast(_Reader, bz2.BZ2File(self._file)),
            "gzip": lambda: cast(_Reader, gzip.GzipFile(fileobj=self._file)),
            "xz": lambda: cast(_Reader, lzma.LZMAFile(self._file)),  # noqa: SIM115
            "zstd": lambda: cast(_Reader, zstandard.ZstdDecompressor().stream_reader(self._file, read_across_frames=True)),
            "": lambda: cast(_Reader, self._file),
        }[self.packing]()
        self._ended = False
        self.head = self._unpack(65536)
        self._pending = self.head

    def read(self, size: int = -1, /) -> bytes:
        if self._pending:
            data, self._pending = (self._pending, b"") if size < 0 else (self._pending[:size], self._pending[size:])
            return data if size >= 0 else data + self._unpack(-1)
        return self._unpack(size)

    def _unpack(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except _UNPACK_ERRORS as error:
            place = f"after byte {self._file.tell()} of {self.path.stat().st_size}"
            reason = "it ends too early" if isinstance(error, EOFError) else str(error) or type(error).__name__
            raise DumpError(
                f"{self.path}: the {self.packing or 'file'} data is damaged or truncated {place} ({reason}); fetch the dump "
                f"again and compare its checksum"
            ) from None
        if not data and size and self.packing == "zstd" and not self._ended:
            self._ended = True
            self._check_zstd_end()
        self.offset += len(data)
        return data

    def _check_zstd_end(self) -> None:
        # The zstd reader takes a missing end of the last frame for the end of the file, without an error.
        with self.path.open("rb") as file:
            unpacker = zstandard.ZstdDecompressor().decompressobj()
            open_frame = False
            while block := file.read(1 << 16):
                while block:
                    unpacker.decompress(block)
                    open_frame = not unpacker.eof
                    block = b"" if open_frame else unpacker.unused_data
                    if not open_frame:
                        unpacker = zstandard.ZstdDecompressor().decompressobj()
        if open_frame:
            raise DumpError(f"{self.path}: the zstd data is truncated at byte {self.path.stat().st_size}; fetch the dump again")

    def close(self) -> None:
        self._file.close()


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise DumpError(f"{path}: is a folder; give the dump file in it (pages-articles.xml.bz2 or the like)")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise DumpError(f"{path}: no such file; check the path of the dump") from None
    except OSError as error:
        raise DumpError(f"{path}: can't be read ({error.strerror}); check its permissions") from None


def open_dump(path: str | Path) -> _Unpacked:
    """The dump's XML as a readable of bytes, decompressed by what its first bytes say; close it after use.

    Raises DumpError, also from `read`, for data that is damaged or truncated.
    """
    return _Unpacked(Path(path))


def _check_head(path: Path, head: bytes) -> None:
    """Refuses what is no MediaWiki export, and any document type, before the XML parser sees it."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    if encoding == "utf-8" and b"\x00" in head[:4]:
        encoding = "utf-16-le" if head[1:2] == b"\x00" else "utf-16-be"
    text = head.decode(encoding, errors="ignore")
    root = re.search(r"<[A-Za-z]", text)
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text[: root.start()] if root else text):
        raise DumpError(f"{path}: the XML has a document type declaration (entities), which no MediaWiki export has; refused")
    if root is None or not text.startswith("<mediawiki", root.start()):
        raise DumpError(
            f"{path}: not a MediaWiki export (no <mediawiki> element at its start); give a pages-articles dump or the "
            f"result of Special:Export"
        )


class DumpReader:
    """Iterates over the pages of a dump once; `site` is known from the start. Made by `read_dump`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._source = open_dump(self.path)
        _check_head(self.path, self._source.head)
        self.last_title = ""
        self._language = "en"
        self._ready: RawPage | None = None
        self._pages = self._read()
        self.site = SiteInfo()
        # Up to the site's description, or, in a dump without one, the first page.
        self._ready = next(self._pages, None)

    @property
    def bytes_read(self) -> int:
        """Bytes of XML read so far."""
        return self._source.offset

    def __iter__(self) -> Iterator[RawPage]:
        try:
            if self._ready is not None:
                first, self._ready = self._ready, None
                yield first
            yield from self._pages
        finally:
            self._source.close()

    def _read(self) -> Iterator[RawPage]:
        events = etree.iterparse(
            cast(Any, self._source), events=("end",), tag=("{*}siteinfo", "{*}revision", "{*}page"),
            huge_tree=True, resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True,
        )  # fmt: skip
        newest: Any = None
        try:
            for _, element in events:
                name = _local(element)
                if name == "revision":
                    newest = _newer(newest, element)
                elif name == "page":
                    page = self._page(element, newest)
                    newest = None
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
                    self.last_title = page.title
                    yield page
                elif name == "siteinfo":
                    self.site = _site(element)
        except etree.XMLSyntaxError as error:
            after = f"after page '{self.last_title}'" if self.last_title else "before its first page"
            raise DumpError(
                f"{self.path}: the XML breaks off or is damaged {after} ({str(error.msg).split(', line')[0]}); fetch the dump again"
            ) from None

    def _page(self, element: Any, revision: Any) -> RawPage:
        title, number, source_id, redirect = "", None, 0, ""
        for child in element:
            name = _local(child)
            if name == "title":
                title = (child.text or "").strip()
            elif name == "ns":
                number = _number(child.text)
            elif name == "id":
                source_id = _number(child.text)
            elif name == "redirect":
                redirect = child.get("title") or ""
        text, identifier, timestamp = "", 0, ""
        for child in revision if revision is not None else ():
            name = _local(child)
            if name == "text":
                text = child.text or ""
            elif name == "id":
                identifier = _number(child.text)
            elif name == "timestamp":
                timestamp = (child.text or "").strip()
        said = REDIRECT.match(text)
        if said and (not redirect or "#" in said.group(1)):
            redirect = said.group(1).strip()  # the element leaves the section part out
        if number is None:
            number = self.site.normalise_title(title)[0]
        return RawPage(title, number, source_id, identifier, timestamp, redirect, text)


def read_dump(path: str | Path) -> DumpReader:
    """Opens a dump and reads its site information. Raises DumpError (also while iterating), nothing else, for bad input."""
    return DumpReader(path)


def _local(element: Any) -> str:
    tag = element.tag
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""


def _number(text: str | None) -> int:
    digits = (text or "").strip()
    return int(digits) if re.fullmatch(r"-?\d{1,18}", digits) else 0


def _newer(newest: Any, revision: Any) -> Any:
    """The later of two revisions of a page by timestamp; the other one's text is freed."""
    if newest is None:
        return revision
    stamps = [next(((c.text or "").strip() for c in r if _local(c) == "timestamp"), "") for r in (newest, revision)]
    winner, loser = (revision, newest) if stamps[1] >= stamps[0] else (newest, revision)
    loser.clear()
    return winner


def _site(element: Any) -> SiteInfo:
    values = {_local(child): (child.text or "").strip() for child in element}
    dbname = values.get("dbname", "")
    language = element.getparent().get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    language = (language or (re.sub(r"wik.*$", "", dbname).replace("_", "-") if "wik" in dbname else "") or "en").lower()
    namespaces = dict(CANONICAL_NAMESPACES) | namespace_words(language)
    if values.get("sitename"):
        namespaces[values["sitename"].casefold()] = 4
    for child in element.iter("{*}namespace"):
        name = _BLANKS.sub(" ", child.text or "").strip().casefold()
        if name:
            namespaces[unicodedata.normalize("NFC", name)] = _number(child.get("key"))
    namespaces.pop("", None)
    return SiteInfo(dbname, values.get("sitename", ""), language, values.get("case") or "first-letter", namespaces)
