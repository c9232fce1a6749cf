"""What a world's detector surely calls no true state, between frames that surely are one: `observations/melted.py`."""

from __future__ import annotations

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length
from cuspworld.audit.observations.melted import melted
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect] | str:
    found = seen.once(melted)
    if found is None or isinstance(found, str):
        return found or []
    last, fps = len(seen.scene) - 1, float(seen.scene.fps)
    return [
        Suspect(
            strength=found.strength,
            start=round(found.start * fps),
            end=min(last, round(found.end * fps)),
            sentence=found.sentence,
            measured={"share of frames that show no true state": Measurement(found.share, "")},
        )
    ]


MELTS = Check(
    "melts as read",
    Law.IDENTITY,
    "a detector that knows the world reads frames that show no state of it among frames that surely do; only "
    "in clips that look like that world",
    _find,
    needs=(length(6),),
)
