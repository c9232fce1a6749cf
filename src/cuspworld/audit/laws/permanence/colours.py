"""Colours of moving things that end or begin away from the frame's border."""

from __future__ import annotations

from typing import Literal

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, steady_camera
from cuspworld.audit.observations.colour_amounts import Matter, matter
from cuspworld.audit.observations.curves import amount_of_colour
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

NEEDS = (length(SHORTEST), steady_camera("tell appearance from motion"))
SUDDENLY = ("plain ground", "appears", "vanishes", "sudden coming or going")  # what is gone at once is said once
MOST = 3  # colours of a shot, the strongest


def _gone(seen: Observations) -> list[Suspect]:
    return _of_kind(seen, "gone", "is gone for good")


def _new(seen: Observations) -> list[Suspect]:
    return _of_kind(seen, "new", "is there that was not there before")


def _of_kind(seen: Observations, kind: Literal["gone", "new"], what: str) -> list[Suspect]:
    strongest = [found for found in seen.once(matter) if found.kind in ("gone", "new")][:MOST]
    return [_suspect(seen.scene, found, what) for found in strongest if found.kind == kind]


def _suspect(scene: Scene, found: Matter, what: str) -> Suspect:
    return Suspect(
        strength=found.strength,
        start=found.frame,
        end=found.frame + 1,
        box=found.box,
        at=found.frame,
        measured={"usual amount of this colour": Measurement(found.amount * scene.area, "px²")},
        sentence=f"Matter of one colour {what}, and it was never near the frame's border.",
        series=(amount_of_colour(scene, found),),
    )


GONE = Check(
    "colour gone",
    Law.PERMANENCE,
    "a colour of which much was seen is gone for the rest of the shot and had not reached the border",
    _gone,
    needs=NEEDS,
    repeats=SUDDENLY,
)
NEW = Check(
    "colour new",
    Law.PERMANENCE,
    "a colour is there, far from the border, of which nothing was seen before",
    _new,
    needs=NEEDS,
    repeats=SUDDENLY,
)
