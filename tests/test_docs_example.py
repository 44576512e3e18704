"""The worked example of docs/certificates.md is true: its item holds, and its sets are those of a second computation."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from infoseek_offline.checks.recompute import Proof, Sets
from infoseek_offline.checks.stored import Stored
from infoseek_offline.corpus.store import Corpus

SCRIPT = Path(__file__).parent.parent / "docs" / "example.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_example", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its records look for their own names
    spec.loader.exec_module(module)
    return module


def test_its_item_holds_and_its_numbers_are_those_of_a_second_computation(script: ModuleType, sample_home: Path) -> None:
    item = script.kept()
    sets = Sets(Stored(sample_home / "corpus"), item.certificate.reading)
    proof = dict(Proof(sets, item.tree, item.certificate.bounds, item.question).claims())
    assert all(holds for holds, _ in proof.values())
    text = script.written()
    for name, size in proof["U1"][1]["extents"].items():
        assert re.search(rf"^\| {re.escape(name)} \| .* \| {size:,} \| ", text, re.MULTILINE), name
    for name, left in proof["M1"][1]["without"].items():
        if not any(c.id == name for v in item.tree.vertices if v.role == "blur" for c in v.constraints):
            assert f"- without {name}: {left:,} pages for " in text
    for vertex, left in proof["M2"][1]["without"].items():
        assert f"- without {vertex}: {left:,} answers" in text
    for name, count in proof["X1"][1]["alone"].items():
        assert f"{name} {count:,}" in text.split("(X1): ")[1].split("\n")[0]
    for title, steps in proof["X2"][1]["distances"].items():
        assert f"{title} {steps}" in text.split("(X2): ")[1].split("\n")[0]


def test_it_stands_in_the_docs_as_the_script_writes_it(script: ModuleType, sample_home: Path) -> None:
    assert script.example(script.kept(), Corpus.open(sample_home / "corpus")) == script.written(), (
        "make it again: python docs/example.py index/samplewiki"
    )
