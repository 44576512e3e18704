"""Dumps to text, links and infoboxes: us, wikiextractor and gensim on the same files, turn by turn.

    python benchmarks/parse.py DUMP... [--copies N] [--workers N] [--rounds N]

Each dump becomes one plain XML file first, with its pages so many times (a small one would measure start-up; but what we remember
of link targets then helps more than it would). Ours is the corpus's read stage, which writes its parts to disk: text, sections,
sentences, passages, links with spans, infobox fields, types, templates read. It runs in a process of its own for each round, after
its imports: cold is the first time through the file, warm the second. wikiextractor 3.1.0 runs with --links --json and reads no
template; gensim's segment_wiki gives sections and the titles of links, from bzip2, as it reads nothing else.

Both peers are put in a virtual environment of their own under ~/.cache, the first time with a network. Prints for each dump the MB
of XML a processor second and a second (the peers read and write in processes of their own besides), medians of the rounds, their
ratios to ours cold, what unpacking the dump alone takes of the processor, and mwparserfromhell's node tree on the same pages, once.
"""

from __future__ import annotations

import argparse
import bz2
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import mwparserfromhell
from build import processor_seconds

from infoseek_offline.corpus.dump import read_dump, read_site
from infoseek_offline.corpus.packed import Source
from infoseek_offline.corpus.parts import read_part
from infoseek_offline.corpus.passages import PASSAGE_WORDS
from infoseek_offline.engine import map_ordered

PEERS = Path.home() / ".cache" / "infoseek-benchmarks"
WANTED = ["wikiextractor==3.1.0", "gensim==4.3.3", "scipy<1.13"]


def copies(dump: Path, times: int, out: Path) -> None:
    """The pages of the dump so many times in one plain file, each copy's titles with a number."""
    source = Source(dump)
    text = b"".join(piece.data for segment in source.segments() for piece in source.pieces(segment) if piece.own)
    begin, end = text.index(b"<page>"), text.rindex(b"</page>") + len(b"</page>")
    with out.open("wb") as file:
        file.write(text[:begin])
        for number in range(times):
            file.write(re.sub(rb"</title>", b" %d</title>" % number, text[begin:end]) + b"\n")
        file.write(b"</mediawiki>\n")


_source: Source
_folder: Path


def _read(segment: object) -> None:
    read_part(_folder, _source, segment, read_site(_source.head), PASSAGE_WORDS)  # type: ignore[arg-type]


def ours(dump: Path, workers: int) -> None:
    global _source, _folder
    with tempfile.TemporaryDirectory() as folder:
        _source, _folder = Source(dump), Path(folder)
        for _ in map_ordered(_read, _source.segments(1 << 20), workers=workers):
            pass


def measured(run: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds and seconds of a run, of this process and those below it."""
    start, before = time.perf_counter(), processor_seconds()
    run()
    return processor_seconds() - before, time.perf_counter() - start


def twice(dump: Path, workers: int) -> list[tuple[float, float]]:
    """Cold and warm, in a new process."""
    words = [sys.executable, __file__, str(dump), "--workers", str(workers), "--here"]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return [(used, took) for used, took in json.loads(told)]


def peers() -> Path:
    python = PEERS / "bin" / "python"
    if not (PEERS / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *WANTED], check=True)
        (PEERS / "done").touch()
    return python


def wikiextractor(python: Path, dump: Path, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "wikiextractor.WikiExtractor", str(dump), "--links", "--json", "-q", "--no-templates", "-o", folder]
        subprocess.run([str(python), *words, "--processes", str(workers)], check=True, capture_output=True)


def segment_wiki(python: Path, dump: Path, workers: int) -> None:
    packed = dump.with_suffix(".xml.bz2")
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "gensim.scripts.segment_wiki", "-f", str(packed), "-o", f"{folder}/out.json", "-w", str(workers), "-i"]
        subprocess.run([str(python), *words], check=True, capture_output=True)


def compare(dump: Path, times: int, workers: int, rounds: int) -> None:
    python = peers()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "many.xml"
        copies(dump, times, plain)
        size = plain.stat().st_size / 1e6
        packed = bz2.compress(plain.read_bytes())
        plain.with_suffix(".xml.bz2").write_bytes(packed)
        unpacking, _ = measured(lambda: bz2.decompress(packed))
        runs: dict[str, list[tuple[float, float]]] = {}
        for _ in range(rounds):
            cold, warm = twice(plain, workers)
            runs.setdefault("ours, cold", []).append(cold)
            runs.setdefault("ours, warm", []).append(warm)
            runs.setdefault("wikiextractor", []).append(measured(lambda: wikiextractor(python, plain, workers)))
            runs.setdefault("segment_wiki", []).append(measured(lambda: segment_wiki(python, plain, workers)))
    print(f"{dump.name}, {times} times: {size:.1f} MB of XML, {workers} workers, {rounds} rounds")
    middle = {name: tuple(map(statistics.median, zip(*pairs, strict=True))) for name, pairs in runs.items()}
    first_used, first_took = middle["ours, cold"]
    for name, (used, took) in middle.items():
        print(
            f"  {name:<14} {size / used:6.1f} MB a processor second, {size / took:6.1f} a second;"
            f" {used / first_used:5.2f} and {took / first_took:5.2f} times ours cold"
        )
    pages = [p for p in read_dump(dump) if p.ns == 0 and not p.redirect]
    text = sum(len(p.text.encode()) for p in pages) / 1e6
    used, _ = measured(lambda: [mwparserfromhell.parse(page.text).filter_wikilinks() for page in pages])
    print(f"  bzip2 alone {size / unpacking:.0f} MB a processor second; mwparserfromhell's tree {text / used:.1f} MB of wikitext")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("dumps", nargs="+", type=Path)
    for name, default in (("copies", 1), ("workers", 1), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--here", action="store_true", help="read the plain file in this process, cold and warm, and print times")
    given = parser.parse_args()
    os.environ["PYTHONWARNINGS"] = "ignore"
    for dump in given.dumps:
        if given.here:
            print(json.dumps([measured(lambda dump=dump: ours(dump, given.workers)) for _ in range(2)]))  # type: ignore[misc]
        else:
            compare(dump, given.copies, given.workers, given.rounds)


if __name__ == "__main__":
    main()
