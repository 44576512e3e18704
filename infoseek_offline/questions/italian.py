"""From a research tree to Italian questions: "Qual è il fiume che attraversa Torino e sfocia nel mare in cui …?"

The relations are the wordings of the claims, said by italian.toml; what it does not say is not offered (`sayable`). Named pages
take the article that the wiki's own links show. Clauses with a verb of the described page stand first, then relatives; long
descriptions get a sentence of their own, as in English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache

from infoseek_offline.corpus.entities import base_title, is_italian_person
from infoseek_offline.corpus.kinds import italian_singulars
from infoseek_offline.corpus.store import LINK_KINDS, Corpus
from infoseek_offline.questions.italian_grammar import (
    Gender,
    Phrase,
    agree,
    definite,
    elided,
    gender,
    indefinite,
    shown_article,
    table,
    this,
)
from infoseek_offline.questions.style import LONG_QUESTION, OPENINGS, Style, Wording, digest, set_apart, styles
from infoseek_offline.records import Constraint, LinkKind, ResearchTree, Vertex

CONNECTED = "{s} is connected with {o}"
NO_KIND = "voce"  # the noun of a page whose kind is not known
_RELATIVE = re.compile(r"(?:(?:in|di|a|da|su|con|per|tra|presso|attorno a) cui|(?:tra )?(?:il|la|i|le|lo|gli) cui) ")
_AREAS = frozenset("stato paese nazione regione continente isola provincia contea dipartimento cantone regno repubblica".split())
_TOWNS = frozenset("comune città capoluogo frazione villaggio borgo cittadina capitale quartiere".split())
_RANGE = re.compile(r"between ([−-]?[\d,.]+)( million| billion|) and ([−-]?[\d,.]+)( million| billion|)(.*)")
_SAMPLE = 60
_COMMON = 2  # times that a page's own text writes its name small
# Kinds of persons that are of both genders, and what shows the gender of one.
_BOTH = re.compile(r"(?:ista|ante|ente|iatra|cida|nauta|atleta|pilota|militare|interprete|giudice|preside|artefice)$")
_PARTICIPLE = re.compile(r"\b(?:nat|mort|not|stat|figli|sposat|sepolt|attiv)([ao])\b")
_OPENING = 1500  # characters
_ALIKE = re.compile(
    r"(è (?:legat|associat|not|dedicat|gemellat|stat[oa] assegnat)[oa]|confina|fa parte|ha tra i suoi affluenti|attraversa|"
    r"possiede|ha (?:giocato|ricevuto|studiato|insegnato|lavorato|collaborato|combattuto|vinto|scritto|diretto|composto|progettato|"
    r"costruito|fondato|creato|scoperto|voluto|fatto parte|avuto tra gli allievi)) "
)
_INSIDE = re.compile(r"\b(?:che|cui)\b")


def sayable(wording: str) -> bool:
    """Whether a claim of that wording ({v} or {s}, and {o}) can be put into an Italian question."""
    said = wording.replace("{v}", "{s}")
    relations = table()["relations"]
    return said in relations or _swapped(said) in relations or said in table()["values"] or said == "{s} is one of the {o}"


def _swapped(wording: str) -> str:
    return wording.replace("{s}", "{}").replace("{o}", "{s}").replace("{}", "{o}")


class ItalianRealiser:
    """As `Realiser`, for Italian wikis."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.name = lru_cache(maxsize=65536)(self._name)

    def realise(self, tree: ResearchTree) -> Wording:
        """Raises ValueError for a constraint whose wording italian.toml does not say."""
        return next(self.phrasings(tree))

    def phrasings(self, tree: ResearchTree) -> Iterator[Wording]:
        seen: set[str] = set()
        first = digest(tree) % OPENINGS
        whole = self._tell(tree, Style(first, apart=tree.joined))
        apart = set_apart(tree, whole.clues)
        for style in styles(first, apart, len(whole.question.split()) > LONG_QUESTION, tree.joined):
            wording = self._tell(tree, style)
            if wording.question not in seen:
                seen.add(wording.question)
                yield wording

    def _tell(self, tree: ResearchTree, style: Style) -> Wording:
        clues: dict[str, str] = {}
        before = []
        for name in style.apart:
            vertex = tree.vertex(name)
            told = self._described(tree, vertex, style, clues, indefinite)
            before.append(f"C'è {told}.")
        root = tree.root
        noun, predicates, relatives = self._clauses(tree, root, style, clues)
        if noun == NO_KIND:
            thing = f"che cosa {_listed(predicates)}" if not relatives else f"che cos'è ciò {_told(predicates, relatives)}"
            asked = f"Sapresti dire {thing}?" if style.opening == 3 else f"{thing[0].upper()}{thing[1:]}?"
        elif predicates and not relatives and style.opening in (0, 1):
            asked = f"Quale {noun} {_listed(predicates)}?"
        else:
            kind = self._gender(root)
            what = str(Phrase(definite(noun, kind), f"{noun} {_told(predicates, relatives)}".strip(), kind))
            lead = "Chi è" if self._is_person(root.page) else "Qual è"
            asked = f"{lead} {what}?" if style.opening != 3 else f"Sapresti dire {lead.lower()} {what}?"
        return Wording(" ".join([*before, asked]), clues)

    def _described(
        self, tree: ResearchTree, vertex: Vertex, style: Style, clues: dict[str, str], article: Callable[[str, Gender], str]
    ) -> Phrase:
        noun, predicates, relatives = self._clauses(tree, vertex, style, clues)
        kind = self._gender(vertex)
        if noun == NO_KIND and vertex.id not in style.apart:
            return Phrase("", f"ciò {_told(predicates, relatives)}", "m")
        return Phrase(article(noun, kind), f"{noun} {_told(predicates, relatives)}".strip(), kind)

    # Clauses

    def _clauses(
        self, tree: ResearchTree, vertex: Vertex, style: Style, clues: dict[str, str]
    ) -> tuple[str, list[str], list[str]]:
        """The noun (with a category of that very kind: "fiume della Lombardia"), predicates and relatives, the short ones first."""
        noun = _noun(vertex)
        said: list[tuple[bool, int, str, str]] = []
        for c in vertex.constraints:
            if c.kind == "type":
                clues[c.id] = _noun(vertex)
                continue
            if c.kind == "category" and noun == _noun(vertex):
                first, _, rest = c.value.partition(" ")
                if noun in italian_singulars(first):
                    noun = clues[c.id] = f"{noun} {rest}"
                    continue
            words = self._clause(tree, vertex, c, style, clues)
            if words in {before for *_, before in said}:  # a value that is a page as well
                clues[c.id] = words
                continue
            nested = bool(c.other) and tree.vertex(c.other).role == "inner" and c.other not in style.apart
            said.append((nested, len(words.split()), c.id, words))
            clues[c.id] = words
        said.sort(key=lambda s: (s[0], -s[1] if style.backward else s[1], s[2]))
        told: list[str] = []
        heads: dict[str, list[tuple[str, str]]] = {}  # what is said alike is said once: "è legato al boro e all'elemento che …"
        for _, _, name, words in said:
            alike = _ALIKE.match(words)
            key = alike[1] if alike else words
            if not alike or any(_INSIDE.search(before) for _, before in heads.get(key, ())):
                told.append(words)  # what stands behind a description would hang on it
                continue
            heads.setdefault(key, []).append((name, words.removeprefix(key).strip()))
            if len(heads[key]) > 1:
                told.remove(clues[heads[key][0][0]])
            whole = f"{key} {_listed([rest for _, rest in heads[key]])}".strip()
            told.append(whole)
            clues.update((one, whole) for one, _ in heads[key])
        return noun, [w for w in told if not _RELATIVE.match(w)], [w for w in told if _RELATIVE.match(w)]

    def _clause(self, tree: ResearchTree, vertex: Vertex, c: Constraint, style: Style, clues: dict[str, str]) -> str:
        said, relations = c.wording.replace("{v}", "{s}"), table()["relations"]
        if c.kind == "interval":
            if said not in table()["values"]:
                raise ValueError(f"no clause for {c.wording!r}")
            return agree(table()["values"][said], self._agreeing(vertex, style), False).replace("{n}", _range(c))
        if c.kind == "category":
            first, _, rest = c.value.partition(" ")
            return f"è {'una' if first.endswith('e') else 'uno'} {'delle' if first.endswith('e') else 'dei'} {first.lower()} {rest}"
        if said in relations:
            pattern = relations[said][0]
        elif _swapped(said) in relations:
            pattern = relations[_swapped(said)][1]
        else:
            raise ValueError(f"no clause for {c.wording!r}")
        if said == CONNECTED and (vertex.depth + style.opening) % 2:
            pattern = pattern.replace("legat@", "associat@")
        other = self._other(tree, c, style, clues)
        of_other = _RELATIVE.match(pattern) is not None and "cui è il" not in pattern
        plain = agree(pattern, other.gender if of_other else self._agreeing(vertex, style), other.plural if of_other else False)
        return re.sub(r"\{(\w+)\}", lambda m: other.said(m[1]), plain)

    def _other(self, tree: ResearchTree, c: Constraint, style: Style, clues: dict[str, str]) -> Phrase:
        if not c.other:
            page = self.corpus.resolve(c.value)
            return self.name(page) if page is not None and base_title(self.corpus.titles[page]) == c.value else Phrase("", c.value)
        beneath = tree.vertex(c.other)
        if beneath.role == "leaf":
            return self.name(beneath.page)
        if beneath.id in style.apart:
            return this(_noun(beneath), self._gender(beneath))
        return self._described(tree, beneath, style, clues, definite if beneath.role == "inner" else indefinite)

    # Names

    def _gender(self, vertex: Vertex) -> Gender:
        return self._gender_of(vertex.page, _noun(vertex))

    def _agreeing(self, vertex: Vertex, style: Style) -> Gender:
        """What is said of the vertex agrees with it, or with "che cosa", "ciò" where its kind is not known."""
        return "m" if _noun(vertex) == NO_KIND and vertex.id not in style.apart else self._gender(vertex)

    def _gender_of(self, page: int, noun: str) -> Gender:
        """A person's by the infobox, or where the kind is of both, by the participles of the page's beginning; else the noun's."""
        for fact in self.corpus.facts(page):
            if fact.key == "sesso" and fact.value.strip().upper() in ("M", "F"):
                return "f" if fact.value.strip().upper() == "F" else "m"
        if _BOTH.search(noun) and self._is_person(page):
            found = Counter(m[1] for m in _PARTICIPLE.finditer(self.corpus.page(page).text[:_OPENING]))
            return "f" if found["a"] > found["o"] else "m"
        return gender(noun)

    def _is_person(self, page: int) -> bool:
        return is_italian_person(self.corpus.nouns[page], {fact.key for fact in self.corpus.facts(page)})

    def _name(self, page: int) -> Phrase:
        """With the article that most links in prose have before them; by its first word or its kind where none shows it."""
        base, noun = base_title(self.corpus.titles[page]), self.corpus.nouns[page]
        area = True if noun in _AREAS else False if noun in _TOWNS else None
        anchors, articles = self._shown(page, base)
        low = base[:1].lower() + base[1:]
        text = low if sum(n for anchor, n in anchors.items() if anchor[:1].islower()) * 2 > anchors.total() > 0 else base
        article = articles.most_common(1)[0][0] if articles else ""
        if article and articles[article] * 2 <= anchors.total():
            article = ""
        first = base.split()[0].lower()
        if not article and text == low != base:
            article = definite(low, gender(low.split()[0]))  # "cloro" is "il cloro" behind a preposition
        common = base[1:].islower() and len(re.findall(rf"\b{re.escape(low)}\b", self.corpus.page(page).text)) >= _COMMON
        if not anchors and not article and common and not self._is_person(page):
            article, text = definite(low, gender(low.split()[0])), low  # "all'adulto": its own text writes it small
        if not anchors and (opening := _opening(base, self.corpus.page(page).text[:160])):
            article, text = opening
        elif not anchors and not self._is_person(page):
            if first in _HEADS:
                article = definite(base, gender(first))
            elif noun in ("stato", "fiume", "nazione") and " " not in base:
                article = definite(base, "m" if noun == "fiume" else gender(base))
        article = elided(article, text)
        by_article: Gender | None = "f" if article in ("la", "le") else "m" if article in ("il", "lo", "i", "gli") else None
        return Phrase(article, text, by_article or self._gender_of(page, noun or base), article in ("i", "gli", "le"), area)

    def _shown(self, page: int, base: str) -> tuple[Counter[str], Counter[str]]:
        """How links in prose show the page: its name as written, and the definite article before it, where there is one."""
        corpus, prose = self.corpus, LINK_KINDS.index(LinkKind.PROSE)
        anchors: Counter[str] = Counter()
        articles: Counter[str] = Counter()
        for source in corpus.neighbours(page)[:_SAMPLE].tolist():
            low, high = int(corpus.link_ptr[source]), int(corpus.link_ptr[source + 1])
            for row, kind in zip(corpus.link[low:high].tolist(), corpus.link_kind[low:high], strict=True):
                if row[0] != page or kind != prose or row[1] < 0:
                    continue
                text = corpus.page(source).text
                anchor, before = text[row[1] : row[2]], text[max(0, row[1] - 8) : row[1]]
                if anchor.casefold() != base.casefold() or re.search(r"(?:^|[.!?:]\s|\n)$", before):
                    continue
                anchors[anchor] += 1
                if re.search(r"\b[Ii]n $", before):
                    anchors[anchor] -= 1  # "in Italia" shows nothing
                elif article := shown_article(before):
                    articles[article] += 1
        return +anchors, articles


def _opening(base: str, text: str) -> tuple[str, str] | None:
    """The article and the name as the page's own first words show them: "L'astato è …" gives ("l'", "astato")."""
    found = re.search(rf"(?i)(?:^|[\s(])(?P<article>il |lo |la |i |gli |le |l['’])(?P<name>{re.escape(base)})\b", text)
    if found is None:
        return None
    article = found["article"].strip().lower().replace("’", "'")
    return article, found["name"]


_HEADS = frozenset(
    "lago monte isola università battaglia regno repubblica impero mar mare oceano fiume museo accademia osservatorio ponte "
    "guerra provincia torre castello chiesa cattedrale basilica palazzo teatro stadio aeroporto partito arcipelago golfo "
    "stretto lega".split()
)


def _noun(vertex: Vertex) -> str:
    return NO_KIND if vertex.noun == "subject" else vertex.noun


def _told(predicates: list[str], relatives: list[str]) -> str:
    """ "che nasce nelle Alpi e in cui sfocia …": "che" again behind each description."""
    long = any(re.search(r"\b(?:che|cui)\b", words) for words in predicates[:-1]) or len(predicates) > 2
    verbs = [f"che {words}" for words in predicates] if long else [f"che {_listed(predicates)}"] if predicates else []
    return _listed([*verbs, *relatives])


def _listed(pieces: list[str]) -> str:
    if len(pieces) <= 1:
        return "".join(pieces)
    closed = "," if any(re.search(r"\b(?:che|cui)\b.*\b(?:che|cui)\b", words) for words in pieces[:-1]) else ""
    last = f"e{'d' if pieces[-1][:1] in 'eEèÈ' else ''} {pieces[-1]}"
    return f"{', '.join(pieces[:-1])}{closed} {last}"


def _range(c: Constraint) -> str:
    """ "tra il 1780 e il 1789", "compresa tra 1.000 e 2.000 m"."""
    found = _RANGE.fullmatch(c.value)
    if found is None:
        raise ValueError(f"no range in {c.value!r}")
    low, high = (
        _number(found[n]) + _SIZES[found[n] == "1"].get(found[n + 1], "") for n in (1, 3)
    )
    if c.unit == "year":
        return f"tra {_year(low)} e {_year(high)}"
    return f"tra {low} e {high}{found[5]}"


_SIZES = {True: {" million": " milione", " billion": " miliardo"}, False: {" million": " milioni", " billion": " miliardi"}}


def _number(words: str) -> str:
    return words.replace(",", "_").replace(".", ",").replace("_", ".")


def _year(year: str) -> str:
    """ "il 1789", "l'800"."""
    return f"l'{year}" if re.fullmatch(r"8\d{0,2}|11", year) else f"il {year}"
