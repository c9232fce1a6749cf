"""cusp exam: did this model learn the law?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cuspworld.cli.parse import parse_world
from cuspworld.cli.say import say


def exam(
    model: Annotated[
        str, typer.Argument(help="A model folder, default, oracle, or MODULE:OBJECT with continue_clip(...).")
    ] = "default",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the transcript; a stopped exam goes on there.")
    ] = Path("exam"),
    parts: Annotated[str | None, typer.Option(help="Some of the parts, with commas between; default all.")] = None,
    clips: Annotated[int, typer.Option(min=1, help="Questions of each kind.")] = 4,
    size: Annotated[int, typer.Option(min=16, help="Pixels of the frames.")] = 64,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds that one answer may take.")] = 600.0,
    taught: Annotated[
        str | None,
        typer.Option(help="The worlds that it was taught, with commas between."),
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(help="Another of its kind, trained apart from it, for a deep ensemble; may be repeated."),
    ] = None,
    baseline: Annotated[bool, typer.Option("--baseline", help="A simulator without its folds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (transcript.schema.json).")] = False,
) -> None:
    """Did this model learn the law? Tables with their floor, and beside the model what is reached without a law.

    Exit codes: 0 every question was answered, 2 bad input, 3 some were not (the transcript says which, and why).

    Examples:

      cusp exam default -o exam

      cusp exam oracle --parts range

      cusp exam mine:Model --clips 16 --taught Collision

      cusp exam seed0/model --member seed1/model --member seed2/model --parts validity
    """
    from cuspworld.exam.adapters import load
    from cuspworld.exam.examine import examine

    found = load(parse_world(model), baseline)
    knows = getattr(found, "taught", None) if taught is None else _names(taught)
    transcript = examine(
        found, name=getattr(found, "name", "") or model, parts=_names(parts), clips=clips, size=size, seed=seed,
        timeout=timeout, taught=knows, folder=output, shown=True,
        members=[load(parse_world(one), baseline) for one in member or ()],
    )  # fmt: skip
    if as_json:
        print(transcript.to_json(), end="")
    else:
        say(transcript)
        say(f"{output}/transcript.json, {output}/transcript.html", error=True)
    if transcript.failures:
        raise typer.Exit(3)


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
