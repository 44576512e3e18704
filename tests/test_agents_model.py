"""The Planner on a language model: what it is shown, what it may choose, and what happens when it can't."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from test_grow import BOUNDS, SHAPE, fresh_options, invented_home, roots

from infoseek_offline import pipeline
from infoseek_offline.agents.base import Move
from infoseek_offline.agents.lines import kind_of, move_line
from infoseek_offline.agents.model_planner import NEXT, NOT_REACHED, OFFERED, ModelPlanner
from infoseek_offline.agents.rules import RulePlanner
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.llm.asked import Asked
from infoseek_offline.llm.base import Request
from infoseek_offline.llm.prompts import load_prompt, prompt_digests
from infoseek_offline.trees.grow import Growth, grow
from infoseek_offline.trees.options import Options


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    home = invented_home(tmp_path_factory.mktemp("planner"), index=False)
    pipeline.claims(home)
    return Corpus.open(home / "corpus")


@pytest.fixture(scope="module")
def sample(sample_home: Path) -> Options:
    """Of the sample wiki, where hundreds of moves may be legal."""
    pipeline.claims(sample_home)
    return fresh_options(Corpus.open(sample_home / "corpus"))


@pytest.fixture(scope="module")
def options(corpus: Corpus) -> Options:
    return fresh_options(corpus)


class Notes:
    def __init__(self) -> None:
        self.fates: dict[tuple[int, str], str] = {}

    def __call__(self, request: Request, proposal: str, reason: str) -> None:
        self.fates[request.seed, proposal] = reason


def picking(move: str = "m1", then: Sequence[str] = ()) -> Callable[[Request], Any]:
    return lambda request: {"reason": "so", "move": move, "then": list(then)}


def planned(options: Options, model: Any, root: int, seed: int = 1) -> tuple[Any, Notes, list[Move]]:
    """(what grew, the fates of the proposals, the moves that were made)."""
    notes, moves = Notes(), []
    planner = ModelPlanner(Asked(model, notes))

    class Watched:
        def choose(self, growth: Growth, offered: Sequence[Move]) -> Move:
            move = planner.choose(growth, offered)
            assert move in offered or (move.kind == "stop" and move.reason), "only legal moves"
            moves.append(move)
            return move

    return grow(root, Watched(), options, BOUNDS, SHAPE, random.Random(seed)), notes, moves


def fruitful(options: Options, corpus: Corpus, model: Any) -> int:
    """A page from which the model grows a tree."""
    return next(root for root in roots(corpus, 3) if planned(options, model, root)[0].tree is not None)


# Prompts


def test_all_prompts_can_be_read_and_have_a_digest() -> None:
    digests = prompt_digests()
    assert {"planner", "browser", "judge", "writer"} <= set(digests) and len(set(digests.values())) == len(digests)


@pytest.mark.parametrize("name", sorted(prompt_digests()))
def test_a_prompt_stands_on_its_own(name: str) -> None:
    """It fits a small context with room for its material, has a worked example, and tells the form of the answer."""
    prompt = load_prompt(name)
    assert len(prompt.system) // 4 < 600
    assert "\nAnswer\n{" in prompt.system or "JSON" in prompt.system + prompt.user


def test_what_is_put_into_a_prompt_is_not_read_as_a_place() -> None:
    _, user = load_prompt("browser").messages(page="<<sentences>>", sentences="s1: <<page>>")
    assert "Page: <<sentences>>\ns1: <<page>>" in user.content
    with pytest.raises(KeyError):
        load_prompt("browser").messages(page="x")


# What is shown


def test_the_prompt_shows_tree_work_and_moves_with_their_numbers(options: Options, corpus: Corpus, scripted: Any) -> None:
    model = scripted(picking())
    root = fruitful(options, corpus, model)
    model = scripted(picking())
    _, _, moves = planned(options, model, root)
    user = model.history[0].messages[1].content
    title = corpus.titles[root]
    assert f"Tree\nA: {title} ({corpus.nouns[root]}), the answer\nWork on: A, " in user
    lines = re.findall(r"^m(\d+) (step|name|vague|fact): (.+) \| ([\d,]+) -> ([\d,]+)$", user, re.MULTILINE)
    assert [int(n) for n, *_ in lines] == list(range(1, len(lines) + 1)) and lines
    for line, move in zip((line for line in lines[:1]), moves, strict=False):
        assert (line[3], line[4]) == (f"{move.before:,}", f"{move.after:,}"), "numbers from the corpus"
    last = model.history[-1].messages[1].content
    assert "\n  A " in last or "\n  the " in last or "A\n" in last, "what was chosen stands in the tree"


def test_few_varied_moves_are_offered_of_many(sample: Options, scripted: Any) -> None:
    offers: list[list[Move]] = []
    many = 0

    class Watching(RulePlanner):
        def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
            nonlocal many
            clues = [m for m in moves if m.kind == "constrain"]
            if len(clues) > 20:
                many += 1
                state = growth.rng.getstate()
                offers.append(ModelPlanner(Asked(scripted(()))).offered(growth, clues, child=False))
                growth.rng.setstate(state)
                assert offers[-1] == ModelPlanner(Asked(scripted(()))).offered(growth, clues, child=False), "the same for a seed"
            return super().choose(growth, moves)

    for root in roots(sample.corpus, 120):
        grow(root, Watching(), sample, BOUNDS, SHAPE, random.Random(1))
    assert many > 3 and all(3 <= len(offered) <= OFFERED for offered in offers)
    assert all(len({kind_of(m) for m in offered}) >= 2 for offered in offers)
    for offered in offers:
        shown = [(kind_of(m), m.option.page if m.option.page is not None else m.option.constraint.key) for m in offered if m.option]
        assert len(set(shown)) == len(shown), "no page and no quantity twice in one kind"


def test_moves_are_left_out_until_the_prompt_fits(options: Options, corpus: Corpus, scripted: Any) -> None:
    def asked(root: int) -> list[Request]:
        model = scripted(picking())
        planned(options, model, root)
        return list(model.history)

    offers = {root: [len(r.schema["properties"]["move"]["enum"]) for r in asked(root)[:1]] for root in roots(corpus, 60)}
    root = next(root for root, sizes in offers.items() if sizes and sizes[0] > 3)
    roomy = scripted(picking())
    first = asked(root)[0]
    needs = roomy.count_tokens(first.messages) + first.sampling.max_tokens
    tight = scripted(picking(), context=needs - 1)
    planned(options, tight, root)
    assert tight.history and all(tight.count_tokens(r.messages) + r.sampling.max_tokens < needs for r in tight.history)
    fewer = len(tight.history[0].schema["properties"]["move"]["enum"])
    assert 2 <= fewer < len(first.schema["properties"]["move"]["enum"])
    assert all(line in first.messages[1].content for line in tight.history[0].messages[1].content.splitlines()), "whole lines only"


def test_where_nothing_fits_the_rules_choose(options: Options, corpus: Corpus, scripted: Any) -> None:
    model = scripted((), context=200)
    root = fruitful(options, corpus, model)
    grown, notes, _ = planned(options, model, root)
    assert grown.tree is not None and not model.history
    assert set(notes.fates.values()) == {"the prompt is too long for a context of 200 tokens"}


# What is chosen


def test_the_move_that_was_named_is_made(options: Options, corpus: Corpus, scripted: Any) -> None:
    last = lambda request: {"reason": "", "move": request.schema["properties"]["move"]["enum"][-1], "then": []}  # noqa: E731
    root = fruitful(options, corpus, scripted(last))
    model = scripted(last)
    _, notes, moves = planned(options, model, root)
    made = [m for m in moves if m.option is not None]
    asked = [r.messages[1].content.splitlines()[-2] for r in model.history]
    assert len(asked) <= len(made)
    for line in asked:
        name, _, rest = line.partition(" ")
        assert any(proposal == f"{name} {rest}" and not why for (_, proposal), why in notes.fates.items())
        assert any(rest.split(" | ")[1] == f"{m.before:,} -> {m.after:,}" for m in made)


def test_moves_to_go_on_with_save_calls_and_have_their_fates(options: Options, corpus: Corpus, scripted: Any) -> None:
    def many(request: Request) -> Any:
        ids = request.schema["properties"]["move"]["enum"]
        return {"reason": "", "move": ids[0], "then": ids[: NEXT + 1][-NEXT:]}

    calls = moves = 0
    fates: set[str] = set()
    for root in roots(corpus, 9):
        model = scripted(many)
        _, notes, made = planned(options, model, root)
        calls, moves = calls + len(model.history), moves + sum(m.option is not None for m in made)
        fates |= set(notes.fates.values())
    assert calls < 0.7 * moves
    assert fates == {"", NOT_REACHED, "no longer legal"}


def test_the_same_answers_give_the_same_tree_and_the_same_requests(options: Options, corpus: Corpus, scripted: Any) -> None:
    root = fruitful(options, corpus, scripted(picking()))
    runs = []
    for _ in range(2):
        model = scripted(picking())
        grown, _, _ = planned(fresh_options(corpus), model, root)
        runs.append((grown.tree, [r.key("x") for r in model.history]))
    assert runs[0] == runs[1] and len(set(runs[0][1])) == len(runs[0][1])


def test_a_bad_model_leaves_the_choice_to_the_rules_with_a_reason(options: Options, corpus: Corpus, any_bad_model: Any) -> None:
    grown = 0
    for root in roots(corpus, 8):
        made, notes, _ = planned(options, any_bad_model, root)
        grown += made.tree is not None
        if not any_bad_model.name.startswith("random"):
            assert all(notes.fates.values())
    assert grown, "trees grow all the same"


def test_lines_say_the_move_in_words(sample: Options) -> None:
    seen: dict[str, str] = {}

    class Reading(RulePlanner):
        def choose(self, growth: Growth, moves: Sequence[Move]) -> Move:
            for move in moves:
                if move.option is not None:
                    seen[kind_of(move)] = line = move_line(growth, move)
                    assert "{" not in line and growth.draft.vertices[move.vertex].id in line
            return super().choose(growth, moves)

    for root in roots(sample.corpus, 300):
        grow(root, Reading(), sample, BOUNDS, SHAPE, random.Random(2))
    assert set(seen) == {"step", "name", "vague", "fact"}
    assert re.search(r"\ban? [a-z]+", seen["vague"])


def test_growing_reads_the_pages_that_it_describes_and_no_others(corpus: Corpus) -> None:
    class Watching:
        version = "w"

        def __init__(self) -> None:
            self.pages: list[int] = []

        def read(self, page: int) -> list[Any]:
            self.pages.append(page)
            return []

    browser = Watching()
    plain = fresh_options(corpus)
    watched = Options(corpus, plain.claims, plain.extents, browser)
    for root in roots(corpus, 24):
        browser.pages.clear()
        there = grow(root, RulePlanner(), watched, BOUNDS, SHAPE, random.Random(3))
        assert browser.pages[0] == root and len(set(browser.pages)) == len(browser.pages), "once a tree"
        assert there == grow(root, RulePlanner(), plain, BOUNDS, SHAPE, random.Random(3)), (
            "a browser without claims changes nothing"
        )
        if there.tree is not None:
            assert {v.page for v in there.tree.vertices if v.role == "inner"} <= set(browser.pages)


def test_what_a_tree_sees_does_not_depend_on_the_trees_before_it(corpus: Corpus, tmp_path: Path, random_model: Any) -> None:
    from infoseek_offline.agents.model_browser import ModelBrowser

    def options() -> Options:
        plain = fresh_options(corpus)
        return Options(corpus, plain.claims, plain.extents, ModelBrowser(corpus, Asked(random_model), 1))

    some = roots(corpus, 30)
    shared = options()
    for root in some:
        grow(root, RulePlanner(), shared, BOUNDS, SHAPE, random.Random(4))
    for root in reversed(some):
        alone = grow(root, RulePlanner(), options(), BOUNDS, SHAPE, random.Random(5))
        assert grow(root, RulePlanner(), shared, BOUNDS, SHAPE, random.Random(5)) == alone
