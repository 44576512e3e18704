"""Titles as hashes, titles and redirects to pages, and the names that pages go by.

A name is 12 bytes of BLAKE2b: 8 to sort and find by, 4 to tell a collision. Nothing here holds a string a title in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.errors import DumpError

NAME = np.dtype([("hash", "<u8"), ("check", "<u4")])
_MEMORY = 1 << 16  # names whose digests are remembered
_EMPTY = hashlib.blake2b(digest_size=12)
MAX_REDIRECTS = 10  # a longer chain is a loop or an accident


def name_hashes(names: Iterable[str]) -> NDArray[Any]:
    """(names,) of dtype NAME."""
    known, names = _remembered(), list(names)
    digests = list(map(known.get, names))
    if None in digests:
        if len(known) > _MEMORY:
            known.clear()
        for place, name in enumerate(names):
            if digests[place] is None:
                digest = _EMPTY.copy()  # quicker than a new one
                digest.update(name.encode("utf-8", "surrogatepass"))
                digests[place] = known[name] = digest.digest()
    return np.frombuffer(b"".join(cast(list[bytes], digests)), NAME)


@lru_cache(maxsize=1)
def _remembered() -> dict[str, bytes]:
    """Digests of names by name; a plain dictionary is quicker to ask than a cache that keeps the order of use."""
    return {}


class NameTable:
    """Sorted hashes of all titles and redirects with their pages (-1: a redirect to nowhere). Mapped, so shared by the workers."""

    def __init__(self, folder: Path) -> None:
        self.hash, self.check, self.page = (np.load(folder / f"name_{n}.npy", mmap_mode="r") for n in ("hash", "check", "page"))

    def find(self, names: NDArray[Any]) -> NDArray[np.int32]:
        """The page of each name; -1 where there is none."""
        return find_names(self.hash, self.check, self.page, names)


def find_names(hashes: Any, checks: Any, values: Any, names: NDArray[Any]) -> NDArray[Any]:
    """`values` at the names' places in the sorted hashes; -1 where a name is absent."""
    if not len(hashes):
        return np.full(len(names), -1, values.dtype)
    at = np.searchsorted(hashes, names["hash"])
    at[at == len(hashes)] = 0
    same = (hashes[at] == names["hash"]) & (checks[at] == names["check"])
    return np.where(same, values[at], -1).astype(values.dtype)


class Entries(NamedTuple):
    """All articles and redirects in dump order: parallel arrays."""

    name: NDArray[Any]  # NAME
    target: NDArray[Any]  # NAME of what a redirect leads to; zeros for an article
    redirect: NDArray[np.bool_]
    section: NDArray[np.bool_]  # whether the redirect leads to a section


class Resolved(NamedTuple):
    page: NDArray[np.int32]  # of an article its id, of a redirect the page it leads to; -1 to nowhere, -2 for a second of its title
    section_from: NDArray[np.int32]  # the entry whose section part counts for a redirect; -1 for none
    order: NDArray[np.int64]  # the kept entries by hash


def resolve(entries: Entries) -> Resolved:
    """Titles to pages, in dump order, through chains of redirects; loops lead nowhere. Raises DumpError for two titles that share
    a hash, which no dump should ever have."""
    order = np.argsort(entries.name["hash"], kind="stable")
    hashes, checks = entries.name["hash"][order], entries.name["check"][order]
    same = np.zeros(len(order), bool)
    same[1:] = hashes[1:] == hashes[:-1]
    if bool((checks[1:] != checks[:-1])[same[1:]].any()):
        raise DumpError("two titles of this dump have the same 64-bit hash; please report this dump")
    page = np.full(len(order), -1, np.int32)
    page[order[same]] = -2
    articles = np.flatnonzero(~entries.redirect & (page != -2))
    page[articles] = np.arange(len(articles))
    order = order[~same]
    hashes, checks = hashes[~same], checks[~same]
    redirects = np.flatnonzero(entries.redirect & (page != -2))
    leads = np.full(len(page), -1, np.int64)
    leads[redirects] = find_names(hashes, checks, order, entries.target[redirects])
    section = np.full(len(page), -1, np.int32)
    section[redirects] = np.where(entries.section[redirects], redirects, -1)
    at = leads[redirects]
    given = section[redirects]
    for _ in range(MAX_REDIRECTS):
        further = np.flatnonzero((at >= 0) & entries.redirect[at])
        if not len(further):
            break
        given[further] = np.where(given[further] >= 0, given[further], section[at[further]])
        at[further] = leads[at[further]]
    ended = (at >= 0) & ~entries.redirect[at]
    page[redirects] = np.where(ended, page[at], -1)
    section[redirects] = np.where(ended, given, -1)
    return Resolved(page, section, order)
