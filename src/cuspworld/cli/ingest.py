"""cusp ingest."""

from pathlib import Path
from typing import Annotated

import typer


def ingest(
    folder: Annotated[Path, typer.Argument(help="A folder with videos, in sub-folders too.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The library; made if it is not there.")],
    size: Annotated[str, typer.Option(help="Pixels a side, HEIGHTxWIDTH, or `own`; covered, then cropped.")] = "64",
    fps: Annotated[str, typer.Option(help="Frames a second, or `own`.")] = "10",
    seconds: Annotated[float | None, typer.Option(help="Cut videos into clips of this length.")] = None,
    workers: Annotated[str, typer.Option(help="Processes, or `ray` for a Ray cluster.")] = "1",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Take a folder of videos and captions into a library. A bad file is reported; the others are in.

    Captions: metadata.jsonl, .csv or .tsv (a file and a caption, text or prompt), videos.txt beside prompts.txt, or a
    .txt beside the video. Size and frame rate default to those of `cusp record`, so that both can stand in one library.
    If it is interrupted, give the same command again. Exit code 3: done, but something was left out.

    Examples:

      cusp ingest videos/ -o real.lance

      cusp ingest videos/ -o real.lance --size 128 --fps own --seconds 4 --workers 2
    """
    from cuspworld.cli.addition import tell_addition
    from cuspworld.cli.parse import parse_number, parse_size
    from cuspworld.library.library import Library
    from cuspworld.progress import progress_bar
    from cuspworld.video.folder import videos_of

    pixels = None if size == "own" else parse_size(size)
    rate = None if fps == "own" else parse_number("fps", fps)
    videos_of(folder)  # before a library is made for nothing
    library = Library.open_or_create(output)
    with progress_bar(f"reading {folder}", "files", shown=True) as progress:
        addition = library.ingest(folder, size=pixels, fps=rate, seconds=seconds, workers=workers, progress=progress)
    tell_addition(addition, library, as_json)
