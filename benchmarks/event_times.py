"""How far the instants of critical events move when the simulation's step is halved: the error of `Event.time`.
And how far when gravity changes by a billionth: what no step and no root finder can better.

    python benchmarks/event_times.py [NAMES] [--clips 20]

Seeds 0, 1, ... are recorded at the world's step and at half of it; for every clip in which an event happens in both,
its first instants are compared. The last two columns compare, at the world's step, gravity (in Puppies, which has none,
the eagerness) with the same times 1 + 1e-9: zero but for rounding where the motion is smooth, large where it is
chaotic. Collision (closed form), Planets (event roots of an order-4 integrator), Heat (exact in
time) and WindTunnel's critical speed (exact) do not depend on a step in this way; their tests have their tolerances.
"""

from __future__ import annotations

import argparse
import importlib

import numpy as np

from cuspworld.worlds import make

MODULES = {"Candles": "candles", "Juice": "juice", "Puppies": "puppies", "CoffeeCup": "coffee_cup", "Snow": "snow"}
NUDGE = 1e-9
CLASSES = {"Chair": "chair", "Ant": "ant", "Treadmill": "treadmill"}


def first_instants(name: str, clips: int, share: float, nudge: float = 0.0) -> dict[str, dict[int, float]]:
    """Critical event -> seed -> its first instant (s), with the step multiplied by `share` and gravity by 1 + nudge."""
    module = importlib.import_module(f"cuspworld.worlds.{(MODULES | CLASSES)[name]}")
    owner, key = (module, "STEP") if name in MODULES else (getattr(module, name), "step_length")
    usual = getattr(owner, key)
    setattr(owner, key, usual * share)
    found: dict[str, dict[int, float]] = {}
    try:
        world = make(name)
        force = "gravity" if "gravity" in world.ranges else "eagerness"
        for seed in range(clips):
            world.reset(seed=seed)
            options = {force: world.values[force] * (1 + nudge)} if nudge else None
            truth = world.record(seed, size=8, options=options).truth
            assert truth is not None
            for event in truth.events:
                if event.name in world.critical_events:
                    found.setdefault(event.name, {}).setdefault(seed, event.time)
    finally:
        setattr(owner, key, usual)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--clips", type=int, default=20)
    chosen = parser.parse_args()
    print(f"{chosen.clips} clips a world; ms by which half a step, and a nudge, move the first event of each kind\n")
    print(
        "| world | event | clips in both | in one only | half step: median ms | 90 % ms | nudge: median ms | 90 % ms |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in chosen.names or [*MODULES, *CLASSES]:
        runs = [first_instants(name, chosen.clips, *how) for how in ((1.0,), (0.5,), (1.0, NUDGE))]
        for event in sorted(set().union(*runs)):
            usual, half, nudged = (run.get(event, {}) for run in runs)
            words = [*spread(usual, half), *spread(usual, nudged)]
            both, alone = len(usual.keys() & half.keys()), len(usual.keys() ^ half.keys())
            print(f"| {name} | {event} | {both} | {alone} | {' | '.join(words)} |", flush=True)


def spread(one: dict[int, float], other: dict[int, float]) -> list[str]:
    """Median and 90 % quantile (ms) of how far the instants of the seeds in both are apart."""
    moved = [1000 * abs(one[seed] - other[seed]) for seed in one.keys() & other.keys()]
    return [f"{np.quantile(moved, q):.1f}" if moved else "-" for q in (0.5, 0.9)]


if __name__ == "__main__":
    main()
