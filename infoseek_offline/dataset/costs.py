"""What a run's answers of a language model cost: calls, tokens, seconds, and money where prices are given.

Counted are the answers that the run's lines name (Made.asked), from the ledger's entries, each once however often it was used: so
that a run that is reproduced from its ledger costs the same to the last digit, and a ledger that holds more costs no more.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from infoseek_offline.llm.ledger import Ledger

ACCEPTED = "accepted"
MOST_REASONS = 12  # kinds of reasons that are shown of a stage; the rest are summed up


@dataclass
class Spent:
    calls: int = 0
    unusable: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    fates: Counter[str] = field(default_factory=Counter)  # of the proposals: ACCEPTED, or the kind of reason against them

    def add(self, other: Spent) -> None:
        self.calls += other.calls
        self.unusable += other.unusable
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.seconds += other.seconds


@dataclass(frozen=True)
class Prices:
    """Of a million tokens; None where not given."""

    prompt: float | None = None
    completion: float | None = None

    def money(self, spent: Spent) -> float | None:
        if self.prompt is None and self.completion is None:
            return None
        return ((self.prompt or 0.0) * spent.prompt_tokens + (self.completion or 0.0) * spent.completion_tokens) / 1e6


class Costs:
    def __init__(self, ledger: Ledger, prices: Prices | None = None) -> None:
        self.ledger, self.prices = ledger, prices or Prices()
        self._used: set[str] = set()

    def add(self, keys: Iterable[str]) -> None:
        """The ledger's keys of what an answer page has asked."""
        self._used.update(keys)

    def report(self, trees: int, accepted: int) -> dict[str, Any]:
        """By stage and all together, also for each tree that was grown and for each accepted item."""
        stages: dict[str, Spent] = defaultdict(Spent)
        for key, stage, unusable, prompt, completion, seconds in self.ledger.spent():
            if key in self._used:
                stages[stage].add(Spent(1, int(unusable), prompt, completion, seconds))
        for noted in self.ledger.verdicts():
            if noted.key in self._used:
                stages[noted.stage].fates[kind_of_reason(noted.reason)] += 1
        total = Spent()
        for stage in sorted(stages):
            total.add(stages[stage])
        return {
            "stages": {stage: self._stage(stages[stage], accepted) for stage in sorted(stages)},
            "all": self._figures(total),
            "per tree": self._figures(total, trees),
            "per item": self._figures(total, accepted),
        }

    def _stage(self, spent: Spent, accepted: int) -> dict[str, Any]:
        found = {**self._figures(spent), "per item": self._figures(spent, accepted)}
        proposals = sum(spent.fates.values())
        if proposals:
            against = [(reason, count) for reason, count in spent.fates.items() if reason != ACCEPTED]
            against.sort(key=lambda one: (-one[1], one[0]))
            rest = sum(count for _, count in against[MOST_REASONS:])
            found |= {
                "proposals": proposals,
                "accepted": spent.fates[ACCEPTED],
                "against": dict(against[:MOST_REASONS]) | ({"other reasons": rest} if rest else {}),
                "per proposal": self._figures(spent, proposals),
            }
        return found

    def _figures(self, spent: Spent, shared_by: int | None = None) -> dict[str, Any]:
        """Sums, or shares to one decimal; nothing where there is none to share."""
        if shared_by == 0:
            return {}
        whole = shared_by is None
        share = shared_by or 1

        def of(value: int) -> float:
            return value if whole else round(value / share, 1)

        found: dict[str, Any] = {
            "calls": of(spent.calls), "prompt tokens": of(spent.prompt_tokens), "completion tokens": of(spent.completion_tokens),
            "seconds": round(spent.seconds / share, 3),
        }  # fmt: skip
        if whole:
            found["unusable"] = spent.unusable
        money = self.prices.money(spent)
        return found if money is None else {**found, "money": round(money / share, 6)}


def kind_of_reason(reason: str) -> str:
    """What reasons have in common: without what they quote, name or count, and only their first part."""
    if not reason:
        return ACCEPTED
    first = re.split(r"[;(]|: ", re.sub(r"^(?:fact \d+|T\d+|its kind): ", "", reason))[0]
    plain = re.sub(r"'[^']*'|\"[^\"]*\"|\b\S*\d\S*\b", "…", first)
    plain = re.sub(r"\b(it adds|lacks|excluded by|taken|the question shows|is found by) .*", r"\1 …", plain)
    return re.sub(r"(?:…[\s,]*)+", "… ", plain).strip() or "other"
