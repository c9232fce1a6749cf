"""Which of several clips of one prompt shows what was asked, and the least that cannot be.

Where a world has a detector (`cuspworld.detectors`), what it reads in each clip is held against the prompt as captions
are (`language.matching`), and how much of the clip is no true state, comes out of nothing or has no cause is taken off,
and in how much of it not all things can be told apart.
Elsewhere, and among equals, the audit's score decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cuspworld.clip import Clip
from cuspworld.language.matching import Matcher

FAULTS, HEEDS = 0.5, 3.0  # weights beside the share of frames that are unclear; docs/simulator.md says how chosen


@dataclass(frozen=True)
class Candidate:
    """`told`: what the world's detector reads in the clip, empty where no detector knows the world; `faults` and
    `unclear`: see `Detector`; `heeds`: how much of the prompt is told, 1 all, below 0 where more is contradicted."""

    clip: Clip
    report: Any
    seed: int
    told: str = ""
    faults: float = 0.0
    unclear: float = 0.0
    heeds: float = 0.0

    def __str__(self) -> str:
        read = f'it shows: "{self.told}"; faults {self.faults:.2f}, ' if self.told else ""
        return f"{read}the audit's score {self.report.score:.2f}"


def worse(faults: float, unclear: float, heeds: float) -> float:
    """How much worse a clip is than one that shows clearly all that is told of it and nothing that cannot be. What is
    asked goes before: a detector tells little of a caption, so that one thing more or less is a tenth or two."""
    return FAULTS * faults + unclear - HEEDS * heeds


def read(clip: Clip, report: Any, seed: int) -> Candidate:
    """A candidate, with what its world's detector reads in it; how much of the prompt that is, `ranked` says."""
    from cuspworld.detectors import detector, names

    world = str(clip.made.get("kind", ""))
    if world not in names():
        return Candidate(clip, report, seed)
    reader = detector(world)
    reading = reader(clip.frames, clip.fps)
    return Candidate(clip, report, seed, reader.told(reading), reader.faults(reading), reader.unclear(reading))


def ranked(prompt: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best first."""
    found = list(candidates)
    if all(one.told for one in found):
        scores = Matcher([one.told for one in found])(prompt).scores
        found = [replace(one, heeds=float(score)) for one, score in zip(found, scores, strict=True)]
    return sorted(found, key=lambda one: (worse(one.faults, one.unclear, one.heeds), -one.report.score, one.seed))
