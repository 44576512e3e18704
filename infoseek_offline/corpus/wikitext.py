"""Wikitext of one page in, plain text with sections, links, infobox and categories out.

The page is read in few passes, each linear: cut what the parser's extensions own (comments, nowiki, refs, galleries), fold
templates and tables from the inside out, cut files and categories, then clean the rest as a whole and write it out link by
link. What is cut goes through the same link reader for its links and readable words (`hidden_text`). Regular expressions over
the whole text, not mwparserfromhell's token stream, whose C tokenizer takes 3 s for 30 KB of "<b>".

`text[start:end] == anchor` holds for every link with start >= 0. Nothing raises, whatever the wikitext.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from infoseek_offline.corpus import templates
from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.language import (
    BACKMATTER_HEADINGS,
    FILE_OPTION,
    LANGUAGE_CODES,
    NO_BOX,
    SKIP_KEY,
    is_infobox_name,
    link_rules,
)
from infoseek_offline.corpus.templates import DROP, GUARD, ITEM, clean, split_arguments, strip_quotes, unguard


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


def parse_wikitext(wikitext: str, title: str, site: SiteInfo) -> ParsedPage:
    """Reads a page. `title` is its own, to tell self links; `site` gives the rules for titles and the language.

    Sections without the infobox's tile `text[:prose_end]`; links and fields are in order of place, links without one last.
    """
    page = _Page(title, site)
    text = wikitext if _NONCHARACTER.search(wikitext) is None else _NONCHARACTER.sub("", wikitext)
    text = page.cut_extensions(text)
    text = page.fold(text)
    text = page.cut_links(text)
    page.write_prose(clean(text, " "))
    page.write_infobox()
    page.write_hidden()
    return page.finish()


_NONCHARACTER = re.compile("[\ufdd0-\ufdef\x00\r]")
_EXTENSION = re.compile(
    r"<!--|<(nowiki|pre|ref|gallery|math|chem|ce|syntaxhighlight|source|timeline|score|graph|mapframe|maplink|templatestyles|templatedata|"
    r"imagemap|hiero|includeonly|inputbox|categorytree|indicator|charinsert|abc|rt|rp)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_HIDDEN_EXTENSIONS = {"ref": "reference", "gallery": "gallery", "imagemap": "gallery"}
# "{{{" opens a parameter only where it looks like one: otherwise it is a template whose name begins with a brace.
_FOLD = re.compile(
    r"\{\{\{(?=[\w .\-]+[|}])|\{\{|\}\}\}(?!\})|\}\}|\n[ \t:]*\{\||\n[ \t]*\|\}(?!\})"
    r"|<(?:[tT][aA][bB][lL][eE](?=[\s>])[^<>]*|/[tT][aA][bB][lL][eE]\s*)>"
)
_OPENING = {"{{": "{{", "{{{": "{{{", "{|": "{|", "<t": "<table>"}
_CLOSING = {"}}": "{{", "}}}": "{{{", "|}": "{|", "</": "<table>"}
_UNCLOSED = re.compile(r"[^\n|{}\[\]]{1,80}(?=\n?\s*\|)")
_DEEPEST = 40  # templates nested deeper than this are not rendered: copying their text outwards would be quadratic
_PAIR = re.compile(r"\[\[|\]\]")
_FILE_LINK = re.compile(r"\[\[[^\[\]]*\]\]|<[^<>]*>|__[^\W\d_]+__")
_FLAT_LINK = re.compile(r"\[\[[^\[\]]*\]\]")
_COLON_LINK = re.compile(r"\[\[[ _]*([^\[\]|\n{}:]*:[^\[\]|\n{}]*)(\|[^\[\]]*)?\]\]")
_WORD = re.compile(r"[^\W_]")
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*$")
_BULLETS = re.compile(r"[*#:;]+[ ]*")
_CLOSES_FIRST = re.compile(r"[^\[\]]*\]\]")
_PIPE_TRICK = re.compile(r"^[^:]*:\s*|\s*\([^()]*\)$|\s*（[^（）]*）$|,\s.*$")
_BAD_TITLE = re.compile(r"[<>\[\]{}|\ufdd0\ufdd1\ufffd\x00-\x1f\x7f]|^\.\.?(?:/|$)|/\.\.?(?:/|$)|~~~|^:")
MAX_TITLE = 255  # bytes
_NO_VALUE = re.compile(
    r"[^\n|]*\.(?:jpe?g|png|svg|gif|webp|tiff?|og[gv]|webm|pdf)$|#[0-9a-f]{3,8}$|\d+px$|(?:https?://|www\.)\S+$|[\W_]*$",
    re.IGNORECASE,
)


class _Frame(NamedTuple):
    kind: str  # "{{", "{{{", "{|", "<table>" or "" for the page itself
    pieces: list[str]


class _Page:
    def __init__(self, title: str, site: SiteInfo) -> None:
        self.site = site
        self.title = site.normalise_title(title)[1]
        files = [name for name, number in site.namespaces.items() if number == 6]
        self.rules = link_rules(site.language, tuple(sorted(files)))
        self.page = ParsedPage()
        self.out: list[str] = []
        self.place = 0
        self.placeless: list[ParsedLink] = []
        self.hidden: dict[str, list[str]] = {}
        self.box: tuple[str, list[str], bool] | None = None  # name, arguments, found by its name
        self.text_seen = False
        self.seen_pieces = 0
        self.counts = {"templates rendered": 0, "templates dropped": 0, "links": 0}
        self.names: dict[str, None] = {}

    def hide(self, kind: str, text: str) -> None:
        if text.strip():
            self.hidden.setdefault(kind, []).append(text)

    def cut_extensions(self, text: str) -> str:
        """Without comments, nowiki (its text kept, guarded) and the tags that own their content."""
        out: list[str] = []
        position = 0
        unclosed: set[str] = set()
        while match := _EXTENSION.search(text, position):
            out.append(text[position : match.start()])
            tag = (match.group(1) or "").lower()
            if not tag:
                end = text.find("-->", match.end())
                position = len(text) if end < 0 else end + 3
                if match.start() and text[match.start() - 1] == "\n" and text[position : position + 1] == "\n":
                    position += 1  # a comment alone on its line takes the line with it
                continue
            position = match.end()
            if text[position - 2] == "/" or tag in unclosed:
                out.append(DROP if tag == "ref" else "")
                continue
            close = re.compile(rf"</{tag}\s*>", re.IGNORECASE).search(text, position)
            if close is None:
                unclosed.add(tag)  # so that no later one looks for it through the whole page again
                continue
            body, position = text[position : close.start()], close.end()
            if tag in ("nowiki", "pre"):
                out.append(html.unescape(body).translate(GUARD) if tag == "nowiki" else body)
            elif tag not in ("rt", "rp", "includeonly"):
                self.counts[tag] = self.counts.get(tag, 0) + 1
                if tag in _HIDDEN_EXTENSIONS:
                    self.hide(_HIDDEN_EXTENSIONS[tag], body)
                out.append(DROP)
        out.append(text[position:])
        return "".join(out) if len(out) > 1 else text

    def fold(self, text: str) -> str:
        """Without templates and tables: what a template reads as, or DROP. Unclosed ones give their text back."""
        text = "\n" + text
        stack = [_Frame("", [])]
        open_of = dict.fromkeys(_OPENING.values(), 0)
        position = 0
        for match in _FOLD.finditer(text):
            token = match.group().lstrip(" \t:\n")
            if token[0] == "<":
                token = token[:2].lower()
            if kind := _OPENING.get(token, ""):
                stack[-1].pieces.append(text[position : match.start()])
                stack.append(_Frame(kind, []))
                open_of[kind] += 1
                position = match.end()
                continue
            end = match.end()
            kind = _CLOSING[token]
            if token == "}}}" and not (stack[-1].kind == "{{{" or not open_of["{{"]):
                kind, end = "{{", end - 1  # "}}" and a brace
            if not open_of[kind]:
                continue
            stack[-1].pieces.append(text[position : match.start()])
            position = end
            self._give_back(stack, open_of, next(i for i in range(len(stack) - 1, 0, -1) if stack[i].kind == kind))
            frame = stack.pop()
            open_of[kind] -= 1
            content = "".join(frame.pieces)
            if kind == "{|" or kind == "<table>":
                self.counts["tables"] = self.counts.get("tables", 0) + 1
                self.hide("table", content)
                stack[-1].pieces.append("\n\n")
            elif kind == "{{{":
                stack[-1].pieces.append(content.partition("|")[2])
            else:
                stack[-1].pieces.append(self._template(content, stack))
        stack[-1].pieces.append(text[position:])
        self._give_back(stack, open_of, 0)
        return "".join(stack[0].pieces)

    @staticmethod
    def _give_back(stack: list[_Frame], open_of: dict[str, int], last: int) -> None:
        """Gives what was opened above `stack[last]` and never closed back to it as text."""
        for frame in stack[last + 1 :]:
            open_of[frame.kind] -= 1
            if frame.kind == "{{" and frame.pieces and (name := _UNCLOSED.match(frame.pieces[0])):
                frame.pieces[0] = frame.pieces[0][name.end() :]  # of an infobox never closed: its name goes, its lines later
            stack[last].pieces.append("\n" if frame.kind in ("{|", "<table>") else "")
            stack[last].pieces.extend(frame.pieces)
        del stack[last + 1 :]

    def _template(self, content: str, stack: list[_Frame]) -> str:
        pieces = split_arguments(content)
        name = templates.template_name(pieces.pop(0))
        if len(stack) == 1:
            self.names[name] = None
            if self._take_box(name, pieces, stack[0].pieces):
                return ""
        targets = templates.hatnote_targets(name, pieces)
        if targets is not None:
            for target in targets:
                self._link("hatnote", target, None, -1)
            self.hide("hatnote", "\n".join(pieces))
            return "\n" if len(stack) == 1 else ""
        if len(stack) <= _DEEPEST:
            shown = templates.render(name, pieces, self.site.language, self.title)
            if shown is not None:
                self.counts["templates rendered"] += 1
                if not shown:
                    self.hide("template", "\n".join(pieces))
                elif "[[" in content:  # a link in an argument that is not shown (who said it) is kept
                    self.hide("template", "\n".join(link for link in _FLAT_LINK.findall(content) if link not in shown))
                return shown or DROP
        self.counts["templates dropped"] += 1
        self.hide("template", "\n".join(pieces))
        return DROP

    def _take_box(self, name: str, pieces: list[str], before: list[str]) -> bool:
        """Keeps the infobox: the first one by name, else the first by shape before the prose."""
        if self.box is not None and self.box[2]:
            return False
        by_name = is_infobox_name(name)
        if not by_name:
            if self.box is not None or NO_BOX.search(name) or templates.hatnote_targets(name, []) is not None:
                return False
            if not self.text_seen:
                recent = "".join(before[self.seen_pieces :])
                self.seen_pieces = len(before)
                self.text_seen = _WORD.search(self.rules.file.sub("", _FILE_LINK.sub("", recent))) is not None
            if self.text_seen or sum(1 for value in templates.read_arguments(pieces).named.values() if value) < 3:
                return False
        elif self.box is not None:
            self.hide("template", "\n".join(self.box[1]))
        self.box = (name, pieces, by_name)
        return True

    def cut_links(self, text: str) -> str:
        """Without files (captions hidden), categories (noted) and interlanguage links."""
        if self.rules.file.search(text):
            text = self._cut_files(text)
        return _COLON_LINK.sub(self._colon_link, text) if "[[" in text else text

    def _cut_files(self, text: str) -> str:
        opened: list[int] = []
        ends: dict[int, int] = {}
        for match in _PAIR.finditer(text):
            if match.group() == "[[":
                opened.append(match.start())
            elif opened:
                ends[opened.pop()] = match.end()
        out: list[str] = []
        position = 0
        for match in self.rules.file.finditer(text):
            start = match.start()
            if start < position:
                continue
            end = ends.get(start)
            if end is None:  # never closed: it ends with its line
                end = text.find("\n", start)
                end = len(text) if end < 0 else end
                inner = text[start + 2 : end]
            else:
                inner = text[start + 2 : end - 2]
            out += (text[position:start], DROP)
            position = end
            options = split_arguments(inner)[1:]
            self.hide("caption", "\n".join(o for o in options if not FILE_OPTION.match(o)))
        return "".join(out) + text[position:]

    def _colon_link(self, match: re.Match[str]) -> str:
        raw = match.group(1)
        if raw.startswith(":"):
            return match.group()
        number, title, _, interwiki = self.site.normalise_title(unguard(raw))
        if number == 14:
            if title and title not in self.page.categories:
                self.page.categories.append(title)
            return ""
        if number == 6 or (interwiki and title.partition(":")[0] in LANGUAGE_CODES):
            return ""
        return match.group()

    def write_prose(self, text: str) -> None:
        sections: list[tuple[str, int, list[str]]] = [("", 0, [])]
        lines: list[str] = []
        for line in text.split("\n"):
            line = line.strip()
            if line[:1] == "=" and (match := _HEADING.match(line)):
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
            if title.casefold().rstrip(":") in BACKMATTER_HEADINGS:
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
            self._link("hatnote", match.group(1), None, -1)
            return match.group(2) or match.group(1)

        text = self.rules.link.sub(anchor, strip_quotes(raw)) if "[[" in raw else strip_quotes(raw)
        return " ".join(unguard(text).split())

    def _paragraphs(self, lines: Iterable[str]) -> str:
        """Lines as blocks: paragraphs joined over single line breaks, list items one a line, hatnotes and table rests cut."""
        blocks: list[str] = []
        paragraph: list[str] = []
        items: list[str] = []
        first = True
        for line in (*lines, ""):
            if line[:1] == "|" and _CLOSES_FIRST.match(line):  # the second half of a link with a line break in its target
                line = line[1:].replace("]]", "", 1)
            bullet = _BULLETS.match(line)
            if line and not bullet and line[0] not in "|!" and not line.startswith("----"):
                if items:
                    blocks.append("\n".join(items))
                    items = []
                paragraph.append(strip_quotes(line))
                first = False
                continue
            if paragraph:
                blocks.append(" ".join(paragraph))
                paragraph = []
            if bullet:
                rest = line[bullet.end() :]
                if first and line[0] == ":" and rest.startswith("''") and rest.rstrip(" .").endswith("''"):
                    self.hide("hatnote", rest)
                elif rest:
                    items.append(strip_quotes(rest))
                    first = False
            elif line and line[0] == "|":
                self.hide("table", line)
            elif line and line[0] == "!":
                paragraph.append(strip_quotes(line))
            elif items:
                blocks.append("\n".join(items))
                items = []
        if paragraph:
            blocks.append(" ".join(paragraph))
        if items:
            blocks.append("\n".join(items))
        return "\n\n".join(blocks)

    def _put(self, text: str) -> None:
        self.out.append(text)
        self.place += len(text)

    def _inline(self, body: str, kind: str) -> None:
        """Writes text with its links."""
        position = 0
        blank = True  # the last character written is a blank (or there is none)
        for match in self.rules.link.finditer(body):
            before = body[position : match.start()]
            position = match.end()
            raw, anchor, trail = match.group(1, 2, 3)
            if anchor is None:
                anchor = raw.strip()
                anchor = anchor[1:].lstrip() if anchor[:1] == ":" else anchor
            elif not anchor.strip():
                anchor = _PIPE_TRICK.sub("", raw.strip().lstrip(":"))
            if trail:
                anchor += trail
            before = _unbracket(before)
            if anchor[:1] == " ":
                before += " "
            if before:
                before = before[1:] if blank and before[0] == " " else before
                before = before[:-1] if before[-2:] == "  " else before
                if before:
                    self._put(before)
                    blank = before[-1] in " \n"
            bare = anchor.strip()
            if bare:
                self._link(kind, raw, bare, self.place)
                self._put(bare)
                blank = False
                if anchor[-1:] == " ":
                    self._put(" ")
                    blank = True
        rest = _unbracket(body[position:])
        if blank and rest[:1] == " " and position:
            rest = rest[1:]
        if rest:
            self._put(rest)

    def _link(self, kind: str, raw: str, anchor: str | None, start: int) -> None:
        number, target, fragment, interwiki = self.site.normalise_title(unguard(raw))
        if number or interwiki or not target or target == self.title or _BAD_TITLE.search(target):
            return
        if len(target) > 63 and len(target.encode("utf-8", "surrogatepass")) > MAX_TITLE:
            return
        text = unguard(target if anchor is None else anchor)
        link = ParsedLink(target, fragment, start, start + len(text) if start >= 0 else -1, text, kind)
        (self.page.links if start >= 0 else self.placeless).append(link)

    def write_infobox(self) -> None:
        if self.box is None:
            return
        self.page.infobox = self.box[0]
        start = self.place + 2
        separator = "\n\n"
        for key, value in templates.read_arguments(self.box[1]).named.items():
            key = unguard(key).strip()
            flat = ""
            if value and _WORD.search(key) and ":" not in key and not SKIP_KEY.search(key):
                flat = self._value(value)
            if not flat or _NO_VALUE.match(flat):
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

    def _value(self, value: str) -> str:
        lines = clean(self.cut_links(value), ITEM).split("\n")
        joined = "".join(
            ITEM + strip_quotes(line[bullet.end() :])
            if (bullet := _BULLETS.match(line))
            else (" " if line else ITEM) + strip_quotes(line)
            for line in lines
        )
        items = (" ".join(item.split()) for item in joined.split(ITEM))
        return "; ".join(item.rstrip(",;") for item in items if item.strip(" ,;"))

    def write_hidden(self) -> None:
        texts: list[str] = []
        for kind, pieces in self.hidden.items():
            joined = "\n".join(pieces)

            def shown(match: re.Match[str], kind: str = kind) -> str:
                raw, anchor, trail = match.group(1, 2, 3)
                text = strip_quotes(raw if anchor is None else anchor).strip()
                self._link(kind, raw, f"{text}{trail}" or None, -1)
                return text + trail

            texts.append(templates.readable(self.rules.link.sub(shown, joined) if "[[" in joined else joined))
        self.page.hidden_text = "\n".join(text for text in texts if text)

    def finish(self) -> ParsedPage:
        page = self.page
        page.text = unguard("".join(self.out))
        page.links += self.placeless
        page.templates = [name for name in self.names if name]
        self.counts["links"] = len(page.links)
        page.counts = self.counts
        return page


def _unbracket(text: str) -> str:
    """Text between links, without the brackets of links that were never closed."""
    if "[[" not in text and "]]" not in text:
        return text
    return text.replace("[[", "").replace("]]", "").replace("  ", " ")
