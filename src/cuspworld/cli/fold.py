"""cusp fold."""

from pathlib import Path
from typing import Annotated

import typer


def fold(
    points: Annotated[
        Path | None, typer.Argument(help="A .npy, .npz or .csv file with an array (N, d).", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Draw the map: a .png.")] = None,
    example: Annotated[str | None, typer.Option(help="Points to try it on: moons, rings or clusters.")] = None,
    source: Annotated[str, typer.Option(help="gaussian, ball or cube.")] = "gaussian",
    tolerance: Annotated[float, typer.Option(help="RMS relative error of the cell masses.")] = 0.05,
    seed: int = 0,
    max_seconds: Annotated[
        float | None, typer.Option(help="Stop there, with a warning, though the tolerance is not reached.")
    ] = None,
    dots: Annotated[int, typer.Option(help="Pixels an inch; the picture is 12.4 inches wide.")] = 160,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Solve optimal transport from noise to any array of points; find its branches; draw its map.

    Where the map jumps, two points of the data face each other across a place without data: the critical pairs.

    Examples:

      cusp fold --example moons -o fold.png

      cusp fold points.csv -o fold.png

      cusp fold points.npy --source ball --tolerance 0.1 --json
    """
    import warnings

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.errors import CuspError, CuspWarning
    from cuspworld.figures.fold import draw_fold, find_fold
    from cuspworld.figures.picture import check_picture
    from cuspworld.figures.points import example_points, read_points
    from cuspworld.transport.sampled.sources import NAMES

    if source not in NAMES:
        raise CuspError(f"--source must be {', '.join(NAMES)}: got {source!r}")
    if output is not None:
        check_picture(output)
    if example is not None and points is None:
        array = example_points(example)
    elif points is not None and example is None:
        array = read_points(points)
    else:
        raise CuspError("name a file of points, or an example: cusp fold --example moons")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CuspWarning)
        found = find_fold(array, source, tolerance, seed, max_seconds)
        summary = found.summary()
        if output is not None:
            draw_fold(output, found, dots)
    for warning in caught:
        if issubclass(warning.category, CuspWarning):
            say(f"warning: {plain(warning.message)}", error=True)
    if as_json:
        say_json({**summary, "output": None if output is None else str(output)})
        return
    sizes = summary["branches"]
    more = f", and {len(sizes) - 12} more" if len(sizes) > 12 else ""
    print(f"points          {summary['points']:,} in {summary['dimension']} dimensions")
    print(
        f"error           {summary['error']:.4f} +- {summary['error_standard_error']:.4f} (RMS relative, cell masses)"
    )
    print(f"branches        {len(sizes)}: {', '.join(f'{size:,}' for size in sizes[:12])}{more}")
    torn = f"{summary['singular_facets']:,} of {summary['facets']:,}"
    print(f"singular facets {torn}, beside {100 * summary['singular_mass']:.2f} % of the noise")
    for pair in summary["critical_pairs"][:5]:
        print(f"critical pair   {pair['i']} - {pair['j']}, mass {pair['mass']:.2e}")
    if output is not None:
        say(plain(output))
