"""cusp explore: which experiments would teach it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cuspworld.cli.parse import parse_number, parse_size, parse_world
from cuspworld.cli.say import plain, say, say_json
from cuspworld.errors import CuspError


def explore(
    world: Annotated[str, typer.Argument(help="A world, MODULE:CLASS of your own, or a Gymnasium id.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the search; one that was stopped goes on there.")
    ] = Path("explored"),
    acquisition: Annotated[str, typer.Option(help="Who chooses.")] = "singular-set",
    budget: Annotated[int, typer.Option(help="Simulations, those of the beginning too.")] = 100,
    pool: Annotated[int, typer.Option(help="Candidates.")] = 20_000,
    batch: Annotated[int, typer.Option(help="Simulations between two choices.")] = 10,
    ranges: Annotated[
        list[str] | None, typer.Option("--range", help="NAME=LOW:HIGH, a parameter that varies; may be repeated.")
    ] = None,
    library: Annotated[Path | None, typer.Option(help="Record the chosen experiments into this library.")] = None,
    size: Annotated[str, typer.Option(help="Pixels of the recorded clips.")] = "64",
    steps: Annotated[int | None, typer.Option(min=1, help="Of a run of an environment that is no world.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Which experiments would teach it? Simulations are chosen one batch after the other, by what was seen so far.

    Acquisitions: random, sobol, latent-distance, ensemble, straddle (looks at branches), horizons, singular-set.
    Exit codes: 0 done, 2 bad input, 3 some simulations failed (they are named), and the others stand.

    Examples:

      cusp explore Collision --budget 200 -o explored

      cusp explore Juice --range push=0.1:0.5 --range fill=0.2:0.8 --library chosen.lance

      cusp explore mine:Pendulum --range length=0.5:2 --acquisition latent-distance

      cusp explore CartPole-v1 --range low=-0.2:0 --range high=0.01:0.2 --library poles.lance
    """
    from cuspworld.explore.experiments import experiments
    from cuspworld.explore.search import explore as search
    from cuspworld.files import written_whole

    what = experiments(parse_world(world), _ranges(ranges) if ranges else None, steps=steps)
    found = search(what, acquisition, budget, pool=pool, batch=batch, seed=seed, folder=output, shown=True)
    rows = [{**options, "branch": branch} for options, branch in zip(found.options(), found.branches, strict=True)]
    summary: dict[str, Any] = {
        "world": what.name, "acquisition": acquisition, "seed": seed, "pool": pool, "experiments": rows,
        "failed": {str(k): why for k, why in found.failed.items()},
    }  # fmt: skip
    for name, text in (("experiments.json", json.dumps(summary, indent=1) + "\n"), ("where.svg", found.picture())):
        with written_whole(output / name) as aside:
            aside.write_text(text)
    if library is not None:
        _record(found, library, parse_size(size))
    if as_json:
        say_json(summary)
    else:
        counts = {branch: found.branches.count(branch) for branch in dict.fromkeys(found.branches)}
        say(
            f"{len(rows)} experiments of {what.name}: "
            + ", ".join(f"{n} {b or 'of no branch'}" for b, n in counts.items())
        )
        say(f"{output}/experiments.json, {output}/where.svg" + (f", {library}" if library else ""))
    if len(rows) > 1 and (found.states == found.states[0]).all():
        say("every experiment came out alike: does its reset read these options?", error=True)
    for index, why in list(found.failed.items())[:5]:
        say(f"experiment {index} failed: {plain(why)}", error=True)
    if found.failed:
        raise typer.Exit(3)


def _ranges(texts: list[str]) -> dict[str, tuple[float, float]]:
    found = {}
    for text in texts:
        name, equals, ends = text.partition("=")
        low, colon, high = ends.partition(":")
        if not (equals and colon and name.strip()):
            raise CuspError(f"--range takes NAME=LOW:HIGH, as in --range push=0.1:0.5: got {text!r}")
        found[name.strip()] = (parse_number(name, low), parse_number(name, high))
    return found


def _record(found: Any, library: Path, size: Any) -> None:
    from cuspworld.checks import image_size
    from cuspworld.explore.filming import film
    from cuspworld.library import Library

    pixels = image_size(size, 8)
    good = [options for k, options in zip(found.chosen, found.options(), strict=True) if int(k) not in found.failed]
    clips = (film(found.experiments, options, pixels) for options in good)
    Library.open_or_create(library).add(clips, f"explored by {found.acquisition}")
