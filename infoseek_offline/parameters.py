"""How options of the command are read that are more than a word or a number."""

from __future__ import annotations

import re
from typing import Any

import click


class Span(click.ParamType):
    """ "2-4", or "3" for exactly three."""

    name = "range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        low, _, high = str(value).partition("-")
        if not (low.isascii() and low.isdigit() and (not high or (high.isascii() and high.isdigit()))):
            self.fail(f"{value!r} is no range: give two whole numbers such as 2-4, or one", param, ctx)
        return int(low), int(high or low)


class Shares(click.ParamType):
    """ "chain:2,bush:1": names with weights."""

    name = "mix"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        found = dict.fromkeys(("chain", "bush", "balanced"), 0.0)
        for part in str(value).split(","):
            name, _, weight = part.strip().partition(":")
            if name not in found or not re.fullmatch(r"\d+(\.\d+)?", weight or "1", re.ASCII):
                self.fail(f"{part!r} is no part of a mix: give such as chain:2,bush:1,balanced:1", param, ctx)
            found[name] = float(weight or 1)
        return found


class Level(Span):
    """A name of LEVELS, or a range."""

    name = "level"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        from infoseek_offline.dataset.difficulty import LEVELS

        return LEVELS[value] if value in LEVELS else super().convert(value, param, ctx)


class Gates(click.ParamType):
    """ "closed,bridge", or "all"."""

    name = "gates"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        known = ("closed", "open", "alternatives", "bridge")
        asked = known if value == "all" else tuple(str(value).split(","))
        for gate in asked:
            if gate not in known:
                self.fail(f"no gate {gate!r}: give all, or some of {','.join(known)}", param, ctx)
        return tuple(gate for gate in known if gate in asked)
