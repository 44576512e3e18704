"""L1: nothing leaks on the surface of the question."""

from __future__ import annotations

import re
from itertools import product

from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Verdict
from infoseek_offline.trees.named import WORD, common_words

_STOP = frozenset("the of and in on at for de la le der die das von van del di da and to by with from saint san santa".split())


def check_l1(problem: Problem) -> Verdict:
    """No title, alias or distinctive word of the answer or of any other page that is described and not named."""
    leaks = []
    hidden = [v for v in problem.tree.vertices if v.role != "leaf"]
    for words, vertex in product(([w.casefold() for w in WORD.findall(text)] for text in problem.texts), hidden):
        for name in surface_names(problem.corpus, vertex.page):
            if name != vertex.noun.casefold() and _stands(name, words):
                leaks.append(f"{vertex.id}: {name}")
        for word in distinctive_words(problem.corpus, vertex.page, vertex.noun):
            if any(_same_name(word, w) for w in words):
                leaks.append(f"{vertex.id}: {word}")
    return verdict("L1", not leaks, f"the question shows {', '.join(dict.fromkeys(leaks))}", leaks=sorted(set(leaks)))


def surface_names(corpus: Corpus, page: int) -> list[str]:
    """Title, title without "(…)", redirects and anchors, as they would stand in a question; not generic words ("the river")."""
    found = []
    for alias, links in corpus.aliases(page):
        if len(alias) < 3 or (alias[:1].islower() and links < 2):
            continue
        found.append(alias.casefold())
    return found


def distinctive_words(corpus: Corpus, page: int, noun: str) -> list[str]:
    """Words of the title that few titles have and that are not the page's kind."""
    base = re.sub(r"\s*\([^()]*\)$", "", corpus.titles[page])
    kind = {w.casefold() for w in noun.split()}
    found = []
    for word in WORD.findall(base):
        low = word.casefold()
        own = any(_same_name(low, k) for k in kind)  # "Mountains" of a mountain range
        if len(low) >= 3 and low not in _STOP and not own and not low.isdigit() and low not in common_words(corpus):
            found.append(low)
    return found


def _stands(name: str, words: list[str]) -> bool:
    parts = WORD.findall(name)
    size = len(parts)
    return bool(parts) and any(words[i : i + size] == parts for i in range(len(words) - size + 1))


def _same_name(word: str, other: str) -> bool:
    """Equal, or one the other's beginning: "uranus" and "uranian" share no more than a stem, "göttingen" and "göttingen's" do."""
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    return len(short) >= 5 and long.startswith(short) and len(long) - len(short) <= 3
