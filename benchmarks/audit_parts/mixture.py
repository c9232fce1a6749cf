"""How far the taught judge is to be trusted beside the laws: logistic regression on development twins.

Every suspect that a law has, and every one of the judge's own, with what the judge sees there, is a case; it is right
if its law is broken at its time in a twin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize

from cuspworld.audit import audit_clip
from cuspworld.audit.calibration import MOST_SEEN, TAUGHT
from cuspworld.audit.laws.base import Evidence
from cuspworld.audit.report import Finding
from cuspworld.audit.scene import Scene
from cuspworld.audit.twin_judge import TwinJudge, own_suspects, seen_at, shipped
from cuspworld.clip import Clip

from .scoring import in_time
from .store import Store
from .twins import clips_of


@dataclass(frozen=True)
class Listening(TwinJudge):
    """The judge, changing nothing and keeping what it sees: (suspect, what the weights are for, is it the judge's)."""

    kept: list[tuple[Finding, tuple[float, float], bool]] = field(default_factory=list)

    def weigh(self, scene: Scene, frames: np.ndarray, evidence: dict[str, Evidence]) -> tuple[dict[str, Evidence], str]:
        look = self.look(frames, scene.fps)
        if look is not None and look.distance <= 1 and scene.camera.steady and not scene.camera.moving:
            for found in evidence.values():
                for suspect in found.suspects:
                    p = float(np.clip(suspect.probability, 1e-4, 1 - 1e-4))
                    self.kept.append((suspect, (float(np.log(p / (1 - p))), seen_at(scene, look, suspect)), False))
            for own in own_suspects(scene, look, TAUGHT):
                seen, named = (float(measured.value) for measured in own.measured.values())
                self.kept.append((own, (min(seen, MOST_SEEN), float(np.log(named))), True))
        return evidence, ""


Case = tuple[tuple[float, float], bool, bool]  # what the weights are for, is it the judge's own, is it right


def cases(judge: TwinJudge, clip: Clip, broken: tuple[frozenset[str], float, float] | None) -> list[Case]:
    """Every suspect in a clip; `broken`: (laws, start, end) of a twin, None for a possible clip."""
    listening = Listening(judge.network, judge.worlds, judge.taught, judge.of)
    audit_clip(clip, taught=listening)
    found = []
    for suspect, values, own in listening.kept:
        said: dict[str, Any] = {"start": suspect.start, "end": suspect.end}
        right = broken is not None and suspect.law in broken[0] and in_time(said, broken[1], broken[2])
        found.append((values, own, right))
    return found


def line(split: str, count: int, store: Store, only: list[str] | None = None) -> str:
    """calibration.TAUGHT fitted on `count` pairs of each twin."""
    judge = shipped()
    found: list[Case] = []
    for laws, violation, possible, impossible in clips_of(split, count, store, only):
        found += cases(judge, possible, None)
        found += cases(judge, impossible, (laws, violation.start, violation.end))
    return fit(found)


def fit(found: list[Case]) -> str:
    """The line of calibration.py: weights by maximum likelihood with a weak prior, none negative but the biases."""
    law, own = (
        np.array([(*values, right) for values, judges, right in found if judges == which], float).reshape(-1, 3)
        for which in (False, True)
    )
    (a, b, c), (d, e, f) = (_logistic(rows[:, :2], rows[:, 2]) for rows in (law, own))
    return (
        f"TAUGHT = Weights(law={a:.2f}, seen={b:.2f}, bias={c:.2f}, own={d:.2f}, named={e:.2f}, own_bias={f:.2f})"
        f"  # right: {law[:, 2].sum():.0f} of {len(law)} of the laws, {own[:, 2].sum():.0f} of {len(own)} of its own"
    )


def _logistic(x: np.ndarray, right: np.ndarray) -> np.ndarray:
    signs = 2 * right - 1

    def loss(v: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * (x @ v[:-1] + v[-1])).sum() + 0.05 * (v**2).sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    return minimize(loss, np.full(x.shape[1] + 1, 0.3), method="L-BFGS-B", bounds=bounds).x
