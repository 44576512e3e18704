"""The README says what is there: its layout, its commands and its example."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

from infoseek_offline.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "infoseek_offline"


def test_no_placeholder_is_left() -> None:
    assert "@@" not in README and "TBD" not in README


def test_the_example_is_whole() -> None:
    example = README.split("<!-- example", 1)[1].split("<!-- end of example -->")[0]
    assert re.search(r"^> (?:.+\. )?(?:Which|Who|What) .+\?$", example, re.MULTILINE)
    assert "Answer: **" in example and "? A: " in example
    for check in ("U1", "U2", "M1", "M2", "M3", "X1", "X2", "X3", "L1", "R1", "R2"):
        assert re.search(rf"^  {check}  holds  ", example, re.MULTILINE), check


def test_the_layout_is_that_of_the_files() -> None:
    spec = importlib.util.spec_from_file_location("readme", ROOT / "docs" / "readme.py")
    assert spec and spec.loader
    readme = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(readme)
    assert readme.layout() in README, "the layout has changed: python docs/readme.py"


def test_every_module_says_what_it_is() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert text, path


def test_the_commands_are_named_in_their_order() -> None:
    said = re.search(r"Or step by step with the command `infoseek` \(also `python cli\.py`\): `([a-z ]+)`", README)
    assert said and said[1].split() == list(main.commands)  # type: ignore[attr-defined]
