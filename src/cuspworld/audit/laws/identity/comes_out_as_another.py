"""A thing goes behind another one, or touches it, and what comes out within three seconds looks like neither.

The groups of `observations/rejoined.py`: of each thing that comes out, how far its features
(`evidence/identity_network.py`, 1 - cosine) are from the nearest of those that went in. What turned, or is half seen,
looks different too: how different, true clips from elsewhere say (`audit/elsewhere.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.observations.object_tracks import ObjectTrack
from cuspworld.audit.observations.rejoined import NONE, rejoined
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.standing_apart import Thing, standing_apart
from cuspworld.laws import Law

LOOKS = 4  # nearest to the group, that say what a thing looks like


def _find(seen: Observations) -> list[Suspect] | str:
    apart = seen.once(standing_apart)
    groups = rejoined(apart)
    if not groups:
        return NONE
    suspects = []
    for group in groups:
        known = np.stack([_features(track.things[-LOOKS:]) for track in group.went_in])
        odd = [(float(1 - (known @ _features(track.things[:LOOKS])).max()), track) for track in group.came_out]
        unlike, track = max(odd, key=_first)
        suspects.append(
            Suspect(
                strength=10 * max(unlike, 0.0),
                start=apart.at.frames[group.start],
                end=apart.at.frames[group.end],
                box=apart.at.placed(track.things[0].box),
                measured={"1 - cosine of its features and of the most alike that went in": Measurement(unlike, "")},
                sentence="What comes out from behind a thing is not what went behind it.",
            )
        )
    return suspects


def _first(told: tuple[float, ObjectTrack]) -> float:
    return told[0]


def _features(things: Sequence[Thing]) -> np.ndarray:
    from cuspworld.audit.evidence.identity_network import features  # torch is needed where a thing comes out alone

    mean = features(np.stack([thing.crop for thing in things])).mean(0)
    return mean / np.linalg.norm(mean)


COMES_OUT_AS_ANOTHER = Check(
    "comes out as another",
    Law.IDENTITY,
    "what comes out from behind a thing looks like nothing that went there in the three seconds before; only in video "
    "from elsewhere",
    _find,
    needs=(length(12), filmed),
)
