"""G1 to G4: what a language model can do with a question that it should not, or should. Each needs a model, and is optional.

    closed        G1  from memory, no sample gives the answer
    open          G2  from the evidence passages and four that only look like them, it does
    alternatives  G3  what the model thinks fits as well is not in S(root); recorded is which clues exclude it
    bridge        G4  with what is said of an inner vertex taken away, and with pages that fit the rest instead, it does not

An answer that can't be used fails its gate: nothing was shown. What a model said is recorded with the ledger's key of the call.
Raises ModelError alone, where no answer is to be had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyroaring import BitMap

from infoseek_offline.checks.answers import is_near, is_right
from infoseek_offline.checks.problem import Problem, verdict
from infoseek_offline.checks.surface import surface_names
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.files import digest_of
from infoseek_offline.llm.asked import Asked, seed_of
from infoseek_offline.llm.base import Completion, Message, Request, Sampling, Stage
from infoseek_offline.llm.prompts import Prompt, load_prompt
from infoseek_offline.records import Constraint, Verdict, Vertex
from infoseek_offline.trees.solve import links_to, solve_without

SAMPLES = 3  # of G1
DISTRACTORS = 4
MAX_ANSWER, MAX_REASON, MAX_ALTERNATIVES = 120, 400, 5  # characters, characters, entries
ANSWER_TOKENS = 200
MASK = "[…]"


@dataclass(frozen=True)
class Asker:
    """The model, as the gates of one item ask it. `key` is the item's, for the seeds."""

    model: Asked
    key: str

    def request(
        self, stage: Stage, prompt: Prompt, messages: tuple[Message, ...], schema: dict[str, Any], *, sample: int = 0,
        temperature: float = 0.0, max_tokens: int = ANSWER_TOKENS,
    ) -> Request:  # fmt: skip
        seed = seed_of(stage, prompt.name, self.key, sample)
        return Request(stage, messages, schema, seed, Sampling(temperature, max_tokens=max_tokens), prompt.digest)

    def judged(self, problem: Problem, answers: Sequence[tuple[Request, Completion]]) -> list[dict[str, Any]]:
        """What was answered, and whether it is the answer: `exact` by its words, else `judged` "same", "different" or "unclear"
        where it is near; `key` and `judge` are the ledger's keys."""
        names = answer_names(problem)
        said: list[dict[str, Any]] = []
        near: list[tuple[dict[str, Any], Request]] = []
        for request, found in answers:
            answer = str(found.value["answer"]).strip() if found.value else ""
            one = {
                "answer": answer,
                "key": request.key(self.model.digest),
                "exact": is_right(answer, names),
                "judged": "",
                "judge": "",
            }
            if found.value is None:
                one["unusable"] = found.reason
            elif is_near(answer, names):
                asked = self._judge_request(problem, answer, names, len(near))
                one["judge"] = asked.key(self.model.digest)
                near.append((one, asked))
            said.append(one)
        for (one, _), found in zip(near, self.model.ask_all([asked for _, asked in near]), strict=True):
            one["judged"] = {"yes": "same", "no": "different"}[found.value["same"]] if found.value else "unclear"
        return said

    def _judge_request(self, problem: Problem, answer: str, names: Sequence[str], sample: int) -> Request:
        prompt = load_prompt("same_answer")
        messages = prompt.messages(question=problem.question, right=names[0], names="; ".join(names[1:6]) or "-", given=answer)
        schema = _object({"same": {"type": "string", "enum": ["yes", "no"]}})
        return self.request("judge", prompt, messages, schema, sample=sample, max_tokens=20)


def answer_names(problem: Problem) -> list[str]:
    """The title of the answer's page, without its "(…)" too, and its redirects."""
    title = problem.corpus.titles[problem.answer]
    return list(dict.fromkeys([title, base_title(title), *problem.corpus.redirects(problem.answer)]))


def is_hit(said: dict[str, Any]) -> bool:
    return bool(said["exact"]) or said["judged"] == "same"


# G1


def closed_book(problem: Problem, asker: Asker) -> Verdict:
    prompt = load_prompt("closed_book")
    messages = prompt.messages(question=problem.question)
    requests = [asker.request("closed_book", prompt, messages, answer_schema(), sample=n, temperature=0.8) for n in range(SAMPLES)]
    said = asker.judged(problem, list(zip(requests, asker.model.ask_all(requests), strict=True)))
    said.sort(key=lambda one: str(one["key"]))
    known = [one["answer"] for one in said if is_hit(one) or one["judged"] == "unclear"]
    reason = f"known without search: {known[0]!r}" if known else unusable(said)
    return verdict("G1", not reason, reason, model=asker.model.name, samples=said)


# G2


def open_book(problem: Problem, asker: Asker) -> Verdict:
    request, shown = _over_passages(problem, asker, "open_book", evidence_documents(problem), hard_negatives(problem), ())
    said = asker.judged(problem, [(request, asker.model.ask_all([request])[0])])[0]
    reason = unusable([said]) or ("" if is_hit(said) else f"the evidence gives {said['answer']!r}")
    return verdict("G2", not reason, reason, model=asker.model.name, **shown, **said)


def evidence_documents(problem: Problem) -> list[str]:
    return list(dict.fromkeys(c.evidence.document for v in problem.tree.vertices for c in v.constraints))


def hard_negatives(problem: Problem) -> list[str]:
    """The best hits of hybrid search for the question that stand on no page of the tree and on none of its evidence."""
    assert problem.searcher is not None
    away = {v.page for v in problem.tree.vertices} | {c.evidence.page for v in problem.tree.vertices for c in v.constraints}
    return [document for document, _ in problem.searcher.ranks(problem.question, DISTRACTORS, "hybrid", sorted(away))]


def _over_passages(
    problem: Problem, asker: Asker, stage: Stage, needed: list[str], others: list[str], hidden: Sequence[str]
) -> tuple[Request, dict[str, Any]]:
    """The question over passages in an order that tells nothing, with names masked, and which passages these are: all that are
    needed, and as many of the others as fit the model's context."""
    prompt = load_prompt("open_book")
    for count in range(len(others), -1, -1):
        documents = sorted([*needed, *others[:count]], key=lambda d: (digest_of(problem.question, d), d))
        passages = "\n".join(_passage(problem, document, hidden) for document in documents)
        messages = prompt.messages(passages=passages, question=problem.question)
        request = asker.request(stage, prompt, messages, answer_schema())
        if asker.model.fits(request):
            break
    return request, {"documents": documents, "others": count}


def _passage(problem: Problem, document: str, hidden: Sequence[str]) -> str:
    passage = problem.corpus.passage(document)
    text = f"[{passage.title}] {' '.join(passage.text.split())}"
    for name in hidden:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text


# G3


def alternatives(problem: Problem, asker: Asker) -> Verdict:
    prompt = load_prompt("alternatives")
    messages = prompt.messages(question=problem.question, answer=problem.corpus.titles[problem.answer])
    names = {"type": "array", "maxItems": MAX_ALTERNATIVES, "items": {"type": "string", "maxLength": MAX_ANSWER}}
    request = asker.request("alternatives", prompt, messages, _object({"alternatives": names}))
    found = asker.model.ask_all([request])[0]
    proposals = [excluded(problem, name) for name in (found.value["alternatives"] if found.value else ())]
    reason = f"no usable answer: {found.reason}" if found.value is None else ""
    for proposal in proposals:
        fits = proposal["page"] not in ("", problem.corpus.titles[problem.answer]) and not proposal["excluded_by"]
        asker.model.note(request, proposal["name"], "" if fits else _why_not(proposal))
        if fits and not reason:
            reason = f"{proposal['page']} fits as well"
    return verdict("G3", not reason, reason, model=asker.model.name, key=request.key(asker.model.digest), proposals=proposals)


def excluded(problem: Problem, name: str) -> dict[str, Any]:
    """The page that the name means ("" for none), and the clues of the root whose extents do not hold it."""
    page = problem.corpus.resolve(name)
    if page is None:
        page = problem.corpus.resolve(re.sub(r"(?i)^(the|an?) ", "", name.strip()))
    if page is None:
        return {"name": name, "page": "", "excluded_by": []}
    out = [c.id for c in problem.tree.root.constraints if page not in problem.solution.extents[c.id]]
    return {"name": name, "page": problem.corpus.titles[page], "excluded_by": out}


def _why_not(proposal: dict[str, Any]) -> str:
    if not proposal["page"]:
        return "no page of the corpus"
    return f"excluded by {', '.join(proposal['excluded_by'])}" if proposal["excluded_by"] else "the answer itself"


# G4


def bridge(problem: Problem, asker: Asker) -> Verdict:
    """Once for each inner vertex. Passages that tell of it alone are left out, its names are masked in the others, and pages of
    answers that are left without it stand beside them."""
    inner = [v for v in problem.tree.vertices if v.role == "inner"]
    asked = []
    for vertex in inner:
        hidden = sorted({*surface_names(problem.corpus, vertex.page)} - {vertex.noun.casefold()}, key=lambda n: (-len(n), n))
        left, instead = documents_without(problem, vertex), rivals(problem, vertex)
        asked.append(_over_passages(problem, asker, "bridge", left, instead, hidden))
    answers = asker.judged(problem, list(zip([r for r, _ in asked], asker.model.ask_all([r for r, _ in asked]), strict=True)))
    answered = [v.id for v, said in zip(inner, answers, strict=True) if is_hit(said) or said["judged"] == "unclear"]
    reason = f"answered without {', '.join(answered)}" if answered else unusable(answers)
    told = {v.id: {**shown, **said} for v, (_, shown), said in zip(inner, asked, answers, strict=True)}
    return verdict("G4", not reason, reason, model=asker.model.name, without=told)


def documents_without(problem: Problem, vertex: Vertex) -> list[str]:
    """Evidence of the clues that neither lead to the vertex nor are its own."""
    away: set[str] = {c.id for c in vertex.constraints} | links_to(problem.tree, vertex)
    constraints: list[Constraint] = [c for v in problem.tree.vertices for c in v.constraints if c.id not in away]
    return list(dict.fromkeys(c.evidence.document for c in constraints))


def rivals(problem: Problem, vertex: Vertex) -> list[str]:
    """First passages of pages that would be answers too without the vertex and all below it (M2), of the answer's kind first."""
    left = solve_without(problem.tree, problem.extents, problem.solution, *links_to(problem.tree, vertex))[problem.tree.root.id]
    corpus, noun = problem.corpus, problem.tree.root.noun
    order = sorted(
        left - BitMap(v.page for v in problem.tree.vertices),
        key=lambda page: (corpus.nouns[page] != noun, digest_of(problem.question, corpus.titles[page])),
    )
    found = (f"{page}-0" for page in order if corpus.rows("SELECT 1 FROM passage WHERE page = ? AND ordinal = 0", page))
    return list(islice(found, DISTRACTORS))


# All


Gate = Callable[[Problem, Asker], Verdict]
GATES: dict[str, Gate] = {"closed": closed_book, "open": open_book, "alternatives": alternatives, "bridge": bridge}


def run_gates(problem: Problem, asker: Asker, gates: Sequence[str]) -> list[Verdict]:
    """The verdicts of those gates, in the order of GATES, up to the first that fails."""
    found: list[Verdict] = []
    for name, gate in GATES.items():
        if name in gates:
            found.append(gate(problem, asker))
            if not found[-1].passed:
                break
    return found


def answer_schema() -> dict[str, Any]:
    return _object({"reason": {"type": "string", "maxLength": MAX_REASON}, "answer": {"type": "string", "maxLength": MAX_ANSWER}})


def unusable(said: Sequence[dict[str, Any]]) -> str:
    return next((f"no usable answer: {one['unusable']}" for one in said if "unusable" in one), "")


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
