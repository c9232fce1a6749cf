"""How far a long work is: a bar on standard error, or in the notebook that runs it (which needs no widgets)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

Move = Callable[..., None]  # (done, all, text="")

_EVERY = 0.2  # seconds between two pictures of a notebook's bar


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this; never imports IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


@contextmanager
def progress_bar(what: str, unit: str = "", *, shown: bool | None = None) -> Iterator[Move]:
    """Yields the function (done, all, text="") that moves the bar. `shown`: None shows it in notebooks only."""
    notebook = in_notebook()
    if not (notebook if shown is None else shown):
        yield lambda done, total, text="": None
        return
    if notebook:
        bar = _NotebookBar(what, unit)
        try:
            yield bar.move
        finally:
            bar.draw()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    last = TextColumn("{task.fields[text]}")
    with Progress(*columns, TimeRemainingColumn(), last, console=Console(stderr=True)) as drawn:
        task = drawn.add_task(what, total=None, text="")
        yield lambda done, total, text="": drawn.update(task, completed=done, total=total, text=text)


class _NotebookBar:
    """One output of a cell that is drawn over and over."""

    def __init__(self, what: str, unit: str):
        self.what, self.unit, self.done, self.total, self.text = what, unit, 0, 0, ""
        self.began = time.monotonic()
        self.drawn = -_EVERY
        self.handle: Any = None

    def move(self, done: int, total: int | None, text: str = "") -> None:
        self.done, self.total, self.text = done, total or 0, text
        if time.monotonic() - self.drawn >= _EVERY:
            self.draw()

    def draw(self) -> None:
        from IPython.display import HTML, display

        self.drawn = time.monotonic()
        picture = HTML(self.html())
        if self.handle is None:
            self.handle = display(picture, display_id=True)
        else:
            self.handle.update(picture)

    def html(self) -> str:
        count = f"{self.done:,} of {self.total:,}" if self.total else f"{self.done:,}"
        said = f"{self.what}: {count} {self.unit}, {time.monotonic() - self.began:.0f} s {self.text}"
        place = f' value="{self.done}" max="{self.total}"' if self.total else ""
        return f"<progress{place}></progress> {escape(said.strip())}"
