"""What it costs to open a corpus and to ask for a page, a title, neighbours: `python benchmarks/open.py HOME`.

Opening is measured in a fresh process (time and memory above that of the imports); the rest on pages drawn by a seed, warm.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import LinkKind

DRAWS = 5000
OPEN = """
import sys, time
from pathlib import Path
from infoseek_offline.corpus.store import Corpus
def anonymous():
    return sum(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(("RssAnon", "RssFile")))
before = anonymous()
start = time.perf_counter()
corpus = Corpus.open(Path(sys.argv[1]))
corpus.resolve(corpus.titles[corpus.size // 2])
print(time.perf_counter() - start, (anonymous() - before) / 1024)
"""


def main(home: Path) -> None:
    made = subprocess.run([sys.executable, "-c", OPEN, str(home / "corpus")], capture_output=True, check=True, text=True)
    seconds, memory = map(float, made.stdout.split())
    corpus = Corpus.open(home / "corpus")
    print(f"{corpus.size:,} pages")
    print(f"open, first title resolved  {seconds * 1000:8.1f} ms   {memory:.1f} MB")
    drawn = [Random(1).randrange(corpus.size) for _ in range(DRAWS)]
    titles = [corpus.titles[page] for page in drawn]
    for what, work in (
        ("title of an id", lambda n: corpus.titles[drawn[n]]),
        ("id of a title", lambda n: corpus.resolve(titles[n])),
        ("page by id", lambda n: corpus._page(drawn[n])),
        ("neighbours", lambda n: corpus.neighbours(drawn[n])),
        ("links as records", lambda n: corpus.links(drawn[n])),
        ("those in the infobox", lambda n: corpus.links(drawn[n], LinkKind.INFOBOX)),
    ):
        start = time.perf_counter()
        for n in range(DRAWS):
            work(n)
        print(f"{what:<26}  {(time.perf_counter() - start) / DRAWS * 1e6:8.1f} µs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
