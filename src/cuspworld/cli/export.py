"""cusp export."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    library: Annotated[Path, typer.Argument(help="A library that `cusp record` or `cusp ingest` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder.")],
    format: Annotated[str, typer.Option(help="mp4 (files and metadata.jsonl), webdataset or lerobot (v3).")] = "mp4",
    where: Annotated[str | None, typer.Option(help="SQL on the library's columns: which clips.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write a library's clips as others read them. H.264 with 4:2:0 chroma: the library itself is exact.

    Examples:

      cusp export worlds.lance -o videos

      cusp export worlds.lance -o robot --format lerobot --where "world = 'Juice'"

      cusp export worlds.lance -o shards --format webdataset
    """
    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.library import Library
    from cuspworld.library.formats import export as write
    from cuspworld.progress import progress_bar

    opened = Library.open(library)
    chosen = opened.where(where) if where else opened[:]
    with progress_bar(f"exporting {plain(library)}", "clips", shown=True) as move:
        pairs = zip(chosen.column("key"), chosen, strict=True)
        count = write(pairs, output, format, lambda done: move(done, len(chosen)))
    if as_json:
        say_json({"output": str(output), "format": format, "clips": count})
        return
    say(f"{plain(output)}: {count} clips as {format}")
