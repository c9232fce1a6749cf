"""The passage that is missing: one step to another state, unlike the clip's own steps."""

from __future__ import annotations

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, steady_camera
from cuspworld.audit.observations.curves import unexplained_area
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.sudden_changes import Jump, find_jumps
from cuspworld.laws import Law

NEEDS = (length(SHORTEST), steady_camera("tell a jump from a swing"))


def _skipped(seen: Observations) -> list[Suspect]:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _passages(seen)]


def _sudden(seen: Observations) -> list[Suspect]:
    return [_suspect(seen.scene, jump, jump.sudden) for jump in _passages(seen) if jump.sudden]


def _passages(seen: Observations) -> list[Jump]:
    kinds = ("everything", "passes", "recolours")
    return [jump for jump in seen.once(find_jumps) if jump.kind in kinds and not jump.same_shape]


def _suspect(scene: Scene, jump: Jump, strength: float) -> Suspect:
    return Suspect(
        strength=strength,
        start=jump.frame,
        end=jump.frame + 1,
        box=jump.box,
        at=jump.frame,
        measured={
            "unexplained area": Measurement(jump.area * scene.area, "px²"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence="The scene is in another state from one frame to the next; the passage between is missing.",
        series=(unexplained_area(scene),),
    )


SKIPPED = Check(
    "skipped passage",
    Law.PASSAGE,
    "shapes change together in one step while the steps around it are steady",
    _skipped,
    needs=NEEDS,
)
SUDDEN = Check(
    "sudden passage",
    Law.PASSAGE,
    "the shot's most sudden step leads to another state",
    _sudden,
    needs=NEEDS,
)
