"""What hostile pages cost: `python benchmarks/hostile.py [PART]`; exit 1 where one is above a bound.

Each shape and piece of tests/hostile_pages.py is read as a page (text, links, infobox, sentences, passages: pages.read_page), as
often repeated as fits into the bounds of trim.py and is still read to its end. Prints the processor seconds of that page (at most
one), and their ratio to eight times those of an eighth of it (1 is linear; at most three). The least of two runs, as others may use
the machine. With PART only the shapes that hold it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from hostile_pages import BEFORE, SHAPES, UNITS, Shape

from infoseek_offline.corpus.dump import RawPage, SiteInfo
from infoseek_offline.corpus.pages import read_page

BOUND = 1.0  # seconds a page
FASTER = 3.0  # times what linear growth would give: a step of the garbage collector or of a cache, not of the algorithm
SHORT = 0.02  # seconds below which a ratio says nothing


def seconds(text: str) -> float:
    took = []
    while len(took) < 2 and sum(took) < 3:
        raw = RawPage("Harbour", 0, 1, 1, "", "", text)
        site = SiteInfo(language="zh" if "-{" in text else "en")  # where that is a conversion between scripts
        started = time.process_time()
        read_page(raw, site)
        took.append(time.process_time() - started)
    return min(took)


def main(part: str) -> int:
    shapes = [shape for shape in (*SHAPES, *map(Shape, UNITS)) if part in shape.head + shape.unit + shape.close + shape.tail]
    seconds(BEFORE)
    bad, worst = 0, 0.0
    for shape in shapes:
        times = shape.largest()
        page = BEFORE + shape.text(times)
        whole, eighth = seconds(page), seconds(BEFORE + shape.text(max(1, times // 8)))
        growth = whole / max(eighth * 8, SHORT)
        fails = whole > BOUND or growth > FASTER
        bad += fails
        worst = max(worst, whole)
        name = repr(f"{shape.head[:12]}{shape.unit}…{shape.close}{shape.tail}")[:44]
        said = "   above a bound" if fails else ""
        print(f"{name:<44} {len(page):>9,} characters {whole:6.2f} s   growth {growth:4.1f}{said}", flush=True)
    print(f"{len(shapes)} pages, at most {worst:.2f} s (bound {BOUND:.0f}); {bad} above a bound")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
