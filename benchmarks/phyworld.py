"""The published phyworld setting and its repaired default, side by side: two faults, each with its figure in both.

    python benchmarks/phyworld.py

1. Elastic collisions: the relative speed after the contact over that before (1 where energy is conserved), by Box2D as
   published (its velocity threshold makes slow contacts inelastic) and by the default's closed form.
2. The pixel grid: the published parser takes pixel i for the place i / W of a ball that was drawn at i / (W - 1); here
   pixel i is the place (i + 1/2) / W. Error of a ball's centroid read from the mask, over clips, at 128 pixels.
"""

from __future__ import annotations

import argparse

import numpy as np

from cuspworld.worlds import make
from results import Table, add_argument

SPEEDS = (0.2, 0.4, 0.6, 1.0, 2.0, 4.0)  # m/s, of each of two equal balls
SIDE, PIXELS, CLIPS = 10.0, 128, 20


def restitution(engine: str, speed: float) -> float:
    world = make("Collision", engine=engine, radius_1=1.0, radius_2=1.0, speed_1=speed, speed_2=speed)
    state = world.record(0, size=8, seconds=1.0 + 6.0 / speed).truth.state  # type: ignore[union-attr]
    closing = [float(state["ball_1_velocity_x"][k] - state["ball_2_velocity_x"][k]) for k in (0, -1)]
    return -closing[1] / closing[0]


def readings() -> tuple[np.ndarray, np.ndarray]:
    """Places (m) of balls wholly in the picture, and the mean column of their pixels."""
    places, columns = [], []
    world = make("Collision")
    for seed in range(CLIPS):
        truth = world.record(seed, size=PIXELS).truth
        assert truth is not None and truth.masks is not None
        for frame, row in zip(truth.masks, truth.state, strict=True):
            for k in (1, 2):
                x, radius = float(row[f"ball_{k}_x"]), world.values[f"radius_{k}"]
                if radius < x < SIDE - radius and (frame == k).any():
                    places.append(x)
                    columns.append(float(np.nonzero(frame == k)[1].mean()))
    return np.array(places), np.array(columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the same: it takes seconds")
    add_argument(parser)
    with Table("phyworld", parser.parse_args().save) as table:
        run(table)


def run(table: Table) -> None:
    for words, engine in (("restitution as published (Box2D)", "box2d"), ("restitution, default", "exact")):
        speeds = {f"at {speed:g} m/s each": restitution(engine, speed) for speed in SPEEDS}
        table.add({"what": words, **speeds})
    places, columns = readings()
    drawn = places / SIDE * (PIXELS - 1)  # the published picture: place x at pixel x (W - 1)
    for words, read, true in (
        ("as published: drawn at i / (W - 1), read as i / W", drawn / PIXELS * SIDE, places),
        ("default: pixel i is the place (i + 1/2) / W", (columns + 0.5) / PIXELS * SIDE, places),
    ):
        error = np.abs(read - true)
        metres = {"mean error, m": error.mean(), "largest, m": error.max()}
        table.add({"what": words, "balls": len(places), **metres, "largest, pixels": error.max() / SIDE * PIXELS})


if __name__ == "__main__":
    main()
