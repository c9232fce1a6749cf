"""Rest, then at once the strongest motion, which then dies away: an impact seen backwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.activity import runs
from cuspworld.audit.evidence.boxes import box_of, near_border
from cuspworld.audit.evidence.scene import SHORTEST
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, motion, steady_camera
from cuspworld.audit.observations.curves import changing_pixels
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

NEEDS = (length(3 * SHORTEST), steady_camera("compare before and after"), motion())


@dataclass(frozen=True)
class Thresholds:
    """`rest_seconds`: before the burst, and of either part of the motion after it. `quiet_share`: of the usual change
    in a step, that is none. `change_grey_levels`, `change_pixels`: of the first step. `border_pixels`: it stays away
    from, for what came in there may have set it off. `first_share`: of the strongest step, that the first one is."""

    rest_seconds: float = 0.2
    quiet_share: float = 0.02
    change_grey_levels: int = 20
    change_pixels: int = 12
    border_pixels: int = 2
    first_share: float = 0.7


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    scene, activity = seen.scene, seen.scene.activity
    floor = LIMITS.quiet_share * float(np.quantile(activity[activity > 0], 0.75)) if (activity > 0).any() else 0.0
    least = max(6, round(LIMITS.rest_seconds * scene.fps))
    best, where = 0.0, -1
    for start, end in runs(activity <= floor):
        if end - start < least or end + 2 * least > len(activity):
            continue
        first = float(activity[end])
        soon, later = float(activity[end : end + least].mean()), float(activity[end + least : end + 2 * least].mean())
        step = scene.frames[end].astype(int) - scene.frames[end + 1]
        changed = np.abs(step).max(-1) > LIMITS.change_grey_levels
        if changed.sum() < LIMITS.change_pixels or near_border(box_of(changed), scene.size, LIMITS.border_pixels):
            continue
        strength = first / max(float(activity[end : end + 2 * least].max()), 1e-9)
        statistic = 7 * strength * min(1.0, soon / max(later, 1e-9) / 2)
        if strength > LIMITS.first_share and statistic > best:
            best, where = statistic, end
    if where < 0:
        return []
    return [
        Suspect(
            strength=best,
            start=where,
            end=where + 1,
            box=(0, 0, scene.size[1], scene.size[0]),
            measured={"picture changing at the first step": Measurement(100 * float(activity[where]), "% of pixels")},
            sentence=(
                "Out of complete rest comes the strongest motion at once, and it calms down: an impact, backwards."
            ),
            series=(changing_pixels(scene),),
        )
    ]


BURSTS = Check(
    "bursts",
    Law.ARROW,
    "a scene at rest is at once in its strongest motion, which then dies away",
    _find,
    needs=NEEDS,
    thresholds=LIMITS,
    principal=True,
)
