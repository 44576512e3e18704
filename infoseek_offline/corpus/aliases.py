"""Which names each page goes by: its title, its title without "(…)", its redirects, and the anchors that mostly lead to it.

Each part's names are written sorted by hash, with an index by the hash's first byte (`names-N.npy`, `.txt`, `.ptr.npy`). A bucket
then takes a range of hashes from all parts, sums the links, drops what is no name, and writes `alias-B.sqlite` and `keys-B.npy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus.mentions import alias_keys
from infoseek_offline.corpus.names import name_hashes
from infoseek_offline.corpus.parts import new_database, save_array
from infoseek_offline.errors import DumpError

MIN_ANCHOR_SHARE = 0.05  # an anchor names a page when it leads there at least so often
MAX_ANCHOR = 100  # characters; a longer one is no name
MAX_ANCHOR_WORDS = 6
RANGES = 256
BUCKET_ROWS = 2_000_000

SOURCES = ("redirect", "title", "anchor")
_ROW = np.dtype(
    [
        ("hash", "<u8"),
        ("check", "<u4"),
        ("page", "<i4"),
        ("links", "<i4"),
        ("at", "<u4"),
        ("size", "<u4"),
        ("source", "u1"),
        ("short", "?"),
        ("capital", "?"),
    ]
)


class Names:
    """The names of one part as they are gathered."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], list[int]] = {}

    def title(self, title: str, page: int) -> None:
        base = re.sub(r"\s*\([^()]*\)$", "", title)
        for form in (base, title) if base else (title,):
            self._add(form, page, 1, 0)

    def redirect(self, title: str, page: int) -> None:
        self._add(title, page, 0, 0)

    def anchor(self, text: str, page: int) -> None:
        form = " ".join(text.split())
        if 0 < len(form) <= MAX_ANCHOR:
            self._add(form, page, 2, 1)

    def _add(self, form: str, page: int, source: int, links: int) -> None:
        row = self.rows.setdefault((form, page), [source, 0])
        row[0] = min(row[0], source)
        row[1] += links

    def write(self, folder: Path, number: int) -> None:
        forms = [form for form, _ in self.rows]
        rows = np.zeros(len(forms), _ROW)
        hashes = name_hashes(forms)
        rows["hash"], rows["check"] = hashes["hash"], hashes["check"]
        rows["page"] = [page for _, page in self.rows]
        rows["source"] = [source for source, _ in self.rows.values()]
        rows["links"] = [links for _, links in self.rows.values()]
        rows["short"] = [len(form.split()) <= MAX_ANCHOR_WORDS for form in forms]
        rows["capital"] = [form[:1].isupper() for form in forms]
        order = np.lexsort((rows["page"], rows["hash"]))
        rows = rows[order]
        texts = [forms[i].encode("utf-8", "surrogatepass") for i in order]
        rows["size"] = [len(text) for text in texts]
        rows["at"] = np.cumsum(rows["size"], dtype=np.int64) - rows["size"]
        bounds = np.searchsorted(rows["hash"], np.arange(RANGES, dtype=np.uint64) << np.uint64(56))
        _path(folder, number, "txt").write_bytes(b"".join(texts))
        np.save(_path(folder, number, "ptr.npy"), np.append(bounds, len(rows)))
        save_array(_path(folder, number, "npy"), rows)


def _path(folder: Path, number: int, ending: str) -> Path:
    return folder / f"names-{number:06d}.{ending}"


def bucket_path(folder: Path, low: int) -> Path:
    return folder / f"alias-{low:03d}.sqlite"


def buckets_of(folder: Path) -> list[Path]:
    """The files of all buckets, in order."""
    return sorted(folder.glob("alias-*.sqlite"))


def buckets(folder: Path, parts: int) -> list[tuple[int, int]]:
    """Ranges of first bytes, each of about BUCKET_ROWS names."""
    total = sum(int(np.load(_path(folder, n, "ptr.npy"))[-1]) for n in range(parts))
    count = 1
    while count < RANGES and total / count > BUCKET_ROWS:
        count *= 2
    step = RANGES // count
    return [(low, low + step) for low in range(0, RANGES, step)]


def merge(folder: Path, parts: int, low: int, high: int) -> None:
    """The aliases whose hashes begin with a byte of `low:high`."""
    pieces, blobs, shift = [np.zeros(0, _ROW)], [], 0
    for number in range(parts):
        bounds = np.load(_path(folder, number, "ptr.npy"))
        some = np.load(_path(folder, number, "npy"), mmap_mode="r")[bounds[low] : bounds[high]].copy()
        if not len(some):
            continue
        begin, end = int(some["at"][0]), int(some["at"][-1]) + int(some["size"][-1])
        with _path(folder, number, "txt").open("rb") as file:
            file.seek(begin)
            blobs.append(file.read(end - begin))
        some["at"] = some["at"].astype(np.int64) - begin + shift
        shift += end - begin
        pieces.append(some)
    rows = np.concatenate(pieces)
    rows = rows[np.lexsort((rows["page"], rows["hash"]))]
    kept, links = _kept(rows)
    text = b"".join(blobs)
    forms = [
        text[at : at + size].decode("utf-8", "surrogatepass")
        for at, size in zip(kept["at"].tolist(), kept["size"].tolist(), strict=True)
    ]
    save_array(folder / f"keys-{low:03d}.npy", alias_keys(forms, kept["page"]))
    schema = (
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE alias (alias TEXT, page INTEGER, links INTEGER, source TEXT);"
    )
    with new_database(bucket_path(folder, low), schema) as database:
        sources = (SOURCES[s] for s in kept["source"].tolist())
        database.executemany(
            "INSERT INTO alias VALUES (?,?,?,?)", zip(forms, kept["page"].tolist(), links.tolist(), sources, strict=True)
        )


def _kept(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """A row for each (name, page) that holds, with its links summed."""
    if not len(rows):
        return rows, np.zeros(0, np.int64)
    new_name = np.ones(len(rows), bool)
    new_name[1:] = rows["hash"][1:] != rows["hash"][:-1]
    if bool((rows["check"][1:] != rows["check"][:-1])[~new_name[1:]].any()):
        raise DumpError("two names of this dump have the same 64-bit hash; please report this dump")
    new = new_name.copy()
    new[1:] |= rows["page"][1:] != rows["page"][:-1]
    first = np.flatnonzero(new)
    links = np.add.reduceat(rows["links"].astype(np.int64), first)
    name = np.cumsum(new_name)[first] - 1
    total = np.bincount(name, weights=links)[name]
    kept = rows[first]
    kept["source"] = np.minimum.reduceat(rows["source"], first)
    good = kept["source"] < 2
    good |= kept["short"] & ((links >= 2) | kept["capital"]) & (links >= MIN_ANCHOR_SHARE * total)
    return kept[good], links[good]


def all_keys(folder: Path, ranges: list[tuple[int, int]]) -> Iterator[NDArray[Any]]:
    return (np.load(folder / f"keys-{low:03d}.npy") for low, _ in ranges)
