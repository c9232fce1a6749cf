"""Rigid things at rest that are at once in motion, with nothing near that could have set them off."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.touch import touches
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """Speeds are in working pixels a frame. `rest_pixels`: of a thing at rest, `start_pixels`: of one in motion, each
    for so many points of its path (`rest_points`, `start_points`). `rigid_share`: of its area, by which it may vary;
    more, and it may move itself. `alone_points`: in which it is seen alone."""

    rest_pixels: float = 0.05
    rest_points: int = 8
    start_points: int = 8
    start_pixels: float = 0.5
    rigid_share: float = 0.05
    alone_points: int = 12


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect] | str:
    scene, looked, suspects = seen.scene, False, []
    for path in scene.paths:
        areas = path.track.areas[path.track.alone]
        if len(areas) < LIMITS.alone_points:
            continue
        if np.median(np.abs(areas - np.median(areas))) > LIMITS.rigid_share * np.median(areas):
            continue
        for first, pieces in scene.flown(path, alone=True):
            looked = looked or bool(pieces)
            for rest, start in itertools.pairwise(pieces):
                still = max(np.hypot(*rest.velocity_start), np.hypot(*rest.velocity_end))
                speed = float(np.hypot(*start.velocity_start))
                if still > LIMITS.rest_pixels or speed < LIMITS.start_pixels:
                    continue
                if len(rest) < LIMITS.rest_points or len(start) < LIMITS.start_points:
                    continue
                frame = int(path.times[first + rest.last])
                if (found := _start(scene, path, frame, speed, start.velocity_error)) is not None:
                    suspects.append(found)
    if not looked:
        return "no rigid thing is seen alone for long enough to tell its starts from its motion"
    return suspects


def _start(scene: Scene, path: Path, frame: int, speed: float, error: float) -> Suspect | None:
    where = {f: i for i, f in enumerate(path.track.frames)}
    near = [where[f] for f in range(frame - 1, frame + 2) if f in where]
    if not near or any(touches(scene, path.track, i) for i in near):
        return None
    pace = scene.factor[0] * float(scene.fps)
    return Suspect(
        strength=float(speed / (5 * error + 0.05)),
        start=frame,
        end=frame + 1,
        box=path.track.boxes[near[0]],
        at=frame,
        measured={"speed at once": Measurement(speed * pace, "px/s", error * pace)},
        sentence="A thing at rest is at once in motion, and nothing is there that could have set it off.",
    )


STARTS = Check(
    "starts by itself",
    Law.CAUSE,
    "a rigid thing at rest is at once in motion, and nothing is near it",
    _find,
    needs=(single_things,),
    thresholds=LIMITS,
    principal=True,
)
