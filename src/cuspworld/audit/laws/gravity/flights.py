"""Gravity and support: what falls free falls with one constant acceleration until it touches something.

Paths are split into flights (`flights.py`). A flight that is evidently a fall (downward acceleration far above its
error, growing downward speed) may end only at a contact. Ending at rest with nothing there is hanging in the air;
an acceleration that turns upward while the velocity goes on smoothly is rising by itself. No metre and no second is
assumed: a fall is compared with its own continuation. What has no track of its own is followed by its colour
(`falls.py`); liquids lie level (`level.py`); bodies that circle one centre are held to Newton and Kepler (`orbits.py`).
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from cuspworld.audit.evidence import change as change_module
from cuspworld.audit.evidence.falling import falling, keeps_shape
from cuspworld.audit.evidence.flights import Flight
from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.touch import touches
from cuspworld.audit.finding import SAID, Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, probability
from cuspworld.audit.laws.gravity.coloured_falls import Fall, falls
from cuspworld.audit.laws.gravity.orbits import orbits
from cuspworld.audit.laws.gravity.standing_liquid import Standing, standing


def check(scene: Scene) -> Evidence:
    """Falls that end on nothing, falls that turn upward, orbits that no central pull explains."""
    turning, checked = orbits(scene) if scene.camera.steady and not scene.camera.moving else ([], False)
    suspects: list[Finding] = list(turning)
    coloured: list[Finding] = []
    if scene.colours is not None and scene.camera.steady and scene.valid is None:
        coloured += [_unsupported(scene, found) for found in falls(scene, scene.colours)[:2]]
        coloured += [_upright(scene, found) for found in standing(scene, scene.colours)]
    if scene.why_no_things and not checked and not coloured:
        return Evidence(unchecked=scene.why_no_things)
    fell = 0
    for path in () if scene.why_no_things else scene.paths:
        if not keeps_shape(path):
            continue
        for first, pieces in scene.flown(path, alone=False):
            fell += sum(falling(piece) for piece in pieces)
            for piece in pieces:
                if (found := _turned_back(scene, path, first, piece)) is not None:
                    suspects.append(found)
            for before, after in itertools.pairwise(pieces):
                if (found := _broken_fall(scene, path, first, before, after)) is not None:
                    suspects.append(found)
    suspects += coloured
    if not any(s.probability >= SAID for s in suspects) and (found := _stops_dead(scene)) is not None:
        suspects.append(found)
    if not fell and not checked and not suspects:
        return Evidence(unchecked="nothing falls or circles freely for long enough to measure an acceleration")
    return Evidence(tuple(suspects))


def _broken_fall(scene: Scene, path: Path, first: int, before: Flight, after: Flight) -> Finding | None:
    if not falling(before) or len(after) < 4:
        return None
    frame = int(path.times[first + before.last])
    where = {f: i for i, f in enumerate(path.track.frames)}
    near = [where[f] for f in range(frame - 1, frame + 2) if f in where]
    if not near or any(touches(scene, path.track, i) for i in near):
        return None
    fall, rest = before.velocity_end[1], after.velocity_start[1]
    turn = before.acceleration[1] - after.acceleration[1]
    still = float(np.hypot(*after.velocity_start)) < 0.12 * fall and abs(after.acceleration[1]) < 0.1 * turn
    smooth = rest > 0.4 * fall or (rest > -0.3 * fall and abs(after.acceleration[1]) > 0.5 * before.acceleration[1])
    if still:
        statistic = 1.5 * min(8.0, (fall - rest) / (5 * before.velocity_error + 0.05))
        what = "A falling thing stops in mid-air and stays there, and nothing holds it."
    elif smooth and after.acceleration[1] < -max(0.25 * before.acceleration[1], 4 * after.error):
        statistic = 1.5 * min(10.0, turn / (4 * (before.error + after.error)))
        what = "A falling thing slows down and rises by itself."
    else:
        return None
    unit, pace = _pace(scene)
    i = near[0]
    series = Series(
        "height above the lowest place",
        "px",
        tuple(scene.time(int(t)) for t in path.times),
        tuple(float(v) * scene.factor[1] for v in path.points[:, 1].max() - path.points[:, 1]),
    )
    return Finding(
        law="gravity",
        start=scene.time(frame),
        end=scene.time(int(path.times[min(len(path.times) - 1, first + after.last)])),
        box=scene.source_box(path.track.boxes[i], frame),
        probability=probability("fall", float(statistic)),
        measured={
            "acceleration before": Measurement(before.acceleration[1] * pace, unit, before.error * pace),
            "acceleration after": Measurement(after.acceleration[1] * pace, unit, after.error * pace),
            "speed of the fall": Measurement(fall * pace / scene.fps, unit.replace("²", "")),
        },
        sentence=what,
        series=(series,),
    )


def _unsupported(scene: Scene, fall: Fall) -> Finding:
    pace = scene.factor[1] * float(scene.fps)
    what = "stops dead in mid-air and stays there" if fall.kind == "stops" else "is drawn upward as it was downward"
    return Finding(
        law="gravity",
        start=scene.time(fall.frame),
        end=scene.time(fall.end),
        box=scene.source_box(fall.box, fall.frame),
        probability=probability(fall.kind, fall.strength),
        measured={"speed of the fall": Measurement(fall.speed * pace, "px/s", 0.2 * pace)},
        sentence=f"What falls {what}, and nothing is under it.",
        series=(
            Series(
                "height above the lowest place",
                "px",
                tuple(scene.time(t) for t in fall.times),
                tuple((max(fall.rows) - row) * scene.factor[1] for row in fall.rows),
            ),
        ),
    )


def _upright(scene: Scene, liquid: Standing) -> Finding:
    return Finding(
        law="gravity",
        start=scene.time(liquid.start),
        end=scene.time(liquid.end),
        box=scene.source_box(liquid.box, liquid.end),
        probability=probability("level", liquid.strength),
        measured={
            "stands beside nothing": Measurement(liquid.cliff * scene.factor[1], "px high"),
            "stood level": Measurement(liquid.depth * scene.factor[1], "px deep"),
            "of it that is still there": Measurement(100 * liquid.kept, "%"),
        },
        sentence="What stood level in a vessel as a liquid stands up sideways in it and does not run out.",
    )


def _turned_back(scene: Scene, path: Path, first: int, flight: Flight) -> Finding | None:
    """One smooth flight that goes down, slows, and goes up: it falls upward, and nothing is near."""
    down, up = flight.velocity_start[1], -flight.velocity_end[1]
    pull = -flight.acceleration[1]
    sideways = max(abs(flight.velocity_start[0]), abs(flight.velocity_end[0]))
    if len(flight) < 8 or down < 0.4 or up < 0.4 or pull < 8 * flight.error or sideways > 0.4 * max(down, up):
        return None
    where = {f: i for i, f in enumerate(path.track.frames)}
    lowest = int(path.times[first + flight.first]) + round(down / pull)
    near = [where[f] for f in range(lowest - 2, lowest + 3) if f in where]
    if not near or any(touches(scene, path.track, i) for i in near):
        return None
    unit, pace = _pace(scene)
    return Finding(
        law="gravity",
        start=scene.time(int(path.times[first + flight.first])),
        end=scene.time(int(path.times[first + flight.last])),
        box=scene.source_box(path.track.boxes[near[0]], lowest),
        probability=probability("fall", float(min(12.0, pull / (8 * flight.error) * 6))),
        measured={"acceleration upward": Measurement(pull * pace, unit, flight.error * pace)},
        sentence="A falling thing slows down in mid-air and falls upward, and nothing is near it.",
        series=(
            Series(
                "speed downward",
                "px/s",
                tuple(scene.time(int(t)) for t in path.times),
                tuple(float(v) * float(scene.fps) for v in np.gradient(path.points[:, 1]))
                if len(path.times) > 1
                else (),
            ),
        ),
    )


def _stops_dead(scene: Scene) -> Finding | None:
    """All motion, at its fullest and going down, ends from one frame to the next and for good: no landing does that,
    for a body rocks, rolls or bounces; but one without any spring might, so this alone is never certain."""
    activity, rest = scene.activity, max(8, round(0.3 * scene.fps))
    peak = float(np.quantile(activity, 0.95))
    if peak * scene.frames[0, ..., 0].size < 20:
        return None
    last = np.flatnonzero(activity > 0.03 * peak)
    if len(last) < 6 or last[-1] + rest >= len(activity):
        return None
    t = int(last[-1])
    before = activity[t - 3 : t + 1]
    if before.min() < 0.5 * peak:
        return None
    changed = [
        np.nonzero(change_module.strongest(cv2.absdiff(scene.frames[k], scene.frames[k + 1])) > 20)
        for k in (t - 4, t - 2, t)
    ]
    if any(len(rows) < 12 for rows, _ in changed):
        return None
    rows, columns = changed[-1]
    height, width = scene.size
    if min(rows.min(), columns.min(), height - 1 - rows.max(), width - 1 - columns.max()) < 3:
        return None  # it may have gone out of the frame
    sinks = float(changed[-1][0].mean() - changed[0][0].mean())
    statistic = 5.2 + 1.6 * float(np.clip(sinks, 0, 1))
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    return Finding(
        law="gravity",
        start=scene.time(t + 1),
        end=scene.time(len(scene) - 1),
        box=scene.source_box(box, t),
        probability=probability("dead", statistic),
        measured={
            "picture changing before": Measurement(100 * float(before.mean()), "% of pixels a frame"),
            "and after": Measurement(100 * float(activity[t + 1 :].mean()), "% of pixels a frame"),
            "still for": Measurement((len(activity) - t - 1) / float(scene.fps), "s"),
        },
        sentence="What falls or topples stops dead at its fastest, without a bounce, and stays as it is.",
    )


def _pace(scene: Scene) -> tuple[str, float]:
    """Unit of an acceleration, and what one pixel a frame squared is in it."""
    pace = scene.factor[1] * float(scene.fps) ** 2
    metres = scene.scale.metres_per_pixel
    return ("m/s²", pace * metres) if metres else ("px/s²", pace)


LAW = Law("gravity", "a free thing does not fall with one constant acceleration; rests on nothing; rises", check)
