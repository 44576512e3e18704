"""Data sets that others made, taken over into research trees over a corpus that holds their pages.

A node's page is the one that its `href` or its `entity` names: a title, a redirect, in any case, or a name that most links show
for it. What can't be taken over is kept as such: names of no page (`unresolved`), claims between pages of which neither names the
other (`unsupported`), and claims about a value that no field, category or kind of the page says (`unread`). A claim that is not
taken over excludes nothing: the sets stay over-estimates.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from infoseek_offline.checks.layouts import FORMS, title_in
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.errors import UsageError
from infoseek_offline.records import Constraint, Evidence, ResearchTree
from infoseek_offline.trees.tree import Draft, DraftVertex

MAX_VERTICES = 64
_RANGE = re.compile(r"between ([\d,.]+) and ([\d,.]+)")
_VERB_OF = {"born": "birth", "died": "death"}
_KIND = re.compile(r"\b(?:is|was|are|were) an? ((?:[^\W\d_][\w-]*\s?){1,4})", re.IGNORECASE)


@dataclass
class Foreign:
    """An item as read. `tree` is None where its answer is no page of the corpus."""

    id: str
    question: str
    answer: str
    tree: ResearchTree | None = None
    flat: bool = False  # linked pages only: which level they belong to is not said
    unresolved: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def take_over(corpus: Corpus, name: str, item: dict[str, Any]) -> Foreign:
    """An item as a tree over the corpus. Raises UsageError where its form is broken."""
    try:
        return _tree(corpus, name, item["root"]) if "root" in item else _flat(corpus, name, item)
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise UsageError(f"{name}: a node or field is missing or of another form ({error!r}); {FORMS}") from error


def _flat(corpus: Corpus, name: str, item: dict[str, Any]) -> Foreign:
    answers: list[str] = item["answers"]
    if not answers:
        raise ValueError("the answer is missing")
    made = Foreign(name, item["question"], answers[0], flat=True)
    page = next((found for answer in answers if (found := find_page(corpus, answer)) is not None), None)
    if page is None:
        made.unresolved.append(answers[0])
        return made
    draft = Draft(page, corpus.titles[page], corpus.nouns[page] or "subject")
    for title in item["pages"]:
        other = find_page(corpus, title)
        if other is None:
            made.unresolved.append(title)
        elif other not in draft.pages:
            _link(corpus, made, draft, draft.root, other, "leaf", f"{answers[0]} – {title}")
    made.tree = draft.freeze()
    return made


def _tree(corpus: Corpus, name: str, root: dict[str, Any]) -> Foreign:
    made = Foreign(name, str(root.get("question", "")), str(root["entity"]))
    page = _page(corpus, root)
    if page is None:
        made.unresolved.append(made.answer)
        return made
    draft = Draft(page, corpus.titles[page], corpus.nouns[page] or "subject")
    waiting: list[tuple[DraftVertex, dict[str, Any]]] = [(draft.root, root)]
    nodes: dict[Any, DraftVertex] = {root.get("id"): draft.root}
    elsewhere: list[tuple[DraftVertex, Any, str]] = []  # claims whose target is no child
    while waiting:
        vertex, node = waiting.pop(0)
        claims = node.get("claims", [])
        for claim in claims:
            if claim.get("target_id") in (None, "", node.get("id")):
                constraint = _literal(corpus, vertex, str(claim["claim"]))
                if constraint is None:
                    made.unread.append(str(claim["claim"]))
                else:
                    draft.constrain(vertex, constraint)
        own = {None, "", node.get("id"), *(child.get("id") for child in node.get("children", []))}
        elsewhere += [(vertex, c.get("target_id"), str(c["claim"])) for c in claims if c.get("target_id") not in own]
        for child in node.get("children", []):
            said = " ".join(str(c["claim"]) for c in claims if c.get("target_id") == child.get("id"))
            said = said or f"{node['entity']} – {child['entity']}"
            other = _page(corpus, child)
            if other is None:
                literal = _literal(corpus, vertex, said)
                if literal is None or child.get("children"):
                    made.unresolved.append(str(child["entity"]))
                else:
                    draft.constrain(vertex, literal)
                continue
            if len(draft.vertices) >= MAX_VERTICES:
                raise UsageError(f"{name}: more than {MAX_VERTICES} vertices; leave it out")
            described = bool(child.get("children") or child.get("claims"))
            below = _link(corpus, made, draft, vertex, other, "inner" if described else "leaf", said)
            nodes.setdefault(child.get("id"), below)
            if described:
                waiting.append((below, child))
    for vertex, target, said in elsewhere:
        there = nodes.get(target)
        if there is not None and there.role == "inner" and there.depth == vertex.depth + 1:
            draft.join(vertex, _linking(corpus, made, vertex, there.page, said), there)
        else:
            made.unread.append(said)
    made.tree = draft.freeze()
    return made


def _page(corpus: Corpus, node: dict[str, Any]) -> int | None:
    href = title_in(str(node.get("href") or ""))
    return next((page for name in (href, str(node["entity"])) if name and (page := find_page(corpus, name)) is not None), None)


def find_page(corpus: Corpus, name: str) -> int | None:
    """The page of a title, redirect or address; else the one that goes by the name in any case, or that most links mean by it."""
    name = " ".join(title_in(name).replace("_", " ").split())
    found = corpus.resolve(name)
    return found if found is not None else names_of(corpus).find(name)


@lru_cache(maxsize=1)
def names_of(corpus: Corpus) -> Names:
    return Names(corpus)


class Names:
    """All names of pages without case, as sorted hashes: some bytes a name, whatever the corpus."""

    def __init__(self, corpus: Corpus) -> None:
        rows = [(title, page, 1 << 30) for title, page in corpus.rows("SELECT title, page FROM title")]
        rows += corpus.rows("SELECT alias, page, links FROM alias WHERE links > 1")
        self._hash = np.array([_hash(name) for name, _, _ in rows], np.int64)
        order = np.argsort(self._hash, kind="stable")
        self._hash = self._hash[order]
        self._page = np.array([page for _, page, _ in rows], np.int64)[order]
        self._weight = np.array([weight for _, _, weight in rows], np.int64)[order]

    def find(self, name: str) -> int | None:
        low, high = (int(np.searchsorted(self._hash, _hash(name), side)) for side in ("left", "right"))
        weights: Counter[int] = Counter()
        for page, weight in zip(self._page[low:high].tolist(), self._weight[low:high].tolist(), strict=True):
            weights[page] = max(weights[page], weight)
        if not weights:
            return None
        page, most = weights.most_common(1)[0]
        return page if 2 * most > sum(weights.values()) else None


def _hash(name: str) -> int:
    folded = " ".join(name.casefold().replace("_", " ").split())
    return int.from_bytes(hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True)


def _link(corpus: Corpus, made: Foreign, draft: Draft, vertex: DraftVertex, other: int, role: Any, said: str) -> DraftVertex:
    constraint = _linking(corpus, made, vertex, other, said)
    return draft.extend(vertex, constraint, other, corpus.titles[other], role, corpus.nouns[other] or "subject")


def _linking(corpus: Corpus, made: Foreign, vertex: DraftVertex, other: int, said: str) -> Constraint:
    evidence = _named(corpus, vertex.page, other) or _named(corpus, other, vertex.page)
    if evidence is None and other not in corpus.neighbours(vertex.page):
        made.unsupported.append(said)
    evidence = evidence or _nowhere(corpus, vertex.page)
    wording = said.replace(vertex.title, "{v}", 1).replace(corpus.titles[other], "{o}", 1)
    wording = wording if "{v}" in wording and "{o}" in wording else "{v} – {o}"
    return Constraint(id="", kind="link", wording=wording, key="connected", evidence=evidence)


def _named(corpus: Corpus, page: int, other: int) -> Evidence | None:
    """The first place at which a page links to or mentions the other."""
    places = []
    for rows, pointers in ((corpus.link, corpus.link_ptr), (corpus.mention, corpus.mention_ptr)):
        part = rows[pointers[page] : pointers[page + 1]]
        places += part[(part[:, 0] == other) & (part[:, 1] >= 0)][:, 1:].tolist()
    return corpus.evidence(page, *min(places)) if places else None


def _nowhere(corpus: Corpus, page: int) -> Evidence:
    return corpus.evidence(page, 0, min(1, len(corpus.page(page).text)))


def _stems(words: str) -> set[str]:
    """Beginnings of words, by which "was discovered" and "discovery date" have something in common."""
    return {_VERB_OF.get(w, w)[:4] for w in re.findall(r"[^\W\d_]{3,}", words.casefold())} - {"the", "date", "was", "and"}


def _literal(corpus: Corpus, vertex: DraftVertex, said: str) -> Constraint | None:
    """The field, category or kind of the page that the claim tells, as a constraint; None where it tells none."""
    low = said.casefold()
    page = corpus.page(vertex.page)

    def made(kind: Any, **fields: Any) -> Constraint:
        return Constraint(id="", kind=kind, wording="{v}: {o}", evidence=_nowhere(corpus, vertex.page), **fields)

    for name in page.categories:
        if name.casefold() in low:
            return made("category", key=name, value=name)
    between = _RANGE.search(said)
    stems = _stems(low)
    for fact in corpus.facts(vertex.page):
        if stems.isdisjoint(_stems(fact.key)):
            continue
        if between:
            a, b = (float(n.replace(",", "").rstrip(".")) for n in between.groups())
            for q in fact.quantities:
                if a <= q.low and q.high <= b + 1:
                    numbers = {"low": a, "high": max(b, q.high), "unit": q.unit, "exact": fact.value}
                    return made("interval", key=fact.key, value=between.group(), **numbers)
        if fact.value.casefold() in low:
            return made("fact", key=fact.key, value=fact.value)
    kind = _KIND.search(said)
    if kind:
        for word in reversed(kind.group(1).casefold().split()):
            if word in page.types:
                return made("type", key="type", value=word)
    return None
