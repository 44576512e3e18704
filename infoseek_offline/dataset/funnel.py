"""The yield of a run: how many trees got how far, and for what reason the others did not.

Each step has how many trees are `left` behind it and why those `lost` there were; a tree is lost at the first step that it fails,
and counted once for each check of that step that it fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

# Step -> the checks that belong to it; in the order in which they run.
STEPS: dict[str, tuple[str, ...]] = {
    "structure": ("U1", "U2", "M1", "M2", "M3", "M4", "X1", "X2", "X3", "X4", "X5"),
    "words": ("L1",),
    "search": ("R1", "R2"),
    "closed book": ("G1",),
    "open book": ("G2",),
    "alternatives": ("G3",),
    "bridge": ("G4",),
    "spread": ("difficulty", "spread", "asked already"),
}
GATES = ("closed", "open", "alternatives", "bridge")  # G1 to G4
BEGUN, GROWN = "begun", "grown"


class Funnel:
    """Counts the trees of a run as they come."""

    def __init__(self, gates: Sequence[str] = ()) -> None:
        self.begun = 0
        self.lost: dict[str, Counter[str]] = {name: Counter() for name in (GROWN, *STEPS)}
        self.gone: Counter[str] = Counter()
        asked = {f"G{1 + GATES.index(gate)}" for gate in gates}
        self.shown = [name for name, checks in STEPS.items() if checks[0][0] != "G" or checks[0] in asked]
        self.by: Counter[str] = Counter()

    def gave_up(self, reasons: Mapping[str, int]) -> None:
        """Trees that never were finished."""
        self.begun += sum(reasons.values())
        self.gone[GROWN] += sum(reasons.values())
        self.lost[GROWN].update(reasons)

    def rejected(self, failed: Sequence[str]) -> None:
        self.begun += 1
        step = next(name for name, checks in STEPS.items() if not set(checks).isdisjoint(failed))
        self.gone[step] += 1
        self.lost[step].update(check for check in failed if check in STEPS[step])

    def accepted(self, written_by: str) -> None:
        self.begun += 1
        self.by[written_by] += 1

    @property
    def grown(self) -> int:
        return self.begun - self.gone[GROWN]

    def report(self) -> list[dict[str, Any]]:
        left = self.begun
        found = [{"step": BEGUN, "left": left, "lost": {}}]
        for name in (GROWN, *self.shown):
            left -= self.gone[name]
            found.append({"step": name, "left": left, "lost": dict(sorted(self.lost[name].items()))})
        return found
