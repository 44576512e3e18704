"""Our reader against mwparserfromhell's node tree, on the same pages of one dump, turn by turn in one process."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import mwparserfromhell

from infoseek_offline.corpus.dump import RawPage, read_dump
from infoseek_offline.corpus.wikitext import parse_wikitext

PAGES = 400
ROUNDS = 3


def main(dump: Path) -> None:
    reader = read_dump(dump)
    pages: list[RawPage] = []
    for raw in reader:
        if raw.ns == 0 and not raw.redirect:
            pages.append(raw)
        if len(pages) >= PAGES:
            break
    size = sum(len(p.text.encode()) for p in pages) / 1e6
    ours, peer = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        links = sum(len(parse_wikitext(p.text, p.title, reader.site).links) for p in pages)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        theirs = sum(len(mwparserfromhell.parse(p.text).filter_wikilinks()) for p in pages)
        peer.append(time.perf_counter() - start)
    best, other = min(ours), min(peer)
    print(f"{dump.name}: {len(pages)} pages, {size:.1f} MB of wikitext, best of {ROUNDS}")
    print(f"ours (text, spans, sections, infobox)   {size / best:6.2f} MB/s   {links:,} links")
    print(f"mwparserfromhell tree (wikilinks only)  {size / other:6.2f} MB/s   {theirs:,} links")
    print(f"ratio {other / best:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
