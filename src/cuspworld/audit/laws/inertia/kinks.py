"""Kinks: steps at which a thing's velocity jumps although nothing near could have pushed it.

A path is split into flights of one constant acceleration (flights.py). Between two flights that follow each other the
velocities, taken on to the middle of the step, should agree; the strength of a kink is by how much they do not, over
five times the fits' own error and what the shot's other kinks without a contact are like: an animal's path is full of
them, a ball's has none.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.touch import touches
from cuspworld.audit.evidence.tracks import Track

STEADY = (
    1.2  # largest over smallest area about the step: more, and a part comes off or joins and takes the centre along
)
AROUND = 5  # frames about the step in which the area is looked at
MOST = 12  # kinks of a shot that are looked at


@dataclass(frozen=True)
class Kink:
    """Between point `index` of the track and the next. Velocities in working pixels a frame; `error` of the change."""

    track: Track
    index: int
    before: np.ndarray
    after: np.ndarray
    error: float
    strength: float = 0.0

    @property
    def change(self) -> float:
        """How much the velocity changes."""
        return float(np.linalg.norm(self.after - self.before))


def kinks(scene: Scene) -> list[Kink]:
    """Every kink that touches nothing, strongest first."""
    found = [kink for path in scene.paths for kink in _of(scene, path) if kink.change > 5 * kink.error]
    found.sort(key=lambda kink: -kink.change / kink.error)
    free = [kink for kink in found[:MOST] if _free(scene, kink)]
    result = []
    for kink in free:
        others = [k.change for k in free if k.track is not kink.track or abs(k.index - kink.index) > AROUND]
        usual = float(np.quantile(others, 0.75)) if others else 0.0
        strength = kink.change / (5 * kink.error + usual)
        result.append(Kink(kink.track, kink.index, kink.before, kink.after, kink.error, strength))
    return sorted(result, key=lambda kink: -kink.strength)


def _of(scene: Scene, path: Path) -> list[Kink]:
    where = {frame: i for i, frame in enumerate(path.track.frames)}
    found = []
    for first, flown in scene.flown(path, alone=True):
        for a, b in itertools.pairwise(flown):
            index = where.get(int(path.times[first + a.last]))
            if index is None or index + 1 >= len(path.track):
                continue
            before = np.add(a.velocity_end, np.multiply(a.acceleration, 0.5))
            after = np.subtract(b.velocity_start, np.multiply(b.acceleration, 0.5))
            error = float(np.hypot(a.velocity_error, b.velocity_error))
            found.append(Kink(path.track, index, before, after, error))
    return found


def _free(scene: Scene, kink: Kink) -> bool:
    """Does the thing keep its size, and touch nothing?"""
    track, i = kink.track, kink.index
    areas = track.areas[max(0, i - AROUND) : i + AROUND + 2]
    if areas.max() > STEADY * areas.min():
        return False
    return not any(touches(scene, track, k) for k in range(max(0, i - 1), min(len(track), i + 3)))
