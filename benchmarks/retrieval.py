"""Encoders, indexes and peers, measured in one process each so that a row's peak memory is its own.

Times are of the processor, not of the clock (all that is measured here runs on one thread; workers are added up), so that a busy
machine changes them little.

    python benchmarks/retrieval.py encoders HOME lsa distil minilm    a corpus's own passages and known items
    python benchmarks/retrieval.py million [COUNT] [FACTORY …]        forged vectors: build, size, recall, latency, raw FAISS beside
                                                                      (exit 1 where we take more than 1.2 times what it does)
    python benchmarks/retrieval.py opening [COUNT]                    a whole forged index, opened by new processes and searched
                                                                      (exit 1 where opening takes more than a second)
    python benchmarks/retrieval.py fusion HOME …                      known items by dense, sparse, hybrid, and fused by ranks
    python benchmarks/retrieval.py peers HOME                         bm25s alone; a server's loop with one flat index in memory
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from forged_index import K, one_index, opening
from timing import latency, peak, per_query, processor, resident, share

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.retrieval.ranking import FUSION_DEPTH, fuse
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.retrieval.selftest import make_items
from infoseek_offline.retrieval.tokenise import terms

WORKERS = 2


def main(words: list[str]) -> None:
    match words:
        case ["encoders", home, *encoders]:
            for encoder in encoders or ["lsa"]:
                alone("encoder", home, encoder)
        case ["million", *rest]:
            count = int(rest[0]) if rest else 1_000_000
            for factory in rest[1:] or ["Flat", f"IVF{4 * isqrt(count)},SQ8", "HNSW16,SQ8"]:
                alone("index", str(count), factory)
        case ["opening", *rest]:
            alone("open", *(rest or ["1000000"]))
        case ["fusion", *homes]:
            for home in homes:
                fusion(Path(home))
        case ["peers", home]:
            for peer in ("bm25s", "flat server loop"):
                alone("peer", home, peer)
        case ["encoder", home, encoder]:
            one_encoder(Path(home), encoder)
        case ["index", count, factory]:
            one_index(int(count), factory)
        case ["open", count]:
            opening(int(count))
        case ["peer", home, "bm25s"]:
            bm25s_alone(Path(home))
        case ["peer", home, _]:
            server_loop(Path(home))
        case _:
            sys.exit(__doc__)


def alone(*words: str) -> None:
    if code := subprocess.run([sys.executable, __file__, *words]).returncode:
        sys.exit(code)


def one_encoder(home: Path, encoder: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "corpus").symlink_to((home / "corpus").absolute())
        start = processor()
        manifest = pipeline.index(Path(folder), encoder=encoder, workers=WORKERS)
        took = processor() - start
        corpus = Corpus.open(home / "corpus")
        items = make_items(corpus)
        searcher = pipeline.open_searcher(Path(folder))
        found = searcher.rank_all_many([item.query for item in items[:250]], K)
        found = [searcher.rank_all(item.query, K, [item.hidden]) for item in items]
        recall = {
            kind: {mode: share(i.page in {p for _, p in f[mode]} for i, f in zip(items, found, strict=True) if i.kind == kind)
                   for mode in ("dense", "sparse", "hybrid")}
            for kind in ("anchor", "first sentence")
        }  # fmt: skip
        queries = [item.query for item in items[:200]]
        print(json.dumps({
            "encoder": encoder, "passages": manifest["passages"], "passages a second": round(manifest["passages"] / took),
            "bytes a passage": round(sum(f["size"] for f in manifest["files"].values()) / manifest["passages"]),
            "known items, recall@10": recall, **latency(lambda q: searcher.ranks(q, K), queries),
            "batch of 64, ms a query": per_query(lambda: searcher.rank_all_many(queries[:64], K), 64), "peak MB": peak(),
        }))  # fmt: skip


def fusion(home: Path) -> None:
    """Recall@10 and mean reciprocal rank of the page that is meant, by kind of known item."""
    corpus = Corpus.open(home / "corpus")
    searcher = pipeline.open_searcher(home)
    rows: dict[str, dict[str, list[float]]] = {}
    for item in make_items(corpus):
        deep = searcher._rank([item.query], FUSION_DEPTH, ("dense", "sparse"), searcher.filter([item.hidden]))[0]
        found = {"dense": deep["dense"][0], "sparse": deep["sparse"][0], "hybrid": fuse((deep["dense"], deep["sparse"]), K)[0]}
        both = (deep["dense"], deep["sparse"])
        found["rrf"] = fuse(both, K, "rrf")[0]
        found["ranks, constant 10"] = by_ranks([ranking[0] for ranking in both], 10)
        for name, places in found.items():
            hit = np.flatnonzero(searcher._pages[places[:K]] == item.page)
            rows.setdefault(item.kind, {}).setdefault(name, []).append(1 / (1 + int(hit[0])) if len(hit) else 0.0)
    for kind, names in rows.items():
        told = {name: (share(rank > 0 for rank in ranks), round(float(np.mean(ranks)), 3)) for name, ranks in names.items()}
        print(home.name, kind, json.dumps(told))


def by_ranks(rankings: list[Any], constant: int) -> Any:
    """Reciprocal rank fusion with another constant than ours."""
    places, inverse = np.unique(np.concatenate(rankings), return_inverse=True)
    gains = np.bincount(inverse, np.concatenate([1 / (constant + 1 + np.arange(len(ranking))) for ranking in rankings]))
    return places[np.lexsort((places, -gains))]


def bm25s_alone(home: Path) -> None:
    import bm25s

    searcher = pipeline.open_searcher(home)
    corpus = Corpus.open(home / "corpus")
    queries = [item.query for item in make_items(corpus)[:200]]
    language = corpus.language
    peer = bm25s.BM25(k1=1.5, b=0.75, method="lucene", backend="numpy")
    peer.index([terms(f"{p.title} — {p.section}\n{p.text}" if p.section else f"{p.title}\n{p.text}", language)
                for p in corpus.passages()], show_progress=False)  # fmt: skip

    def theirs(query: str) -> Any:
        return peer.retrieve([terms(query, language)], k=K, show_progress=False, n_threads=0)

    def ours(query: str) -> list[tuple[str, int]]:
        return searcher.ranks(query, K, "sparse")

    compare("bm25s alone", lambda: [ours(q) for q in queries], lambda: [theirs(q) for q in queries], len(queries))
    same = sum({int(d) for d in theirs(q).documents[0]} == {position(searcher, d) for d, _ in ours(q)} for q in queries)
    print(f"  the same ten passages for {same} of {len(queries)} queries (others: ties)")


def server_loop(home: Path) -> None:
    """As the servers of Search-R1, verl and FlashRAG do: the corpus as a list, one flat index read into memory, batches of it."""
    import faiss

    searcher = pipeline.open_searcher(home)
    corpus = Corpus.open(home / "corpus")
    queries = [item.query for item in make_items(corpus)[:192]]
    before = resident()
    start = time.perf_counter()
    texts = [{"id": p.id, "contents": f'"{p.title}"\n{p.text}'} for p in corpus.passages()]
    index = faiss.read_index(str(home / "search" / "dense.faiss"))
    opened, grown = time.perf_counter() - start, resident() - before
    start = time.perf_counter()
    again = pipeline.open_searcher(home)
    ours = time.perf_counter() - start

    def theirs() -> Any:
        found = []
        for low in range(0, len(queries), 64):
            _, places = index.search(searcher.encoder.encode_queries(queries[low : low + 64]), K)
            found += [[texts[int(place)] for place in row] for row in places]
        return found

    print(f"flat server loop: opens in {opened:.2f} s and holds {grown:.0f} MB; we open in {ours:.3f} s ({len(again):,} passages)")
    compare("flat server loop, with texts", lambda: again.search_many(queries, K, "dense"), theirs, len(queries))


def compare(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], count: int) -> None:
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(3):
        times["ours"].append(per_query(ours, count))
        times["theirs"].append(per_query(theirs, count))
    best, other = min(times["ours"]), min(times["theirs"])
    print(f"{name}: ours {best} ms a query, theirs {other} ms, ratio {best / other:.2f}")


def position(searcher: Searcher, document: str) -> int:
    ids = searcher._documents
    return int(np.flatnonzero(ids == document.encode())[0])


if __name__ == "__main__":
    main(sys.argv[1:])
