"""Real answers: what a reader said to the prompts of the sample wiki makes certified items when it is given again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import ANSWERS, Reader

from infoseek_offline import pipeline
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.config import load_config
from infoseek_offline.records import Question

SHAPE = {"min_depth": 2, "max_depth": 3}
Items = Callable[..., tuple[list[Question], Reader]]


@pytest.fixture
def items(sample_home: Path, tmp_path: Path) -> Items:
    """A function: count and gates to the certified items of a run with the reader's answers, and the reader."""

    def make(count: int, gates: tuple[str, ...] = ()) -> tuple[list[Question], Reader]:
        reader = Reader()
        config = load_config("demo", count=count, seed=11, gates=gates, shape=SHAPE)
        pipeline.data(sample_home, tmp_path / "run", config, model=reader)
        report = verify_run(tmp_path / "run", sample_home)
        assert report.items == count and not report.failures
        return pipeline.questions(tmp_path / "run"), reader

    return make


def test_prompts_of_all_kinds_were_answered() -> None:
    stages = Counter(json.loads(line)["stage"] for line in ANSWERS.read_text(encoding="utf-8").splitlines())
    assert sum(stages.values()) >= 60
    assert {"browser", "planner", "judge", "writer", "cover", "closed_book", "open_book", "bridge", "alternatives"} <= set(stages)


def test_the_answers_make_certified_items(items: Items) -> None:
    certified, reader = items(14)
    assert len(certified) >= 8 and sum(item.written_by == reader.name for item in certified) >= 6
    assert reader.given > len(reader.history) / 2, "most of what is asked was answered"


def test_the_answers_pass_the_gates(items: Items) -> None:
    certified, reader = items(2, ("open", "alternatives", "bridge"))
    assert {item.written_by for item in certified} == {reader.name}
    for item in certified:
        assert {"G2", "G3", "G4"} <= {verdict.check for verdict in item.certificate.verdicts}
