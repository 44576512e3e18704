"""The two agents, as protocols. Each exists as rules (rules.py) and may exist as a language model behind the same calls.

The Planner sees the tree and the legal moves, each with what it would do to the candidate sets, and picks one. The Browser reads
a page and returns claims with evidence. Whatever they say, a tree is accepted only on its certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from infoseek_offline.records import Claim

if TYPE_CHECKING:
    from infoseek_offline.trees.grow import Growth
    from infoseek_offline.trees.moves import Moves
    from infoseek_offline.trees.options import Option


class Move(NamedTuple):
    """`start` and `extend` add an inner child to `vertex`, `constrain` adds any other clue, `stop` ends it, with the reason.
    `before` and `after` count the candidates of the vertex; `spare` those that would be left after the move without the inner
    child that is missed least (M2)."""

    kind: Literal["start", "constrain", "extend", "stop"]
    vertex: str
    option: Option | None
    before: int
    after: int
    reason: str = ""
    spare: int = 0


class Planner(Protocol):
    def choose(self, growth: Growth, moves: Moves) -> Move:
        """One of `moves`."""
        ...


class Browser(Protocol):
    version: str  # of the rules, or of the model and its prompts: claims read by another version are read again

    def read(self, page: int) -> Sequence[Claim]:
        """All claims that the page states, each with its evidence."""
        ...
