"""What has been tried for one answer page: clues that were refused, pages that no search found, and in each state of its trees the
moves that were made there and what came of them.

A Planner that is asked in words sees the last of it, and is not offered the same move in the same state again while there are
others.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

Move = tuple[object, ...]


@dataclass
class Tried:
    """`moves` in the order in which they were made, each with its line; `failure` is why the last tree through it failed; `next`
    are those that the Planner named to be made should it fail."""

    moves: dict[Move, str] = field(default_factory=dict)
    failure: str = ""
    next: list[Any] = field(default_factory=list)


class Memory:
    """For all trees of one answer page. `seed` is the page's, for draws that do not depend on the attempt."""

    def __init__(self, seed: str = "") -> None:
        self.seed = seed
        self.refused: set[Move] = set()  # clues that a check refused for their words, whatever the tree
        self.unfound: set[int] = set()  # pages described in such a way that no search found them
        self._states: dict[str, Tried] = {}
        self._open: list[Tried] = []  # states that the tree at hand went through

    def begin(self) -> None:
        """A new tree."""
        self._open.clear()

    def tried(self, state: str) -> Tried:
        return self._states.setdefault(state, Tried())

    def took(self, state: str, move: Move, line: str) -> None:
        tried = self.tried(state)
        tried.moves.pop(move, None)
        tried.moves[move] = line
        self._open.append(tried)

    def failed(self, reason: str) -> None:
        """The tree at hand, or what was last done to it, came to nothing."""
        for tried in self._open:
            tried.failure = reason


# Why a tree was refused, in words that say what to do otherwise, by the check that refused it.
PLAIN = {
    "U1": "more than one answer fits",
    "U2": "more than one page fits a thing on the way",
    "M1": "a clue was not needed",
    "M2": "the answer can be found without a thing on the way",
    "M3": "one clue says no more than another",
    "M4": "a clue was not needed",
    "X1": "one clue alone tells the answer",
    "X2": "a named page is too near to the answer",
    "X3": "one page tells the answer and all that is named",
    "X4": "the answer is found without any steps",
    "X5": "the answer is found from the names alone",
    "L1": "the words give away a name",
    "R1": "one search finds the answer",
    "R2": "a search does not find a thing on the way",
    "G1": "the answer is known without search",
    "G2": "the pages do not give the answer",
    "G3": "another answer fits",
    "G4": "the answer is found without a thing on the way",
}


def plainly(failed: Collection[str]) -> str:
    """The reason in plain words for the first of the checks that failed."""
    return next((PLAIN[check] for check in failed if check in PLAIN), "the question was refused")
