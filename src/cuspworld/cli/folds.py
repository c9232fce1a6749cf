"""cusp folds, cusp map."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Argument(help="A model folder; default is the one in the package.")]
Page = Annotated[Path, typer.Option("--output", "-o", help="The page, one HTML file.")]


def folds(
    model: Model = "default",
    output: Page = Path("folds.html"),
    events: Annotated[int, typer.Option(min=0, max=100, help="Critical events shown as film strips.")] = 8,
    seed: int = 0,
) -> None:
    """Draw where a model's worlds fold: branches, the passages that were recorded, those that are forbidden.

    Examples:

      cusp folds -o folds.html

      cusp folds runs/first/model -o folds.html --events 20
    """
    from cuspworld.cli.say import say
    from cuspworld.files import written_whole
    from cuspworld.simulator.folds_page import folds_page

    simulator = _with_paths(model, output)
    found = simulator.critical_events(events, seed=seed) if events else []
    with written_whole(output) as aside:
        aside.write_text(folds_page(simulator, found))
    for kind in simulator.kinds:
        say(f"{kind.name or 'all clips'}: {int(kind.branches.max()) + 1} branches")
    say(f"{output}: {len(found)} critical events")


def map(
    model: Model = "default",
    output: Page = Path("map.html"),
    kind: Annotated[str | None, typer.Option(help="Which kind of clips; default the one with most passages.")] = None,
    seed: int = 0,
) -> None:
    """Draw a model's manifold of states in two dimensions, with a walk across a fold and the way that exists.

    Examples:

      cusp map -o map.html --kind Juice
    """
    from cuspworld.cli.say import say
    from cuspworld.files import written_whole
    from cuspworld.simulator.map_page import map_page

    simulator = _with_paths(model, output)
    page, told = map_page(simulator, kind, seed)
    with written_whole(output) as aside:
        aside.write_text(page)
    say(f"{output}: {told}")


def _with_paths(model: str, output: Path):  # type: ignore[no-untyped-def]
    """The model, which must have paths; the output must be a page's name."""
    from cuspworld.errors import CuspError
    from cuspworld.simulator.simulator import Simulator

    if output.suffix.lower() not in (".html", ".htm"):
        raise CuspError(f"the page is an HTML file: give -o NAME.html instead of {output}")
    simulator = Simulator.from_pretrained(model)
    if not simulator.kinds:
        raise CuspError(f"{model} has no paths: it was trained without scene codes; train it again with cusp train")
    return simulator
