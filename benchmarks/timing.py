"""Seconds of the processor and memory, for the other benchmarks."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def latency(search: Callable[[Any], Any], queries: Sequence[Any]) -> dict[str, float]:
    times = []
    for query in queries:
        start = time.process_time()
        search(query)
        times.append(1000 * (time.process_time() - start))
    return {"p50 ms": round(float(np.percentile(times, 50)), 2), "p99 ms": round(float(np.percentile(times, 99)), 2)}


def per_query(work: Callable[[], Any], count: int) -> float:
    start = time.process_time()
    work()
    return round(1000 * (time.process_time() - start) / count, 3)


def processor() -> float:
    """Seconds of the processor that this process and its ended children took."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return round(sum(found) / max(1, len(found)), 3)


def peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
