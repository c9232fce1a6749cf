"""Things that leap from place to place without being anywhere between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.boxes import meet
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.observations.curves import unexplained_area
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.sudden_changes import Jump, find_jumps
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`step_share`: of a leap, that the step before or after it must be for the leap to be one step of a motion."""

    step_share: float = 0.3


LIMITS = Thresholds()
NOTHING = "nothing leaps"


def _leaps(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _jumps(seen)] or NOTHING


def _sudden(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, jump, jump.sudden) for jump in _jumps(seen) if jump.sudden] or NOTHING


def _jumps(seen: Observations) -> list[Jump]:
    moved = [jump for jump in seen.once(find_jumps) if jump.kind == "moves" and not jump.at_edge]
    return [jump for jump in moved if not _goes_on(seen.scene, jump)]


def _goes_on(scene: Scene, jump: Jump) -> bool:
    """Is the leap one step of a motion that is as fast before or after it (few frames a second)?"""
    leap = np.linalg.norm(np.subtract(_middle(jump.box), _middle(jump.old_box or jump.box)))
    for track in scene.tracks:
        where = {frame: blob for frame, blob in zip(track.frames, track.blobs, strict=True)}
        steps = [
            np.linalg.norm(np.subtract(where[t + 1].centre, where[t].centre))
            for t in (jump.frame - 1, jump.frame, jump.frame + 1)
            if t in where and t + 1 in where
        ]
        here = where.get(jump.frame)
        if here is None or jump.old_box is None or not meet(here.box, jump.old_box):
            continue
        if (
            len(steps) > 1 and sorted(steps)[-2] > LIMITS.step_share * leap
        ):  # the leap itself, and a step before or after it
            return True
    return False


def _middle(box: tuple[int, int, int, int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _suspect(scene: Scene, jump: Jump, strength: float) -> Suspect:
    old, new = np.array(jump.old_box), np.array(jump.box)
    leap = float(np.linalg.norm((new[:2] + new[2:] - old[:2] - old[2:]) / 2)) * scene.factor[0]
    return Suspect(
        strength=strength,
        start=jump.frame,
        end=jump.frame + 1,
        box=np.concatenate([np.minimum(old[:2], new[:2]), np.maximum(old[2:], new[2:])]),
        at=jump.frame,
        measured={
            "leap": Measurement(leap, "px"),
            "reach of ordinary motion": Measurement(scene.change.reach * scene.factor[0], "px"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence=f"A thing leaps {leap:.0f} px from one frame to the next without being anywhere between.",
        series=(unexplained_area(scene),),
    )


LEAPS = Check(
    "leaps",
    Law.INERTIA,
    "a thing is at another place from one frame to the next, and no step before or after it is like it",
    _leaps,
    thresholds=LIMITS,
)
SUDDEN = Check(
    "sudden leap",
    Law.INERTIA,
    "in the one step of the shot whose colours nothing near explains a thing is at another place",
    _sudden,
    thresholds=LIMITS,
)
