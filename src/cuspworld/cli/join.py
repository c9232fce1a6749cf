"""cusp join."""

from pathlib import Path
from typing import Annotated

import typer


def join(
    models: Annotated[list[str], typer.Argument(help="Model folders, each of one kind of clips.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the joined model.")],
) -> None:
    """Join models that were trained on the latents of one codec: one model that draws what each of them draws.

    Example:

      cusp train juice.lance -o runs/juice --preset expert --codec worlds

      cusp train candles.lance -o runs/candles --preset expert --codec worlds

      cusp join runs/juice/model runs/candles/model -o both
    """
    from cuspworld.cli.say import plain, say
    from cuspworld.errors import CuspError
    from cuspworld.simulator.join import join as joined
    from cuspworld.simulator.simulator import Simulator

    if output.exists():
        raise CuspError(f"{plain(output)} is there already: give -o a new folder")
    model = joined([Simulator.from_pretrained(name) for name in models])
    model.save_pretrained(output)
    say(f"{plain(output)}: {', '.join(kind.name for kind in model.kinds)}")
