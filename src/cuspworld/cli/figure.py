"""cusp figure."""

from pathlib import Path
from typing import Annotated

import typer

NAMES = ("seahorse", "digits")


def figure(
    name: Annotated[str, typer.Argument(help="seahorse or digits.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture, a .png.")],
    seed: int = 0,
    sites: Annotated[int | None, typer.Option(help="Points of the target: 8000 on the seahorse, 6000 digits.")] = None,
    dots: Annotated[int, typer.Option(help="Pixels an inch; the picture is about 12 inches wide.")] = 200,
    data: Annotated[
        Path | None, typer.Option(help="digits: a folder with the four MNIST idx.gz files, or an .npz.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="digits: about a minute, smaller networks and samples.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Make one of the project's figures.

    seahorse: the uniform disk is transported to a seahorse, exactly; where the map tears is drawn in black.

    digits: MNIST digits from flow matching, from flow matching coupled by optimal transport, from the transport map
    averaged over neighbouring cells, and from the extended map that never averages across a tear: side by side, each
    with its share of ambiguous digits.

    Examples:

      cusp figure seahorse -o seahorse.png

      cusp figure digits -o digits.png --data FOLDER
    """
    import sys
    import time

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.errors import CuspError
    from cuspworld.figures.picture import check_picture

    if name not in NAMES:
        raise CuspError(f"no figure {name!r}: the figures are {', '.join(NAMES)}")
    check_picture(output)
    if name == "seahorse":
        from cuspworld.figures.seahorse import draw_seahorse

        if data is not None or quick:
            raise CuspError("--data and --quick are options of `cusp figure digits`: the seahorse needs neither")
        figures = draw_seahorse(output, seed=seed, dots=dots, **({} if sites is None else {"sites": sites}))
        if as_json:
            say_json({"output": str(output), **figures})
            return
        for title, value in figures.items():
            print(f"{title.replace('_', ' '):<24} {value:.4g}")
        say(plain(output))
        return
    from cuspworld.figures.digits_drawing import draw_digits

    started = time.process_time()
    measured = draw_digits(
        output,
        data,
        seed,
        sites,
        dots,
        quick,
        lambda line: print(line, file=sys.stderr if as_json else sys.stdout, flush=True),
    )
    if as_json:
        say_json({"output": str(output), "cpu_seconds": time.process_time() - started, **measured})
        return
    say(f"{plain(output)} ({time.process_time() - started:.0f} CPU seconds)")
