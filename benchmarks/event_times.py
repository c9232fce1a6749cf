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
from results import Table, add_argument

MODULES = {"Candles": "candles", "Juice": "juice", "Puppies": "puppies", "CoffeeCup": "coffee_cup", "Snow": "snow"}
NUDGE = 1e-9
CLASSES = {"Chair": "chair", "Ant": "ant", "Treadmill": "treadmill"}


def first_instants(name: str, clips: int, share: float, nudge: float = 0.0) -> dict[str, dict[int, float]]:
    """Critical event -> seed -> its first instant (s), with the step multiplied by `share` and gravity by 1 + nudge."""
    module = importlib.import_module(f"cuspworld.worlds.{(MODULES | CLASSES)[name]}.world")
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
    parser.add_argument("--quick", action="store_true", help="2 clips a world")
    add_argument(parser)
    chosen = parser.parse_args()
    chosen.clips = 2 if chosen.quick else chosen.clips
    print(f"{chosen.clips} clips a world; ms by which half a step, and a nudge, move the first event of each kind")
    with Table("event_times", chosen.save) as table:
        run(chosen, table)


def run(chosen: argparse.Namespace, table: Table) -> None:
    for name in chosen.names or [*MODULES, *CLASSES]:
        runs = [first_instants(name, chosen.clips, *how) for how in ((1.0,), (0.5,), (1.0, NUDGE))]
        for event in sorted(set().union(*runs)):
            usual, half, nudged = (run.get(event, {}) for run in runs)
            both, alone = len(usual.keys() & half.keys()), len(usual.keys() ^ half.keys())
            moved = {**spread("half step", usual, half), **spread("nudge", usual, nudged)}
            table.add({"world": name, "event": event, "clips in both": both, "in one only": alone, **moved})


def spread(what: str, one: dict[int, float], other: dict[int, float]) -> dict[str, float | None]:
    """Median and 90 % quantile (ms) of how far the instants of the seeds in both are apart."""
    moved = [1000 * abs(one[seed] - other[seed]) for seed in one.keys() & other.keys()]
    quantiles = {"median": 0.5, "90 %": 0.9}
    return {f"{what}: {q}, ms": float(np.quantile(moved, at)) if moved else None for q, at in quantiles.items()}


if __name__ == "__main__":
    main()
