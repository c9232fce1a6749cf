"""A lone thing whose mean colour leaps from one frame to the next, against how much it varies elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, single_things, steady_camera
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`side_frames`: on each side of the step, that are compared. `area_log_ratio`: within them; more, and another part
    of the thing shows, or it is another blob. `noise_grey_levels`: by which a mean colour may vary by itself."""

    side_frames: int = 4
    thing_pixels: float = 40.0
    area_log_ratio: float = 0.2
    noise_grey_levels: float = 4.0


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    return [found for track in seen.scene.things if (found := _leap(seen.scene, track)) is not None]


def _leap(scene: Scene, track: Track) -> Suspect | None:
    """The largest leap of colour between frames in which the thing is alone, against how much it varies elsewhere."""
    if len(track) < 2 * LIMITS.side_frames + 2:
        return None
    alone = track.alone
    areas = np.log(np.maximum(track.areas, 1))
    if not alone.any() or np.median(track.areas[alone]) < LIMITS.thing_pixels:
        return None
    colours, side = track.colours, LIMITS.side_frames
    best, where = 0.0, -1
    steps = np.abs(np.diff(colours, axis=0)).max(1)
    usual = float(np.quantile(steps[alone[1:] & alone[:-1]], 0.8)) if (alone[1:] & alone[:-1]).any() else 0.0
    for i in range(side - 1, len(track) - side):
        window = slice(i - side + 1, i + side + 1)
        if not alone[window].all() or track.frames[i + side] - track.frames[i - side + 1] != 2 * side - 1:
            continue
        if np.ptp(areas[window]) > LIMITS.area_log_ratio:  # another part of it shows, or it is another blob
            continue
        left, right = colours[i - side + 1 : i + 1], colours[i + 1 : i + side + 1]
        leap = float(np.abs(np.median(right, 0) - np.median(left, 0)).max())
        drift = float(max(np.abs(np.diff(left, axis=0)).max(), np.abs(np.diff(right, axis=0)).max()))
        statistic = leap / (LIMITS.noise_grey_levels + 2 * usual + 3 * drift)
        if statistic > best:
            best, where = statistic, i
    if best < 1:
        return None
    frame = track.frames[where]
    mean = tuple(float(v) for v in colours.mean(1))
    return Suspect(
        strength=2 * best,
        start=frame,
        end=track.frames[where + 1],
        box=track.boxes[where],
        at=frame,
        measured={
            "colour changes by": Measurement(
                float(np.abs(colours[where + 1] - colours[where]).max()), "grey levels", usual
            ),
            "change in other frames": Measurement(usual, "grey levels"),
        },
        sentence="A thing changes its colour from one frame to the next, and nothing is near it.",
        series=(Series("mean grey level", "", scene.times(track.frames), mean),),
    )


COLOUR_LEAPS = Check(
    "colour leaps",
    Law.IDENTITY,
    "the mean colour of a thing that is alone leaps, in one step, far beyond its drift and its other steps",
    _find,
    needs=(length(SHORTEST), steady_camera("follow what a thing looks like"), single_things),
    thresholds=LIMITS,
)
