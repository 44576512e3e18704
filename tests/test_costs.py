"""What a run's report promises: where trees and proposals were lost, what each call cost, and the same figures when reproduced."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from able import answering
from click.testing import CliRunner
from models import RandomModel, ScriptedModel, bad_model

from infoseek_offline import pipeline
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.cli import main
from infoseek_offline.config import load_config
from infoseek_offline.dataset.costs import Costs, Prices, kind_of_reason
from infoseek_offline.dataset.funnel import STEPS, Funnel
from infoseek_offline.dataset.yields import costs_as_text, costs_of
from infoseek_offline.errors import ConfigError, RunError
from infoseek_offline.files import read_json
from infoseek_offline.llm.base import Message, Request, Sampling
from infoseek_offline.llm.ledger import Ledger, Recorded
from infoseek_offline.llm.prompts import load_prompt, prompt_digests

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string", "maxLength": 9}},
    "required": ["a"],
    "additionalProperties": False,
}


def request(stage: Any, words: str, seed: int = 1) -> Request:
    return Request(stage, (Message("user", words),), SCHEMA, seed, Sampling(max_tokens=50))


# The funnel


def test_each_tree_is_lost_at_the_first_step_that_it_fails() -> None:
    funnel = Funnel(["open"])
    funnel.gave_up({"no move left": 3})
    for failed in (["U1", "X4"], ["M4"], ["L1"], ["R1"], ["G2"], ["spread"]):
        funnel.rejected(failed)
    funnel.accepted("rules")
    funnel.accepted("llama")
    found = {step["step"]: (step["left"], step["lost"]) for step in funnel.report()}
    assert found == {
        "begun": (11, {}), "grown": (8, {"no move left": 3}), "structure": (6, {"M4": 1, "U1": 1, "X4": 1}),
        "words": (5, {"L1": 1}), "search": (4, {"R1": 1}), "open book": (3, {"G2": 1}), "spread": (2, {"spread": 1}),
    }  # fmt: skip
    assert funnel.by == {"rules": 1, "llama": 1} and funnel.grown == 8


def test_all_checks_have_their_step() -> None:
    from infoseek_offline.checks.all import ALL
    from infoseek_offline.checks.heard import GATES

    assert [c for checks in STEPS.values() for c in checks] == [*ALL, *GATES.values(), "difficulty", "spread", "asked already"]


def test_the_funnel_of_a_run_by_rules_adds_up(sample_run: Path) -> None:
    manifest = read_json(sample_run / "manifest.json")
    lost = {step["step"]: step["lost"] for step in manifest["funnel"]}
    assert manifest["funnel"][-1]["left"] == manifest["accepted"] == manifest["written by"]["rules"]
    assert lost["grown"] == manifest["trees given up"]
    assert "closed book" not in lost and "costs" not in manifest
    text = costs_as_text(costs_of(sample_run))
    assert "No language model was asked." in text and f"{manifest['accepted']:,}" in text


# What calls cost


def test_costs_are_sums_of_the_ledgers_entries(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    model = ScriptedModel([{"a": "x"}, "no JSON", {"a": "y"}, {"a": "z"}])
    recorded = Recorded(model, ledger)
    asked = [
        request("writer", "a" * 400),
        request("writer", "b" * 40),
        request("closed_book", "c" * 80),
        request("planner", "unused"),
    ]
    for one in asked:
        recorded.complete(one)
    recorded.note(asked[0], "Which?", "")
    recorded.note(asked[1], "no JSON", "not JSON: 'no JSON'")
    costs = Costs(ledger, Prices(2.0, 10.0))
    costs.add(one.key(model.digest) for one in asked[:3])  # what the data set did not use costs nothing
    costs.add([asked[0].key(model.digest)])  # and what is used twice costs once
    found = costs.report(trees=4, accepted=2)
    tokens = [model.count_tokens(one.messages) for one in asked]
    assert found["all"]["calls"] == 3 and found["all"]["prompt tokens"] == sum(tokens[:3])
    assert set(found["stages"]) == {"writer", "closed_book"}
    writer = found["stages"]["writer"]
    assert (writer["calls"], writer["unusable"], writer["prompt tokens"]) == (2, 1, tokens[0] + tokens[1])
    assert (writer["proposals"], writer["accepted"], writer["against"]) == (2, 1, {"not JSON": 1})
    assert writer["per proposal"]["prompt tokens"] == (tokens[0] + tokens[1]) / 2
    total = found["all"]
    assert total["money"] == pytest.approx((2.0 * total["prompt tokens"] + 10.0 * total["completion tokens"]) / 1e6)
    assert found["per item"]["prompt tokens"] == total["prompt tokens"] / 2
    assert found["per tree"]["calls"] == 0.8
    assert found["per item"]["money"] == pytest.approx(total["money"] / 2)


def test_without_prices_there_is_no_money_and_without_items_no_share(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    one = request("writer", "a")
    Recorded(ScriptedModel([{"a": "x"}]), ledger).complete(one)
    costs = Costs(ledger)
    costs.add([one.key(ScriptedModel().digest)])
    found = costs.report(trees=0, accepted=0)
    assert found["all"]["calls"] == 1 and "money" not in found["all"] and found["per item"] == {} == found["per tree"]


def test_reasons_are_counted_by_their_kind() -> None:
    for reason, kind in {
        "": "accepted",
        "it adds Zorbania, 1851": "it adds …",
        "fact 3: the question lacks 'worked'; it adds 1851": "the question lacks …",
        "a reader takes fact 2 to be told of T2, the town, not of T1, the moon": "a reader takes fact … to be told of …",
        "excluded by A.1, A.3": "excluded by …",
        "cut off at 400 tokens": "cut off at … tokens",
        "no page of the corpus": "no page of the corpus",
        "'B'": "…",
    }.items():
        found = kind_of_reason(reason)
        assert found == kind or (reason.startswith("a reader") and found.startswith("a reader takes fact …")), (reason, found)


# A run with a model


@pytest.fixture(scope="module")
def modelled(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("modelled") / "run"
    model = ScriptedModel(answering({}, closed="Great Salt Lake", alternatives=("Germany", "Nowhere at all")))
    config = load_config("demo", count=4, seed=5, gates=("closed", "alternatives", "bridge"), price_in=0.5, price_out=1.5)
    pipeline.data(sample_home, out, config, model=model)
    return out


def test_a_run_with_gates_and_prices(modelled: Path, sample_home: Path) -> None:
    manifest = read_json(modelled / "manifest.json")
    assert manifest["accepted"] == 4 and sum(manifest["written by"].values()) == 4 and manifest["written by"]["scripted"] >= 1
    stages = manifest["costs"]["stages"]
    assert {"planner", "browser", "writer", "cover", "closed_book", "alternatives", "bridge"} <= set(stages)
    assert stages["closed_book"]["calls"] == 3 * manifest["accepted"]
    assert stages["alternatives"]["against"] == {"excluded by …": 4, "no page of the corpus": 4}
    assert manifest["costs"]["per item"]["money"] > 0
    report = verify_run(modelled, sample_home)
    assert report.failures == () and not report.unheard
    assert [step["step"] for step in manifest["funnel"]][-4:] == ["closed book", "alternatives", "bridge", "spread"]


def test_without_its_ledger_a_run_is_verified_and_it_is_said(modelled: Path, sample_home: Path, tmp_path: Path) -> None:
    shutil.copytree(modelled, tmp_path / "run")
    (tmp_path / "run" / "ledger.sqlite").unlink()
    report = verify_run(tmp_path / "run", sample_home, search=False)
    assert report.failures == () and report.unheard
    said = CliRunner().invoke(main, ["verify", str(tmp_path / "run"), "--home", str(sample_home), "--no-search"])
    assert said.exit_code == 0 and "no ledger: what the model said is taken from the records" in said.stderr
    (tmp_path / "run" / "ledger.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(RunError, match=r"ledger\.sqlite is damaged"):
        verify_run(tmp_path / "run", sample_home, search=False)


def test_costs_are_reproduced_to_the_byte(modelled: Path, sample_home: Path, tmp_path: Path) -> None:
    assert pipeline.reproduce(modelled, sample_home, tmp_path / "again") == []
    first, second = (read_json(run / "manifest.json")["costs"] for run in (modelled, tmp_path / "again"))
    assert first == second


def test_the_command_shows_them(modelled: Path) -> None:
    shown = CliRunner().invoke(main, ["show", str(modelled), "--costs"])
    assert shown.exit_code == 0
    for words in ("Trees", "closed book", "Calls by stage", "per item", "money", "Proposals", "scripted"):
        assert words in shown.output
    item = CliRunner().invoke(main, ["show", str(modelled), "1"])
    assert item.exit_code == 0 and "G1  holds  not known from memory" in item.output


def test_a_model_that_never_answers_from_the_evidence_shows_in_the_funnel(sample_home: Path, tmp_path: Path) -> None:
    config = load_config("demo", count=1, seed=5, attempts=1, gates=("open",))
    manifest = limited_run(sample_home, tmp_path / "run", config, bad_model("refuses"))
    step = next(step for step in manifest["funnel"] if step["step"] == "open book")
    before = next(step for step in manifest["funnel"] if step["step"] == "search")
    assert before["left"] > 0 and step["left"] == 0 and step["lost"] == {"G2": before["left"]}
    assert manifest["accepted"] == 0
    assert manifest["costs"]["stages"]["open_book"]["unusable"] == manifest["costs"]["stages"]["open_book"]["calls"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_model_at_random_breaks_nothing(sample_home: Path, tmp_path: Path, seed: int) -> None:
    config = load_config("demo", count=3, seed=seed, attempts=2)
    manifest = limited_run(sample_home, tmp_path / "run", config, RandomModel(seed))
    found = [failure.detail for failure in verify_run(tmp_path / "run", sample_home).failures]
    assert all(detail.startswith("answer pages") for detail in found), "nothing but that the run was kept to twelve pages"
    assert manifest["written by"].get("rules", 0) == manifest["accepted"]


def limited_run(home: Path, out: Path, config: Any, model: Any, pages: int = 12) -> dict[str, Any]:
    """A run over the first answer pages alone."""
    with pytest.MonkeyPatch.context() as patch:
        order = pipeline.answer_order
        patch.setattr(pipeline, "answer_order", lambda opened, seed: order(opened, seed)[:pages])
        return pipeline.data(home, out, config, model=model)


# Settings


def test_gates_and_prices_are_checked(sample_home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="price_in"):
        load_config("demo", price_in=-1)
    arguments = ["data", "--home", str(sample_home), "--out", str(tmp_path / "run")]
    found = CliRunner().invoke(main, [*arguments, "--gates", "open,sesame"])
    assert found.exit_code == 2 and "no gate 'sesame'" in found.output
    found = CliRunner().invoke(main, [*arguments, "--gates", "all"])
    assert found.exit_code == 2 and "gates need a language model" in found.output


# Prompts


def test_what_varies_comes_last_so_that_a_server_keeps_what_does_not() -> None:
    """The system part is the same in all calls of a stage; of the rest, passages come before the question."""
    for name in prompt_digests():
        prompt = load_prompt(name)
        assert "<<" not in prompt.system
        places = [f"<<{place}>>" for place in ("page", "passages", "things", "question") if f"<<{place}>>" in prompt.user]
        assert places == sorted(places, key=prompt.user.index), name


def test_prompts_are_short_and_have_an_invented_example() -> None:
    for name in prompt_digests():
        prompt = load_prompt(name)
        assert len(prompt.system) < 4800, name  # about 1,200 tokens
        assert "\nExample\n" in prompt.system and "\nAnswer\n" in prompt.system, name
