"""cusp show, cusp info."""

from pathlib import Path
from typing import Annotated, Any

import typer


def show(
    file: Annotated[Path, typer.Argument(help="A video, or a library (a row a clip).")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The PNG; default: the video's name, here.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(help="Frames on the sheet (of a clip); default 16, of a library 8.")
    ] = None,
    columns: Annotated[int | None, typer.Option(help="Frames side by side.")] = None,
    clips: Annotated[int, typer.Option(min=1, max=100, help="Clips of a library, spread evenly over it.")] = 8,
    start: Annotated[float, typer.Option(help="Begin here, in seconds.")] = 0.0,
    seconds: Annotated[float | None, typer.Option(help="Show so many seconds.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Of a damaged file, what can be read.")] = False,
) -> None:
    """Make a contact sheet (PNG) of a video, or of a library's clips.

    Examples:

      cusp show juice.mp4 -o juice.png

      cusp show juice.mp4 -o pour.png --start 1 --seconds 0.8 --frames 8

      cusp show worlds.lance -o worlds.png
    """
    from cuspworld.cli.say import plain, say
    from cuspworld.errors import CuspError
    from cuspworld.video.contact_sheet import write_contact_sheet

    output = output or Path(f"{file.stem}.png")
    if output.suffix.lower() != ".png":
        raise CuspError(f"a contact sheet is a PNG: give -o NAME.png instead of {output}")
    if file.is_dir():
        from cuspworld.cli.sheet import write_library_sheet

        write_library_sheet(output, file, clips, 8 if frames is None else frames, columns)
    else:
        from cuspworld.video.files import probe, stream_video

        info = probe(file)
        chunks = (c for c, _ in stream_video(file, 16, start=start, seconds=seconds, partial=partial))
        options: dict[str, Any] = {"caption": info.caption, "columns": columns, "start": start}
        write_contact_sheet(output, chunks, info.fps, frames=16 if frames is None else frames, **options)
    say(plain(output))


def info(
    path: Annotated[
        Path, typer.Argument(help="A model folder, a library, or a video file; `default`: the shipped model.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say what a model, a library or a video file holds.

    Examples:

      cusp info juice.mp4

      cusp info worlds.lance --json

      cusp info default
    """
    from cuspworld.cli.describe import describe_path
    from cuspworld.cli.say import plain, say, say_json

    if str(path) == "default" and not path.exists():
        from cuspworld.simulator.folder import DEFAULT

        path = DEFAULT
    facts = describe_path(path)
    if as_json:
        say_json(facts, indent=2)
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            say(f"{plain(name)}:")
            for key, entry in value.items():
                say(f"  {plain(key)}: {plain(_text(entry))}")
        else:
            say(f"{name}: {plain(_text(value))}")


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else "unknown" if value is None else str(value)
