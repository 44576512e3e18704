"""Shapes by request, and that no described page dominates a run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from infoseek_offline import pipeline
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.cli import main
from infoseek_offline.config import Branching, load_config
from infoseek_offline.dataset.difficulty import LEVELS
from infoseek_offline.dataset.spread import JOINS, LEAST, LEAST_TOLD, Mix, Spread, blurs_of, shape_of
from infoseek_offline.errors import ConfigError
from infoseek_offline.records import Constraint, Difficulty, Evidence, ResearchTree, Vertex


def tree(*parents: tuple[str, str, str]) -> ResearchTree:
    """Vertices as (id, parent, role), without constraints; titles are the ids in lower case."""
    depth = {"": -1}
    vertices = []
    for name, parent, role in parents:
        depth[name] = depth[parent] + 1
        vertices.append(Vertex(id=name, page=ord(name), title=name.lower(), role=role, parent=parent, depth=depth[name],  # type: ignore[arg-type]
                               noun="thing", constraints=()))  # fmt: skip
    return ResearchTree(vertices=tuple(vertices))


EASY = Difficulty(vertices=5, depth=2, bits={}, smallest=2, searches=2, answer_shows=0)
CHAIN = tree(("A", "", "root"), ("B", "A", "inner"), ("C", "B", "inner"), ("D", "C", "leaf"), ("E", "A", "leaf"))
BUSH = tree(("A", "", "root"), ("B", "A", "inner"), ("C", "A", "inner"), ("D", "B", "leaf"), ("E", "C", "leaf"))
BALANCED = tree(("A", "", "root"), ("B", "A", "inner"), ("C", "A", "inner"), ("D", "B", "inner"), ("E", "D", "leaf"))


@pytest.mark.parametrize(("made", "shape"), [(CHAIN, "chain"), (BUSH, "bush"), (BALANCED, "balanced")])
def test_shapes(made: ResearchTree, shape: str) -> None:
    assert shape_of(made) == shape


def test_a_page_that_stands_in_too_many_trees_is_not_admitted_again() -> None:
    spread = Spread(count=20)
    for _ in range(LEAST):
        assert spread.admits(BUSH)
        spread.add(BUSH, EASY)
    assert not spread.admits(BUSH)
    assert spread.admits(tree(("A", "", "root"), ("X", "A", "inner"), ("B", "X", "leaf")))  # a named page counts for nothing


def test_the_report_counts_what_came() -> None:
    spread = Spread(count=1000)
    for made in (CHAIN, BUSH, BUSH, BALANCED):
        spread.add(made, EASY)
    report = spread.report()
    assert report["depths"] == {"2": 2, "3": 2} and report["vertices"] == {"5": 4}
    assert report["difficulty"] == {"easy": 4} and report["searches"] == {"2": 4}
    assert report["inner vertices"] == {"different": 3, "at most": 50, "commonest": {"b": 4, "c": 4, "d": 1}}


def test_a_request_goes_over_the_profile() -> None:
    shape = load_config("standard", shape={"min_depth": 3, "max_depth": 3, "min_vertices": 6, "branching": None}).shape
    assert (shape.min_depth, shape.max_depth, shape.min_vertices, shape.branching) == (3, 3, 6, Branching())


def test_a_shape_that_has_no_room_is_not_asked_for() -> None:
    assert load_config("standard", shape={"max_depth": 2}).shape.shares == {"chain": 0.5, "bush": 0.5, "balanced": 0.0}
    assert load_config("standard", shape={"max_vertices": 4}).shape.shares == {"chain": 1.0, "bush": 0.0, "balanced": 0.0}


def test_a_shape_that_comes_seldom_is_tried_for_more_often() -> None:
    mix = Mix({"chain": 0.5, "bush": 0.5, "balanced": 0.0})
    first = mix.weights()
    assert first["bush"] > first["chain"] > first["balanced"] == 0.0
    for _ in range(20):
        mix.add({"chain": 1, "bush": 1}, "chain")
    mix.settle()
    assert mix.weights()["bush"] > first["bush"] and mix.weights()["chain"] >= 0.05
    for _ in range(40):
        mix.add({"bush": 2}, "bush")
    assert mix.weights()["chain"] > mix.weights()["bush"] > 0
    assert mix.settled[0] == first, "as it was then"
    assert mix.report()["bush"] == {"asked": 0.5, "tried": 100, "came": 40}


def test_shapes_come_in_the_proportions_that_were_asked_for(sample_home: Path, tmp_path: Path) -> None:
    config = load_config("demo", count=60, shape={"branching": {"chain": 1, "bush": 2, "balanced": 0}})
    manifest = pipeline.data(sample_home, tmp_path / "run", config, workers=2)
    came = Counter(shape_of(item.tree) for item in pipeline.questions(tmp_path / "run"))
    assert {s: n["came"] for s, n in manifest["shapes"].items()} == {s: came[s] for s in ("chain", "bush", "balanced")}
    assert 12 <= came["chain"] <= 36 and came["balanced"] == 0, "20 were asked for; of as many tries for each, 45 would come"
    assert len({item.answer for item in pipeline.questions(tmp_path / "run")}) == 60, "no page is the answer twice"


def test_a_relation_that_stands_in_too_many_items_is_not_admitted_again() -> None:
    told = clue("link", other="B", wording="{v} is in {o}")
    spread = Spread(count=20)
    for number in range(LEAST_TOLD):
        root = CHAIN.root.model_copy(update={"constraints": (told,), "page": number})
        inner = CHAIN.vertices[1].model_copy(update={"title": str(number)})
        made = ResearchTree(vertices=(root, inner))
        assert spread.admits(made)
        spread.add(made, EASY)
    assert not spread.admits(made)
    assert spread.report()["relations"]["commonest"] == {"{v} is in {o}": LEAST_TOLD}


def test_only_the_difficulty_that_was_asked_for_is_kept(sample_home: Path, tmp_path: Path) -> None:
    manifest = pipeline.data(sample_home, tmp_path / "run", load_config("demo", count=3, difficulty=LEVELS["hard"]), workers=2)
    made = pipeline.questions(tmp_path / "run")
    assert len(made) == 3 and all(item.difficulty.searches >= 4 for item in made)
    assert manifest["difficulty"] == {"hard": 3} and manifest["failed checks of rejected trees"]["difficulty"] > 0
    assert verify_run(tmp_path / "run", sample_home).failures == ()


def clue(kind: str, **fields: object) -> Constraint:
    said = Evidence(page=0, title="", section="", start=0, end=1, anchor="", sentence="", document="")
    return Constraint.model_validate({"id": "A.1", "kind": kind, "wording": "{v} {o}", "evidence": said, **fields})


def test_the_five_blurs_are_counted() -> None:
    ranges = clue("interval", low=1.0, high=2.0, unit="km"), clue("interval", low=1800.0, high=1899.9, unit="year")
    root = CHAIN.root.model_copy(update={"constraints": (*ranges, clue("category", value="Towns"), clue("type", value="town"))})
    called = clue("link", other="D"), clue("type", value="city")
    vague = CHAIN.vertices[1].model_copy(update={"role": "blur", "constraints": called})
    assert sorted(blurs_of(ResearchTree(vertices=(root, vague)))) == ["category", "date", "name", "number", "place"]


def test_a_run_gives_the_shapes_that_were_asked_for(sample_home: Path, tmp_path: Path) -> None:
    shape = {"min_depth": 3, "max_depth": 3, "min_vertices": 6, "max_vertices": 8,
             "branching": {"chain": 1, "bush": 0, "balanced": 0}}  # fmt: skip
    manifest = pipeline.data(sample_home, tmp_path / "run", load_config("demo", count=4, seed=3, shape=shape))
    made = [item.tree for item in pipeline.questions(tmp_path / "run")]
    assert len(made) == 4 and manifest["shapes"]["chain"]["came"] == 4 and manifest["depths"] == {"3": 4}
    assert all(6 <= len(t.vertices) <= 8 and t.depth == 3 and shape_of(t) == "chain" for t in made)


@pytest.mark.parametrize(
    ("shape", "word"),
    [({"min_depth": 4, "max_depth": 2}, "min_depth"), ({"min_vertices": 9, "max_vertices": 5}, "min_vertices"),
     ({"branching": {"bush": -1.5}}, "branching"), ({"max_depth": 2, "branching": {"chain": 0, "bush": 0}}, "no shape is left"),
     ({"min_depth": 4, "max_depth": 4, "max_vertices": 4}, "more than 4 vertices")],
)  # fmt: skip
def test_a_shape_that_cannot_be_is_one_line(shape: dict[str, float], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        load_config("demo", shape=shape)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["star:1", "chain:x", "chain:-1", "", "chain:1;bush:1"])
def test_a_mix_that_is_none_is_a_usage_error(value: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["data", "--out", str(tmp_path / "run"), "--branching", value])
    assert result.exit_code == 2 and "is no part of a mix" in result.output


@pytest.mark.parametrize("value", ["2:4", "x", "-3", "2-y", ""])
def test_a_range_that_is_none_is_a_usage_error(value: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["data", "--out", str(tmp_path / "run"), "--depth", value])
    assert result.exit_code == 2 and "is no range" in result.output


def test_joins_are_tried_for_as_long_as_they_are_missing() -> None:
    mix = Mix({"chain": 0.5, "bush": 0.5, "balanced": 0.0}, joins=0.2)
    at_first = mix.weights()[JOINS]
    assert sum(mix.weights().values()) == pytest.approx(1.0, abs=0.001)
    for _ in range(60):
        mix.add({JOINS: 9, "chain": 1}, "chain")
    rare = mix.weights()[JOINS]
    assert at_first < rare and 0.8 < rare <= 0.95, "and other trees are tried for all the same"
    for _ in range(40):
        mix.add({JOINS: 1}, "balanced", joined=True)
    assert mix.weights()[JOINS] < 0.05, "there are enough of them"
    assert Mix({"chain": 1.0}, joins=1.0).weights()[JOINS] == 1.0
    assert JOINS not in Mix({"chain": 1.0}).weights()
