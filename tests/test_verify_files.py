"""What `verify` finds in the run's other files: the manifest's figures, the configuration, the rejected trees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_verify import mutants, put, write_sums

from infoseek_offline.checks import verify
from infoseek_offline.checks.counted import Counted, manifest_claims
from infoseek_offline.checks.keyed import is_worded
from infoseek_offline.checks.verifier import Verifier
from infoseek_offline.checks.verify import BROKEN, verify_run
from infoseek_offline.files import canonical_json, digest_of

JSON = Any


@pytest.fixture(scope="module")
def settings(sample_run: Path) -> JSON:
    return json.loads((sample_run / "config.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest(sample_run: Path) -> JSON:
    return json.loads((sample_run / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def counted(sample_run: Path, sample_home: Path) -> Iterator[Counted]:
    """What the lines of the run tell."""
    seen: list[Counted] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verify, "_check_manifest", lambda run, claims, settings, counted, articles: seen.append(counted))
        assert not verify_run(sample_run, sample_home, search=False).failures
    yield seen[0]


@pytest.fixture(scope="module")
def verifier(sample_home: Path, settings: JSON) -> Verifier:
    config = settings["config"]
    return Verifier(sample_home, config["reading"], config["bounds"], settings=settings)


@pytest.fixture
def altered(sample_run: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """A function: a copy of the run with another text in one of its files, and sums that fit."""

    def alter(name: str, text: str) -> Path:
        run = tmp_path / "altered"
        shutil.copytree(sample_run, run, dirs_exist_ok=True)
        (run / name).write_text(text, encoding="utf-8")
        write_sums(run)
        return run

    return alter


def unnoticed(manifest: JSON, counted: Counted, settings: JSON) -> bool:
    try:
        return all(holds for _, holds, _ in manifest_claims(dict(manifest), counted, settings, 2635))
    except BROKEN:
        return False


def test_every_change_of_the_manifest_is_noticed(manifest: JSON, counted: Counted, settings: JSON) -> None:
    assert unnoticed(manifest, counted, settings)
    missed = [
        (path, done) for path, done, value in mutants(manifest) if unnoticed(put(manifest, path, value), counted, settings)
    ]  # fmt: skip
    assert missed == []


def test_the_figures_are_counted_and_not_only_held_by_their_digest(manifest: JSON, counted: Counted, settings: JSON) -> None:
    untold = {"answer pages tried", "tried a second time", "trees given up", "digest"}
    for name in set(manifest) - untold:
        for path, _, value in mutants(manifest[name]):
            if path[-1:] == ("tried",):
                continue
            changed = put(manifest, (name, *path), value)
            changed["digest"] = digest_of({k: v for k, v in changed.items() if k != "digest"})
            assert not unnoticed(changed, counted, settings), (name, path, value)


def test_every_change_of_the_configuration_is_noticed(manifest: JSON, counted: Counted, settings: JSON) -> None:
    assert not [(path, done) for path, done, value in mutants(settings) if unnoticed(manifest, counted, put(settings, path, value))]


def test_every_change_of_a_rejected_tree_is_noticed(sample_run: Path, verifier: Verifier) -> None:
    lines = (sample_run / "rejected.jsonl").read_bytes().split(b"\n")[:-1]
    by_reason = {json.loads(line)["failed"][0]: line for line in lines}
    assert len(by_reason) >= 3
    for line in by_reason.values():
        record = json.loads(line)
        assert verifier.verify_rejected(1, line).failures == []
        for path, done, value in [*mutants(record)][::7]:
            changed = canonical_json(put(record, path, value)).encode()
            assert verifier.verify_rejected(1, changed).failures, (path, done)


def test_a_rejected_tree_is_computed_and_not_only_held_by_its_digest(sample_run: Path, verifier: Verifier) -> None:
    lines = (sample_run / "rejected.jsonl").read_bytes().split(b"\n")[:-1]
    refused = [r for r in map(json.loads, lines) if r["failed"] != ["spread"]]
    for record in (refused[0], next(r for r in refused if "R1" in r["failed"])):
        for place, verdict in enumerate(record["verdicts"]):
            if verdict["check"] == "R1" and verdict["passed"]:
                continue  # further phrasings may have been looked for, whose words are not kept
            for path, done, value in mutants(verdict["measured"]):
                changed = with_digest(put(record, ("verdicts", place, "measured", *path), value))
                found = verifier.verify_rejected(1, canonical_json(changed).encode())
                assert verdict["check"] in {f.claim for f in found.failures}, (verdict["check"], path, done)
        reworded = with_digest({**record, "question": record["question"].replace("?", " and was sold?")})
        assert "words" in {f.claim for f in verifier.verify_rejected(1, canonical_json(reworded).encode()).failures}


def with_digest(record: JSON) -> JSON:
    """A rejected tree with the id that fits all the rest."""
    return {**record, "id": "r-" + digest_of({k: v for k, v in record.items() if k != "id"})}


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 100_000, '{"config":{"bounds":{"top_k":1e999}}}', '{"config":7}', "\x00"])
@pytest.mark.parametrize("name", ["config.json", "manifest.json"])
def test_files_of_another_form_are_failures_and_no_crash(
    name: str, text: str, altered: Callable[[str, str], Path], sample_home: Path
) -> None:
    found = verify_run(altered(name, text), sample_home, search=False)
    assert ("run", name) in {(f.item, f.claim) for f in found.failures}


def test_bounds_that_no_search_could_have(settings: JSON, altered: Callable[[str, str], Path], sample_home: Path) -> None:
    for wrong in (0, -1, 10**30):
        text = json.dumps(put(settings, ("config", "bounds", "top_k"), wrong))
        found = verify_run(altered("config.json", text), sample_home)
        assert ("run", "config.json") in {(f.item, f.claim) for f in found.failures}


def test_one_answer_twice(sample_run: Path, altered: Callable[[str, str], Path], sample_home: Path) -> None:
    lines = (sample_run / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    again = json.loads(lines[0])
    again["question"] = "Now, " + again["question"]
    run = altered("questions.jsonl", "".join(line + "\n" for line in (*lines, canonical_json(again))))
    details = [f.detail for f in verify_run(run, sample_home, search=False).failures if f.claim == "record"]
    assert details == ["line 1 has the same answer"]


def test_items_that_were_not_asked_for(sample_run: Path, settings: JSON, sample_home: Path) -> None:
    line = (sample_run / "questions.jsonl").read_bytes().split(b"\n")[0]
    item = json.loads(line)
    wrong = {
        ("shape", "max_depth"): item["depth"] - 1,
        ("shape", "min_vertices"): item["vertices"] + 1,
        ("shape", "max_constraints"): 1,
        ("phrasings",): len(item["phrasings"]),
        ("difficulty",): [item["difficulty"]["searches"] + 1, 99],
    }
    for path, value in wrong.items():
        changed = put(settings, ("config", *path), value)
        found = Verifier(sample_home, "open", settings["config"]["bounds"], search=False, settings=changed).verify_line(1, line)
        assert {f.claim for f in found.failures} == {"asked"}, path


def test_a_field_is_said_as_the_table_says_of_its_key() -> None:
    assert is_worded("{s} was discovered by {o}", "discoverer", ("link",), "Infobox moon", True)
    assert not is_worded("{s} was discovered by {o}", "namesake", ("link",), "Infobox moon", True)
    assert not is_worded("{s} was released by {o}", "label", ("link",), "Infobox river", True)
    assert is_worded("{s} was released by {o}", "label", ("link",), "Infobox album", True)
    assert is_worded("the crystal habit of {s} is {o}", "crystal habit", ("text", "link"), "", True)
    assert not is_worded("the crystal habit of {s} is {o}", "crystal habit", ("text", "link"), "", False)
