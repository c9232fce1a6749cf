"""Checks that ask a world's detector (`cuspworld.detectors`) what happens in a clip that looks like its world."""

from __future__ import annotations

from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length
from cuspworld.audit.observations.readings import events
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

WITHIN = 0.3  # s before and after an event
SIDE = 64  # pixels of the picture that a detector sees (`cuspworld.detectors.seen`, which needs torch)
NEAR = 8.0  # of these pixels around a place


def reading_check(name: str, law: Law, sentence: str) -> Check:
    """The check of what detectors read that breaks this law: the stronger, the more often it happens."""

    def find(seen: Observations) -> list[Suspect] | str:
        found = seen.once(events)
        if isinstance(found, str):
            return found
        ours = [event for event in found if event.law == law]
        last, fps = len(seen.scene) - 1, float(seen.scene.fps)
        return [
            Suspect(
                strength=len(ours),
                start=max(0, round((event.at - WITHIN) * fps)),
                end=min(last, round((event.at + WITHIN) * fps)),
                sentence=event.sentence,
                box=None if event.place is None else _box(event.place, seen.scene.size),
                measured={"times that it is read": Measurement(float(len(ours)), "")},
            )
            for event in ours
        ]

    return Check(name, law, sentence, find, needs=(length(6),))


def _box(place: tuple[float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """In working pixels: detectors see the largest square in the middle of the picture."""
    height, width = size
    pixel = min(size) / SIDE
    x, y = (width - min(size)) / 2 + place[0] * pixel, (height - min(size)) / 2 + place[1] * pixel
    return x - NEAR * pixel, y - NEAR * pixel, x + NEAR * pixel, y + NEAR * pixel
