"""Mentions against the dump itself: a tenth of its prose links is hidden, and looked for again.

The hidden links are chosen by a seed; only their brackets are taken away, so that the text stays the same and each hidden link
keeps its place in it. A hidden link is found again when a mention at its very place leads to its page; a mention there of other
pages only is a wrong one. Links to pages that are not in the dump, and all but links in prose, are left alone.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from infoseek_offline import pipeline
from infoseek_offline.corpus.dump import DumpReader, RawPage, SiteInfo, read_dump
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.corpus.wikitext import parse_wikitext
from infoseek_offline.errors import DumpError

SHARE = 0.1
SEED = 7
NUMBER = re.compile(r"#?QZ(\d+)ZQ")
TARGET = re.compile(r"\[\[([^\[\]|\n{}<>]+)")
LINK = re.compile(r"\[\[([^\[\]|\n{}<>#]+)(?:\|([^\[\]|\n]+))?\]\]")
Hidden = dict[str, list[tuple[int, int]]]  # title -> spans of its hidden links in its text


def articles(reader: DumpReader) -> Iterator[RawPage]:
    """Articles and redirects of a dump, also of one that breaks off."""
    try:
        yield from (raw for raw in reader if raw.ns == 0)
    except DumpError as error:
        print(error, file=sys.stderr)


def hide(raw: RawPage, site: SiteInfo, corpus: Corpus, chance: random.Random) -> tuple[str, list[tuple[int, int]]]:
    """The page's wikitext without the chosen links, and their spans in its text."""
    numbers = iter(range(1 << 31))
    numbered = TARGET.sub(lambda m: f"[[{m.group(1)}#QZ{next(numbers)}ZQ", raw.text)
    marked = [link for link in parse_wikitext(numbered, raw.title, site).links if link.start >= 0]
    placed = [link for link in parse_wikitext(raw.text, raw.title, site).links if link.start >= 0]
    if len(marked) != len(placed):
        return raw.text, []
    chosen: dict[int, tuple[int, int]] = {}
    for link, number in zip(placed, marked, strict=True):
        at = NUMBER.search(number.fragment)
        known = link.kind == "prose" and at and corpus.resolve(link.target) is not None
        if known and at and chance.random() < SHARE:
            chosen[int(at.group(1))] = (link.start, link.end)
    spans: list[tuple[int, int]] = []
    numbers = iter(range(1 << 31))
    pieces, position = [], 0
    for start in TARGET.finditer(raw.text):
        span = chosen.get(next(numbers))
        whole = LINK.match(raw.text, start.start()) if span else None
        if span and whole:
            pieces += [raw.text[position : whole.start()], whole.group(2) or whole.group(1)]
            position = whole.end()
            spans.append(span)
    return "".join(pieces) + raw.text[position:], spans


def write_dump(path: Path, site: SiteInfo, pages: Iterator[tuple[RawPage, str]]) -> None:
    names = "".join(f'<namespace key="{n}">{escape(name)}</namespace>' for name, n in site.namespaces.items())
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f"<mediawiki xml:lang={quoteattr(site.language)}><siteinfo><sitename>{escape(site.sitename)}</sitename><dbname>"
            f"{escape(site.dbname)}</dbname><case>{site.case}</case><namespaces>{names}</namespaces></siteinfo>"
        )
        for raw, text in pages:
            redirect = f"<redirect title={quoteattr(raw.redirect)} />" if raw.redirect else ""
            file.write(
                f"<page><title>{escape(raw.title)}</title><ns>0</ns><id>{raw.source_id}</id>{redirect}<revision>"
                f"<id>{raw.revision}</id><timestamp>{raw.timestamp}</timestamp><text>{escape(text)}</text></revision></page>\n"
            )
        file.write("</mediawiki>")


def main(dump: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        reader = read_dump(dump)
        write_dump(home / "whole.xml", reader.site, ((raw, raw.text) for raw in articles(reader)))
        pipeline.corpus(home / "whole.xml", home / "whole", workers=2)
        whole = Corpus.open(home / "whole" / "corpus")
        chance = random.Random(SEED)
        hidden: Hidden = {}

        def without() -> Iterator[tuple[RawPage, str]]:
            second = read_dump(home / "whole.xml")
            for raw in articles(second):
                text = raw.text
                if not raw.redirect:
                    text, hidden[raw.title] = hide(raw, second.site, whole, chance)
                yield raw, text

        write_dump(home / "hidden.xml", reader.site, without())
        pipeline.corpus(home / "hidden.xml", home / "hidden", workers=2)
        report(dump.name, whole, Corpus.open(home / "hidden" / "corpus"), hidden)


def report(name: str, whole: Corpus, less: Corpus, hidden: Hidden) -> None:
    counts: Counter[str] = Counter()
    shown: list[str] = []
    for title, spans in hidden.items():
        page, there = whole.resolve(title), less.resolve(title)
        if page is None or there is None or whole.page(page).text != less.page(there).text:
            counts["left out: the text has changed"] += len(spans)
            continue
        right = {(link.start, link.end): link.target for link in whole.links(page)}
        rows = np.asarray(less.mention[less.mention_ptr[there] : less.mention_ptr[there + 1]])
        at: dict[tuple[int, int], set[int]] = defaultdict(set)
        for target, start, end in rows.tolist():
            at[(start, end)].add(target)
        text = whole.page(page).text
        for span in spans:
            target = right.get(span)
            if target is None:
                continue  # a link to the page itself
            words = len(text[slice(*span)].rstrip(".)\"'”’"))  # a mention ends with its last word: "Washington, D.C" and "."
            wanted, found = less.resolve(whole.titles[target]), at.get(span, set()) | at.get((span[0], span[0] + words), set())
            counts["hidden"] += 1
            counts["found again"] += wanted in found
            counts["wrong page only"] += bool(found) and wanted not in found
            counts["pages named there"] += len(found)
            counts["nothing at the very place, but the page is mentioned elsewhere"] += not found and wanted in rows[:, 0].tolist()
            if wanted not in found and len(shown) < 8:
                shown.append(f"{title}: {text[max(0, span[0] - 30) : span[0]]}[{text[slice(*span)]}] -> {whole.titles[target]}")
    total, places = counts["hidden"], counts["found again"] + counts["wrong page only"]
    print(f"{name}: {total:,} links hidden (a tenth of those to pages of the dump, seed {SEED})")
    print(f"found again at their place {counts['found again']:,} ({counts['found again'] / max(1, total):.1%})")
    print(f"of {places:,} places with a mention the right page is named at {counts['found again'] / max(1, places):.1%}, "
          f"with {counts['pages named there'] / max(1, places):.2f} pages a place")  # fmt: skip
    for what in ("nothing at the very place, but the page is mentioned elsewhere", "left out: the text has changed"):
        print(f"{what}: {counts[what]:,}")
    for line in shown:
        print("  not found:", line.replace("\n", " "))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
