"""Markup inside running text: quotes, tags, entities, external links, blanks, and gaps where something was cut out."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.entities import html5

# Unicode noncharacters: they can't stand in a valid text, so they mark places in it and stand for characters that lost their
# meaning as markup (nowiki, entities). Each is one character for one, so that spans stay right when they are put back.
DROP = "\ufdd0"  # here something was cut out
ITEM = "\ufdd1"  # between the items of a list written by a template or <br>
# Nothing, where something stood that parts what is beside it: behind a link, the letters that follow are no trail of it; between
# two quotes, these are no one mark of bold; at the head of a line, it is no list.
NO_TRAIL = "\ufdef"
_MARKUP = "[]{}|'<>=*#:;&_\n"
_GUARDS = "".join(chr(0xFDD2 + i) for i in range(len(_MARKUP)))
GUARD = str.maketrans(_MARKUP, _GUARDS)


_QUOTES = re.compile(r"'{2,}")


def one_blank(text: str) -> str:
    """The text with one blank for a run of them; by halves, which is faster than a regular expression."""
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def strip_quotes(line: str) -> str:
    """A line without the marks of bold and italics, with apostrophes as MediaWiki's doQuotes leaves them."""
    if "''" not in line:
        return line
    if "''''" not in line:
        bare = line.replace("'''", "")
        if line.count("'''") % 2 == 0 or bare.count("''") % 2 == 0:  # nearly all lines
            return one_blank(bare.replace("''", ""))
    runs = [len(run) for run in _QUOTES.findall(line)]
    bold = sum(n == 3 or n == 4 or n >= 5 for n in runs)
    italic = sum(n == 2 or n >= 5 for n in runs)
    apostrophe = -1
    if bold % 2 and italic % 2:  # one "'''" is an apostrophe and italics: the one after a one-letter word, a word, a blank
        best = 9
        for match in _QUOTES.finditer(line):
            if match.end() - match.start() in (3, 4):
                at = match.start() + (match.end() - match.start() == 4)
                rank = 3 if line[at - 1 : at] == " " or not at else 1 if line[max(at - 2, 0) : at - 1] in (" ", "") else 2
                if rank < best:
                    best, apostrophe = rank, match.start()
    bare = _QUOTES.sub(
        lambda m: "'" * ((m.end() - m.start() == 4) + max(0, m.end() - m.start() - 5) + (m.start() == apostrophe)), line
    )
    return one_blank(bare)


_QUOTED_TARGET = re.compile(r"\[\[[^\[\]|\n']*'[^\[\]|\n]*")
_NO_MARK = re.compile(rf"(?<!\]\]){NO_TRAIL}(?!\[\[)")


def bare_line(line: str) -> str:
    """A line without the marks of bold and italics, but for a mark behind each link that ends before the letters that follow."""
    if "''" in line:
        if "[[" in line:
            if "]]''" in line:
                line = line.replace("]]''", f"]]{NO_TRAIL}''")
            line = _QUOTED_TARGET.sub(_keep_quotes, line)
        line = strip_quotes(line)
    return one_blank(_NO_MARK.sub("", line)).strip() if NO_TRAIL in line else line


def _keep_quotes(match: re.Match[str]) -> str:
    """Quotes in a link's target are letters of it: links are read before bold and italics."""
    return match.group().replace("'", "'".translate(GUARD)) if "''" in match.group() else match.group()


def mark_prefixes(line: str) -> str:
    """The same before links, on wikis where letters before a link belong to it."""
    return line.replace("''[[", f"''{NO_TRAIL}[[") if "''[[" in line else line


# "-{" opens nothing before another brace, unless a template is all that stands in it.
_VARIANTS = re.compile(r"-\{(?!\{)((?:(?!-\{|\}-).)*)\}-|-\{(\{\{(?:(?!-\{|\}-).)*\}\})\}-", re.DOTALL)
_NESTED = 8  # conversions within conversions that are read
_SILENT = frozenset("HT-")  # flags of a conversion that shows nothing where it stands


def convert(text: str, variants: tuple[str, ...]) -> str:
    """Text with "-{zh-hans:x;zh-hant:y}-" as the first of the variants has it; what is only a rule for the page shows nothing."""

    def shown(match: re.Match[str]) -> str:
        body = match.group(1) if match.group(2) is None else match.group(2)
        flags, bar, rest = body.partition("|")
        said = {flag.strip() for flag in flags.split(";")}
        if bar and said <= {"A", "D", "H", "N", "R", "S", "T", "-", "+", "", *variants}:
            if said & _SILENT:
                return ""
            if "R" in said or "N" in said or said & set(variants):
                return rest
            body = rest
        return _variant(body, variants)

    for _ in range(_NESTED):
        if "-{" not in text:
            break
        text = _VARIANTS.sub(shown, text)
    return text


def _variant(body: str, variants: tuple[str, ...]) -> str:
    codes = "|".join(map(re.escape, variants))
    rules: dict[str, str] = {}
    for rule in re.split(rf";\s*(?=(?:[^;]*=>\s*)?(?:{codes})\s*:)", body):
        if said := re.match(rf"\s*(?:.*=>\s*)?({codes})\s*:(.*)", rule, re.DOTALL):
            rules.setdefault(said.group(1), said.group(2).strip().removesuffix(";"))
        elif rule.strip():
            return body
    return next((rules[code] for code in variants if code in rules), body)


_BREAK = re.compile(r"<[/\s]*br\b[^<>]*>", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|blockquote|ul|ol|dl|dt|dd|h[1-6]|center|poem|hr|tr|table|caption)(?=[\s/>])[^<>]*>", re.IGNORECASE
)
_LIST_TAG = re.compile(r"<li(?=[\s>])[^<>]*>", re.IGNORECASE)
_POWER = re.compile(r"<sup>\s*(?:'')?([-−–+]?\d+)(?:'')?\s*</sup>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:b|i|u|s|span|small|big|sup|sub|font|code|tt|var|em|strong|del|ins|abbr|cite|q|kbd|samp|mark|bdi|bdo|ruby|rb|rt|rp|rtc|dfn|time|"
    r"data|wbr|noinclude|onlyinclude|includeonly|references|nowiki|pre|ref|gallery|math|section|link|meta|strike|nobr|img|a|label|col|li|"
    r"colgroup|thead|tbody|tfoot|td|th|translate|tvar|languages|tabber|tabs|tab|headertabs|nomobile|mobileonly|verse|table|source|syntaxhighlight|timeline|imagemap)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)  # fmt: skip
_SCHEME = r"(?:(?:https?|s?ftps?|ircs?|gopher|telnet|nntp|worldwind|svn|git|ssh|mms|redis|file|news):)?(?://|mailto:)"
# The label may hold links, and brackets that are not closed, but for that of another external link: no stretch is looked at twice.
_EXTERNAL = re.compile(
    rf"\[{_SCHEME}(?:[^\s\[\]<>\"']|'(?!'))*+[ \t]*+((?:[^\[\]\n]|\[(?!\[|{_SCHEME})|\[\[[^\[\]\n]*+\]\])*+)\](?!\])",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#0*\d{1,7}|#[xX]0*[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_HTML_HEADING = re.compile(r"<h([1-6])(?=[\s>])[^<>]*>\s*([^\n<]*(?:<(?!/?h)[^\n<]*)*)\s*</h\1\s*>", re.IGNORECASE)
_HEADING_LINE = re.compile(r"\n=[^\n]*")
_QUOTED_TAG = re.compile(r"'(?=(?:<[^<>]*>)+')")
_MAGIC = re.compile(
    r"__(?:[^\W\d_a-z]+(?:_[^\W\d_a-z]+)*|(?i:(?:force|no)?toc|no(?:editsection|gallery|index|titleconvert|contentconvert)|index|"
    r"hiddencat|(?:no)?newsectionlink|staticredirect|disambig))__|＿＿[^\W\d_]+＿＿"
)
_OTHER_BLANKS = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
_PLACES = re.compile("[\ufdd0-\ufdef]")
# The same in UTF-8, where a search for a byte is much faster than one for a set of characters.
_ODD = re.compile(rb"\xe2(?:\x80[\x82-\x8b\x8e\x8f\xaa-\xaf]|\x81[\xa0\xa6-\xa9])")
_ODD_BYTES = ((0xC2, (b"\xc2\xa0", b"\xc2\xad")), (0xE3, (b"\xe3\x80\x80",)), (0xEF, (b"\xef\xbb\xbf",)))
_DROPS = re.compile(rf"{DROP}(?:[ \t\u00a0,;:/]*{DROP})+")
_STOPS = (".", ",", ";", ":", "!", "?", "。", "、")
_GAP = " \t\u00a0,;:/"
_ITEMS = re.compile(rf"\s*{ITEM}[\s{ITEM}]*")


def plain(text: str) -> str:
    """The text with one kind of blank, and without the characters that show nothing or that mark places here."""
    for control in "\r\x00":
        if control in text:
            text = text.replace(control, "")
    if text.isascii():
        return text
    data = text.encode("utf-8", "surrogatepass")
    odd = set(_ODD.findall(data)) if 0xE2 in data else set()
    for lead, some in _ODD_BYTES:
        if lead in data:  # a byte is found much faster than two
            odd.update([one for one in some if one in data])
    for one in odd:
        character = one.decode()
        text = text.replace(character, " " if character in _OTHER_BLANKS else "")
    return _PLACES.sub("", text) if 0xEF in data and b"\xef\xb7" in data else text


@lru_cache(maxsize=4096)
def _character(entity: str) -> str:
    known = entity[1] == "#" or entity[1:] in html5  # unescape reads "&copyright;" as a sign and a rest
    text = plain(html.unescape(entity)) if known else entity
    return entity if text == entity else text.translate(GUARD) if len(text) < 3 else text


def _heading(match: re.Match[str]) -> str:
    marks = "=" * int(match.group(1))
    return f"\n{marks} {match.group(2)} {marks}\n" if match.group(2) else "\n"


def _entity(match: re.Match[str]) -> str:
    return _character(match.group())


def _power(match: re.Match[str]) -> str:
    at = match.start()
    return f"^{match.group(1)}" if at and match.string[at - 1].isdecimal() else match.group()


def _close_gaps(text: str) -> str:
    """Mends what is left around something cut out: empty brackets, separators at a bracket's inside, a blank before a stop."""
    left, *rest = _DROPS.sub(DROP, text).split(DROP)
    out: list[str] = []
    for right in rest:
        before, after = left.rstrip(_GAP), right.lstrip(_GAP)
        opens, closes = before[-1:] in ("(", "（"), after[:1] in (")", "）")
        if opens and closes:
            left, right = before[:-1].rstrip(" \t"), after[1:]
            if right[:1].isalnum():
                left += " "
        elif opens or closes:
            left, right = before, after
        elif right[:1] in _STOPS:
            left = before if left.rstrip(" \t")[-1:] in (",", ";", ":") else left.rstrip(" \t")
        elif right[:1] == " " and after[:1] in _STOPS and after[1:2] in ("", " ", "\n") and after == right.lstrip(" "):
            left, right = left.rstrip(" \t"), after
        elif left[-1:] == " " and right[:1] == " ":
            right = right[1:]
        elif left[-1:] == "'" == right[:1]:
            right = NO_TRAIL + right
        out.append(left)
        left = right
    out.append(left)
    return "".join(out)


def clean(text: str, line_break: str) -> str:
    """Wikitext without templates, tables and files, freed of all markup but headings, bullets, quotes and links."""
    if "<" in text:
        if "<h" in text or "<H" in text:
            text = _HTML_HEADING.sub(_heading, text)
        if "\n=" in text:
            text = _HEADING_LINE.sub(lambda m: _BLOCK.sub("", m.group()) if "<" in m.group() else m.group(), text)
        if "'<" in text:
            text = _QUOTED_TAG.sub(f"'{NO_TRAIL}", text)
        text = _BREAK.sub(line_break, text)
        text = _LIST_TAG.sub("\n* ", _POWER.sub(_power, text))
        text = _TAG.sub("", _BLOCK.sub("\n\n", text))
    if "//" in text or "mailto:" in text:
        text = _EXTERNAL.sub(lambda m: m.group(1) or DROP, text)
    if "&" in text:
        if "]]&" in text:
            text = text.replace("]]&", f"]]{NO_TRAIL}&")
        text = _ENTITY.sub(_entity, text)
    if DROP in text:
        text = _close_gaps(text)
    if ITEM in text and line_break != ITEM:
        text = _ITEMS.sub(", ", text)
    if "__" in text or "＿＿" in text:
        text = _MAGIC.sub("", text)
    return one_blank(text.replace("\t", " ") if "\t" in text else text)


def may_guard(text: str) -> bool:
    """Whether the text may hold characters that lost their meaning as markup; quicker than to look for them."""
    return not text.isascii() and b"\xef\xb7" in text.encode("utf-8", "surrogatepass")


def unguard(text: str) -> str:
    """Characters that lost their meaning as markup, as themselves again; the length stays."""
    if not may_guard(text):
        return text
    for guard, mark in zip(_GUARDS, _MARKUP, strict=True):
        if guard in text:
            text = text.replace(guard, mark)
    return text


_URL = re.compile(r"https?://[^\s|\]}<>]+|//[^\s|\]}<>]+")
_ATTRIBUTE = re.compile(r"= ?\"[^\"\n]*\"")
# "{{name|", "|key=", brackets, quotes; one set of characters at the head makes the search fast.
_PUNCTUATION = re.compile(r"[|{}\[\]!'](?:(?<=\{)\{[^{}|\n]*\||(?<=\|)\s*[\w .-]{1,40}=|(?<=')'+|(?<=[|{}\[\]!])[|{}\[\]!]*)")
_PARAMETER = re.compile(r"\n\s*[\w .-]{1,40}=")


def readable(text: str) -> str:
    """Words of hidden wikitext (links already read), roughly: for finding titles in it, not for showing."""
    if "//" in text:
        text = _URL.sub(" ", text)
    text = _PUNCTUATION.sub("\n", _ATTRIBUTE.sub(" ", text))
    if "=" in text:
        text = _PARAMETER.sub("\n", "\n" + text)
    text = unguard(clean(text, "\n"))
    return "\n".join(filter(None, map(str.strip, text.split("\n"))))
