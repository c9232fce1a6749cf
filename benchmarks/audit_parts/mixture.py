"""How far the taught judge is to be trusted beside the laws: logistic regression on development twins.

Every suspect that a law has, and every one of the judge's own, with what the judge sees there, is a case; it is right
if its law is broken at its time in a twin. Of several suspects of a law a report keeps the likeliest, which makes it
too sure: so a second regression, on what the reports then say, corrects the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from cuspworld.audit import audit_clip
from cuspworld.audit.calibration import MOST_SEEN, Weights
from cuspworld.audit.laws.base import Evidence
from cuspworld.audit.report import SAID, Finding
from cuspworld.audit.scene import Scene
from cuspworld.audit.twin_judge import Look, TwinJudge, mixed, own_suspects, seen_at, shipped
from cuspworld.clip import Clip

from .scoring import in_time
from .store import Store
from .twins import clips_of

Broken = tuple[frozenset[str], float, float] | None  # (laws, start, end) of a twin; None for a possible clip
EVEN = Weights(law=1, seen=0, bias=0, own=1, named=1, own_bias=0)


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
    """The line of calibration.py, and how often what is then said to be so sure is right."""
    first, law, own = fit(found)
    last = corrected(found, first)
    values = ", ".join(f"{name}={getattr(last, name):.2f}" for name in last.__dataclass_fields__)
    counts = f"right: {law[:, -1].sum():.0f} of {len(law)} of the laws, {own[:, -1].sum():.0f} of {len(own)} of its own"
    return f"TAUGHT = Weights({values})  # {counts}"


def fit(found: list[Heard]) -> tuple[Weights, np.ndarray, np.ndarray]:
    """(weights by maximum likelihood with a weak prior, none negative but the biases; cases of the laws, of its own:
    what the two weights are for, is it right)."""
    law, own = [], []
    for shot in found:
        for suspect in (s for evidence in shot.evidence.values() for s in evidence.suspects):
            law.append((_odds(suspect), seen_at(shot.scene, shot.look, suspect), shot.right(suspect)))
        for suspect in own_suspects(shot.scene, shot.look, EVEN):
            seen, named = (float(measured.value) for measured in suspect.measured.values())
            own.append((min(seen, MOST_SEEN), np.log(named), shot.right(suspect)))
    cases = [np.array(rows, float).reshape(-1, 3) for rows in (law, own)]
    (a, b, c), (d, e, f) = (_logistic(rows[:, :2], rows[:, 2]) for rows in cases)
    return Weights(a, b, c, d, e, f), *cases


def corrected(found: list[Heard], first: Weights) -> Weights:
    """The weights with which what is said in the reports is as often right as it says."""
    cases = np.array([(odds, right) for odds, right, _ in said(found, first)], float).reshape(-1, 2)
    scale, shift = _logistic(cases[:, :1], cases[:, 1])
    return Weights(
        first.law * scale, first.seen * scale, first.bias * scale + shift,
        first.own * scale, first.named * scale, first.own_bias * scale + shift,
    )  # fmt: skip


def said(found: list[Heard], given: Weights) -> Iterator[tuple[float, bool, Heard]]:
    """(log-odds, right, where) of every finding of the reports."""
    for shot in found:
        for evidence in mixed(shot.scene, shot.look, shot.evidence, given).values():
            for suspect in evidence.suspects:
                if suspect.probability >= SAID:
                    yield _odds(suspect), shot.right(suspect), shot


def _odds(suspect: Finding) -> float:
    p = float(np.clip(suspect.probability, 1e-4, 1 - 1e-4))
    return float(np.log(p / (1 - p)))


def _logistic(x: np.ndarray, right: np.ndarray) -> np.ndarray:
    signs = 2 * right - 1

    def loss(v: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * (x @ v[:-1] + v[-1])).sum() + 0.05 * (v**2).sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    return minimize(loss, np.full(x.shape[1] + 1, 0.3), method="L-BFGS-B", bounds=bounds).x
