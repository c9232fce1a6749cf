"""cusp worlds, cusp record."""

from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def worlds(
    name: Annotated[str | None, typer.Argument(help="One world in full; MODULE:CLASS for one of yours.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List the first-principles worlds, or everything about one.

    Examples:

      cusp worlds

      cusp worlds Juice

      cusp worlds --json
    """
    from cuspworld import worlds as room
    from cuspworld.cli.describe import describe_world, print_world
    from cuspworld.cli.parse import parse_world
    from cuspworld.cli.say import plain, say, say_json

    if name:
        name = parse_world(name)
    if as_json:
        described = [describe_world(world) for world in ([name] if name else room.names())]
        say_json(described[0] if name else described, indent=2)
    elif name:
        print_world(describe_world(name))
    else:
        for world in room.names():
            say(f"{world:<12} {plain(room.describe(world))}")
        say("\nOne in full: cusp worlds NAME.   A clip: cusp record NAME -o clip.mp4")


def record(
    world: Annotated[str, typer.Argument(help="Its name: `cusp worlds` lists them; MODULE:CLASS for yours.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A library (.lance), or one mp4, webm, gif, png.")],
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, help="Seeds, from --seed on; a library takes many.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    seconds: Annotated[float | None, typer.Option(help="Default: the world's own.")] = None,
    size: Annotated[str, typer.Option(help="Pixels a side, or HEIGHTxWIDTH.")] = "64",
    fps: Annotated[float | None, typer.Option(help="Default: the world's own (10).")] = None,
    twin: Annotated[str | None, typer.Option(help="Break this law: `cusp worlds WORLD` lists the twins.")] = None,
    split: Annotated[
        str, typer.Option(help="Parameter ranges: train, out, recombination; varied is train, filmed in many ways.")
    ] = "train",
    preset: Annotated[str | None, typer.Option(help="A named setting of the world.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Fix a parameter; may be repeated.")
    ] = None,
    caption: Annotated[str, typer.Option(help="rich, poor or none.")] = "rich",
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    truth: Annotated[bool, typer.Option("--truth", help="Beside a video: its truth, as clip.truth.npz.")] = False,
    passes: Annotated[str, typer.Option(help="Into the truth: depth, flow, or depth,flow.")] = "",
    actions: Annotated[
        str | None, typer.Option(help="random: act at random, instead of as the parameters say (for train --dynamics).")
    ] = None,
    workers: Annotated[str, typer.Option(help="Processes, or `ray` for a Ray cluster.")] = "1",
    as_json: AsJson = False,
) -> None:
    """Record clips of a world: one video, or many into a library.

    A library that was interrupted goes on when the same command is given again; what is there is not recorded twice.

    Examples:

      cusp record Juice -o juice.mp4 --seed 3 --size 128

      cusp record Juice -o false.mp4 --seed 1 --twin pouring_skipped

      cusp record Collision -n 10000 -o worlds.lance --workers 2

      cusp record Juice -n 100 -o hard.lance --split out --set friction=0.8

      cusp record Juice -n 100 -o varied.lance --split varied

      cusp record Collision -n 500 -o kicks.lance --actions random

      cusp record Juice -o dusk.mp4 --set time_of_day=dusk --set camera_zoom=0.8

      cusp record pendulum:Pendulum -o pendulum.mp4
    """
    from cuspworld.cli.parse import parse_settings, parse_size, parse_world
    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.errors import CuspError

    world = parse_world(world)
    pixels, options = parse_size(size), parse_settings(settings or [])
    recipe: dict[str, Any] = {
        "seconds": seconds, "size": pixels, "fps": fps, "twin": twin, "caption": caption, "language": language,
        "passes": tuple(filter(None, passes.split(","))), "actions": actions,
    }  # fmt: skip
    if output.suffix.lower() == ".lance":
        if truth:
            raise CuspError("--truth is for videos: a library keeps every clip's truth anyway")
        from cuspworld.cli.addition import tell_addition
        from cuspworld.library import Library
        from cuspworld.progress import progress_bar

        library = Library.open_or_create(output)
        with progress_bar(f"recording {world}", "clips", shown=True) as progress:
            addition = library.record(
                world, count, seed, workers=workers, progress=progress, split=split, preset=preset, options=options,
                **recipe,
            )  # fmt: skip
        tell_addition(addition, library, as_json)
        return
    if count != 1:
        raise CuspError(f"-n {count} clips need a library: give -o NAME.lance instead of {output}")
    from cuspworld import worlds as room
    from cuspworld.video.files import check_output

    check_output(output)
    made = room.make(world, split=split, preset=preset, **options)
    clip = made.record(seed, **recipe)
    clip.write(output, truth=truth)
    if as_json:
        events = [{"name": e.name, "time": e.time} for e in clip.truth.events] if clip.truth else []
        facts = {"output": str(output), "caption": clip.caption, "frames": len(clip), "fps": clip.fps, "events": events}
        say_json(facts)
    else:
        say(f"{plain(output)}: {plain(clip.caption)}")
