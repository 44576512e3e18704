"""What is cut out of a page before its prose is written: templates, tables, files, references.

Also what other extensions own (comments, nowiki, galleries), categories and interlanguage links. Each is kept apart by its kind
(`hidden`), for its links and words.

Every step is linear in the text, whatever the text: what is opened and never closed is given back, what is nested too deep is not
rendered, and a page longer than any real one is read up to a stated place only.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from infoseek_offline.corpus import templates
from infoseek_offline.corpus.dump import SiteInfo
from infoseek_offline.corpus.language import is_infobox_name, is_no_box, language_codes, link_prefix, link_rules, variants
from infoseek_offline.corpus.markup import DROP, GUARD, NO_TRAIL, unguard
from infoseek_offline.corpus.messages import file_option
from infoseek_offline.corpus.templates import split_arguments

# MediaWiki itself takes no article above 2 MiB. Both bounds are far above any real page, and keep each page below a second.
MAX_CHARACTERS = 2_000_000
MAX_MARKS = 100_000  # of MARKS together
MARKS = ("[[", "{{", "-{", "<", "\n", "。", ". ")

_EXTENSION = re.compile(
    r"<!--|<(nowiki|pre|ref|gallery|math|chem|ce|syntaxhighlight|source|timeline|score|graph|mapframe|maplink|templatestyles|templatedata|"
    r"imagemap|hiero|includeonly|inputbox|categorytree|indicator|charinsert|abc|youtube|embedvideo|evt?|html|infobox|dpl|dynamicpagelist|"
    r"rss|poll|quiz|plantuml|uml|graphviz|mermaid|drawio|bpmn|googlemap|display_map|iframe|widget|csv|choose|slideshow|seo|forum|comments|vote|lilypond|phonos|ask|smw|pdf|rt|"
    r"rp)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_NOWIKI = re.compile(r"</?nowiki\s*/?>", re.IGNORECASE)
_HIDDEN_EXTENSIONS = {"ref": "reference", "gallery": "gallery", "imagemap": "gallery"}
# "{{{" opens a parameter only where it looks like one: otherwise it is a template whose name begins with a brace.
_FOLD = re.compile(
    r"[{}\n<](?:(?<=\{)\{(?:\{(?=[\w .\-]+[|}]))?|(?<=\})\}+|(?<=\n)(?:[ \t:]*\{\||[ \t]*\|\}(?!\}))"
    r"|(?<=<)(?:[tT][aA][bB][lL][eE](?=[\s>])[^<>]*|/[tT][aA][bB][lL][eE]\s*)>)"
)
_FOLD_TEMPLATES = re.compile(r"\{\{(?:\{(?=[\w .\-]+[|}]))?|\}\}+")  # the same for a text without tables
_OPENING = {"{{": "{{", "{{{": "{{{", "{|": "{|", "<t": "<table>"}
_CLOSING = {"|}": "{|", "</": "<table>"}
_UNCLOSED = re.compile(r"[^\n|{}\[\]]{1,80}(?=\n?\s*\|)")
_DEEPEST = 40  # templates nested deeper than this are not rendered: copying their text outwards would be quadratic
_PAIR = re.compile(r"\[\[|\]\]")
_FILE_LINK = re.compile(r"\[\[[^\[\]]*\]\]|<[^<>]*>|__[^\W\d_]+__")
_FLAT_LINK = re.compile(r"\[\[[^\[\]]*\]\]")
_COLON_LINK = re.compile(r"\[\[[ _]*([^\[\]|\n{}:]*:[^\[\]|\n{}]*)(\|(?:[^\[\]]|\[(?!\[)|\](?!\]))*\]?)?\]\]")
_WORD = re.compile(r"[^\W_]")
_BAD_TITLE = re.compile(
    r"[<>\[\]{}|\ufdd0\ufdd1\ufffd\x00-\x1f\x7f]|^\.\.?(?:/|$)|/\.\.?(?:/|$)|~~~|^:|%[0-9A-Fa-f]{2}|&(?:#\d+|#[xX][0-9A-Fa-f]+|\w+);"
)
_TWICE = re.compile(rf"{'&'.translate(GUARD)}#?\w+;")  # "&amp;amp;": an entity that was one already
# What begins like an address is none of a link's targets, as MediaWiki has it.
_ADDRESS = re.compile(
    r"(?:(?:https?|ftps?|ircs?|git|ssh|svn|gopher|telnet|nntp|worldwind|redis|mms):)?//|(?:mailto|news|urn|geo|magnet|sips?|sms|tel|xmpp|"
    r"bitcoin|matrix):",
    re.IGNORECASE,
)
_COLON = re.compile(r"\[\[[ _]*([^\[\]|\n{}:]*):")
_MARK = re.compile(r"\[\[|\{\{|-\{|[<\n。]|\. ")
MAX_TITLE = 255  # bytes
_SIMPLE = re.compile(r"[A-Za-z](?:[A-Za-z0-9,'()!-]|[ .](?![ .])){1,60}(?<! )")  # what is a title as it stands
_MEMORY = 200_000  # titles remembered


def within_bounds(text: str) -> str:
    """The text up to its bounds: by characters and by marks alone, so that every machine cuts at the same place."""
    if len(text) > MAX_CHARACTERS:
        text = text[: max(text.rfind("\n", 0, MAX_CHARACTERS), MAX_CHARACTERS // 2)]
    at_most = sum(map(text.count, "[{<\n。.")) if len(text) > MAX_MARKS else 0
    if at_most > MAX_MARKS and sum(map(text.count, MARKS)) > MAX_MARKS:
        for number, match in enumerate(_MARK.finditer(text)):
            if number == MAX_MARKS:
                return text[: match.start()]
    return text


class Rules:
    """What a wiki's language and namespaces say of links, with what was already looked up."""

    def __init__(self, site: SiteInfo) -> None:
        self.site = site
        self.main = 0 in site.content
        files = [name for name, number in site.namespaces.items() if number == 6]
        self.link, self.file = link_rules(site.language, tuple(sorted(files)))
        self.option = file_option(site.language)
        self.glued = link_prefix(site.language)
        self.variants = variants(site.language)
        self.targets: dict[str, tuple[str, str] | None] = {}
        self._prefixes: dict[str, str] = {}

    def target(self, raw: str) -> tuple[str, str] | None:
        """(title, section) of a link to a page of a namespace that is read; None for any other and for what is no title."""
        found: tuple[str, str] | None
        try:
            return self.targets[raw]
        except KeyError:
            if len(self.targets) >= _MEMORY:
                self.targets.clear()
        if self.main and _SIMPLE.fullmatch(raw):
            found = self.targets[raw] = (self.site.upper_first(raw), "")
            return found
        title, fragment = self.site.page_title(unguard(raw))
        good = bool(title) and not _BAD_TITLE.search(title) and not _TWICE.search(raw)
        good = good and _ADDRESS.match(raw.strip()) is None
        if good and len(title) > MAX_TITLE // 4:
            good = len(title.encode("utf-8", "surrogatepass")) <= MAX_TITLE
        found = self.targets[raw] = (title, fragment) if good else None
        return found

    def prefix(self, raw: str) -> str:
        """What stands before the colon of a link: "file", "category", "language", or "" for anything else."""
        kind = self._prefixes.get(raw)
        if kind is None:
            if len(self._prefixes) >= _MEMORY:
                self._prefixes.clear()
            number, title, _, interwiki = self.site.normalise_title(f"{unguard(raw)}:x")
            language = interwiki and title.partition(":")[0] in language_codes()
            kind = "file" if number == 6 else "category" if number == 14 else "language" if language else ""
            self._prefixes[raw] = kind = kind if raw.strip(" _") else ""
        return kind


_known_rules: dict[tuple[object, ...], Rules] = {}


def rules_of(site: SiteInfo) -> Rules:
    """One for all pages of a wiki, for what they look up."""
    key = (site.dbname, site.language, site.case, site.content, *site.namespaces.items(), *site.names.items())
    if key not in _known_rules:
        if len(_known_rules) >= 8:
            _known_rules.clear()
        _known_rules[key] = Rules(replace(site, _titles={}))
    return _known_rules[key]


@lru_cache(maxsize=4096)
def _as_box(name: str, language: str) -> tuple[bool, bool]:
    """(is an infobox by its name, is never one)"""
    no_box = is_no_box(name) or templates.stands_for_text(name) or templates.hatnote_targets(name, [], language) is not None
    return is_infobox_name(name), no_box


@lru_cache(maxsize=64)
def _closing_tag(tag: str) -> re.Pattern[str]:
    return re.compile(rf"</{tag}\s*>", re.IGNORECASE)


class _Frame(NamedTuple):
    kind: str  # "{{", "{{{", "{|", "<table>" or "" for the page itself
    pieces: list[str]


class Cutter:
    """One page while it is cut. `hidden` holds the wikitext of what was cut, by link kind; `hatnotes` raw titles."""

    def __init__(self, title: str, site: SiteInfo) -> None:
        self.site = site
        self.title = site.page_title(title)[0] or site.normalise_title(title)[1]
        self.rules = rules_of(site)
        self.hidden: dict[str, list[str]] = {}
        self.hatnotes: list[str] = []
        self.categories: dict[str, None] = {}
        self.box: tuple[str, list[str], bool] | None = None  # name, arguments, found by its name
        self.text_seen = False
        self.seen_pieces = 0
        self.counts = {"templates rendered": 0, "templates dropped": 0, "links": 0}
        self.names: dict[str, None] = {}
        self.embedded: list[tuple[str, list[str]]] = []  # infoboxes within templates: name, arguments
        self.said: dict[str, dict[str, None]] = {}  # values of Semantic MediaWiki's properties, as wikitext, by name
        self.dropped: dict[str, int] = {}  # names of templates whose reading is not known, and how often

    def hide(self, kind: str, text: str) -> None:
        if text and not text.isspace():
            if kind in self.hidden:
                self.hidden[kind].append(text)
            else:
                self.hidden[kind] = [text]

    def subpage(self, raw: str) -> str:
        """The target of "/X" and "../X", which lead below and above the page itself, where its namespace has such."""
        target = raw.strip(" _")
        if target[:3] == "../":
            above = self.title.split("/")
            while above and target[:3] == "../":
                above, target = above[:-1], target[3:]
            return "/".join(filter(None, (*above, target.strip("/")))) if above and target[:2] != ".." else raw
        own = self.title != self.site.normalise_title(self.title)[1]  # of another namespace than the main one
        if target[:1] == "/" != target[1:2] and target.strip("/") and (own or not self.site.is_wikipedia):
            return f"{self.title}/{target.strip('/')}"
        return raw

    def say(self, name: str, value: str) -> None:
        """Notes a value of a property: a link where it may be a page."""
        key = " ".join(name.replace("_", " ").lower().split()).removeprefix("has ")
        if key and value and DROP not in value:
            link = value if "[[" in value or not value[:1].isalpha() else f"[[{value}]]"
            self.said.setdefault(key, {})[link] = None

    def cut_extensions(self, text: str) -> str:
        """Without comments, nowiki (its text kept, guarded) and the tags that own their content."""
        if "<" not in text:
            return text
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
                out.append(DROP if tag == "ref" else _parting(text, match.start(), position) if tag == "nowiki" else "")
                continue
            close = _closing_tag(tag).search(text, position)
            if close is None:
                unclosed.add(tag)  # so that no later one looks for it through the whole page again
                continue
            body, position = text[position : close.start()], close.end()
            if tag == "nowiki":
                out.append(html.unescape(body).translate(GUARD) if body else _parting(text, match.start(), position))
            elif tag == "pre":
                out += ("\n\n", html.unescape(_NOWIKI.sub("", body)).strip("\n").translate(GUARD), "\n\n")
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
        # What closes a table means nothing where none is opened.
        tables = "{|" in text or "<t" in text or "<T" in text
        for match in (_FOLD if tables else _FOLD_TEMPLATES).finditer(text):
            token = match.group()
            start, end = match.span()
            if token[0] != "{" and token[0] != "}":
                token = token.lstrip(" \t:\n")
                if token[0] == "<":
                    token = token[:2].lower()
            if kind := _OPENING.get(token, ""):
                stack[-1].pieces.append(text[position:start])
                stack.append(_Frame(kind, []))
                open_of[kind] += 1
                position = end
                continue
            while kind := _CLOSING[token] if token[0] != "}" else self._innermost(stack, open_of, end - start):
                if not open_of[kind]:
                    break
                stack[-1].pieces.append(text[position:start])
                position = start = start + len(kind) if token[0] == "}" else end
                if stack[-1].kind != kind:
                    self._give_back(stack, open_of, next(i for i in range(len(stack) - 1, 0, -1) if stack[i].kind == kind))
                frame = stack.pop()
                open_of[kind] -= 1
                stack[-1].pieces.append(self._folded(kind, "".join(frame.pieces), stack))
                if token[0] != "}":
                    break
        stack[-1].pieces.append(text[position:])
        self._give_back(stack, open_of, 0)
        return "".join(stack[0].pieces)

    @staticmethod
    def _innermost(stack: list[_Frame], open_of: dict[str, int], braces: int) -> str:
        """What so many closing braces close first: a template, a parameter, or nothing ("")."""
        if braces >= 3 and open_of["{{{"]:
            return next(f.kind for f in reversed(stack) if f.kind in ("{{", "{{{"))
        return "{{" if braces >= 2 and open_of["{{"] else ""

    def _folded(self, kind: str, content: str, stack: list[_Frame]) -> str:
        if kind == "{{":
            return self._template(content, stack)
        if kind == "{{{":
            return content.partition("|")[2]
        self.counts["tables"] = self.counts.get("tables", 0) + 1
        self.hide("table", content)
        return "\n\n"

    @staticmethod
    def _give_back(stack: list[_Frame], open_of: dict[str, int], last: int) -> None:
        """Gives what was opened above `stack[last]` and never closed back to it as text."""
        for frame in stack[last + 1 :]:
            open_of[frame.kind] -= 1
            if frame.kind == "{{" and frame.pieces and (name := _UNCLOSED.match(frame.pieces[0])):
                frame.pieces[0] = frame.pieces[0][name.end() :]  # of an infobox never closed: its name goes, its lines later
            if frame.kind == "{|" and frame.pieces:
                frame.pieces[0] = frame.pieces[0].partition("\n")[2]  # its attributes
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
        elif _as_box(name, self.site.language)[0]:  # within another, as a module of it
            self.embedded.append((name, pieces))
            return ""
        targets = templates.hatnote_targets(name, pieces, self.site.language)
        if targets is not None:
            for target in targets:
                self.hatnotes.append(target)
            self.hide("hatnote", "\n".join(pieces))
            return "\n" if len(stack) == 1 else ""
        if name[:5].lower() == "#set:":
            self._set([name[5:], *pieces])
            return ""
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
        self.dropped[name] = self.dropped.get(name, 0) + 1
        self.hide("template", "\n".join(pieces))
        return DROP

    def _set(self, pieces: list[str]) -> None:
        """`{{#set: Property=value |Property=a;b |+sep=; }}`"""
        for number, piece in enumerate(pieces):
            name, _, value = piece.partition("=")
            after = pieces[number + 1].strip() if number + 1 < len(pieces) else ""
            separator = after[5:] or "," if after.startswith("+sep") else ""
            if not name.strip().startswith("+"):
                for one in value.split(separator) if separator else (value,):
                    self.say(name, one.strip())

    def _take_box(self, name: str, pieces: list[str], before: list[str]) -> bool:
        """Keeps the infobox: the first one by name, else the first by shape before the prose."""
        if self.box is not None and self.box[2]:
            return False
        by_name, never = _as_box(name, self.site.language)
        if not by_name:
            if self.box is not None or never:
                return False
            if not self.text_seen:
                recent = "".join(before[self.seen_pieces :])
                self.seen_pieces = len(before)
                for _ in range(2):  # a file may hold links
                    recent = _FILE_LINK.sub("", recent) if "[[" in recent or "<" in recent or "__" in recent else recent
                self.text_seen = _WORD.search(recent) is not None
            if self.text_seen or sum(1 for value in templates.read_arguments(pieces).named.values() if value) < 3:
                return False
        elif self.box is not None:
            self.hide("template", "\n".join(self.box[1]))
        self.box = (name, pieces, by_name)
        return True

    def cut_links(self, text: str) -> str:
        """Without files (captions hidden), categories (noted) and interlanguage links."""
        if "[[" not in text or ":" not in text:
            return text
        out: list[str] = []
        position = 0
        ends: dict[int, int] | None = None
        for match in _COLON.finditer(text):
            start = match.start()
            if start < position:
                continue
            kind = self.rules.prefix(match.group(1))
            if kind == "file" or (not kind and self.rules.file.match(text, start)):
                end = -1 if ends is None else ends.get(start, -1)
                if ends is None:
                    end = _closing(text, start)
                    if end < 0:  # never closed, as others may be: from here on by one pass over all
                        ends = _all_closings(text, start)
                if text[end : end + 1] == "]" and "[" in text[start + 2 : end - 2].replace("[[", ""):
                    end += 1  # "[http://… x]" at the end of a caption
                inner = text[start + 2 : end - 2]
                if end < 0:  # it ends with its line
                    end = text.find("\n", start)
                    end = len(text) if end < 0 else end
                    inner = text[start + 2 : end]
                out += (text[position:start], DROP)
                options = split_arguments(inner)[1:]
                self.hide("caption", "\n".join(o for o in options if not self.rules.option.match(o)))
                position = end
            elif kind and (whole := _COLON_LINK.match(text, start)):
                if kind == "category" and (title := self.site.normalise_title(unguard(whole.group(1)))[1]):
                    self.categories[title] = None
                out.append(text[position:start])
                position = whole.end()
        out.append(text[position:])
        return "".join(out)


def _parting(text: str, start: int, end: int) -> str:
    """What an empty nowiki leaves: nothing, or the mark of it where it parts what would be read together."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before == "]]" or before[-1:] in ("", "\n") or (before[-1:] in "'[" and before[-1:] == after[:1]):
        return NO_TRAIL
    return " " if before[-1:] == "|" and after == "]]" else ""  # a link that shows nothing


def _closing(text: str, start: int) -> int:
    """Where the link that begins at `start` ends, links in it counted; -1 where it doesn't."""
    depth = 0
    for match in _PAIR.finditer(text, start):
        depth += 1 if match.group() == "[[" else -1
        if not depth:
            return match.end()
    return -1


def _all_closings(text: str, start: int) -> dict[int, int]:
    opened: list[int] = []
    ends: dict[int, int] = {}
    for match in _PAIR.finditer(text, start):
        if match.group() == "[[":
            opened.append(match.start())
        elif opened:
            ends[opened.pop()] = match.end()
    return ends
