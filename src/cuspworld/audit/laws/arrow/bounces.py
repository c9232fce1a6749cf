"""Bounces off something below that return faster than they came."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.arrow.bursts import NEEDS
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`gravity_errors`: of its acceleration, that a flight's own must be. `gravity_ratio`: of the accelerations before
    and after, that are one gravity. `speed_pixels`: a frame, before and after. `flight_points`: of either flight.
    `gain_ratio`: of the speed after to that before, that is a gain."""

    gravity_errors: float = 4.0
    gravity_ratio: tuple[float, float] = (0.6, 1.7)
    speed_pixels: float = 0.5
    flight_points: int = 6
    gain_ratio: float = 1.05


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    return [found for path in seen.scene.paths for found in _gains(seen.scene, path)]


def _gains(scene: Scene, path: Path) -> list[Suspect]:
    found = []
    low, high = LIMITS.gravity_ratio
    for first, pieces in scene.flown(path, alone=False):
        for before, after in itertools.pairwise(pieces):
            down, up = before.velocity_end[1], -after.velocity_start[1]
            free = all(piece.acceleration[1] > LIMITS.gravity_errors * piece.error for piece in (before, after))
            alike = low < before.acceleration[1] / max(after.acceleration[1], 1e-9) < high
            if not free or not alike or min(down, up) < LIMITS.speed_pixels:
                continue
            ratio = up / down
            error = float(np.hypot(before.velocity_error, after.velocity_error)) / down
            if ratio < LIMITS.gain_ratio or min(len(before), len(after)) < LIMITS.flight_points:
                continue
            frame = int(path.times[first + before.last])
            found.append(
                Suspect(
                    strength=3 * (ratio - 1) / (0.1 + 3 * error),
                    start=frame,
                    end=frame + 1,
                    box=path.box(first + before.last),
                    at=frame,
                    measured={"speed after over speed before": Measurement(ratio, "", error)},
                    sentence="A bounce returns faster than it came: an impact, backwards.",
                )
            )
    return found


BOUNCE_GAINS = Check(
    "bounce gains",
    Law.ARROW,
    "a thing bounces and returns faster than it came, under one gravity before and after",
    _find,
    needs=(*NEEDS, single_things),
    thresholds=LIMITS,
)
