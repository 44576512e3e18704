"""A run with a language model: the same bytes however the answers came, nothing asked twice, and no model can break it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from able import able
from click.testing import CliRunner
from models import RandomModel, ScriptedModel
from test_grow import invented_home
from tiny_gguf import write_tiny_gguf

from infoseek_offline import pipeline
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.cli import main
from infoseek_offline.config import Config, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.modelled import FIRST_YIELD
from infoseek_offline.errors import ModelError, Pending, RunError
from infoseek_offline.llm.base import Completion, Message, Request, Sampling
from infoseek_offline.llm.batch import AROUND, Batch
from infoseek_offline.llm.ledger import Ledger

COUNT = 3


def read_well(prompt: str) -> dict[str, Any]:
    """Claims of the sentences that begin with the page's name: what stands between it and each link."""
    page = re.sub(r" \([^()]*\)$", "", re.search(r"^Page: (.+)$", prompt, re.MULTILINE)[1])  # type: ignore[index]
    claims = []
    for sentence, text in re.findall(r"^(s\d+): (.+)$", prompt, re.MULTILINE):
        found = re.match(rf"(?:The )?{re.escape(page)} ([a-z ]+ )\[[^]]+\]\((k\d+)[ )]", text)
        if found:
            claims.append({"sentence": sentence, "link": found[2], "relation": f"{{page}} {found[1]}{{link}}", "blur": ""})
    return {"claims": claims}


def sensible(request: Request) -> Any:
    """Reads what stands there, takes the first moves, finds everything true, writes dull questions."""
    prompt = request.messages[1].content
    if request.stage == "browser":
        return read_well(prompt)
    if request.stage == "planner":
        ids = request.schema["properties"]["move"]["enum"]
        return {"reason": "the first", "move": ids[0], "then": ids[1:4]}
    if request.stage == "judge":
        return dict.fromkeys(request.schema["properties"], "yes")
    return able(request)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented_home(tmp_path_factory.mktemp("model-run"))


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config("demo", count=COUNT, seed=2)


@pytest.fixture(scope="module")
def finished(home: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ScriptedModel]:
    """A run that met with no mishap, and its model; tests must not change them."""
    out, model = tmp_path_factory.mktemp("model-finished") / "run", ScriptedModel(sensible)
    pipeline.data(home, out, config, model=model)
    return out, model


def sums(out: Path) -> str:
    return (out / "SHA256SUMS").read_text()


def asked(model: ScriptedModel) -> Counter[str]:
    return Counter(request.key(model.digest) for request in model.history)


def infoseek(*words: object) -> Any:
    return CliRunner().invoke(main, [str(w) for w in words])


# A finished run


def test_items_of_a_model_are_certified_like_all_others(finished: tuple[Path, ScriptedModel], home: Path) -> None:
    out, model = finished
    report = verify_run(out, home)
    assert report.items == COUNT and not report.failures
    assert {"planner", "browser"} & {request.stage for request in model.history}


def test_model_and_prompts_are_part_of_the_configuration(finished: tuple[Path, ScriptedModel]) -> None:
    out, model = finished
    told = json.loads((out / "config.json").read_text())["model"]
    assert (told["name"], told["digest"], told["context"]) == (model.name, model.digest, model.context)
    assert {"planner", "browser", "judge", "writer"} <= set(told["prompts"])
    assert json.loads((out / "manifest.json").read_text())["model"] == told


def test_another_model_is_another_run(finished: tuple[Path, ScriptedModel], home: Path, config: Config, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "run", replace_count(config, 1), model=ScriptedModel(sensible))
    with pytest.raises(RunError, match=r"model\.context is 4096 there, 2048 here"):
        pipeline.data(home, tmp_path / "run", replace_count(config, 1), model=ScriptedModel(sensible, context=2048))
    with pytest.raises(RunError, match="model is"):
        pipeline.data(home, tmp_path / "run", replace_count(config, 1))


def replace_count(config: Config, count: int) -> Config:
    return config.model_copy(update={"count": count})


def test_all_that_was_asked_is_in_the_ledger_with_the_fate_of_each_proposal(finished: tuple[Path, ScriptedModel]) -> None:
    out, model = finished
    ledger = Ledger(out / "ledger.sqlite", read_only=True)
    kept = {key: request for key, request, _ in ledger.requests()}
    assert set(kept) == set(asked(model)) and set(asked(model).values()) == {1}
    told = {noted.key for noted in ledger.verdicts()}
    for key, request in kept.items():
        if request.stage == "planner":
            assert key in told, "each planner's answer has its fate"
    assert not list(out.glob("ledger.sqlite-*")), "one file"


def test_without_a_model_a_run_has_no_ledger_and_no_trace_of_one(home: Path, config: Config, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "run", config)
    assert not (tmp_path / "run" / "ledger.sqlite").exists()
    assert "model" not in json.loads((tmp_path / "run" / "config.json").read_text())


# Kills, threads, waves


class Failing(ScriptedModel):
    """Answers so many times, then is gone."""

    def __init__(self, left: int) -> None:
        super().__init__(self._some)
        self.left = left

    def _some(self, request: Request) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ModelError("gone")
        return sensible(request)


def test_a_run_goes_on_where_its_model_was_lost_and_asks_nothing_twice(
    finished: tuple[Path, ScriptedModel], home: Path, config: Config, tmp_path: Path
) -> None:
    out, whole = finished
    keys: Counter[str] = Counter()
    for left in (1, 7, len(whole.history) // 2):
        model = Failing(left)
        with pytest.raises(ModelError):
            pipeline.data(home, tmp_path / "run", config, model=model)
        keys += asked(model)
        keys[model.history[-1].key(model.digest)] -= 1  # it got no answer to its last
    last = ScriptedModel(sensible)
    pipeline.data(home, tmp_path / "run", config, model=last)
    keys += asked(last)
    assert sums(tmp_path / "run") == sums(out)
    assert +keys == asked(whole)


def test_a_server_is_asked_by_threads_with_the_same_result(
    finished: tuple[Path, ScriptedModel], home: Path, config: Config, tmp_path: Path
) -> None:
    out, whole = finished
    model = ScriptedModel(sensible)
    model.remote = True  # type: ignore[attr-defined]
    pipeline.data(home, tmp_path / "run", config, model=model, workers=4)
    assert sums(tmp_path / "run") == sums(out)
    assert set(asked(model)) >= set(asked(whole)) and set(asked(model).values()) == {1}


class LikeBatch(ScriptedModel):
    """What answers in files, answering at once."""

    def __init__(self, folder: Path, answer: Callable[[Request], Any]) -> None:
        super().__init__(answer)
        self.answer, self.batch = answer, Batch(folder)
        self.name, self.digest, self.context = self.batch.name, self.batch.digest, self.batch.context
        self.count_tokens = self.batch.count_tokens  # type: ignore[method-assign]

    def complete(self, request: Request) -> Completion:
        found = super().complete(request)
        counted = self.count_tokens((Message("assistant", found.text),)) - AROUND
        return replace(found, prompt_tokens=self.count_tokens(request.messages), completion_tokens=counted)


def answer_waves(folder: Path, answer: Callable[[Request], Any]) -> int:
    """Answer the last wave as a person would; the number of prompts."""
    (wave,) = [p for p in folder.glob("wave-*.jsonl") if ".out" not in p.name and not p.with_suffix(".out.jsonl").exists()]
    lines = [json.loads(line) for line in wave.read_text(encoding="utf-8").splitlines()]
    with wave.with_suffix(".out.jsonl").open("w", encoding="utf-8") as out:
        for line in lines:
            body = line["body"]
            system = body["messages"][0]["content"]
            stage: Any = next(name for name, sign in SIGNS.items() if sign in system)
            schema = body["response_format"]["json_schema"]["schema"]
            messages = tuple(Message(m["role"], m["content"]) for m in body["messages"])
            request = Request(stage, messages, schema, body["seed"], Sampling(max_tokens=body["max_tokens"]))
            out.write(json.dumps({"custom_id": line["custom_id"], "answer": answer(request)}) + "\n")
    return len(lines)


SIGNS = {
    "planner": "You build a question",
    "browser": "You read a page",
    "judge": "You check statements",
    "writer": "You write quiz questions",
    "cover": "You check a quiz question",
}


def few_attempts(folder: Path) -> Path:
    """A profile under which few trees are tried, so that few waves are enough."""
    (folder / "few.toml").write_text("count = 1\nattempts = 1\n[bounds]\nhub_degree = 60\ntop_k = 3\n[shape]\nmax_depth = 2\n")
    return folder / "few.toml"


def test_waves_of_files_end_with_the_same_bytes_as_the_same_answers_given_directly(home: Path, tmp_path: Path) -> None:
    some = load_config(str(few_attempts(tmp_path)), seed=5)
    direct = LikeBatch(tmp_path / "none", sensible)
    pipeline.data(home, tmp_path / "direct", some, model=direct)
    folder, out = tmp_path / "batch", tmp_path / "run"
    sizes: list[int] = []
    while len(sizes) < 200:
        result = infoseek("data", "--home", home, "--out", out, "--profile", few_attempts(tmp_path), "--seed", 5,
                          "--model", f"batch:{folder}")  # fmt: skip
        if result.exit_code == 0:
            break
        assert result.exit_code == 75, result.output
        assert result.stdout == "" and "run the same command again" in result.stderr.splitlines()[-1]
        sizes.append(answer_waves(folder, sensible))
    assert len(sizes) >= 2 and sums(out) == sums(tmp_path / "direct")
    assert sizes[0] >= 1 / FIRST_YIELD, "many trees grow at once"
    assert len(sizes) < len(direct.history), "a wave holds what can be asked together"
    assert not verify_run(out, home).failures
    assert infoseek("reproduce", out, "--home", home).exit_code == 0


def test_pending_of_one_page_does_not_keep_the_others_from_asking(home: Path, config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    with pytest.raises(Pending, match=r"prompts .* wait for answers"):
        pipeline.data(home, tmp_path / "run", config, model=Batch(folder))
    (wave,) = folder.glob("wave-*.jsonl")
    trees = {json.loads(line)["body"]["messages"][1]["content"].split("\n")[1] for line in wave.read_text().splitlines()}
    assert len(trees) >= COUNT, "of different pages"


# Again without a model


def test_a_run_is_made_again_without_its_model(finished: tuple[Path, ScriptedModel], home: Path, tmp_path: Path) -> None:
    out, model = finished
    calls = len(model.history)
    result = infoseek("reproduce", out, "--home", home, "--out", tmp_path / "again")
    assert result.exit_code == 0, result.output
    assert result.stdout == "" and "with no model: all files are the same, byte for byte" in result.stderr
    assert sums(tmp_path / "again") == sums(out) and len(model.history) == calls
    again = infoseek("reproduce", tmp_path / "again", "--home", home)
    assert again.exit_code == 0, "what was made again has a ledger of its own"


def test_a_run_of_the_rules_is_made_again_too(home: Path, config: Config, tmp_path: Path) -> None:
    pipeline.data(home, tmp_path / "run", config)
    assert infoseek("reproduce", tmp_path / "run", "--home", home).exit_code == 0


def copied(out: Path, to: Path) -> Path:
    to.mkdir()
    for file in out.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def test_a_changed_answer_makes_another_data_set_and_the_file_is_named(
    finished: tuple[Path, ScriptedModel], home: Path, tmp_path: Path
) -> None:
    run = copied(finished[0], tmp_path / "run")
    with sqlite3.connect(run / "ledger.sqlite") as database:
        database.execute("UPDATE completion SET answer = 'no' WHERE stage = 'planner'")
    result = infoseek("reproduce", run, "--home", home)
    assert result.exit_code == 1, result.output
    assert "questions.jsonl differs" in result.stdout or "ledger.sqlite has no " in result.stderr


def test_a_missing_answer_and_a_missing_ledger_are_said(finished: tuple[Path, ScriptedModel], home: Path, tmp_path: Path) -> None:
    run = copied(finished[0], tmp_path / "run")
    with sqlite3.connect(run / "ledger.sqlite") as database:
        database.execute("DELETE FROM completion WHERE stage = 'planner'")
    result = infoseek("reproduce", run, "--home", home)
    assert result.exit_code == 1 and "has no answer to a planner prompt" in result.stderr
    (run / "ledger.sqlite").unlink()
    result = infoseek("reproduce", run, "--home", home)
    assert result.exit_code == 1 and "there is nothing to replay" in result.stderr


# Bad models, and real ones


def test_a_bad_model_ends_the_run_with_certified_items_and_a_reason_for_each_answer(
    any_bad_model: ScriptedModel, home: Path, config: Config, tmp_path: Path
) -> None:
    pipeline.data(home, tmp_path / "run", replace_count(config, 2), model=any_bad_model)
    report = verify_run(tmp_path / "run", home)
    assert report.items == 2 and not report.failures
    ledger = Ledger(tmp_path / "run" / "ledger.sqlite", read_only=True)
    if not isinstance(any_bad_model, RandomModel):
        reasons = [noted.reason for noted in ledger.verdicts()]
        assert reasons and all(reasons), "no proposal was accepted"


OTHER = {" is ": " was ", " was ": " is "}


class OwnWords:
    """Says what it reads in other words than the rules, and takes the moves that say so."""

    def __init__(self) -> None:
        self.said: set[str] = set()

    def __call__(self, request: Request) -> Any:
        prompt = request.messages[1].content
        if request.stage == "browser":
            claims = read_well(prompt)["claims"]
            for claim in claims:
                claim["relation"] = re.sub(r" (is|was) ", lambda found: OTHER[found[0]], claim["relation"], count=1)
                self.said.add(claim["relation"].removeprefix("{page} ").removesuffix(" {link}"))
            return {"claims": claims}
        if request.stage == "planner":
            lines = dict(re.findall(r"^(m\d+) \w+: (.+?) \|", prompt, re.MULTILINE))
            mine = [name for name, line in lines.items() if any(f" {said} " in line for said in self.said)]
            return {"reason": "mine", "move": [*mine, "m1"][0], "then": [*mine[1:4]]}
        return sensible(request)


def test_what_a_model_reads_stands_in_certified_items(sample_home: Path, tmp_path: Path) -> None:
    """On the sample wiki, whose pages are more than infoboxes."""
    pipeline.data(sample_home, tmp_path / "run", load_config("demo", count=5, seed=7), model=ScriptedModel(OwnWords()))
    assert not verify_run(tmp_path / "run", sample_home).failures
    ledger = Ledger(tmp_path / "run" / "ledger.sqlite", read_only=True)
    fates = Counter(noted.reason for noted in ledger.verdicts() if noted.stage == "browser")
    assert fates[""] > 10, fates
    claims = ClaimStore(sample_home / "claims", Corpus.open(sample_home / "corpus"))
    told = {(v.page, c.wording) for q in pipeline.questions(tmp_path / "run") for v in q.tree.vertices for c in v.constraints}
    ruled = {(page, s.wording) for page in {page for page, _ in told} for s in claims.about(page)}
    of_type = {(page, wording) for page, wording in told if re.fullmatch(r"\{v\} is an? \{o\}", wording)}
    assert told - ruled - of_type, "some clue is the model's own"


def test_weights_at_random_in_real_llama_cpp_make_certified_items(sample_home: Path, tmp_path: Path) -> None:
    gguf = write_tiny_gguf(tmp_path / "tiny.gguf")
    result = infoseek("data", "--home", sample_home, "--out", tmp_path / "run", "--profile", "demo", "--count", 1, "--model", gguf)
    assert result.exit_code == 0, result.output
    manifest = json.loads(result.stdout)
    assert manifest["accepted"] == 1 and manifest["model"]["name"]
    assert not verify_run(tmp_path / "run", sample_home).failures
    ledger = Ledger(tmp_path / "run" / "ledger.sqlite", read_only=True)
    assert {cost.stage for cost in ledger.costs()} >= {"browser", "planner"}
    assert infoseek("reproduce", tmp_path / "run", "--home", sample_home).exit_code == 0
