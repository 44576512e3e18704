"""The store of claims beside the corpus: a page is read once by the Browser, and its claims serve every later tree and run.

claims.sqlite    one row a claim, by page and ordinal, with an index on the page at the other end; the evidence apart, in JSON
manifest.json    the corpus it was read from and the Browser's version; written last
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from infoseek_offline.agents.base import Browser
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.engine import batches, map_ordered
from infoseek_offline.errors import CorpusError
from infoseek_offline.files import canonical_json, read_json, replacing_folder, write_json
from infoseek_offline.records import Claim, Evidence, Quantity

FORMAT = 2
ClaimKind = Literal["link", "literal", "category", "type"]
KEPT = 4096  # pages whose statements are kept
MAX_INCOMING = 128  # claims of other pages about a page; the rest is left, in page order
CHUNK = 64

_SCHEMA = """
CREATE TABLE claim (page INTEGER NOT NULL, ordinal INTEGER NOT NULL, object INTEGER, kind TEXT NOT NULL, source TEXT NOT NULL,
  key TEXT NOT NULL, wording TEXT NOT NULL, value TEXT NOT NULL, quantities TEXT NOT NULL, confidence REAL NOT NULL,
  PRIMARY KEY (page, ordinal)) WITHOUT ROWID;
CREATE TABLE evidence (page INTEGER NOT NULL, ordinal INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (page, ordinal))
  WITHOUT ROWID;
"""
_COLUMNS = "page, ordinal, object, kind, source, key, wording, value, quantities, confidence"

_corpus: Corpus
_browser: Browser


class Statement:
    """A claim seen from one page `v`: `wording` has the placeholders `{v}` (the page) and `{o}` (the other side). A plain object
    and no record: thousands are looked at for one that is used, and only of that one the evidence is read."""

    __slots__ = ("_evidence", "confidence", "key", "kind", "other", "page", "quantities", "source", "value", "wording")

    def __init__(
        self, page: int, other: int | None, wording: str, kind: ClaimKind, source: str, key: str, value: str,
        quantities: tuple[Quantity, ...], confidence: float, evidence: Evidence | Callable[[], Evidence],
    ) -> None:  # fmt: skip
        self.page, self.other, self.wording, self.kind, self.source = page, other, wording, kind, source
        self.key, self.value, self.quantities, self.confidence = key, value, quantities, confidence
        self._evidence = evidence

    @property
    def evidence(self) -> Evidence:
        if not isinstance(self._evidence, Evidence):
            self._evidence = self._evidence()
        return self._evidence


def stated(page: int, claim: Claim) -> Statement:
    """What the page itself claims."""
    return Statement(page, claim.object, claim.wording.replace("{s}", "{v}"), claim.kind, claim.source, claim.key, claim.value,
                     claim.quantities, claim.confidence, claim.evidence)  # fmt: skip


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
                database.executemany("INSERT INTO claim VALUES (?,?,?,?,?,?,?,?,?,?)", [row[:-1] for row in rows])
                database.executemany("INSERT INTO evidence VALUES (?,?,?)", [(*row[:2], row[-1]) for row in rows])
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


def _read_chunk(pages: Iterable[int]) -> list[tuple[Any, ...]]:
    return [
        (page, i, c.object, c.kind, c.source, c.key, c.wording, c.value, _packed(c.quantities), c.confidence,
         c.evidence.model_dump_json())
        for page in pages
        for i, c in enumerate(_browser.read(page))
    ]  # fmt: skip


def _packed(quantities: tuple[Quantity, ...]) -> str:
    return canonical_json([[q.low, q.high, q.unit] for q in quantities]) if quantities else ""


def _unpacked(stored: str) -> tuple[Quantity, ...]:
    return tuple(Quantity(low=low, high=high, unit=unit) for low, high, unit in json.loads(stored)) if stored else ()


class ClaimStore:
    """Claims by page, from both sides. Safe after a fork and in threads."""

    def __init__(self, folder: Path, corpus: Corpus) -> None:
        if not (folder / "manifest.json").is_file():
            raise CorpusError(f"no claims in {folder}: run 'infoseek data' again, which reads them")
        self.folder, self.corpus = folder, corpus
        self._local = threading.local()
        self.about = lru_cache(maxsize=KEPT)(self._about)

    def _select(self, query: str, *arguments: int | str) -> list[tuple[Any, ...]]:
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
        own = "SELECT object, wording FROM claim WHERE page = ? AND object IS NOT NULL"
        theirs = "SELECT page, wording FROM claim WHERE object = ? ORDER BY page, ordinal LIMIT ?"
        found = {(other, wording.replace("{o}", "{v}").replace("{s}", "{o}")) for other, wording in self._select(own, page)}
        found |= {(other, wording.replace("{s}", "{v}")) for other, wording in self._select(theirs, page, MAX_INCOMING)}
        return Counter(wording for _, wording in found)

    def _evidence(self, page: int, ordinal: int) -> Evidence:
        rows = self._select("SELECT body FROM evidence WHERE page = ? AND ordinal = ?", page, ordinal)
        return Evidence.model_validate_json(rows[0][0])

    def _about(self, page: int) -> tuple[Statement, ...]:
        """All statements about the page, its own and those of pages that name it; the best of each other page or literal."""
        own = self._select(f"SELECT {_COLUMNS} FROM claim WHERE page = ? ORDER BY ordinal", page)
        theirs = self._select(
            f"SELECT {_COLUMNS} FROM claim WHERE object = ? ORDER BY page, ordinal LIMIT {MAX_INCOMING}", page
        )
        best: dict[tuple[object, ...], tuple[float, bool, tuple[Any, ...]]] = {}
        for rows, incoming in ((own, False), (theirs, True)):
            for row in rows:
                source, _, target, kind, _, key, _, value, _, confidence = row
                same = (source if incoming else target,) if kind == "link" else (kind, key, value)
                known = best.get(same)
                if known is None or confidence > known[0]:
                    best[same] = (confidence, incoming, row)
        return tuple(self._statement(page, row, incoming) for _, incoming, row in best.values())

    def own(self, page: int, keys: Collection[str]) -> list[Statement]:
        """What the page itself states of its type and under those keys, which is read without all the rest."""
        wanted = ",".join("?" * len(keys))
        query = f"SELECT {_COLUMNS} FROM claim WHERE page = ? AND (kind = 'type' OR key IN ({wanted})) ORDER BY ordinal"
        return [self._statement(page, row, False) for row in self._select(query, page, *keys)]

    def _statement(self, page: int, row: tuple[Any, ...], incoming: bool) -> Statement:
        source, ordinal, target, kind, found, key, wording, value, quantities, confidence = row
        if incoming:
            target, wording = source, wording.replace("{o}", "{v}").replace("{s}", "{o}")
        else:
            wording = wording.replace("{s}", "{v}")
        return Statement(page, target, wording, kind, found, key, value, _unpacked(quantities), confidence,
                         partial(self._evidence, source, ordinal))  # fmt: skip
