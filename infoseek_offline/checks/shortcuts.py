"""X1: no single clue gives it away. X2: no hyperlink shortcut. X3: no page tells it all."""

from __future__ import annotations

from itertools import combinations

from pyroaring import BitMap

from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.records import Verdict


def check_x1(problem: Problem) -> Verdict:
    """Each constraint of the root alone leaves at least k candidates."""
    left = {c.id: len(problem.solution.extents[c.id]) for c in problem.tree.root.constraints}
    k = problem.bounds.min_clue
    bad = [c for c, n in left.items() if n < k]
    return verdict("X1", not bad, f"{', '.join(bad)} alone leaves fewer than {k} candidates", alone=left)


def check_x2(problem: Problem) -> Verdict:
    """Each named page is as far from the answer in the association graph, hubs not walked through, as the tree says."""
    farthest = max(1, max(problem.exposed.values(), default=0))
    distances: dict[str, int] = {}
    bad = []
    for page, distance in _distances(problem, farthest).items():
        depth = problem.exposed[page]
        distances[problem.corpus.titles[page]] = distance
        if distance < depth:
            bad.append(f"{problem.corpus.titles[page]} is {distance} from the answer, at depth {depth}")
    return verdict("X2", not bad, "; ".join(bad), distances=distances, at_least=farthest)


def _distances(problem: Problem, farthest: int) -> dict[int, int]:
    """The distance of each named page from the answer; `farthest` means: no nearer than that. The last step is taken from the named
    pages, which are few, and not from the thousands of pages that far from the answer."""
    extents, hub_degree = problem.extents, problem.bounds.hub_degree
    rings = extents.rings(problem.answer, max(0, farthest - 2), hub_degree)
    walked = extents.no_hubs(rings[-1], hub_degree) | rings[0]
    found = {}
    for page in problem.exposed:
        distance = next((d for d, ring in enumerate(rings) if page in ring), len(rings))
        if distance == len(rings) and farthest > distance and extents.near_all(page).isdisjoint(walked):
            distance = farthest
        found[page] = distance
    return found


def check_x3(problem: Problem) -> Verdict:
    """No page but the answer's is associated with the answer and all named pages, and the evidence can't be read from fewer pages
    than inner vertices + 1."""
    tree, corpus = problem.tree, problem.corpus
    tell_all = problem.extents.near_all(problem.answer)
    for page in problem.exposed:
        tell_all &= problem.extents.near_or_same(page)
    tell_all -= BitMap([problem.answer])
    inner = sum(v.role == "inner" for v in tree.vertices)
    cover = least_cover(evidence_pages(problem))
    bad = []
    if tell_all:
        bad.append(f"{', '.join(corpus.titles[p] for p in tell_all[:5])} is near the answer and all named pages")
    if cover < inner + 1:
        bad.append(f"{cover} pages hold all evidence, {inner + 1} are wanted")
    return verdict("X3", not bad, "; ".join(bad), telling_pages=len(tell_all), cover=cover, wanted=inner + 1)


def evidence_pages(problem: Problem) -> list[frozenset[int]]:
    """For each constraint the pages on which it can be read: a link on either page that names the other, else the page's own."""
    found = []
    for vertex in problem.tree.vertices:
        for constraint in vertex.constraints:
            pages = {constraint.evidence.page}
            if constraint.kind == "link":
                other = problem.tree.vertex(constraint.other).page
                pages |= {a for a, b in ((vertex.page, other), (other, vertex.page)) if names(problem, a, b)}
            else:
                pages.add(vertex.page)
            found.append(frozenset(pages))
    return found


def names(problem: Problem, page: int, other: int) -> bool:
    """Whether the page's text links to or mentions the other."""
    corpus = problem.corpus
    links = corpus.link[corpus.link_ptr[page] : corpus.link_ptr[page + 1]]
    mentions = corpus.mention[corpus.mention_ptr[page] : corpus.mention_ptr[page + 1]]
    return bool((links[:, 0] == other).any() or (mentions[:, 0] == other).any())


def least_cover(sets: list[frozenset[int]]) -> int:
    """The least number of pages that meet every set; exact, the sets being few."""
    pages = sorted(set().union(*sets)) if sets else []
    for size in range(1, len(pages) + 1):
        for chosen in combinations(pages, size):
            if all(s.intersection(chosen) for s in sets):
                return size
    return 0
