"""What a world's detector reads in a shot that looks like that world: what happens there and never in the world.

A detector was taught how one world looks, and nothing else: elsewhere nobody asks it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.audit.evidence.scene import Scene

RATE = 10.0  # frames a second that detectors were taught at
UNKNOWN = "it does not look like a world that a detector knows"


def events(scene: Scene) -> tuple[Any, ...] | str:
    """`cuspworld.detectors.seen.Event`s, seconds from the shot's start; or why nothing was read."""
    if not scene.world:
        return UNKNOWN
    from cuspworld.detectors import detector, names  # torch is needed at home alone

    if scene.world not in names():
        return UNKNOWN
    times = np.arange(0, len(scene) / scene.fps, 1 / min(RATE, float(scene.fps)))
    chosen = np.minimum((times * float(scene.fps) + 0.5).astype(int), len(scene) - 1)
    reader = detector(scene.world)
    found: tuple[Any, ...] = reader.events(reader(scene.frames[chosen], min(RATE, float(scene.fps))))
    return found
