"""A dump's bytes, in segments that workers can read apart from each other.

Plain XML and bzip2 are entered in the middle: a segment is a range of the file, and its worker unpacks it. A bzip2 file, of one
stream or of many, is a row of blocks that begin with 48 known bits at any bit; each is unpacked on its own (as bzip2recover does),
so that no index and no scan of the whole file is needed, and a damaged block costs no other. gzip, xz, zstd and encodings other
than UTF-8 are unpacked in one process, and their segments carry the XML.

Where segments begin depends on the file alone; what is read from them all together does not depend on where they begin.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import mmap
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

import zstandard

from infoseek_offline.corpus.cut import PAGE, newest_revision
from infoseek_offline.errors import DumpError

SEGMENT = 4 << 20  # bytes of the file in a segment of bzip2; of XML, four times as many
HEAD = 1 << 20
CHUNK = 1 << 20

_MAGIC = {b"BZh": "bzip2", b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_UNPACK_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
_BLOCK, _END = 0x314159265359, 0x177245385090


class Piece(NamedTuple):
    """Bytes of XML that follow those of the piece before, or, with a fault, the news that some are missing here."""

    offset: int  # in the file (bzip2: of the block), or in the XML where the file can't be entered in the middle
    data: bytes
    own: bool  # within the segment; else read on for its last page
    fault: str = ""
    exact: bool = True  # whether the offset counts the bytes of `data`


class Segment(NamedTuple):
    number: int
    start: int
    end: int
    data: bytes = b""  # the XML, where the file can't be entered in the middle
    fault: str = ""  # why nothing comes after this segment


class _Reader(Protocol):
    def read1(self, size: int = -1, /) -> bytes: ...


class Source:
    """A dump's file. Raises DumpError for one that is missing, a folder, empty, or no MediaWiki export."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with _opened(self.path) as file:
            magic = file.read(6)
        if not magic:
            raise DumpError(f"{path}: the file is empty; give a MediaWiki XML dump (pages-articles.xml, .bz2, .gz, .xz or .zst)")
        self.size = self.path.stat().st_size
        self.packing = next((name for start, name in _MAGIC.items() if magic.startswith(start)), "")
        self.position = 0  # in the file, of what has been read last, for progress
        self.encoding = "utf-8"
        try:
            raw = self._raw(1 << 16)
            first = next(raw, b"")
            self.encoding = _encoding(first)
            self.sequential = self.packing not in ("", "bzip2") or self.encoding != "utf-8"
            self.head = _head(chain([first], raw) if self.encoding == "utf-8" else self._decoded())
        except DumpError as error:
            raise DumpError(f"{path}: {error}; fetch the dump again and compare its checksum") from None
        _check_head(self.path, self.head)

    # Segments

    def segments(self, size: int = 0) -> Iterator[Segment]:
        """All segments, in order. The last one reaches to the end of the file."""
        size = size or SEGMENT
        if self.sequential:
            yield from self._carried(size * 4)
            return
        step = size if self.packing else size * 4
        for number, start in enumerate(range(0, self.size, step)):
            self.position = min(self.size, start + step)
            yield Segment(number, start, self.position)

    def pieces(self, segment: Segment) -> Iterator[Piece]:
        """The segment's bytes of XML and, not its own, those that follow."""
        if self.sequential:
            yield Piece(segment.start, segment.data, True)
            if segment.fault:
                yield Piece(segment.end, b"", True, segment.fault)
        elif self.packing:
            yield from _Blocks(self.path, self.size).pieces(segment.start, segment.end)
        else:
            with _opened(self.path) as file:
                file.seek(segment.start)
                while data := file.read(min(CHUNK, segment.end - file.tell()) if file.tell() < segment.end else CHUNK):
                    yield Piece(file.tell() - len(data), data, file.tell() <= segment.end)

    def complete(self) -> bool:
        """Whether the XML has its end, where that can be seen without reading all."""
        if self.sequential:
            return True  # `_carried` says so itself
        low = max(0, self.size - (3 << 20 if self.packing else 4096))
        if self.packing:
            with _opened(self.path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                bits = [*_marks(mapped, low, self.size), self.size * 8][-3:]
                blocks = [_block(mapped, a, b) for a, b in pairwise(bits)]
            return None in blocks or b"</mediawiki>" in b"".join(block or b"" for block in blocks)  # the fault is named elsewhere
        return any(b"</mediawiki>" in piece.data for piece in self.pieces(Segment(0, low, self.size)))

    def _carried(self, size: int) -> Iterator[Segment]:
        buffer, start, number, fault, searched = bytearray(), 0, 0, "", 0
        try:
            for data in self._decoded():
                buffer += data
                if len(buffer) < size:
                    continue
                cuts = [m.start() for m in PAGE.finditer(buffer, max(1, searched))]
                if not cuts:
                    searched = len(buffer) - 8
                    if len(buffer) > 4 * size:  # one page's revisions; the newest will do
                        begin = PAGE.search(buffer)
                        if begin:
                            buffer[begin.start() :] = newest_revision(bytes(buffer[begin.start() :]))
                            searched = 0
                    continue
                yield Segment(number, start, start + cuts[-1], bytes(buffer[: cuts[-1]]))
                del buffer[: cuts[-1]]
                number, start, searched = number + 1, start + cuts[-1], 0
        except DumpError as error:
            fault = str(error)
        if not fault and b"</mediawiki>" not in buffer[-4096:]:
            fault = "the XML breaks off: it has no </mediawiki>"
        yield Segment(number, start, start + len(buffer), bytes(buffer), fault)

    # Bytes

    def _decoded(self) -> Iterator[bytes]:
        """The XML as UTF-8."""
        if self.encoding == "utf-8":
            yield from self._raw()
            return
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        for data in self._raw():
            yield decoder.decode(data).encode("utf-8", "replace")
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")

    def _raw(self, size: int = CHUNK) -> Iterator[bytes]:
        """All bytes of XML, in order, about `size` at a time. Raises DumpError where they are damaged or end too early."""
        with _opened(self.path) as file:
            if self.packing == "bzip2":
                stream: _Reader = cast(_Reader, bz2.BZ2File(file))
            elif self.packing == "gzip":
                stream = cast(_Reader, gzip.GzipFile(fileobj=file))
            elif self.packing == "xz":
                stream = cast(_Reader, lzma.LZMAFile(file))  # noqa: SIM115
            elif self.packing == "zstd":
                stream = cast(_Reader, _Zstd(file))
            else:
                stream = cast(_Reader, file)
            reason = ""
            while not reason:
                held = bytearray()
                try:
                    while len(held) < size and (data := stream.read1(size)):
                        held += data
                except _UNPACK_ERRORS as error:
                    reason = "it ends too early" if isinstance(error, EOFError) else str(error) or type(error).__name__
                self.position = file.tell()
                if held:
                    yield bytes(held)
                elif not reason:
                    return
            place = f"before byte {self.position} of {self.size}"
            raise DumpError(f"the {self.packing or 'file'} data is damaged or truncated {place} ({reason})")


def _head(pieces: Iterable[bytes]) -> bytes:
    """The XML up to the first page, or as much of it as a head can be."""
    head = b""
    try:
        for data in pieces:
            head += data
            if len(head) >= HEAD or PAGE.search(head):
                break
    except DumpError:
        if b"<mediawiki" not in head:  # what was unpacked before the damage was noticed is no XML
            raise
    return head


class _Zstd:
    """A zstd file of any number of frames; the library's own reader takes a cut in the last one for its end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.left = file, b""
        self.unpacker = zstandard.ZstdDecompressor().decompressobj()
        self.inside = False

    def read1(self, size: int = -1, /) -> bytes:
        while True:
            block = self.left or self.file.read(1 << 16)
            if not block:
                if self.inside:
                    raise EOFError
                return b""
            if not self.inside:
                self.unpacker = zstandard.ZstdDecompressor().decompressobj()
            data = self.unpacker.decompress(block)
            self.inside = not self.unpacker.eof
            self.left = b"" if self.inside else self.unpacker.unused_data
            if data:
                return data


class _Blocks:
    """The blocks of a bzip2 file from any byte on."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        with _opened(self.path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            marks = _marks(mapped, start, self.size)
            bit = next(marks, None)
            if bit is None:
                if start == 0:
                    yield Piece(0, b"", True, "the bzip2 data is damaged or truncated: no block in it")
                return
            ahead: list[int | None] = []
            while bit is not None:
                following = ahead.pop() if ahead else next(marks, None)
                data = _block(mapped, bit, following if following is not None else self.size * 8)
                if data is None and following is not None:  # the 48 bits may stand within a block by chance
                    after = next(marks, None)
                    data = _block(mapped, bit, after if after is not None else self.size * 8)
                    if data is None:
                        ahead.append(after)
                    else:
                        following = after
                own = bit // 8 < end
                if data is None:
                    reason = "truncated" if following is None else "damaged"
                    yield Piece(bit // 8, b"", own, f"the bzip2 data is {reason} in the block at byte {bit // 8} of {self.size}")
                else:
                    yield Piece(bit // 8, data, own, exact=False)
                bit = following


def _patterns(magic: int) -> list[tuple[int, bytes]]:
    """For each shift of the 48 bits, the whole bytes in their middle."""
    return [(0, magic.to_bytes(6, "big"))] + [(s, ((magic >> s) & 0xFFFFFFFFFF).to_bytes(5, "big")) for s in range(1, 8)]


_BLOCK_PATTERNS, _END_PATTERNS = _patterns(_BLOCK), _patterns(_END)


def _places(data: bytes, magic: int, patterns: list[tuple[int, bytes]], low: int = 0) -> list[int]:
    """Bits at which the 48 bits of `magic` begin, from byte `low` on."""
    found = []
    for shift, pattern in patterns:
        at = data.find(pattern, low)
        while at >= 0:
            first = at - (shift > 0)
            if first >= low:
                window = int.from_bytes(data[first : first + 7].ljust(7, b"\0"), "big")
                if (window >> (8 - shift)) & 0xFFFFFFFFFFFF == magic:
                    found.append(first * 8 + shift)
            at = data.find(pattern, at + 1)
    return sorted(found)


def _marks(mapped: mmap.mmap, start: int, size: int) -> Iterator[int]:
    """The bits at which blocks begin, from byte `start` of the file on."""
    for low in range(start, size, CHUNK):
        window = mapped[low : low + CHUNK + 8]
        yield from (low * 8 + bit for bit in _places(window, _BLOCK, _BLOCK_PATTERNS) if bit < CHUNK * 8)


def _block(mapped: mmap.mmap, bit: int, following: int) -> bytes | None:
    """The block between two bits of the file, unpacked; None if it is damaged. What stands between it and the next block (the end
    of its stream, the head of another) is cut off, and an end put there that fits the block alone."""
    first, last = bit // 8, -(-following // 8)
    value = int.from_bytes(mapped[first:last], "big") >> (last * 8 - following)
    length = following - bit
    value &= (1 << length) - 1
    aligned = (value << (-length % 8)).to_bytes(-(-length // 8), "big")
    ends = _places(aligned, _END, _END_PATTERNS, max(0, len(aligned) - 64)) or _places(aligned, _END, _END_PATTERNS)
    if ends:
        value >>= length - ends[0]
        length = ends[0]
    check = int.from_bytes(aligned[6:10], "big")
    whole = (((value << 48) | _END) << 32) | check
    length += 80
    packed = b"BZh9" + (whole << (-length % 8)).to_bytes(-(-length // 8), "big")
    unpacker = bz2.BZ2Decompressor()
    try:
        data = unpacker.decompress(packed)
    except (OSError, EOFError, ValueError):
        return None
    return data if unpacker.eof else None


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise DumpError(f"{path}: is a folder; give the dump file in it (pages-articles.xml.bz2 or the like)")
    try:
        if str(path) == "-" or not stat.S_ISREG(path.stat().st_mode):
            raise DumpError(f"{path}: a pipe or a device, but a dump is read in several places at once: give it as a file")
        return path.open("rb")
    except FileNotFoundError:
        raise DumpError(f"{path}: no such file; check the path of the dump") from None
    except OSError as error:
        raise DumpError(f"{path}: can't be read ({error.strerror}); check its permissions") from None


def _encoding(first: bytes) -> str:
    if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if b"\x00" in first[:4]:
        return "utf-16-le" if first[1:2] == b"\x00" else "utf-16-be"
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding=[\"']([A-Za-z0-9._-]+)", first)
    if declared:
        try:
            name = codecs.lookup(declared.group(1).decode()).name
        except LookupError:
            return "utf-8"
        return "utf-8" if name == "ascii" else name
    return "utf-8"


# What people give by mistake, by how it begins: what it is, and what to do.
_MISTAKES = (
    (rb"7z\xbc\xaf", "a 7z archive: unpack it (7z x) and give the XML, or pack that as .bz2, .xz or .zst"),
    (rb"PK\x03\x04", "a zip archive: unpack it and give the dump in it"),
    (rb"\x04\x22M\x18|\x1f[\x9d\xa0]|Rar!|LZIP|\x5d\0\0", "packed in a way that is not read: unpack it and give the XML"),
    (rb"(?s).{257}ustar", "a tar archive: unpack it and give the dump in it"),
    (rb"(?i)\s*(?:<!DOCTYPE html|<html)", "an HTML page: the download may have failed"),
    (rb"(?i)\s*(?:--|/\*|INSERT INTO|CREATE TABLE)", "an SQL dump: give the pages as XML (pages-articles, or of dumpBackup.php)"),
    (rb"\d+:\d+:", "the index of a multistream dump: give the dump itself (pages-articles-multistream.xml.bz2)"),
    (rb"\s*[{\[]", "JSON: give the pages as XML (pages-articles, or of dumpBackup.php)"),
    (rb"\s*$", "empty when unpacked"),
)  # fmt: skip


def _check_head(path: Path, head: bytes) -> None:
    """Refuses what is no MediaWiki export, and any document type, before an XML parser sees it."""
    mistake = next((what for start, what in _MISTAKES if re.match(start, head)), None)
    if mistake:
        raise DumpError(f"{path}: not a MediaWiki export, but {mistake}")
    bare = re.sub(rb"(?s)<!--.*?-->", b"", head)
    root = re.search(rb"<[A-Za-z]", bare)
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", bare[: root.start()] if root else bare):
        raise DumpError(f"{path}: the XML has a document type declaration (entities), which no MediaWiki export has; refused")
    if root is None or not bare.startswith(b"<mediawiki", root.start()):
        raise DumpError(
            f"{path}: not a MediaWiki export (no <mediawiki> element at its start); give a pages-articles dump or the "
            f"result of Special:Export"
        )
