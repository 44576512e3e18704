"""Dump to text, links and infoboxes: us, wikiextractor and gensim on the same file, turn by turn.

    python benchmarks/parse.py DUMP [COPIES] [WORKERS]

The dump is copied so many times into one plain XML file first (a small one would measure start-up). Ours is the corpus's read
stage, which writes its parts to disk: text, sections, sentences, passages, links with spans, infobox fields, types, templates read.
wikiextractor 3.1.0 runs with --links --json and reads no template; gensim's segment_wiki gives sections and the titles of links.
Both peers are put in a virtual environment of their own under ~/.cache, the first time with a network. Prints MB of XML a second,
best and median of the rounds, of the processor seconds too (the peers read and write in processes of their own besides), and the
ratios of the medians. Also mwparserfromhell's node tree on the same pages, once.
"""

from __future__ import annotations

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

ROUNDS = 3
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


def main(dump: Path, times: int, workers: int) -> None:
    os.environ["PYTHONWARNINGS"] = "ignore"
    python = peers()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "many.xml"
        copies(dump, times, plain)
        size = plain.stat().st_size / 1e6
        runs: dict[str, Callable[[], None]] = {
            "ours": lambda: ours(plain, workers),
            "wikiextractor --links": lambda: wikiextractor(python, plain, workers),
            "gensim segment_wiki": lambda: segment_wiki(python, plain, workers),
        }
        # gensim reads nothing but bzip2, and unpacks it in its one reading process.
        subprocess.run(["bzip2", "-k", str(plain)], check=True)
        took: dict[str, list[float]] = {name: [] for name in runs}
        used: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                start, before = time.perf_counter(), processor_seconds()
                run()
                took[name].append(time.perf_counter() - start)
                used[name].append(processor_seconds() - before)
        print(f"{dump.name} {times} times: {size:.0f} MB of XML, {workers} workers, {ROUNDS} rounds")
        middle = {name: statistics.median(times) for name, times in took.items()}
        for name, times_taken in took.items():
            ratio = f"   {middle[name] / middle['ours']:.2f} times as long as ours" if name != "ours" else ""
            print(f"{name:<22} best {size / min(times_taken):6.2f}   median {size / middle[name]:6.2f} MB/s{ratio}")
            work = statistics.median(used[name])
            ratio = f"{work / statistics.median(used['ours']):.2f} times ours"
            print(f"{'':<22} of the processor: median {size / work:6.2f} MB/s   {ratio}")
    pages = [p for p in read_dump(dump) if p.ns == 0 and not p.redirect]
    start = time.perf_counter()
    for page in pages:
        mwparserfromhell.parse(page.text).filter_wikilinks()
    text = sum(len(p.text.encode()) for p in pages) / 1e6
    print(f"mwparserfromhell's tree, one process: {text / (time.perf_counter() - start):.2f} MB of wikitext a second")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
