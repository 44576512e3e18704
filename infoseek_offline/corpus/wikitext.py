"""Wikitext of one page in, plain text with sections, links, infobox and categories out.

The page is read in few passes, each linear: cut what the parser's extensions own (comments, nowiki, refs, galleries), fold
templates and tables from the inside out, cut files and categories, then clean the rest as a whole and write it out link by
link. What is cut goes through the same link reader for its links and readable words (`hidden_text`). Regular expressions over
the whole text, not mwparserfromhell's token stream, whose C tokenizer takes 3 s for 30 KB of "<b>".

`text[start:end] == anchor` holds for every link with start >= 0. Nothing raises, whatever the wikitext.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from operator import add
from typing import NamedTuple
from urllib.parse import unquote

from infoseek_offline.corpus import templates
from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.language import backmatter, is_layout_key
from infoseek_offline.corpus.markup import (
    GUARD,
    ITEM,
    NO_TRAIL,
    bare_line,
    clean,
    convert,
    mark_prefixes,
    may_guard,
    plain,
    readable,
    unguard,
)
from infoseek_offline.corpus.trim import Cutter, within_bounds


class ParsedLink(NamedTuple):
    target: str  # normalised title of namespace 0, without section; redirects not yet resolved
    fragment: str  # the section part, "" without one
    start: int  # span of the anchor in ParsedPage.text; -1 where the link has no place in the text
    end: int
    anchor: str
    kind: str  # a LinkKind value


class ParsedSection(NamedTuple):
    title: str  # "" for the lead, "Infobox" for the infobox lines
    level: int
    start: int
    end: int
    evidence: bool  # False for See also, References, ... and all below them


class ParsedField(NamedTuple):
    key: str  # lower case, spaces for underscores: "mean radius"
    start: int  # span of the value in ParsedPage.text
    end: int


@dataclass(slots=True)
class ParsedPage:
    text: str = ""  # prose, then, after a blank line, the infobox as "key: value" lines
    prose_end: int = 0
    sections: list[ParsedSection] = field(default_factory=list)
    links: list[ParsedLink] = field(default_factory=list)
    infobox: str = ""  # template name, "" without one
    fields: list[ParsedField] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)  # titles without the namespace
    templates: list[str] = field(default_factory=list)  # names of top-level templates, normalised, in order, unique
    hidden_text: str = ""  # readable text of what is not prose (tables, captions, references, galleries, navigation boxes)
    counts: dict[str, int] = field(default_factory=dict)  # templates dropped, rendered, ...
    dropped: dict[str, int] = field(default_factory=dict)  # templates whose reading is not known: name, how often
    cut_at: int = 0  # characters of wikitext that were read where the page is longer than the bounds of trim.py, else 0


def parse_wikitext(wikitext: str, title: str, site: SiteInfo) -> ParsedPage:
    """Reads a page. `title` is its own, to tell self links; `site` gives the rules for titles and the language.

    Sections without the infobox's tile `text[:prose_end]`; links and fields are in order of place, links without one last.
    """
    page = _Page(title, site)
    bounded = within_bounds(wikitext)
    page.page.cut_at = len(bounded) if len(bounded) < len(wikitext) else 0
    text = page.cut_extensions(plain(bounded))
    if "[[[" in text:  # three brackets begin no link, four do
        text = _THREE.sub(lambda m: m.group().translate(GUARD), text)
    if page.rules.variants and "-{" in text:
        text = convert(text, page.rules.variants)
    if "__DISAMBIG__" in text:  # what the templates of disambiguation pages hold
        page.names["Disambig"] = None
    text = page.fold(text)
    if site.is_semantic and "::" in text:
        text = page.annotations(text)
    text = page.cut_links(text)
    page.write_prose(clean(text, " "))
    page.write_infobox()
    page.write_hidden()
    return page.finish()


_WORD = re.compile(r"[^\W_]")
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*$")
_BULLETS = re.compile(r"[*#:;]+[ ]*")
_THREE = re.compile(r"(?<!\[)\[\[\[(?!\[)[^\[\]\n]*\]\]+")
_ANNOTATION = re.compile(r"\[\[(?!:)([^\[\]|\n{}<>#]+?)::[:=]?([^\[\]|\n:][^\[\]|\n]*)(?:\|([^\[\]]*))?\]\]")
_LETTER = re.compile(r"[^\W\d_]")
_TERM = re.compile(r"((?:\[\[[^\[\]]*\]\]|[^:\[]|\[(?!\[)|:(?=//))*?) ?:(?!//) ?(.*)")  # ";term : what it is"
_SPECIAL = frozenset("*#:;|!-")  # what a line that is more than text begins with
_CLOSES_FIRST = re.compile(r"[^\[\]]*\]\]")
_PIPE_TRICK = re.compile(r"^[^:]*:\s*|\s*\([^()]*\)$|\s*（[^（）]*）$|,\s.*$")
_FILE_ENDS = r"\.(?:jpe?g|png|svg|gif|webp|tiff?|og[gv]|webm|pdf)$"
_FILE_END, _FILE = re.compile(_FILE_ENDS, re.IGNORECASE), re.compile(rf"[^\n|]*{_FILE_ENDS}", re.IGNORECASE)
_NO_FILE = re.compile(r"#[0-9a-f]{3,8}$|\d+px$|(?:https?://|www\.)\S+$|[\W_]*$", re.IGNORECASE)


# A value of one line in which nothing is to be cleaned but blanks.
_PLAIN_VALUE = re.compile("[^<&_＿\t\n*#:;'/\ufdd0\ufdd1\ufdef][^<&_＿\t\n:;'\ufdd0\ufdd1\ufdef]*")
_ODD_STARTS = frozenset(":/.")  # of targets that are shown as something else
_new = tuple.__new__


class _Page(Cutter):
    def __init__(self, title: str, site: SiteInfo) -> None:
        super().__init__(title, site)
        self.page = ParsedPage()
        self.out: list[str] = []
        self.place = 0
        self.placeless: list[ParsedLink] = []

    def annotations(self, text: str, known: bool = True) -> str:
        """Semantic MediaWiki's `[[Property::Value|shown]]` as links, and, where `known`, as fields."""

        def read(match: re.Match[str]) -> str:
            *more, value = match.group(2).strip().split("::")
            shown = match.group(3)
            for name in (match.group(1), *more) if known else ():
                self.say(name, value)
            if shown is not None and not shown.strip():
                return ""  # an annotation that shows nothing
            if not _LETTER.search(value):
                return shown or value  # a number or a date
            return f"[[{value}|{shown}]]" if shown else f"[[{value}]]"

        return _ANNOTATION.sub(read, text)

    def write_prose(self, text: str) -> None:
        sections: list[tuple[str, int, list[str]]] = [("", 0, [])]
        lines: list[str] = []
        for line in map(str.strip, text.split("\n")):
            if line and line[0] == "=" and (match := _HEADING.match(line)):
                sections[-1][2].extend(lines)
                sections.append((match.group(2), len(match.group(1)), []))
                lines = []
            else:
                lines.append(line)
        sections[-1][2].extend(lines)
        below = 99  # level of the heading of back matter that we are under
        for heading, level, lines in sections:
            if level and level <= below:
                below = 99
            title = self._heading(heading) if heading else ""
            if title.casefold().rstrip(":") in backmatter():
                below = min(below, level)
            evidence = level == 0 or below == 99
            kind = "prose" if evidence else "backmatter"
            if self.out:
                self._put("\n\n")
            start = self.place
            body = self._paragraphs(lines)
            self._inline(body, kind)
            if self.place == start and self.out:  # an empty section takes no blank line of its own
                self.place -= len(self.out.pop())
                start = self.place
            if self.page.sections:
                last = self.page.sections[-1]
                self.page.sections[-1] = last._replace(end=start)
            self.page.sections.append(ParsedSection(title, level, start, self.place, evidence))
        self.page.prose_end = self.place

    def _heading(self, raw: str) -> str:
        def anchor(match: re.Match[str]) -> str:
            self._link("hatnote", match.group(1), None)
            return match.group(2) or match.group(1)

        text = bare_line(raw)
        text = self.rules.link.sub(anchor, text) if "[[" in text else text
        return " ".join(unguard(text.replace(NO_TRAIL, "")).split())

    def _paragraphs(self, lines: list[str]) -> str:
        """Lines as blocks: paragraphs joined over single line breaks, list items one a line, hatnotes and table rests cut."""
        blocks: list[str] = []
        paragraph: list[str] = []
        items: list[str] = []
        first = True
        lines.append("")
        for line in lines:
            start = line[:1]
            if start and start not in _SPECIAL:  # nearly all lines that are not empty
                if items:
                    blocks.append("\n".join(items))
                    items = []
                paragraph.append(self.bare(line) if "''" in line or NO_TRAIL in line else line)
                first = False
                continue
            if start == "|" and _CLOSES_FIRST.match(line):  # the second half of a link with a line break in its target
                line = line[1:].replace("]]", "", 1)
                start = line[:1]
            bullet = _BULLETS.match(line) if start and start in "*#:;" else None
            if start == "-" and line.startswith("----"):
                if paragraph:
                    blocks.append(_joined(paragraph))
                    paragraph = []
                line = line.lstrip("- ")
                start = line[:1]
            if start and not bullet and start not in "|!":
                if items:
                    blocks.append("\n".join(items))
                    items = []
                paragraph.append(self.bare(line))
                first = False
                continue
            if paragraph:
                blocks.append(_joined(paragraph))
                paragraph = []
            if bullet:
                rest = line[bullet.end() :]
                if first and start == ":" and rest.startswith("''") and rest.rstrip(" .").endswith("''"):
                    self.hide("hatnote", rest)
                elif rest:
                    if ";" in bullet.group()[-2:] and ":" in rest:
                        rest = _TERM.sub(r"\1: \2", rest).rstrip(": ")
                    items.append(self.bare(rest) if "''" in rest or NO_TRAIL in rest else rest)
                    first = False
            elif start == "|":
                self.hide("table", line)
            elif start == "!":
                paragraph.append(bare_line(line))
            elif items:
                blocks.append("\n".join(items))
                items = []
        if paragraph:
            blocks.append(_joined(paragraph))
        if items:
            blocks.append("\n".join(items))
        return "\n\n".join(blocks)

    def bare(self, line: str) -> str:
        """A line without the marks of bold and italics; what they keep apart from a link is marked."""
        return bare_line(line) if self.rules.glued is None else bare_line(mark_prefixes(line))

    def _put(self, text: str) -> None:
        self.out.append(text)
        self.place += len(text)

    def _inline(self, body: str, kind: str) -> None:
        """Writes text with its links."""
        if "[[" not in body and "]]" not in body and NO_TRAIL not in body:
            if body:
                self.out.append(body)
                self.place += len(body)
            return
        # Text, target, anchor, trail; text, target, anchor, trail; …; text.
        pieces = self.rules.link.split(body)
        number = len(pieces) // 4
        marks = NO_TRAIL in body
        # Where the body holds no brackets but its links', none stand between them.
        stray = marks or body.count("[[") != number or body.count("]]") != number
        known, target_of, title, glued = self.rules.targets, self.rules.target, self.title, self.rules.glued
        apart = glued is None or glued.search("".join([text[-1:] for text in pieces[:-1:4]])) is None
        if not stray and apart and body[0] != " " and "  " not in body and "%" not in body:
            raws, anchors = pieces[1::4], pieces[2::4]
            empty = "" in anchors
            anchors = [anchor or raw for anchor, raw in zip(anchors, raws, strict=True)]
            usual = not empty and "" not in anchors and _ODD_STARTS.isdisjoint([raw[:1] for raw in raws])
            if usual and list(map(str.strip, anchors)) == anchors:
                # Nearly all bodies: there is no blank to mend.
                anchors = list(map(add, anchors, pieces[3::4]))
                texts = [""] * (2 * number + 1)
                texts[::2], texts[1::2] = pieces[::4], anchors
                self.out += texts
                ends = list(accumulate(map(len, texts), initial=self.place))
                self.place = ends[-1]
                targets = [known[raw] if raw in known else target_of(raw) for raw in raws]
                self.page.links += [
                    _new(ParsedLink, (target[0], target[1], start, end, anchor, kind))
                    for target, start, end, anchor in zip(targets, ends[1:-1:2], ends[2::2], anchors, strict=True)
                    if target is not None and target[0] != title
                ]
                return
        out, place = self.out, self.place
        put, note = out.append, self.page.links.append
        blank = True  # the last character written is a blank (or there is none)
        each = iter(pieces)
        for before, raw, anchor, trail in zip(each, each, each, each):  # noqa: B905 - the last text is left over
            if raw[:1] in ("/", "."):
                written, raw = raw.strip(), self.subpage(raw)
                if anchor is None and written[-1:] == "/" and written.strip("./"):
                    anchor = written.strip("./").rsplit("/", 1)[-1]  # "[[/X/]]" shows "X"
                elif anchor is None and written[0] == "/":
                    anchor = written
            if anchor is None:
                anchor = raw.strip()
                if anchor[:1] == ":":
                    anchor = anchor[1:].lstrip()
                if "%" in anchor and (decoded := unquote(anchor)).isprintable() and "\ufffd" not in decoded:
                    anchor = decoded
            elif not anchor:
                anchor = _PIPE_TRICK.sub("", raw.strip().lstrip(":"))
            if trail:
                anchor += trail
            if glued is not None and not apart:
                at = len(before)
                while at and glued.fullmatch(before, at - 1, at):
                    at -= 1
                before, anchor = before[:at], before[at:] + anchor
            if marks and NO_TRAIL in before:
                before = before.replace(NO_TRAIL, "")
            if stray and ("[[" in before or "]]" in before):
                before = _unbracket(before)
            bare = anchor.strip()
            if anchor[:1] == " ":
                before += " "
            if before:
                if blank and before[0] == " ":
                    before = before[1:]
                if before[-2:] == "  ":
                    before = before[:-1]
                if before:
                    put(before)
                    place += len(before)
                    blank = before[-1] in " \n"
            if bare:
                put(bare)
                first, place = place, place + len(bare)
                found = known[raw] if raw in known else target_of(raw)
                if found is not None and found[0] != title:
                    note(_new(ParsedLink, (found[0], found[1], first, place, bare, kind)))
                blank = False
                if anchor[-1] == " ":
                    put(" ")
                    place += 1
                    blank = True
            else:
                self._link("hatnote", raw, None)  # it shows nothing
        rest = pieces[-1].replace(NO_TRAIL, "") if marks else pieces[-1]
        if stray and ("[[" in rest or "]]" in rest):
            rest = _unbracket(rest)
        if blank and rest[:1] == " " and number:
            rest = rest[1:]
        if rest:
            put(rest)
            place += len(rest)
        self.place = place

    def _link(self, kind: str, raw: str, anchor: str | None) -> None:
        """Notes a link without a place in the text."""
        raw = self.subpage(raw) if raw[:1] in ("/", ".") else raw
        found = self.rules.target(raw)
        if found is not None and found[0] != self.title:
            self.placeless.append(_new(ParsedLink, (found[0], found[1], -1, -1, unguard(anchor or found[0]), kind)))

    def write_infobox(self) -> None:
        if self.box is None and self.embedded:
            self.box = (*self.embedded.pop(0), True)
        if self.box is None and not self.said:
            return
        fields: dict[str, str] = {}
        if self.box is not None:
            self.page.infobox = self.box[0]
            fields = self._labelled(templates.read_arguments(self.box[1]).named)
            for _, pieces in self.embedded:
                more = templates.read_arguments(pieces).named
                if any(more.get(word, "").lower() in ("yes", "y", "1", "true") for word in ("embed", "child", "subbox")):
                    fields |= {name: value for name, value in more.items() if not fields.get(name)}
                else:
                    self.hide("template", "\n".join(pieces))
        for name, values in self.said.items():
            fields[name] = ITEM.join(filter(None, (fields.get(name, ""), *values)))
        start = self.place + 2
        separator = "\n\n"
        for key, value in fields.items():
            key = unguard(key).strip()
            flat = ""
            if value and _is_field(key):
                flat = self._value(value)
            if not flat or _says_nothing(flat):
                if "[[" in value:
                    self.hide("caption" if "caption" in key else "template", value)
                continue
            self._put(f"{separator}{key}: ")
            separator = "\n"
            first = self.place
            self._inline(flat.strip(), "infobox")
            if self.out[-1] == " ":
                self.place -= len(self.out.pop())
            self.page.fields.append(ParsedField(key, first, self.place))
        if self.page.fields:
            self.page.sections.append(ParsedSection("Infobox", 0, start, self.place, True))

    def _labelled(self, fields: dict[str, str]) -> dict[str, str]:
        """With "label3 = Crew | data3 = 40" as "crew = 40"."""
        if not any(name.startswith("data") and name[4:].strip().isdigit() for name in fields):
            return fields
        found: dict[str, str] = {}
        for name, value in fields.items():
            label = fields.get(f"label{name[4:]}", "") if name.startswith("data") else ""
            shown = self._heading(clean(label, " ")).lower().rstrip(": ") if label else ""
            found[shown if shown and shown not in found else name] = value
        return found

    def _value(self, value: str) -> str:
        if _PLAIN_VALUE.fullmatch(value) and "//" not in value:
            item = " ".join(value.split())
            return item.rstrip(",;") if item.strip(" ,;") else ""
        if "::" in value and self.site.is_semantic:
            value = self.annotations(value, known=False)
        lines = clean(self.cut_links(value), ITEM).split("\n")
        joined = "".join(
            ITEM + self.bare(line[mark.end() :]) if (mark := _BULLETS.match(line)) else (" " if line else ITEM) + self.bare(line)
            for line in lines
        )
        items = (" ".join(item.split()) for item in joined.split(ITEM))
        return "; ".join(item.rstrip(",;") for item in items if item.strip(" ,;"))

    def write_hidden(self) -> None:
        for raw in self.hatnotes:
            self._link("hatnote", raw, None)
        texts: list[str] = []
        for kind, pieces in self.hidden.items():
            joined = "\n".join(pieces)
            if "::" in joined and kind != "template" and self.site.is_semantic:  # a template's may be a query
                joined = self.annotations(joined, known=False)

            def shown(match: re.Match[str], kind: str = kind) -> str:
                raw, anchor, trail = match.groups()
                text = bare_line(raw if anchor is None else anchor).replace(NO_TRAIL, "").strip() + trail
                self._link(kind, raw, text)
                return text

            texts.append(readable((self.rules.link.sub(shown, joined) if "[[" in joined else joined).replace(NO_TRAIL, "")))
        self.page.hidden_text = "\n".join(text for text in texts if text)

    def finish(self) -> ParsedPage:
        page = self.page
        page.text = "".join(self.out)
        if may_guard(page.text):
            page.text = unguard(page.text)
            page.links = [link._replace(anchor=unguard(link.anchor)) for link in page.links]
        page.links += self.placeless
        page.templates = [name for name in self.names if name]
        page.categories = list(self.categories)
        page.dropped = self.dropped
        self.counts["links"] = len(page.links)
        page.counts = self.counts
        return page


@lru_cache(maxsize=1 << 14)
def _is_field(key: str) -> bool:
    """Whether a parameter's name is one of a fact, and not of how the box looks."""
    return _WORD.search(key) is not None and ":" not in key and not is_layout_key(key)


def _says_nothing(value: str) -> bool:
    """Whether a value is a file's name, an address, a colour or a size, or holds no letter and no digit."""
    return (_NO_FILE.match(value) or (_FILE_END.search(value) and _FILE.match(value))) is not None


def _joined(lines: list[str]) -> str:
    """The lines of a paragraph as one. A link whose target is broken by a line's end is none."""
    if len(lines) == 1:
        return lines[0]
    for number, line in enumerate(lines[:-1]):
        at = line.rfind("[[")
        if at >= 0 and "]]" not in line[at:] and "|" not in line[at:]:
            lines[number] = line[:at] + line[at + 2 :]
    return " ".join(lines)


def _unbracket(text: str) -> str:
    """Text between links, without the brackets of links that were never closed."""
    return text.replace("[[", "").replace("]]", "").replace("  ", " ")
