"""A made-up wiki of any size with Wikipedia's shape: `python benchmarks/forge.py ARTICLES OUT.xml[.bz2|.gz|.xz|.zst] [--seed N]`.

The world has persons, places, works, organisations and rivers whose relations agree wherever they are told: a novel's page names
its authors, and each author's page the novel; who is a member of a society stands in its list; infobox, prose and categories say
the same. Entities live in blocks of 100 that are made one at a time from (seed, block), so any size takes the same memory. Links
out of a block go to low-numbered blocks more often than to others, which gives a few pages most of the links.

Shape: lengths are log-normal, half the articles have an infobox, there are two redirects an article (some to sections, chained,
looping or to nowhere), disambiguation and list pages, pages of other namespaces, red links, references, tables, files,
navigation templates, and names in Latin, Cyrillic, Greek and Japanese script. All names are made of random syllables. A .bz2 is
multistream, a stream a block, as Wikipedia's own are. The same arguments give the same bytes, whatever the workers.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import lzma
import math
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from random import Random
from typing import NamedTuple
from xml.sax.saxutils import escape

import zstandard

from infoseek_offline.engine import cpu_count, map_ordered

BLOCK = 100
# What the n-th of every 20 entities is.
KINDS = ("person",) * 8 + ("place",) * 5 + ("work",) * 4 + ("organisation",) * 2 + ("river",)
SLOTS = {kind: [n for n, k in enumerate(KINDS) if k == kind] for kind in dict.fromkeys(KINDS)}
JOBS = "novelist painter composer physicist botanist architect historian sculptor chemist explorer poet engineer".split()
WORKS = "novel opera painting film symphony play poem album".split()
PLACES = "town village city district island port".split()
SOCIETIES = "university theatre museum publisher orchestra society college company".split()
MONTHS = "January February March April May June July August September October November December".split()
NATIONS = 60  # the first places are countries

_ONSETS = "b br d dr f g gr h k kl l m n p pr r s st t tr v z sh th".split()
_VOWELS = "a e i o u ae ei ou".split()
_CODAS = ["", "", "n", "r", "l", "s", "m", "th"]
_SYLLABLES = [o + v + c for o in _ONSETS for v in _VOWELS for c in dict.fromkeys(_CODAS)]
_SCRIPTS = {
    "ru": "а б в г д е ж з и к л м н о п р с т у ф х ц ч ш я".split(),
    "el": "α β γ δ ε ζ η θ ι κ λ μ ν ο π ρ σ τ υ φ χ ψ ω".split(),
    "ja": "あ か さ た な は ま や ら わ い き し ち に ひ み り う く す つ ぬ ふ む ゆ る".split(),
}


@lru_cache(maxsize=1 << 16)
def syllables(number: int) -> str:
    """A name for a number, another for each."""
    parts = []
    number += len(_SYLLABLES)
    while number:
        number, rest = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[rest])
    return "".join(parts).capitalize()


def mixed(number: int, salt: int) -> int:
    """A permutation of 0 … 2^22 - 1 for the low bits, so that neighbours have unlike names."""
    low = number & 0x3FFFFF
    for _ in range(2):
        low = (low * 0x2C9277B5 + salt) & 0x3FFFFF
        low ^= low >> 11
    return (number & ~0x3FFFFF) | low


class World:
    """Names and kinds of all entities, by number; nothing is stored."""

    def __init__(self, articles: int, seed: int) -> None:
        self.articles, self.seed = articles, seed
        self.groups = max(1, articles // len(KINDS))
        rng = Random(f"{seed} words")
        self.first = [syllables(rng.randrange(900, 90_000)) for _ in range(400)]
        self.words = [syllables(rng.randrange(200_000)).lower() for _ in range(3000)]
        self.filler = [self._filler(rng) for _ in range(6000)]

    def _filler(self, rng: Random) -> str:
        """A sentence without a link, of common words with a made-up one here and there."""
        subject = rng.choice(
            ["It", "The work", "Later reports", "A second account", "The archive", "This period", "Local tradition"]
        )
        verb = rng.choice(["describes", "mentions", "was followed by", "left little trace of", "is often compared with", "led to"])
        parts = [
            rng.choice(["the", "a small", "an early", "the long", "another"]) + " " + rng.choice(self.words)
            for _ in range(rng.randint(2, 7))
        ]
        tail = rng.choice(["in the same year", "although the records differ", "as the letters show", "over several decades", ""])
        reference = ""
        if rng.random() < 0.3:
            book = f"{rng.choice(self.words)} {rng.choice(self.words)}".capitalize()
            reference = (
                f"<ref>{{{{cite book|last={rng.choice(self.words).capitalize()}|title={book}"
                f"|year={rng.randint(1900, 2020)}"
                f"|pages={rng.randint(1, 300)}}}}}</ref>"
            )
        return f"{subject} {verb} {', '.join(parts[:-1])} and {parts[-1]} {tail}".rstrip() + f".{reference}"

    def kind(self, number: int) -> str:
        return KINDS[number % len(KINDS)]

    @lru_cache(maxsize=1 << 16)  # noqa: B019 - one world a process
    def title(self, number: int) -> str:
        kind = self.kind(number)
        name = syllables(mixed(number, self.seed))
        if kind == "person":
            return f"{self.first[mixed(number, 7) % len(self.first)]} {name}"
        if kind == "work":
            pick = mixed(number, 11) % 4
            if pick == 0:
                return f"{name} ({WORKS[number % len(WORKS)]})"
            return (f"The {name}", f"{name} and the {self.words[number % 3000].capitalize()}", f"A {name} in Winter")[pick - 1]
        if kind == "organisation":
            return f"{SOCIETIES[number % len(SOCIETIES)].capitalize()} of {name}"
        if kind == "river":
            # Named as the place before it, so that base names are shared.
            return f"{syllables(mixed(number - number % 20 + SLOTS['place'][number % 5], self.seed))} (river)"
        return name

    def far(self, rng: Random, kind: str) -> int:
        """An entity of the kind anywhere, the low-numbered far more often."""
        slots = SLOTS[kind]
        return int(rng.random() ** 3 * self.groups) * len(KINDS) + slots[int(rng.random() * len(slots))]

    def nation(self, rng: Random) -> int:
        return int(rng.random() ** 2 * min(NATIONS, self.groups)) * len(KINDS) + SLOTS["place"][0]

    def foreign(self, number: int) -> tuple[str, str]:
        language = ("ru", "el", "ja")[number % 3]
        letters, value, out = _SCRIPTS[language], mixed(number, 5) + len(_SCRIPTS[language]), []
        while value:
            value, rest = divmod(value, len(letters))
            out.append(letters[rest])
        return language, "".join(out).capitalize()


class Page(NamedTuple):
    title: str
    text: str
    ns: int = 0
    redirect: str = ""


class Block:
    """One block's entities and the relations between them."""

    def __init__(self, world: World, index: int) -> None:
        self.world, self.index = world, index
        self.rng = rng = Random(f"{world.seed} {index}")
        self.members = range(index * BLOCK, min((index + 1) * BLOCK, world.articles))
        self.facts: dict[int, dict[str, list[int]]] = {n: {} for n in self.members}
        self.numbers: dict[int, int] = {n: rng.randint(1400, 1990) for n in self.members}  # the year of birth, founding, making
        of = {kind: [n for n in self.members if world.kind(n) == kind] for kind in SLOTS}
        for n in self.members:
            kind = world.kind(n)
            if kind == "person":
                self._relate(
                    n,
                    "born in",
                    "people",
                    rng.choice(of["place"]) if of["place"] and rng.random() < 0.6 else world.far(rng, "place"),
                )
                self._relate(n, "nation", "", world.nation(rng))
            elif kind == "work" and of["person"]:
                for person in rng.sample(of["person"], min(len(of["person"]), rng.choice((1, 1, 1, 2, 3)))):
                    self._relate(n, "authors", "works", person)
                self._relate(n, "set in", "settings", rng.choice(of["place"]) if rng.random() < 0.5 else world.far(rng, "place"))
                self._relate(
                    n,
                    "publisher",
                    "published",
                    rng.choice(of["organisation"]) if of["organisation"] else world.far(rng, "organisation"),
                )
            elif kind == "organisation" and of["person"]:
                for person in rng.sample(of["person"], min(len(of["person"]), rng.randint(2, 8))):
                    self._relate(n, "members", "member of", person)
                self._relate(n, "seat", "institutions", rng.choice(of["place"]) if of["place"] else world.far(rng, "place"))
            elif kind == "river":
                for place in rng.sample(of["place"], min(len(of["place"]), 4)):
                    self._relate(n, "flows through", "rivers", place)
                self._relate(n, "mouth", "", world.far(rng, "river"))
            elif kind == "place" and n != world.nation(Random(0)):
                self._relate(n, "country", "", world.nation(rng))
        people = of["person"]
        for a, b in zip(people[::4], people[1::4], strict=False):
            self._relate(a, "spouse", "spouse", b)

    def _relate(self, a: int, relation: str, inverse: str, b: int) -> None:
        if a != b and b < self.world.articles:
            self.facts[a].setdefault(relation, []).append(b)
            if inverse and b in self.facts:
                self.facts[b].setdefault(inverse, []).append(a)

    def link(self, number: int) -> str:
        title = self.world.title(number)
        draw = self.rng.random()
        if draw < 0.1 and " " in title and "(" not in title:
            return f"[[{title}|{title.rsplit(' ', 1)[1]}]]"
        if title.endswith(")"):
            return f"[[{title}|{title[: title.index(' (')]}]]"
        return f"[[{title}]]" if draw > 0.02 else f"[[{title}#Legacy|{title}]]"

    def links(self, numbers: list[int]) -> str:
        shown = [self.link(n) for n in numbers]
        return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]

    def article(self, number: int) -> Page:
        world, rng, facts = self.world, self.rng, self.facts[number]
        kind, title, year = world.kind(number), world.title(number), self.numbers[number]
        noun = {
            "person": JOBS[number % 12],
            "place": PLACES[number % 6],
            "work": WORKS[number % 8],
            "organisation": SOCIETIES[number % 8],
            "river": "river",
        }[kind]
        name = title.split(" (")[0]
        size = int(math.exp(rng.gauss(7.7, 0.9)))  # of wikitext; mean about 3,300 characters
        date = f"{rng.randint(1, 28)} {MONTHS[rng.randrange(12)]} {year}"
        native = ""
        if number % 7 == 0:
            language, word = world.foreign(number)
            native = f" ({{{{lang|{language}|{word}}}}})"
        lines: list[str] = []
        if rng.random() < 0.5:
            lines.append(self._infobox(kind, noun, name, date, facts, year))
        if number % 9 == 0:
            lines.append(f"[[File:{name}.jpg|thumb|right|220px|A view of {name} near {self.link(world.far(rng, 'place'))}]]")
        lines.append(self._lead(kind, noun, name, native, date, facts, year))
        told = self._told(kind, name, facts)
        sections = iter(("History", "Description", "Legacy", "Work", "Reception", "Later years", "Context", "Sources of the name"))
        length = sum(map(len, lines))
        while length < size or told:
            heading = next(sections, "")
            if heading:
                lines.append(f"\n== {heading} ==")
            paragraph = []
            for _ in range(rng.randint(3, 9)):
                if told:
                    paragraph.append(told.pop(0))
                elif rng.random() < 0.35:
                    paragraph.append(self._aside(name))
                else:
                    paragraph.append(world.filler[int(rng.random() * 6000)])
            lines.append(" ".join(paragraph))
            length += len(lines[-1]) + 20
        if number % 11 == 0:
            rows = "\n|-\n".join(
                f"| {rng.randint(1800, 2020)} || {self.link(world.far(rng, 'work'))} || {rng.randint(1, 900)}" for _ in range(8)
            )
            lines.append(f'{{| class="wikitable"\n! Year !! Title !! Number\n|-\n{rows}\n|}}')
        lines.append("\n== See also ==\n" + "\n".join(f"* {self.link(world.far(rng, kind))}" for _ in range(rng.randint(1, 4))))
        lines.append("\n== References ==\n{{reflist}}\n{{Navbox " + kind + "}}\n")
        lines.append(
            f"[[Category:{noun.capitalize()}s]]\n[[Category:{year} {'births' if kind == 'person' else 'establishments'}]]\n"
        )
        for n in facts.get("nation", []) + facts.get("country", []):
            lines.append(f"[[Category:{noun.capitalize()}s of {world.title(n)}]]\n")
        return Page(title, "\n".join(lines))

    def _infobox(self, kind: str, noun: str, name: str, date: str, facts: dict[str, list[int]], year: int) -> str:
        rng = self.rng
        box = {"person": "person", "place": "settlement", "work": noun, "organisation": "organization", "river": "river"}[kind]
        fields = {"name": name}
        if kind == "person":
            day = MONTHS.index(date.split()[1]) + 1
            fields |= {"birth_date": f"{{{{birth date|{year}|{day}|{date.split()[0]}}}}}", "occupation": noun.capitalize()}
        elif kind == "place":
            fields |= {
                "population": f"{rng.randint(90, 900_000):,}",
                "area_km2": f"{rng.randint(3, 900)}.{rng.randint(0, 9)}",
                "elevation": f"{{{{convert|{rng.randint(1, 2400)}|m|ft}}}}",
            }
        elif kind == "river":
            fields |= {"length": f"{{{{convert|{rng.randint(12, 1900)}|km|mi}}}}"}
        else:
            fields |= {"released" if kind == "work" else "founded": date}
        for relation, others in facts.items():
            if relation not in ("people", "settings", "published"):
                shown = [self.link(n) for n in others[:12]]
                joined = shown[0] if len(shown) == 1 else "{{plainlist|\n" + "\n".join(f"* {s}" for s in shown) + "\n}}"
                fields[relation.replace(" ", "_")] = joined
        return f"{{{{Infobox {box}\n" + "\n".join(f"| {key} = {value}" for key, value in fields.items()) + "\n}}"

    def _lead(self, kind: str, noun: str, name: str, native: str, date: str, facts: dict[str, list[int]], year: int) -> str:
        article = "an" if noun[0] in "aeiou" else "a"
        where = facts.get("country") or facts.get("seat") or facts.get("nation")
        if kind == "person":
            born = f", born in {self.link(facts['born in'][0])}" if "born in" in facts else ""
            return f"'''{name}'''{native} (born {date}) was {article} {noun} from {self.links(where or [SLOTS['place'][0]])}{born}."
        if kind == "work":
            by = f" by {self.links(facts['authors'])}" if "authors" in facts else ""
            return f"'''''{name}'''''{native} is {article} {noun}{by}, first shown in {year}."
        if kind == "organisation":
            return f"The '''{name}'''{native} is {article} {noun} in {self.links(where or [SLOTS['place'][0]])}, founded on {date}."
        if kind == "river":
            through = f" that flows through {self.links(facts['flows through'])}" if "flows through" in facts else ""
            return f"The '''{name}'''{native} is a river{through}."
        return f"'''{name}'''{native} is {article} {noun} in {self.links(where or [SLOTS['place'][0]])}, first recorded in {year}."

    def _told(self, kind: str, name: str, facts: dict[str, list[int]]) -> list[str]:
        """What the relations are in prose, on both sides of each."""
        told = {
            "works": "{name} is known for {links}.",
            "authors": "The {kind} was written by {links}.",
            "member of": "{name} was a member of {links}.",
            "members": "Its members have been {links}.",
            "spouse": "{name} married {links}.",
            "set in": "The story is set in {links}.",
            "publisher": "It was brought out by {links}.",
            "published": "It has brought out {links}.",
            "people": "{links} were born here.",
            "settings": "{links} are set here.",
            "institutions": "It is the seat of the {links}.",
            "rivers": "It lies on the {links}.",
            "mouth": "It joins the {links}.",
        }
        return [told[r].format(name=name, kind=kind, links=self.links(ns)) for r, ns in facts.items() if r in told]

    def _aside(self, name: str) -> str:
        world, rng = self.world, self.rng
        draw = rng.random()
        if draw < 0.08:  # a red link
            return f"A note by [[{syllables(rng.randrange(10**9, 10**10))} {syllables(rng.randrange(10**6))}]] speaks of {name}."
        if draw < 0.55:
            a, b = world.far(rng, "person"), world.far(rng, "place")
            return f"In {rng.randint(1500, 2000)} {self.link(a)} came to {self.link(b)} and wrote of {name}."
        if draw < 0.8:
            word = world.words[int(rng.random() * 3000)]
            return f"The {word} of {self.link(world.far(rng, 'place'))} is {rng.randint(2, 900)} years older."
        if draw < 0.9:  # a name without a link
            return f"It is often named together with {world.title(world.far(rng, 'work')).split(' (')[0]}."
        keeper = self.link(world.far(rng, "organisation"))
        return f"{keeper} keeps {rng.randint(2, 4000):,} letters about it, {self.link(world.far(rng, 'person'))}'s among them."

    def pages(self) -> Iterator[Page]:
        """All pages of the block, in a mixed order: articles, twice as many redirects, a few of other kinds and namespaces."""
        world, rng = self.world, self.rng
        pages: list[Page] = [self.article(n) for n in self.members]
        for n in self.members:
            title = world.title(n)
            base = title.split(" (")[0]
            _, word = world.foreign(n)
            forms = {word: title, base.upper() if n % 5 == 0 else f"{base} {2 + n % 3}": title}
            if n % 50 == 1:  # to a section, a chain, a loop, and nowhere
                forms[f"{word}-{n}"] = f"{title}#History"
                forms[f"Former {base}"] = word
                forms[f"Loop {n}"], forms[f"Knot {n}"] = f"Knot {n}", f"Loop {n}"
                forms[f"Lost {n}"] = f"Nothing {n}"
            pages += [Page(form, f"#REDIRECT [[{target}]]", 0, target.split("#")[0]) for form, target in forms.items()]
        people = [n for n in self.members if world.kind(n) == "person"]
        if people:
            shown = "\n".join(f"* {self.link(n)}, {JOBS[n % 12]}" for n in people)
            pages.append(Page(f"List of people of block {self.index}", f"This is a list of people.\n\n{shown}\n"))
            surname = world.title(people[0]).rsplit(" ", 1)[1]
            some = "\n".join(f"* [[{world.title(n)}]]" for n in people[:5])
            pages.append(Page(f"{surname} (disambiguation)", f"'''{surname}''' may refer to:\n{some}\n{{{{disambiguation}}}}"))
        pages.append(Page(f"Category:Block {self.index}", "Pages of a block.", 14))
        pages.append(
            Page(
                f"Template:Navbox {self.index}",
                "{{navbox|list1=" + " ".join(f"[[{world.title(n)}]]" for n in self.members[:9]) + "}}",
                10,
            )
        )
        rng.shuffle(pages)
        return iter(pages)


HEAD = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n  <siteinfo>\n'
    "    <sitename>Forged Wiki</sitename>\n    <dbname>forgedwiki</dbname>\n    <generator>MediaWiki 1.43.0</generator>\n"
    '    <case>first-letter</case>\n    <namespaces>\n      <namespace key="0" case="first-letter" />\n'
    '      <namespace key="6" case="first-letter">File</namespace>\n      <namespace key="10" case="first-letter">'
    "Template</namespace>\n"
    '      <namespace key="14" case="first-letter">Category</namespace>\n    </namespaces>\n  </siteinfo>\n'
)
TAIL = "</mediawiki>\n"


def block_xml(index: int, world: World) -> bytes:
    parts = []
    for n, page in enumerate(Block(world, index).pages()):
        number = index * BLOCK * 5 + n + 1
        target = escape(page.redirect, {'"': "&quot;"})
        redirect = f'\n    <redirect title="{target}" />' if page.redirect else ""
        text = escape(page.text)
        parts.append(
            f"  <page>\n    <title>{escape(page.title)}</title>\n    <ns>{page.ns}</ns>\n    <id>{number}</id>{redirect}\n"
            "    <revision>\n"
            f"      <id>{number + 10**6}</id>\n      <parentid>{number}</parentid>\n"
            f"      <timestamp>2026-01-{1 + n % 28:02}T10:00:00Z</timestamp>\n"
            f"      <contributor>\n        <username>Forger</username>\n        <id>7</id>\n      </contributor>\n"
            "      <comment>made</comment>\n"
            f"      <model>wikitext</model>\n      <format>text/x-wiki</format>\n      "
            f'<text bytes="{len(text)}" xml:space="preserve">{text}</text>\n    </revision>\n  </page>\n'
        )
    return "".join(parts).encode()


def _packed(index: int, world: World, pack: Callable[[bytes], bytes]) -> bytes:
    return pack(block_xml(index, world))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".bz2": bz2.compress,
    ".gz": partial(gzip.compress, mtime=0),
    ".xz": partial(lzma.compress, preset=1),
    ".zst": lambda data: zstandard.ZstdCompressor(level=3).compress(data),
}


def forge(articles: int, out: Path, seed: int = 1, workers: int = 1) -> None:
    """Write the dump of a world of so many articles; the ending of `out` says how it is packed."""
    pack = PACKERS.get(out.suffix, bytes)
    world = World(articles, seed)
    with out.open("wb") as file:
        file.write(pack(HEAD.encode()))
        blocks = range(-(-articles // BLOCK))
        for data in map_ordered(partial(_packed, world=world, pack=pack), blocks, workers=workers):
            file.write(data)
        file.write(pack(TAIL.encode()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("articles", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=cpu_count())
    asked = parser.parse_args()
    if asked.articles < 1:
        sys.exit("forge: ARTICLES must be 1 or more")
    forge(asked.articles, asked.out, asked.seed, asked.workers)
    print(f"{asked.articles:,} articles in {asked.out}, {asked.out.stat().st_size / 1e6:,.1f} MB")


if __name__ == "__main__":
    main()
