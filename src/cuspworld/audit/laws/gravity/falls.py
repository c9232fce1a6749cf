"""Falls of single things that end on nothing or turn upward.

Paths are split into flights (`evidence/flights.py`). A flight that is evidently a fall (downward acceleration far above
its error, growing downward speed) may end only at a contact. Ending at rest with nothing there is hanging in the air;
an acceleration that turns upward while the velocity goes on smoothly is rising by itself. A fall is compared with its
own continuation, so that no scale is needed.
"""

from __future__ import annotations

import itertools
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
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """Speeds are in working pixels a frame. `after_points`: of what follows a fall. `still_ratio`: of the fall's speed,
    that is rest; `on_ratio`: with which it goes on smoothly. `turned_ratio`: of the fall's acceleration, upward, that
    turns it. `back_points`, `back_pixels`, `back_errors`, `sideways_ratio`: of one flight that falls and rises: its
    length, its speeds down and up, its upward acceleration over its error, and how fast it moves sideways."""

    after_points: int = 4
    still_ratio: float = 0.12
    on_ratio: float = 0.4
    turned_ratio: float = 0.25
    turned_errors: float = 4.0
    back_points: int = 8
    back_pixels: float = 0.4
    back_errors: float = 8.0
    sideways_ratio: float = 0.4


LIMITS = Thresholds()


@dataclass(frozen=True)
class _Flown:
    """The flights of one body over a stretch of its path; `first` is the index of the stretch's first point."""

    path: Path
    first: int
    pieces: list[Flight]


def _flown(scene: Scene) -> list[_Flown]:
    bodies = [path for path in scene.paths if keeps_shape(path)]
    return [_Flown(path, first, pieces) for path in bodies for first, pieces in scene.flown(path, alone=False)]


def _fall_ends(seen: Observations) -> list[Suspect] | str:
    return _judged(seen, [_ended(seen.scene, *pair) for pair in _pairs(seen)])


def _fall_turns(seen: Observations) -> list[Suspect] | str:
    return _judged(seen, [_turned(seen.scene, *pair) for pair in _pairs(seen)])


def _falls_upward(seen: Observations) -> list[Suspect] | str:
    return _judged(seen, [_turned_back(seen.scene, f, piece) for f in seen.once(_flown) for piece in f.pieces])


def _judged(seen: Observations, found: list[Suspect | None]) -> list[Suspect] | str:
    suspects = [suspect for suspect in found if suspect is not None]
    fell = any(falling(piece) for flown in seen.once(_flown) for piece in flown.pieces)
    return suspects if suspects or fell else NOTHING_FALLS


def _pairs(seen: Observations) -> list[tuple[_Flown, Flight, Flight]]:
    """Every fall with the flight after it."""
    return [
        (flown, before, after)
        for flown in seen.once(_flown)
        for before, after in itertools.pairwise(flown.pieces)
        if falling(before) and len(after) >= LIMITS.after_points
    ]


def _ended(scene: Scene, flown: _Flown, before: Flight, after: Flight) -> Suspect | None:
    if not _rests(before, after):
        return None
    strength = 1.5 * min(8.0, (before.velocity_end[1] - after.velocity_start[1]) / (5 * before.velocity_error + 0.05))
    what = "A falling thing stops in mid-air and stays there, and nothing holds it."
    return _broken(scene, flown, before, after, strength, what)


def _turned(scene: Scene, flown: _Flown, before: Flight, after: Flight) -> Suspect | None:
    fall, rest = before.velocity_end[1], after.velocity_start[1]
    pulled = abs(after.acceleration[1]) > 0.5 * before.acceleration[1]
    smooth = rest > LIMITS.on_ratio * fall or (rest > -0.3 * fall and pulled)
    upward = -max(LIMITS.turned_ratio * before.acceleration[1], LIMITS.turned_errors * after.error)
    if _rests(before, after) or not smooth or after.acceleration[1] >= upward:
        return None
    turn = before.acceleration[1] - after.acceleration[1]
    strength = 1.5 * min(10.0, turn / (4 * (before.error + after.error)))
    return _broken(scene, flown, before, after, strength, "A falling thing slows down and rises by itself.")


def _rests(before: Flight, after: Flight) -> bool:
    """Is it at rest after the fall?"""
    turn = before.acceleration[1] - after.acceleration[1]
    slow = float(np.hypot(*after.velocity_start)) < LIMITS.still_ratio * before.velocity_end[1]
    return slow and abs(after.acceleration[1]) < 0.1 * turn


def _broken(
    scene: Scene, flown: _Flown, before: Flight, after: Flight, strength: float, sentence: str
) -> Suspect | None:
    """A fall that is broken off where the thing touches nothing."""
    path, first = flown.path, flown.first
    frame = int(path.times[first + before.last])
    near = _points_near(path, frame, 1)
    if not near or any(touches(scene, path.track, i) for i in near):
        return None
    unit, pace = acceleration_unit(scene)
    height = tuple(float(v) * scene.factor[1] for v in path.points[:, 1].max() - path.points[:, 1])
    return Suspect(
        strength=float(strength),
        start=frame,
        end=int(path.times[min(len(path.times) - 1, first + after.last)]),
        box=path.track.boxes[near[0]],
        at=frame,
        measured={
            "acceleration before": Measurement(before.acceleration[1] * pace, unit, before.error * pace),
            "acceleration after": Measurement(after.acceleration[1] * pace, unit, after.error * pace),
            "speed of the fall": Measurement(before.velocity_end[1] * pace / scene.fps, unit.replace("²", "")),
        },
        sentence=sentence,
        series=(Series("height above the lowest place", "px", scene.times(int(t) for t in path.times), height),),
    )


def _turned_back(scene: Scene, flown: _Flown, flight: Flight) -> Suspect | None:
    """One smooth flight that goes down, slows, and goes up: it falls upward, and nothing is near."""
    path, first = flown.path, flown.first
    down, up, pull = flight.velocity_start[1], -flight.velocity_end[1], -flight.acceleration[1]
    sideways = max(abs(flight.velocity_start[0]), abs(flight.velocity_end[0]))
    if len(flight) < LIMITS.back_points or min(down, up) < LIMITS.back_pixels:
        return None
    if pull < LIMITS.back_errors * flight.error or sideways > LIMITS.sideways_ratio * max(down, up):
        return None
    lowest = int(path.times[first + flight.first]) + round(down / pull)
    near = _points_near(path, lowest, 2)
    if not near or any(touches(scene, path.track, i) for i in near):
        return None
    unit, pace = acceleration_unit(scene)
    speeds = np.gradient(path.points[:, 1]) if len(path.times) > 1 else np.zeros(0)
    return Suspect(
        strength=float(min(12.0, pull / (8 * flight.error) * 6)),
        start=int(path.times[first + flight.first]),
        end=int(path.times[first + flight.last]),
        box=path.track.boxes[near[0]],
        at=lowest,
        measured={"acceleration upward": Measurement(pull * pace, unit, flight.error * pace)},
        sentence="A falling thing slows down in mid-air and falls upward, and nothing is near it.",
        series=(
            Series(
                "speed downward",
                "px/s",
                scene.times(int(t) for t in path.times),
                tuple(float(v) * float(scene.fps) for v in speeds),
            ),
        ),
    )


def _points_near(path: Path, frame: int, frames: int) -> list[int]:
    """The indices of its track's points within so many frames of this one."""
    where = {f: i for i, f in enumerate(path.track.frames)}
    return [where[f] for f in range(frame - frames, frame + frames + 1) if f in where]


FALL_ENDS = Check(
    "fall ends",
    Law.GRAVITY,
    "a thing's fall ends at rest where nothing is near that could hold it",
    _fall_ends,
    needs=(single_things,),
    thresholds=LIMITS,
    principal=True,
)
FALL_TURNS = Check(
    "fall turns",
    Law.GRAVITY,
    "a thing's fall goes over smoothly into an upward acceleration, with nothing near",
    _fall_turns,
    needs=(single_things,),
    thresholds=LIMITS,
)
FALLS_UPWARD = Check(
    "falls upward",
    Law.GRAVITY,
    "one flight of a thing goes down, slows and goes up, with nothing near",
    _falls_upward,
    needs=(single_things,),
    thresholds=LIMITS,
)
