"""Suspects of what moves in video from elsewhere: the largest pieces of a shot, none in another's time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Suspect
from cuspworld.audit.observations.births import Birth
from cuspworld.audit.observations.detached import Detached
from cuspworld.audit.observations.looks import During, apart
from cuspworld.audit.observations.seen import Observations

MOST = 3  # of one shot


class Placed(During, Protocol):
    """What lasts from a frame to a frame, in a box of working pixels."""

    @property
    def box(self) -> tuple[float, float, float, float]: ...


def sweeping(pieces: Iterable[tuple[float, Placed]], sentence: str) -> list[Suspect]:
    """Each piece comes with its share of the picture."""
    return _suspects(pieces, "share of the picture", 1.0, "", sentence)


def rising(seen: Observations, pieces: Iterable[Birth | Detached], sentence: str) -> list[Suspect]:
    """By how far each piece goes up, told in pixels of the video."""
    side = max(seen.scene.size) * seen.scene.factor[1]
    return _suspects(((piece.rise, piece) for piece in pieces if piece.rise > 0), "rise", side, "px", sentence)


def _suspects(
    pieces: Iterable[tuple[float, Placed]], name: str, scale: float, unit: str, sentence: str
) -> list[Suspect]:
    ranked = sorted(pieces, key=lambda told: -told[0])
    sizes = {id(piece): size for size, piece in ranked}
    return [
        Suspect(
            strength=100 * sizes[id(piece)],
            start=piece.start,
            end=piece.end,
            box=piece.box,
            measured={name: Measurement(sizes[id(piece)] * scale, unit)},
            sentence=sentence,
        )
        for piece in apart(piece for _, piece in ranked)[:MOST]
    ]
