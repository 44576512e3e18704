"""The set of prose links against mwparserfromhell's full node tree, on every page of the dumps given: every difference by its rule.

Each "[[target" of a page gets a number as its section part, and both parsers read the numbered page: so each single link of the
source is known by its place, not by its target, and a difference can be laid to where the tree has that link and what we made of
it. A link of the tree is prose if it stands in no template, table, reference, file caption, heading or tag that owns its content.
Ours is prose in the kinds prose and backmatter.

Prints rule -> count for all differences, and every link that no rule explains.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import mwparserfromhell
from mwparserfromhell.nodes import Argument, ExternalLink, Heading, Tag, Template, Wikilink
from mwparserfromhell.wikicode import Wikicode

from infoseek_offline.corpus.dump import DumpReader, RawPage, SiteInfo, read_dump
from infoseek_offline.corpus.language import link_rules
from infoseek_offline.corpus.templates import stands_for_text, template_name
from infoseek_offline.corpus.wikitext import parse_wikitext
from infoseek_offline.errors import DumpError

NUMBER = re.compile(r"QZ(\d+)ZQ")
TARGET = re.compile(r"\[\[([^\[\]|\n{}<>]+)")
OWNERS = frozenset("ref table gallery math nowiki timeline score syntaxhighlight source pre imagemap includeonly".split())
PROSE = frozenset({"prose", "backmatter"})
Path_ = tuple[tuple[str, str], ...]  # from the page to the link: ("template", its name), ("tag", "table"), …
Place = tuple[Path_, str]  # and the link's target as written


def numbered(text: str) -> str:
    counter = iter(range(1 << 31))
    return TARGET.sub(lambda m: f"[[{m.group(1).rstrip()}#QZ{next(counter)}ZQ", text)


def tree_links(text: str, site: SiteInfo) -> dict[int, Place]:
    """Where the tree has each numbered link."""
    found: dict[int, Place] = {}
    for path, link in walk(mwparserfromhell.parse(text), (), site):
        raw = str(link.title)
        if number := NUMBER.search(raw):
            found[int(number.group(1))] = (path, raw)
    return found


def walk(code: Wikicode | None, path: Path_, site: SiteInfo) -> Iterator[tuple[Path_, Wikilink]]:
    if code is None:
        return
    for node in code.nodes:
        if isinstance(node, Wikilink):
            yield path, node
            raw = str(node.title)
            number = site.normalise_title(raw)[0]
            yield from walk(node.title, (*path, ("title", "")), site)
            kind = "link" if raw.lstrip().startswith(":") or number not in (6, 14) else "file" if number == 6 else "category"
            yield from walk(node.text, (*path, (kind, raw)), site)
        elif isinstance(node, Tag):
            name = str(node.tag).strip().lower()
            yield from walk(node.contents, (*path, ("tag", name)) if name in OWNERS else path, site)
        elif isinstance(node, Template):
            name = template_name(str(node.name))
            yield from walk(node.name, (*path, ("template", name)), site)
            for parameter in node.params:
                yield from walk(parameter.value, (*path, ("template", name)), site)
        elif isinstance(node, Heading):
            yield from walk(node.title, (*path, ("heading", "")), site)
        elif isinstance(node, Argument):
            yield from walk(node.default, (*path, ("argument", "")), site)
        elif isinstance(node, ExternalLink):
            yield from walk(node.title, path, site)


class Source:
    """The numbered wikitext, to look at what stands around a link without either parser."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = {int(m.group(1)): m.start() for m in NUMBER.finditer(text)}

    def line(self, number: int) -> str:
        at = self.at[number]
        return self.text[self.text.rfind("\n", 0, at) + 1 : (self.text.find("\n", at) + 1 or len(self.text) + 1) - 1]

    def opened(self, number: int, edge: re.Pattern[str], opens: str) -> list[str]:
        """What is open at the link, outermost first: a plain stack of opening and closing marks."""
        stack: list[str] = []
        limit = self.text.rfind("[[", 0, self.at[number])
        for match in edge.finditer(self.text, 0, limit):
            if match.group().lstrip(" \t:\n").lower().startswith(opens):
                stack.append(self.text[match.start() : match.start() + 80].lstrip())
            elif stack:
                stack.pop()
        return stack

    def whole(self, number: int) -> bool:
        """Is there a link at the number that MediaWiki would read: target, perhaps an anchor without "[[", and "]]"?"""
        return WHOLE.match(self.text, self.text.rfind("[[", 0, self.at[number])) is not None

    def around(self, number: int) -> str:
        at = self.at[number]
        return NUMBER.sub("", self.text[max(0, at - 80) : at + 60]).replace("\n", "\\n")


WHOLE = re.compile(r"\[\[[^\[\]|\n{}<>]+(?:\|(?:(?!\[\[|\]\]).)*)?\]\]", re.DOTALL)
TABLE = re.compile(r"^[ \t:]*\{\||^[ \t]*\|\}(?!\})", re.MULTILINE)
REF = re.compile(r"<ref(?=[\s>])[^<>]*(?<!/)>|</ref\s*>", re.IGNORECASE)
BRACES = re.compile(r"\{\{|\}\}")
BRACKETS = re.compile(r"\[\[|\]\]")
HATNOTE = re.compile(r":+\s*\'\'.*\'\'[ .]*$")
BLANK = re.compile(r"\[\[[^\[\]|\n]*\|\s+\]\]")
BAD = re.compile(r"[<>\[\]{}|\ufffd\x00-\x1f]")


def rule(source: Source, number: int, place: Place | None, kind: str, title: str, site: SiteInfo) -> str:
    """Why one of the two has this link in the prose and the other has not; "? …" where no rule says."""
    return ours_alone(source, number, place) if kind in PROSE else tree_alone(source, number, place, kind, title, site)


def tree_alone(source: Source, number: int, place: Place | None, kind: str, title: str, site: SiteInfo) -> str:
    raw = place[1] if place else ""
    namespace, target, _, interwiki = site.normalise_title(raw)
    target = NUMBER.sub("", target)
    if namespace:
        return "tree alone: the target is in another namespace"
    if interwiki:
        return "tree alone: the target is another wiki"
    if target in ("", site.normalise_title(title)[1]):
        return "tree alone: the page links to itself"
    if BAD.search(target) or len(target.encode()) > 255:
        return "tree alone: no valid title"
    if link_rules(site.language, ("file",)).file.match(f"[[{raw}|"):
        return "tree alone: a file, by another language's word for it"
    if kind == "hatnote" and HATNOTE.match(source.line(number)):
        return "tree alone: a hatnote in a line of its own"
    if kind == "table" and source.opened(number, TABLE, "{|"):
        return "tree alone: between {| and |}, where the tree has lost the table"
    if kind == "table" and source.line(number).lstrip().startswith("|"):
        return "tree alone: a row of a table that a template begins or that has ended too early"
    if kind == "reference" and source.opened(number, REF, "<ref"):
        return "tree alone: between <ref> and </ref>, where the tree has lost the tag"
    if kind in ("infobox", "template", "caption") and source.opened(number, BRACES, "{{"):
        return "tree alone: between {{ and }}, where the tree has lost the template"
    if kind == "caption" and any(
        site.normalise_title(raw[2:].partition("|")[0])[0] == 6 for raw in source.opened(number, BRACKETS, "[[")
    ):
        return "tree alone: in a file's caption, where the tree has lost the file"
    if kind == "hatnote" and BLANK.match(source.text, source.text.rfind("[[", 0, source.at[number])):
        return "tree alone: its anchor is blank, so it has no place in the text"
    if not kind and not source.whole(number):
        return "tree alone: it holds another link, which is the link"
    return f"? tree alone: {kind or 'nothing'} with us"


def ours_alone(source: Source, number: int, place: Place | None) -> str:
    if place is None:
        said = "ours alone: a whole link that the tree has not read (unbalanced quotes or tags)"
        return said if source.whole(number) else f"? {said}"
    path = place[0]
    steps = {name if step == "tag" else step for step, name in path}
    if steps == {"template"} and all(stands_for_text(name) for _, name in path):
        return "ours alone: in a template that stands for text"
    if steps == {"ref"} and not source.opened(number, REF, "<ref"):
        return "ours alone: after </ref>, where the tree's tag goes on"
    if steps == {"table"} and not source.opened(number, TABLE, "{|"):
        return "ours alone: after |}, where the tree's table goes on"
    if steps <= {"link", "category"} and source.whole(number):
        return "ours alone: in the anchor of another, which is no link then"
    return f"? ours alone: in the tree in {'/'.join(f'{step} {name[:30]}' for step, name in path)}"


def compare(raw: RawPage, site: SiteInfo) -> Iterator[tuple[str, str]]:
    """For each link of the page (what is to be counted, what to print where no rule explains it)."""
    source = Source(numbered(raw.text))
    theirs = tree_links(source.text, site)
    ours: dict[int, str] = {}
    for link in parse_wikitext(source.text, raw.title, site).links:
        if marked := NUMBER.search(link.fragment):
            ours[int(marked.group(1))] = link.kind
        elif link.kind in PROSE:
            yield "ours alone: written by a template that stands for a link", ""
    for number in sorted(theirs.keys() | ours.keys()):
        in_tree = number in theirs and not theirs[number][0]
        if in_tree and ours.get(number) in PROSE:
            yield "both", ""
        elif in_tree != (ours.get(number) in PROSE):
            said = rule(source, number, theirs.get(number), ours.get(number, ""), raw.title, site)
            yield said, f"{raw.title}: {source.around(number)}" if said[0] == "?" else ""


def articles(dump: Path, reader: DumpReader) -> Iterator[RawPage]:
    try:
        for raw in reader:
            if raw.ns == 0 and not raw.redirect:
                yield raw
    except DumpError as error:
        print(error, file=sys.stderr)


def main(dumps: list[Path]) -> int:
    total: Counter[str] = Counter()
    unexplained: list[str] = []
    print(f"{'pages':>8} {'both':>9} {'tree alone':>11} {'ours alone':>11} {'by no rule':>11}")
    for dump in dumps:
        reader = read_dump(dump)
        counts: Counter[str] = Counter()
        for raw in articles(dump, reader):
            counts["pages"] += 1
            for said, shown in compare(raw, reader.site):
                counts[said] += 1
                unexplained += [f"{dump.name}: {shown}"] if shown else []
        alone = [sum(n for said, n in counts.items() if said.lstrip("? ").startswith(who)) for who in ("tree", "ours")]
        none = sum(n for said, n in counts.items() if said[0] == "?")
        print(f"{counts['pages']:>8,} {counts['both']:>9,} {alone[0]:>11,} {alone[1]:>11,} {none:>11,}  {dump.name}", flush=True)
        total.update(counts)
    print()
    for said, count in total.most_common():
        print(f"{count:>9,}  {said}")
    for line in unexplained:
        print("   no rule:", line)
    return int(bool(unexplained))


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
