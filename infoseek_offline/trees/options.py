"""What a vertex could be constrained by: each option is a constraint with its true extent, ready to be taken.

Options come from the claims about the vertex's page, in both directions, and from its type; values are blurred by ladders. An
option's constraint has no id and names no vertex yet: the draft gives both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pyroaring import BitMap

from infoseek_offline.agents.base import Browser
from infoseek_offline.claims.blur import ladder
from infoseek_offline.claims.links import has_sentence_rules
from infoseek_offline.claims.store import ClaimStore, Statement, stated
from infoseek_offline.claims.vague import Blur, blur_of
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.languages import sayable
from infoseek_offline.records import Constraint
from infoseek_offline.trees.extents import Extents, roomy
from infoseek_offline.trees.named import common_words, named_in
from infoseek_offline.trees.tree import Draft

if TYPE_CHECKING:
    from infoseek_offline.trees.offers import Offers

ConstraintKind = Literal["link", "fact", "interval", "category", "type"]
_WORD = re.compile(r"[^\W\d_]{3,}")
MAX_VAGUE, MOST_VAGUE = 0.02, 400  # of all articles, and in all, may fit a vague description
STEM = 5  # letters, as many as L1 takes for the same name at least
KEPT = 2048  # pages of which what was made is kept, and sets of the pages around a vague description
ROOM = 200_000_000  # bytes for the sets of literals, which hold most of the corpus
NAME_WORDS = 10  # at most has what a question names
RUNGS = 12  # such sets that a page has
_COMMON = frozenset("the and for with from von der des del los las saint mount lake river university institute society".split())


def _stems(words: str, common: frozenset[str]) -> frozenset[str]:
    return frozenset(w[:STEM] for w in {w.casefold() for w in _WORD.findall(words)} - _COMMON - common)


class Clue:
    """A constraint before it is made: the record, which is dear, is made of the few that are taken."""

    __slots__ = ("_made", "exact", "high", "key", "kind", "low", "statement", "unit", "value", "wording")

    def __init__(
        self, kind: ConstraintKind, statement: Statement, value: str = "", low: float | None = None, high: float | None = None,
        unit: str = "", exact: str = "",
    ) -> None:  # fmt: skip
        self.kind, self.statement, self.value, self.low, self.high = kind, statement, value, low, high
        self.unit, self.exact, self.wording, self.key = unit, exact, statement.wording, statement.key
        self._made: Constraint | None = None

    @property
    def constraint(self) -> Constraint:
        """The record; without an id, and naming no vertex: the draft gives both."""
        if self._made is None:
            self._made = Constraint(id="", kind=self.kind, wording=self.wording, key=self.key, value=self.value, low=self.low,
                                    high=self.high, unit=self.unit, exact=self.exact, evidence=self.statement.evidence)  # fmt: skip
        return self._made


@dataclass(slots=True, eq=False)
class Option:
    """`role` says what stands at the other end: "" nothing (a literal), `leaf` a named page, `blur` a page described vaguely by
    `beneath` (its own options), `inner` a page to be described fully later."""

    clue: Clue
    role: Literal["", "leaf", "inner", "blur"]
    page: int | None
    extent: BitMap
    beneath: tuple[Option, ...] = ()
    named: tuple[int, ...] = ()  # pages whose titles stand in a literal ("moons of Uranus")
    adds: int = 0  # vertices that it brings with it
    shown: frozenset[str] = frozenset()  # words of the titles that it names (`title_words`)
    blur: Blur | None = None  # how the browser would leave the page vague
    read: bool = False  # by the browser, not by rules

    @property
    def constraint(self) -> Constraint:
        return self.clue.constraint


class Options:
    """Options of pages, made when asked for. With a `browser` those pages that a tree describes are read by it as well: they are
    `opened` while that tree grows, so that what it sees does not depend on the trees before it."""

    def __init__(self, corpus: Corpus, claims: ClaimStore, extents: Extents, browser: Browser | None = None) -> None:
        self.corpus, self.claims, self.extents, self.browser = corpus, claims, extents, browser
        self.opened: dict[int, list[Option]] = {}  # what the browser adds to the rules' links, by page
        # Where first sentences can't be read, most kinds are unknown, and a page of unknown kind may be described too.
        self.any_kind = not has_sentence_rules(corpus.language) and corpus.language.split("-")[0] != "it"
        kept = min(KEPT, roomy(corpus.size, ROOM) // RUNGS)
        self._common = common_words(corpus)
        self._sayable = lru_cache(maxsize=KEPT)(self._find_sayable)
        self._ruled = lru_cache(maxsize=KEPT)(self._find_ruled)
        self._vague_words = lru_cache(maxsize=8 * KEPT)(self._find_vague_words)
        self.noun = lru_cache(maxsize=16 * KEPT)(corpus.nouns.__getitem__)
        self.title_words = lru_cache(maxsize=16 * KEPT)(self._find_title_words)
        self.names = lru_cache(maxsize=16 * KEPT)(self._find_names)
        self._names_in = lru_cache(maxsize=KEPT)(lambda words: tuple(sorted(named_in(corpus, words))))
        self.literals = lru_cache(maxsize=kept)(self._find_literals)
        self._blurred = lru_cache(maxsize=KEPT)(self._find_blurred)
        self._relations = lru_cache(maxsize=KEPT)(lambda page: claims.relations(page))
        self._near_vague: dict[tuple[int | None, str], BitMap] = {}
        self.offers: Offers | None = None  # what the last root's trees may say

    def begin(self, root: int) -> None:
        """A new tree grows from `root`."""
        for page in list(self.opened):
            self._forget(page)
        self.opened.clear()
        self.open(root)

    def open(self, page: int) -> None:
        """The tree describes the page: read it, where there is a browser. Raises ModelError where no answer is to be had."""
        if self.browser is None or page in self.opened:
            return
        known = {(o.page, o.clue.wording) for o in self._ruled(page)}
        claims = [c for c in self.browser.read(page) if (c.object, c.wording.replace("{s}", "{v}")) not in known]
        self.opened[page] = self._leaves(page, [stated(page, c) for c in claims])
        self._forget(page)

    def _forget(self, page: int) -> None:
        """What was found of the page with other claims."""
        if self.offers is not None:
            self.offers.forget(page)

    def _find_title_words(self, page: int) -> frozenset[str]:
        """Words of the title by which it could be told, casefolded, without what may be an ending ("Tennant", "tennantite")."""
        return _stems(self.corpus.titles[page], self._common)

    def _find_names(self, page: int) -> frozenset[str]:
        """What the page goes by, casefolded, as L1 looks for it; not its kind, which is told anyway."""
        names = {a.casefold() for a, links in self.corpus.aliases(page) if len(a) > 2 and not (a[:1].islower() and links < 2)}
        return frozenset(names - {self.corpus.nouns[page].casefold()})

    def links(self, page: int) -> list[Option]:
        """A named leaf for each page that a claim links with this one."""
        return self._ruled(page) + self.opened.get(page, [])

    def _find_ruled(self, page: int) -> list[Option]:
        return self._leaves(page, self._sayable(page))

    def linked(self, page: int) -> list[int]:
        """The pages of `links`, at a lower price."""
        opened = self.opened.get(page, ())
        return [other for other, _ in self._naming(page, self._sayable(page))] + [o.page for o in opened if o.page is not None]

    def _naming(self, page: int, statements: Iterable[Statement]) -> Iterator[tuple[int, Statement]]:
        """Those that name another article, with it."""
        kind = {w[:5] for w in self.noun(page).casefold().split() if len(w) >= 5}
        for s in statements:
            if s.other is None or s.other not in self.extents.universe:
                continue
            if len(self.corpus.titles[s.other]) == 1 and self.corpus.titles[s.other].isupper():
                continue  # "connected with G"
            if self.corpus.titles[s.other].count(" ") >= NAME_WORDS:
                continue  # nobody could take it in, and an instruction may stand in it
            if kind and any(w[:5] in kind for w in self.title_words(s.other)):
                continue  # "an astronomer who worked in astronomy" is told nothing
            yield s.other, s

    def _leaves(self, page: int, statements: Iterable[Statement]) -> list[Option]:
        return [
            Option(
                Clue("link", s),
                "leaf",
                other,
                self.extents.near(other),
                adds=1,
                shown=self.title_words(other),
                blur=blur_of(self.corpus, other, s.value) if s.value else None,
                read=s.source == "model",
            )
            for other, s in self._naming(page, statements)
        ]

    def _find_sayable(self, page: int) -> list[Statement]:
        """Statements that can be put into a question."""
        return self._to_say(self.claims.about(page))

    def _to_say(self, told: Iterable[Statement]) -> list[Statement]:
        return [s for s in told if s.kind == "type" or sayable(s.wording, self.corpus.language)]

    def sharing(self, wording: str, other: int) -> int:
        """How many pages the claims put into this very relation with the named page: one has Cardiff as its seat, dozens contain
        oxygen."""
        return self._relations(other)[wording]

    def _find_literals(self, page: int) -> list[Option]:
        """Intervals (each rung of each quantity), facts, categories and the type."""
        return [o for s in self._sayable(page) if s.other is None for o in self._literal(s) if page in o.extent]

    def blurs(self, page: int) -> list[Option]:
        """Linked pages left vague: by their container ("a city in Germany") or by their type ("a chemist")."""
        return self._blurred(page) + [o for link in self.opened.get(page, ()) for o in self._left_vague(page, link)]

    def _find_blurred(self, page: int) -> list[Option]:
        return [o for link in self._ruled(page) for o in self._left_vague(page, link)]

    def _left_vague(self, page: int, link: Option) -> Iterator[Option]:
        assert link.page is not None
        if not self.noun(link.page):
            return
        for beneath in self._vague_words(link.page):
            if len(beneath.extent) > min(MOST_VAGUE, MAX_VAGUE * len(self.extents.universe)):
                continue  # "a university" alone says nothing
            if link.blur is not None and not _as_blurred(beneath, link.blur):
                continue
            if beneath.page is None and link.blur is None and _as_expected(link.clue.wording, beneath.clue.value):
                continue
            extent = self._around(beneath)
            if page in extent and len(beneath.extent) > 1:
                yield Option(link.clue, "blur", link.page, extent, (beneath,), adds=1 + beneath.adds, shown=beneath.shown)

    def _around(self, vague: Option) -> BitMap:
        """The pages near any page that fits a vague description; many pages share a description ("a country in Europe")."""
        key = (vague.page, vague.clue.value if vague.page is None else "")
        if key not in self._near_vague:
            if len(self._near_vague) >= KEPT:
                self._near_vague.clear()
            self._near_vague[key] = self.extents.near_any(vague.extent)
        return self._near_vague[key]

    def _find_vague_words(self, page: int) -> list[Option]:
        """What a page may be called by instead of its name: its containers and its type."""
        told = self._to_say(self.claims.own(page, CONTAINERS))
        containers = self._leaves(page, [s for s in told if s.kind == "link" and s.other != page])
        types = [o for s in told if s.kind == "type" and s.other is None for o in self._literal(s) if page in o.extent]
        return [*containers, *types]

    def named_by(self, draft: Draft) -> set[int]:
        """Pages whose titles stand in the draft's categories and values."""
        literals = (c.value for v in draft.vertices.values() for c in v.constraints if c.kind in ("category", "fact"))
        return {page for words in literals for page in self._named(words)}

    def _named(self, words: str) -> tuple[int, ...]:
        return self._names_in(words)

    def _literal(self, said: Statement) -> list[Option]:
        if said.kind == "type":
            return [Option(Clue("type", said, said.value), "", None, self.extents.of_type(said.value))]
        if said.kind == "category":
            extent = self.extents.in_category(said.key)
            clue = Clue("category", said, said.key)
            return [Option(clue, "", None, extent, named=self._named(said.value), shown=_stems(said.value, self._common))]
        if not said.quantities:
            if self.noun(said.page).rsplit(" ", 1)[-1] in said.value.casefold().split():
                return []  # "a designer whose role is designer"
            extent = self.extents.with_value(said.key, said.value)
            clue = Clue("fact", said, said.value)
            return [Option(clue, "", None, extent, named=self._named(said.value), shown=_stems(said.value, self._common))]
        quantity = said.quantities[0]
        options = []
        for rung in ladder(said.value, quantity):
            clue = Clue("interval", said, rung.words, rung.low, rung.high, quantity.unit, said.value)
            options.append(Option(clue, "", None, self.extents.in_interval(said.key, rung.low, rung.high, quantity.unit)))
        return options


# Infobox keys whose value holds the page: "a city in Germany" is vaguer than "Göttingen", and still true.
CONTAINERS = (
    *"country region state province location continent constellation range city county district part of located in parent planet "
    "prefecture sea ocean island".split(),
    "part of", "located in", "parent planet", "mountain range",
)  # fmt: skip


def _as_expected(wording: str, kind: str) -> bool:
    """Whether the kind alone says nothing after that relation ("is in a department", "whose language is a language"): only of what
    was done by somebody, or with something, it does."""
    return kind in wording.split() or _DONE.fullmatch(wording) is None


_DONE = re.compile(
    r"\{v\} (?:was|is) .*(?:by|after|with|aboard) (?:the )?\{o\}|\{o\} (?:first )?[a-z]+ed (?:[a-z]+ )?(?:the )?\{v\}"
)


def _as_blurred(vague: Option, blur: Blur) -> bool:
    """Whether a vague description is the one that the browser gave."""
    if blur.container is not None:
        return vague.page == blur.container
    return vague.page is None and vague.clue.value == blur.kind
