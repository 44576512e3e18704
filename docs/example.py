"""Make the worked example of docs/certificates.md: the sets of one item of the sample wiki, computed from its corpus.

    python docs/example.py runs/demo index/samplewiki     choose an item of a run, keep it in docs/example.json, write the example
    python docs/example.py index/samplewiki               write the example of the kept item again

A test compares what stands in the docs with sets that are computed by other code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.files import canonical_json
from infoseek_offline.records import Certificate, Constraint, Question, Record, ResearchTree
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.solve import links_to, solve, solve_without

HERE = Path(__file__).resolve().parent
DOCS, KEPT = HERE / "certificates.md", HERE / "example.json"
BEGIN, END = "<!-- example: made by docs/example.py -->", "<!-- end of example -->"
SHOWN = 4  # pages of a set that are named


class Kept(Record):
    """What of an item is kept: no more than the example tells."""

    question: str
    answer: str
    tree: ResearchTree
    certificate: Certificate


def choose(items: list[Question]) -> Question:
    """A small item that has all there is: a described, a vague and a named page."""

    def fits(item: Question) -> bool:
        roles = [vertex.role for vertex in item.tree.vertices]
        return {"inner", "blur", "leaf"} <= set(roles) and len(roles) <= 6

    return min(items, key=lambda item: (not fits(item), len(item.question), item.id))


def shown(corpus: Corpus, pages: Iterable[int]) -> str:
    """ "{Europa (moon), Titan (moon), … 12 more}": the first few of a set, by page id."""
    titles = [corpus.titles[page] for page in sorted(pages)]
    more = f", … {len(titles) - SHOWN:,} more" if len(titles) > SHOWN else ""
    return "{" + ", ".join(titles[:SHOWN]) + more + "}"


def said(tree: ResearchTree, c: Constraint) -> str:
    owner = next(v.id for v in tree.vertices if c in v.constraints)
    other = tree.vertex(c.other) if c.other else None
    value = c.value if other is None else other.title if other.role == "leaf" else other.id
    return c.wording.replace("{v}", owner).replace("{o}", value)


def example(item: Kept, corpus: Corpus) -> str:
    tree = item.tree
    extents = Extents(corpus, item.certificate.reading)
    solution = solve(tree, extents)
    measured = {v.check: v.measured for v in item.certificate.verdicts}
    described = [v for v in reversed(tree.vertices) if v.role != "leaf"]
    lines = [f"> {item.question}", ">", f"> Answer: **{item.answer}**", "", "The extents: what of all "
             f"{len(extents.universe):,} articles fits each clue, as the corpus stands.", "",
             "| clue | says | pages | S(c) |", "|---|---|---|---|"]  # fmt: skip
    for vertex in described:
        for c in vertex.constraints:
            found = solution.extents[c.id]
            lines.append(f"| {c.id} | {said(tree, c)} | {len(found):,} | {shown(corpus, found)} |")
    lines += ["", "From the leaves up, each vertex the intersection of its clues:", ""]
    for vertex in described:
        clues = " ∩ ".join(f"S({c.id})" for c in vertex.constraints)
        lines.append(f"- S({vertex.id}) = {clues} = {shown(corpus, solution.sets[vertex.id])}")
    lines += ["", "Without each clue (M1), what is left for its vertex:", ""]
    for vertex in described:
        for c in vertex.constraints if vertex.role != "blur" else ():
            left = solve_without(tree, extents, solution, c.id)[vertex.id]
            lines.append(f"- without {c.id}: {len(left):,} pages for {vertex.id}, {shown(corpus, left)}")
    lines += ["", "Without each described page and all below it (M2), what is left for the answer:", ""]
    for vertex in tree.vertices:
        if vertex.role == "inner":
            left = solve_without(tree, extents, solution, *links_to(tree, vertex))[tree.root.id]
            lines.append(f"- without {vertex.id}: {len(left):,} answers, {shown(corpus, left)}")
    x1, x2, x3 = measured["X1"], measured["X2"], measured["X3"]
    alone = ", ".join(f"{name} {count:,}" for name, count in x1["alone"].items())
    steps = ", ".join(f"{title} {distance}" for title, distance in x2["distances"].items())
    lines += [
        "", f"Each clue of the answer alone leaves (X1): {alone} pages.",
        f"Steps from the named pages to the answer (X2): {steps}.",
        f"Pages associated with the answer and all named pages (X3): {x3['telling_pages']}; the evidence takes {x3['cover']} pages "
        f"at least, {x3['wanted']} are wanted.",
    ]  # fmt: skip
    return "\n".join(lines)


def written() -> str:
    """The example as it stands in the docs."""
    return DOCS.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip("\n")


def kept() -> Kept:
    return Kept.model_validate_json(KEPT.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> None:
    *run, home = map(Path, arguments)
    if run:
        item = choose(pipeline.questions(run[0])).model_dump(mode="json", include=set(Kept.model_fields))
        KEPT.write_text(canonical_json(item) + "\n", encoding="utf-8")
    text = DOCS.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    made = example(kept(), Corpus.open(home / "corpus"))
    DOCS.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
