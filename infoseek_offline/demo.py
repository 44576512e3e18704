"""`make demo`: the whole main job on the sample wiki, and what to look at afterwards."""

from __future__ import annotations

import sys
import time
from itertools import count
from pathlib import Path

from infoseek_offline import pipeline
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.cli import HOME
from infoseek_offline.config import load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.report import tree_as_lines
from infoseek_offline.engine import cpu_count
from infoseek_offline.errors import InfoseekError, OtherRun
from infoseek_offline.files import file_sha256, read_json

RUN = Path("runs") / "demo"
SHOWN = 3


def main(dump: Path) -> None:
    workers = cpu_count()
    clock = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - clock:5.1f} s] {text}", file=sys.stderr)

    if _is_of(dump):
        say(f"corpus and index of {dump.name} are there already")
    else:
        built = pipeline.corpus(dump, HOME, workers=workers)
        counts = built["counts"]
        say(f"corpus: {built['pages']['article']:,} articles, {counts['links']:,} links, {counts['mentions']:,} mentions")
        indexed = pipeline.index(HOME, workers=workers)
        say(f"index: {indexed['passages']:,} passages, dense and sparse")
    config = load_config("demo")
    try:
        made = pipeline.data(HOME, RUN, config, workers=workers)
    except OtherRun:
        say(f"{RUN} holds a run of another version of this project: it is kept as {set_aside(RUN)}")
        made = pipeline.data(HOME, RUN, config, workers=workers)
    say(f"data: {made['accepted']:,} questions certified, {made['rejected']:,} trees rejected")
    report = verify_run(RUN, HOME, workers=workers)
    if report.failures:
        for failure in report.failures[:10]:
            print(f"{failure.item}  {failure.claim}  {failure.detail}", file=sys.stderr)
        raise InfoseekError(f"{len(report.failures)} claims do not hold; this is a bug, please report it")
    say(f"verify: {report.claims:,} claims of {report.items:,} items recomputed without the code that made them, all hold")
    _show()


def set_aside(run: Path) -> Path:
    """Rename the folder to the first free name of its kind: "runs/demo-1"."""
    free = next(path for n in count(1) if not (path := run.with_name(f"{run.name}-{n}")).exists())
    run.rename(free)
    return free


def _is_of(dump: Path) -> bool:
    """Whether the corpus and index there were made of this very dump."""
    try:
        corpus = Corpus.open(HOME / "corpus")
        pipeline.open_searcher(HOME)
    except InfoseekError:
        return False
    return bool(corpus.manifest["dump"]["sha256"] == file_sha256(dump))


def _show() -> None:
    items = pipeline.questions(RUN)
    by_depth = sorted(range(len(items)), key=lambda i: (-items[i].depth, i))
    chosen = [by_depth[0], by_depth[len(by_depth) // 2], by_depth[-1]] if len(items) >= SHOWN else range(len(items))
    for number in chosen:
        item = items[number]
        print(f"\n{number + 1}. {item.question}\n   Answer: {item.answer}\n")
        for line in tree_as_lines(item.tree, item.certificate.verdicts[0].measured.get("extents", {})):
            print(f"   {line}")
    depths = ", ".join(f"{n} of depth {d}" for d, n in read_json(RUN / "manifest.json")["depths"].items())
    print(f"""
{len(items)} questions ({depths}). 
In a tree, ? is described, = is named, ~ is left vague; in brackets: how many pages fit a clue alone.

  {RUN}/questions.jsonl   the data set, each item with tree, evidence and certificate
  {RUN}/rejected.jsonl    the trees that failed a check, with the reasons
  {RUN}/manifest.json     counts and yields          {RUN}/SHA256SUMS   digests
  {HOME}           corpus and index

Next:  .venv/bin/infoseek show {RUN} 1        one item with its evidence and certificate
       .venv/bin/infoseek search "who discovered Uranus"
       make index DUMP=path/to/pages-articles.xml.bz2 && make data N=1000 SEED=7 OUT=runs/mine""")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except InfoseekError as error:
        print(f"infoseek: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
