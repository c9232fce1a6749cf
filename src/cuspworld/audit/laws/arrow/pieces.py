"""Many pieces come together and none come apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.arrow.bursts import NEEDS
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`piece_frames`: for which a piece is seen. `pieces`: that join or come off. `excess_errors`: by how many standard
    deviations of chance (the root of their number) more join than come off."""

    piece_frames: int = 3
    pieces: int = 6
    excess_errors: float = 1.0


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    scene = seen.scene
    tracks = [track for track in scene.tracks if len(track) >= LIMITS.piece_frames and not track.ghostly]
    merged = [track for track in tracks if track.death == "merge"]
    split = [track for track in tracks if track.birth == "split"]
    total = len(merged) + len(split)
    if total < LIMITS.pieces:
        return []
    excess = (len(merged) - len(split)) / np.sqrt(total)
    if excess < LIMITS.excess_errors:
        return []
    times = sorted(track.end for track in merged)
    return [
        Suspect(
            strength=2.2 * float(excess),
            start=times[0],
            end=times[-1],
            box=(0, 0, scene.size[1], scene.size[0]),
            measured={
                "pieces that join": Measurement(len(merged), ""),
                "pieces that come off": Measurement(len(split), ""),
            },
            sentence="Pieces gather from all over and become one thing.",
        )
    ]


GATHERS = Check(
    "gathers",
    Law.ARROW,
    "many pieces join, and few or none come off",
    _find,
    needs=NEEDS,
    thresholds=LIMITS,
)
