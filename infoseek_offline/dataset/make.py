"""One answer page in, one accepted question or none out, with every tree that was tried and rejected.

Pure given the corpus, the index and the configuration: the random choices for a page come from (seed, title), so that neither
the order nor the number of workers changes a byte.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from infoseek_offline.agents.base import Browser, Planner
from infoseek_offline.agents.model_browser import ModelBrowser, Shelf
from infoseek_offline.agents.model_planner import ModelPlanner
from infoseek_offline.agents.rules import RulePlanner
from infoseek_offline.checks.all import ALL, SEARCH, STRUCTURE, SURFACE, run_checks
from infoseek_offline.checks.gates import Asker, run_gates
from infoseek_offline.checks.problem import Problem
from infoseek_offline.checks.retrieval import findable, search_ahead, showing
from infoseek_offline.claims.store import ClaimStore
from infoseek_offline.config import Config
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.difficulty import difficulty_of
from infoseek_offline.dataset.spread import JOINS
from infoseek_offline.files import digest_of
from infoseek_offline.llm.asked import Asked
from infoseek_offline.llm.base import LanguageModel
from infoseek_offline.questions.languages import realiser_for
from infoseek_offline.questions.realise import Realiser
from infoseek_offline.questions.style import Wording
from infoseek_offline.questions.writer import Writer
from infoseek_offline.records import Certificate, Mend, Phrasing, Question, Rejection, ResearchTree, Verdict
from infoseek_offline.retrieval.searcher import Mode, Place, Searcher
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.grow import MAX_BARE, NO_START, Grown, grow
from infoseek_offline.trees.memory import Memory, plainly
from infoseek_offline.trees.moves import NO_MOVE
from infoseek_offline.trees.options import Options
from infoseek_offline.trees.repair import mend

# Bytes depend on these stages' code; a change of one is a new version, and old unfinished runs are refused.
STAGE_VERSION = 22
DIFFICULTY = "difficulty"
RULES = "rules"  # who wrote a question that no model did
MENDS = 4  # repairs of one tree
HOPELESS = 6  # attempts without one finished tree, after which a page is left


@dataclass(frozen=True)
class Made:
    """What came of one answer page. `tried` counts the shapes that were tried for, `gave_up` the Planner's reasons for trees that
    never were finished; `asked` holds the ledger's keys of what a model was asked for it."""

    question: Question | None
    rejections: tuple[Rejection, ...]
    tried: dict[str, int]
    gave_up: dict[str, int]
    asked: tuple[str, ...] = ()


def _with_joins(shapes: dict[str, float], joins: float) -> dict[str, float]:
    """Shapes to try for and, for that share of tries, joins."""
    total = sum(shapes.values())
    return {**{shape: (1 - joins) * weight / total for shape, weight in shapes.items()}, JOINS: joins} if joins else shapes


class Maker:
    """The open corpus, index and agents of one process, or of one thread: those share `extents` and `shelf`."""

    def __init__(
        self,
        corpus: Corpus,
        claims: ClaimStore,
        searcher: Searcher,
        config: Config,
        model: LanguageModel | None = None,
        *,
        extents: Extents | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.corpus, self.searcher, self.config = corpus, searcher, config
        self.extents = extents if extents is not None else Extents(corpus, config.reading)
        self.realiser = realiser_for(corpus)
        self.ranked: dict[str, dict[Mode, list[Place]]] = {}  # what has been searched for for the page at hand
        self.model: Asked | None = None
        self.planner: Planner = RulePlanner()
        self.writer: Writer | None = None
        browser: Browser | None = None
        if model is not None:
            self.model = Asked(model)
            self.planner = ModelPlanner(self.model)
            if isinstance(self.realiser, Realiser):  # the writer's prompts are English
                self.writer = Writer(corpus, self.model, self.realiser.names)
            browser = ModelBrowser(corpus, self.model, config.seed, shelf)
        self.options = Options(corpus, claims, self.extents, browser)

    def make(self, root: int, shapes: Mapping[str, float] | None = None) -> Made:
        """`shapes`: by shape, the chance that a tree is tried to grow so, and no other in its place. Without it the page has its
        second turn: other attempts, in whatever shape that was asked for it can have.

        Raises ModelError where the model gives no answer at all; Pending where it will give one later.
        """
        if self.model is None:
            return self._make(root, shapes)
        self.model.begin()
        made = self._make(root, shapes)
        return replace(made, asked=tuple(self.model.keys))

    def _make(self, root: int, shapes: Mapping[str, float] | None) -> Made:
        title = self.corpus.titles[root]
        self.ranked = {}
        rejections: list[Rejection] = []
        gave_up: Counter[str] = Counter()
        tried: Counter[str] = Counter()
        left = {shape: weight for shape, weight in (shapes or self.config.shape.shares).items() if weight}
        seen: set[str] = set()
        memory = Memory(digest_of("planner", self.config.seed, title, shapes is None))
        joins = self.config.shape.joins
        first = 0 if shapes else self.config.attempts
        bare = MAX_BARE if shapes else MAX_BARE + 1  # rather such a question than none
        for attempt in range(first, first + self.config.attempts):
            key = digest_of("tree", STAGE_VERSION, self.config.seed, title, attempt)
            rng = random.Random(key)
            drawn = shapes or _with_joins(left, joins)
            asked = rng.choices([*drawn], [*drawn.values()])[0]
            join = asked == JOINS
            if join:
                asked = "balanced"  # the shape that two branches make that meet
            if asked not in left if not join else not joins:
                continue  # and no other shape for it, or the easiest would come too often
            tried[JOINS if join else asked] += 1
            grown = grow(root, self.planner, self.options, self.config.bounds, self.config.shape, rng, asked, join, bare, memory)
            if grown.tree is None:
                memory.failed("too little else could be said" if grown.reason == NO_MOVE else grown.reason)
                gave_up[grown.reason] += 1
                if grown.reason == NO_START and join:
                    joins = 0.0
                    if self.config.shape.joins == 1:
                        break
                elif grown.reason == NO_START:
                    del left[asked]
                if not left or (not seen and attempt + 1 >= first + HOPELESS):
                    break
                continue
            same = digest_of(grown.tree.model_dump(mode="json"))
            if same in seen:
                continue
            seen.add(same)
            problem, wording, verdicts, history = self._hold(grown)
            assert grown.growth is not None
            tree, by = problem.tree, RULES
            if self.model is not None and all(v.passed for v in verdicts):
                wording, by, verdicts = self._with_model(problem, key, verdicts)
            if all(v.passed for v in verdicts):
                question = self._question(problem, wording, by, verdicts, history)
                low, high = self.config.difficulty
                if low <= question.difficulty.searches <= high:
                    return Made(question, tuple(rejections), tried, gave_up)
                verdicts.append(Verdict(check=DIFFICULTY, passed=False, reason="not the difficulty that was asked for",
                                        measured=question.difficulty.model_dump(mode="json")))  # fmt: skip
            failed = tuple(v.check for v in verdicts if not v.passed)
            memory.failed(plainly(failed))
            rejections.append(
                Rejection.of(key=key, answer=title, failed=failed, history=history, question=wording.question, tree=tree,
                             verdicts=tuple(verdicts))
            )  # fmt: skip
        return Made(None, tuple(rejections), tried, gave_up)

    def _hold(self, grown: Grown) -> tuple[Problem, Wording, list[Verdict], tuple[Mend, ...]]:
        """The tree examined, and mended where it fails, as often as `MENDS`."""
        assert grown.tree is not None
        problem, wording, verdicts = self._examine(grown.tree)
        history: list[Mend] = []
        while len(history) < MENDS and not all(v.passed for v in verdicts):
            mended = mend(grown, self.planner, verdicts, wording.clues, partial(findable, problem),
                          partial(showing, problem))  # fmt: skip
            if mended is None:
                break
            grown = mended[0]
            assert grown.tree is not None
            history.append(mended[1])
            problem, wording, verdicts = self._examine(grown.tree)
        return problem, wording, verdicts, tuple(history)

    def _examine(self, tree: ResearchTree) -> tuple[Problem, Wording, list[Verdict]]:
        """Structure, then the surface of the question, then search; a group that fails spares the dearer ones behind it."""
        problem = Problem(self.corpus, self.extents, tree, self.config.bounds, searcher=self.searcher, ranked=self.ranked)
        passed, found = run_checks(problem, STRUCTURE)
        verdicts = list(found)
        wording = self.realiser.realise(tree)
        if not passed:
            return problem, wording, verdicts
        problem.question, problem.clues = wording.question, wording.clues
        for group in (SURFACE, SEARCH):
            if group is SEARCH:
                search_ahead(problem)
            passed, found = run_checks(problem, group)
            verdicts += found
            if not passed:
                break
        if passed and self.config.phrasings > 1:
            problem.phrasings = self._phrasings(problem)
            again = {check: ALL[check](problem) for check in ("L1", "R1")}  # over all phrasings
            verdicts = [again.get(v.check, v) for v in verdicts]
        return problem, wording, verdicts

    def _phrasings(self, problem: Problem) -> list[Wording]:
        """Further questions of a tree that passed, as many as were asked for: those that pass L1 and R1 alone."""
        found: list[Wording] = []
        for wording in islice(self.realiser.phrasings(problem.tree), 1, None):
            if len(found) + 1 >= self.config.phrasings:
                break
            alone = replace(problem, question=wording.question, clues=wording.clues)
            if ALL["L1"](alone).passed and ALL["R1"](alone).passed:
                found.append(wording)
        return found

    def _with_model(self, problem: Problem, key: str, verdicts: list[Verdict]) -> tuple[Wording, str, list[Verdict]]:
        """The words, whose they are, and all verdicts: the model's words where they hold, and the gates that were asked for."""
        assert self.model is not None
        plain, found = Wording(problem.question, problem.clues), {v.check: v for v in verdicts}
        again: dict[str, Verdict] = {}

        def accept(wording: Wording) -> str:
            """What depends on the words: R2 does not."""
            problem.question, problem.clues = wording.question, wording.clues
            for check in ("L1", "R1"):
                again[check] = ALL[check](problem)
                if not again[check].passed:
                    return again[check].reason
            return ""

        writer = None if problem.tree.joined else self.writer  # what must be one page at both places, the rules say so
        written = writer.write(problem.tree, key, accept).wording if writer is not None else None
        wording, by = (written, self.model.name) if written else (plain, RULES)
        verdicts = list((found | again if written else found).values())
        problem.question, problem.clues = wording.question, wording.clues
        return wording, by, [*verdicts, *run_gates(problem, Asker(self.model, key), self.config.gates)]

    def _aliases(self, page: int) -> tuple[str, ...]:
        """What else is a right answer: the title without its "(…)", and the redirects."""
        title = self.corpus.titles[page]
        return tuple(name for name in dict.fromkeys([base_title(title), *self.corpus.redirects(page)]) if name != title)

    def _question(
        self, problem: Problem, wording: Wording, by: str, verdicts: Sequence[Verdict], history: tuple[Mend, ...]
    ) -> Question:
        tree, answer = problem.tree, problem.tree.root
        evidence = [c.evidence for v in tree.vertices for c in v.constraints]
        documents = tuple(dict.fromkeys(e.document for e in evidence))
        said = [c.wording for v in tree.vertices for c in v.constraints]
        gold = tuple(
            dict.fromkeys(
                c.evidence.document for v in tree.vertices for c in v.constraints
                if c.evidence.page == answer.page or (v is answer and c.kind == "link")
            )
        )  # fmt: skip
        certificate = Certificate(reading=self.config.reading, corpus=self.corpus.digest,
                                  bounds=self.config.bounds.model_dump(), verdicts=tuple(verdicts))  # fmt: skip
        return Question(
            id="q-" + digest_of(wording.question, answer.title, wording.clues, said, [m.model_dump(mode="json") for m in history]),
            question=wording.question,
            answer=answer.title,
            answer_aliases=self._aliases(answer.page),
            depth=tree.depth,
            vertices=len(tree.vertices),
            tree=tree,
            evidence_documents=documents,
            gold_documents=gold,
            clues=wording.clues,
            written_by=by,
            phrasings=tuple(
                Phrasing(id="p-" + digest_of(w.question, answer.title, w.clues, number), question=w.question, clues=w.clues)
                for number, w in enumerate(problem.phrasings, 2)
            ),
            difficulty=difficulty_of(tree, verdicts, len(self.extents.universe)),
            history=history,
            certificate=certificate,
        )
