"""How options of the command are read that are more than a word or a number."""

from __future__ import annotations

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
