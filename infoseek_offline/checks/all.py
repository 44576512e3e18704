"""The checks in the order in which they run: the cheap ones first, those that need the index last."""

from __future__ import annotations

from collections.abc import Sequence

from infoseek_offline.checks import attack, minimality, retrieval, shortcuts, surface, uniqueness
from infoseek_offline.checks.problem import Check, Problem
from infoseek_offline.records import Verdict

STRUCTURE: dict[str, Check] = {
    "U1": uniqueness.check_u1, "U2": uniqueness.check_u2,
    "M1": minimality.check_m1, "M2": minimality.check_m2, "M3": minimality.check_m3, "M4": minimality.check_m4,
    "X1": shortcuts.check_x1, "X2": shortcuts.check_x2, "X3": shortcuts.check_x3,
    "X4": attack.check_x4, "X5": attack.check_x5,
}  # fmt: skip
SURFACE: dict[str, Check] = {"L1": surface.check_l1}
SEARCH: dict[str, Check] = {"R1": retrieval.check_r1, "R2": retrieval.check_r2}
ALL = {**STRUCTURE, **SURFACE, **SEARCH}


def run_checks(problem: Problem, checks: dict[str, Check]) -> tuple[bool, Sequence[Verdict]]:
    """All verdicts of one group; a group is run whole, so that a rejected tree shows all that is wrong with it."""
    verdicts = [check(problem) for check in checks.values()]
    return all(v.passed for v in verdicts), verdicts
