"""R1 and R2 of an item searched again by `verify`: all its queries together, through the searcher's batches.

As recompute.py it shares no code with the checks that it verifies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from infoseek_offline.checks.recompute import Measured
from infoseek_offline.checks.stored import Stored
from infoseek_offline.records import Constraint, Question, ResearchTree, Vertex
from infoseek_offline.retrieval.searcher import Searcher

Places = dict[str, list[tuple[str, int]]]  # by mode: (document id, page)
KEPT = 4_096  # queries whose hits are kept: clues come again in later items


class Searches:
    def __init__(self, searcher: Searcher, stored: Stored, bounds: dict[str, int]) -> None:
        self.searcher, self.stored, self.bounds = searcher, stored, bounds
        self._found: dict[tuple[int, str], Places] = {}

    def claims(self, question: Question) -> Iterator[tuple[str, Measured]]:
        yield "R1", self._r1(question)
        yield "R2", self.found_by_search(question.tree)

    def _rank(self, queries: Iterable[str], k: int) -> dict[str, Places]:
        asked = list(dict.fromkeys(queries))
        found = {query: places for query in asked if (places := self._found.get((k, query))) is not None}
        new = [query for query in asked if query not in found]
        for query, rankings in zip(new, self.searcher.rank_all_many(new, k), strict=True):
            found[query] = self._found[k, query] = {mode: places[:k] for mode, places in rankings.items()}
        while len(self._found) > KEPT:
            self._found.pop(next(iter(self._found)))
        return found

    def _r1(self, question: Question) -> Measured:
        """Of all phrasings."""
        queries = [("question", question.question), *question.clues.items()]
        for number, other in enumerate(question.phrasings, 2):
            asked = {query for _, query in queries}
            queries.append((f"question {number}", other.question))
            queries += [(f"{name} in {number}", clue) for name, clue in other.clues.items() if clue not in asked]
        return self.found_by_one(question.tree.root.page, queries)

    def found_by_one(self, answer: int, queries: Sequence[tuple[str, str]]) -> Measured:
        """One search does not find the answer's page: neither the question nor any clue."""
        k = self.bounds["top_k"]
        found = self._rank((query for _, query in queries), k)
        ranks = {
            f"{name} {mode}": [page for _, page in places].index(answer) + 1
            for name, query in queries
            for mode, places in found[query].items()
            if any(page == answer for _, page in places)
        }
        return not ranks, {"top_k": k, "ranks": ranks, "queries": len(queries)}

    def found_by_search(self, tree: ResearchTree) -> Measured:
        """A vertex's kind with all its clues, or with one, the other sides by name, finds a passage where one can be read."""
        k, answer = self.bounds["solve_k"], tree.root.page
        english = self.stored.language.split("-")[0] in ("en", "simple")
        asked = [(v, _solving(tree, v, english)) for v in reversed(tree.vertices) if v.role in ("root", "inner")]
        found = self._rank((query for _, queries in asked for query in queries), k)
        ranks, searches = {}, {}
        shows: list[int] = []
        for v, queries in asked:
            wanted = {document for c in v.constraints for document in self._read_in(tree, v, c)}
            ranks[v.id], searches[v.id] = 0, 0
            for query in queries:
                hits = found[query]["hybrid"]
                if not ranks[v.id]:  # the solver still looks for it
                    searches[v.id] += 1
                    if any(page == answer for _, page in hits):
                        shows.append(sum(searches.values()))
                places = [n for n, (document, _) in enumerate(hits, 1) if document in wanted]
                ranks[v.id] = min(filter(None, (ranks[v.id], *places)), default=0)
        measured = {"solve_k": k, "ranks": ranks, "searches": searches, "answer_shows": min(shows, default=0)}
        return all(ranks.values()), measured

    def _read_in(self, tree: ResearchTree, v: Vertex, c: Constraint) -> set[str]:
        """Passages: that of the evidence, and for a link all in which one side's page names the other."""
        found = {c.evidence.document}
        if c.kind == "link":
            a, b = v.page, tree.vertex(c.other).page
            found |= {document for page, other in ((a, b), (b, a)) for document in self.stored.passages_naming(page, other)}
        return found


def _solving(tree: ResearchTree, v: Vertex, english: bool) -> list[str]:
    """The queries of a vertex: its kind with all its clues, with each, and of a bare connection the name alone."""
    clues = [_named(tree, c, english) for c in v.constraints]
    kind = v.noun if v.noun != "subject" else ""
    told = [" ".join(filter(None, (kind, *clues))), *(" ".join(filter(None, (kind, clue))) for clue in clues)]
    told += [clue for clue, c in zip(clues, v.constraints, strict=True) if c.key == "connected"]
    return list(dict.fromkeys(told))


def _named(tree: ResearchTree, c: Constraint, english: bool) -> str:
    """A constraint in words of the wiki, without its own side: what is vague stays so."""
    other = c.value
    if c.kind == "link":
        below = tree.vertex(c.other)
        other = below.noun if below.role == "blur" else below.title
    if c.key == "connected" or (c.kind in ("type", "category") and not english):
        said = "{o}"
    else:
        said = c.wording.replace("{v}", "") if english else c.key + " {o}"
    return " ".join(said.replace("{o}", other).split())
