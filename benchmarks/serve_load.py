"""64 clients at once against `infoseek serve` for a minute on 127.0.0.1: errors, answers that are not their query's, latencies.

    python benchmarks/serve_load.py HOME [SECONDS]
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.retrieval.selftest import make_items

CLIENTS = 64
K = 5


Expected = list[tuple[str, list[str]]]  # queries with the ids of what each finds alone


async def client(number: int, address: str, expected: Expected, until: float, times: list[float]) -> tuple[int, int]:
    """(errors, answers that are another query's) of one client, which asks again as soon as it is answered."""
    errors = mixed = 0
    step = number
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        while time.perf_counter() < until:
            query, wanted = expected[step % len(expected)]
            step += CLIENTS + 1
            start = time.perf_counter()
            try:
                answer = await http.post("/retrieve", json={"queries": [query], "topk": K, "return_scores": True})
                answer.raise_for_status()
                mixed += [hit["document"]["id"] for hit in answer.json()["result"][0]] != wanted
            except httpx.HTTPError:
                errors += 1
            times.append(time.perf_counter() - start)
    return errors, mixed


async def load(address: str, expected: Expected, seconds: float) -> None:
    times: list[float] = []
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(client(n, address, expected, until, times) for n in range(CLIENTS)))
    p50, p99 = np.percentile(times, [50, 99]) * 1000
    errors, mixed = (sum(column) for column in zip(*counts, strict=True))
    print(
        f"{CLIENTS} clients, {seconds:.0f} s: {len(times):,} searches ({len(times) / seconds:.0f} a second), "
        f"errors {errors}, mixed up {mixed}, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    )


def main(home: Path, seconds: float) -> None:
    searcher = pipeline.open_searcher(home)
    queries = [item.query for item in make_items(Corpus.open(home / "corpus"))]
    expected = [(q, [hit.document for hit in hits]) for q, hits in zip(queries, searcher.search_many(queries, K), strict=True)]
    command = [sys.executable, "-m", "infoseek_offline", "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://[\d.]+:\d+", server.stderr.readline() if server.stderr else "")
            if found is None:
                sys.exit("the server did not start")
            while True:
                try:
                    httpx.get(found.group() + "/health")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            asyncio.run(load(found.group(), expected, seconds))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60)
