"""What a world's detector reads in a shot that looks like that world: what happens there and never in the world.

A detector was taught how one world looks, and nothing else: elsewhere nobody asks it. Nor does it know how small frames
look that are much compressed: it calls most of them no true state, and what it reads in the others is no evidence. So
an event counts where most frames before it, or most after it, are a state that the detector knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from cuspworld.audit.evidence.scene import Scene

RATE = 10.0  # frames a second that detectors were taught at
UNKNOWN = "it does not look like a world that a detector knows"
MOST = 0.5  # share of frames of no true state, below which they can be read
UNREADABLE = "its world's detector cannot read most of the frames: they are too small, too compressed or spoiled"


@dataclass(frozen=True)
class Asked:
    """`reader`: the detector of the world that the shot looks like. `frames`: RATE a second, or all if they are fewer;
    `rate`: how many that is."""

    reader: Any
    frames: UInt8[np.ndarray, "time height width 3"]
    rate: float


def asked(scene: Scene) -> Asked | str:
    """Who reads the shot, and which of its frames; or why nobody does."""
    if not scene.world:
        return UNKNOWN
    from cuspworld.detectors import detector, names  # torch is needed at home alone

    if scene.world not in names():
        return UNKNOWN
    rate = min(RATE, float(scene.fps))
    times = np.arange(0, len(scene) / scene.fps, 1 / rate)
    chosen = np.minimum((times * float(scene.fps) + 0.5).astype(int), len(scene) - 1)
    return Asked(detector(scene.world), scene.frames[chosen], rate)


def events(scene: Scene) -> tuple[Any, ...] | str:
    """`cuspworld.detectors.seen.Event`s, seconds from the shot's start; or why nothing was read."""
    who = asked(scene)
    if isinstance(who, str):
        return who
    reading = who.reader(who.frames, who.rate)
    found = tuple(e for e in who.reader.events(reading) if _readable(reading.mixed, round(e.at * who.rate)))
    return found or (UNREADABLE if reading.mixed.mean() >= MOST else ())


def _readable(mixed: Bool[np.ndarray, " frames"], at: int) -> bool:
    """Are most frames before that one, or most from it on, a true state?"""
    return any(len(part) > 0 and float(part.mean()) < MOST for part in (mixed[:at], mixed[at:]))
