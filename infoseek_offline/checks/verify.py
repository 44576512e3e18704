"""Is a finished run true? Every item is recomputed from the stored corpus, by other code than made it (recompute.py).

In: a run's folder (layout: run.py) and the home folder of its corpus and index. Out: a `Report`, with a `Failure` for each
claim that does not hold. What can fail before a claim is looked at, raises: RunError for a run that is missing or unfinished,
CorpusError and IndexError_ for a home without a finished corpus or index, or a damaged one.

Claims of the run: the digests of SHA256SUMS, the configuration, the corpus and index it was made with, the manifest's figures as
far as items and rejected trees tell them (counted.py), no question and no answer twice.
Claims of an item, in this order; where the first ones fail, those that build on them are left out:

    record       the line is a record of this version, in the form in which it is written, and no other line's
    certificate  corpus, reading and bounds are the run's; all verdicts are there, once, and passed
    tree         vertices and constraints are a tree; pages, titles and kinds are the corpus's
    asked        shape, difficulty and phrasings are such as the configuration asks for
    item         id, answer, aliases, counts, evidence and gold documents follow from tree and corpus; who wrote it
    history      the repairs of the tree are those of the id, and end in this tree
    evidence     each constraint is stated where its evidence says, a prose link's in the sentence's words
    clue         each constraint is stated in the question where its clue says; what a model wrote adds nothing
    words        question and clues are those of the rules for this tree, if they are said to be (left out for another version's)
    U1 … L1      recomputed, with all numbers
    R1 R2        searched again, with all ranks (left out with `search=False`)
    difficulty   follows from what was recomputed (the searches not with `search=False`)
    G1 … G4      what follows from the model's answers recomputed (heard.py), and these held against the run's ledger

Of a rejected tree, named "rejected N": its tree, history, evidence and words as above, that it fails what it is said to fail, with
all numbers of U1 to L1 and R2.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infoseek_offline.checks.counted import Counted, manifest_claims
from infoseek_offline.checks.heard import GATES, Ledger
from infoseek_offline.checks.verifier import BOUNDS, Claims, Failure, Verifier
from infoseek_offline.config import Config
from infoseek_offline.engine import batches, map_ordered
from infoseek_offline.errors import RunError
from infoseek_offline.files import canonical_json, digest_of, file_sha256, read_json

FILES = ("config.json", "manifest.json", "questions.jsonl", "rejected.jsonl")
LEDGER = "ledger.sqlite"
QUESTIONS, REJECTED = RESULTS = ("questions.jsonl", "rejected.jsonl")
BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)  # of a file of another form
CHUNK = 8  # lines that a worker takes at a time


@dataclass(frozen=True)
class Report:
    """`claims` counts what was looked at; `searched` says whether R1 and R2 were, `unheard` that a model's answers were not held
    against a ledger, since there is none, `retold` that the words of the rules were told again: not those of another version."""

    items: int
    claims: int
    searched: bool
    failures: tuple[Failure, ...]
    unheard: bool = False
    retold: bool = True


def verify_run(run: Path, home: Path, *, search: bool = True, workers: int = 1) -> Report:
    """Recompute all items of the finished run in `run` from the corpus, and with `search` the index, in `home`.
    The report is the same for any number of workers. One item at a time in each: memory is bounded by the corpus, not by the run
    (but for the questions, kept to tell when one comes again). Raises what the module's docstring says.
    """
    claims = Claims("run")
    _check_sums(run, claims)
    try:
        settings = _settings(run)
        config = settings["config"]
        reading, bounds = config["reading"], {name: config["bounds"][name] for name in BOUNDS}
        gates = [name for name in GATES if name in config["gates"]]
        if max(bounds.values()) >= 2**31:
            raise ValueError(f"bounds are out of range: {bounds}")
        model = str(settings["model"]["name"]) if "model" in settings else ""
        ledger = Ledger(run / LEDGER) if model and (run / LEDGER).is_file() else None
    except BROKEN as error:
        claims.hold("config.json", False, f"can't be read: {error!r}")
        return Report(0, claims.looked_at, False, tuple(claims.failures))
    except sqlite3.Error as error:
        raise RunError(f"{run / LEDGER} is damaged ({error}): remove it to verify all but the model's answers") from error
    chosen: dict[str, Any] = {"search": search, "gates": gates, "model": model, "settings": settings}
    chosen["version"] = settings["version"]
    verifier = Verifier(home, reading, bounds, ledger=ledger, **chosen)
    claims.equal("corpus", "the corpus", settings["corpus"], verifier.stored.digest)
    if verifier.searcher is not None:
        claims.equal("index", "the index", settings["index"], digest_of(verifier.searcher.manifest))
    counted = Counted()
    failures: list[Failure] = []
    first: dict[tuple[str, str], int] = {}
    items = refused = 0
    numbered = ((number, line, name) for name in RESULTS for number, line in enumerate(_lines(run / name), 1))
    chunks = batches(numbered, CHUNK)
    afresh = partial(Verifier, home, reading, bounds, ledger=run / LEDGER if ledger else None, **chosen)
    setup = partial(_open, afresh if workers > 1 else lambda: verifier)  # each process opens its own
    for found in (found for chunk in map_ordered(_verify, chunks, workers=workers, setup=setup) for found in chunk):
        claims.looked_at += found.looked_at
        if found.refuses is not None:
            refused += 1
            counted.refuse(*found.refuses)
        else:
            items += 1
            for what, words in (("question", found.asks), ("answer", found.answer)):
                if words:
                    again = first.setdefault((what, words), items)
                    found.hold("record", again == items, f"line {again} {'asks' if what == 'question' else 'has'} the same {what}")
            if found.told is not None:
                counted.add(found.told)
        failures += found.failures
    _check_manifest(run, claims, settings, counted, len(verifier.stored.universe))
    noted = {"unheard": bool(model) and ledger is None, "retold": verifier.retold is not None}
    return Report(items, claims.looked_at, search, (*claims.failures, *failures), **noted)


def _settings(run: Path) -> dict[str, Any]:
    """What config.json says, which must be a whole configuration in the form in which one is written. Raises some of BROKEN."""
    settings: dict[str, Any] = read_json(run / "config.json")
    forms = {"version": str, "stage": int, "corpus": str, "index": str, "config": dict}
    for name, form in forms.items():
        if type(settings[name]) is not form or not settings[name]:
            raise ValueError(f"{name} is {settings[name]!r}")
    try:
        config = Config.model_validate(settings["config"]).model_dump(mode="json")
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}") from error
    if canonical_json(config) != canonical_json(settings["config"]):
        raise ValueError("it is not in the form in which a configuration is written")
    return settings


_verifier: Verifier


def _open(opening: Callable[[], Verifier]) -> None:
    global _verifier
    _verifier = opening()


def _verify(lines: list[tuple[int, bytes, str]]) -> list[Claims]:
    read = {QUESTIONS: _verifier.verify_line, REJECTED: _verifier.verify_rejected}
    return [read[name](number, line) for number, line, name in lines]


def _check_sums(run: Path, claims: Claims) -> None:
    path = run / "SHA256SUMS"
    if not path.is_file():
        raise RunError(f"no finished run in {run} (no {path.name}): make one with 'infoseek data --out {run}'")
    sums = {}
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    for line in lines:
        digest, _, name = line.partition("  ")
        sums[name] = digest
    claims.hold(path.name, sorted(sums) == sorted(FILES) and len(lines) == len(sums), "does not list the run's files, each once")
    for name in FILES:
        target = run / name
        if claims.hold(name, name in sums, "is not in SHA256SUMS") and claims.hold(name, target.is_file(), "is missing"):
            claims.hold(name, file_sha256(target) == sums[name], "differs from SHA256SUMS")


def _check_manifest(run: Path, claims: Claims, settings: dict[str, Any], counted: Counted, articles: int) -> None:
    try:
        for claim in manifest_claims(dict(read_json(run / "manifest.json")), counted, settings, articles):
            claims.hold(*claim)
    except BROKEN as error:
        claims.hold("manifest.json", False, f"can't be read: {error!r}")


def _lines(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\n")
