"""Things that come or go at once, away from the frame's edge and behind nothing."""

from __future__ import annotations

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, steady_camera
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.sudden_changes import Jump, find_jumps
from cuspworld.laws import Law

NEEDS = (length(SHORTEST), steady_camera("tell appearance from motion"))


def _appears(seen: Observations) -> list[Suspect]:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _inside(seen) if jump.kind == "appears"]


def _vanishes(seen: Observations) -> list[Suspect]:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _inside(seen) if jump.kind == "vanishes"]


def _sudden(seen: Observations) -> list[Suspect]:
    return [_suspect(seen.scene, jump, jump.sudden) for jump in _inside(seen) if jump.sudden]


def _inside(seen: Observations) -> list[Jump]:
    return [jump for jump in seen.once(find_jumps) if jump.kind in ("appears", "vanishes") and not jump.at_edge]


def _suspect(scene: Scene, jump: Jump, strength: float) -> Suspect:
    curve = scene.change.appeared if jump.kind == "appears" else scene.change.vanished
    values = tuple(float(v) * scene.area for v in curve)
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
        sentence=f"Something {jump.kind} within one frame, away from the frame's edge and behind nothing.",
        series=(Series(f"area that {jump.kind} unexplained", "px²", scene.times(range(1, len(scene))), values),),
    )


APPEARS = Check(
    "appears",
    Law.PERMANENCE,
    "a place has other colours in one step and not in the three before and after, and looks unlike what is round it",
    _appears,
    needs=NEEDS,
    principal=True,
)
VANISHES = Check(
    "vanishes",
    Law.PERMANENCE,
    "a place has other colours in one step and not in the three before and after, and looks like what is round it",
    _vanishes,
    needs=NEEDS,
)
SUDDEN = Check(
    "sudden coming or going",
    Law.PERMANENCE,
    "in the one step of the shot whose colours nothing near explains something comes or goes",
    _sudden,
    needs=NEEDS,
)
