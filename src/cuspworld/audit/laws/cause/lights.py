"""Lights that begin, end or have another shape from one frame to the next."""

from __future__ import annotations

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import steady
from cuspworld.audit.observations.dimness import dimness
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.sudden_changes import Jump, find_jumps
from cuspworld.laws import Law

WORDS = {"lights": "begins", "goes out": "goes out", "flares": "has another shape"}
NOTHING = "no light changes at once"


def _begins(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _lights(seen) if jump.kind == "lights"] or NOTHING


def _goes_out(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _lights(seen) if jump.kind == "goes out"] or NOTHING


def _flares(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, jump, jump.ratio) for jump in _lights(seen) if jump.kind == "flares"] or NOTHING


def _sudden(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, jump, jump.sudden) for jump in _lights(seen) if jump.sudden] or NOTHING


def _lights(seen: Observations) -> list[Jump]:
    return [jump for jump in seen.once(find_jumps) if jump.kind in WORDS and not jump.at_edge]


def _suspect(scene: Scene, jump: Jump, strength: float) -> Suspect:
    return Suspect(
        strength=strength * dimness(scene),
        start=jump.frame,
        end=jump.frame + 1,
        box=jump.box,
        at=jump.frame,
        measured={
            "changed area": Measurement(jump.area * scene.area, "px²"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence=f"A light {WORDS[jump.kind]} at once, and nothing reaches it.",
    )


LIGHT_BEGINS = Check(
    "light begins",
    Law.CAUSE,
    "in a dim picture a light begins at once",
    _begins,
    needs=(steady,),
)
LIGHT_GOES_OUT = Check(
    "light goes out",
    Law.CAUSE,
    "in a dim picture a light ends at once",
    _goes_out,
    needs=(steady,),
)
LIGHT_FLARES = Check(
    "light flares",
    Law.CAUSE,
    "in a dim picture a light has another shape at once",
    _flares,
    needs=(steady,),
)
SUDDEN = Check(
    "sudden light",
    Law.CAUSE,
    "in the one step of the shot whose colours nothing near explains a light begins, ends or changes its shape",
    _sudden,
    needs=(steady,),
)
