"""cusp studio."""

from pathlib import Path
from typing import Annotated

import typer


def studio(
    model: Annotated[str, typer.Argument(help="A model folder; default is the one in the package.")] = "default",
    library: Annotated[Path | None, typer.Option(help="A library to browse, and to save clips in.")] = None,
    learned: Annotated[
        Path | None, typer.Option(help="A learned world to play in: the model/ of a run of cusp train --dynamics.")
    ] = None,
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Runs at the same time; the others wait in a queue.")] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Open the studio: make, play and judge worlds on a page of this machine, until Ctrl-C.

    The address that it prints carries a token: who has it can use the studio, nobody else can.

    Examples:

      cusp studio

      cusp studio runs/first/model --library worlds.lance --no-open
    """
    from dataclasses import replace

    from cuspworld.cli.say import say
    from cuspworld.studio.serve import serve
    from cuspworld.studio.settings import Settings

    kept, played = (None if path is None else str(path) for path in (library, learned))
    settings = Settings(model, kept, played)
    if workers is not None:
        settings = replace(settings, workers=workers)
    serve(settings, port, browse, lambda address: say(f"the studio is at {address}\nCtrl-C ends it"))
