"""Nothing sinks into a floor: a thing whose visible part loses rows from below while its lowest row stays where it is,
and nothing in the background hides it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`thing_pixels`, `height_pixels`: of the thing before. `left_share`: of its area, at the end. `sunk_share`: of its
    height, by which its top comes down. `bottom_share`: of that, by which its lowest row may. `edge_grey_levels`: a
    pixel, of the background, that may hide it."""

    thing_pixels: float = 60.0
    height_pixels: float = 6.0
    left_share: float = 0.4
    sunk_share: float = 0.4
    bottom_share: float = 0.5
    edge_grey_levels: float = 8.0


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    return [found for track in seen.scene.things if (found := _sinks(seen.scene, track)) is not None]


def _sinks(scene: Scene, track: Track) -> Suspect | None:
    """Does a thing lose its lower rows one by one while its bottom stays where it is?"""
    if track.death not in ("nothing", "merge") or len(track) < 8:
        return None
    areas, boxes = track.areas, track.boxes
    full = float(np.median(areas[: max(4, len(areas) // 2)]))
    if full < LIMITS.thing_pixels:
        return None
    tail = len(areas) - 1
    while tail > 0 and areas[tail - 1] > 0.98 * areas[tail]:
        tail -= 1
    top, bottom = boxes[:, 1].astype(float), boxes[:, 3].astype(float)
    height = float(np.median(bottom[: tail + 1] - top[: tail + 1])) if tail else 0.0
    if len(areas) - tail < 4 or tail < 3 or areas[-1] > LIMITS.left_share * full or height < LIMITS.height_pixels:
        return None
    sunk = top[-1] - top[tail]
    moved_bottom = abs(bottom[-1] - bottom[tail])
    x0, y1, x1 = int(boxes[-1][0]), int(boxes[-1][3]), int(boxes[-1][2])
    strip = scene.background_edges[max(0, y1 - 2) : y1 + 3, max(0, x0 - 2) : x1 + 2]
    hidden = (
        float(np.median(strip)) > LIMITS.edge_grey_levels if strip.size else True
    )  # an edge of the background: it goes behind something
    if (
        sunk < LIMITS.sunk_share * height
        or moved_bottom > LIMITS.bottom_share * sunk
        or hidden
        or track.blobs[-1].at_edge
    ):
        return None
    statistic = 8 * sunk / height * (1 - moved_bottom / max(sunk, 1e-9))
    return Suspect(
        strength=float(statistic),
        start=track.frames[tail],
        end=track.frames[-1],
        box=boxes[tail],
        at=track.frames[tail],
        measured={
            "sunk": Measurement(float(sunk) * scene.factor[1], "px"),
            "height before": Measurement(height * scene.factor[1], "px"),
            "area left": Measurement(100 * float(areas[-1]) / full, "%"),
        },
        sentence="A thing sinks into what it stands on, and is gone.",
        series=(Series("visible area", "px²", scene.times(track.frames), tuple(float(v) * scene.area for v in areas)),),
    )


SINKS = Check(
    "sinks",
    Law.CONTACT,
    "a thing loses its lower rows one by one while its bottom stays where it is, and is gone",
    _find,
    needs=(single_things,),
    thresholds=LIMITS,
)
