"""The stages in order, on one screen. The command, the tests and the Makefile call these functions.

dump → corpus → index → claims → trees → checks → questions → dataset
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, TypeVar

from infoseek_offline import __version__
from infoseek_offline.agents.model_browser import Shelf
from infoseek_offline.agents.rules import RuleBrowser
from infoseek_offline.checks.attack import Figures
from infoseek_offline.claims.store import ClaimStore, read_all
from infoseek_offline.config import Config
from infoseek_offline.corpus.build import build_corpus
from infoseek_offline.corpus.passages import PASSAGE_WORDS
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.costs import Costs, Prices
from infoseek_offline.dataset.funnel import Funnel
from infoseek_offline.dataset.make import STAGE_VERSION, Made, Maker
from infoseek_offline.dataset.modelled import compare, make_lines, model_settings, recorded, replayed
from infoseek_offline.dataset.spread import Mix, Repairs, Spread, shape_of
from infoseek_offline.engine import batches, map_ordered, rest_collector
from infoseek_offline.errors import Pending, RunError
from infoseek_offline.files import canonical_json, digest_of, read_json, write_text, writing
from infoseek_offline.llm.base import LanguageModel
from infoseek_offline.llm.batch import Batch
from infoseek_offline.records import Question, Rejection
from infoseek_offline.retrieval.encoder import Settings
from infoseek_offline.retrieval.index import build_index
from infoseek_offline.retrieval.ranking import Fusion
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.retrieval.selftest import known_items
from infoseek_offline.run import Run, check_sums, first_difference
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.lookup import lookup

SPREAD, ASKED = "spread", "asked already"
EXTENTS = "extents"  # folder of the home
BEHIND = 16  # chunks; so many are in flight at most
CHUNK = 8  # answer pages that a worker takes at a time; a kill loses no more than this many a worker

Progress = Callable[..., None]  # (stage, done) or (stage, done, total)
AnyRecord = TypeVar("AnyRecord", Question, Rejection)


def quiet(stage: str, done: int, total: int = 0) -> None:
    """No progress."""


def corpus(
    dump: Path,
    home: Path,
    *,
    workers: int = 1,
    strict: bool = False,
    passage_words: int = PASSAGE_WORDS,
    namespaces: Sequence[str] = (),
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Dump to `home/corpus`; its manifest. `strict` refuses a dump with any damage. A killed build goes on where it was."""
    return build_corpus(
        dump, home / "corpus", workers=workers, strict=strict, passage_words=passage_words, namespaces=namespaces,
        progress=progress,
    )  # fmt: skip


def index(
    home: Path,
    *,
    encoder: str = "lsa",
    settings: Settings | None = None,
    factory: str | None = None,
    nprobe: int | None = None,
    fusion: Fusion = "scores",
    selftest: bool = False,
    workers: int = 1,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """`home/corpus` to `home/search`; its manifest. With `selftest`, known items are searched and their recall is in it."""
    opened = Corpus.open(home / "corpus")
    return build_index(
        opened.passages,
        home / "search",
        encoder=encoder,
        settings=settings,
        factory=factory,
        nprobe=nprobe,
        fusion=fusion,
        language=opened.language,
        corpus_digest=opened.digest,
        workers=workers,
        selftest=partial(known_items, opened) if selftest else None,
        progress=lambda what, done, total: progress(what, done),
    )


def claims(home: Path, *, workers: int = 1, progress: Progress = quiet) -> dict[str, Any]:
    """`home/corpus` to `home/claims`, which later runs use again; its manifest."""
    opened = Corpus.open(home / "corpus")
    return read_all(opened, RuleBrowser(opened), home / "claims", workers=workers, progress=progress)


def open_searcher(home: Path, encoder: str | None = None, fusion: Fusion | None = None) -> Searcher:
    return Searcher.open(home / "search", Corpus.open(home / "corpus"), encoder=encoder, fusion=fusion)


def data(
    home: Path,
    out: Path,
    config: Config,
    *,
    model: LanguageModel | None = None,
    workers: int = 1,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Claims, trees, checks and questions: `home` to a run folder; its manifest. A killed run goes on where it was.

    With a `model` it plans, reads and writes; a server is asked by as many threads as there are workers. Raises Pending where
    answers are awaited in files."""
    run = Run(out, _settings(home, config, model))
    with run.locked():
        if run.finished:
            manifest: dict[str, Any] = read_json(out / "manifest.json")
            return manifest
        claims(home, workers=workers, progress=progress)
        opened = Corpus.open(home / "corpus")
        lookup(opened, home / EXTENTS, workers=workers, progress=progress)
        roots = answer_order(opened, config.seed)
        run.work.mkdir(exist_ok=True)
        if model is not None:
            return _with_model(home, run, config, model, roots, workers, progress)
        mix, answered = Mix(config.shape.shares, config.shape.joins), set[str]()
        chunks = _chunks(opened, roots, mix, answered)
        ahead = max(1, min(4, BEHIND // workers))
        made = map_ordered(_chunk, chunks, workers=min(workers, BEHIND), setup=partial(_open, home, run, config), ahead=ahead)
        return _gather(run, made, config, len(roots), mix, answered, progress)


def _chunks(
    opened: Corpus, roots: list[int], mix: Mix, answered: set[str]
) -> Iterator[tuple[int, list[int], dict[str, float] | None]]:
    """Answer pages with the shapes to try for, and then those of which nothing came a second time, for any shape.

    The shapes follow from the results up to `BEHIND` chunks before, which are known by then whatever the number of workers, so that
    it changes no byte. For the same reason as many empty chunks stand between the two turns.
    """
    parts = list(batches(roots, CHUNK))
    for number, part in enumerate(parts):
        yield number, part, mix.settled[max(0, number - BEHIND + 1)]
    for number in range(BEHIND):
        yield len(parts) + number, [], None
    for number, part in enumerate(parts):
        yield len(parts) + BEHIND + number, [r for r in part if opened.titles[r] not in answered], None


def _each(chunks: Iterable[list[str]], mix: Mix) -> Iterator[str]:
    for lines in chunks:
        yield from lines
        mix.settle()


def _settings(home: Path, config: Config, model: LanguageModel | None) -> dict[str, Any]:
    opened = Corpus.open(home / "corpus")
    return {
        "version": __version__,
        "stage": STAGE_VERSION,
        "corpus": opened.digest,
        "index": digest_of(Searcher.open(home / "search", opened).manifest),
        "config": config.model_dump(mode="json"),
        **({"model": model_settings(model)} if model is not None else {}),
    }


def _with_model(
    home: Path, run: Run, config: Config, model: LanguageModel, roots: list[int], workers: int, progress: Progress
) -> dict[str, Any]:
    opened = Corpus.open(home / "corpus")
    claimed, searcher = ClaimStore(home / "claims", opened), Searcher.open(home / "search", opened)
    extents, asked = Extents(opened, config.reading, home / EXTENTS), recorded(model, run)
    mix = Mix(config.shape.shares, config.shape.joins)

    def maker(shelf: Shelf) -> Callable[[int], str]:
        made = Maker(opened, claimed, searcher, config, asked, extents=extents, shelf=shelf)
        return lambda root: _line(made.make(root))

    try:
        threads = workers if getattr(model, "remote", False) else 1
        made = make_lines(run, roots, maker, config.count, asked, threads=threads)
        costs = Costs(asked.ledger, Prices(config.price_in, config.price_out))
        return _gather(run, ([line] for line in made), config, len(roots), mix, set(), progress, costs)
    except Pending as error:
        raise model.pending() if isinstance(model, Batch) else error from None
    finally:
        asked.ledger.close()


def reproduce(run: Path, home: Path, out: Path, *, workers: int = 1, progress: Progress = quiet) -> list[str]:
    """The data set of a finished run once more into `out`, with no model: its answers come from the run's ledger. The files that
    differ. Raises RunError where the run is not finished, or was made with another corpus, index or version."""
    if wrong := check_sums(run):
        raise RunError(f"{run} was changed since it was made ({wrong[0]}): there is nothing sure to compare with")
    settings = read_json(run / "config.json")
    try:
        config = Config.model_validate(settings["config"])
    except ValueError as error:
        raise RunError(f"{run} was made by another version ({settings.get('version')}): reproduce it with that") from error
    model = replayed(run) if "model" in settings else None
    now = _settings(home, config, model)
    if now != settings:
        what = first_difference(settings, now)
        raise RunError(f"{run} was made otherwise ({what}): reproduce it with the corpus, index and version that it was made with")
    data(home, out, config, model=model, workers=workers, progress=progress)
    return compare(run, out)


def answer_order(opened: Corpus, seed: int) -> list[int]:
    """All answerable pages in the order in which they are tried: by a digest of seed and title."""
    titles = opened.titles
    return sorted(opened.answerable().tolist(), key=lambda page: (digest_of("answer", seed, titles[page]), page))


_maker: Maker
_run: Run


def _open(home: Path, run: Run, config: Config) -> None:
    global _maker, _run
    opened = Corpus.open(home / "corpus")
    searcher = Searcher.open(home / "search", opened)
    extents = Extents(opened, config.reading, home / EXTENTS)
    _maker, _run = Maker(opened, ClaimStore(home / "claims", opened), searcher, config, extents=extents), run
    if parent_process() is not None:  # a worker, and not whoever called this
        rest_collector()


def _chunk(item: tuple[int, list[int], dict[str, float] | None]) -> list[str]:
    """The lines of one chunk, made or, after a kill, read again."""
    number, roots, shapes = item
    if not roots:
        return []
    path = _run.chunk(number)
    if path.is_file():
        return lines_of(path)
    lines = [_line(_maker.make(root, shapes)) for root in roots]
    write_text(path, "".join(line + "\n" for line in lines))
    return lines


def _line(made: Made) -> str:
    return canonical_json({
        "question": made.question.model_dump(mode="json") if made.question else None,
        "rejections": [r.model_dump(mode="json") for r in made.rejections],
        "tried": made.tried,
        "gave_up": made.gave_up,
        **({"asked": made.asked} if made.asked else {}),
    })  # fmt: skip


def _gather(
    run: Run,
    chunks: Generator[list[str], None, None],
    config: Config,
    roots: int,
    mix: Mix,
    answered: set[str],
    progress: Progress,
    costs: Costs | None = None,
) -> dict[str, Any]:
    """Results in the order of the answer pages, up to the count that was asked for."""
    counts: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    gave_up: Counter[str] = Counter()
    funnel = Funnel(config.gates)
    spread = Spread(config.count)
    worded: set[str] = set()
    phrased: Counter[str] = Counter()
    attack = Figures()
    repair = Repairs()
    refused = 0
    with _lines_to(run, "questions.jsonl") as accept, _lines_to(run, "rejected.jsonl") as reject:
        for line in _each(chunks, mix):
            item = json.loads(line)
            counts["answer pages tried" if counts["answer pages tried"] < roots else "tried a second time"] += 1
            gave_up.update(item["gave_up"])
            funnel.gave_up(item["gave_up"])
            if costs:
                costs.add(item.get("asked", ()))
            for rejection in item["rejections"]:
                refused += 1
                repair.add(rejection["history"], rejection["failed"])
                reject(canonical_json(rejection) + "\n")
                failed.update(rejection["failed"])
                funnel.rejected(rejection["failed"])
            made = Question.model_validate(item["question"]) if item["question"] else None
            came, joined = "", False
            if made:
                answered.add(made.answer)
                repair.add(item["question"]["history"], ())
            left_out = made and (ASKED if made.question in worded else "" if spread.admits(made.tree) else SPREAD)
            if made and left_out:
                refused += 1
                reject(canonical_json(_left_out(made, left_out).model_dump(mode="json")) + "\n")
                failed[left_out] += 1
                funnel.rejected([left_out])
            elif made:
                funnel.accepted(made.written_by)
                worded.add(made.question)
                accept(canonical_json(item["question"]) + "\n")
                spread.add(made.tree, made.difficulty)
                phrased[str(1 + len(made.phrasings))] += 1
                attack.add(made)
                came, joined = shape_of(made.tree), bool(made.tree.joined)
                progress("questions", len(worded))
            mix.add(item["tried"], came, joined)
            if len(worded) >= config.count:
                break
        chunks.close()  # workers that are ahead end before the work folder goes
    manifest = {
        "asked": config.count,
        "accepted": len(worded),
        "rejected": refused,
        "answer pages": roots,
        **counts,
        "shapes": mix.report(),
        **spread.report(),
        "phrasings": dict(sorted(phrased.items())),
        "attack": attack.report(),
        "repair": repair.report(),
        "failed checks of rejected trees": dict(sorted(failed.items())),
        "trees given up": dict(sorted(gave_up.items())),
        "funnel": funnel.report(),
        "written by": dict(sorted(funnel.by.items())),
        **({"costs": costs.report(funnel.grown, len(worded))} if costs else {}),
        **run.settings,
    }
    manifest["digest"] = digest_of(manifest)  # what no line of the run tells, nothing else would hold
    run.finish(manifest)
    return manifest


def _lines_to(run: Run, name: str) -> AbstractContextManager[Callable[[str], object]]:
    """A file of the run that grows in the work folder, so that no more of it is in memory than a line."""
    return writing(run.folder / name, run.work / name)


def _left_out(item: Question, why: str) -> Rejection:
    """A tree that holds, but one of whose inner vertices stands in too many items already, or whose question is another's."""
    return Rejection.of(key=item.id, answer=item.answer, failed=(why,), history=item.history, question=item.question,
                        tree=item.tree, verdicts=item.certificate.verdicts)  # fmt: skip


def questions(out: Path) -> list[Question]:
    """The accepted items of a finished run."""
    return _records(out / "questions.jsonl", Question)


def rejections(out: Path) -> list[Rejection]:
    return _records(out / "rejected.jsonl", Rejection)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise RunError(f"no {path.name} in {path.parent}: make a data set with 'infoseek data --out {path.parent}'")
    return lines_of(path)


def lines_of(path: Path) -> list[str]:
    """The lines of a JSON-lines file; not `splitlines`, which ends a line at U+2028 and U+0085 too."""
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def _records(path: Path, kind: type[AnyRecord]) -> list[AnyRecord]:
    try:
        return [kind.model_validate_json(line) for line in _lines(path)]
    except ValueError as error:
        raise RunError(f"{path} is damaged or of another version: make the data set again") from error
