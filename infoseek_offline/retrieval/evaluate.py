"""Judged queries against an index: recall, reciprocal rank and nDCG, by ir-measures.

Queries are JSON lines with `_id` (or `id`, `query_id`) and `text` (or `question`, `query`). Judgements are BEIR's qrels (three
columns with a header) or TREC's (`query 0 document relevance`); a document is a document id, or a page as its passages' ids begin
("12" stands for 12-0, 12-1, …).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infoseek_offline.errors import MissingExtra, UsageError
from infoseek_offline.retrieval.searcher import Mode, Searcher

DEPTH = 100
MEASURES = ("R@10", "R@100", "RR@10", "nDCG@10")
Qrels = dict[str, dict[str, int]]


def read_queries(path: Path) -> dict[str, str]:
    """Texts by query id. Raises UsageError, with the line, for anything else."""
    found: dict[str, str] = {}
    for number, line in _lines(path):
        try:
            record = json.loads(line)
            name = next(str(record[key]) for key in ("_id", "id", "query_id") if key in record)
            text = next(record[key] for key in ("text", "question", "query") if key in record)
        except (ValueError, TypeError, StopIteration) as error:
            raise UsageError(f'{path}, line {number}: not a query; write {{"_id": "q1", "text": "…"}}') from error
        if name in found or not isinstance(text, str):
            raise UsageError(f"{path}, line {number}: the query {name!r} " + ("is there twice" if name in found else "has no text"))
        found[name] = text
    return found


def read_qrels(path: Path) -> Qrels:
    """Relevance by document by query id. Raises UsageError, with the line, for anything else."""
    found: Qrels = {}
    for number, line in _lines(path):
        parts = line.split()
        if number == 1 and parts[-1:] == ["score"]:
            continue
        if len(parts) not in (3, 4) or not parts[-1].lstrip("-").isdigit():
            raise UsageError(f"{path}, line {number}: not a judgement; write: query-id <tab> document-id <tab> 1")
        found.setdefault(parts[0], {})[parts[-2]] = int(parts[-1])
    return found


def evaluate(
    searcher: Searcher, queries: dict[str, str], qrels: Qrels, modes: Sequence[Mode], measures: Sequence[str] = MEASURES
) -> dict[str, dict[str, float]]:
    """Measures by mode, over the queries that have judgements. A page that is judged counts once, at its best passage.

    Raises MissingExtra without ir-measures, UsageError where no query has a judgement, or all that is judged is not in the corpus.
    """
    try:
        import ir_measures
    except ImportError as error:
        raise MissingExtra("search --eval", "ir-measures", "eval") from error
    asked = [name for name in queries if name in qrels]
    if not asked:
        raise UsageError("no query of the queries file has a judgement in the qrels file: are their ids the same?")
    if not any(searcher.has(document) for name in asked for document in qrels[name]):
        document = next(iter(qrels[asked[0]]))
        raise UsageError(f"no judged document is in this corpus, {document!r} for one: judge passages (12-3) or pages (12) of it")
    judged = [ir_measures.Qrel(name, document, grade) for name in asked for document, grade in qrels[name].items()]
    wanted = [ir_measures.parse_measure(measure) for measure in measures]
    ranked = searcher.rank_all_many([queries[name] for name in asked], DEPTH)
    found: dict[str, dict[str, float]] = {}
    for mode in modes:
        run = [
            ir_measures.ScoredDoc(name, document, float(-rank))
            for name, rankings in zip(asked, ranked, strict=True)
            for rank, document in enumerate(_judged_units([d for d, _ in rankings[mode]], qrels[name]))
        ]
        result: dict[Any, float] = ir_measures.calc_aggregate(wanted, judged, run) if run else dict.fromkeys(wanted, 0.0)
        found[mode] = {str(measure): round(float(result[measure]), 4) for measure in wanted}
    return found


def _judged_units(documents: list[str], judged: dict[str, int]) -> list[str]:
    """Documents as the judgements name them, first places only."""
    units = (page if (page := document.partition("-")[0]) in judged else document for document in documents)
    return list(dict.fromkeys(units))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'}): give another file") from error
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
