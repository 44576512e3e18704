"""What the command says to a person, on stderr: lines, a bar of progress, and an error as one line."""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from infoseek_offline.errors import InfoseekError

FULL = "the disk is full: free some space and run the same command again"


class Ordered(click.Group):
    """Commands in pipeline order, and errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InfoseekError as error:
            click.echo(f"infoseek: {error}", err=True)
            ctx.exit(error.exit_code)
        except sqlite3.Error as error:
            broken = f"a database can't be read or written ({error}): build the corpus again with 'infoseek corpus build DUMP'"
            click.echo(f"infoseek: {FULL if 'full' in str(error) else broken}", err=True)
            ctx.exit(1)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                ctx.exit(1)
            what = FULL if error.errno == errno.ENOSPC else error.strerror
            click.echo(f"infoseek: {error.filename or 'cannot read or write'}: {what or error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("infoseek: interrupted: run the same command again to go on", err=True)
            ctx.exit(130)
        except MemoryError:
            click.echo("infoseek: out of memory: use fewer --workers, or a machine with more", err=True)
            ctx.exit(1)


@contextmanager
def progress(label: str, total: int = 0) -> Iterator[Any]:
    """A callable (stage, done[, total]) that draws a bar with rate and time left on a terminal; silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total=0: None
        return
    from tqdm import tqdm

    bar = tqdm(total=total or None, desc=label, unit="", unit_scale=True, dynamic_ncols=True)
    at = ""

    def show(stage: str, done: int, total: int = 0) -> None:
        nonlocal at
        if total and stage != at:  # each stage has its own rate and time left
            bar.reset(total)
        at = stage
        bar.set_description(f"{label}: {stage}", refresh=False)
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        bar.close()


def say(text: str) -> None:
    click.echo(text, err=True)


# Namespaces in which extensions keep their own: properties, concepts, widgets, modules, translations, gadgets, threads.
_OWNED = (102, 108, 274, 710, 828, 1198, 2300, 2302, 2600)


def say_left_out(manifest: dict[str, Any]) -> None:
    """That more pages than were read stand in other namespaces, where these may hold a wiki's content."""
    others = [
        (count, name)
        for number, name, count in manifest["other namespaces"]
        if number % 2 == 0 and (number in (0, 4) or (number >= 100 and number not in _OWNED))
    ]
    if sum(count for count, _ in others) > manifest["pages"]["total"]:
        most = ", ".join(f"{name} {count:,}" for count, name in sorted(others, reverse=True)[:6])
        say(f"left out: pages of other namespaces ({most}); --namespace NAME reads one, --namespace main the articles besides")


def say_faults(faults: dict[str, Any]) -> None:
    """What could not be read of a dump: the first few, and where all are named."""
    for page, offset, reason in faults["named"][:3]:
        say(f"not read, or mended: {f'page {page!r}, ' if page else ''}offset {offset}: {reason}")
    if faults["count"] > 3:
        say(f"and {faults['count'] - 3:,} more faults, named in manifest.json (--strict makes them an error)")
