"""How far the taught judge is to be trusted beside the laws: logistic regression on development twins.

Every suspect that a law has, and every one of the judge's own, with what the judge sees there, is a case; it is right
if its law is broken at its time in a twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from cuspworld.audit.calibration import MOST_SEEN, Weights, odds
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Finding
from cuspworld.audit.judges.twins import SEEN, Look, TwinJudge, own_suspects, seen_at, shipped
from cuspworld.audit.laws.base import Evidence
from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip
from cuspworld.exam.audit.scoring import in_time
from cuspworld.exam.audit.store import Store
from cuspworld.exam.audit.twins import clips_of

Broken = tuple[frozenset[str], float, float] | None  # (laws, start, end) of a twin; None for a possible clip
EVEN = Weights(law=1, seen=0, bias=0, own=1, own_bias=0)


@dataclass(frozen=True)
class Heard:
    """A shot of the worlds: what the laws say of it, what the judge sees in it, and what is true."""

    scene: Scene  # without its pictures
    look: Look
    evidence: dict[str, Evidence]
    broken: Broken

    def right(self, suspect: Finding) -> bool:
        """Is it of a law that is broken, at that time?"""
        said: dict[str, Any] = {"start": suspect.start, "end": suspect.end}
        return self.broken is not None and suspect.law in self.broken[0] and in_time(said, *self.broken[1:])


@dataclass(frozen=True)
class Listening(TwinJudge):
    """The judge, changing nothing and keeping what it hears and sees."""

    kept: list[tuple[Scene, Look, dict[str, Evidence]]] = field(default_factory=list)

    def weigh(self, scene: Scene, frames: np.ndarray, evidence: dict[str, Evidence]) -> tuple[dict[str, Evidence], str]:
        look = self.look(frames, scene.fps)
        if look is not None and look.distance <= 1 and scene.camera.steady and not scene.camera.moving:
            light = replace(scene, frames=scene.frames[:1].copy(), labels=scene.labels[:1].copy(), valid=None)
            self.kept.append((light, look, evidence))
        return evidence, ""


def hear(judge: TwinJudge, clip: Clip, broken: Broken) -> list[Heard]:
    """What is said of a clip."""
    listening = Listening(judge.network, judge.worlds, judge.taught, judge.of)
    audit_clip(clip, taught=listening)
    return [Heard(*kept, broken) for kept in listening.kept]


def heard(split: str, count: int, store: Store, only: list[str] | None = None) -> Iterator[Heard]:
    """What is said of `count` pairs of each twin."""
    judge = shipped()
    for laws, violation, possible, impossible in clips_of(split, count, store, only):
        yield from hear(judge, possible, None)
        yield from hear(judge, impossible, (laws, violation.start, violation.end))


def line(found: list[Heard]) -> str:
    """The line of calibration.py."""
    weights, law, own = fit(found)
    values = ", ".join(f"{name}={getattr(weights, name):.2f}" for name in weights.__dataclass_fields__)
    counts = f"right: {law[:, -1].sum():.0f} of {len(law)} of the laws, {own[:, -1].sum():.0f} of {len(own)} of its own"
    return f"TAUGHT = Weights({values})  # {counts}"


def fit(found: list[Heard]) -> tuple[Weights, np.ndarray, np.ndarray]:
    """(weights by maximum likelihood with a weak prior, none negative but the biases; cases of the laws, of its own:
    what the two weights are for, is it right)."""
    law, own = [], []
    for shot in found:
        for suspect in (s for evidence in shot.evidence.values() for s in evidence.suspects):
            law.append((odds(suspect.probability), seen_at(shot.scene, shot.look, suspect), shot.right(suspect)))
        for suspect in own_suspects(shot.scene, shot.look, EVEN):
            seen = float(suspect.measured[SEEN].value)
            own.append((min(seen, MOST_SEEN), shot.right(suspect)))
    cases = np.array(law, float).reshape(-1, 3), np.array(own, float).reshape(-1, 2)
    (a, b, c), (d, e) = (_logistic(rows[:, :-1], rows[:, -1]) for rows in cases)
    return Weights(a, b, c, d, e), *cases


def _logistic(x: np.ndarray, right: np.ndarray) -> np.ndarray:
    signs = 2 * right - 1

    def loss(v: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * (x @ v[:-1] + v[-1])).sum() + 0.05 * (v**2).sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    return minimize(loss, np.full(x.shape[1] + 1, 0.3), method="L-BFGS-B", bounds=bounds).x
