"""Dump in, corpus folder out (layout: store.py).

    read      each segment of the dump is parsed in a worker: text, sections, sentences, passages, links, facts, types
    resolve   titles to pages, through redirects, chains too; loops lead nowhere
    link      link targets to pages; the names of pages are gathered
    alias     names, a range of hashes at a time: anchors that mostly lead elsewhere are dropped
    find      all aliases are looked for in all texts
    mention   what is found and is no link and no common word; each page's final facts
    near      the association graph, a range of pages at a time
    assemble  one database and flat arrays (assemble.py); the manifest last

Every stage works on parts (parts.py) in a folder beside the corpus that a killed build leaves behind: the same command goes on with
it. No stage holds more than a few numbers a page in memory. The bytes of the result depend on the dump alone, not on the workers.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from infoseek_offline.corpus import aliases, graph, kinds, mentions
from infoseek_offline.corpus.assemble import MAX_NAMED, assemble
from infoseek_offline.corpus.cut import Fault
from infoseek_offline.corpus.dump import SiteInfo, describe, end_faults, read_site
from infoseek_offline.corpus.names import NAME, Entries, resolve
from infoseek_offline.corpus.packed import SEGMENT, Segment, Source
from infoseek_offline.corpus.parts import ELSEWHERE, LINK, Part, counts_and_faults, read_part, read_path, save_array
from infoseek_offline.corpus.passages import PASSAGE_WORDS
from infoseek_offline.corpus.stages import Stages, find_path, link_path, mention_path
from infoseek_offline.corpus.store import FORMAT, PAGE_KINDS
from infoseek_offline.engine import map_ordered
from infoseek_offline.errors import CorpusError, DumpError
from infoseek_offline.files import digest_of, lock, read_json, write_json
from infoseek_offline.records import PageKind

Progress = Callable[..., None]  # (stage, done, total)


def build_corpus(
    dump_path: Path,
    folder: Path,
    *,
    workers: int = 1,
    strict: bool = False,
    passage_words: int = PASSAGE_WORDS,
    namespaces: Sequence[str] = (),
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """Build the corpus of a dump into `folder` and return its manifest; an older corpus there is replaced at the end.

    What can't be read is left out and named in the manifest; with `strict` it raises DumpError. So does a dump that is missing, is
    none, or has no articles. A build that was killed goes on where it was.
    """
    source = Source(dump_path)
    site = read_site(source.head).reading(namespaces)
    with _working(folder, source, passage_words, sorted(site.content)) as work:
        if not (work / "out" / "manifest.json").is_file():
            _Build(work, source, site, workers, strict, passage_words, progress).run()
        manifest: dict[str, Any] = read_json(work / "out" / "manifest.json")
        if strict and manifest["faults"]["count"]:
            raise DumpError(describe(source.path, Fault(*manifest["faults"]["named"][0])))
        old = work / "old"
        if folder.exists():
            os.rename(folder, old)
        os.rename(work / "out", folder)
        return manifest


@contextmanager
def _working(folder: Path, source: Source, passage_words: int, content: list[int]) -> Iterator[Path]:
    """The folder of a build, locked; what another dump or version left there is thrown away, what this one left is taken up."""
    folder = folder.absolute()
    work = folder.with_name(f".{folder.name}.building")
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as held:
        if not lock(held.fileno()):
            raise CorpusError(f"another build works in {work}: wait for it, or give another --home")
        old = work / "old"
        if old.exists() and not folder.exists():
            os.rename(old, folder)  # killed between the two renames
        key = {"format": FORMAT, "segment": SEGMENT, "dump": _identity(source)}
        key |= {"passage words": passage_words, "namespaces": content}
        try:
            known = read_json(work / "key.json")
        except (OSError, ValueError):
            known = None
        if known != key:
            for path in work.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            write_json(work / "key.json", key)
        done = False
        try:
            yield work
            done = True
        finally:
            if done or not any(work.glob("read-*.sqlite")):
                shutil.rmtree(work, ignore_errors=True)


def _identity(source: Source) -> dict[str, Any]:
    """What tells a dump from another, or from a changed one, without reading it all."""
    about = source.path.stat()
    with source.path.open("rb") as file:
        first = file.read(1 << 16)
        file.seek(max(0, source.size - (1 << 16)))
        last = file.read(1 << 16)
    return {"name": source.path.name, "size": source.size, "changed": about.st_mtime_ns, "ends": digest_of(first.hex(), last.hex())}


class _Build:
    """The stages of one build, in order."""

    def __init__(
        self, work: Path, source: Source, site: SiteInfo, workers: int, strict: bool, passage_words: int, progress: Progress
    ) -> None:
        self.work, self.source, self.workers, self.strict, self.progress = work, source, workers, strict, progress
        self.passage_words, self.site = passage_words, site
        self.parts = 0

    def run(self) -> None:
        self.once("read", self.read)
        self.parts = read_json(self.work / "read.done")
        numbers = range(self.parts)
        self.once("resolve", self.resolve)
        self.parallel("link", numbers, Stages.link, partial(link_path, self.work))
        self.once("lists", self.lists)
        ranges = aliases.buckets(self.work, self.parts) if not self.is_done("alias") else []
        self.parallel("alias", ranges, Stages.alias, lambda r: aliases.bucket_path(self.work, r[0]))
        self.once("table", lambda: mentions.AliasTable.write(self.work, map(np.load, sorted(self.work.glob("keys-*.npy")))))
        self.remove("names-*", "keys-*")
        self.parallel("find", numbers, Stages.find, partial(find_path, self.work))
        self.once("common", self.common)
        self.parallel("mention", numbers, Stages.mention, partial(mention_path, self.work))
        self.remove("found-*", "counts-*", "alias_*")
        groups = graph.buckets(self.work, self.parts) if not self.is_done("near") else []
        self.parallel("near", groups, Stages.near, lambda r: self.work / f"near-{r[0]:03d}.npy")
        self.remove("edges-*")
        assemble(self.work, self.parts, self.source, self.site, self.passage_words, self.progress)

    # Stages run once, and over parts

    def is_done(self, stage: str) -> bool:
        return (self.work / f"{stage}.done").is_file()

    def once(self, stage: str, work: Callable[[], Any]) -> None:
        if not self.is_done(stage):
            self.progress(stage, 0, 1)
            write_json(self.work / f"{stage}.done", work())

    def parallel(self, stage: str, tasks: Sequence[Any], function: Callable[..., Any], path: Callable[[Any], Path]) -> None:
        if self.is_done(stage):
            return
        left = [task for task in tasks if not path(task).is_file()]
        setup = partial(_open, self.work, self.parts)
        for done, _ in enumerate(map_ordered(partial(_call, function), left, workers=min(self.workers, len(left)), setup=setup), 1):
            self.progress(stage, len(tasks) - len(left) + done, len(tasks))
        write_json(self.work / f"{stage}.done", None)

    def remove(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.work.glob(pattern):
                path.unlink()

    # read

    def read(self) -> int:
        """Parse all segments; how many there are."""
        known = 0

        def left() -> Iterator[Segment]:
            nonlocal known
            for segment in self.source.segments():
                known = segment.number + 1
                if not read_path(self.work, segment.number).is_file():
                    yield segment

        work = partial(read_part, self.work, self.source, site=self.site, passage_words=self.passage_words)
        first: Fault | None = None
        for faults in map_ordered(work, left(), workers=self.workers):
            if faults:
                first = first or faults[0]
                self._refuse(faults)
            self.progress("read", self.source.position, self.source.size)
        elsewhere: Counter[str] = Counter()
        articles = texts = 0
        for number in range(known):
            part = Part(self.work, number)
            counts = counts_and_faults(part)[0]
            elsewhere.update({name: n for name, n in counts.items() if name.startswith(ELSEWHERE)})
            articles += len(part.array("kind", np.uint8))
            texts += len(part.array("kind", np.uint8)) - counts["pages without a text"]
            first = first or next(iter(counts_and_faults(part)[1]), None)
            part.close()
        at_end = end_faults(self.source)
        self._refuse(at_end)
        if articles and not texts:
            self.remove("read-*")
            raise DumpError(f"{self.source.path} holds no texts, as a dump of stubs: give a pages-articles dump")
        if not articles:
            self.remove("read-*")
            first = first or next(iter(at_end), None)
            if first:
                raise DumpError(describe(self.source.path, first) + " (nothing else could be read)")
            numbers = ((int(name.removeprefix(ELSEWHERE)), count) for name, count in elsewhere.most_common(3))
            found = ", ".join(f"{count:,} of {self.site.names.get(number, number)}" for number, count in numbers)
            read = ", ".join(self.site.names.get(n, "main") for n in sorted(self.site.content))
            raise DumpError(
                f"{self.source.path} holds no articles (no page that is not a redirect in the namespaces that are read: {read}"
                + (f"; but {found}, which --namespace reads)" if found else ")")
                + ": is it a pages-articles dump?"
            )
        return known

    def _refuse(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            if self.strict:
                raise DumpError(describe(self.source.path, fault))

    # resolve

    def resolve(self) -> None:
        """Titles of all parts to pages; counts and faults of all parts in one place."""
        columns: dict[str, list[Any]] = {"name": [], "target": [], "redirect": [], "section": [], "source_id": [], "kind": []}
        types = {"name": NAME, "target": NAME, "redirect": bool, "section": bool, "source_id": "<i8", "kind": np.uint8}
        words: dict[str, list[Any]] = {f"{name}{end}": [] for name in ("head", "pair", "last") for end in ("", "_count")}
        counts: Counter[str] = Counter()
        faults: list[Fault] = []
        for number in range(self.parts):
            part = Part(self.work, number)
            for name, kind in types.items():
                columns[name].append(part.array(name, kind))
            for name in words:
                words[name].append(part.array(name, "<i8" if name.endswith("count") else "<u8"))
            its, missing = counts_and_faults(part)
            counts.update(its)
            faults += missing
            part.close()
        first = np.cumsum([0] + [len(a) for a in columns["name"]])
        every = Entries(*(np.concatenate(columns[c]) for c in ("name", "target", "redirect", "section")))
        found = resolve(every)
        source_ids = np.concatenate(columns["source_id"])
        faults += end_faults(self.source) + self._duplicates(first, found.page, source_ids)
        kept = found.page[~every.redirect] >= 0
        page_kinds = np.concatenate(columns["kind"])[kept]
        counts["duplicate titles"] = int((found.page == -2).sum())
        counts["redirects"] = int((every.redirect & (found.page != -2)).sum())
        counts["redirects to nowhere"] = int((every.redirect & (found.page == -1)).sum())
        save_array(self.work / "name_hash.npy", every.name["hash"][found.order])
        save_array(self.work / "name_check.npy", every.name["check"][found.order])
        save_array(self.work / "name_page.npy", found.page[found.order])
        for name, array in {
            "first": first,
            "entry_page": found.page,
            "entry_section": found.section_from,
            "kinds": page_kinds,
        }.items():
            save_array(self.work / f"{name}.npy", array)
        self._words(words, len(page_kinds))
        prefixes = [f"{self.site.names[number]}:" for number in sorted(self.site.content) if number]
        known = {"counts": dict(counts), "faults": faults, "language": self.site.language, "prefixes": prefixes}
        write_json(self.work / "read.json", known)

    def _duplicates(self, first: Any, page: Any, source_ids: Any) -> list[Fault]:
        """Second pages of a title, which are left out, and second pages of an id, which are kept."""
        second = np.flatnonzero(page == -2)
        found = [(int(entry), "a page of this title stands before it; left out") for entry in second]
        order = np.argsort(source_ids, kind="stable")
        ids = source_ids[order]
        twice = order[1:][(ids[1:] == ids[:-1]) & (ids[1:] > 0)]
        found += [(int(e), f"another page has its id {source_ids[e]}; kept") for e in twice if page[e] != -2]
        faults = [Fault("", 0, reason) for _, reason in found[MAX_NAMED:]]
        for entry, reason in found[:MAX_NAMED]:
            number = int(np.searchsorted(first, entry, side="right")) - 1
            part = Part(self.work, number)
            local = entry - int(first[number])
            faults.append(Fault(*part.title_and_offset(local), reason))
            part.close()
        return faults

    def _words(self, words: dict[str, list[Any]], pages: int) -> None:
        """How often each head noun, each pair of words and each last word of a title stands in the corpus, by hash; the rare ones
        can't count."""
        enough = 1 + pages // 1000
        for name, least in (("head", min(enough, 2)), ("pair", 3), ("last", kinds.MIN_TITLES)):
            hashes, inverse = np.unique(np.concatenate(words[name]), return_inverse=True)
            counts = np.bincount(inverse, weights=np.concatenate(words[f"{name}_count"]), minlength=len(hashes)).astype(np.int64)
            rows = np.stack([hashes[counts >= least].view(np.int64), counts[counts >= least]])
            save_array(self.work / f"{name}s.npy", rows)

    # lists, common

    def lists(self) -> None:
        """The links of disambiguation pages, and the links' counts."""
        disambiguation = np.load(self.work / "kinds.npy") == PAGE_KINDS.index(PageKind.DISAMBIGUATION)
        parts = [np.zeros(0, LINK)]
        for number in range(self.parts):
            links = np.load(link_path(self.work, number), mmap_mode="r")
            parts.append(links[disambiguation[links["source"]]])
        save_array(self.work / "lists.npy", np.concatenate(parts))

    def common(self) -> None:
        """Which words are names, by the counts of all parts."""
        table = mentions.AliasTable(self.work)
        counts = np.zeros((4, table.singles), np.int64)
        for number in range(self.parts):
            rows = np.load(self.work / f"counts-{number:06d}.npy")
            counts.reshape(-1)[rows[0]] += rows[1]
        save_array(self.work / "alias_names.npy", mentions.names(counts))


_stages: Stages


def _open(work: Path, parts: int) -> None:
    global _stages
    _stages = Stages(work, parts)


def _call(function: Callable[..., Any], task: Any) -> Any:
    return function(_stages, task)
