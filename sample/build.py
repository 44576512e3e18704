"""Builds the sample wiki: `facts/` and `pages/` become `samplewiki.xml.bz2`, a MediaWiki export, the same bytes every time.

python sample/build.py                        write sample/samplewiki.xml.bz2
python sample/build.py --check                count the pages; show errors, and titles that are linked but have no page
python sample/build.py --dump-page Titania    print one page's wikitext
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import html
import io
import re
import sys
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import escape, quoteattr

from lists import list_page
from render import LINK, Article, Site
from tables import digest, load_tables, normal_title, table_errors

HERE = Path(__file__).resolve().parent
NAMESPACES = {
    -2: "Media",
    -1: "Special",
    0: "",
    1: "Talk",
    2: "User",
    3: "User talk",
    4: "Sample Wiki",
    5: "Sample Wiki talk",
    6: "File",
    7: "File talk",
    8: "MediaWiki",
    9: "MediaWiki talk",
    10: "Template",
    11: "Template talk",
    12: "Help",
    13: "Help talk",
    14: "Category",
    15: "Category talk",
    828: "Module",
    829: "Module talk",
}
NAMESPACE_OF = {name: number for number, name in NAMESPACES.items() if name}
LANGUAGES = {"de", "fr", "es", "it", "la", "pl", "ru", "nl", "sv", "da", "ja"}
SCHEMA = "http://www.mediawiki.org/xml/export-0.11/"
COMMENTS = ("", "copyedit", "add section", "fix typo", "update table data", "links", "clean up & expand", "rv last edit")
REDIRECT_NOTES = ("{{R from alternative name}}", "{{Redirect category shell|\n{{R from alternative name}}\n}}", "")


@dataclass
class Page:
    title: str
    text: str
    source: str  # the table or file that it comes from
    redirect: str = ""

    @property
    def namespace(self) -> int:
        return NAMESPACE_OF.get(self.title.partition(":")[0], 0)

    @property
    def kind(self) -> str:
        if self.namespace:
            return "other"
        if self.redirect:
            return "redirect"
        if re.search(r"\{\{\s*(disambig|disambiguation|hndis|geodis)\s*[|}]", self.text, re.IGNORECASE):
            return "disambiguation"
        return "list" if self.title.startswith("List of ") else "article"


# -- reading -----------------------------------------------------------------------------------------------------------


def read_tsv(path: Path, errors: list[str]) -> list[tuple[str, str]]:
    """The two columns of a hand-written TSV, less its header and its lines of remark."""
    found: list[tuple[str, str]] = []
    if not path.exists():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        cells = [cell.strip() for cell in line.split("\t")]
        if line.strip() and not line.startswith("#"):
            if len(cells) != 2 or not all(cells):
                errors.append(f"{path.name}:{number}: not two cells: {line!r}")
            else:
                found.append((cells[0], cells[1]))
    return found


def redirect_page(source: str, title: str, target: str) -> Page:
    word = ("#REDIRECT", "#REDIRECT", "#REDIRECT", "#redirect", "#REDIRECT:")[digest(title, "word") % 5]
    note = REDIRECT_NOTES[digest(title, "note") % len(REDIRECT_NOTES)]
    text = f"{word} [[{target}]]" + (f"\n\n{note}" if note else "")
    return Page(title, text, source, redirect=normal_title(target.partition("#")[0]))


def disambiguation_page(title: str, cell: str) -> Page:
    lines = [line.strip() for line in cell.split(";;")]
    name = re.sub(r" \(disambiguation\)$", "", title)
    if lines[0].startswith(("*", "=")):
        lines.insert(0, f"'''{name}''' may refer to:\n")
    if not lines[-1].startswith("{{"):
        lines.append("\n{{disambiguation}}")
    return Page(title, "\n".join(lines), "disambiguation.tsv")


def load_site(folder: Path, errors: list[str], warnings: list[str]) -> tuple[Site, list[Page]]:
    """Reads everything; the pages come in the order in which they are written to the dump."""
    tables = load_tables(folder / "facts", errors)
    layout = tomllib.loads((HERE / "pages" / "layout.toml").read_text(encoding="utf-8"))
    site = Site(tables, layout)
    pages: dict[str, Page] = {}

    def add(page: Page) -> None:
        page.title = normal_title(page.title)
        if page.title in pages:
            errors.append(f"{page.source}: {page.title!r} is a page of {pages[page.title].source} already")
        else:
            pages[page.title] = page

    hand = folder / "pages"
    for path in sorted(hand.glob("*.wiki")):
        head, _, text = path.read_text(encoding="utf-8").partition("\n")
        if not re.fullmatch(r"= .+ =", head):
            errors.append(f"{path.name}: the first line is not '= Title ='")
            continue
        add(Page(head[2:-2], text.rstrip("\n"), path.name))
    for title, cell in read_tsv(hand / "disambiguation.tsv", errors):
        add(disambiguation_page(title, cell))
    for table in tables:
        for row in table.rows:
            add(Page(row.title, "", table.key))
    lists_file = hand / "lists.toml"
    specs = tomllib.loads(lists_file.read_text(encoding="utf-8"))["list"] if lists_file.exists() else []
    specs = [spec for spec in specs if spec["table"] in {table.key for table in tables}]
    for spec in specs:
        add(Page(spec["title"], "", "lists.toml"))
    for title, target in read_tsv(hand / "redirects.tsv", errors):
        add(redirect_page("redirects.tsv", title, target))
    for table in tables:
        for row in table.rows:
            for alias in dict.fromkeys(normal_title(alias) for alias in row.aliases):
                if alias not in pages:
                    add(redirect_page(table.key, alias, row.title))
                elif row.title not in (alias, pages[alias].redirect) and pages[alias].kind != "disambiguation":
                    warnings.append(f"{table.key}: {row.title}: alias {alias!r} is a page of {pages[alias].source} already")

    site.redirects = {page.title: page.redirect for page in pages.values() if page.redirect}
    site.connect()
    for table in tables:
        for row in table.rows:
            if pages[row.title].source == table.key and not pages[row.title].text:
                pages[row.title].text = Article(site, row).text()
    for spec in specs:
        pages[normal_title(spec["title"])].text = list_page(site, spec)
    return site, sorted(pages.values(), key=lambda page: (page_id(page.title), page.title))


# -- writing -----------------------------------------------------------------------------------------------------------


def page_id(title: str) -> int:
    return 1_000 + digest(title, "page") % 79_000_000


def base36(sha1_hex: str) -> str:
    """A SHA-1 as MediaWiki writes it: base 36, 31 digits."""
    number, digits = int(sha1_hex, 16), ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits.rjust(31, "0")


def page_xml(page: Page) -> str:
    revision = 100_000_000 + digest(page.title, "revision") % 1_100_000_000
    time = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(seconds=digest(page.title, "time") % (6 * 365 * 86_400))
    comment = COMMENTS[digest(page.title, "comment") % len(COMMENTS)]
    editor = digest(page.title, "editor") % 40 + 1
    data = page.text.encode()
    sha1 = base36(hashlib.sha1(data, usedforsecurity=False).hexdigest())
    model, form = ("Scribunto", "text/plain") if page.namespace == 828 else ("wikitext", "text/x-wiki")
    lines = ["  <page>", f"    <title>{escape(page.title)}</title>", f"    <ns>{page.namespace}</ns>"]
    lines.append(f"    <id>{page_id(page.title)}</id>")
    if page.redirect:
        lines.append(f"    <redirect title={quoteattr(page.redirect)} />")
    lines += ["    <revision>", f"      <id>{revision}</id>"]
    if digest(page.title, "parent") % 5:
        lines.append(f"      <parentid>{revision - 1 - digest(page.title, 'parent') % 90_000_000}</parentid>")
    lines.append(f"      <timestamp>{time:%Y-%m-%dT%H:%M:%SZ}</timestamp>")
    lines += [
        "      <contributor>",
        f"        <username>Editor {editor}</username>",
        f"        <id>{editor}</id>",
        "      </contributor>",
    ]
    if comment:
        lines.append(f"      <comment>{escape(comment)}</comment>")
    lines += [
        f"      <origin>{revision}</origin>",
        f"      <model>{model}</model>",
        f"      <format>{form}</format>",
        f'      <text bytes="{len(data)}" sha1="{sha1}" xml:space="preserve">{escape(page.text, {chr(34): "&quot;"})}</text>',
        f"      <sha1>{sha1}</sha1>",
        "    </revision>",
        "  </page>",
    ]
    return "\n".join(lines)


def dump_xml(pages: list[Page]) -> str:
    names = []
    for key, name in NAMESPACES.items():
        start = f'      <namespace key="{key}" case="first-letter"'
        names.append(f"{start}>{name}</namespace>" if name else f"{start} />")
    instance = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{SCHEMA} {SCHEMA[:-1]}.xsd"'
    head = [
        f'<mediawiki xmlns="{SCHEMA}" {instance} version="0.11" xml:lang="en">',
        "  <siteinfo>",
        "    <sitename>Sample Wiki</sitename>",
        "    <dbname>samplewiki</dbname>",
        "    <base>https://sample.example/wiki/Main_Page</base>",
        "    <generator>MediaWiki 1.43.0</generator>",
        "    <case>first-letter</case>",
        "    <namespaces>",
        *names,
        "    </namespaces>",
        "  </siteinfo>",
    ]
    return "\n".join([*head, *(page_xml(page) for page in pages), "</mediawiki>", ""])


# -- checking ----------------------------------------------------------------------------------------------------------


def page_links(text: str) -> list[str]:
    """The namespace-0 titles that a page links, repeats included. Good enough to count with, not a parser."""
    text = re.sub(r"(?s)<!--.*?-->|<(nowiki|pre|syntaxhighlight|math)\b[^>/]*>.*?</\1>", "", text)
    found = []
    for match in LINK.finditer(text):
        title = normal_title(unquote(html.unescape(match[1]).partition("#")[0].lstrip(":")))
        prefix = title.partition(":")[0]
        if title and prefix not in NAMESPACE_OF and prefix.lower() not in LANGUAGES:
            found.append(title)
    return found


def check(site: Site, pages: list[Page], errors: list[str], warnings: list[str]) -> int:
    for table in site.tables:
        errors += table_errors(table)
        if not table.lead:
            errors.append(f"{table.key}.toml: no lead")
    titles = {page.title for page in pages}
    ids = Counter(page_id(page.title) for page in pages)
    errors += [f"{page.title}: page id {page_id(page.title)} is taken" for page in pages if ids[page_id(page.title)] > 1]
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    links = bodies = 0
    for page in pages:
        found = page_links(page.text) if page.namespace == 0 and not page.redirect else []
        links += len(found)
        bodies += len(page_links(re.sub(r"(?s)\{\{Navbox.*|== See also ==.*", "", page.text))) if page.kind == "article" else 0
        for title in found:
            if title not in titles:
                wanted[title][page.source] += 1
        if page.redirect and page.redirect not in titles:
            warnings.append(f"{page.source}: redirect {page.title!r} goes to {page.redirect!r}, which is no page")
        made = page.kind == "article" and not page.source.endswith(".wiki")
        if made and re.search(r"(?<!\{)\{[A-Za-z]\w*(:\w+)?\}(?!\})", page.text):
            errors.append(f"{page.source}: {page.title}: a placeholder is left in the text")
    kinds = Counter(page.kind for page in pages)
    boxes = sum("{{Infobox" in page.text for page in pages if page.kind == "article")
    print(f"articles {kinds['article']} ({boxes} with an infobox), redirects {kinds['redirect']},", end=" ")
    print(f"disambiguation {kinds['disambiguation']}, lists {kinds['list']}, other namespaces {kinds['other']}")
    print(f"links {links}, of them in the articles' text and infoboxes {bodies}")
    for table in site.tables:
        print(f"  {table.key}: {len(table.rows)} rows")
    print(f"linked but missing: {len(wanted)} titles, {sum(map(Counter.total, wanted.values()))} links")
    for title, sources in sorted(wanted.items(), key=lambda item: (-item[1].total(), item[0])):
        print(f"  {sources.total():4} {title}  ({', '.join(f'{name} {count}' for name, count in sources.most_common())})")
    for text in warnings:
        print(f"warning: {text}")
    for text in errors:
        print(f"error: {text}")
    print(f"{len(errors)} errors, {len(warnings)} warnings")
    return 1 if errors else 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Builds the sample wiki's dump from sample/facts and sample/pages.")
    parser.add_argument("--from", dest="folder", type=Path, default=HERE, help="folder with facts/ and pages/ (default: this one)")
    parser.add_argument("--out", type=Path, default=HERE / "samplewiki.xml.bz2")
    parser.add_argument("--check", action="store_true", help="write nothing; print counts, errors and missing titles")
    parser.add_argument("--dump-page", metavar="TITLE", help="write nothing; print one page's wikitext")
    options = parser.parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    errors: list[str] = []
    warnings: list[str] = []
    site, pages = load_site(options.folder, errors, warnings)
    if options.check:
        return check(site, pages, errors, warnings)
    if options.dump_page is not None:
        for page in pages:
            if page.title == normal_title(options.dump_page):
                print(page.text)
                return 0
        print(f"no page {options.dump_page!r}", file=sys.stderr)
        return 1
    for text in errors:
        print(f"error: {text}", file=sys.stderr)
    options.out.write_bytes(bz2.compress(dump_xml(pages).encode(), 9))
    print(f"{options.out}: {len(pages)} pages, {options.out.stat().st_size:,} bytes")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
