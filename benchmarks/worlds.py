"""Frames per second and core of every world at 64x64: simulation, drawing, and how far both are from the engines alone.

    python benchmarks/worlds.py [NAMES] [--clips 20] [--size 64]

CPU seconds of one process. `engine` is the time inside what moves the world: pymunk's `Space.step`, MuJoCo's `mj_step`,
our compiled kernels, the heat equation's sine transforms; `renderer` is the time inside MuJoCo's own drawing. `alone`
is what the engines alone would do, `x` how many times slower the whole recording is.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cuspworld.worlds import make, names
from cuspworld.worlds.world import World
from results import Table, add_argument

RIGID = {"Chair", "Ant", "Treadmill", "Puppies", "CoffeeCup", "Collision", "Planets"}
GOALS = {True: 100, False: 20}  # frames/s and core: rigid worlds; liquid, granular and the other fields

# world -> what moves it: "module:function" or "module:class.function"
PYMUNK, WORLDS = "pymunk:Space.step", "cuspworld.worlds."
STEPS: dict[str, tuple[str, ...]] = {
    "Candles": tuple(f"{WORLDS}candles.kernels:{name}" for name in
                     ("advect", "push", "divergence", "subtract_gradient", "carry_heat", "burn")),
    "Chair": ("mujoco:mj_step",),
    "Ant": ("mujoco:mj_step",),
    "Treadmill": ("mujoco:mj_step",),
    "Juice": (PYMUNK, f"{WORLDS}juice.world:liquid_step"),
    "Puppies": (PYMUNK,),
    "CoffeeCup": (PYMUNK, f"{WORLDS}coffee_cup.kernels:wave_step"),
    "Snow": (PYMUNK, f"{WORLDS}snow.kernels:snow_step"),
    "Collision": (),  # a closed form: no engine
    "Planets": (f"{WORLDS}planets.world:advance",),
    "Heat": (f"{WORLDS}heat.equation:Plate.evolve",),
    "WindTunnel": (f"{WORLDS}wind_tunnel.kernels:flow_steps", f"{WORLDS}wind_tunnel.kernels:carry"),
}  # fmt: skip
RENDERER = ("mujoco:mjv_updateScene", "mujoco:mjr_render", "mujoco:mjr_readPixels")


@contextmanager
def clocked(owner: Any, name: str, spent: dict[str, float], key: str) -> Iterator[None]:
    """Add the CPU seconds inside `owner.name` to spent[key] while this context lasts."""
    function: Callable = getattr(owner, name)
    own = name in vars(owner)

    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[key] += time.process_time() - start

    setattr(owner, name, timed)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, function)
        else:
            delattr(owner, name)


def owner_of(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    return owner, name


def measure(world: World, seeds: range, size: int, engines: bool) -> dict[str, float]:
    """CPU seconds of recording these seeds, and the number of frames. `engines`: of the engines, else of our parts."""
    spent = dict.fromkeys(("reset", "simulation", "drawing", "engine", "renderer"), 0.0)
    with ExitStack() as clocks:
        if engines:
            for place in STEPS[world.name]:
                clocks.enter_context(clocked(*owner_of(place), spent, "engine"))
            if STEPS[world.name] == ("mujoco:mj_step",):
                for place in RENDERER:
                    clocks.enter_context(clocked(*owner_of(place), spent, "renderer"))
        else:
            for name, key in (("begin", "reset"), ("advance", "simulation"), ("picture", "drawing")):
                clocks.enter_context(clocked(world, name, spent, key))
        start = time.process_time()
        frames = sum(len(world.record(seed, size=size)) for seed in seeds)
        total = time.process_time() - start
    return {**spent, "total": total, "frames": frames}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="2 clips a world")
    add_argument(parser)
    chosen = parser.parse_args()
    chosen.clips = 2 if chosen.quick else chosen.clips
    print(
        f"{chosen.clips} clips a world at {chosen.size}x{chosen.size}; frames per CPU second of one core; shares of it"
    )
    with Table("worlds", chosen.save) as table:
        run(chosen, table)


def run(chosen: argparse.Namespace, table: Table) -> None:
    for name in chosen.names or names():
        world = make(name)
        world.record(10_000, seconds=1.0, size=chosen.size)  # compile
        seeds = range(chosen.clips)
        ours = measure(world, seeds, chosen.size, engines=False)
        inside = measure(world, seeds, chosen.size, engines=True)
        shares = {f"{key}, %": 100 * ours[key] / ours["total"] for key in ("simulation", "drawing", "reset")}
        shares["rest, %"] = 100 - sum(shares.values())
        engines = {f"{key}, %": 100 * inside[key] / inside["total"] or None for key in ("engine", "renderer")}
        speed, share = (
            ours["frames"] / ours["total"],
            sum(inside[key] for key in ("engine", "renderer")) / inside["total"],
        )
        alone = {"alone, frames/s": speed / share, "x": 1 / share} if share else {"alone, frames/s": None, "x": None}
        goal = GOALS[name in RIGID]
        table.add({"world": name, "goal, frames/s": goal, "frames/s": speed, **shares, **engines, **alone})


if __name__ == "__main__":
    main()
