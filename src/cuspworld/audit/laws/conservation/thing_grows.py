"""A moving thing whose colour grows, in width and in height, beyond all that it ever was."""

from __future__ import annotations

from cuspworld.audit.evidence.scene import SHORTEST
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length
from cuspworld.audit.observations.colour_amounts import matter
from cuspworld.audit.observations.curves import amount_of_colour
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect] | str:
    scene = seen.scene
    found = next((found for found in seen.once(matter) if found.kind == "grows"), None)
    if found is None:
        return "no thing's colour grows"
    return [
        Suspect(
            strength=found.strength,
            start=found.frame,
            end=len(scene) - 1,
            box=found.box,
            measured={
                "grows by a factor of": Measurement(found.growth, ""),
                "amount at the end": Measurement(found.amount * scene.area, "px²"),
            },
            sentence="A thing's matter grows, far from the frame's border, and nothing is added to it.",
            series=(amount_of_colour(scene, found),),
        )
    ]


THING_GROWS = Check(
    "thing grows",
    Law.CONSERVATION,
    "a moving thing's colour grows in width and in height, away from the border",
    _find,
    needs=(length(3 * SHORTEST),),
)
