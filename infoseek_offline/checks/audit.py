"""The checks on a data set that we did not make (`infoseek audit`): what is unique, idle, skippable, leaked, found by one search.

Each item is taken over into a tree (foreign.py), and the checks of the certificate are run on it. They judge the item relative to
the corpus: a claim that could not be taken over excludes nothing, so that "not unique" says "not shown to be unique here". Every
vertex that is described counts as one that must be found: the form knows no vertices that are left vague on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infoseek_offline.checks.all import ALL
from infoseek_offline.checks.foreign import Foreign, take_over
from infoseek_offline.checks.layouts import FORMS, read_items
from infoseek_offline.checks.problem import Problem
from infoseek_offline.config import Bounds
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.errors import UsageError
from infoseek_offline.records import Record, Verdict
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.trees.extents import Extents, Reading

# What a failed check says of the item. Of linked pages without a tree the last ones only can be asked.
DEFECTS = {
    "U1": "not unique", "U2": "unclear step", "M1": "idle clue", "M2": "skippable", "M3": "included clue", "M4": "needless clue",
    "X1": "telling clue", "X2": "short path", "X3": "one page tells all", "X4": "hierarchy ignored", "X5": "association",
    "L1": "leaked", "R1": "one search", "R2": "not found",
}  # fmt: skip
UNREADABLE, UNCHECKED = "unreadable", "no clue to check"
WORDED = ("L1", "R1")  # what needs no clue
LONGEST = 60  # characters of a name in the table
WORD = re.compile(r"[^\W_]+")
FLAT = ("U1", "M1", "M3", "X1", "X5", "L1", "R1")


class Audited(Record):
    """What was found of one item: the names of its defects, and the verdicts behind them."""

    id: str
    question: str
    answer: str
    defects: tuple[str, ...]
    unresolved: tuple[str, ...]
    unsupported: tuple[str, ...]
    unread: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def audit(path: Path, home: Path, bounds: Bounds, reading: Reading = "open") -> Iterator[Audited]:
    """Each item of the file, in order; what is no item is one with the defect "unreadable". Raises UsageError for a file without
    any item, CorpusError and IndexError_ for the home."""
    corpus = Corpus.open(home / "corpus")
    searcher = Searcher.open(home / "search", corpus)
    extents = Extents(corpus, reading)
    faults: list[tuple[str, str]] = []
    good = False
    for name, item in read_items(path):
        try:
            if isinstance(item, str):
                raise UsageError(item)
            taken = take_over(corpus, name, item)
        except UsageError as error:
            if good:
                yield _unreadable(name, str(error))
            else:
                faults.append((name, str(error)))
            continue
        if not good:
            yield from (_unreadable(*fault) for fault in faults)
        good = True
        yield examine(corpus, extents, searcher, bounds, taken)
    if not good:
        raise UsageError(faults[0][1] if faults else f"{path} holds no item; {FORMS}")


def _unreadable(name: str, fault: str) -> Audited:
    nothing: tuple[str, ...] = ()
    return Audited(id=name, question="", answer="", defects=(UNREADABLE,), unresolved=nothing, unsupported=nothing, unread=(fault,),
                   verdicts=())  # fmt: skip


def examine(corpus: Corpus, extents: Extents, searcher: Searcher, bounds: Bounds, item: Foreign) -> Audited:
    verdicts: list[Verdict] = []
    defects = [name for name, found in (("unresolved", item.unresolved), ("unsupported", item.unsupported)) if found]
    if item.tree is not None:
        told = bool(item.tree.root.constraints)
        names = [name for name in ALL if (not item.flat or name in FLAT) and (told or name in WORDED)]
        problem = Problem(corpus, extents, item.tree, bounds, item.question, {}, searcher)
        verdicts = [ALL[name](problem) for name in names]
        defects += [] if told else [UNCHECKED]
        defects += [DEFECTS[v.check] for v in verdicts if not v.passed]
    elif _says(item.question, item.answer):
        defects.append(DEFECTS["L1"])
    return Audited(
        id=item.id, question=item.question, answer=item.answer, defects=tuple(defects), unresolved=tuple(item.unresolved),
        unsupported=tuple(item.unsupported), unread=tuple(item.unread), verdicts=tuple(verdicts),
    )  # fmt: skip


def _says(question: str, answer: str) -> bool:
    """Whether the answer stands in the question, where no page tells what else it is called."""
    words = " ".join(WORD.findall(answer.casefold()))
    return len(words) > 2 and f" {words} " in f" {' '.join(WORD.findall(question.casefold()))} "


def _line(words: str) -> str:
    """On one line, and not too long for a table."""
    told = " ".join(words.split())
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"


def _details(item: Audited) -> str:
    if UNREADABLE in item.defects:
        return f"   ({' '.join(item.unread[0].removesuffix('; ' + FORMS).split())})"
    more = ", …" if item.unresolved[3:] else ""
    told = [f"no page: {', '.join(map(_line, item.unresolved[:3]))}{more}"] if item.unresolved else []
    told += [f"{len(item.unread)} claims not read"] if item.unread else []
    return f"   ({'; '.join(told)})" if told else ""


def table(items: list[Audited]) -> Iterator[str]:
    """A line an item, with what is wrong with one that can't be read and which names are no pages; then how many items have each
    defect."""
    names_of = [_line(item.id) for item in items]
    width = max(map(len, names_of), default=2)
    for name, item in zip(names_of, items, strict=True):
        yield f"{name:<{width}}  {', '.join(item.defects) or 'no defect found'}{_details(item)}"
    names = (UNREADABLE, "unresolved", "unsupported", UNCHECKED, *DEFECTS.values())
    counts: dict[str, Any] = {name: sum(name in item.defects for item in items) for name in names}
    yield ""
    for name, count in counts.items():
        yield f"{name:<20} {count:>6}  {100 * count / max(1, len(items)):5.1f} %"
    yield f"{'without a defect':<20} {sum(not item.defects for item in items):>6}"
    yield f"{'items':<20} {len(items):>6}"
