"""The words of the rules told again: whether a question that no model wrote is what the rules say of its tree, letter for letter.

The one claim of `verify` that takes the maker's code, since "written by the rules" means no other thing than that these words come
out of it. Nothing else rests on it: what the words hold and leak is read by told.py and recompute.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.make import STAGE_VERSION
from infoseek_offline.questions.languages import realiser_for
from infoseek_offline.questions.style import Wording
from infoseek_offline.records import Question, ResearchTree

Claim = tuple[str, bool, str]
MOST = 64  # wordings of one tree that are looked through; no realiser has as many


class Retold:
    """The rules of this version over the corpus in a folder."""

    stage = STAGE_VERSION  # of the runs whose words are those of these rules

    def __init__(self, folder: Path) -> None:
        self._realiser = realiser_for(Corpus.open(folder))

    def claims(self, question: Question) -> Iterator[Claim]:
        """The question is the first wording of its tree, the phrasings others, in their order."""
        wordings = self._wordings(question.tree)
        first = next(wordings, None)
        told = first is not None and first.question == question.question
        yield "words", told, f"the rules say of this tree: {first.question if first else 'nothing'}"
        fits = first is not None and first.clues == question.clues
        yield "words", fits, "the clues are not the words that the rules say for them"
        for number, other in enumerate(question.phrasings, 2):
            found = next((w for w in wordings if w.question == other.question), None)
            fits = found is not None and found.clues == other.clues
            yield "words", fits, f"phrasing {number} is not of the rules, or out of order"

    def first(self, tree: ResearchTree) -> Wording | None:
        """What the rules ask for the tree; None where they have no words for it."""
        return next(self._wordings(tree), None)

    def _wordings(self, tree: ResearchTree) -> Iterator[Wording]:
        try:
            yield from islice(self._realiser.phrasings(tree), MOST)
        except (ValueError, LookupError):  # of a tree that the rules have no words for
            return
