# ruff: noqa: E501 - the lists are to skim
"""Wikitext that hangs parsers, each of any size: for the tests of what is kept, and for benchmarks/hostile.py, which times it."""

from __future__ import annotations

from typing import NamedTuple

from infoseek_offline.corpus.trim import MARKS, MAX_CHARACTERS, MAX_MARKS

BEFORE = "Before [[pier]]. "


class Shape(NamedTuple):
    """`head`, then `unit` so many times, then `close` as often, then `tail`."""

    unit: str
    times: int = 10_000  # in the tests
    close: str = ""
    head: str = ""
    tail: str = ""

    def text(self, times: int = 0) -> str:
        times = times or self.times
        return self.head + self.unit * times + self.close * times + self.tail

    def largest(self) -> int:
        """How many times fit into a page that is read to its end."""

        def marks(text: str) -> int:
            return sum(map(text.count, MARKS))

        # Of many at once: "[[" may lie across two of them.
        each = (marks(self.text(1_000)) + 1) / 1_000
        room = MAX_CHARACTERS - len(BEFORE) - len(self.head) - len(self.tail)
        by_size = room // len(self.unit + self.close)
        return by_size if each * by_size < MAX_MARKS else int((MAX_MARKS - 4) / each)


SHAPES = (
    Shape("{{"), Shape("[["), Shape("{{a|", close="}}"), Shape("{{small|", close="}}", tail="x"), Shape("<b>", 30_000), Shape("''", 30_001),
    Shape("<ref>", 20_000), Shape("[[File:a|"), Shape("[[File:a|", close="]]"), Shape("\n{|"), Shape("{{{"), Shape("<!--", 20_000),
    Shape("[[a|", 20_000), Shape("[[a|[b]"), Shape("=", 50_000), Shape("\n=", 20_000), Shape("(", 50_000), Shape("&", 50_000),
    Shape(" ", 100_000), Shape("[http://x "), Shape("[[a|", head="{{x|", tail="}}"), Shape("'", 100_000), Shape("<table>"),
    Shape("<nowiki>"), Shape("x ", 500_000), Shape("a=", 20_000, head="{{Infobox|", tail="}}"), Shape("{{unknown}} , "),
    Shape("<", 50_000), Shape("[", 50_000), Shape("|", 50_000), Shape("a", 50_000, head="{{x|", tail="}}"), Shape("* ", 30_000),
    Shape("\t\n", 30_000), Shape("<sup>", 20_000), Shape("1<sup>2"), Shape("[[:", 20_000), Shape("[[a:b|"),
    Shape("{{a|"), Shape("{{{a|"), Shape("[[File:x|"), Shape("<div>"), Shape("'''"), Shape("{{{a|", close="}}}"), Shape("\n{|\n|", close="\n|}"),
    Shape("[[a]] "), Shape("{{x|[[a]]|b=c}} "), Shape("|a=[[b]] ", head="{{Infobox x", tail="}}"), Shape("\n* [[a]]"), Shape("\n|a{1}=b"),
    Shape("|k1=v", head="{{plainlist", tail="}}"), Shape("<ref name=a/>"), Shape("[[Category:a]]"), Shape("[[fr:a]]"), Shape("{{convert|5|km}} "),
    Shape("{{lang|de|", close="}}"), Shape("<span>", close="</span>"), Shape("<gallery>a</gallery>"), Shape("\n<!-- a -->\n"), Shape("&amp;"),
    Shape("<ref>{{cite|a=[[b]]}}</ref>"), Shape("\n;a:b"), Shape("\n:''a''"), Shape("a:b c.", head="[[", tail="]]"), Shape("[x]", head="[[a|", tail="]]"),
    Shape("<table><tr><td>", close="</td></tr></table>"), Shape("}}"), Shape("]]"), Shape("-{", close="}-"), Shape("\u4e00。"), Shape("\ufdd0"),
    Shape("A. B. "), Shape("\n== a ==\n"), Shape("{{main|a}}\n"), Shape("Mr. A "), Shape('"(a'), Shape("a=b&c="), Shape("1,000 "),
    Shape("|a=1 January 2000–", head="{{Infobox x", tail="}}"), Shape("1–2 ", head="{{Infobox x|a=1|b=2|population=", tail="}}"),
    Shape("1.000,", head="{{Infobox x|area=", tail="}}"), Shape("(a) ", head="{{Infobox x|area=", tail="}}"), Shape(" ", head="{{Infobox x|a=1", tail="b}}"),
    Shape("<br>", head="{{Infobox x|a=", tail="}}"), Shape("a, ", head="{{Infobox x|a=[[b]]", tail="}}"), Shape("_", head="__"), Shape("A_", head="__"),
    Shape("//", head="[http:"), Shape("~"), Shape("\r\n"), Shape("İ"), Shape("%E4", head="[[", tail="]]"), Shape("&#91;"),
)  # fmt: skip

# Pieces of pages that are read to the end: text, links, infoboxes, sentences and all.
UNITS = (
    "<ref>[[a]]</ref>. ", "{{x}}", "{{Infobox x|a=[[b]]}}", "x. ", ". ", "...", "[[File:a|b]] ", "{{quote|[[a]]}}", "港。", "}}}",
    "{{{a|", "<table>", "-{a}-", "__", "[[a]]''", "\n==a==\n", "{{main|a}}", "1<sup>2</sup>", "[[:en:",
    "The [[pier]] of {{nowrap|[[stone]]}} is old.<ref>{{cite|x=[[y]]}}</ref>\n\n{|\n| [[cell]]\n|}\n[[File:a.jpg|thumb|[[b]]]]\n",
)  # fmt: skip
