"""Prose links against mwparserfromhell's node tree, page by page: the share that both read, and what only one of them reads."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import mwparserfromhell
from mwparserfromhell.nodes import Tag, Template, Wikilink

from infoseek_offline.corpus.dump import SiteInfo, read_dump
from infoseek_offline.corpus.wikitext import parse_wikitext
from infoseek_offline.records import LinkKind

NOT_PROSE = frozenset({"ref", "table", "gallery", "math", "nowiki", "timeline", "score", "syntaxhighlight", "source", "pre"})


def tree_links(text: str, title: str, site: SiteInfo) -> Counter[str]:
    """Targets of the links that stand neither in a template, a table, a reference nor a file's caption."""
    found: Counter[str] = Counter()

    def walk(code: mwparserfromhell.wikicode.Wikicode) -> None:
        for node in code.nodes:
            if isinstance(node, Wikilink):
                namespace, target, _, interwiki = site.normalise_title(str(node.title))
                if namespace == 0 and not interwiki and target and target != title:
                    found[target] += 1
            elif isinstance(node, Tag) and str(node.tag).lower() not in NOT_PROSE and node.contents is not None:
                walk(node.contents)
            elif isinstance(node, Template):
                continue

    walk(mwparserfromhell.parse(text))
    return found


def main(dump: Path) -> None:
    reader = read_dump(dump)
    both = only_ours = only_theirs = pages = 0
    examples: list[str] = []
    for raw in reader:
        if raw.ns != 0 or raw.redirect:
            continue
        pages += 1
        parsed = parse_wikitext(raw.text, raw.title, reader.site)
        prose = (LinkKind.PROSE, LinkKind.BACKMATTER, LinkKind.HATNOTE)
        ours = Counter(link.target for link in parsed.links if link.kind in prose and link.target != raw.title)
        anywhere = {link.target for link in parsed.links}
        theirs = tree_links(raw.text, raw.title, reader.site)
        both += sum((ours & theirs).values())
        only_ours += sum((ours - theirs).values())
        missing = Counter({t: n for t, n in (theirs - ours).items() if t not in anywhere})
        only_theirs += sum(missing.values())
        examples += [f"{raw.title}: {target}" for target in missing][:2]
    total = both + only_theirs
    print(f"{dump.name}: {pages} pages, {total:,} prose links of the tree")
    print(f"read by both {both:,} ({both / max(1, total):.2%}), by the tree alone and nowhere by us {only_theirs:,}")
    print(f"read by us alone {only_ours:,}")
    for example in examples[:20]:
        print("  not read:", example)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
