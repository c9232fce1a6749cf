"""What lay at rest rises, and nothing that moves is near it: nothing lifts it.

The births of `observations/births.py` that go up. Like `moves by itself` it is silent in the worlds, where what lives
leaps, and elsewhere its bar is set by how far true clips' births rise (`audit/elsewhere.py`).
"""

from __future__ import annotations

from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length, same_light, still_camera
from cuspworld.audit.laws.pieces import rising
from cuspworld.audit.observations.births import births
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect]:
    return rising(seen, seen.once(births), "What was at rest rises, and nothing that moves is near it to lift it.")


RISES_BY_ITSELF = Check(
    "rises by itself",
    Law.GRAVITY,
    "where all was at rest something goes up, and nothing that moves is near; only in video from elsewhere",
    _find,
    needs=(length(12), still_camera, same_light, filmed),
)
