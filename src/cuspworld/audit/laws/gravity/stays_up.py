"""What is detached from all that reaches the picture's border goes up, and does not come down again: nothing holds it.

The pieces of `observations/detached.py`, by how far they have gone up in the last third of their time. What is thrown
comes down; what flies or climbs by its own power does not, nor does smoke: how often that is seen, true clips from
elsewhere say (`audit/elsewhere.py`), and in the worlds it is silent.
"""

from __future__ import annotations

from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.laws.pieces import rising
from cuspworld.audit.observations.detached import detached
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect] | str:
    pieces = seen.once(detached)
    sentence = "A thing goes up and stays up, and nothing is seen that holds it."
    return pieces.why_not or rising(seen, pieces.found, sentence)


STAYS_UP = Check(
    "stays up",
    Law.GRAVITY,
    "what is detached goes up and does not come down again; only in video from elsewhere",
    _find,
    needs=(length(12), filmed),
)
