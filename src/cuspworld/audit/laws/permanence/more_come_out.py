"""More things come out from behind a thing, or of a heap of them, than went in within three seconds.

The groups of `observations/rejoined.py`, by how many more and how large the smallest of them is. What falls apart, or
was hidden there from the start, comes out too: how often, true clips from elsewhere say (`audit/elsewhere.py`).
"""

from __future__ import annotations

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.observations.object_tracks import ObjectTrack
from cuspworld.audit.observations.rejoined import NONE, rejoined
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.standing_apart import standing_apart
from cuspworld.laws import Law


def _find(seen: Observations) -> list[Suspect] | str:
    apart = seen.once(standing_apart)
    groups = rejoined(apart)
    if not groups:
        return NONE
    suspects = []
    for group in groups:
        more = len(group.came_out) + group.stays - len(group.went_in)
        if more <= 0:
            continue
        suspects.append(
            Suspect(
                strength=100 * more * min(map(_share, group.came_out)),
                start=apart.at.frames[group.start],
                end=apart.at.frames[group.end],
                box=apart.at.placed(group.box),
                measured={
                    "things that went in": Measurement(float(len(group.went_in)), ""),
                    "things that came out, with what is left": Measurement(
                        float(len(group.came_out) + group.stays), ""
                    ),
                },
                sentence="More things come out from behind a thing than went there.",
            )
        )
    return suspects


def _share(track: ObjectTrack) -> float:
    return track.things[0].share


MORE_COME_OUT = Check(
    "more come out",
    Law.PERMANENCE,
    "more things come out from behind a thing than went there in the three seconds before; only in video from "
    "elsewhere",
    _find,
    needs=(length(12), filmed),
)
