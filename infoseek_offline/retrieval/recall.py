"""What an approximate index misses: recall@10 against brute force over the same vectors, on seeded queries.

A query is the first sentence of a passage, encoded as a query is; so it stands off its passage as a user's would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from infoseek_offline.records import Passage
from infoseek_offline.retrieval.dense import DenseIndex, Rows, default_nprobe, exact_top, one_thread
from infoseek_offline.retrieval.encoder import Encoder, Vectors

QUERIES = 1_000
TOP = 10
ENOUGH = 0.95
SEED = 4
_SENTENCE = re.compile(r".{20,}?[.!?。！？।։](?=\s|$)|[^\n]+")


def sample_queries(passages: Iterable[Passage], count: int, encoder: Encoder, wanted: int = QUERIES) -> Vectors:
    """Encoded first sentences of `wanted` passages of the `count`, drawn with a fixed seed."""
    chosen = set(np.random.default_rng(SEED).choice(count, min(count, wanted), replace=False).tolist())
    texts = []
    for number, passage in enumerate(passages):
        if number in chosen:
            found = _SENTENCE.search(passage.text)
            texts.append(found.group() if found else passage.text)
    vectors = encoder.encode_queries(texts)
    return vectors[vectors.any(axis=1)]


def measure(index: DenseIndex, vectors: Rows, queries: Callable[[], Vectors], settings: dict[str, Any]) -> dict[str, Any]:
    """For the manifest: `recall@10`, and of an IVF index `recall by nprobe`, from the default on in doublings up to the first that
    reaches 0.95. A `Flat` index is brute force itself: 1.0, and no query is run."""
    if settings["factory"] == "Flat":
        return {f"recall@{TOP}": 1.0, "recall queries": 0}
    asked = queries()
    with one_thread():
        truth = [set(row) for row in exact_top(vectors, asked, TOP)]

    def at(nprobe: int) -> float:
        hits = sum(
            len(wanted.intersection(index.search(query, TOP, nprobe=nprobe)[0].tolist()))
            for wanted, query in zip(truth, asked, strict=True)
        )
        return round(hits / max(1, sum(map(len, truth))), 4)

    found: dict[str, Any] = {f"recall@{TOP}": at(index.nprobe), "recall queries": len(asked)}
    if lists := settings["lists"]:
        nprobe = default_nprobe(lists)
        table = {nprobe: at(nprobe)}
        while table[nprobe] < ENOUGH and nprobe < lists:
            nprobe = min(2 * nprobe, lists)
            table[nprobe] = at(nprobe)
        found["recall by nprobe"] = {str(n): reached for n, reached in table.items()}
    return found


def warning(dense: dict[str, Any]) -> str:
    """One line for a person where the index misses too much; else nothing."""
    recall = dense.get(f"recall@{TOP}", 1.0)
    if recall >= ENOUGH:
        return ""
    better = next((n for n, reached in dense.get("recall by nprobe", {}).items() if reached >= ENOUGH), None)
    mend = f"infoseek index --nprobe {better}" if better else "infoseek index --factory Flat"
    return f"recall@{TOP} of {dense['factory']} against an exact index is {recall:.2f}, under {ENOUGH}; to mend it, run: {mend}"
