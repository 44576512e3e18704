"""What a vertex could be constrained by: each option is a constraint with its true extent, ready to be taken.

Options come from the claims about the vertex's page, in both directions, and from its type; values are blurred by ladders. An
option's constraint has no id and names no vertex yet: the draft gives both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pyroaring import BitMap

from infoseek_offline.agents.base import Browser
from infoseek_offline.claims.blur import ladder
from infoseek_offline.claims.links import has_sentence_rules
from infoseek_offline.claims.store import ClaimStore, Statement, stated
from infoseek_offline.claims.vague import Blur, blur_of
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.languages import sayable
from infoseek_offline.records import Claim, Constraint, Fact
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.named import named_in

_WORD = re.compile(r"[^\W\d_]{3,}")
MAX_VAGUE, MOST_VAGUE = 0.02, 400  # of all articles, and in all, may fit a vague description
STEM = 6  # letters
KEPT = 2048  # sets of the pages around a vague description
_COMMON = frozenset("the and for with from von der des del los las saint mount lake river university institute society".split())


@dataclass(frozen=True)
class Option:
    """`role` says what stands at the other end: "" nothing (a literal), `leaf` a named page, `blur` a page described vaguely by
    `beneath` (its own options), `inner` a page to be described fully later."""

    constraint: Constraint
    role: Literal["", "leaf", "inner", "blur"]
    page: int | None
    extent: BitMap
    beneath: tuple[Option, ...] = ()
    named: tuple[int, ...] = ()  # pages whose titles stand in a literal ("moons of Uranus")
    adds: int = 0  # vertices that it brings with it
    shown: frozenset[str] = frozenset()  # words of the titles that it names (`title_words`)
    blur: Blur | None = None  # how the browser would leave the page vague
    read: bool = False  # by the browser, not by rules


class Options:
    """Options of pages, made when asked for. With a `browser` those pages that a tree describes are read by it as well: they are
    `opened` while that tree grows, so that what it sees does not depend on the trees before it."""

    def __init__(self, corpus: Corpus, claims: ClaimStore, extents: Extents, browser: Browser | None = None) -> None:
        self.corpus, self.claims, self.extents, self.browser = corpus, claims, extents, browser
        self.opened: dict[int, list[Option]] = {}  # what the browser adds to the rules' links, by page
        # Where first sentences can't be read, most kinds are unknown, and a page of unknown kind may be described too.
        self.any_kind = not has_sentence_rules(corpus.language)
        self._said: dict[int, list[Statement]] = {}
        self._links: dict[int, list[Option]] = {}
        self._literals: dict[int, list[Option]] = {}
        self._blurs: dict[int, list[Option]] = {}
        self._vague: dict[int, list[Option]] = {}
        self._near_vague: dict[tuple[int | None, str], BitMap] = {}
        self._words: dict[int, frozenset[str]] = {}
        self._shared: dict[int, Counter[str]] = {}
        self._reach: tuple[int, list[BitMap]] = (-1, [])
        self._offers: tuple[int, dict[tuple[int, int, str], list[Option]]] = (-1, {})
        self._told: tuple[int, dict[tuple[int, int], BitMap]] = (-1, {})

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
        known = {(o.page, o.constraint.wording) for o in self._ruled(page)}
        claims = [c for c in self.browser.read(page) if (c.object, c.wording.replace("{s}", "{v}")) not in known]
        self.opened[page] = self._leaves(page, [stated(page, c) for c in claims])
        self._forget(page)

    def _forget(self, page: int) -> None:
        """What was made of the page with other claims."""
        for kept in (self._offers[1], self._told[1]):
            for key in [k for k in kept if k[0] == page]:
                del kept[key]  # type: ignore[arg-type]

    def told_of(self, root: int) -> dict[tuple[int, int], BitMap]:
        """The same for what all clues of a page at a depth leave together."""
        if self._told[0] != root:
            self._told = (root, {})
        return self._told[1]

    def offers_of(self, root: int) -> dict[tuple[int, int, str], list[Option]]:
        """What has been found legal for (page, depth, kind of option) below this root; kept for the last root."""
        if self._offers[0] != root:
            self._offers = (root, {})
        return self._offers[1]

    def within(self, root: int, distance: int, hub_degree: int) -> BitMap:
        """Pages within that distance of `root` in the association graph, not walking through hubs; kept for the last root."""
        known = self._reach[1] if self._reach[0] == root else []
        if len(known) <= distance:
            known = self.extents.rings(root, distance, hub_degree, known)
            self._reach = (root, known)
        return known[distance]

    def title_words(self, page: int) -> frozenset[str]:
        """Words of the title by which it could be told, casefolded, without what may be an ending ("Tennant", "tennantite")."""
        if page not in self._words:
            words = {w.casefold() for w in _WORD.findall(self.corpus.titles[page])} - _COMMON
            self._words[page] = frozenset(w[:STEM] for w in words)
        return self._words[page]

    def links(self, page: int) -> list[Option]:
        """A named leaf for each page that a claim links with this one."""
        return self._ruled(page) + self.opened.get(page, [])

    def _ruled(self, page: int) -> list[Option]:
        if page not in self._links:
            self._links[page] = self._leaves(page, self._sayable(page))
        return self._links[page]

    def _leaves(self, page: int, statements: Iterable[Statement]) -> list[Option]:
        return [
            Option(
                _link(s),
                "leaf",
                s.other,
                self.extents.near(s.other),
                adds=1,
                shown=self.title_words(s.other),
                blur=blur_of(self.corpus, s.other, s.claim.value) if s.claim.value else None,
                read=s.claim.source == "model",
            )
            for s in statements
            if s.other is not None and s.other in self.extents.universe and not self._says_the_kind(page, s.other)
        ]

    def _says_the_kind(self, page: int, other: int) -> bool:
        """ "An astronomer who worked in astronomy" is told nothing."""
        kind = {w[:5] for w in self.corpus.nouns[page].casefold().split() if len(w) >= 5}
        return any(w[:5] in kind for w in self.title_words(other))

    def _sayable(self, page: int) -> list[Statement]:
        """Statements that can be put into a question."""
        if page not in self._said:
            told = self.claims.about(page)
            self._said[page] = [s for s in told if s.claim.kind == "type" or sayable(s.wording, self.corpus.language)]
        return self._said[page]

    def sharing(self, constraint: Constraint, other: int) -> int:
        """How many pages the claims put into this very relation with the named page: one has Cardiff as its seat, dozens contain
        oxygen."""
        if other not in self._shared:
            self._shared[other] = self.claims.relations(other)
        return self._shared[other][constraint.wording]

    def literals(self, page: int) -> list[Option]:
        """Intervals (each rung of each quantity), facts, categories and the type."""
        if page not in self._literals:
            found: list[Option] = []
            for statement in self._sayable(page):
                if statement.other is None:
                    found += self._literal(statement)
            self._literals[page] = [o for o in found if page in o.extent]
        return self._literals[page]

    def blurs(self, page: int) -> list[Option]:
        """Linked pages left vague: by their container ("a city in Germany") or by their type ("a chemist")."""
        if page not in self._blurs:
            self._blurs[page] = [o for link in self._ruled(page) for o in self._left_vague(page, link)]
        return self._blurs[page] + [o for link in self.opened.get(page, ()) for o in self._left_vague(page, link)]

    def _left_vague(self, page: int, link: Option) -> Iterator[Option]:
        assert link.page is not None
        if not self.corpus.nouns[link.page]:
            return
        for beneath in self._vague_words(link.page):
            if len(beneath.extent) > min(MOST_VAGUE, MAX_VAGUE * len(self.extents.universe)):
                continue  # "a university" alone says nothing
            if link.blur is not None and not _as_blurred(beneath, link.blur):
                continue
            extent = self._around(beneath)
            if page in extent and len(beneath.extent) > 1:
                yield Option(link.constraint, "blur", link.page, extent, (beneath,), adds=1 + beneath.adds, shown=beneath.shown)

    def _around(self, vague: Option) -> BitMap:
        """The pages near any page that fits a vague description; many pages share a description ("a country in Europe")."""
        key = (vague.page, vague.constraint.value if vague.page is None else "")
        if key not in self._near_vague:
            if len(self._near_vague) >= KEPT:
                self._near_vague.clear()
            self._near_vague[key] = self.extents.near_any(vague.extent)
        return self._near_vague[key]

    def _vague_words(self, page: int) -> list[Option]:
        """What a page may be called by instead of its name: its containers and its type."""
        if page not in self._vague:
            told = self._sayable(page)
            containers = self._leaves(page, [s for s in told if s.claim.key in CONTAINERS and s.other != page])
            types = [o for s in told if s.claim.kind == "type" and s.other is None for o in self._literal(s) if page in o.extent]
            self._vague[page] = [*containers, *types]
        return self._vague[page]

    def _named(self, words: str) -> tuple[int, ...]:
        return tuple(sorted(named_in(self.corpus, words)))

    def _literal(self, statement: Statement) -> list[Option]:
        claim = statement.claim
        if claim.kind == "type":
            constraint = _constraint("type", statement, value=claim.value)
            return [Option(constraint, "", None, self.extents.of_type(claim.value))]
        if claim.kind == "category":
            constraint = _constraint("category", statement, value=claim.key)
            return [Option(constraint, "", None, self.extents.in_category(claim.key), named=self._named(claim.value))]
        if not claim.quantities:
            constraint = _constraint("fact", statement, value=claim.value)
            return [Option(constraint, "", None, self.extents.with_value(claim.key, claim.value), named=self._named(claim.value))]
        quantity = claim.quantities[0]
        options = []
        for rung in ladder(_as_fact(claim), quantity):
            constraint = _constraint("interval", statement, value=rung.words).model_copy(
                update={"low": rung.low, "high": rung.high, "unit": quantity.unit, "exact": claim.value}
            )
            extent = self.extents.in_interval(claim.key, rung.low, rung.high, quantity.unit)
            options.append(Option(constraint, "", None, extent))
        return options


# Infobox keys whose value holds the page: "a city in Germany" is vaguer than "Göttingen", and still true.
CONTAINERS = frozenset(
    (
        "country region state province location continent constellation range city county district part of located in parent "
        "planet planet prefecture sea ocean island"
    ).split()
) | {"part of", "located in", "parent planet", "mountain range"}


def _as_blurred(vague: Option, blur: Blur) -> bool:
    """Whether a vague description is the one that the browser gave."""
    if blur.container is not None:
        return vague.page == blur.container
    return vague.page is None and vague.constraint.value == blur.kind


def _link(statement: Statement) -> Constraint:
    return _constraint("link", statement)


def _constraint(kind: Literal["link", "fact", "interval", "category", "type"], statement: Statement, value: str = "") -> Constraint:
    claim = statement.claim
    return Constraint(id="", kind=kind, wording=statement.wording, key=claim.key, value=value, evidence=claim.evidence)


def _as_fact(claim: Claim) -> Fact:
    return Fact(page=claim.subject, key=claim.key, value=claim.value, start=claim.evidence.start, end=claim.evidence.end,
                quantities=claim.quantities, links=())  # fmt: skip
