"""What the laws suspect in a clip, however unlikely: heard where the taught judge hears it, before he weighs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Evidence
from cuspworld.audit.judges.twins import TwinJudge, shipped

Hear = Callable[[Scene, np.ndarray, dict[str, Evidence]], None]  # scene, its frames, law -> evidence


@dataclass(frozen=True, kw_only=True)
class Listening(TwinJudge):
    """The taught judge; `hear` is told of every shot what he is told. Where `weighs` is false he changes nothing."""

    hear: Hear
    weighs: bool = True

    def weigh(self, scene: Scene, frames: np.ndarray, evidence: dict[str, Evidence]) -> tuple[dict[str, Evidence], str]:
        self.hear(scene, frames, evidence)
        return super().weigh(scene, frames, evidence) if self.weighs else (evidence, "")


def listening(hear: Hear, *, weighs: bool = True) -> Listening:
    """The shipped judge, listened to."""
    judge = shipped()
    return Listening(judge.network, judge.worlds, judge.taught, judge.of, judge.name, hear=hear, weighs=weighs)
