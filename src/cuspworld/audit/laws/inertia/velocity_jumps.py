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
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`area_ratio`: largest over smallest area about the step; more, and a part comes off or joins and takes the centre
    along. `around_frames`: in which the area is looked at. `most_looked_at`, `most_charged`: kinks of a shot."""

    area_ratio: float = 1.2
    around_frames: int = 5
    most_looked_at: int = 12
    most_charged: int = 3


LIMITS = Thresholds()


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
    free = [kink for kink in found[: LIMITS.most_looked_at] if _free(scene, kink)]
    result = []
    for kink in free:
        others = [
            k.change for k in free if k.track is not kink.track or abs(k.index - kink.index) > LIMITS.around_frames
        ]
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
    areas = track.areas[max(0, i - LIMITS.around_frames) : i + LIMITS.around_frames + 2]
    if areas.max() > LIMITS.area_ratio * areas.min():
        return False
    return not any(touches(scene, track, k) for k in range(max(0, i - 1), min(len(track), i + 3)))


def _find(seen: Observations) -> list[Suspect]:
    return [_suspect(seen.scene, kink) for kink in kinks(seen.scene)[: LIMITS.most_charged]]


def _suspect(scene: Scene, kink: Kink) -> Suspect:
    track, i = kink.track, kink.index
    pace = scene.factor[0] * scene.fps
    measured = {
        "speed before": _speed(scene, float(np.linalg.norm(kink.before)), kink.error / 1.4),
        "speed after": _speed(scene, float(np.linalg.norm(kink.after)), kink.error / 1.4),
        "velocity change": _speed(scene, kink.change, kink.error),
    }
    speeds = np.linalg.norm(np.gradient(track.centres, track.times, axis=0), axis=1) * pace
    return Suspect(
        strength=kink.strength,
        start=track.frames[i],
        end=track.frames[i + 1],
        box=track.boxes[i],
        at=track.frames[i],
        measured=measured,
        sentence=(
            f"A thing's velocity changes from {measured['speed before']} to {measured['speed after']} "
            "within a frame, and nothing touches it."
        ),
        series=(Series("speed", "px/s", scene.times(track.frames), tuple(float(v) for v in speeds)),),
    )


def _speed(scene: Scene, pixels_a_frame: float, error: float) -> Measurement:
    pace = scene.factor[0] * scene.fps
    if scene.scale.metres_per_pixel:
        pace *= scene.scale.metres_per_pixel
        return Measurement(pixels_a_frame * pace, "m/s", error * pace)
    return Measurement(pixels_a_frame * pace, "px/s", error * pace)


VELOCITY_JUMPS = Check(
    "velocity jumps",
    Law.INERTIA,
    "a thing's velocity jumps between two flights, with nothing near, beyond what the shot's other such breaks do",
    _find,
    needs=(single_things,),
    thresholds=LIMITS,
    principal=True,
)
