"""A thing that stands apart slowly comes to look like another thing, and nothing reaches it.

How far its features (`evidence/identity_network.py`, 1 - cosine) go from those of its first three looks. What turns,
or lives, looks different too: how different, true clips from elsewhere say (`audit/elsewhere.py`).
"""

from __future__ import annotations

import numpy as np

from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.observations.object_tracks import ObjectTrack, left_alone, smooth
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.standing_apart import standing_apart
from cuspworld.laws import Law

MOST = 3  # of one shot
FIRST = 3  # looks that say what it is


def _find(seen: Observations) -> list[Suspect] | str:
    apart = seen.once(standing_apart)
    tracks = left_alone(apart)
    if not tracks:
        return "no thing stands apart on plain ground long enough to be followed"
    found = [(_drift(track), track) for track in tracks]
    found.sort(key=lambda told: -told[0].max())
    suspects = []
    for drift, track in found[:MOST]:
        frames = [apart.at.frames[look] for look in track.looks]
        times = seen.scene.times(frames)
        suspects.append(
            Suspect(
                strength=10 * float(drift.max()),
                start=frames[0],
                end=frames[int(drift.argmax())],
                box=apart.at.placed(track.box),
                measured={"1 - cosine of its features": Measurement(float(drift.max()), "")},
                series=(
                    Series("how unlike its first looks it is", "", times, tuple(map(float, drift))),
                    Series("logarithm of its size", "", times, tuple(map(float, track.size))),
                    Series("logarithm of its width over its height", "", times, tuple(map(float, track.shape))),
                ),
                sentence="A thing slowly comes to look like another thing.",
            )
        )
    return suspects


def _drift(track: ObjectTrack) -> np.ndarray:
    from cuspworld.audit.evidence.identity_network import features  # torch is needed where a thing is followed alone

    seen = features(np.stack([thing.crop for thing in track.things]))
    first = seen[:FIRST].mean(0)
    return smooth(np.maximum(1 - seen @ (first / np.linalg.norm(first)), 0))


BECOMES_ANOTHER = Check(
    "becomes another",
    Law.IDENTITY,
    "a thing that stands apart on plain ground slowly comes to look like another, and nothing reaches it; only in "
    "video from elsewhere",
    _find,
    needs=(length(12), filmed),
)
