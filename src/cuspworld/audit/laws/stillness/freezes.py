"""Everything that moves stops at once, and goes on at the same pace after a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.activity import runs
from cuspworld.audit.evidence.scene import SHORTEST
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, motion
from cuspworld.audit.observations.curves import changing_pixels
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

NEEDS = (length(2 * SHORTEST), motion("nothing moves anywhere in the shot, and a still scene can be a true one"))


@dataclass(frozen=True)
class Thresholds:
    """`frozen_seconds`: for which it stands still. `quiet_share`: of the usual change in a step, that is none.
    `lively_share`: of the picture, that changes in each step of a scene in motion. `pace_ratio`: of the change before
    to the change after, or the other way: more is another motion. `side_frames`: looked at on either side."""

    frozen_seconds: float = 0.12
    quiet_share: float = 0.02
    lively_share: float = 0.002
    pace_ratio: float = 2.5
    side_frames: int = 4


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    """Runs of steps without any change, bounded by full motion on both sides."""
    scene, activity, side = seen.scene, seen.scene.activity, LIMITS.side_frames
    least = max(4, round(LIMITS.frozen_seconds * scene.fps))
    full = float(np.quantile(activity[activity > 0], 0.75))
    suspects = []
    for start, end in runs(activity <= LIMITS.quiet_share * full):
        if end - start < least:
            continue
        before, after = activity[max(0, start - side) : start], activity[end : end + side]
        stop = float(before.min()) if len(before) >= 3 else 0.0
        go = float(after.min()) if len(after) >= 3 else 0.0
        # stopping dead happens (a thing hits the floor); stopping dead and going on at the same pace does not
        if stop <= 0 or go <= 0 or not 1 / LIMITS.pace_ratio < np.mean(before) / np.mean(after) < LIMITS.pace_ratio:
            continue
        steady = float(min(before.min() / before.max(), after.min() / after.max()))
        # what hardly moved has no motion to lose (and an encoder that saves leaves it out)
        pace = float(min(np.mean(before), np.mean(after)))
        share = min(1.0, 2 * pace / full, pace / LIMITS.lively_share)
        suspects.append(
            Suspect(
                strength=(end - start) / least * 4 * steady * share,
                start=start,
                end=end,
                box=(0, 0, scene.size[1], scene.size[0]),
                measured={
                    "frozen for": Measurement((end - start) / scene.fps, "s"),
                    "picture changing before": Measurement(100 * float(np.mean(before)), "% of pixels a frame"),
                    "picture changing after": Measurement(100 * float(np.mean(after)), "% of pixels a frame"),
                },
                sentence="Everything that moves stops dead at once and goes on as before.",
                series=(changing_pixels(scene),),
            )
        )
    return suspects


FREEZES = Check(
    "freezes",
    Law.STILLNESS,
    "all motion stops at once everywhere, and goes on at the same pace",
    _find,
    needs=NEEDS,
    thresholds=LIMITS,
)
