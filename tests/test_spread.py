"""Shapes by request, and that no described page dominates a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from infoseek_offline import pipeline
from infoseek_offline.cli import main
from infoseek_offline.config import load_config
from infoseek_offline.dataset.spread import LEAST, Spread, shape_of
from infoseek_offline.errors import ConfigError
from infoseek_offline.records import ResearchTree, Vertex


def tree(*parents: tuple[str, str, str]) -> ResearchTree:
    """Vertices as (id, parent, role), without constraints; titles are the ids in lower case."""
    depth = {"": -1}
    vertices = []
    for name, parent, role in parents:
        depth[name] = depth[parent] + 1
        vertices.append(Vertex(id=name, page=ord(name), title=name.lower(), role=role, parent=parent, depth=depth[name],  # type: ignore[arg-type]
                               noun="thing", constraints=()))  # fmt: skip
    return ResearchTree(vertices=tuple(vertices))


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
        spread.add(BUSH)
    assert not spread.admits(BUSH)
    assert spread.admits(tree(("A", "", "root"), ("X", "A", "inner"), ("B", "X", "leaf")))  # a named page counts for nothing


def test_the_report_counts_what_came() -> None:
    spread = Spread(count=1000)
    for made in (CHAIN, BUSH, BUSH, BALANCED):
        spread.add(made)
    report = spread.report()
    assert report["shapes"] == {"balanced": 1, "bush": 2, "chain": 1}
    assert report["depths"] == {"2": 2, "3": 2} and report["vertices"] == {"5": 4}
    assert report["inner vertices"] == {"different": 3, "at most": 50, "commonest": {"b": 4, "c": 4, "d": 1}}


def test_a_request_goes_over_the_profile() -> None:
    shape = load_config("demo", shape={"min_depth": 3, "max_depth": 3, "min_vertices": 6, "branching": None}).shape
    assert (shape.min_depth, shape.max_depth, shape.min_vertices, shape.branching) == (3, 3, 6, 0.35)


def test_a_run_gives_the_shapes_that_were_asked_for(sample_home: Path, tmp_path: Path) -> None:
    shape = {"min_depth": 3, "max_depth": 3, "min_vertices": 6, "max_vertices": 8, "branching": 0.0}
    manifest = pipeline.data(sample_home, tmp_path / "run", load_config("demo", count=4, seed=3, shape=shape))
    made = [item.tree for item in pipeline.questions(tmp_path / "run")]
    assert len(made) == 4 and manifest["shapes"] == {"chain": 4} and manifest["depths"] == {"3": 4}
    assert all(6 <= len(t.vertices) <= 8 and t.depth == 3 and shape_of(t) == "chain" for t in made)


@pytest.mark.parametrize(
    ("shape", "word"),
    [({"min_depth": 4, "max_depth": 2}, "min_depth"), ({"min_vertices": 9, "max_vertices": 5}, "min_vertices"),
     ({"branching": 1.5}, "branching"), ({"min_depth": 4, "max_depth": 4, "max_vertices": 4}, "more than 4 vertices")],
)  # fmt: skip
def test_a_shape_that_cannot_be_is_one_line(shape: dict[str, float], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        load_config("demo", shape=shape)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["2:4", "x", "-3", "2-y", ""])
def test_a_range_that_is_none_is_a_usage_error(value: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["data", "--out", str(tmp_path / "run"), "--depth", value])
    assert result.exit_code == 2 and "is no range" in result.output
