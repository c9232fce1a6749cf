"""What an addition to a library did."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from cuspworld.cli.say import plain, say, say_json

if TYPE_CHECKING:
    from cuspworld.library import Addition, Library

_LISTED = 20  # problems that are printed one by one


def tell_addition(addition: Addition, library: Library, as_json: bool) -> None:
    """Print what was added; problems go to standard error. Exit code 3 says that something was left out."""
    _tell(addition, library, as_json)
    if addition.problems:
        raise typer.Exit(3)


def tell_problems(addition: Addition) -> None:
    """Say on standard error what was left out or is in doubt."""
    for what, why in addition.problems[:_LISTED]:
        say(f"left out {plain(what)}: {plain(why)}", error=True)
    if len(addition.problems) > _LISTED:
        say(f"... and {len(addition.problems) - _LISTED} more; --json lists them all", error=True)
    if silent := addition.uncaptioned:
        names = ", ".join(repr(name) for name in silent[:3]) + (", ..." if len(silent) > 3 else "")
        say(f"without a caption: {len(silent)} ({names}); a model learns nothing from their text", error=True)
    if gone := addition.gone:
        names = ", ".join(repr(name) for name in gone[:3]) + (", ..." if len(gone) > 3 else "")
        say(
            f"no longer in their place: {len(gone)} ({names}); their clips stay until `cusp library remove`", error=True
        )
    if addition.replaced:
        say(f"files that changed: {addition.replaced} earlier clips are replaced", error=True)


def _tell(addition: Addition, library: Library, as_json: bool) -> None:
    if as_json:
        facts = {**dataclasses.asdict(addition), "clips": len(library), "path": str(library.path)}
        say_json(facts)
        return
    tell_problems(addition)
    there = f", {addition.present} were there already" if addition.present else ""
    out = f", {len(addition.problems)} left out or in doubt" if addition.problems else ""
    say(f"{plain(library.path)}: {addition.added} clips added{there}{out}; {len(library)} in all")
