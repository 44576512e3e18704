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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.corpus import entities, mentions
from infoseek_offline.corpus.dump import DumpReader, RawPage, SiteInfo, read_dump
from infoseek_offline.corpus.passages import make_passages, split_sentences
from infoseek_offline.corpus.quantities import read_quantities
from infoseek_offline.corpus.store import FORMAT, LINK_KINDS, PAGE_KINDS, SCHEMA
from infoseek_offline.corpus.wikitext import ParsedPage, parse_wikitext
from infoseek_offline.engine import batches, map_ordered
from infoseek_offline.errors import DumpError
from infoseek_offline.files import canonical_json, replacing_folder, write_json
from infoseek_offline.records import LinkKind, PageKind

MAX_REDIRECTS = 10  # a longer chain is a loop or an accident
MIN_ANCHOR_SHARE = 0.05  # an anchor names a page when it leads there at least so often
CHUNK = 32

Progress = Callable[[str, int], None]


class PageRow(NamedTuple):
    """One parsed page, as small as it goes between processes."""

    raw: tuple[str, int, int, str]  # title, source id, revision, timestamp
    kind: int
    text: str
    prose_end: int
    hidden: str
    infobox: str
    phrases: list[str]
    categories: list[str]
    sections: list[list[Any]]
    sentences: bytes
    passages: list[tuple[int, int, int]]
    fields: list[list[Any]]
    templates: list[str]
    link_hash: NDArray[np.uint64]
    link_span: NDArray[np.int32]  # (links, 2)
    link_kind: NDArray[np.uint8]
    counts: dict[str, int]


def title_hash(title: str) -> int:
    return int.from_bytes(hashlib.blake2b(title.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def read_page(raw: RawPage, site: SiteInfo) -> PageRow:
    """Parse one page; pure."""
    parsed = parse_wikitext(raw.text, raw.title, site)
    keep = [(link.start, link.end) for link in parsed.links if link.start >= 0]
    sentences = []
    for section in parsed.sections:
        if section.title == "Infobox" and section.level == 0 and section.start >= parsed.prose_end:
            sentences += [(section.start + m.start(), section.start + m.end())
                          for m in re.finditer(r"[^\n]+", parsed.text[section.start : section.end])]  # fmt: skip
        else:
            sentences += split_sentences(parsed.text, section.start, section.end, keep)
    kind = entities.page_kind(raw.title, parsed.templates, parsed.categories)
    return PageRow(
        raw=(raw.title, raw.source_id, raw.revision, raw.timestamp),
        kind=PAGE_KINDS.index(kind),
        text=parsed.text,
        prose_end=parsed.prose_end,
        hidden=parsed.hidden_text,
        infobox=parsed.infobox,
        phrases=_phrases(parsed, sentences, site.language),
        categories=parsed.categories,
        sections=[[s.title, s.level, s.start, s.end, int(s.evidence)] for s in parsed.sections],
        sentences=np.array(sentences, "<i4").reshape(-1, 2).tobytes(),
        passages=make_passages(parsed.text, [(i, (s.start, s.end)) for i, s in enumerate(parsed.sections)], sentences),
        fields=_fields(parsed),
        templates=parsed.templates,
        link_hash=np.array([title_hash(link.target) for link in parsed.links], np.uint64),
        link_span=np.array([(link.start, link.end) for link in parsed.links], np.int32).reshape(-1, 2),
        link_kind=np.array([LINK_KINDS.index(LinkKind(link.kind)) for link in parsed.links], np.uint8),
        counts=parsed.counts,
    )


def _phrases(parsed: ParsedPage, sentences: list[tuple[int, int]], language: str) -> list[str]:
    phrases: list[str] = []
    if language.startswith(("en", "simple")) and sentences and sentences[0][1] <= parsed.prose_end:
        first = parsed.text[sentences[0][0] : sentences[0][1]]
        phrases += entities.sentence_types(first)
    by_box = entities.infobox_type(parsed.infobox)
    if by_box:
        phrases.append(by_box)
    return list(dict.fromkeys(phrases))


def _fields(parsed: ParsedPage) -> list[list[Any]]:
    return [
        [f.key, f.start, f.end, [[q.low, q.high, q.unit] for q in read_quantities(parsed.text[f.start : f.end], f.key)]]
        for f in parsed.fields
    ]


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
        self.link_hash: list[NDArray[np.uint64]] = []
        self.link_span: list[NDArray[np.int32]] = []
        self.link_kind: list[NDArray[np.uint8]] = []
        self.heads: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()

    # read

    def read(self, dump: DumpReader) -> None:
        seen: set[int] = set()

        def articles() -> Iterator[RawPage]:
            for raw in dump:
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
            raise DumpError(f"{dump.path} holds no articles (no page of namespace 0 that is not a redirect): is it a pages-articles dump?")

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
        self.digest.update(canonical_json([*row.raw, row.text, row.prose_end, row.sections, row.fields, row.passages]).encode("utf-8", "surrogatepass"))
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
        target = np.where(hashes[at] == wanted, pages[at], -1).astype(np.int32)
        self.counts["links"] = len(wanted)
        self.counts["links to missing pages"] = int((target < 0).sum())
        good = (target >= 0) & (target != source)
        self.source, self.target = source[good], target[good]
        self.span = np.concatenate(self.link_span)[good]
        self.kind = np.concatenate(self.link_kind)[good]
        self.link_hash, self.link_span, self.link_kind = [], [], []

    # mention

    def mention(self) -> None:
        """Aliases of all pages, and where they stand without a link."""
        names = self._alias_names()
        aliases: dict[tuple[str, ...], set[int]] = defaultdict(set)
        lower: set[tuple[str, ...]] = set()
        linked_count: Counter[tuple[str, ...]] = Counter()
        lower_linked: Counter[tuple[str, ...]] = Counter()
        rows: list[tuple[str, int, int, str]] = []
        for page, forms in enumerate(names):
            for form, (links, source) in forms.items():
                key = mentions.alias_key(form)
                aliases[key].add(page)
                linked_count[key] += links
                if form[:1].islower():
                    lower.add(key)
                    lower_linked[key] += links
                rows.append((form, page, links, source))
        self.database.executemany("INSERT INTO alias VALUES (?,?,?,?)", rows)
        self.table = mentions.AliasTable(aliases, lower)
        found = self._find_all()
        page, alias, start, end, low_case = found
        unlinked = np.bincount(alias[~low_case], minlength=len(self.table.keys)).astype(np.int64)
        unlinked_low = np.bincount(alias[low_case], minlength=len(self.table.keys)).astype(np.int64)
        linked = np.array([linked_count[k] for k in self.table.keys], np.int64)
        linked_low = np.array([lower_linked[k] for k in self.table.keys], np.int64)
        keep = mentions.without_common_words(self.table, linked, unlinked)
        single = np.array([len(k) == 1 for k in self.table.keys], bool)
        keep_low = ~single | (linked_low / np.maximum(linked_low + unlinked_low, 1) >= mentions.LOWER_CASE_SHARE)
        good = np.where(low_case, keep_low[alias], keep[alias]) if len(alias) else np.zeros(0, bool)
        page, alias, start, end = page[good], alias[good], start[good], end[good]
        sizes = np.array([len(p) for p in self.table.pages_of], np.int64)
        flat = np.array([p for pages in self.table.pages_of for p in pages], np.int32)
        first = np.concatenate([[0], np.cumsum(sizes)]) if len(sizes) else np.zeros(1, np.int64)
        repeat = sizes[alias] if len(alias) else np.zeros(0, np.int64)
        at = np.repeat(first[alias], repeat) + _ranges(repeat)
        source = np.repeat(page, repeat)
        target = flat[at] if len(at) else np.zeros(0, np.int32)
        start, end = np.repeat(start, repeat), np.repeat(end, repeat)
        # A mention inside a link to the same page is that link; hidden text counts once a page.
        good = source != target
        rows_m = np.unique(np.stack([source, target, start, end], 1)[good], axis=0) if good.any() else np.zeros((0, 4), np.int32)
        linked_rows = {(int(s), int(t), int(a)) for s, t, (a, _) in zip(self.source, self.target, self.span, strict=True) if a >= 0}
        inside = np.array([(int(s), int(t), int(a)) in linked_rows for s, t, a, _ in rows_m], bool)
        rows_m = rows_m[~inside] if len(rows_m) else rows_m
        order = np.lexsort((rows_m[:, 1], rows_m[:, 2], rows_m[:, 0]))
        self.mention_rows = rows_m[order].astype(np.int32)
        self.counts["mentions"] = len(self.mention_rows)

    def _alias_names(self) -> list[dict[str, tuple[int, str]]]:
        """For each page its names: title, title without "(…)", redirects, and anchors that mostly lead there."""
        anchors: dict[str, Counter[int]] = defaultdict(Counter)
        visible = np.flatnonzero(self.span[:, 0] >= 0)
        texts = dict(self.database.execute("SELECT id, text FROM page"))
        for row in visible:
            a, b = self.span[row]
            anchor = " ".join(texts[int(self.source[row])][a:b].split())
            if 0 < len(anchor) <= 100:
                anchors[anchor][int(self.target[row])] += 1
        names: list[dict[str, tuple[int, str]]] = []
        for page, title in enumerate(self.titles):
            forms: dict[str, tuple[int, str]] = {}
            for form in self.redirect_names.get(page, ()):
                forms[form] = (anchors.get(form, Counter())[page], "redirect")
            base = re.sub(r"\s*\([^()]*\)$", "", title)
            for form in (base, title) if base else (title,):
                forms[form] = (anchors.get(form, Counter())[page], "title")
            names.append(forms)
        for anchor, targets in anchors.items():
            total = sum(targets.values())
            for page, links in targets.items():
                if links / total >= MIN_ANCHOR_SHARE and anchor not in names[page] and _names_something(anchor, links, total):
                    names[page][anchor] = (links, "anchor")
        return names

    def _find_all(self) -> tuple[NDArray[Any], ...]:
        global _table
        _table = self.table
        texts = self.database.execute("SELECT id, text, hidden FROM page ORDER BY id")
        parts: list[tuple[NDArray[Any], ...]] = []
        for found in map_ordered(_find_batch, batches(texts, CHUNK), workers=self.workers):
            parts.append(found)
            self.progress("mention", int(found[0][-1]) if len(found[0]) else 0)
        return tuple(np.concatenate([p[i] for p in parts]) for i in range(5))

    # graph

    def graph(self) -> None:
        pages = len(self.titles)
        order = np.lexsort((self.span[:, 0], self.source))
        source, target, span, kind = self.source[order], self.target[order], self.span[order], self.kind[order]
        folder = self.folder / "graph"
        np.save(folder / "link_ptr.npy", _pointers(source, pages))
        np.save(folder / "link.npy", np.concatenate([target[:, None], span], 1).astype(np.int32))
        np.save(folder / "link_kind.npy", kind)
        rows = self.mention_rows
        np.save(folder / "mention_ptr.npy", _pointers(rows[:, 0], pages))
        np.save(folder / "mention.npy", np.ascontiguousarray(rows[:, 1:]))
        np.save(folder / "kinds.npy", np.array(self.kinds, np.uint8))
        near_ptr, near = association(source, target, rows[:, 0], rows[:, 1], np.array(self.kinds))
        np.save(folder / "near_ptr.npy", near_ptr)
        np.save(folder / "near.npy", near)
        self.counts["associations"] = len(near) // 2
        for array in (target, span, kind, rows):
            self.digest.update(np.ascontiguousarray(array).tobytes())
        self._facts_links(source, target, span, kind)

    def _facts_links(self, source: NDArray[Any], target: NDArray[Any], span: NDArray[Any], kind: NDArray[Any]) -> None:
        """Give each infobox field the pages that its value links to, and each page the words for its kind."""
        infobox = np.flatnonzero(kind == LINK_KINDS.index(LinkKind.INFOBOX))
        boxed: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for row in infobox:
            boxed[int(source[row])].append((int(span[row][0]), int(span[row][1]), int(target[row])))
        updates = []
        for page, phrases, facts in self.database.execute("SELECT id, types, facts FROM page").fetchall():
            fields = json.loads(facts)
            for field in fields:
                inside = [t for a, b, t in boxed.get(page, ()) if field[1] <= a and b <= field[2]]
                field.append(list(dict.fromkeys(inside)))
            updates.append((canonical_json(fields), self._noun(json.loads(phrases)), page))
        self.database.executemany("UPDATE page SET facts = ?, noun = ? WHERE id = ?", updates)

    def _noun(self, phrases: list[str]) -> str:
        """The words for a kind: the head noun, with the word before it where the corpus mostly says both ("chemical element")."""
        if not phrases:
            return ""
        words = phrases[0].split()
        head = words[-1]
        if len(words) > 1 and self.pairs[(words[-2], head)] >= max(3, 0.5 * self.heads[head]):
            return f"{words[-2]} {head}"
        return head

    # manifest

    def finish(self, dump: DumpReader) -> dict[str, Any]:
        self.database.commit()
        self.database.execute("VACUUM")
        self.database.close()
        kinds = Counter(PAGE_KINDS[k].value for k in self.kinds)
        manifest = {
            "format": FORMAT,
            "digest": self.digest.hexdigest()[:32],
            "dump": {"name": dump.path.name, "bytes": dump.path.stat().st_size},
            "site": {"name": self.site.sitename, "dbname": self.site.dbname, "language": self.site.language},
            "pages": {"total": len(self.titles), **{k.value: kinds[k.value] for k in PageKind}},
            "counts": dict(sorted(self.counts.items())),
        }
        write_json(self.folder / "manifest.json", manifest)
        return manifest


_table: mentions.AliasTable


def _read_batch(pages: list[RawPage], site: SiteInfo) -> list[PageRow]:
    return [read_page(raw, site) for raw in pages]


def _find_batch(batch: list[tuple[int, str, str]]) -> tuple[NDArray[Any], ...]:
    """Parallel arrays: page, alias, start, end (-1 in hidden text), whether the match is in lower case."""
    pages, aliases, starts, ends, lows = [], [], [], [], []
    for page, text, hidden in batch:
        for visible, body in ((True, text), (False, hidden)):
            if not body:
                continue
            match = _table.find(body)
            pages.append(np.full(len(match.alias), page, np.int32))
            aliases.append(match.alias)
            starts.append(match.start if visible else np.full(len(match.alias), -1, np.int32))
            ends.append(match.end if visible else np.full(len(match.alias), -1, np.int32))
            lows.append(np.array([body[i].islower() for i in match.start], bool))
    if not pages:
        empty = np.zeros(0, np.int32)
        return empty, empty, empty, empty, np.zeros(0, bool)
    return tuple(np.concatenate(p) for p in (pages, aliases, starts, ends, lows))


def _names_something(anchor: str, links: int, total: int) -> bool:
    """An anchor is a name, and not words of a sentence, when it is short and used more than once or has a capital letter."""
    return len(anchor.split()) <= 6 and (links >= 2 or anchor[:1].isupper())


def _ranges(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """[2, 3] gives [0, 1, 0, 1, 2]."""
    total = int(sizes.sum()) if len(sizes) else 0
    return np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _pointers(sorted_source: NDArray[Any], pages: int) -> NDArray[np.int64]:
    return np.searchsorted(sorted_source, np.arange(pages + 1)).astype(np.int64)


def association(
    source: NDArray[Any], target: NDArray[Any], mention_source: NDArray[Any], mention_target: NDArray[Any], kinds: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """N(p) of hcsp.md as CSR: linked or mentioned, either way. A link or mention of a disambiguation page may mean any page that
    it lists, so it associates with all of them."""
    a = np.concatenate([source, mention_source]).astype(np.int64)
    b = np.concatenate([target, mention_target]).astype(np.int64)
    dab = kinds == PAGE_KINDS.index(PageKind.DISAMBIGUATION)
    listed_from, listed = source[dab[source]], target[dab[source]]
    through = np.flatnonzero(dab[b])
    pointers = _pointers(listed_from, len(kinds))
    sizes = pointers[b[through] + 1] - pointers[b[through]]
    extra_a = np.repeat(a[through], sizes)
    extra_b = listed[np.repeat(pointers[b[through]], sizes) + _ranges(sizes)] if len(through) else np.zeros(0, np.int64)
    low, high = np.concatenate([a, extra_a]), np.concatenate([b, extra_b])
    both = np.unique(np.concatenate([np.stack([low, high], 1), np.stack([high, low], 1)]), axis=0)
    both = both[both[:, 0] != both[:, 1]]
    return _pointers(both[:, 0], len(kinds)), both[:, 1].astype(np.int32)


def build_corpus(dump_path: Path, folder: Path, *, workers: int = 1, progress: Progress = lambda stage, page: None) -> dict[str, Any]:
    """Build the corpus of a dump into `folder` and return its manifest; an older corpus there is replaced at the end.

    Raises DumpError for a dump that is missing, damaged or has no articles; nothing is left behind then.
    """
    dump = read_dump(dump_path)
    with replacing_folder(folder) as building:
        builder = _Builder(building, dump.site, workers, progress)
        try:
            builder.read(dump)
            builder.resolve()
            builder.mention()
            builder.graph()
            return builder.finish(dump)
        finally:
            builder.database.close()
