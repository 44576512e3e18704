"""Seconds, peak memory and sizes of each stage on one dump; two workers."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infoseek_offline import pipeline
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.config import load_config

WORKERS = 2


def main(dump: Path, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, out = Path(folder) / "home", Path(folder) / "run"
        made = step("corpus", lambda: pipeline.corpus(dump, home, workers=WORKERS))
        step("index", lambda: pipeline.index(home))
        step("claims", lambda: pipeline.claims(home, workers=WORKERS))
        data = step("data", lambda: pipeline.data(home, out, load_config("demo", count=count), workers=WORKERS))
        report = step("verify", lambda: verify_run(out, home))
        size = sum(f.stat().st_size for f in home.rglob("*") if f.is_file())
        print(
            f"{made['pages']['article']:,} articles; on disk {size / 1e6:.1f} MB, {size / dump.stat().st_size:.1f} times the dump"
        )
        print(f"{data['accepted']} items of {data['answer pages tried']} answer pages")
        print(f"{report.claims:,} claims verified, {len(report.failures)} fail")


def step(name: str, work: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = work()
    usage = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{name:<8} {time.perf_counter() - start:7.1f} s   peak so far {usage / 1024:,.0f} MB a process")
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
