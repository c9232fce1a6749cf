"""How far the instants of critical events move when the simulation's step is halved: the error of `Event.time`.

    python benchmarks/event_times.py [NAMES] [--clips 20]

Seeds 0, 1, ... are recorded at the world's step and at half of it; for every clip in which an event happens in both,
its first instants are compared. Collision (closed form), Planets (event roots of an order-4 integrator), Heat (exact in
time) and WindTunnel's critical speed (exact) do not depend on a step in this way; their tests have their tolerances.
"""

from __future__ import annotations

import argparse
import importlib

import numpy as np

from cuspworld.worlds import make

MODULES = {"Candles": "candles", "Juice": "juice", "Puppies": "puppies", "CoffeeCup": "coffee_cup", "Snow": "snow"}
CLASSES = {"Chair": "chair", "Ant": "ant", "Treadmill": "treadmill"}


def first_instants(name: str, clips: int, share: float) -> dict[str, dict[int, float]]:
    """Critical event -> seed -> its first instant (s), with the step multiplied by `share`."""
    module = importlib.import_module(f"cuspworld.worlds.{(MODULES | CLASSES)[name]}")
    owner, key = (module, "STEP") if name in MODULES else (getattr(module, name), "step_length")
    usual = getattr(owner, key)
    setattr(owner, key, usual * share)
    found: dict[str, dict[int, float]] = {}
    try:
        world = make(name)
        for seed in range(clips):
            truth = world.record(seed, size=8).truth
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
    print(f"{chosen.clips} clips a world; ms by which half a step moves the first event of each kind\n")
    print("| world | event | clips in both | in one only | median ms | 90 % ms |\n|---|---|---|---|---|---|")
    for name in chosen.names or [*MODULES, *CLASSES]:
        usual, half = (first_instants(name, chosen.clips, share) for share in (1.0, 0.5))
        for event in sorted(usual | half):
            one, other = usual.get(event, {}), half.get(event, {})
            moved = [1000 * abs(one[seed] - other[seed]) for seed in one.keys() & other.keys()]
            words = [f"{np.quantile(moved, q):.1f}" if moved else "-" for q in (0.5, 0.9)]
            alone = len(one.keys() ^ other.keys())
            print(f"| {name} | {event} | {len(moved)} | {alone} | {words[0]} | {words[1]} |", flush=True)


if __name__ == "__main__":
    main()
