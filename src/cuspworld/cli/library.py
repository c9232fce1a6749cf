"""cusp library."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Action(StrEnum):
    show = "show"
    stats = "stats"
    remove = "remove"
    clean = "clean"


def library(
    action: Annotated[
        Action, typer.Argument(help="show: a page; stats: facts; remove: take clips out; clean: give up old versions.")
    ],
    path: Annotated[Path, typer.Argument(metavar="LIBRARY", help="What `cusp record` or `cusp ingest` wrote.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="show: the page, NAME.html.")] = None,
    clips: Annotated[int, typer.Option(min=1, max=5000, help="show: so many have thumbnails.")] = 240,
    vectors: Annotated[str, typer.Option(help="show: the column that the map is drawn from.")] = "latents",
    where: Annotated[str, typer.Option(help="remove: SQL on the columns, which clips.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Look into a library, and take clips out of it.

    The page is one file that fetches nothing: thumbnails that play under the pointer, captions, a map of the latents
    where there are some, duplicates side by side. Clips that are removed stay in the version before until `clean`.

    Examples:

      cusp library show real.lance -o real.html

      cusp library stats real.lance

      cusp library remove real.lance --where "duplicate_of is not null"

      cusp library remove real.lance --where "source = 'old.mp4'"
    """
    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.errors import CuspError
    from cuspworld.library import Library

    opened = Library.open(path)
    facts: dict[str, Any]
    if action is Action.stats:
        facts = opened.statistics()
        if as_json:
            say_json(facts, indent=2)
        else:
            for name, value in facts.items():
                say(f"{name.replace('_', ' '):<22} {plain(_text(value))}")
        return
    if action is Action.show:
        from cuspworld.library.pages import write_page

        page = write_page(opened, output or Path(f"{path.stem}.html"), clips, vectors)
        facts, text = {"output": str(page), "clips": len(opened)}, str(page)
    elif action is Action.remove:
        if not where:
            raise CuspError("remove needs --where, SQL on the columns: --where \"source = 'old.mp4'\"")
        count = opened.remove(where)
        facts = {"removed": count, "clips": len(opened)}
        text = f"{path}: {count} clips removed; {len(opened)} in all; `cusp library clean` gives up the version before"
    else:
        names = opened.versions()
        opened.forget()
        facts = {"forgotten": names, "clips": len(opened)}
        text = f"{path}: {len(names)} old versions given up; {len(opened)} clips in all"
    if as_json:
        say_json(facts)
    else:
        say(plain(text))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(entry)}" for key, entry in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
