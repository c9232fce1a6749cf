"""A part that is frozen while the rest goes on gives itself away when it thaws: what stood still for a while, and moved
before, is at once where it would have come to in the meantime."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.change import change_threshold, strongest, unexplained
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.stillness.freezes import NEEDS
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.sudden_changes import Jump, find_jumps
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`frozen_seconds`: for which the place stands still. `back_seconds`: before the thaw that are looked at.
    `around_pixels`: about the thaw, that are its place. `largest_share`: of the picture that this place may be.
    `quiet_share`: of the thaw's own change, that is no motion. `sprung_pixels`: of a patch that no motion explains."""

    frozen_seconds: float = 0.12
    back_seconds: float = 1.5
    around_pixels: int = 6
    largest_share: float = 0.6
    quiet_share: float = 0.05
    sprung_pixels: int = 9


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    return [found for jump in seen.once(find_jumps) if (found := _thaws(seen.scene, jump)) is not None]


def _thaws(scene: Scene, jump: Jump) -> Suspect | None:
    """Did the place of this jump stand still before it, and move before that and after it?"""
    height, width = scene.size
    least = max(4, round(LIMITS.frozen_seconds * float(scene.fps)))
    boxes = np.array([box for box in (jump.box, jump.old_box) if box is not None] + _sprung(scene, jump.frame))
    x0, y0 = np.maximum(boxes[:, :2].min(0) - LIMITS.around_pixels, 0)
    x1, y1 = np.minimum(boxes[:, 2:].max(0) + LIMITS.around_pixels, (width, height))
    if (x1 - x0) * (y1 - y0) > LIMITS.largest_share * height * width:
        return None
    level = change_threshold(scene.noise)
    first, last = (
        max(0, jump.frame - round(LIMITS.back_seconds * float(scene.fps))),
        min(len(scene) - 1, jump.frame + 5),
    )
    part = scene.frames[first : last + 1, y0:y1, x0:x1]
    local = np.array([(strongest(cv2.absdiff(a, b)) > level).mean() for a, b in itertools.pairwise(part)])
    step = jump.frame - first
    after = local[step + 1 : step + 5]
    quiet = 0
    while quiet < step and local[step - 1 - quiet] <= LIMITS.quiet_share * local[step]:
        quiet += 1
    before = local[max(0, step - quiet - 4) : step - quiet]
    pace = min(float(before.min()), float(np.median(after))) if len(before) == 4 and len(after) >= 3 else 0.0
    if quiet < least or pace <= max(LIMITS.quiet_share * float(local[step]), 1e-9):
        return None
    return Suspect(
        strength=4 * jump.ratio,
        start=jump.frame - quiet,
        end=jump.frame + 1,
        box=(int(x0), int(y0), int(x1), int(y1)),
        at=jump.frame,
        measured={
            "frozen for": Measurement(quiet / float(scene.fps), "s"),
            "picture changing here before": Measurement(100 * float(before.mean()), "% of pixels a frame"),
            "at the thaw": Measurement(100 * float(local[step]), "% of pixels"),
        },
        sentence="A part of the picture stands still while it should move, and is then at once where it should be.",
        series=(
            Series(
                "pixels of this place that change in each step",
                "%",
                scene.times(range(first + 1, first + 1 + len(local))),
                tuple(100 * float(v) for v in local),
            ),
        ),
    )


def _sprung(scene: Scene, step: int) -> list[tuple[int, int, int, int]]:
    """Boxes of what no motion explains in this step: where a thing was, and where it is at once."""
    level, reach = change_threshold(scene.noise), scene.change.reach
    before, after = scene.frames[step], scene.frames[step + 1]
    mask = unexplained(before, after, reach, level) | unexplained(after, before, reach, level)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, area in stats[1:] if area >= LIMITS.sprung_pixels]


THAWS = Check(
    "thaws",
    Law.STILLNESS,
    "a part of the picture moves, stands still, and is then at once where it would have come to",
    _find,
    needs=NEEDS,
    thresholds=LIMITS,
)
