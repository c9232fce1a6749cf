"""What is detached from all that reaches the picture's border goes up, and does not come down again: nothing holds it.

The pieces of `observations/detached.py`, by how far they have gone up in the last third of their time. What is thrown
comes down; what flies or climbs by its own power does not, nor does smoke: how often that is seen, true clips from
elsewhere say (`audit/elsewhere.py`), and in the worlds it is silent.
"""

from __future__ import annotations

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.observations.detached import detached
from cuspworld.audit.observations.looks import apart
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

MOST = 3  # of one shot


def _find(seen: Observations) -> list[Suspect]:
    rising = sorted((piece for piece in seen.once(detached) if piece.rise > 0), key=lambda piece: -piece.rise)
    side = max(seen.scene.size) * seen.scene.factor[1]
    return [
        Suspect(
            strength=100 * piece.rise,
            start=piece.start,
            end=piece.end,
            box=piece.box,
            measured={"rise": Measurement(piece.rise * side, "px")},
            sentence="A thing goes up and stays up, and nothing is seen that holds it.",
        )
        for piece in apart(rising)[:MOST]
    ]


STAYS_UP = Check(
    "stays up",
    Law.GRAVITY,
    "what is detached goes up and does not come down again; only in video from elsewhere",
    _find,
    needs=(length(12), filmed),
)
