"""Growing: the loop offers no move that the certificate must refuse, ends with any Planner, and gives the same tree for a seed."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import dump_xml
from pyroaring import BitMap

from infoseek_offline import pipeline
from infoseek_offline.agents.base import Move, Planner
from infoseek_offline.agents.rules import RulePlanner
from infoseek_offline.checks.all import STRUCTURE
from infoseek_offline.checks.minimality import check_m2
from infoseek_offline.checks.problem import Problem
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.config import Bounds, Shape
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.spread import shape_of
from infoseek_offline.records import ResearchTree
from infoseek_offline.trees.above import Above
from infoseek_offline.trees.combine import complete
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.grow import MAX_MOVES, NO_START, Grown, Growth, grow
from infoseek_offline.trees.moves import Moves
from infoseek_offline.trees.options import Options
from infoseek_offline.trees.tree import DraftVertex

BOUNDS = Bounds(hub_degree=40, top_k=3)
SHAPE = Shape()
SEEDS = range(4)


def invented_wiki(seed: int = 1) -> dict[str, str]:
    """243 made-up pages (title -> wikitext) that hang together: countries, rivers, towns, schools, chemists and minerals."""
    rng = random.Random(seed)
    used: set[str] = set()
    pages: dict[str, str] = {}

    def name(*endings: str) -> str:
        while True:
            syllables = (rng.choice("b br d f g gr h k l m n p r s st t tr v z".split()) + rng.choice("aeiou") for _ in range(2))
            made = ("".join(syllables) + rng.choice(endings)).capitalize()
            if len(made) > 5 and made not in used:
                used.add(made)
                return made

    def add(title: str, kind: str, verb: str = "is", category: str = "", **fields: object) -> None:
        box = "".join(f"| {key.replace('_', ' ')} = {value}\n" for key, value in fields.items())
        tales = " ".join(
            f"It has a {rng.choice('quiet windy old cold hollow amber broad gentle steep hidden'.split())} "
            f"{rng.choice('gate story shape season colour name'.split())}."
            for _ in range(2)
        )
        kept = f"\n[[Category:{category}]]" if category else ""
        pages[title] = f"{{{{Infobox {kind}\n{box}}}}}\n'''{title}''' {verb} a {kind}. {tales}{kept}"

    def one(of: Sequence[str]) -> str:
        return f"[[{rng.choice(of)}]]"

    countries = [name("land", "via") for _ in range(5)]
    rivers = [name("ine", "ow") for _ in range(8)]
    towns = [name("ton", "port", "wick", "burg") for _ in range(20)]
    schools = [f"{name('more', 'ford')} {rng.choice(('Academy', 'College'))}" for _ in range(8)]
    people = [f"{name('a', 'en', 'o')} {name('sen', 'ett', 'ley')}" for _ in range(42)]
    minerals = [name("ite") for _ in range(160)]
    for title in countries:
        add(title, "country")
    for title in rivers:
        add(title, "river", length=f"{rng.randint(60, 900)} km", country=one(countries))
    for title in towns:
        country = rng.choice(countries)
        add(
            title,
            "town",
            country=f"[[{country}]]",
            river=one(rivers),
            population=rng.randint(900, 90000),
            category=f"Towns in {country}",
        )
    for title in schools:
        add(title, "school", location=one(towns), founded=rng.randint(1500, 1900))
    for title in people:
        born = f"{rng.randint(1, 28)} May {rng.randint(1700, 1890)}"
        add(title, "chemist", "was", birth_place=one(towns), alma_mater=one(schools), birth_date=born)
    for title in minerals:
        colour = rng.choice("green black white red blue yellow".split())
        add(title, "mineral", discoverer=one(people[:42]), locality=one(towns), colour=colour, discovered=rng.randint(1750, 1930))
    return pages


def invented_home(folder: Path, index: bool = True) -> Path:
    """The corpus, and the index, of the invented wiki."""
    (folder / "invented.xml").write_text(dump_xml(invented_wiki()), encoding="utf-8")
    pipeline.corpus(folder / "invented.xml", folder / "home")
    if index:
        pipeline.index(folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    home = invented_home(tmp_path_factory.mktemp("grow"), index=False)
    pipeline.claims(home)
    return Corpus.open(home / "corpus")


def fresh_options(corpus: Corpus) -> Options:
    return Options(corpus, ClaimStore(corpus.folder.parent / "claims", corpus), Extents(corpus))


@pytest.fixture(scope="module")
def options(corpus: Corpus) -> Options:
    return fresh_options(corpus)


def roots(corpus: Corpus, step: int) -> list[int]:
    return [int(page) for page in corpus.answerable()[::step]]


# Planners


class AtRandom:
    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        return growth.rng.choice(list(moves))


class NeverStopping:
    """At random, but stops only where nothing else is left."""

    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        return growth.rng.choice(list(moves[:-1]) or list(moves))


class First:
    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        return moves[0]


class AlwaysStopping:
    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        return moves[-1]


class Deepest:
    """Extends wherever it can."""

    def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
        return next((m for m in moves if m.kind in ("start", "extend")), growth.rng.choice(list(moves)))


PLANNERS: list[Planner] = [AtRandom(), NeverStopping(), First(), AlwaysStopping(), Deepest(), RulePlanner()]
EACH_PLANNER = pytest.mark.parametrize("planner", PLANNERS, ids=lambda p: type(p).__name__)


def grown(planner: Planner, options: Options, root: int, seed: int, shape: Shape = SHAPE) -> Grown:
    return grow(root, planner, options, BOUNDS, shape, random.Random(f"{root}/{seed}"))


def done(planner: Planner, options: Options, step: int = 5, shape: Shape = SHAPE) -> list[ResearchTree]:
    found = [grown(planner, options, root, seed, shape) for root in roots(options.corpus, step) for seed in SEEDS]
    return [g.tree for g in found if g.tree is not None]


def structure(options: Options, tree: ResearchTree) -> set[str]:
    """The checks of structure that fail, computed afresh."""
    problem = Problem(options.corpus, options.extents, tree, BOUNDS)
    return {name for name, check in STRUCTURE.items() if not check(problem).passed}


# The moves


@pytest.mark.parametrize("seed", SEEDS)
def test_no_legal_move_breaks_x1_m3_or_x2(options: Options, seed: int) -> None:
    """Every move that is offered, on the way of a Planner that chooses at random, is tried on a copy of the tree."""
    tried = 0
    for root in roots(options.corpus, 12):
        growth = Growth(root, options, BOUNDS, SHAPE, random.Random(f"{seed}/{root}"), depth=3)
        for _ in range(12):
            moves = growth.moves()
            for move in moves[:-1]:
                trial = copy.copy(growth)
                trial.draft = copy.deepcopy(growth.draft)
                trial.apply(move)
                assert move.option is not None
                told = f"{move.kind} {move.option.constraint.wording} at {growth.draft.vertices[move.vertex].title}"
                for vertex in trial.draft.vertices.values():
                    extents = [trial.extent_of(vertex, i) for i in range(len(vertex.constraints))]
                    if vertex.role == "root":
                        assert min(map(len, extents)) >= BOUNDS.min_clue, f"X1: {told}"
                    assert not any(a <= b for i, a in enumerate(extents) for j, b in enumerate(extents) if i != j), f"M3: {told}"
                verdict = STRUCTURE["X2"](Problem(options.corpus, options.extents, trial.draft.freeze(), BOUNDS))
                assert verdict.passed, f"{told}: {verdict.reason}"
                tried += 1
            if len(moves) == 1:
                break
            growth.apply(growth.rng.choice(moves[:-1]))
    assert tried > 300


def test_a_move_says_how_many_candidates_it_leaves(options: Options) -> None:
    growth = Growth(roots(options.corpus, 1)[-1], options, BOUNDS, SHAPE, random.Random(1), depth=2)
    growth.apply(growth.moves()[0])
    vertex = growth.focus()
    assert vertex is not None
    for move in growth.moves()[:-1]:
        trial = copy.copy(growth)
        trial.draft = copy.deepcopy(growth.draft)
        trial.apply(move)
        assert move.before == len(growth.candidates(vertex))
        assert move.after == len(trial.candidates(trial.draft.vertices[vertex.id])) < move.before


def test_the_last_move_is_always_to_stop(options: Options) -> None:
    growth = Growth(roots(options.corpus, 1)[-1], options, BOUNDS, SHAPE, random.Random(1), depth=2)
    for _ in range(8):
        moves = growth.moves()
        assert [m.kind for m in moves].count("stop") == 1 and moves[-1].kind == "stop"
        if len(moves) > 1:
            growth.apply(moves[0])


# The loop


@EACH_PLANNER
def test_the_loop_ends_with_a_reason(options: Options, planner: Planner) -> None:
    for root in roots(options.corpus, 8):
        for seed in SEEDS:
            result = grown(planner, options, root, seed)
            assert result.reason and (result.tree is not None) == (result.reason == "done")


def test_a_planner_that_always_stops_grows_nothing(options: Options) -> None:
    assert {grown(AlwaysStopping(), options, root, 1).reason for root in roots(options.corpus, 8)} == {NO_START}


def test_no_more_moves_are_asked_for_than_the_bound(options: Options) -> None:
    class Counting(AtRandom):
        asked = 0

        def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
            self.asked += 1
            return moves[0] if len(moves) > 1 else moves[-1]

    for root in roots(options.corpus, 20):
        planner = Counting()
        grown(planner, options, root, 1)
        assert 1 <= planner.asked <= MAX_MOVES


@pytest.mark.parametrize("planner", [NeverStopping(), Deepest(), RulePlanner()], ids=lambda p: type(p).__name__)
def test_whoever_plans_what_is_done_is_solved_and_has_no_shortcut(options: Options, planner: Planner) -> None:
    """U1, U2, M3, X1 and X2 hold of each finished tree; the others are for the checks to find."""
    trees = done(planner, options, 2)
    assert len(trees) >= 3
    for tree in trees:
        assert structure(options, tree) <= {"M1", "M2", "M4", "X3", "X4", "X5"}


def test_the_rules_grow_trees_that_hold(options: Options) -> None:
    trees = done(RulePlanner(), options, 2)
    assert len(trees) >= 30 and sum(not structure(options, t) for t in trees) >= 5


@pytest.mark.parametrize("planner", [NeverStopping(), Deepest(), RulePlanner()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize(
    "shape", [SHAPE, Shape(max_depth=2), Shape(min_depth=3, max_depth=3, max_vertices=7, max_constraints=3)], ids=repr
)
def test_trees_keep_to_their_shape(options: Options, planner: Planner, shape: Shape) -> None:
    for tree in done(planner, options, 10, shape):
        assert shape.min_depth <= tree.depth <= shape.max_depth
        assert len(tree.vertices) <= shape.max_vertices
        assert all(len(v.constraints) <= shape.max_constraints for v in tree.vertices)


def test_a_finished_tree_is_well_formed(options: Options) -> None:
    for tree in done(RulePlanner(), options):
        ids = [v.id for v in tree.vertices]
        assert len(set(ids)) == len(ids) and tree.root.role == "root" and tree.root.parent == ""
        assert len({v.page for v in tree.vertices}) == len(tree.vertices), "no page stands for two vertices"
        for vertex in tree.vertices:
            assert bool(vertex.constraints) == (vertex.role != "leaf")
            assert [c.id for c in vertex.constraints] == [f"{vertex.id}.{n}" for n in range(1, len(vertex.constraints) + 1)]
            assert [c.other for c in vertex.constraints if c.other] == [v.id for v in tree.children(vertex.id)]
            if vertex.parent:
                assert ids.index(vertex.parent) < ids.index(vertex.id)
                assert vertex.depth == tree.vertex(vertex.parent).depth + 1
            for constraint in vertex.constraints:
                evidence = constraint.evidence
                page = options.corpus.page(evidence.page)
                assert page.text[evidence.start : evidence.end] == evidence.anchor
                assert evidence.anchor in evidence.sentence


# Shapes


def test_a_tree_has_the_shape_that_was_asked_for(sample_home: Path) -> None:
    pipeline.claims(sample_home)
    wide = fresh_options(Corpus.open(sample_home / "corpus"))
    for asked, most in (("chain", 4), ("bush", 4), ("balanced", 2)):
        right, trees = 0, 0
        for root in pipeline.answer_order(wide.corpus, 1)[:600]:
            tree = grow(root, RulePlanner(), wide, BOUNDS, SHAPE, random.Random(f"{root}/{asked}"), asked).tree
            trees += tree is not None
            right += tree is not None and shape_of(tree) == asked
            if right == most:
                break
        assert right == most and right > 0.6 * trees, asked


# What the checks will say, foreseen


def test_what_can_be_foreseen_is_no_reason_to_refuse_a_tree(options: Options) -> None:
    """M2 in levels further down and by hyperlinks, M4 from below, X3: a clue at fault is not offered, rather than a tree lost."""
    trees = done(RulePlanner(), options, step=2)
    failed = Counter(name for tree in trees for name in structure(options, tree))
    assert len(trees) > 20 and sum(failed.values()) <= 0.05 * len(trees), failed


def test_what_is_left_without_an_inner_vertex_is_what_the_check_finds(options: Options) -> None:
    """Where no mention associates pages, both readings of M2 are the same."""
    tried = 0
    for root in roots(options.corpus, 2):
        growth = grow(root, RulePlanner(), options, BOUNDS, SHAPE, random.Random(root), "chain").growth
        if growth is not None:
            measured = check_m2(Problem(options.corpus, options.extents, growth.draft.freeze(), BOUNDS)).measured
            foreseen = [len(s) for s in growth.ahead.skipped_by_links(growth.draft.root)]
            assert sorted(foreseen) == sorted(measured["by_links"].values())
            tried += 1
    assert tried > 5


def test_what_a_clue_leaves_of_the_root_is_what_the_tree_would_leave(options: Options) -> None:
    """M4 and M2 at the root, seen from an inner vertex: as found by putting each page in the vertex's place, one by one."""
    seen: Counter[bool] = Counter()

    def leaves(growth: Growth, vertex: DraftVertex, pages: BitMap) -> int:
        while vertex.parent:
            parent = growth.draft.vertices[vertex.parent]
            told = [growth.extent_of(parent, i) for i, c in enumerate(parent.constraints) if c.other != vertex.id]
            others = growth.extents.meet(told)
            pages, vertex = BitMap(p for p in others if not growth.extents.near(p).isdisjoint(pages)), parent
        return len(pages)

    class Watched(RulePlanner):
        def choose(self, growth: Growth, moves: Moves) -> Move:
            vertex = moves.vertex
            above = [growth.draft.vertices[v.parent] for v in growth.draft.vertices.values() if v is vertex and v.parent]
            if above and len(above[0].constraints) > 1 and len(vertex.constraints) == 1 and not growth.joins:
                told = growth.extent_of(vertex, 0)
                for option in growth.offers.clues(vertex.page, vertex.depth):
                    if len(told & option.extent) == 1 < min(len(told), len(option.extent)):
                        wanted = BOUNDS.min_skipped if growth.ahead.is_inner(vertex.constraints[0].other) else 2
                        found = leaves(growth, vertex, option.extent) >= wanted and leaves(growth, vertex, told) >= 2
                        assert Above(growth, vertex).needless([option.extent]) is not found
                        seen[found] += 1
            return super().choose(growth, moves)

    for root in roots(options.corpus, 2):
        for asked in ("chain", "bush", "balanced"):
            grow(root, Watched(), options, BOUNDS, SHAPE, random.Random(root), asked)
    assert seen[True] > 20 and seen[False] > 0, seen


def test_clues_that_were_chosen_together_solve_their_vertex(options: Options) -> None:
    told = 0
    for root in roots(options.corpus, 2):
        growth = Growth(root, options, BOUNDS, SHAPE, random.Random(root), 2)
        starts = growth.moves()[:-1]
        if not starts:
            continue
        growth.apply(starts[0])
        child = growth.draft.children(growth.draft.root)[0]
        known = (list(child.constraints), len(growth.draft.vertices))
        if not complete(growth, child):
            assert (child.constraints, len(growth.draft.vertices)) == known
            continue
        told += 1
        assert growth.solved(child)
        assert all(len(growth.candidates(child, i)) > 1 for i in range(len(child.constraints))), "no clue is idle"
    assert told > 5


# The seed


def test_the_seed_gives_the_tree_whatever_was_grown_before(corpus: Corpus, options: Options) -> None:
    some = roots(corpus, 15)
    warm = [grown(RulePlanner(), options, root, seed) for root in some for seed in SEEDS]
    cold = fresh_options(corpus)
    backwards = [grown(RulePlanner(), cold, root, seed) for root in reversed(some) for seed in reversed(SEEDS)]
    assert warm == backwards[::-1]


def test_another_seed_gives_another_tree(options: Options) -> None:
    for root in roots(options.corpus, 8):
        trees = [grown(RulePlanner(), options, root, seed).tree for seed in SEEDS]
        if len({repr(tree) for tree in trees if tree is not None}) > 1:
            return
    raise AssertionError("no seed changes anything")


def test_names_that_the_words_would_show_are_known_before(make_corpus: Callable[..., Corpus]) -> None:
    pages = {
        "Geology": "'''Geology''' is a science. [[Ada Quill]] taught it.",
        "Geologist": "#REDIRECT [[Geology]]",
        "Ada Quill": "'''Ada Quill''' was a [[geologist]] from [[Orm]].",
        "Orm": "'''Orm''' is a country whose coin is the [[Ormian crown]].",
        "Ormian crown": "The '''Ormian crown''' is a coin.",
    }
    corpus = make_corpus(pages)
    home = corpus.folder.parent
    pipeline.claims(home)
    options = Options(corpus, ClaimStore(home / "claims", corpus), Extents(corpus))
    assert "geologist" in options.names(corpus.resolve("Geology") or 0)
    assert "country" not in options.names(corpus.resolve("Orm") or 0), "its kind is told anyway"
