"""What lay at rest rises, and nothing that moves is near it: nothing lifts it.

The births of `observations/births.py` that go up. Like `moves by itself` it is silent in the worlds, where what lives
leaps, and elsewhere its bar is set by how far true clips' births rise (`audit/elsewhere.py`).
"""

from __future__ import annotations

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length, same_light, still_camera
from cuspworld.audit.observations.births import births
from cuspworld.audit.observations.looks import apart
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

MOST = 3  # of one shot


def _find(seen: Observations) -> list[Suspect]:
    rising = sorted((birth for birth in seen.once(births) if birth.rise > 0), key=lambda birth: -birth.rise)
    side = max(seen.scene.size) * seen.scene.factor[1]
    return [
        Suspect(
            strength=100 * birth.rise,
            start=birth.start,
            end=birth.end,
            box=birth.box,
            measured={"rise": Measurement(birth.rise * side, "px")},
            sentence="What was at rest rises, and nothing that moves is near it to lift it.",
        )
        for birth in apart(rising)[:MOST]
    ]


RISES_BY_ITSELF = Check(
    "rises by itself",
    Law.GRAVITY,
    "where all was at rest something goes up, and nothing that moves is near; only in video from elsewhere",
    _find,
    needs=(length(12), still_camera, same_light, filmed),
)
