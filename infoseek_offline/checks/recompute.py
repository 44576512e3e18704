"""A certificate's claims computed a second time: plain Python sets over the stored corpus, by the definitions of hcsp.md.

Made to be compared with what checks/ and trees/ found, and so nothing of theirs is used: no bitmaps, no solver, no stored
association (stored.py makes it anew from links and mentions). `Sets` gives extents under one reading, `Proof` the numbers of U1 to
L1 for one tree.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

from infoseek_offline.checks.stored import WORD, Pages, Stored, head, quantities_of, words_of
from infoseek_offline.records import Constraint, Mend, Quantity, Question, ResearchTree, Vertex

CACHED_MEMBERS = 4_000_000  # of all cached extents together, so that memory stays below some hundred MB for any corpus
_NUMBER = r"[\u2212-]?\d[\d,]*(?:\.\d+)?"
_RANGE = re.compile(rf"between ({_NUMBER})( million| billion|) and ({_NUMBER})( million| billion|)(?: ?(\D.*))?")
_SIZES = {" million": 1e6, " billion": 1e9, "": 1.0}
_YEAR_END = 0.9999  # "1999" as the end of a range is the last moment of 1999
RARE_TYPE = 3  # pages; a type of fewer contradicts nothing
NONE: frozenset[str] = frozenset()
SMALL_WORDS = frozenset(
    "the of in and on at for de la le der die das von van del di da and to by with from saint san santa".split()
)


class Sets:
    """The extents of hcsp.md under one reading: each a frozenset of articles."""

    def __init__(self, stored: Stored, reading: str) -> None:
        self.stored, self.closed = stored, reading == "closed"
        self.universe = stored.universe
        self._facts: dict[str, list[tuple[int, frozenset[str], tuple[Quantity, ...]]]] = defaultdict(list)
        self._of_type: dict[str, set[int]] = defaultdict(set)
        self._beside: dict[str, set[str]] = defaultdict(set)  # types that stand on one page with it
        self._boxes: dict[str, set[str]] = defaultdict(set)
        self._typed: set[int] = set()
        self._in_category: dict[str, set[int]] = defaultdict(set)
        self._in_family: dict[str, set[int]] = defaultdict(set)
        columns = "id, text, facts, types, infobox, categories"
        for page, text, facts, phrases, infobox, categories in stored.rows(f"SELECT {columns} FROM page"):
            for key, start, end, numbers, _ in json.loads(facts):
                self._facts[key].append((page, words_of(text[start:end]), quantities_of(numbers)))
            heads = {head(p) for p in json.loads(phrases)}
            for kind in heads:
                self._typed.add(page)
                self._of_type[kind].add(page)
                self._beside[kind] |= heads
                self._boxes[kind] |= {infobox.casefold()} - {""}
            for name in json.loads(categories):
                self._in_category[name].add(page)
                self._in_family[family(name)].add(page)
        size = max(16, CACHED_MEMBERS // max(1, len(self.universe)))
        self._called: dict[str, set[int]] = defaultdict(set)
        for page in self.universe:
            self._called[head(stored.nouns[page].casefold())].add(page)
        self._literal = lru_cache(maxsize=size)(self._literal_uncached)
        self.near_any = lru_cache(maxsize=size)(self._near_any)

    def literal(self, c: Constraint, closed: bool | None = None) -> Pages:
        """The extent of a constraint that is no link, under this reading or the one that is said."""
        return self._literal(c.kind, c.key, c.value, c.low, c.high, c.unit, self.closed if closed is None else closed)

    def called(self, noun: str) -> Pages:
        """Articles whose kind ends in the same word; all where no kind does."""
        return frozenset(self._called.get(head(noun.casefold()), self.universe))

    def _near_any(self, pages: Pages, links_only: bool = False) -> Pages:
        """Articles associated with one of the pages at least."""
        found: set[int] = set()
        for page in pages:
            found |= self.stored.near_by_links(page) if links_only else self.stored.near(page)
        return self.universe & found

    def _literal_uncached(
        self, kind: str, key: str, value: str, low: float | None, high: float | None, unit: str, closed: bool
    ) -> Pages:
        if kind == "interval":
            assert low is not None and high is not None
            meet, against = self._interval(key, low, high, unit)
        elif kind == "fact":
            meet, against = self._fact(key, words_of(value))
        elif kind == "category":
            meet = self._in_category.get(value, set())
            against = self._in_family.get(family(value), set())
        else:
            meet, against = self._type(value, closed)
        return self.universe & meet if closed else self.universe - (against - meet)

    def _interval(self, key: str, low: float, high: float, unit: str) -> tuple[set[int], set[int]]:
        meet: set[int] = set()
        against: set[int] = set()
        for page, _, quantities in self._facts.get(key, ()):
            for q in quantities:
                if q.unit == unit:
                    (meet if q.low <= high and low <= q.high else against).add(page)
        return meet, against

    def _fact(self, key: str, wanted: frozenset[str]) -> tuple[set[int], set[int]]:
        meet: set[int] = set()
        against: set[int] = set()
        for page, words, _ in self._facts.get(key, ()):
            (meet if wanted.issubset(words) or words.issubset(wanted) else against).add(page)
        return meet, against

    def _type(self, kind: str, closed: bool) -> tuple[set[int], set[int]]:
        """A page contradicts a type when it has types, and none of them may stand beside this one."""
        if closed:
            return self._of_type.get(kind, set()), set()
        if kind not in self._of_type:
            return set(), set()
        meet: set[int] = set()
        for other, pages in self._of_type.items():
            shared = not self._boxes[kind].isdisjoint(self._boxes[other])
            if other in self._beside[kind] or shared or len(pages) < RARE_TYPE:
                meet |= pages
        return meet, self._typed


def family(category: str) -> str:
    """What makes categories comparable: the words up to the first preposition, digits alike."""
    low = re.sub(r"\d+", "#", category.casefold())
    found = re.match(r"(.*?\s(?:of|in|from|by|at|on|discovered by|named after))\s", low)
    return found.group(1).strip() if found else low


Measured = tuple[bool, dict[str, Any]]


class Proof:
    """The claims U1 to L1 of one tree, each with whether it holds and its numbers. The tree must be well-formed."""

    def __init__(self, sets: Sets, tree: ResearchTree, bounds: dict[str, int], question: str, *others: str) -> None:
        """`others`: further phrasings of the question."""
        self.sets, self.stored, self.tree, self.bounds, self.texts = sets, sets.stored, tree, bounds, (question, *others)
        self.by_id = {v.id: v for v in tree.vertices}
        self.constraints = [(v, c) for v in tree.vertices for c in v.constraints]

    def claims(self) -> Iterator[tuple[str, Measured]]:
        for name in ("U1", "U2", "M1", "M2", "M3", "M4", "X1", "X2", "X3", "X4", "X5", "L1"):
            yield name, getattr(self, name.lower())()

    # Solution sets

    def extent(self, c: Constraint, without: frozenset[str] = NONE, links_only: bool = False) -> Pages:
        if c.kind != "link":
            return self.sets.literal(c)
        return self.sets.near_any(self.candidates(self.by_id[c.other], without, links_only), links_only)

    def candidates(self, vertex: Vertex, without: frozenset[str] = NONE, links_only: bool = False) -> Pages:
        """S(v), from the definition; without the constraints whose ids are given."""
        if vertex.role == "leaf":
            return frozenset([vertex.page])
        extents = [self.extent(c, without, links_only) for c in vertex.constraints if c.id not in without]
        extents.sort(key=len)
        return extents[0].intersection(*extents[1:]) if extents else self.sets.universe

    @cached_property
    def extents(self) -> dict[str, Pages]:
        return {c.id: self.extent(c) for _, c in self.constraints}

    def u1(self) -> Measured:
        found = self.candidates(self.tree.root)
        extents = {c: len(pages) for c, pages in self.extents.items()}
        return found == {self.tree.root.page}, {"candidates": len(found), "extents": extents}

    def u2(self) -> Measured:
        holds, sizes = True, {}
        for v in self.tree.vertices:
            if v.role in ("inner", "blur"):
                found = self.candidates(v)
                sizes[v.id] = len(found)
                holds &= v.page in found and (len(found) == 1) == (v.role == "inner")
        return holds, {"candidates": sizes}

    def m1(self) -> Measured:
        left = {}
        for vertex, c in self.constraints:
            while vertex.role == "blur":  # has many candidates in any case; what it serves must gain some
                vertex = self.by_id[vertex.parent]
            left[c.id] = len(self.candidates(vertex, without=frozenset([c.id])))
        return min(left.values(), default=0) >= 2, {"without": left}

    def m2(self) -> Measured:
        inner = [v.id for v in self.tree.vertices if v.role == "inner"]
        hangs_on = {v: frozenset(c.id for _, c in self.constraints if c.other == v) for v in inner}  # several where it is joined
        left = {v: len(self.candidates(self.tree.root, without=hangs_on[v])) for v in inner}
        linked = {v: len(self.candidates(self.tree.root, without=hangs_on[v], links_only=True)) for v in inner}
        least = min([*left.values(), *linked.values()], default=0)
        return least >= self.bounds["min_skipped"], {"without": left, "by_links": linked}

    def m3(self) -> Measured:
        included = [
            f"{a.id} in {b.id}"
            for v in self.tree.vertices for a in v.constraints for b in v.constraints
            if a is not b and self.extents[a.id].issubset(self.extents[b.id])
        ]  # fmt: skip
        return not included, {"included": included}

    def m4(self) -> Measured:
        left = {c.id: len(self.candidates(self.tree.root, without=frozenset([c.id]))) for _, c in self.constraints}
        return min(left.values(), default=0) >= 2, {"without": left}

    def x1(self) -> Measured:
        alone = {c.id: len(self.extents[c.id]) for c in self.tree.root.constraints}
        return min(alone.values(), default=0) >= self.bounds["min_clue"], {"alone": alone}

    # Shortcuts

    @cached_property
    def exposed(self) -> dict[int, int]:
        """Pages that the question names -> the least depth at which it does: leaves, and titles within a category or value."""
        named = [(v.page, v.depth) for v in self.tree.vertices if v.role == "leaf"]
        for v, c in self.constraints:
            if c.kind in ("category", "fact"):
                named += [(page, v.depth + 1) for page in self._titles_in(c.value)]
        return {page: min(depth for p, depth in named if p == page) for page, _ in named}

    def _titles_in(self, words: str) -> Iterable[int]:
        parts = words.split()
        for start in range(len(parts)):
            for run in range(1, 7):
                page = self.stored.resolve(" ".join(parts[start : start + run]).strip(".,;:()'\""))
                if page is not None:
                    yield page

    def x2(self) -> Measured:
        """Breadth first from the answer; a hub is reached and not left."""
        answer = self.tree.root.page
        limit = max([1, *self.exposed.values()])  # no distance needs to be known beyond it
        distance, edge = {answer: 0}, [answer]
        for step in range(1, limit):
            further = []
            for page in edge:
                if page == answer or len(self.stored.near(page)) <= self.bounds["hub_degree"]:
                    further += [p for p in self.stored.near(page) if p not in distance]
                    distance.update((p, step) for p in self.stored.near(page) if p not in distance)
            edge = further
        found = {self.stored.titles[p]: distance.get(p, limit) for p in self.exposed}
        holds = all(distance.get(p, limit) >= depth for p, depth in self.exposed.items())
        return holds, {"distances": found, "at_least": limit}

    def x3(self) -> Measured:
        answer = self.tree.root.page
        telling = [p for p in self.stored.near(answer) if all(p == q or p in self.stored.near(q) for q in self.exposed)]
        cover = least_cover([self._read_on(v, c) for v, c in self.constraints])
        wanted = 1 + sum(v.role == "inner" for v in self.tree.vertices)
        return not telling and cover >= wanted, {"telling_pages": len(telling), "cover": cover, "wanted": wanted}

    def _read_on(self, vertex: Vertex, c: Constraint) -> Pages:
        """Pages on which the constraint can be read: that of its evidence, and each side's that names the other."""
        found = {c.evidence.page}
        if c.kind == "link":
            a, b = vertex.page, self.by_id[c.other].page
            found |= {page for page, other in ((a, b), (b, a)) if other in self.stored.names(page)}
        else:
            found.add(vertex.page)
        return frozenset(found)

    # Solvers that do not do the work

    def x4(self) -> Measured:
        """Every literal, and every link to a named page, asked of one page."""
        named = [self.sets.near_any(frozenset([v.page])) for v in self.tree.vertices if v.role == "leaf"]
        literals = [c for _, c in self.constraints if c.kind != "link"]
        found = {}
        for reading in ("open", "closed"):
            asked = named + [self.sets.literal(c, reading == "closed") for c in literals]
            found.update({f"{pool}, {reading}": at for pool, at in self._best(asked).items()})
        return self._lost(found), found

    def x5(self) -> Measured:
        found = self._best([self.sets.near_any(frozenset([page])) for page in self.exposed])
        return self._lost(found), found

    def _best(self, asked: list[Pages]) -> dict[str, dict[str, int]]:
        """For each pool of pages: how much of what is asked the answer meets, how much a page meets at best, and how many do."""
        score = Counter(page for pages in asked for page in pages)
        found = {}
        for name, pool in (("any", self.sets.universe), ("kind", self.sets.called(self.tree.root.noun))):
            free = pool.difference(self.exposed)
            best = max((score[p] for p in free if p in score), default=0)
            found[name] = {"answer": score[self.tree.root.page], "best": best, "pages": sum(score[p] == best for p in free)}
        return found

    def _lost(self, found: dict[str, dict[str, int]]) -> bool:
        return all(at["answer"] != at["best"] or at["pages"] >= self.bounds["min_skipped"] for at in found.values())

    # Surface

    @cached_property
    def _asked(self) -> list[str]:
        # A full stop, which is no word, stands between two phrasings, so that no name runs from one into the next.
        return [w for text in self.texts for w in (*(w.casefold() for w in WORD.findall(text)), ".")]

    def l1(self) -> Measured:
        leaks = set()
        for v in self.tree.vertices:
            if v.role != "leaf":
                leaks |= {f"{v.id}: {name}" for name in self._names_shown(v)} | {f"{v.id}: {word}" for word in self._words_shown(v)}
        return not leaks, {"leaks": sorted(leaks)}

    def _names_shown(self, vertex: Vertex) -> Iterator[str]:
        asked = " ".join(["", *self._asked, ""])
        for alias, links, _ in self.stored.aliases(vertex.page):
            name = alias.casefold()
            words = WORD.findall(name)
            generic = len(alias) < 3 or (alias[0].islower() and links < 2) or name == vertex.noun.casefold()
            if words and not generic and " ".join(["", *words, ""]) in asked:
                yield name

    def _words_shown(self, vertex: Vertex) -> Iterator[str]:
        """Distinctive words of the title: no number, not the page's kind, rare among titles."""
        kind = {w.casefold() for w in vertex.noun.split()}
        for word in WORD.findall(re.sub(r"\s*\([^()]*\)$", "", vertex.title)):
            low = word.casefold()
            if len(low) < 3 or low in SMALL_WORDS or low.isdigit() or any(alike(low, k) for k in kind):
                continue
            if self.stored.title_words[low] > max(10, 0.01 * self.stored.size):
                continue
            if any(alike(low, other) for other in self._asked):
                yield low


def alike(a: str, b: str) -> bool:
    """The same word, or one with up to three letters behind the other's five or more."""
    return a == b or (min(len(a), len(b)) >= 5 and abs(len(a) - len(b)) <= 3 and (a.startswith(b) or b.startswith(a)))


def least_cover(sets: list[Pages]) -> int:
    """The least number of pages that meet every set; 0 for no sets."""
    size = 0
    while not _coverable(sets, size):
        size += 1
    return size


def _coverable(sets: list[Pages], size: int) -> bool:
    if not sets or size == 0:
        return not sets
    return any(_coverable([s for s in sets if page not in s], size - 1) for page in sets[0])


Claim = tuple[str, bool, str]  # its name, whether it holds, and what is wrong where it does not


def difficulty_claims(question: Question, universe: int, proved: dict[str, Any]) -> Iterator[Claim]:
    """What is said of the difficulty, against the numbers of the proofs; R2's only where it was searched again."""
    tree, told = question.tree, question.difficulty
    mine = [c.id for v in tree.vertices if v.role in ("root", "inner") for c in v.constraints]
    found = {
        "vertices": len(tree.vertices),
        "depth": max(v.depth for v in tree.vertices),
        "bits": {name: round(math.log2(universe / n), 3) for name, n in proved["U1"]["extents"].items()},
        "smallest": min(proved["M1"]["without"][name] for name in mine),
    }
    if "R2" in proved:
        found |= {"searches": sum(proved["R2"]["searches"].values()), "answer_shows": proved["R2"]["answer_shows"]}
    for name, value in found.items():
        yield "difficulty", getattr(told, name) == value, f"{name} is {value}, and is recorded as {getattr(told, name)}"


def history_claims(history: Sequence[Mend], tree: ResearchTree, checks: tuple[str, ...]) -> Iterator[Claim]:
    """What was mended can't be seen any more, and is held by the id; but what the last repair left must be the tree."""
    said = {
        c.wording.replace("{v}", v.title).replace("{o}", _other_in_full(tree, c))
        for v in tree.vertices if v.role != "blur" for c in v.constraints
    }  # fmt: skip
    for mend in history:
        yield "history", bool(mend.failed) and set(mend.failed) <= set(checks), f"{mend.failed} are no checks"
    for last in history[-1:]:
        yield "history", said.issuperset(last.after), f"{last.after} are not in the tree"
        yield "history", said.isdisjoint(last.before), f"{last.before} are still in the tree"


def _other_in_full(tree: ResearchTree, c: Constraint) -> str:
    below = tree.vertex(c.other) if c.kind == "link" else None
    if below is None:
        return c.value
    return f"{below.title} (as {below.noun})" if below.role == "blur" else below.title


def says_range(c: Constraint) -> bool:
    """Whether the words of an interval are its numbers and its unit."""
    found = _RANGE.fullmatch(c.value)
    if found is None or c.low is None or c.high is None:
        return False
    low, high = (float(found.group(n).replace(",", "").replace("\u2212", "-")) * _SIZES[found.group(n + 1)] for n in (1, 3))
    unit = "" if c.unit == "year" else c.unit
    end = high + (_YEAR_END if c.unit == "year" else 0.0)
    told = found.group(5) or ""
    return abs(low - c.low) < 1e-9 and abs(end - c.high) < 1e-9 and told == told.strip() and _plain(told) == _plain(unit)


def _plain(unit: str) -> str:
    return unit.casefold().replace("²", "2").replace("³", "3").replace("µ", "μ").replace(" ", "")
