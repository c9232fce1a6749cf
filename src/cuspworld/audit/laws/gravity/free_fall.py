"""Free fall by the metre and the second, where both are given: is its acceleration that of the earth?

The length of a pixel is measured at one depth and seldom better than to a tenth, a camera that looks down or up
shortens what falls, and the air holds back what is light: a fall counts as another gravity only by more than all that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.falling import falling, keeps_shape
from cuspworld.audit.evidence.flights import Flight
from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.touch import touches
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.gravity.units import NOTHING_FALLS, acceleration_unit
from cuspworld.audit.laws.needs import known_scale_and_rate, single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

EARTH = 9.81  # m/s²


@dataclass(frozen=True)
class Thresholds:
    """`scale_share`: standard error of the metres a pixel (depth, tilt, drag), which the acceleration's own is added
    to. `fall_points`: of a fall; `error_share`: of its acceleration, that its error may be."""

    scale_share: float = 0.2
    fall_points: int = 7
    error_share: float = 0.25


LIMITS = Thresholds()


@dataclass(frozen=True)
class _Fall:
    path: Path
    first: int
    flight: Flight

    @property
    def error_share(self) -> float:
        return self.flight.error / self.flight.acceleration[1]


def _find(seen: Observations) -> list[Suspect] | str:
    """The fall that is measured best, compared with the earth's gravity."""
    scene = seen.scene
    falls = [
        _Fall(path, first, flight)
        for path in scene.paths
        if keeps_shape(path)
        for first, pieces in scene.flown(path, alone=True)
        for flight in pieces
        if falling(flight) and len(flight) >= LIMITS.fall_points
    ]
    known = [fall for fall in falls if fall.error_share < LIMITS.error_share and not _held(scene, fall)]
    if not known:
        return NOTHING_FALLS
    return [_suspect(scene, min(known, key=lambda fall: fall.error_share))]


def _held(scene: Scene, fall: _Fall) -> bool:
    """Does it touch another thing half way?"""
    frame = int(fall.path.times[fall.first + (fall.flight.first + fall.flight.last) // 2])
    return touches(scene, fall.path.track, fall.path.track.frames.index(frame)) == "thing"


def _suspect(scene: Scene, fall: _Fall) -> Suspect:
    unit, pace = acceleration_unit(scene)
    path, flight = fall.path, fall.flight
    share = float(np.hypot(LIMITS.scale_share, fall.error_share))
    measured = Measurement(flight.acceleration[1] * pace, unit, flight.acceleration[1] * pace * share)
    first, last = (fall.first + point for point in (flight.first, flight.last))
    frames = [int(t) for t in path.times[first : last + 1]]
    metres = scene.factor[1] * float(scene.scale.metres_per_pixel or 1)
    height = tuple(float(v) * metres for v in path.points[last, 1] - path.points[first : last + 1, 1])
    return Suspect(
        strength=abs(float(np.log(measured.value / EARTH))) / share,
        start=frames[0],
        end=frames[-1],
        box=path.box(first),
        at=frames[0],
        measured={"acceleration of the fall": measured, "free fall": Measurement(EARTH, unit)},
        sentence=f"A thing falls with {measured}, and free fall on earth is {EARTH} {unit}.",
        series=(Series("height above the end of the fall", "m", scene.times(frames), height),),
    )


FREE_FALL = Check(
    "free fall",
    Law.GRAVITY,
    "with the metres a pixel and the frame rate given, a free fall has another acceleration than 9.81 m/s²",
    _find,
    needs=(known_scale_and_rate, single_things),
    thresholds=LIMITS,
)
