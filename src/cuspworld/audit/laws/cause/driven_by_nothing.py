"""Much moves for a second or longer, and from what moves nothing leads to the picture's border.

Unlike `moves by itself` it need not have been at rest before, so that it sees things which are moving when a shot
begins. What lives, whole in the picture, and what flies through it look the same: how often, true clips from elsewhere
say (`audit/elsewhere.py`), and in the worlds it is silent.
"""

from __future__ import annotations

from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.laws.pieces import sweeping
from cuspworld.audit.observations.detached import detached
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect] | str:
    pieces = seen.once(detached)
    sizes = [(piece.at_once, piece) for piece in pieces.found]
    return pieces.why_not or sweeping(sizes, "Much moves inside the picture, and nothing is seen that drives it.")


DRIVEN_BY_NOTHING = Check(
    "driven by nothing",
    Law.CAUSE,
    "much moves for a second, and from what moves nothing leads to the border; only in video from elsewhere",
    _find,
    needs=(length(12), filmed),
)
