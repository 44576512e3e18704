"""What `verify` promises: it agrees with an honest run, shares no code with it, and finds whatever is changed in a record."""

from __future__ import annotations

import ast
import copy
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoseek_offline import pipeline
from infoseek_offline.checks import counted, heard, keyed, recompute, searched, stored, told, verify
from infoseek_offline.checks import verifier as verifier_module
from infoseek_offline.checks.recompute import least_cover
from infoseek_offline.checks.stored import Stored
from infoseek_offline.checks.verifier import Verifier
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.config import Config, load_config
from infoseek_offline.errors import CorpusError, IndexError_, RunError
from infoseek_offline.files import canonical_json, digest_of, file_sha256

JSON = Any
Path_ = tuple[str | int, ...]


def lines_of(run: Path) -> list[str]:
    return (run / "questions.jsonl").read_text(encoding="utf-8").splitlines()


def records_of(run: Path) -> list[JSON]:
    return [json.loads(line) for line in lines_of(run)]


def write_sums(run: Path) -> None:
    names = ("config.json", "manifest.json", "questions.jsonl", "rejected.jsonl")
    (run / "SHA256SUMS").write_text("".join(f"{file_sha256(run / n)}  {n}\n" for n in names), encoding="utf-8")


@pytest.fixture
def altered(sample_run: Path, tmp_path: Path) -> Callable[..., Path]:
    """A function: a copy of the run with other lines in one of its files, and sums that fit."""

    def alter(name: str, text: str, sums: bool = True) -> Path:
        run = tmp_path / "altered"
        shutil.copytree(sample_run, run)
        (run / name).write_text(text, encoding="utf-8")
        if sums:
            write_sums(run)
        return run

    return alter


@pytest.fixture(scope="module")
def verifier(sample_home: Path, sample_run: Path) -> Verifier:
    config = Config.model_validate(json.loads((sample_run / "config.json").read_text(encoding="utf-8"))["config"])
    return Verifier(sample_home, config.reading, config.bounds.model_dump())


# An honest run


def test_honest_run_holds(sample_run: Path, sample_home: Path) -> None:
    report = verify_run(sample_run, sample_home)
    assert report.failures == ()
    assert report.items == len(lines_of(sample_run)) > 0
    assert report.searched
    assert report.claims > 100 * report.items


def test_without_search_fewer_claims_are_made_and_it_is_said(sample_run: Path, sample_home: Path) -> None:
    whole, part = verify_run(sample_run, sample_home), verify_run(sample_run, sample_home, search=False)
    assert part.failures == () and not part.searched
    refused = [json.loads(line) for line in (sample_run / "rejected.jsonl").read_text(encoding="utf-8").splitlines()]
    searched = sum(v["check"] == "R2" or (v["check"] == "R1" and not v["passed"]) for r in refused for v in r["verdicts"])
    # The index, two claims each of R1 and R2, two of difficulty; of rejected trees of R2, and of R1 where it failed, two.
    assert part.claims == whole.claims - 1 - 6 * part.items - 2 * searched


def test_closed_reading_holds(sample_home: Path, tmp_path: Path) -> None:
    pipeline.data(sample_home, tmp_path / "run", load_config("demo", count=3, seed=3, reading="closed"))
    report = verify_run(tmp_path / "run", sample_home)
    assert (report.items, report.failures) == (3, ())


def test_it_is_a_second_computation() -> None:
    """No bitmaps, no solver, no generator: only records, errors, files, the form of a configuration and the searcher are shared
    with what is verified; and in retold.py alone the rules, to tell their own words again."""
    allowed = {"infoseek_offline", "records", "config", "errors", "files", "retrieval.searcher"}  # the first: version
    allowed.add("checks.retold")
    parts = (verify, verifier_module, recompute, counted, keyed, searched, stored, told, heard)
    allowed |= {"engine", *(module.__name__.removeprefix("infoseek_offline.") for module in parts)}
    for module in parts:
        assert module.__file__ is not None
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name != "pyroaring"
                assert not name.startswith("infoseek_offline") or name.removeprefix("infoseek_offline.") in allowed
        assert "near_ptr" not in Path(module.__file__).read_text(encoding="utf-8")


# What it computes


def test_association_made_anew_is_the_stored_one(sample_home: Path) -> None:
    stored = Stored(sample_home / "corpus")
    first, near = (np.load(sample_home / "corpus" / "graph" / f"{name}.npy") for name in ("near_ptr", "near"))
    for page in range(stored.size):
        assert stored.near(page) == set(near[first[page] : first[page + 1]].tolist()), stored.titles[page]


def test_association_by_hand(make_home: Callable[..., Path]) -> None:
    pages = {
        "Alpha": "'''Alpha''' is a star that [[Bela Bartok|Bela]] saw, near [[Gamma (disambiguation)|Gamma]].",
        "Bela Bartok": "'''Bela Bartok''' was an astronomer. He never wrote of Deltaville.",
        "Deltaville": "'''Deltaville''' is a town.",
        "Gamma (disambiguation)": "'''Gamma''' may be: [[Gamma one]], [[Gamma two]]. {{disambiguation}}",
        "Gamma one": "'''Gamma one''' is a moon.",
        "Gamma two": "'''Gamma two''' is a moon. <!-- [[Deltaville]] -->",
    }
    stored = Stored(make_home(pages) / "corpus")
    near = {stored.titles[p]: {stored.titles[q] for q in stored.near(p)} for p in range(stored.size)}
    assert near["Bela Bartok"] == {"Alpha", "Deltaville"}  # linked by one, mentions the other
    assert near["Alpha"] >= {"Bela Bartok", "Gamma one", "Gamma two"}  # what the disambiguation page may mean
    assert near["Deltaville"] == {"Bela Bartok"}
    assert "Alpha" in near["Gamma two"]


@given(st.lists(st.frozensets(st.integers(0, 6), min_size=1, max_size=4), max_size=7))
def test_least_cover_is_the_least(sets: list[frozenset[int]]) -> None:
    sizes = range(8)
    least = next(n for n in sizes if any(all(s & set(c) for s in sets) for c in combinations(range(7), n)))
    assert least_cover(sets) == least


# Planted defects: everything that can be changed in a record


def mutants(value: JSON, path: Path_ = ()) -> Iterator[tuple[Path_, str, JSON]]:
    """(where, what was done, the new value) for each place of a JSON value."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield path, f"{key} removed", {k: v for k, v in value.items() if k != key}
            yield from mutants(inside, (*path, key))
        yield path, "key added", {**value, "Z.9": 1}
    elif isinstance(value, list):
        if value:
            yield path, "shortened", value[:-1]
            yield path, "last twice", [*value, value[-1]]
        else:
            yield path, "lengthened", ["Z.9"]
        if len(value) > 1 and value != value[::-1]:
            yield path, "reversed", value[::-1]
        for place, inside in enumerate(value):
            yield from mutants(inside, (*path, place))
    elif isinstance(value, bool):
        yield path, "turned", not value
    elif isinstance(value, int | float):
        yield path, "more", value + 1
        yield path, "less", value - 1
        yield path, "as a string", str(value)
    elif isinstance(value, str):
        yield path, "longer", value + "x"
        if value:
            yield path, "emptied", ""
            yield path, "shorter", value[:-1]
        if value.swapcase() != value:
            yield path, "other case", value.swapcase()
        for family in (("root", "inner", "leaf", "blur"), ("link", "fact", "interval", "category", "type"), ("open", "closed")):
            yield from ((path, f"made {other}", other) for other in family if value in family and other != value)
    else:
        yield path, "made a number", 1
        yield path, "made a string", "x"


def put(record: JSON, path: Path_, value: JSON) -> JSON:
    if not path:
        return value
    changed = copy.deepcopy(record)
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return changed


def various(records: list[JSON], count: int) -> list[int]:
    """Places of items that together have all kinds of vertices, constraints and evidence there are."""

    def traits(record: JSON) -> set[tuple[object, ...]]:
        found: set[tuple[object, ...]] = {("mended", len(record["history"]) > 0)}
        for vertex in record["tree"]["vertices"]:
            found.add((vertex["role"],))
            for c in vertex["constraints"]:
                found.add((c["kind"], c["evidence"]["section"] == "Infobox", c["evidence"]["page"] == vertex["page"]))
        return found

    chosen: list[int] = []
    known: set[tuple[object, ...]] = set()
    while len(chosen) < count:
        best = max(range(len(records)), key=lambda i: (len(traits(records[i]) - known), i not in chosen, -i))
        known |= traits(records[best])
        chosen.append(best)
    return sorted(set(chosen))


# (last keys of the path, what was done) -> why nothing is to be noticed. Empty: there is no such thing.
UNNOTICED: dict[tuple[str, str], str] = {}


def test_every_change_of_a_record_is_noticed(sample_run: Path, verifier: Verifier) -> None:
    records = records_of(sample_run)
    tried, unnoticed = 0, []
    for place in various(records, 5):
        record = records[place]
        assert not verifier.verify_line(place + 1, canonical_json(record).encode()).failures
        for path, done, value in mutants(record):
            tried += 1
            changed = canonical_json(put(record, path, value)).encode()
            if not verifier.verify_line(place + 1, changed).failures:
                unnoticed.append((".".join(str(p) for p in path), done))
    assert tried > 2000
    excused = [(path, done) for path, done in unnoticed if (path.rsplit(".", 1)[-1], done) in UNNOTICED]
    print(f"{tried} changes, {len(unnoticed)} unnoticed, {len(excused)} of them excused")
    assert unnoticed == excused


def test_changes_are_reported_for_their_item_alone(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    records = records_of(sample_run)
    good = {r["id"] for r in records}
    changes = [("answer", "x"), ("depth", 7), ("gold_documents", []), ("question", records[0]["question"] + " x")]
    bad = set()
    for place, (key, value) in enumerate(changes):
        records[place][key] = value
        bad.add(records[place]["id"])
    run = altered("questions.jsonl", "".join(canonical_json(r) + "\n" for r in records))
    report = verify_run(run, sample_home, search=False)
    assert {f.item for f in report.failures} - {"run"} == bad < good
    assert {f.claim for f in report.failures if f.item == "run"} == {"manifest.json"}  # its depths


def test_worker_processes_do_not_change_the_report(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    """A line that comes again is noticed, though another process may have read the first."""
    lines = lines_of(sample_run)
    lines[20] = lines[20].replace('"depth":', '"depth":1')
    run = altered("questions.jsonl", "".join(line + "\n" for line in (*lines, lines[0])))
    alone, together = (verify_run(run, sample_home, workers=workers) for workers in (1, 2))
    assert together == alone
    details = [f.detail for f in alone.failures if f.claim == "record"]
    assert details == ["line 1 asks the same question", "line 1 has the same answer"]


def without_clue(record: JSON, name: str) -> JSON:
    """The record as if the clue had never been there, with all that follows from it, names too; the numbers are left."""
    changed = copy.deepcopy(record)
    root = changed["tree"]["vertices"][0]
    gone = next(c for c in root["constraints"] if c["id"] == name)
    root["constraints"].remove(gone)
    vertices = [v for v in changed["tree"]["vertices"] if v["id"] != gone["other"]]
    called = {v["id"]: chr(65 + place) for place, v in enumerate(vertices)} | {"": ""}
    clues = {}
    for v in vertices:
        v.update(id=called[v["id"]], parent=called[v["parent"]])
        for place, c in enumerate(v["constraints"], 1):
            clues[f"{v['id']}.{place}"] = changed["clues"][c["id"]]
            c.update(id=f"{v['id']}.{place}", other=called[c["other"]])
    constraints = [(v, c) for v in vertices for c in v["constraints"]]
    gold = [c for v, c in constraints if c["evidence"]["page"] == root["page"] or (v is root and c["kind"] == "link")]
    changed["tree"]["vertices"] = vertices
    changed.update(
        clues=clues,
        vertices=len(vertices),
        depth=max(v["depth"] for v in vertices),
        evidence_documents=list(dict.fromkeys(c["evidence"]["document"] for _, c in constraints)),
        gold_documents=list(dict.fromkeys(c["evidence"]["document"] for c in gold)),
    )
    said = [c["wording"] for _, c in constraints]
    changed["id"] = "q-" + digest_of(changed["question"], root["title"], clues, said, changed["history"])
    return changed


def test_a_clue_taken_away_by_a_skilled_hand(sample_run: Path, verifier: Verifier) -> None:
    """All of the record but its proof is made to fit. No clue is idle, so the answer is no more the only one."""
    tried = 0
    for record in records_of(sample_run):
        leaves = {v["id"] for v in record["tree"]["vertices"] if v["role"] == "leaf"}
        for c in record["tree"]["vertices"][0]["constraints"]:
            if not c["other"] or c["other"] in leaves:
                found = verifier.verify_line(0, canonical_json(without_clue(record, c["id"])).encode())
                assert {"U1", "M1"} <= {f.claim for f in found.failures}, found.failures
                assert not {f.claim for f in found.failures} & {"tree", "item"}, found.failures
                tried += 1
    assert tried


def test_another_answer_by_a_skilled_hand(sample_run: Path, verifier: Verifier) -> None:
    records = records_of(sample_run)
    other = records[1]["tree"]["vertices"][0]
    record = records[0]
    record["tree"]["vertices"][0].update({key: other[key] for key in ("page", "title", "noun")})
    record.update(answer=other["title"], answer_aliases=records[1]["answer_aliases"])
    said = [c["wording"] for v in record["tree"]["vertices"] for c in v["constraints"]]
    record["id"] = "q-" + digest_of(record["question"], other["title"], record["clues"], said, record["history"])
    claims = {f.claim.split()[0] for f in verifier.verify_line(1, canonical_json(record).encode()).failures}
    assert "evidence" in claims and "tree" not in claims


def test_a_relation_that_is_in_none_of_the_sentences_words(sample_run: Path, verifier: Verifier) -> None:
    """The relation of a prose link may be a model's: its words are held against the sentence, whatever else is made to fit."""
    tried = 0
    for record in records_of(sample_run):
        for vertex in record["tree"]["vertices"]:
            for c in vertex["constraints"]:
                if c["kind"] == "link" and c["key"] in c["wording"] and "\n" not in c["evidence"]["sentence"]:
                    reworded = json.loads(canonical_json(record))
                    twin = next(
                        d for v in reworded["tree"]["vertices"] for d in v["constraints"] if d["id"] == c["id"]
                    )  # fmt: skip
                    twin["wording"], twin["key"] = c["wording"].replace(c["key"], "quarrelled with"), "quarrelled with"
                    found = verifier.verify_line(0, canonical_json(reworded).encode())
                    assert f"evidence {c['id']}" in {f.claim for f in found.failures}
                    tried += any("in none of the sentence's words" in f.detail for f in found.failures)
    assert tried > 5


def test_words_that_are_not_the_rules_are_found_though_the_id_fits(sample_run: Path, verifier: Verifier) -> None:
    """A relation turned in question and clue, or a property that no clue has: the tree is as it was, and the question false."""
    turned = (("was born in", "died in"), ("discovered", "lost"), ("Which ", "Which French "), ("?", " and was sold?"))
    for was, put_in in turned:
        tried = 0
        for record in records_of(sample_run):
            if was in record["question"]:
                record["question"] = record["question"].replace(was, put_in)
                record["clues"] = {name: words.replace(was, put_in) for name, words in record["clues"].items()}
                said = [c["wording"] for v in record["tree"]["vertices"] for c in v["constraints"]]
                record["id"] = "q-" + digest_of(record["question"], record["answer"], record["clues"], said, record["history"])
                found = {f.claim for f in verifier.verify_line(0, canonical_json(record).encode()).failures}
                assert "words" in found and "item" not in found
                tried += 1
        assert tried, was


def test_verdicts_must_be_all_there_and_passed(sample_run: Path, verifier: Verifier) -> None:
    record = records_of(sample_run)[0]
    for place, verdict in enumerate(record["certificate"]["verdicts"]):
        missing = put(record, ("certificate", "verdicts"), [v for v in record["certificate"]["verdicts"] if v is not verdict])
        assert "certificate" in {f.claim for f in verifier.verify_line(1, canonical_json(missing).encode()).failures}
        failed = put(record, ("certificate", "verdicts", place, "passed"), False)
        assert verdict["check"] in {f.claim for f in verifier.verify_line(1, canonical_json(failed).encode()).failures}


def test_lines_that_are_no_records_are_failures_and_no_crash(sample_run: Path, verifier: Verifier) -> None:
    line = lines_of(sample_run)[0].encode()
    twice = line.replace(b'"reading":"open"', b'"reading":"open","reading":"open"')
    cut = [line[:-1], line[: len(line) // 2], line + line, b" " + line]
    for wrong in [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"1e999", twice, *cut]:
        found = verifier.verify_line(1, wrong)
        assert [f.claim for f in found.failures][:1] == ["record"], wrong[:40]


@settings(deadline=None)
@given(st.data())
def test_any_bytes_are_survived(verifier: Verifier, sample_run: Path, data: st.DataObject) -> None:
    line = bytearray(lines_of(sample_run)[0].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    changed = bytes(line) != lines_of(sample_run)[0].encode()
    assert bool(verifier.verify_line(1, bytes(line)).failures) == changed


# The run


def failures_of(run: Path, home: Path) -> set[tuple[str, str]]:
    return {(f.item, f.claim) for f in verify_run(run, home, search=False).failures}


def test_sums_that_differ(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    run = altered("rejected.jsonl", (sample_run / "rejected.jsonl").read_text(encoding="utf-8") + "{}\n", sums=False)
    assert ("run", "rejected.jsonl") in failures_of(run, sample_home)


def test_sums_that_leave_a_file_out(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    sums = (sample_run / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)
    run = altered("SHA256SUMS", "".join(s for s in sums if "questions" not in s), sums=False)
    assert failures_of(run, sample_home) == {("run", "SHA256SUMS"), ("run", "questions.jsonl")}
    (run / "rejected.jsonl").unlink()
    assert ("run", "rejected.jsonl") in failures_of(run, sample_home)


def test_truncated_line(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    text = (sample_run / "questions.jsonl").read_text(encoding="utf-8")
    run = altered("questions.jsonl", text[:-40])
    assert (f"line {len(lines_of(sample_run))}", "record") in failures_of(run, sample_home)


def test_missing_and_repeated_items(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    lines = lines_of(sample_run)
    run = altered("questions.jsonl", "".join(line + "\n" for line in [*lines[1:], lines[1]]))
    repeated = json.loads(lines[1])["id"]
    assert (repeated, "record") in failures_of(run, sample_home)
    (run / "questions.jsonl").write_text("".join(line + "\n" for line in lines[1:]), encoding="utf-8")
    write_sums(run)
    assert failures_of(run, sample_home) == {("run", "manifest.json")}


def test_other_configuration(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    settings = json.loads((sample_run / "config.json").read_text(encoding="utf-8"))
    settings["config"]["bounds"]["min_clue"] += 1
    settings["index"] = "0" * 16
    run = altered("config.json", json.dumps(settings))
    found = {(f.item, f.claim) for f in verify_run(run, sample_home).failures}
    assert {("run", "index"), ("run", "manifest.json")} <= found
    assert {(r["id"], "certificate") for r in records_of(sample_run)} <= found
    (run / "config.json").write_text("{", encoding="utf-8")
    assert ("run", "config.json") in failures_of(run, sample_home)


def test_a_configuration_of_another_form(sample_run: Path, sample_home: Path, altered: Callable[..., Path]) -> None:
    """Each is one line of the run's, whatever is missing or of another kind, and no traceback."""
    settings = json.loads((sample_run / "config.json").read_text(encoding="utf-8"))
    run = altered("config.json", "{}")
    for path, done, value in mutants(settings):
        if path[:1] == ("config",) and ("removed" in done or "string" in done):
            (run / "config.json").write_text(json.dumps(put(settings, path, value)), encoding="utf-8")
            found = [f for f in verify_run(run, sample_home, search=False).failures if f.claim == "config.json"]
            assert found and all(f.item == "run" and "\n" not in f.detail for f in found), (path, done)


def test_a_run_of_another_version_is_not_held_against_the_words_of_this_one(
    sample_run: Path, sample_home: Path, altered: Callable[..., Path]
) -> None:
    settings = json.loads((sample_run / "config.json").read_text(encoding="utf-8"))
    run = altered("config.json", json.dumps({**settings, "stage": settings["stage"] + 1}))
    report = verify_run(run, sample_home, search=False)
    assert not report.retold and "words" not in {f.claim for f in report.failures}


def test_unfinished_run(sample_home: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no finished run"):
        verify_run(tmp_path / "nothing", sample_home)


def test_missing_corpus_and_index(sample_run: Path, sample_home: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus"):
        verify_run(sample_run, tmp_path / "nowhere")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "corpus").symlink_to(sample_home / "corpus")
    with pytest.raises(IndexError_, match="no index"):
        verify_run(sample_run, tmp_path / "home")
    assert verify_run(sample_run, tmp_path / "home", search=False).failures == ()


def test_damaged_corpus(sample_run: Path, sample_home: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "home" / "corpus"
    shutil.copytree(sample_home / "corpus", corpus)
    (corpus / "corpus.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(CorpusError, match=r"corpus\.sqlite"):
        verify_run(sample_run, tmp_path / "home", search=False)
    (corpus / "graph" / "link.npy").write_bytes(b"")
    with pytest.raises(CorpusError, match="damaged"):
        verify_run(sample_run, tmp_path / "home", search=False)


def test_home_of_another_wiki(sample_run: Path, make_home: Callable[..., Path]) -> None:
    home = make_home({"Alpha": "'''Alpha''' is a star near [[Beta]].", "Beta": "'''Beta''' is a star."})
    report = verify_run(sample_run, home, search=False)
    assert ("run", "corpus") in {(f.item, f.claim) for f in report.failures}
    assert {f.item for f in report.failures if f.claim == "certificate"} == {r["id"] for r in records_of(sample_run)}
