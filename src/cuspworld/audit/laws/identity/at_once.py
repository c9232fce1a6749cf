"""Another look in the same place from one frame to the next: other colours in the same outline, or another shape."""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, steady_camera
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.sudden_changes import Jump, find_jumps
from cuspworld.laws import Law

NEEDS = (length(SHORTEST), steady_camera("follow what a thing looks like"))


def _recolours(seen: Observations) -> list[Suspect]:
    return [_recoloured(seen.scene, jump, jump.ratio) for jump in seen.once(find_jumps) if _same_outline(jump)]


def _reshapes(seen: Observations) -> list[Suspect]:
    return [_reshaped(seen.scene, jump, jump.ratio) for jump in seen.once(find_jumps) if _other_shape(jump)]


def _sudden(seen: Observations) -> list[Suspect]:
    jumps = [jump for jump in seen.once(find_jumps) if jump.sudden]
    recoloured = [_recoloured(seen.scene, jump, jump.sudden) for jump in jumps if _same_outline(jump)]
    return recoloured + [_reshaped(seen.scene, jump, jump.sudden) for jump in jumps if _other_shape(jump)]


def _same_outline(jump: Jump) -> bool:
    return jump.kind == "recolours" and jump.same_shape


def _other_shape(jump: Jump) -> bool:
    return jump.kind == "reshapes" and not jump.at_edge


def _recoloured(scene: Scene, jump: Jump, strength: float) -> Suspect:
    x0, y0, x1, y1 = jump.box
    before, after = (scene.frames[jump.frame + k, y0:y1, x0:x1].astype(float) for k in (0, 1))
    return Suspect(
        strength=strength,
        start=jump.frame,
        end=jump.frame + 1,
        box=jump.box,
        at=jump.frame,
        measured={
            "recoloured area": Measurement(jump.area * scene.area, "px²"),
            "colour changes by": Measurement(float(np.quantile(np.abs(after - before), 0.9)), "grey levels"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence="A thing has other colours from one frame to the next, and the same outline.",
    )


def _reshaped(scene: Scene, jump: Jump, strength: float) -> Suspect:
    return Suspect(
        strength=strength,
        start=jump.frame,
        end=jump.frame + 1,
        box=jump.box,
        at=jump.frame,
        measured={
            "changed area": Measurement(jump.area * scene.area, "px²"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence="A thing has another shape from one frame to the next.",
    )


RECOLOURS = Check(
    "recolours",
    Law.IDENTITY,
    "a region changes its colours in one step and keeps its outline",
    _recolours,
    needs=NEEDS,
)
RESHAPES = Check(
    "reshapes",
    Law.IDENTITY,
    "a thing has another shape, or one limb more or less, at once",
    _reshapes,
    needs=NEEDS,
)
SUDDEN = Check(
    "sudden look",
    Law.IDENTITY,
    "in the one step of the shot whose colours nothing near explains a thing has other colours or another shape",
    _sudden,
    needs=NEEDS,
)
