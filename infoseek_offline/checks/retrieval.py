"""R1: one search does not find the answer. R2: each step can be found by a search."""

from __future__ import annotations

from collections.abc import Sequence

from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Constraint, Verdict, Vertex
from infoseek_offline.trees.options import Option
from infoseek_offline.trees.tree import DraftVertex

BARE_KEY = "connected"  # of a link of which no relation was read
UNKNOWN_KIND = "subject"


def check_r1(problem: Problem) -> Verdict:
    """The whole question in each phrasing, and each clue of it, as a query: the answer's page is not among the first k hits of
    dense, sparse or hybrid search. Measured: the best rank of the answer's page (0: not among the first k) and the query that
    found it."""
    k = problem.bounds.top_k
    found: dict[str, int] = {}
    queries = problem.queries()
    for name, rankings in zip(queries, problem.rankings([*queries.values()]), strict=True):
        for mode, ranking in rankings.items():
            rank = next((i for i, (_, page) in enumerate(ranking[:k], 1) if page == problem.answer), 0)
            if rank:
                found[f"{name} {mode}"] = rank
    return verdict("R1", not found, f"the answer's page is found by {', '.join(sorted(found))}", top_k=k, ranks=found,
                   queries=len(queries))  # fmt: skip


def check_r2(problem: Problem) -> Verdict:
    """For each described vertex, a query made of its own clues (children resolved) finds a passage of its evidence in hybrid
    search. The queries are all clues together, then each clue alone; measured is the best rank of any (0: not found).

    A solver that knows the tree's shape and none of its pages would work so, from the deepest vertex up, and go on as soon as one
    is found: `searches` is how many it needs for each vertex, `answer_shows` at which of all the answer's page is first among the
    hits (0: at none)."""
    k = problem.bounds.solve_k
    ranks: dict[str, int] = {}
    searches: dict[str, int] = {}
    made, shows = 0, 0
    asked = [(vertex, solving_queries(problem, vertex)) for vertex in reversed(problem.described)]
    queries = list(dict.fromkeys(query for _, some in asked for query in some))
    together = dict(zip(queries, problem.rankings(queries), strict=True))
    for vertex, some in asked:
        wanted = {document for c in vertex.constraints for document in evidence_passages(problem, vertex, c)}
        found: list[int] = []
        tried = 0
        for query in some:
            ranking = together[query]["hybrid"][:k]
            if not found:
                tried += 1
                if not shows and any(page == problem.answer for _, page in ranking):
                    shows = made + tried
            found += [i for i, (document, _) in enumerate(ranking, 1) if document in wanted][:1]
        ranks[vertex.id], searches[vertex.id] = min(found, default=0), tried
        made += tried
    bad = [v for v, rank in ranks.items() if not rank]
    return verdict("R2", not bad, f"no evidence of {', '.join(bad)} among {k} hits", solve_k=k, ranks=ranks, searches=searches,
                   answer_shows=shows)  # fmt: skip


def search_ahead(problem: Problem) -> None:
    """All that both will search for, at once."""
    problem.rankings([*problem.queries().values(), *(q for v in problem.described for q in solving_queries(problem, v))])


def findable(problem: Problem, vertex: DraftVertex, options: Sequence[Option]) -> list[bool]:
    """Of each clue that could be told of a vertex, whether a query made of it alone finds its evidence, as R2 wants of one."""
    found = []
    for option, queries in zip(options, _alone(problem, vertex, options), strict=True):
        wanted = {option.constraint.evidence.document}
        if option.page is not None:
            wanted |= _naming(problem.corpus, vertex.page, option.page)
        hits = (document for ranking in problem.rankings(queries) for document, _ in ranking["hybrid"][: problem.bounds.solve_k])
        found.append(any(document in wanted for document in hits))
    return found


def showing(problem: Problem, vertex: DraftVertex, options: Sequence[Option]) -> list[bool]:
    """Of each such clue, whether such a query finds the answer's page, as R1 forbids."""
    return [
        any(page == problem.answer for ranking in problem.rankings(queries) for hits in ranking.values()
            for _, page in hits[: problem.bounds.top_k])
        for queries in _alone(problem, vertex, options)
    ]  # fmt: skip


def _alone(problem: Problem, vertex: DraftVertex, options: Sequence[Option]) -> list[list[str]]:
    """The queries of a vertex that has but one of those clues; all of them are searched for at once."""
    kind, asked = _kind(vertex.noun), []
    for option in options:
        other = option.clue.value
        if option.page is not None:
            blurred = option.role == "blur"
            other = problem.corpus.nouns[option.page] if blurred else problem.corpus.titles[option.page]
        words = _worded(problem.corpus, option.clue.kind, option.clue.key, option.clue.wording, other)
        asked.append([" ".join(p for p in (kind, words) if p), *([words] if option.clue.key == BARE_KEY else [])])
    problem.rankings([query for queries in asked for query in queries])
    return asked


def evidence_passages(problem: Problem, vertex: Vertex, constraint: Constraint) -> set[str]:
    """The passages on which a constraint can be read: the one of its evidence, and for a link each passage of either page that
    links to or mentions the other."""
    found = {constraint.evidence.document}
    if constraint.kind == "link":
        found |= _naming(problem.corpus, vertex.page, problem.tree.vertex(constraint.other).page)
    return found


def _naming(corpus: Corpus, one: int, two: int) -> set[str]:
    """Passages of either page that name the other."""
    found = set()
    for page, named in ((one, two), (two, one)):
        for rows, pointers in ((corpus.link, corpus.link_ptr), (corpus.mention, corpus.mention_ptr)):
            part = rows[pointers[page] : pointers[page + 1]]
            found |= {corpus.document_at(page, int(start)) for start in part[(part[:, 0] == named) & (part[:, 1] >= 0), 1]}
    return found


def solving_queries(problem: Problem, vertex: Vertex) -> list[str]:
    """What a solver who got so far would search for: the vertex's kind with all its clues, and with each of them, the other sides
    by name; last the names alone of pages of which no more is known than that they are connected."""
    kind = _kind(vertex.noun)
    clues = [_words(problem, c) for c in vertex.constraints]
    bare = [words for c, words in zip(vertex.constraints, clues, strict=True) if c.key == BARE_KEY]
    told = [[kind, *clues], *([kind, c] for c in clues), *([words] for words in bare)]
    return list(dict.fromkeys(" ".join(p for p in parts if p) for parts in told))


def _kind(noun: str) -> str:
    return "" if noun == UNKNOWN_KIND else noun


def _words(problem: Problem, constraint: Constraint) -> str:
    other = constraint.value
    if constraint.other:
        below = problem.tree.vertex(constraint.other)
        other = below.title if below.role != "blur" else below.noun
    return _worded(problem.corpus, constraint.kind, constraint.key, constraint.wording, other)


def _worded(corpus: Corpus, kind: str, key: str, wording: str, other: str) -> str:
    """Nothing is said but what a page may say: no English in a wiki of another language, where an infobox's own key says it."""
    wording = wording.replace("{v}", "")
    if key == BARE_KEY:
        wording = "{o}"
    elif corpus.language.split("-")[0] not in ("en", "simple"):
        wording = "{o}" if kind in ("type", "category") else f"{key} {{o}}"
    return " ".join(wording.replace("{o}", other).split())
