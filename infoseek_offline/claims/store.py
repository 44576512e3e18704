"""The store of claims beside the corpus: a page is read once by the Browser, and its claims serve every later tree and run.

claims.sqlite    one row a claim, by page and ordinal, with an index on the page at the other end
manifest.json    the corpus it was read from and the Browser's version; written last
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infoseek_offline.agents.base import Browser
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.engine import batches, map_ordered
from infoseek_offline.errors import CorpusError
from infoseek_offline.files import read_json, replacing_folder, write_json
from infoseek_offline.records import Claim

FORMAT = 1
MAX_INCOMING = 128  # claims of other pages about a page; the rest is left, in page order
CHUNK = 64

_SCHEMA = """
CREATE TABLE claim (page INTEGER NOT NULL, ordinal INTEGER NOT NULL, object INTEGER, body TEXT NOT NULL,
  PRIMARY KEY (page, ordinal)) WITHOUT ROWID;
"""

_corpus: Corpus
_browser: Browser


@dataclass(frozen=True)
class Statement:
    """A claim seen from one page `v`: `wording` has the placeholders `{v}` (the page) and `{o}` (the other side)."""

    page: int
    other: int | None
    wording: str
    claim: Claim


def stated(page: int, claim: Claim) -> Statement:
    """What the page itself claims."""
    return Statement(page, claim.object, claim.wording.replace("{s}", "{v}"), claim)


def read_all(
    corpus: Corpus,
    browser: Browser,
    folder: Path,
    *,
    workers: int = 1,
    progress: Callable[[str, int], None] = lambda stage, done: None,
) -> dict[str, Any]:
    """Read every article's claims into `folder`; its manifest. What was read already of this corpus by this Browser is kept."""
    settings = {"format": FORMAT, "corpus": corpus.digest, "browser": browser.version}
    manifest_path = folder / "manifest.json"
    if manifest_path.is_file():
        try:
            known: dict[str, Any] = read_json(manifest_path)
        except ValueError:  # damaged: read them again
            known = {}
        if {key: known.get(key) for key in settings} == settings:
            return known
    with replacing_folder(folder) as building:
        database = sqlite3.connect(building / "claims.sqlite")
        try:
            database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
            count = 0
            chunks = batches(corpus.answerable().tolist(), CHUNK)
            for rows in map_ordered(_read_chunk, chunks, workers=workers, setup=partial(_open, corpus, browser)):
                database.executemany("INSERT INTO claim VALUES (?,?,?,?)", rows)
                count += len(rows)
                if rows:
                    progress("claims", rows[-1][0])
            database.execute("CREATE INDEX claim_object ON claim (object, page, ordinal) WHERE object IS NOT NULL")
            database.commit()
        finally:
            database.close()
        manifest = {**settings, "claims": count}
        write_json(building / "manifest.json", manifest)
    return manifest


def _open(corpus: Corpus, browser: Browser) -> None:
    global _corpus, _browser
    _corpus, _browser = corpus, browser


def _read_chunk(pages: Iterable[int]) -> list[tuple[int, int, int | None, str]]:
    return [(page, i, c.object, c.model_dump_json()) for page in pages for i, c in enumerate(_browser.read(page))]


class ClaimStore:
    """Claims by page, from both sides. Safe after a fork and in threads."""

    def __init__(self, folder: Path, corpus: Corpus) -> None:
        if not (folder / "manifest.json").is_file():
            raise CorpusError(f"no claims in {folder}: run 'infoseek data' again, which reads them")
        self.folder, self.corpus = folder, corpus
        self._local = threading.local()
        self.about = lru_cache(maxsize=16384)(self._about)

    def _rows(self, query: str, page: int) -> list[Claim]:
        return [Claim.model_validate_json(row[0]) for row in self._select(query, page)]

    def _select(self, query: str, *arguments: int) -> list[tuple[Any, ...]]:
        if getattr(self._local, "pid", None) != os.getpid():
            path = quote(str((self.folder / "claims.sqlite").absolute()))
            self._local.connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
            self._local.pid = os.getpid()
        try:
            return self._local.connection.execute(query, arguments).fetchall()
        except sqlite3.DatabaseError as error:
            raise CorpusError(f"{self.folder} can't be read ({error}): remove it, and run 'infoseek data' again") from error

    def relations(self, page: int) -> Counter[str]:
        """How many pages stand in each relation with the page, worded with the page as `{o}` and the others as `{v}`."""
        own = "SELECT object, json_extract(body, '$.wording') FROM claim WHERE page = ? AND object IS NOT NULL"
        theirs = "SELECT page, json_extract(body, '$.wording') FROM claim WHERE object = ? ORDER BY page, ordinal LIMIT ?"
        found = {(other, wording.replace("{o}", "{v}").replace("{s}", "{o}")) for other, wording in self._select(own, page)}
        found |= {(other, wording.replace("{s}", "{v}")) for other, wording in self._select(theirs, page, MAX_INCOMING)}
        return Counter(wording for _, wording in found)

    def read(self, page: int) -> list[Claim]:
        """What the page itself states."""
        return self._rows("SELECT body FROM claim WHERE page = ? ORDER BY ordinal", page)

    def _about(self, page: int) -> tuple[Statement, ...]:
        """All statements about the page, its own and those of pages that name it; the best of each other page or literal."""
        found = [stated(page, c) for c in self.read(page)]
        named = f"SELECT body FROM claim WHERE object = ? ORDER BY page, ordinal LIMIT {MAX_INCOMING}"
        for claim in self._rows(named, page):
            wording = claim.wording.replace("{o}", "{v}").replace("{s}", "{o}")
            found.append(Statement(page, claim.subject, wording, claim))
        best: dict[tuple[object, ...], Statement] = {}
        for statement in found:
            claim = statement.claim
            same = (statement.other,) if claim.kind == "link" else (claim.kind, claim.key, claim.value)
            known = best.get(same)
            if known is None or claim.confidence > known.claim.confidence:
                best[same] = statement
        return tuple(best.values())
