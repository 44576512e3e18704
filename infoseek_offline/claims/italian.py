"""Claims from Italian sentences: "Nacque a [[Roma]]" says that the page was born in Rome.

`extract` reads one sentence and is pure. The page must be the subject: by its name, by its kind ("il fiume"), or left out, as
Italian leaves it, behind a sentence about it; or a linked page is, with the page as the object. The verb stands right behind the
subject, but for a time or an adverb, and the link right behind the verb's preposition, but for a noun that it belongs to
("dall'architetto [[X]]"). Whatever is doubtful gives nothing. The words are in sentences_it.toml; the wordings are English, as in
all claims.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from infoseek_offline.claims.links import is_named, stated_claim, text_links
from infoseek_offline.corpus.entities import base_title, is_italian_person
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim

LINK, PAGE = "\ue000", "\ue001"  # stand for a link (with a character for its number) and for the page's name
_NUMBER = 0xE100
MAX_LINKS = 100  # in a sentence that is read
CONFIDENCE = {"name": 0.9, "left out": 0.8}

_MONTH = "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"
_WHEN = rf"(?:(?:\d{{1,2}}º? )?(?:{_MONTH})(?: (?:del )?\d{{3,4}})?|\d{{3,4}}(?: [ad]\.C\.)?|[IVXL]+ secolo(?: [ad]\.C\.)?)"
_TIME = (
    rf"(?:(?:nel|nell'|dal|dall'|il|l'|verso il|intorno al|attorno al|entro il|tra il|fra il|a partire dal|all'inizio del|"
    rf"alla fine del|nel corso del|fino al|sin dal|nel mese di) ?{_WHEN}(?: (?:e|e il|e l'|al|all') ?{_WHEN})?|in {_WHEN})"
)
_ADVERB = (
    "anche|poi|inoltre|successivamente|infine|oggi|attualmente|ufficialmente|originariamente|inizialmente|interamente|principalmente|"
    "in seguito|in origine|subito|prima|nuovamente|ancora|stat[oa]|stat[ei]|definitivamente|rispettivamente"
)
_FILL = rf"(?:,? ?(?:{_TIME}|{_ADVERB})\b,?)*"
_AUXILIARY = re.compile(r"(?:(?:è|fu|venne|era|viene|è stat[oa]|sono|furono|sono stat[ie]|ha|aveva|hanno) )?")
_PREPOSITIONS = {
    "di": r"di |d'|del |dello |della |dell'|dei |degli |delle ", "a": r"a |ad |al |allo |alla |all'|ai |agli |alle ",
    "da": r"da |dal |dallo |dalla |dall'|dai |dagli |dalle ", "in": r"in |nel |nello |nella |nell'|nei |negli |nelle ",
    "su": r"su |sul |sullo |sulla |sull'|sui |sugli |sulle ", "con": r"con (?:il |lo |la |l'|i |gli |le )?|col |coi ",
    "per": r"per (?:il |lo |la |l'|i |gli |le )?", "presso": r"presso (?:il |lo |la |l'|i |gli |le )?",
    "attraverso": r"attraverso (?:il |lo |la |l'|i |gli |le )?", "-": r"(?:il |lo |la |l'|i |gli |le |un |uno |una |un')?",
}  # fmt: skip
_STOP = frozenset(
    (
        "di del dello della dei degli delle a al allo alla ai agli alle da dal dallo dalla dai dagli dalle in nel nello nella "
        "nei negli nelle su sul sulla sui sulle con per tra fra e ed o ma che cui dove non come se quando mentre il lo la i "
        "gli le un uno una padre madre figlio figlia fratello sorella moglie marito nipote zio famiglia suo sua suoi sue loro "
        "proprio propria stesso stessa altro altra vicino lontano oltre sotto sopra dopo prima circa quasi provincia"
    ).split()
)
_NOUNS = r"((?:[a-zàèéìòù]+ |[a-zàèéìòù]+'){0,3}?)"
_PLACE = r"(?:(?:città|comune|paese|villaggio|borgo|frazione|quartiere|località|isola|stato|territorio|centro) (?:di |d'))?"
_OBJECT = rf"(?P<object>{LINK}.|{PAGE})"
_GENERIC = re.compile(r" (?:di|del|dello|della|dei|degli|delle|d'|dell')(?= ?[A-ZÀ-Ý\ue000])| ?['’-]\w|\w")
_DOUBT = re.compile(
    r"(?i)\b(?:non|né|mai|forse|probabilmente|presumibilmente|presunt[oa]|secondo (?:alcun|un|la|il|altr|quanto)|sarebbe|avrebbe|"
    r"potrebbe|dovrebbe|attribuit[oa]|leggenda|ipotesi|immaginari[oa]|fittizi[oa]|invece|senza|falsamente|candidat[oa]|rischiò|tentò|cercò|rifiutò)\b|\?"
)
_COPULA = re.compile(r"(?:è stat[oa](?: anche)?|è anche|è|fu|era|sono|furono|erano) (?:il |lo |la |l'|un |uno |una |un')?")
_STEP = re.compile(
    rf"(?:di [\d.]+ abitanti|del(?:l')? ?{_WHEN}|composto da \d+ \w+|[a-zàèéìòù]+),? |\([^()]*\),? |, |e |{_TIME},? "
)
_BRACKETS = re.compile(r" ?\([^()]*\)")
_NEXT = re.compile(r",? (?:e|ed|quindi|poi|mentre) |, |; ")
_OTHERS = re.compile(r"\b(?:che|cui|suo|sua|quale|dove)\b|(?:ò|ì|arono|irono|ette|ava|eva|iva|avano|evano|ivano|isse|ese|ose)\b")
MAX_SKIPPED = 60  # characters between two verbs of one subject
MAX_STEPS = 12  # words behind "è un"


@dataclass(frozen=True)
class Subject:
    """What a page is called in its own sentences. `left_out`: a verb without a subject is about it here."""

    names: tuple[str, ...]
    nouns: tuple[str, ...] = ()
    person: bool = False
    left_out: bool = False


@dataclass(frozen=True)
class Extraction:
    link_index: int
    wording: str
    basis: str  # "name" or "left out"


@dataclass(frozen=True)
class _Way:
    wording: str
    pattern: re.Pattern[str]  # from the verb or noun on
    noun: bool
    swapped: bool


@cache
def table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "sentences_it.toml").read_text(encoding="utf-8"))


@cache
def _ways() -> dict[str, list[_Way]]:
    """By the first word."""
    found: dict[str, list[_Way]] = {}
    for part in ("verbs", "nouns"):
        for wording, ways in table()[part].items():
            for way in ways:
                swapped = way.startswith("< ")
                words, _, leads = way.removeprefix("< ").rpartition(" ")
                said = re.escape(words).replace(r"\ ", " ").replace("@", "[oaie]")
                prepositions = "|".join(_PREPOSITIONS[lead] for lead in leads.split("|"))
                between = r"(?: [a-zàèéìòù]+){0,2}?(?: di [\d.]+ abitanti)?" if part == "nouns" else ""
                pattern = re.compile(rf"{said}{between}{_FILL} (?:{prepositions}){_PLACE}{_NOUNS}{_OBJECT}")
                first = re.match(r"[a-zàèéìòù]+@?", words).group()  # type: ignore[union-attr]
                for ending in "oaie" if "@" in first else "-":
                    found.setdefault(first.replace("@", ending), []).append(_Way(wording, pattern, part == "nouns", swapped))
    return found


def extract(sentence: str, links: Sequence[tuple[int, int]], subject: Subject, titles: Sequence[str] = ()) -> list[Extraction]:
    """At most one extraction for each link, in the order of the links. `titles` are those of the linked pages."""
    found: dict[int, tuple[str, str]] = {}
    text = _masked(sentence, links, subject) if len(links) <= MAX_LINKS else ""
    if text and not _DOUBT.search(text):
        _Reading(text, subject, [title.casefold() for title in titles], found).read()
    return [Extraction(link, *said) for link, said in sorted(found.items())]


def about(sentence: str, links: Sequence[tuple[int, int]], subject: Subject) -> bool:
    """Whether the page is the subject of the sentence's main clause."""
    return _Reading(_masked(sentence, links, subject), subject, [], {}).start()[0] >= 0


def _masked(sentence: str, links: Sequence[tuple[int, int]], subject: Subject) -> str:
    """The sentence with marks for its links (but those of dates) and for the page's names."""
    pieces, at = [], 0
    names = [name for name in sorted(subject.names, key=len, reverse=True) if name]
    own = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)") if names else None

    def plain(text: str) -> str:
        text = text.replace("’", "'")
        return own.sub(PAGE, text) if own else text

    for number, (low, high) in enumerate(links):
        anchor = sentence[low:high]
        if low < at or re.fullmatch(rf"{_WHEN}|\d+", anchor):
            continue
        pieces += [plain(sentence[at:low]), LINK, chr(_NUMBER + number)]
        at = high
    return "".join([*pieces, plain(sentence[at:])])


class _Reading:
    def __init__(self, text: str, subject: Subject, titles: list[str], found: dict[int, tuple[str, str]]) -> None:
        self.text, self.subject, self.titles, self.found = text, subject, titles, found

    def start(self) -> tuple[int, str]:
        """Where the verb of the page begins, and how the page is named; -1 where the page is not the subject."""
        text = self.text
        opening = re.compile(rf"(?:{_TIME},? )?", re.IGNORECASE).match(text)
        at = opening.end() if opening else 0
        named = re.compile(rf"(?:(?:[Ii]l|[Ll]o|[Ll]a|[Ll]'|I|i|[Gg]li|[Ll]e) ?)?{PAGE}").match(text, at)
        if named is None and self.subject.nouns:
            nouns = "|".join(map(re.escape, self.subject.nouns))
            named = re.compile(rf"(?:[Ii]l |[Ll]o |[Ll]a |[Ll]'|[Qq]uest[oa] |[Qq]uest')(?:{nouns})(?= [a-zàèéìòù])").match(
                text, at
            )
        if named is not None:
            end = named.end()
            while brackets := _BRACKETS.match(text, end):
                self.birthplace(brackets)
                end = brackets.end()
            comma = re.compile(
                r", (?:detto|detta|not[oa] come|soprannominat[oa]|o anche|chiamat[oa]|nome|in \w+|comunemente)\b[^,]{1,60},"
            ).match(text, end)
            end = comma.end() if comma else end
            return (end + 1, "name") if text[end : end + 1] == " " else (end, "name") if text[end : end + 2] == ", " else (-1, "")
        return (at, "left out") if self.subject.left_out and self.verb_at(at) else (-1, "")

    def verb_at(self, at: int) -> bool:
        return bool(self.ways_at(at)) or _COPULA.match(self.lower(at), at) is not None or bool(self.auxiliary(at))

    def lower(self, at: int) -> str:
        """The text with a small letter at the place where a sentence may begin."""
        return self.text[:at] + self.text[at : at + 1].lower() + self.text[at + 1 :]

    def auxiliary(self, at: int) -> int:
        found = re.compile(rf"{_AUXILIARY.pattern}{_FILL} ?").match(self.lower(at), at)
        return found.end() if found else at

    def ways_at(self, at: int) -> list[tuple[_Way, int]]:
        """What may be read from here on, with the place where its verb begins."""
        text = self.lower(at)
        places = {at, self.auxiliary(at)} | ({m.end()} if (m := re.compile(rf"{_FILL},? ?").match(text, at)) else set())
        found = []
        for place in sorted(places):
            word = re.compile(r"[a-zàèéìòù]+").match(text, place)
            found += [(way, place) for way in _ways().get(word.group(), ())] if word else []
        return found

    def read(self) -> None:
        at, basis = self.start()
        if at >= 0:
            self.clauses(at, basis)
        self.owned()
        self.reversed()

    def clauses(self, at: int, basis: str) -> None:
        """The verbs of one subject, one behind the other."""
        while 0 <= at < len(self.text):
            copula = _COPULA.match(self.lower(at), at)
            end = self.one(at, basis, copula=False)
            if end < 0 and copula:
                end = self.kind(copula.end(), basis)
            if end < 0:
                return
            at = self.next_verb(end)

    def one(self, at: int, basis: str, copula: bool) -> int:
        """Reads one verb phrase; where it ends, -1 for none."""
        text = self.lower(at)
        for way, place in self.ways_at(at):
            if way.noun and not copula:
                continue
            match = way.pattern.match(text, place)
            if match is None or not self.fits(way, match):
                continue
            self.add(match, way, basis)
            end = match.end()
            while more := re.compile(rf"(?:,| e| ed) (?:{'|'.join(_PREPOSITIONS.values())})?{_OBJECT}(?=[,.;]| ed? |$)").match(
                text, end
            ):
                if not self.fits(way, more):
                    break
                self.add(more, way, basis)
                end = more.end()
            if self.text[end : end + 5] in (" per ", " su p", " su d"):  # "dall'architetto X per volere di Y"
                return max(end, self.one(end + 1, basis, copula=False))
            return end
        return -1

    def kind(self, at: int, basis: str) -> int:
        """What stands behind "è un": nouns with their prepositions, participles."""
        end = -1
        for _ in range(MAX_STEPS):
            got = self.one(at, basis, copula=True)
            if got >= 0:
                end = at = got
                joint = re.compile(r"(?:,? ed?)? |, ").match(self.text, at)
                if joint is None:
                    return end
                at = joint.end()
                continue
            step = _STEP.match(self.text, at)
            word = step.group().strip(" ,") if step else ""
            joins = step is not None and (step.group() in ("e ", ", ") or (word == "che" and bool(self.ways_at(step.end()))))
            if step is None or (word in _STOP and not joins):
                return end if end >= 0 else at
            at = step.end()
        return end

    def next_verb(self, end: int) -> int:
        """The next verb of the same subject, behind "e" or a comma; -1 for none."""
        for joint in _NEXT.finditer(self.text, end, min(len(self.text), end + MAX_SKIPPED + 8)):
            skipped = self.text[end : joint.start()]
            if len(skipped) > MAX_SKIPPED or _OTHERS.search(skipped) or "," in skipped or LINK in skipped:
                return -1
            if self.ways_at(joint.end()):
                return joint.end()
        return -1

    def fits(self, way: _Way, match: re.Match[str]) -> bool:
        """Whether nothing speaks against the reading."""
        groups = match.groupdict()
        between = (match.group(1) if match.re is way.pattern else "") or ""
        if any(word in _STOP for word in re.findall(r"\w+", between)) or _GENERIC.match(self.text, match.end()):
            return False
        if way.wording in table()["person"]["wordings"] and not self.subject.person and not way.swapped:
            return False
        if (kinds := table()["kinds"].get(way.wording)) and not re.search(rf"\b(?:{kinds})\b", " ".join(self.subject.nouns)):
            return False
        needs = table()["needs"].get(way.wording)
        object_ = groups["object"]
        if needs and object_ != PAGE and self.titles:
            return re.search(needs, self.titles[ord(object_[1]) - _NUMBER]) is not None
        return True

    def add(self, match: re.Match[str], way: _Way, basis: str) -> None:
        object_ = match["object"]
        if object_ == PAGE:
            return
        wording = _swap(way.wording) if way.swapped else way.wording
        self.found.setdefault(ord(object_[1]) - _NUMBER, (wording, basis))

    def owned(self) -> None:
        """ "La capitale della Serenia è [[Valdoro]]", "Il suo capoluogo è [[Valdoro]]"."""
        for wording, nouns in table()["owned"].items():
            its = rf"(?:(?:[Ii]l|[Ll]a) su[oa] |[Ss]u[oa] )(?:{nouns})" if self.subject.left_out else r"(?!)"
            of = rf"(?:[Ii]l |[Ll]a |[Ll]')(?:{nouns}) (?:{_PREPOSITIONS['di']}){PAGE}"
            match = re.compile(rf"(?:{its}|{of}),? (?:è|fu|era) (?:{_PREPOSITIONS['-']}){_NOUNS}{_OBJECT}").match(self.text)
            if match and match["object"] != PAGE and not _GENERIC.match(self.text, match.end()):
                if not any(word in _STOP for word in re.findall(r"\w+", match.group(1))):
                    self.found.setdefault(
                        ord(match["object"][1]) - _NUMBER, (wording, "name" if PAGE in match.group() else "left out")
                    )

    def birthplace(self, brackets: re.Match[str]) -> None:
        """ "(Roma, 1 gennaio 1900 – Milano, 3 maggio 1980)"."""
        if not self.subject.person:
            return
        place = rf"({LINK}.)(?:, )(?:{_WHEN}|\d)"
        inside = re.compile(rf" ?\({place}[^–\-()]*(?:[–-] ?{place})?").match(brackets.group())
        for group, wording in ((1, "{s} was born in {o}"), (2, "{s} died in {o}")):
            if inside and inside.group(group):
                self.found.setdefault(ord(inside.group(group)[1]) - _NUMBER, (wording, "name"))

    def reversed(self) -> None:
        """A linked page as the subject, and the page as the object: "L'architetto [[X]] progettò la torre"."""
        nouns = "|".join(map(re.escape, self.subject.nouns))
        subject = re.compile(
            rf"(?:{_TIME},? )?(?:(?:[Ii]l |[Ll]o |[Ll]a |[Ll]'|[Uu]n )(?:[a-zàèéìòù]+ ){{0,3}})?({LINK}.)(?:{_BRACKETS.pattern})? ",
            re.IGNORECASE,
        )
        match = subject.match(self.text)
        if match is None or any(
            word in _STOP - {"il", "lo", "la", "un"} for word in re.findall(r"[a-zàèéìòù]+", match.group().lower())[1:]
        ):
            return
        text = re.sub(rf"(?<=[ '])(?:questa |questo |quest')(?:{nouns})\b", PAGE, self.text) if nouns else self.text
        for way, place in self.ways_at(match.end()):
            found = way.pattern.match(text, place) if not way.noun else None
            if found and found["object"] == PAGE and self.fits(replace(way, swapped=not way.swapped), found):
                wording = way.wording if way.swapped else _swap(way.wording)
                self.found.setdefault(ord(match.group(1)[1]) - _NUMBER, (wording, "name"))
                return


def _swap(wording: str) -> str:
    return wording.replace("{s}", "{}").replace("{o}", "{s}").replace("{}", "{o}")


def page_subject(corpus: Corpus, page: int) -> Subject:
    title = base_title(corpus.titles[page])
    person = is_italian_person(corpus.nouns[page], {fact.key for fact in corpus.facts(page)})
    names = {title, title.split(", ")[0]}
    words = title.split()
    if person and len(words) > 1 and len(words[-1]) > 2 and words[-1][:1].isupper():
        names.add(words[-1])
    nouns = {kind for kind in (corpus.nouns[page], *corpus.page(page).types) if kind.isalpha()}
    for kinds, others in table()["generic"].items():
        nouns |= set(others.split("|")) if not nouns.isdisjoint(kinds.split("|")) else set()
    if len(words) > 1 and words[0].lower() in nouns:
        names.add(" ".join(words[1:]))
    if not person:
        names |= {name[:1].lower() + name[1:] for name in names}  # "l'armonio"
    return Subject(tuple(sorted(n for n in names if len(n) > 1)), tuple(sorted(nouns)), person)


def italian_claims(corpus: Corpus, page: int) -> Iterator[Claim]:
    """The link claims of a page's running text, in reading order. A subject is left out only behind a sentence about the page in
    the same paragraph; of persons at its start as well."""
    record = corpus.page(page)
    text = record.text[: record.prose_end]
    subject = page_subject(corpus, page)
    links = text_links(corpus, page)
    sections = [section for section in corpus.sections(page) if section.evidence]
    anchored, last = False, -1
    for low, high in corpus.sentence_spans(page):
        if high > record.prose_end or not any(section.start <= low and high <= section.end for section in sections):
            continue
        if last < 0 or "\n" in text[last:low]:
            anchored = subject.person
        last = high
        inside = [link for link in links if low <= link.start and link.end <= high]
        spans = [(link.start - low, link.end - low) for link in inside]
        here = replace(subject, left_out=anchored)
        anchored = about(text[low:high], spans, here)
        for found in extract(text[low:high], spans, here, [corpus.titles[link.target] for link in inside]):
            link = inside[found.link_index]
            if is_named(corpus, page, link, text[link.start : link.end]):
                yield stated_claim(corpus, page, link, found.wording, CONFIDENCE[found.basis])
