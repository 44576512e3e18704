"""How a page is called in running text: with the article and the capitals that the corpus uses, and whether it is a person."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import numpy as np

from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.graph import slices
from infoseek_offline.corpus.kinds import plural
from infoseek_offline.corpus.store import LINK_KINDS, Corpus
from infoseek_offline.records import LinkKind

PERSON_KEYS = frozenset({"birth date", "death date", "birth place", "birthplace", "death place", "spouse", "alma mater"})
# The same of fiction, where a beast may have them too.
CHARACTER_KEYS = frozenset({"gender", "portrayed by", "voiced by", "hair color", "hair colour", "occupation", "actor", "homeworld"})
_NOT_PERSONS = frozenset(
    "animal beast creature monster bird fish dog cat horse wolf bear dragon dinosaur insect species race breed pokemon robot droid "
    "machine computer ship vehicle people tribe nation group band boss enemy toy doll".split()
)
PERSON_NOUNS = frozenset(
    (
        "person scientist physicist chemist astronomer mathematician biologist geologist botanist zoologist naturalist "
        "mineralogist engineer inventor explorer navigator mountaineer astronaut cosmonaut physician surgeon philosopher "
        "writer author poet novelist playwright journalist painter sculptor artist architect composer singer musician pianist "
        "guitarist rapper conductor actor actress director producer comedian dancer model politician president minister king "
        "queen emperor empress prince princess duke general admiral officer soldier lawyer judge economist historian linguist "
        "theologian bishop pope saint monk priest theorist cosmologist geophysicist astrophysicist crystallographer pharmacist "
        "metallurgist geographer cartographer seaman footballer player athlete cricketer swimmer boxer wrestler cyclist runner "
        "coach manager businessman businesswoman entrepreneur activist educator teacher professor scholar psychologist "
        "sociologist anthropologist archaeologist aviator pilot traveller missionary statesman nobleman noblewoman "
        "officeholder royalty noble lord daimyo samurai courtier aristocrat knight baron count countess sultan caliph shogun "
        "monarch consort criminal murderer jurist judge banker merchant trader sailor soldier fisherman designer chef presenter "
        "broadcaster illustrator photographer filmmaker screenwriter editor publisher translator critic orator rebel pirate "
        "nurse dentist surgeon veterinarian pharmacist astrologer alchemist inventor golfer skater skier rower racer jockey "
        "gymnast sprinter swimmer referee umpire goalkeeper striker quarterback pitcher outfielder bassist drummer vocalist "
        "songwriter lyricist kami deity god goddess character logician programmer analyst employee colleague assistant specialist "
        "administrator consultant developer researcher lecturer student intern recruiter founder clerk secretary accountant agent "
        "supervisor chairman chairwoman chairperson librarian curator instructor tutor trainer antagonist protagonist villain hero "
        "heroine smuggler thief spy mercenary assassin healer wizard witch sorcerer sorceress mage warlock warrior warlord hunter "
        "bard cleric paladin outlaw gangster mobster detective policeman policewoman sheriff captain lieutenant sergeant commander "
        "cadet apprentice servant slave maid butler bodyguard senator governor mayor councillor chancellor ambassador diplomat "
        "chieftain chief ruler heir heiress hacker marine mechanic technician medic bartender shopkeeper blacksmith swordsman "
        "swordsmith archer gladiator sidekick narrator vampire werewolf magician villager citizen boy girl man woman orphan "
        "superhero superheroine supervillain vigilante ninja bandit raider scavenger prisoner prophet shaman druid necromancer "
        "farmer craftsman carpenter lieutenant colonel major corporal private astronaut youtuber streamer entertainer drifter"
    ).split()
)
_FIRST_WORDS = 150  # characters of a page in which it says where it is
_SAMPLE = 40  # links looked at for the article
# Names that take "the" where no link of the corpus shows it: by their last word, or as plurals.
_THE = re.compile(
    r"(?:^(?:University|Republic|Kingdom|Isle|Gulf|Bay|Sea|Strait|Battle|Treaty|Order|House|Museum|Academy|Institute) of )|"
    r"^[A-Z]\w+ (?:[Oo]bservatory|Museum|Academy|Institute|University|College|Society|Bank|Court|Church|Library|Order) of |"
    r"^(?:Voyages?|Travels|Journeys?|Expeditions?|Discovery|Exploration|History|Conquest) of |"
    r"^[^\W\d_][\w'’-]* .*\b(?:telescope|astrograph|refractor|reflector|stone|programme|program|telescopes|dynasty|expedition)$|"
    r"\b(?:River|Ocean|Sea|Canal|Desert|Peninsula|Strait|Empire|Republic|Kingdom|Union|Federation|Society|Academy|Museum|Institute|"
    r"Institution|Prize|Medal|Award|Dynasty|dynasty|Alps|Andes|Islands|Mountains|Hills|Netherlands|Philippines|States|Belt|"
    r"Expedition|expedition|War|Revolution|Renaissance|Bible|Association|Foundation|Observatories|Party|Order|Church|Army|Navy|Office|clan|family|period|school|faith)$"
)


_COMMON_FIRST = re.compile(r"^(?:Voyages?|Travels|Journeys?|Expeditions?|Discovery|Exploration|History|Conquest) of ")
_ORDINAL = re.compile(r"^(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth)(?= [a-z])")  # "the second voyage of"

# Countries and the like that take the article, for literals, which have no page to tell.
_THE_LITERAL = re.compile(
    r"United (?:Kingdom|States|Provinces|Nations|Arab Emirates).*|Soviet Union|Netherlands|Philippines|Bahamas|"
    r"(?:[A-Z]\w+ )+(?:Empire|Republic|Kingdom|Union|Islands|Federation|Confederation|Commonwealth|Ocean|Sea|Mountains|Army|Navy)"
)


# Whose "The" is an article inside a sentence, and no part of a title as a film's is.
_BODIES = frozenset(
    "organisation organization faction group band guild syndicate company corporation agency family clan tribe team gang order "
    "society government alliance collective council army species race party club federation empire confederation league "
    "cult".split()
)
# Works whose titles stand in quotation marks: "the album on which "Leaving Home" appeared".
_TITLED = frozenset(
    "song single episode film movie novel novella book poem play album story opera musical show comic manga".split()
)
_WHOSE = re.compile(r"^[^\W\d_][\w-]*(?:['’]s|s['’]) ")  # "Hadrian's Wall" has no article

_LAST_NAME = re.compile(r"\b(of|in|from|by|on|at) ([A-Z][^\W\d]*(?: [A-Z][^\W\d]*)*)$")

# "The Alps", "the Maluku Islands": the verb behind them is plural; "the United States" and "the Netherlands" are one country.
_MANY = re.compile(
    r"\bthe (?:[^\W\d_][\w'’-]* )*"
    r"(?:Islands|Isles|Mountains|Alps|Andes|Hills|Pyrenees|Highlands|Lakes|Rockies|Himalayas|Falls|Rings)$"
)


def is_plural(words: str) -> bool:
    """Whether a name as it stands in a sentence takes a plural verb."""
    return _MANY.search(words) is not None


def literal_name(value: str) -> str:
    """A literal as it stands in a sentence: "the United Kingdom"."""
    return f"the {value}" if _THE_LITERAL.fullmatch(value) else value


def is_person_noun(head: str) -> bool:
    return head in PERSON_NOUNS or head.endswith(("ologist", "nomer", "ographer"))


def category_words(words: str) -> str:
    """A category's words with the article that its last name needs: "people in the United Kingdom"."""
    return _LAST_NAME.sub(lambda m: f"{m[1]} {literal_name(m[2])}", words)


_NEXT_WORD = re.compile(r" ([a-z][a-z-]+)")
_NO_NOUN = frozenset(
    "of in on at to by for from with and or but as is was are were be been has had have that which who whose where when than can "
    "could may might will would did does do it its he she they his her their this these also not near into onto over under after "
    "before until since while during between through about against around within without there then now so nor yet if because "
    "became began led made took won gave held ran met left lost sent went came saw found built wrote".split()
)


def _adjunct(article: str, behind: str) -> bool:
    """Whether the word behind a link looks like the noun to which the article before the link belongs."""
    found = _NEXT_WORD.match(behind)
    if found is None or found[1] in _NO_NOUN or found[1].endswith(("ed", "ly")):
        return False
    return article in ("a", "an") or not found[1].endswith("s")


class Names:
    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.name = lru_cache(maxsize=65536)(self._name)
        self.bare = lru_cache(maxsize=65536)(self._bare)
        self.shown = lru_cache(maxsize=4096)(self._shown)
        self.head = lru_cache(maxsize=65536)(self._head)
        self.is_person = lru_cache(maxsize=65536)(self._is_person)
        once: set[str] = set()
        self._shared: set[str] = set()  # names that more than one page has, "(…)" left out
        for base in map(base_title, corpus.titles):
            (self._shared if base in once else once).add(base)

    def _name(self, page: int) -> str:
        """ "the Rhine", "Göttingen", "geology", "asteroids", "the planet Mercury" (where the bare name is another page's too)."""
        title = self.corpus.titles[page]
        base = base_title(title)
        if base in self._shared and base != title:
            noun = self.corpus.nouns[page] or title[len(base) :].strip(" ()")
            if noun.rsplit(" ", 1)[-1] == base.rsplit(" ", 1)[-1].lower():
                return title  # "Tsuki Shrine (Kyoto)", which the kind tells nothing of
            return f"the {noun} {base}"
        anchors, articles = self.shown(page)
        if self._lower(base, anchors) or (not anchors and self._counted(page, base)):
            return self._common(page, base, anchors, articles)
        several = f"{base}s"
        if anchors[several] > anchors[base]:
            return several  # "X-rays"
        if not self._takes_article(page, base, anchors, articles) or base.lower().startswith("the "):
            own = base.startswith("The ") and self.head(page) in _BODIES
            quoted = self.head(page) in _TITLED and '"' not in base
            return f"the {base[4:]}" if own else f'"{base}"' if quoted else base
        base = _COMMON_FIRST.sub(lambda m: m[0].lower(), base)
        return f"the {_ORDINAL.sub(lambda m: m[0].lower(), base)}"

    def _bare(self, page: int) -> str:
        """The name as it stands after "a": "transition metal"."""
        base = base_title(self.corpus.titles[page])
        return base[:1].lower() + base[1:] if self._lower(base, self.shown(page)[0]) else base

    def _shown(self, page: int) -> tuple[Counter[str], Counter[str]]:
        """How links in prose show the page: its name as written, and the article before each of these ("" for none, "=" for one
        that is another noun's)."""
        corpus = self.corpus
        base = base_title(corpus.titles[page]).casefold()
        known = {base, f"{base}s", f"{base}es", plural(base)}
        prose = LINK_KINDS.index(LinkKind.PROSE)
        anchors: Counter[str] = Counter()
        articles: Counter[str] = Counter()
        sources = corpus.neighbours(page)[: _SAMPLE * 3]
        low = corpus.link_ptr[sources]
        places = slices(low, corpus.link_ptr[sources + 1] - low)
        rows = corpus.link[places]
        here = (rows[:, 0] == page) & (corpus.link_kind[places] == prose) & (rows[:, 1] >= 0)
        found_on = np.searchsorted(corpus.link_ptr, places[here], "right") - 1
        last = -1
        for source, (_, start, end) in zip(found_on.tolist(), rows[here].tolist(), strict=True):
            if source != last and anchors.total() >= _SAMPLE:
                break
            last, text = source, corpus.text(source)
            anchor, before = text[start:end], text[max(0, start - 12) : start]
            if anchor.casefold() not in known:
                continue
            found = re.search(r"\b(the|an?|this|one|its|his|their|each|every|no|another) $", before, re.IGNORECASE)
            opening = not before or re.search(r"[.!?:]\s+$|\n\s*$", before) is not None
            if opening and anchor[:1].isupper():
                continue  # the capital may be the sentence's
            anchors[anchor] += 1
            if found and _adjunct(found[1].lower(), text[end : end + 24]):
                articles[f"= {anchor}"] += 1  # "a doom metal band", "the Rhine valley": the article is another noun's
                continue
            articles[f"{found[1].lower() if found else ''} {anchor}"] += 1
        return anchors, articles

    def _lower(self, base: str, anchors: Counter[str]) -> bool:
        low = sum(n for anchor, n in anchors.items() if anchor[:1].islower())
        return base[:1].isupper() and low * 2 > anchors.total()

    def _counted(self, page: int, base: str) -> bool:
        """Whether its own page opens with "A spirit tablet …": a common noun."""
        low = base[:1].lower() + base[1:]
        opening = self.corpus.page(page).text[:120]
        return low == low.lower() != base and re.search(rf"(?:^|\W)[Aa]n? {re.escape(low)}\b", opening) is not None

    def _common(self, page: int, base: str, anchors: Counter[str], articles: Counter[str]) -> str:
        """A common noun: a substance or a science stands bare, a countable one in the plural."""
        low = base[:1].lower() + base[1:]
        plurals = [anchor for anchor, _ in anchors.most_common() if anchor[:1].islower() and anchor.casefold() != low.casefold()]
        bare, the = articles[f" {low}"], articles[f"the {low}"]
        counted = anchors[low] - bare - the - articles[f"= {low}"]
        if plurals and anchors[plurals[0]] + counted > bare:
            return plurals[0]
        # "A nebula is …", "By a star is meant …": what its own page counts can be counted.
        opening = self.corpus.page(page).text[:120]
        if counted > bare or re.search(rf"(?:^|\b[Bb]y |, )an? {re.escape(low)}\b", opening, re.IGNORECASE):
            return plural(low)
        return f"the {low}" if the > bare or low.endswith((" system", " table")) else low

    def _takes_article(self, page: int, base: str, anchors: Counter[str], articles: Counter[str]) -> bool:
        """Whether most links that show the name have "the" before them; its own page and its form where no link shows it."""
        opening = self.corpus.page(page).text[:300]
        if opening.startswith(f"The {base}") and re.match(rf"The {re.escape(base)}s?,? (?:are|were)\b", opening[:200]):
            return True  # a people, whose name stands before nouns as well ("a Vesh pilot")
        if alone := anchors[base] - articles[f"= {base}"]:
            return articles[f"the {base}"] * 2 > alone
        if self._is_person(page) or _WHOSE.match(base) or self.head(page) in _TITLED:
            return False
        said = f"he {base}" in opening and re.search(rf"\b[Tt]he {re.escape(base)}\b", opening) is not None
        return said or _THE.search(base) is not None

    def _head(self, page: int) -> str:
        """The kind's last word, "" where the page has none."""
        return self.corpus.nouns[page].rsplit(" ", 1)[-1]

    def within(self, page: int, other: int) -> bool:
        """Whether the page says in its infobox or first words that it is in the other, which more pages know."""
        if page < 0 or other < 0 or self.corpus.degree(page) >= self.corpus.degree(other):
            return False  # a country names its capital, too
        low, high = int(self.corpus.link_ptr[page]), int(self.corpus.link_ptr[page + 1])
        for (target, start, _), kind in zip(self.corpus.link[low:high].tolist(), self.corpus.link_kind[low:high], strict=True):
            if target == other and start >= 0 and (kind == LINK_KINDS.index(LinkKind.INFOBOX) or start < _FIRST_WORDS):
                return True
        return False

    def _is_person(self, page: int) -> bool:
        if is_person_noun(self.head(page)):
            return True
        keys = {fact.key for fact in self.corpus.facts(page)}
        return not keys.isdisjoint(PERSON_KEYS) or (self.head(page) not in _NOT_PERSONS and not keys.isdisjoint(CHARACTER_KEYS))

