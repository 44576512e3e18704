"""Dump in, corpus folder out (layout: store.py).

    read     each page of namespace 0 is parsed in a worker: text, sections, sentences, passages, links, facts, types
    resolve  link targets (64-bit hashes of titles) to pages, through redirects, chains too; loops lead nowhere
    mention  all titles, redirects and anchors are looked for in all texts
    graph    links, mentions and association as flat arrays
    manifest written last, in a folder that takes its name only then

The bytes of the result depend on the dump alone, not on the workers or the machine.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus import entities, kinds, mentions
from infoseek_offline.corpus.dump import DumpReader, RawPage, SiteInfo, read_dump
from infoseek_offline.corpus.graph import association, pointers
from infoseek_offline.corpus.pages import PageRow, read_page, title_hash
from infoseek_offline.corpus.store import FORMAT, LINK_KINDS, PAGE_KINDS, SCHEMA
from infoseek_offline.engine import batches, map_ordered
from infoseek_offline.errors import DumpError
from infoseek_offline.files import canonical_json, file_sha256, replacing_folder, write_json
from infoseek_offline.records import LinkKind, PageKind

MAX_REDIRECTS = 10  # a longer chain is a loop or an accident
MIN_ANCHOR_SHARE = 0.05  # an anchor names a page when it leads there at least so often
MAX_ANCHOR = 100  # characters; a longer one is no name
CHUNK = 32

Progress = Callable[[str, int], None]


class _Builder:
    """What the stages of one build share."""

    def __init__(self, folder: Path, site: SiteInfo, workers: int, progress: Progress) -> None:
        self.folder, self.site, self.workers, self.progress = folder, site, workers, progress
        (folder / "graph").mkdir()
        self.database = sqlite3.connect(folder / "corpus.sqlite")
        self.database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192;" + SCHEMA)
        self.titles: list[str] = []
        self.redirects: list[tuple[str, str, str]] = []
        self.kinds: list[int] = []
        self.digest = hashlib.sha256()
        self.counts: Counter[str] = Counter()
        self.broken_off = ""
        self.link_hash: list[NDArray[np.uint64]] = []
        self.link_span: list[NDArray[np.int32]] = []
        self.link_kind: list[NDArray[np.uint8]] = []
        self.heads: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()

    # read

    def read(self, dump: DumpReader, partial_dump: bool) -> None:
        seen: set[int] = set()

        def articles() -> Iterator[RawPage]:
            for raw in self._pages(dump, partial_dump):
                if raw.ns != 0:
                    self.counts["pages of other namespaces"] += 1
                    continue
                digest = title_hash(raw.title)
                if digest in seen:
                    self.counts["duplicate titles"] += 1
                    continue
                seen.add(digest)
                if raw.redirect:
                    _, target, fragment, interwiki = self.site.normalise_title(raw.redirect)
                    self.redirects.append((raw.title, "" if interwiki else target, fragment))
                else:
                    yield raw

        work = partial(_read_batch, site=self.site)
        for rows in map_ordered(work, batches(articles(), CHUNK), workers=self.workers):
            for row in rows:
                self._add(row)
        if not self.titles:
            raise DumpError(
                f"{dump.path} holds no articles (no page of namespace 0 that is not a redirect): is it a pages-articles dump?"
            )

    def _pages(self, dump: DumpReader, partial_dump: bool) -> Iterator[RawPage]:
        try:
            yield from dump
        except DumpError as error:
            if not partial_dump or not dump.last_title:
                raise
            self.broken_off = str(error)

    def _add(self, row: PageRow) -> None:
        page = len(self.titles)
        self.titles.append(row.raw[0])
        self.kinds.append(row.kind)
        self.link_hash.append(row.link_hash)
        self.link_span.append(row.link_span)
        self.link_kind.append(row.link_kind)
        for phrase in row.phrases:
            words = phrase.split()
            self.heads[words[-1]] += 1
            if len(words) > 1:
                self.pairs[(words[-2], words[-1])] += 1
        self.counts.update(row.counts)
        self.database.execute(
            "INSERT INTO page VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (page, *row.raw, row.kind, row.text, row.prose_end, row.hidden, row.infobox, canonical_json(row.phrases), "",
             canonical_json(row.categories), canonical_json(row.sections), row.sentences, canonical_json(row.fields),
             canonical_json(row.templates)),
        )  # fmt: skip
        self.database.executemany(
            "INSERT INTO passage VALUES (?,?,?,?,?)", [(page, i, *passage) for i, passage in enumerate(row.passages)]
        )
        self.counts["passages"] += len(row.passages)
        self.digest.update(
            canonical_json([*row.raw, row.text, row.prose_end, row.sections, row.fields, row.passages]).encode(
                "utf-8", "surrogatepass"
            )
        )
        self.digest.update(row.link_hash.tobytes() + row.link_span.tobytes() + row.link_kind.tobytes() + row.sentences)
        if page % 64 == 0:
            self.progress("read", page)

    # resolve

    def resolve(self) -> None:
        """Titles and redirects to pages; then link targets."""
        target_of = {title: (target, fragment) for title, target, fragment in self.redirects}
        page_of = {title: page for page, title in enumerate(self.titles)}
        rows = [(title, page, "", 0) for title, page in page_of.items()]
        self.redirect_names: dict[int, list[str]] = defaultdict(list)
        for title, target, fragment in self.redirects:
            steps, seen = target, {title}
            while steps in target_of and steps not in seen and len(seen) <= MAX_REDIRECTS:
                seen.add(steps)
                steps, further = target_of[steps]
                fragment = fragment or further
            page = page_of.get(steps)
            if page is None:
                self.counts["redirects to nowhere"] += 1
                continue
            rows.append((title, page, fragment, 1))
            if not fragment:
                self.redirect_names[page].append(title)
        self.counts["redirects"] = len(self.redirects)
        rows.sort()
        self.database.executemany("INSERT INTO title VALUES (?,?,?,?)", rows)
        self.digest.update(canonical_json(rows).encode("utf-8", "surrogatepass"))
        hashes = np.array([title_hash(r[0]) for r in rows], np.uint64)
        order = np.argsort(hashes, kind="stable")
        hashes, pages = hashes[order], np.array([r[1] for r in rows], np.int32)[order]
        if len(hashes) > 1 and bool((hashes[1:] == hashes[:-1]).any()):
            raise DumpError("two titles of this dump have the same 64-bit hash; please report this dump")
        counts = np.array([len(h) for h in self.link_hash])
        source = np.repeat(np.arange(len(self.titles), dtype=np.int32), counts)
        wanted = np.concatenate(self.link_hash)
        at = np.searchsorted(hashes, wanted)
        at[at == len(hashes)] = 0
        found = np.where(hashes[at] == wanted, pages[at], -1).astype(np.int32)
        self.counts["links"] = len(wanted)
        self.counts["links to missing pages"] = int((found < 0).sum())
        good = (found >= 0) & (found != source)
        self.source, self.target = source[good], found[good]
        self.span = np.concatenate(self.link_span)[good]
        self.kind = np.concatenate(self.link_kind)[good]
        self.link_hash, self.link_span, self.link_kind = [], [], []

    # mention

    def mention(self) -> None:
        """Aliases of all pages, and where they stand without a link."""
        names = self._alias_names()
        rows = [(form, page, links, source) for page, forms in enumerate(names) for form, (links, source) in forms.items()]
        self.database.executemany("INSERT INTO alias VALUES (?,?,?,?)", rows)
        table = mentions.AliasTable((form, page) for form, page, _, _ in rows)
        found = self._find_all(table)
        visible = self.span[:, 0] >= 0
        anchors = mentions.place(self.source[visible], self.span[visible, 0])
        self.mention_rows = mentions.unlinked_mentions(table, found, anchors)
        self.counts["mentions"] = len(self.mention_rows)

    def _alias_names(self) -> list[dict[str, tuple[int, str]]]:
        """For each page its names with (links that show the name, source): the title, the title without "(…)", redirects, and
        anchors that mostly lead there."""
        anchors: dict[str, Counter[int]] = defaultdict(Counter)
        texts = self.database.execute("SELECT id, text FROM page ORDER BY id")
        ends = np.searchsorted(self.source, np.arange(len(self.titles)), side="right")
        first = 0
        for page, text in texts:
            for row in range(first, int(ends[page])):
                start, end = self.span[row]
                anchor = " ".join(text[start:end].split()) if start >= 0 else ""
                if 0 < len(anchor) <= MAX_ANCHOR:
                    anchors[anchor][int(self.target[row])] += 1
            first = int(ends[page])
        nowhere: Counter[int] = Counter()
        names: list[dict[str, tuple[int, str]]] = []
        for page, title in enumerate(self.titles):
            forms: dict[str, tuple[int, str]] = {}
            for form in self.redirect_names.get(page, ()):
                forms[form] = (anchors.get(form, nowhere)[page], "redirect")
            base = re.sub(r"\s*\([^()]*\)$", "", title)
            for form in (base, title) if base else (title,):
                forms.setdefault(form, (anchors.get(form, nowhere)[page], "title"))
            names.append(forms)
        for anchor, targets in anchors.items():
            total = sum(targets.values())
            for page, links in targets.items():
                if links / total >= MIN_ANCHOR_SHARE and anchor not in names[page] and _names_something(anchor, links):
                    names[page][anchor] = (links, "anchor")
        return names

    def _find_all(self, table: mentions.AliasTable) -> mentions.Found:
        texts = self.database.execute("SELECT id, text, hidden FROM page ORDER BY id")
        parts: list[mentions.Found] = []
        for found in map_ordered(_find_batch, batches(texts, CHUNK), workers=self.workers, setup=partial(_use_table, table)):
            parts.append(found)
            self.progress("mention", int(found.page[-1]) if len(found.page) else 0)
        return mentions.Found(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    # graph

    def graph(self) -> None:
        pages = len(self.titles)
        order = np.lexsort((self.span[:, 0], self.source))
        source, targets, span, kind = self.source[order], self.target[order], self.span[order], self.kind[order]
        folder = self.folder / "graph"
        np.save(folder / "link_ptr.npy", pointers(source, pages))
        np.save(folder / "link.npy", np.concatenate([targets[:, None], span], 1).astype(np.int32))
        np.save(folder / "link_kind.npy", kind)
        rows = self.mention_rows
        np.save(folder / "mention_ptr.npy", pointers(rows[:, 0], pages))
        np.save(folder / "mention.npy", np.ascontiguousarray(rows[:, 1:]))
        np.save(folder / "kinds.npy", np.array(self.kinds, np.uint8))
        near_ptr, near = association(source, targets, rows[:, 0], rows[:, 1], np.array(self.kinds))
        np.save(folder / "near_ptr.npy", near_ptr)
        np.save(folder / "near.npy", near)
        self.counts["associations"] = len(near) // 2
        for array in (targets, span, kind, rows):
            self.digest.update(np.ascontiguousarray(array).tobytes())
        self._facts_links(source, targets, span, kind)

    def _facts_links(self, source: NDArray[Any], target: NDArray[Any], span: NDArray[Any], kind: NDArray[Any]) -> None:
        """Give each infobox field the pages that its value links to, and each page the words for its kind."""
        infobox = np.flatnonzero(kind == LINK_KINDS.index(LinkKind.INFOBOX))
        boxed: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for row in infobox:
            boxed[int(source[row])].append((int(span[row][0]), int(span[row][1]), int(target[row])))
        updates = []
        shared = kinds.title_heads(self.titles)
        for page, phrases, facts in self.database.execute("SELECT id, types, facts FROM page").fetchall():
            fields = json.loads(facts)
            for field in fields:
                inside = [t for a, b, t in boxed.get(page, ()) if field[1] <= a and b <= field[2]]
                field.append(list(dict.fromkeys(inside)))
            updates.append((canonical_json(fields), self._noun(self.titles[page], json.loads(phrases), shared), page))
        self.database.executemany("UPDATE page SET facts = ?, noun = ? WHERE id = ?", updates)

    def _noun(self, title: str, phrases: list[str], shared: Counter[str]) -> str:
        """The words for a kind: the head noun, with the word before it where the corpus mostly says both ("chemical element"). The
        first phrase with a head that some pages share; an odd word of one first sentence gives way to the infobox's name, and a
        word that can't be said to what the title shows."""
        language = self.site.language
        phrases = [p for p in phrases if kinds.sayable(p.rsplit(" ", 1)[-1], language)]
        enough = 1 + len(self.titles) // 1000
        known = [p for p in phrases if self.heads[p.rsplit(" ", 1)[-1]] >= enough]
        if not known and (told := kinds.from_title(title, shared, self.heads, language)):
            return told
        for phrase in known or phrases[-1:]:
            words = phrase.split()
            head = words[-1]
            if len(words) > 1 and self.pairs[(words[-2], head)] >= max(3, 0.5 * self.heads[head]):
                return f"{words[-2]} {head}"
            if kinds.many(head, language):
                return f"group of {' '.join(words[-2:]) if len(words) > 1 and words[-2].islower() else head}"
            return entities.SHOWN_KINDS.get(head, head)
        return ""

    # manifest

    def finish(self, dump: DumpReader) -> dict[str, Any]:
        self.database.commit()
        self.database.execute("VACUUM")
        self.database.close()
        counted = Counter(PAGE_KINDS[k].value for k in self.kinds)
        manifest = {
            "format": FORMAT,
            "digest": self.digest.hexdigest()[:32],
            "dump": {"name": dump.path.name, "sha256": file_sha256(dump.path)},
            "site": {"name": self.site.sitename, "dbname": self.site.dbname, "language": self.site.language},
            "broken off": self.broken_off,
            "pages": {"total": len(self.titles), **{k.value: counted[k.value] for k in PageKind}},
            "counts": dict(sorted(self.counts.items())),
        }
        write_json(self.folder / "manifest.json", manifest)
        return manifest


_table: mentions.AliasTable


def _use_table(table: mentions.AliasTable) -> None:
    global _table
    _table = table


def _read_batch(pages: list[RawPage], site: SiteInfo) -> list[PageRow]:
    return [read_page(raw, site) for raw in pages]


def _find_batch(batch: list[tuple[int, str, str]]) -> mentions.Found:
    return mentions.find_all(_table, batch)


def _names_something(anchor: str, links: int) -> bool:
    """An anchor is a name, and not words of a sentence, when it is short and used more than once or has a capital letter."""
    return len(anchor.split()) <= 6 and (links >= 2 or anchor[:1].isupper())


def build_corpus(
    dump_path: Path, folder: Path, *, workers: int = 1, partial_dump: bool = False, progress: Progress = lambda stage, page: None
) -> dict[str, Any]:
    """Build the corpus of a dump into `folder` and return its manifest; an older corpus there is replaced at the end.

    Raises DumpError for a dump that is missing, damaged or has no articles; nothing is left behind then. With `partial_dump` the
    pages before the damage are taken, and the manifest says where the dump broke off.
    """
    dump = read_dump(dump_path)
    with replacing_folder(folder) as building:
        builder = _Builder(building, dump.site, workers, progress)
        try:
            builder.read(dump, partial_dump)
            builder.resolve()
            builder.mention()
            builder.graph()
            return builder.finish(dump)
        finally:
            builder.database.close()
