"""Time, memory and size of a corpus build: `python benchmarks/build.py DUMP [WORKERS [HOME]]`, or of a forged dump: `… 10000`.

Prints when each stage ended, the processor seconds of all, the peak of the memory of all processes together (shared pages counted
once; mapped files apart, as the system takes them back when it needs to), and the size of the corpus beside that of the dump. With
HOME the corpus is kept there, and a build that was killed goes on (its times are then of what was left).
"""

from __future__ import annotations

import os
import re
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

from forge import forge

from infoseek_offline import pipeline


class Memory(threading.Thread):
    """Samples the memory of this process and all below it (Linux)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.own = self.all = 0  # MB at most: without mapped files, with them

    def run(self) -> None:
        while True:
            own = everything = 0
            for process in _tree(os.getpid()):
                try:
                    text = Path(f"/proc/{process}/smaps_rollup").read_text()
                except OSError:
                    continue
                found = dict(re.findall(r"^(Pss|Pss_Anon):\s+(\d+)", text, re.MULTILINE))
                everything += int(found.get("Pss", 0))
                own += int(found.get("Pss_Anon", 0))
            self.own, self.all = max(self.own, own // 1024), max(self.all, everything // 1024)
            time.sleep(0.5)


def _tree(process: int) -> list[int]:
    found = [process]
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _tree(int(child))
    except OSError:
        pass
    return found


def processor_seconds() -> float:
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def main(what: str, workers: int, kept: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(what)
        if what.isdigit():
            dump = Path(folder) / "forged.xml.bz2"
            forge(int(what), dump, workers=workers)
        home = kept or Path(folder) / "home"
        memory = Memory()
        memory.start()
        begun, at = time.perf_counter(), ""

        def progress(stage: str, done: int, total: int = 0) -> None:
            nonlocal at
            if stage != at:
                if at:
                    at_most = f"{memory.own} MB ({memory.all})"
                    print(f"  to the end of {at:<10} {time.perf_counter() - begun:8.1f} s, so far at most {at_most}", flush=True)
                at = stage

        start = processor_seconds()
        made = pipeline.corpus(dump, home, workers=workers, progress=progress)
        seconds, used = time.perf_counter() - begun, processor_seconds() - start
        pages = made["pages"]["total"]
        size = sum(f.stat().st_size for f in home.rglob("*") if f.is_file())
        print(f"{pages:,} pages, {made['counts']['redirects']:,} redirects, {made['counts']['links']:,} links, {workers} workers")
        print(f"{seconds:.0f} s, {used:.0f} s of processor, {used / pages * 1000:.2f} ms a page")
        print(f"peak memory {memory.own} MB, with mapped files {memory.all} MB")
        print(f"corpus {size / 1e6:.0f} MB, {size / dump.stat().st_size:.1f} times the dump")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2, Path(sys.argv[3]) if len(sys.argv) > 3 else None)
