"""What a person reads of a run's yield and costs: the funnel step by step, and the model's calls by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infoseek_offline.errors import RunError
from infoseek_offline.files import read_json

WORST = 6  # reasons that are shown of a step


def costs_of(run: Path) -> dict[str, Any]:
    """The funnel, who wrote the questions and the costs, from a finished run's manifest. Raises RunError where there is none."""
    path = run / "manifest.json"
    if not path.is_file():
        raise RunError(f"no finished run in {run} (no {path.name}): make one with 'infoseek data --out {run}'")
    manifest = read_json(path)
    if "funnel" not in manifest:
        raise RunError(f"{path} has no funnel, since it is of another version: make the data set again")
    names = ("accepted", "funnel", "written by", "costs")
    return {name: manifest[name] for name in names if name in manifest}


def costs_as_text(found: dict[str, Any]) -> str:
    lines = ["Trees", *(_step(step) for step in found["funnel"]), f"  {'accepted':<14} {found['accepted']:>9,}"]
    if found["written by"]:
        lines += ["", "Questions in the words of", *(f"  {name:<14} {count:>9,}" for name, count in found["written by"].items())]
    if "costs" not in found:
        return "\n".join([*lines, "", "No language model was asked."])
    costs = found["costs"]
    money = ["money"] if "money" in costs["all"] else []
    heads = " ".join(f"{name:>12}" for name in ("prompt", "answer", "seconds", *money))
    lines += ["", f"{'Calls by stage':<16} {'calls':>9} {'unusable':>9} {heads}"]
    lines += [_cost(stage, figures) for stage, figures in costs["stages"].items()]
    lines += [_cost(name, costs[name]) for name in ("all", "per tree", "per item") if costs[name]]
    judged = {stage: figures for stage, figures in costs["stages"].items() if "proposals" in figures}
    if judged:
        lines += ["", f"{'Proposals':<16} {'made':>9} {'accepted':>9}"]
    for stage, figures in judged.items():
        share = f"{100 * figures['accepted'] / figures['proposals']:.0f} %"
        lines.append(
            f"  {stage:<14} {figures['proposals']:>9,} {figures['accepted']:>9,}  {share:>5}   {_reasons(figures['against'])}"
        )
    return "\n".join(line.rstrip() for line in lines)


def _step(step: dict[str, Any]) -> str:
    return f"  {step['step']:<14} {step['left']:>9,}   {_reasons(step['lost'])}"


def _reasons(lost: dict[str, int]) -> str:
    worst = sorted(lost.items(), key=lambda one: (-one[1], one[0]))
    more = [f"and {len(worst) - WORST} reasons more"] if len(worst) > WORST else []
    return ", ".join([f"{reason} {count:,}" for reason, count in worst[:WORST]] + more)


def _cost(name: str, figures: dict[str, Any]) -> str:
    unusable = f"{figures['unusable']:,}" if "unusable" in figures else ""
    money = f" {figures['money']:>12,.4f}" if "money" in figures else ""
    return (
        f"  {name:<14} {figures['calls']:>9,} {unusable:>9} {figures['prompt tokens']:>12,} {figures['completion tokens']:>12,} "
        f"{figures['seconds']:>12,.1f}{money}"
    )
