"""What lay at rest begins to move, large, inside the picture, and nothing that moves is near it.

Unlike `starts`, it needs no single rigid thing and no sudden start, and so sees generated things that slowly rise,
swell or melt. What lives or is driven moves by itself too: how often that looks the same, true clips from elsewhere
say (`audit/elsewhere.py`), and in the worlds, where animals and flames do so all the time, it is silent.
"""

from __future__ import annotations

from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length, same_light, still_camera
from cuspworld.audit.laws.pieces import sweeping
from cuspworld.audit.observations.births import births
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect]:
    pieces = [(birth.share, birth) for birth in seen.once(births)]
    return sweeping(pieces, "What was at rest begins to move, and nothing that moves is near it.")


MOVES_BY_ITSELF = Check(
    "moves by itself",
    Law.CAUSE,
    "where all was at rest much begins to move, and nothing that moves is near; only in video from elsewhere",
    _find,
    needs=(length(12), still_camera, same_light, filmed),
)
