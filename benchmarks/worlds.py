"""Frames per second and core of every world at 64x64, and the share of critical frames in ordinary recordings.

`python benchmarks/worlds.py [NAMES] [--quick]`. CPU seconds of one process. `engine` is the simulation without drawing,
and where a world runs on pymunk, the time inside pymunk's own `Space.step`: the distance to the engine alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import pymunk

from cuspworld.worlds import make, names
from cuspworld.worlds.base import World


class Clock:
    """CPU seconds spent inside a function that it wraps."""

    def __init__(self, function: Callable):
        self.function, self.seconds = function, 0.0

    def __call__(self, *arguments):
        start = time.process_time()
        try:
            return self.function(*arguments)
        finally:
            self.seconds += time.process_time() - start


def timed(world: World, seeds: range, size: int) -> dict[str, float]:
    """CPU seconds of recording these seeds: all, reset, simulation, drawing, pymunk; frames, and the critical ones."""
    clocks = {"reset": Clock(world._begin), "simulate": Clock(world._advance), "draw": Clock(world._picture)}
    world._begin, world._advance, world._picture = clocks["reset"], clocks["simulate"], clocks["draw"]  # type: ignore
    step = pymunk.Space.step
    engine = Clock(step)
    pymunk.Space.step = lambda self, dt: engine(self, dt)  # type: ignore
    frames = critical = 0
    start = time.process_time()
    try:
        for seed in seeds:
            clip = world.record(seed, size=size)
            frames += len(clip)
            if clip.truth is not None:
                critical += int(world.critical_frames(clip.truth, clip.fps).sum())
    finally:
        pymunk.Space.step = step  # type: ignore
        del world._begin, world._advance, world._picture
    total = time.process_time() - start
    return {"total": total, **{k: c.seconds for k, c in clocks.items()}, "engine": engine.seconds, "frames": frames,
            "critical": critical}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="three clips a world")
    chosen = parser.parse_args()
    clips = 3 if chosen.quick else chosen.clips
    print(f"{clips} clips a world at {chosen.size}x{chosen.size}; per CPU second of one core")
    print(f"{'world':<11}{'frames/s':>10}{'simulation':>12}{'drawing':>9}{'reset':>7}{'rest':>6}{'in pymunk':>11}"
          f"{'frames':>8}{'critical':>10}")  # fmt: skip
    for name in chosen.names or names():
        world = make(name)
        world.record(10_000, seconds=0.3, size=chosen.size)  # compile
        t = timed(world, range(clips), chosen.size)
        rest = t["total"] - t["reset"] - t["simulate"] - t["draw"]
        shares = [f"{100 * value / t['total']:.0f} %" for value in (t["simulate"], t["draw"], t["reset"], rest)]
        engine = f"{100 * t['engine'] / t['total']:.0f} %" if t["engine"] else "-"
        print(f"{name:<11}{t['frames'] / t['total']:>10.0f}{shares[0]:>12}{shares[1]:>9}{shares[2]:>7}{shares[3]:>6}"
              f"{engine:>11}{t['frames']:>8}{100 * t['critical'] / t['frames']:>8.1f} %", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
