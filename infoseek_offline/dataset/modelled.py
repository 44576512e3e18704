"""Answer pages made with a language model: one by one, by threads where a server answers, or in waves where files do.

Each page's line is kept in the run's work folder when it is made, and every answer in the run's ledger, so that a run that was
killed asks nothing twice. Lines come in the order of the answer pages, whatever the number of threads and waves.

A wave is as wide as the data set needs by the yield so far: each page is made until it needs an answer that is not there, and all
that is asked goes out together.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from infoseek_offline.agents.model_browser import Shelf
from infoseek_offline.engine import map_threads
from infoseek_offline.errors import Pending
from infoseek_offline.files import read_json, write_text
from infoseek_offline.llm.base import LanguageModel
from infoseek_offline.llm.ledger import Ledger, Recorded, Replay
from infoseek_offline.llm.prompts import prompt_digests
from infoseek_offline.run import CONFIG, LEDGER, SUMS, Run
from infoseek_offline.trees.grow import NO_START

FIRST_YIELD = 0.5  # taken for the share of pages with a tree that give a question, before any is known
MOST_OPEN = 4096  # pages that wait for answers at a time

Make = Callable[[int], str]  # an answer page to its line


def model_settings(model: LanguageModel) -> dict[str, Any]:
    """What of the model is part of a run's configuration."""
    return {"name": model.name, "digest": model.digest, "context": model.context, "prompts": prompt_digests()}


def recorded(model: LanguageModel, run: Run) -> Recorded:
    """The model behind the run's ledger."""
    return Recorded(model, Ledger(run.ledger))


def replayed(run: Path) -> Replay:
    """A finished run's ledger in place of its model. Raises ModelError where there is none."""
    return Replay(Ledger(run / LEDGER, read_only=True), read_json(run / CONFIG)["model"]["digest"])


def compare(run: Path, again: Path) -> list[str]:
    """The files of a finished run that differ from those of another."""
    sums = {name: dict(_sums(folder)) for name, folder in (("run", run), ("again", again))}
    return sorted(name for name in {*sums["run"], *sums["again"]} if sums["run"].get(name) != sums["again"].get(name))


def _sums(folder: Path) -> Generator[tuple[str, str], None, None]:
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest


def make_lines(
    run: Run, roots: Sequence[int], maker: Callable[[Shelf], Make], count: int, model: Recorded, *, threads: int = 1
) -> Generator[str, None, None]:
    """The lines of the roots, in order. `maker` is called once in each thread; `model` is stopped when no more lines are wanted, so
    that threads come to an end. Raises Pending when all that can be asked now has been asked, and the `count` questions need more.
    """
    made = _Lines(run, maker, model.ledger)
    items = list(enumerate(roots))
    if threads > 1:
        yield from map_threads(made, items, stop=model.stop, workers=threads)
        return
    done = good = 0
    for number, item in enumerate(items):
        try:
            line = made(item)
        except Pending as error:
            raise _wave(made, items[number + 1 :], count, done, good, error) from None
        done += _was_tried(line)
        good += _is_good(line)
        yield line


class _Lines:
    """The line of a root, made or, after a kill, read again; made again where the ledger has lost what it was made of, since it
    could not be reproduced. For any number of threads."""

    def __init__(self, run: Run, maker: Callable[[Shelf], Make], ledger: Ledger) -> None:
        self.run, self.maker, self.ledger, self.shelf = run, maker, ledger, Shelf()
        self._local = threading.local()

    def __call__(self, item: tuple[int, int]) -> str:
        number, root = item
        path = self.run.chunk(number)
        if path.is_file():
            line = path.read_text(encoding="utf-8").removesuffix("\n")
            if self.ledger.holds(json.loads(line).get("asked", ())):
                return line
        make: Make | None = getattr(self._local, "make", None)
        if make is None:
            make = self._local.make = self.maker(self.shelf)
        line = make(root)
        write_text(path, line + "\n")
        return line


def _wave(made: _Lines, items: Sequence[tuple[int, int]], count: int, done: int, good: int, first: Pending) -> Pending:
    """Ask for as many more pages as the count needs, one waiting for answers already; the last Pending."""
    waiting = [first]
    for item in items:
        share = (good + 1) / (done + 1 / FIRST_YIELD)
        if good + len(waiting) * share >= count + 1 or len(waiting) >= MOST_OPEN:
            break
        try:
            line = made(item)
        except Pending as error:
            waiting.append(error)
            continue
        done += _was_tried(line)
        good += _is_good(line)
    return waiting[-1]


def _was_tried(line: str) -> bool:
    """Whether a tree grew there; a page without anything to begin with says nothing of those that wait."""
    return set(json.loads(line)["gave_up"]) != {NO_START}


def _is_good(line: str) -> bool:
    return json.loads(line)["question"] is not None
