"""Progress on standard error, and what an addition to a library did."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from cuspworld.library import Addition, Library

_LISTED = 20  # problems that are printed one by one


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; yields the function (done, all) that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def tell_addition(addition: Addition, library: Library, as_json: bool) -> None:
    """Print what was added; problems go to standard error. Exit code 3 says that something was left out."""
    _tell(addition, library, as_json)
    if addition.problems:
        raise typer.Exit(3)


def _tell(addition: Addition, library: Library, as_json: bool) -> None:
    if as_json:
        facts = {**dataclasses.asdict(addition), "clips": len(library), "path": str(library.path)}
        print(json.dumps(facts, ensure_ascii=False))
        return
    for what, why in addition.problems[:_LISTED]:
        print(f"left out {what}: {why}", file=sys.stderr)
    if len(addition.problems) > _LISTED:
        print(f"... and {len(addition.problems) - _LISTED} more; --json lists them all", file=sys.stderr)
    if silent := addition.uncaptioned:
        names = ", ".join(repr(name) for name in silent[:3]) + (", ..." if len(silent) > 3 else "")
        print(f"without a caption: {len(silent)} ({names}); a model learns nothing from their text", file=sys.stderr)
    there = f", {addition.present} were there already" if addition.present else ""
    out = f", {len(addition.problems)} left out or in doubt" if addition.problems else ""
    print(f"{library.path}: {addition.added} clips added{there}{out}; {len(library)} in all")
