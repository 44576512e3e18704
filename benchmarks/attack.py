"""What solvers with no model make of a run's questions: `python benchmarks/attack.py RUN HOME`.

Solvers by association, which know the pages that a question names and no more: the share of the manifest (docs/certificates.md)
counted once more with plain sets over links and mentions, and what comes of one guess an item. A guess is the best page of all
articles, or of those of the kind that the question asks for; of pages that are alike, the one with the fewest neighbours.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import PageKind, Question

Scores = Counter[int]


class Association:
    """N(p), made anew from links and mentions."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.articles = {int(p) for p in corpus.answerable()}
        links = [set(corpus.link[a:b, 0].tolist()) for a, b in zip(corpus.link_ptr, corpus.link_ptr[1:], strict=False)]
        pairs = zip(corpus.mention_ptr, corpus.mention_ptr[1:], strict=False)
        named = [links[p] | set(corpus.mention[a:b, 0].tolist()) for p, (a, b) in enumerate(pairs)]
        lists_others = {p for p in range(corpus.size) if corpus.page(p).kind == PageKind.DISAMBIGUATION}
        self.near: dict[int, set[int]] = defaultdict(set)
        for page, others in enumerate(named):
            for other in others.union(*(links[d] for d in others & lists_others)) - {page}:
                self.near[page].add(other)
                self.near[other].add(page)
        self.kinds: dict[str, set[int]] = defaultdict(set)
        for page in self.articles:
            self.kinds[_head(corpus.nouns[page] or "")].add(page)

    def of_kind(self, noun: str) -> set[int]:
        return self.kinds.get(_head(noun)) or self.articles


def _head(noun: str) -> str:
    return noun.casefold().split(" ")[-1]


def named_pages(corpus: Corpus, question: Question) -> set[int]:
    """Leaves, and titles that stand in a category or a value."""
    found = {v.page for v in question.tree.vertices if v.role == "leaf"}
    for words in (c.value.split() for v in question.tree.vertices for c in v.constraints if c.kind in ("category", "fact")):
        for start in range(len(words)):
            runs = (" ".join(words[start : start + length]).strip(".,;:()'\"") for length in range(1, 7))
            found |= {page for run in runs if (page := corpus.resolve(run)) is not None}
    return found


def common(of: Association, named: Iterable[int]) -> Scores:
    """How many of the named pages a page is associated with."""
    return Counter(page for other in named for page in of.near[other])


def weighed(of: Association, named: Iterable[int]) -> Scores:
    """The same, a named page counting for more the fewer it is associated with (Adamic and Adar)."""
    found: Counter[int] = Counter()
    for other in named:
        for page in of.near[other]:
            found[page] += 1 / math.log(2 + len(of.near[other]))  # type: ignore[assignment]
    return found


def walked(of: Association, named: Iterable[int]) -> Scores:
    """Where a walk of two steps from the named pages ends: the inner vertices are on the way, whichever they are."""
    found: Counter[int] = Counter()
    for other in named:
        for between in of.near[other]:
            for page in of.near[between]:
                found[page] += 1 / len(of.near[other]) / len(of.near[between])  # type: ignore[assignment]
    return found


def measure(run: Path, home: Path) -> None:
    corpus = Corpus.open(home / "corpus")
    of = Association(corpus)
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["attack"]
    right: Counter[str] = Counter()
    by_lot = alone = 0.0
    items = pipeline.questions(run)
    for question in items:
        root, named = question.tree.root, named_pages(corpus, question)
        pools = {"all articles": of.articles - named, "of the kind": of.of_kind(root.noun) - named}
        chances = [0.0]
        for solver in (common, weighed, walked):
            scores = solver(of, named)
            for name, pool in pools.items():
                best = max(pool, key=lambda page: (scores[page], -len(of.near[page]), -page))
                right[f"{solver.__name__}, {name}"] += best == root.page
                top = [page for page in pool if scores[page] == scores[best]] if solver is common else []
                chances.append(1 / len(top) if root.page in top else 0.0)
        by_lot += max(chances)
        alone += 1.0 in chances
    count = max(1, len(items))
    found = {"by lot": round(by_lot / count, 4), "singled out": round(alone / count, 4)}
    print(f"{len(items)} items; association by the manifest {told['association']}, counted again {found}")
    for name, number in right.items():
        print(f"{name:<24} {number:>5}  {100 * number / count:5.1f} %")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("home", type=Path)
    asked = parser.parse_args()
    measure(asked.run, asked.home)
