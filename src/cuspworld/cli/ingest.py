"""cusp ingest."""

from pathlib import Path
from typing import Annotated

import typer


def ingest(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE...", help="Folders, 'globs', files, http(s):// or s3:// addresses, tars, datasets."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The library; made if it is not there.")],
    size: Annotated[
        str,
        typer.Option(help="Frames of so many pixels a side, or HEIGHTxWIDTH, stored exactly; `own` keeps the files."),
    ] = "own",
    fps: Annotated[str, typer.Option(help="Frames a second, or `own`.")] = "own",
    seconds: Annotated[float | None, typer.Option(help="Cut clips to this length.")] = None,
    shots: Annotated[bool, typer.Option("--shots/--whole", help="A clip a shot, or a file.")] = True,
    workers: Annotated[str, typer.Option(help="Processes, or `ray` for a Ray cluster.")] = "1",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Take videos and captions into a library. A bad file is reported; the others are in.

    A place is a folder (with metadata.jsonl, .csv, .tsv or .parquet, or a .txt beside each video), a glob, a file, an
    address, WebDataset tars, parquet files of `datasets`, a LeRobot dataset (v3), or Gymnasium recordings with NAME.npz
    beside NAME.mp4. The same place again adds nothing; a changed file replaces its clips; if it is interrupted, give
    the same command again. Exit code 3: done, but something was left out.

    Examples:

      cusp ingest videos/ -o real.lance

      cusp ingest 'films/**/*.mp4' https://example.org/clips/ s3://bucket/shards -o real.lance --workers 2

      cusp ingest videos/ -o small.lance --size 64 --fps 10 --seconds 4
    """
    from cuspworld.cli.addition import tell_addition
    from cuspworld.cli.parse import parse_number, parse_size
    from cuspworld.library.library import Addition, Library
    from cuspworld.library.places import open_place
    from cuspworld.progress import progress_bar

    pixels = None if size == "own" else parse_size(size)
    rate = None if fps == "own" else parse_number("fps", fps)
    for place in places:
        open_place(place)  # before a library is made for nothing
    library = Library.open_or_create(output)
    addition = Addition(0, 0, ())
    for place in places:
        with progress_bar(f"reading {place}", "files", shown=True) as progress:
            done = library.ingest(
                place, size=pixels, fps=rate, seconds=seconds, shots=shots, workers=workers, progress=progress
            )
        addition = addition.joined(done)
    tell_addition(addition, library, as_json)
