"""A language model as one item uses it: passes calls on, and remembers which were made for the item and what became of them.

What an item has asked, by the ledger's keys, goes into its line of the run, so that the report counts what the data set used and
nothing else, whatever else a ledger holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from infoseek_offline.errors import Pending
from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Completion, LanguageModel, Message, Request

Note = Callable[[Request, str, str], None]  # (request, proposal, reason; "" accepted)
MAX_PROPOSAL = 300  # characters of a proposal that the ledger keeps


class Asked:
    """A LanguageModel for one worker. `keys` are those of the item at hand, in the order of asking."""

    def __init__(self, model: LanguageModel, note: Note | None = None) -> None:
        self.model = model
        self.name, self.digest, self.context = model.name, model.digest, model.context
        self.keys: dict[str, None] = {}
        self._note = note if note is not None else getattr(model, "note", None)

    def begin(self) -> None:
        """A new item."""
        self.keys = {}

    def used(self, keys: Iterable[str]) -> None:
        """The item uses answers that were asked for before."""
        self.keys.update(dict.fromkeys(keys))

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        return self.model.count_tokens(messages)

    def complete(self, request: Request) -> Completion:
        self.keys[request.key(self.digest)] = None
        return self.model.complete(request)

    def complete_all(self, requests: Sequence[Request]) -> list[Completion]:
        """All of them; where some answers are pending, all are asked for before Pending is raised, so that waves are wide."""
        found: list[Completion] = []
        pending: Pending | None = None
        for request in requests:
            try:
                found.append(self.complete(request))
            except Pending as error:
                pending = error
        if pending is not None:
            raise pending
        return found

    def ask_all(self, requests: Sequence[Request]) -> list[Completion]:
        """As `complete_all`; what does not fit the context is not asked, and says so."""
        misfits = {n: self._misfit(request) for n, request in enumerate(requests) if not self.fits(request)}
        found = iter(self.complete_all([request for n, request in enumerate(requests) if n not in misfits]))
        return [misfits[n] if n in misfits else next(found) for n in range(len(requests))]

    def _misfit(self, request: Request) -> Completion:
        tokens = self.count_tokens(request.messages)
        return Completion("", None, f"{tokens} tokens of prompt do not fit a context of {self.context}", 0, 0, 0.0)

    def note(self, request: Request, proposal: str, reason: str = "") -> None:
        """What became of a proposal: accepted where there is no reason."""
        if self._note is not None:
            self._note(request, proposal[:MAX_PROPOSAL], reason)

    def fits(self, request: Request) -> bool:
        """Whether prompt and longest answer go into the context."""
        return self.count_tokens(request.messages) + request.sampling.max_tokens <= self.context


def seed_of(*parts: Any) -> int:
    """A seed that depends on the item alone; never 0, which some servers take for none."""
    return 1 + int(digest_of("seed", *parts), 16) % (2**31 - 2)
