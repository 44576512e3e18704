"""Indexes of forged vectors and passages, for retrieval.py: ours beside raw FAISS, and a whole one opened and searched.

Vectors are clusters with noise, as embeddings are. Words follow Zipf's law. Both are drawn with a fixed seed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from timing import latency, peak, per_query, processor

from infoseek_offline.records import Passage
from infoseek_offline.retrieval import dense as dense_module
from infoseek_offline.retrieval.dense import DenseIndex, build_dense
from infoseek_offline.retrieval.folder import FORMAT, file_table, write_manifest
from infoseek_offline.retrieval.lsa import LsaEncoder
from infoseek_offline.retrieval.recall import measure
from infoseek_offline.retrieval.searcher import MODES, Searcher
from infoseek_offline.retrieval.sparse import build_sparse
from infoseek_offline.retrieval.tokenise import Numbered, term_hash

DIMENSION = 256
K = 10
RATIO = 1.2  # of our search to raw FAISS's; above it the benchmark fails
OPENED = 1.0  # seconds; above it the benchmark fails
WORDS = 500_000  # in the vocabulary of forged passages
LONG = 60  # words of a passage that are no function words
TERMS = 100_000  # that the encoder knows, as many as an encoder fitted on a large corpus
LANGUAGE = "de"  # one without stemming, so that a forged word is its own term


def forge_vectors(count: int, draw: np.random.Generator) -> Any:
    centres = draw.standard_normal((2_000, DIMENSION), dtype=np.float32)
    vectors = np.empty((count, DIMENSION), np.float16)
    for start in range(0, count, 100_000):
        block = centres[draw.integers(0, 2_000, min(100_000, count - start))]
        block = block + 0.8 * draw.standard_normal(block.shape, dtype=np.float32)
        vectors[start : start + len(block)] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return vectors


def one_index(count: int, factory: str) -> None:
    """Against raw FAISS. Queries are rows with more noise. Exit code 1 where a ratio is above RATIO."""
    import faiss

    draw = np.random.default_rng(1)
    vectors = forge_vectors(count, draw)
    queries = vectors[draw.integers(0, count, 300)].astype(np.float32)
    queries += 0.03 * draw.standard_normal(queries.shape, dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dense.faiss"
        start = processor()
        made = build_dense(vectors, path, factory)
        took = processor() - start
        start = time.perf_counter()
        index = DenseIndex(path, made)
        opened = time.perf_counter() - start
        raw = faiss.read_index(str(path))
        if made["lists"]:
            faiss.extract_index_ivf(raw).nprobe = made["nprobe"]
        if "HNSW" in factory:
            raw.hnsw.efSearch = 128
        fetch = K + 16  # what we ask of FAISS, so that ties at the edge are known
        one = per_query(lambda: index.search(queries[0], K), 1)
        few = queries[: max(8, min(100, int(2_000 / max(one, 1))))]  # two seconds a round
        batch = few[:64]
        rounds: dict[str, list[float]] = {"ours": [], "raw": [], "ours batch": [], "raw batch": []}
        for _ in range(5 if one > 5 else 15):
            rounds["ours"].append(per_query(lambda: [index.search(q, K) for q in few], len(few)))
            rounds["raw"].append(per_query(lambda: [raw.search(q[None], fetch) for q in few], len(few)))
            rounds["ours batch"].append(per_query(lambda: index.search_many(batch, K), len(batch)))
            rounds["raw batch"].append(per_query(lambda: raw.search(batch, fetch), len(batch)))
        best = {name: min(times) for name, times in rounds.items()}
        ratios = {"one": round(best["ours"] / best["raw"], 2), "batch": round(best["ours batch"] / best["raw batch"], 2)}
        print(json.dumps({
            "factory": factory, "passages": count, "dimension": DIMENSION, "passages a second": round(count / took),
            "bytes a passage": round(path.stat().st_size / count), "open ms": round(1000 * opened, 1),
            **measure(index, vectors, lambda: queries, made), **latency(lambda q: index.search(q, K), list(queries)),
            "ms a query": best, "ratio to raw FAISS": ratios, "build s": round(took, 1), "peak MB": peak(),
        }), flush=True)  # fmt: skip
    if max(ratios.values()) > RATIO:
        sys.exit(f"{factory}: our search takes more than {RATIO} times what raw FAISS does")


class Digest:
    """A passage source that is never asked for a text."""

    digest = "forged"

    def passage(self, document_id: str) -> Passage:
        raise NotImplementedError


def opening(count: int) -> None:
    """A whole index of forged passages, with the default factory, opened by new processes and searched. Exit code 1 where the
    slowest opening takes more than OPENED seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "search"
        folder.mkdir()
        start = time.perf_counter()
        forge_index(folder, count)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{count:,} forged passages, {size / 2**20:,.0f} MB, made in {time.perf_counter() - start:.0f} s", flush=True)
        command = [sys.executable, __file__, str(folder)]
        found = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(5)]
        seconds = [run["open s"] for run in found]
        held = max(run["MB"] for run in found)
        print(f"opened, no file in memory before: {statistics.median(seconds):.3f} s, at most {max(seconds):.3f} s, {held:.0f} MB")
        searcher = Searcher.open(folder, Digest())
        draw = np.random.default_rng(2)
        queries = [" ".join(f"w{n}" for n in _zipf(draw, 8)) for _ in range(200)]
        searcher.rank_all_many(queries, K)
        for mode in MODES:
            times = latency(lambda q, mode=mode: searcher.ranks(q, K, mode), queries)
            print(f"{mode}: {times}")
        print(f"all three for a batch of 64: {per_query(lambda: searcher.rank_all_many(queries[:64], K), 64)} ms a query")
    if max(seconds) > OPENED:
        sys.exit(f"opening took {max(seconds):.2f} s, more than {OPENED:g}")


def forge_index(folder: Path, count: int) -> None:
    draw = np.random.default_rng(1)
    hashes = np.array([term_hash(f"w{n}") for n in range(WORDS)], np.uint64)
    sort = np.argsort(hashes)
    place = np.empty(WORDS, np.int32)
    place[sort] = np.arange(WORDS, dtype=np.int32)
    lengths = draw.integers(LONG // 2, LONG + LONG // 2, count)
    tokens = Numbered(hashes[sort], place[_zipf(draw, int(lengths.sum()))], lengths)
    (folder / "encoder").mkdir()
    common = np.sort(hashes[:TERMS])
    components = draw.standard_normal((TERMS, DIMENSION), dtype=np.float32)
    encoder = LsaEncoder(common, np.ones(TERMS, np.float32), components, LANGUAGE, "forged")
    encoder.save(folder / "encoder")
    dense_module.TRAIN_PER_LIST = 1  # minutes less; how well the lists are trained changes nothing of what is measured here
    dense = build_dense(forge_vectors(count, draw), folder / "dense.faiss")
    sparse = build_sparse(tokens, folder / "sparse")
    pages = np.sort(draw.integers(0, max(1, count // 5), count)).astype(np.int32)
    np.save(folder / "documents.npy", np.array([b"%d-%d" % (page, n) for n, page in enumerate(pages.tolist())], np.bytes_))
    np.save(folder / "pages.npy", pages)
    np.save(folder / "sections.npy", draw.integers(0, 1_000, count).astype(np.int32))
    (folder / "sections.json").write_text(json.dumps([f"Section {n}" for n in range(1_000)]), encoding="utf-8")
    write_manifest(folder, {
        "format": FORMAT, "corpus": Digest.digest, "language": LANGUAGE, "passages": count, "encoder": encoder.describe(),
        "dense": dense, "sparse": sparse, "files": file_table(folder),
    })  # fmt: skip


def _zipf(draw: np.random.Generator, count: int) -> Any:
    """Numbers of words: the n-th is drawn about 1/n as often as the first."""
    return (np.exp(draw.random(count, np.float32) * np.float32(np.log(WORDS))) - 1).astype(np.int32)


def open_cold(folder: Path) -> None:
    """Print how long this process took to open the index, its files put out of memory before, and what it then held."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    import faiss  # noqa: F401  (a command has it imported once; opening is what is measured)

    before = anonymous()
    start = time.perf_counter()
    searcher = Searcher.open(folder, Digest())
    took = time.perf_counter() - start
    print(json.dumps({"open s": took, "MB": anonymous() - before, "passages": len(searcher)}))


def anonymous() -> float:
    """Memory of this process that no file backs, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


if __name__ == "__main__":
    open_cold(Path(sys.argv[1]))
