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

RIGID = {"Chair", "Ant", "Treadmill", "Puppies", "CoffeeCup", "Collision", "Planets"}
GOALS = {True: 100, False: 20}  # frames/s and core: rigid worlds; liquid, granular and the other fields

# world -> what moves it: "module:function" or "module:class.function"
PYMUNK, WORLDS = "pymunk:Space.step", "cuspworld.worlds."
STEPS: dict[str, tuple[str, ...]] = {
    "Candles": tuple(f"{WORLDS}candles_kernels:{name}" for name in
                     ("advect", "push", "divergence", "subtract_gradient", "carry_heat", "burn")),
    "Chair": ("mujoco:mj_step",),
    "Ant": ("mujoco:mj_step",),
    "Treadmill": ("mujoco:mj_step",),
    "Juice": (PYMUNK, f"{WORLDS}juice:liquid_step"),
    "Puppies": (PYMUNK,),
    "CoffeeCup": (PYMUNK, f"{WORLDS}coffee_cup_kernels:wave_step"),
    "Snow": (PYMUNK, f"{WORLDS}snow_kernels:snow_step"),
    "Collision": (),  # a closed form: no engine
    "Planets": (f"{WORLDS}planets:advance",),
    "Heat": (f"{WORLDS}heat_equation:Plate.evolve",),
    "WindTunnel": (f"{WORLDS}wind_tunnel_kernels:flow_steps", f"{WORLDS}wind_tunnel_kernels:carry"),
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
    chosen = parser.parse_args()
    print(
        f"{chosen.clips} clips a world at {chosen.size}x{chosen.size}; frames per CPU second of one core; shares of it"
    )
    print(f"{'world':<11}{'goal':>5}{'frames/s':>9}{'simulation':>11}{'drawing':>8}{'reset':>6}{'rest':>5}"
          f"{'engine':>8}{'renderer':>9}{'alone':>8}{'x':>6}")  # fmt: skip
    for name in chosen.names or names():
        world = make(name)
        world.record(10_000, seconds=1.0, size=chosen.size)  # compile
        seeds = range(chosen.clips)
        ours = measure(world, seeds, chosen.size, engines=False)
        inside = measure(world, seeds, chosen.size, engines=True)
        shares = [ours[key] / ours["total"] for key in ("simulation", "drawing", "reset")]
        shares.append(1 - sum(shares))
        words = [f"{100 * share:.0f} %" for share in shares]
        engines = [inside[key] / inside["total"] for key in ("engine", "renderer")]
        words += [f"{100 * share:.0f} %" if share else "-" for share in engines]
        speed = ours["frames"] / ours["total"]
        alone = [f"{speed / sum(engines):.0f}", f"{1 / sum(engines):.1f}"] if sum(engines) else ["-", "-"]
        print(f"{name:<11}{GOALS[name in RIGID]:>5}{speed:>9.0f}{words[0]:>11}{words[1]:>8}{words[2]:>6}{words[3]:>5}"
              f"{words[4]:>8}{words[5]:>9}{alone[0]:>8}{alone[1]:>6}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
