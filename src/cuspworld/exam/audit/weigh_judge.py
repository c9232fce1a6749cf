"""How far the taught judge is to be trusted beside the laws: logistic regression on development twins.

Every suspect that a law has, and every one of the judge's own, with what the judge sees there, is a case; it is right
if its law is broken at its time in a twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from cuspworld.audit.calibration import MOST_SEEN, Weights, odds
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Evidence, Finding
from cuspworld.audit.judges.twin_look import Look
from cuspworld.audit.judges.twins import SEEN, own_suspects, seen_at, shipped
from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip
from cuspworld.exam.audit import calibration_file
from cuspworld.exam.audit.listening import listening
from cuspworld.exam.audit.scoring import in_time
from cuspworld.exam.audit.store import Store
from cuspworld.exam.audit.twins import clips_of

Broken = tuple[frozenset[str], float, float] | None  # (laws, start, end) of a twin; None for a possible clip
EVEN = Weights(law=1, seen=0, bias=0, own=1, own_bias=0)
RIDGE = 0.05  # of the squared weights: the prior


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


def hear(clip: Clip, broken: Broken) -> list[Heard]:
    """What is said of a clip, of those shots of which the judge may speak."""
    judge, kept = shipped(), []

    def keep(scene: Scene, frames: np.ndarray, evidence: dict[str, Evidence]) -> None:
        look = judge.look(frames, scene.fps)
        if look is not None and look.distance <= 1 and scene.camera.steady and not scene.camera.moving:
            light = replace(scene, frames=scene.frames[:1].copy(), labels=scene.labels[:1].copy(), valid=None)
            kept.append(Heard(light, look, evidence, broken))

    audit_clip(clip, taught=listening(keep, weighs=False))
    return kept


def heard(split: str, count: int, store: Store, only: list[str] | None = None) -> Iterator[Heard]:
    """What is said of `count` pairs of each twin."""
    for laws, violation, possible, impossible in clips_of(split, count, store, only):
        yield from hear(possible, None)
        yield from hear(impossible, (laws, violation.start, violation.end))


@dataclass(frozen=True)
class Fitted:
    """The weights, and the cases of the laws and of the judge's own that they were fitted on: (right, all)."""

    weights: Weights
    laws: tuple[int, int]
    own: tuple[int, int]

    def __str__(self) -> str:
        return (
            f"of the laws' suspects {self.laws[0]} of {self.laws[1]} are right, "
            f"of the judge's own {self.own[0]} of {self.own[1]}"
        )


def fit(found: Iterable[Heard]) -> Fitted:
    """Weights by maximum likelihood with a weak prior, none negative but the biases."""
    law, own = [], []
    for shot in found:
        for suspect in (s for evidence in shot.evidence.values() for s in evidence.suspects):
            law.append((odds(suspect.probability), seen_at(shot.scene, shot.look, suspect), shot.right(suspect)))
        for suspect in own_suspects(shot.scene, shot.look, EVEN):
            seen = float(suspect.measured[SEEN].value)
            own.append((min(seen, MOST_SEEN), shot.right(suspect)))
    laws, owns = np.array(law, float).reshape(-1, 3), np.array(own, float).reshape(-1, 2)
    (a, b, c), (d, e) = (_logistic(rows[:, :-1], rows[:, -1]).tolist() for rows in (laws, owns))
    counts = [(int(rows[:, -1].sum()), len(rows)) for rows in (laws, owns)]
    return Fitted(Weights(a, b, c, d, e), *counts)


def _logistic(x: Float[np.ndarray, "cases terms"], right: Float[np.ndarray, " cases"]) -> Float[np.ndarray, " weights"]:
    """The weights of the terms, none negative, and the bias."""
    signs = 2 * right - 1

    def loss(v: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * (x @ v[:-1] + v[-1])).sum() + RIDGE * (v**2).sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    weights: np.ndarray = minimize(loss, np.full(x.shape[1] + 1, 0.3), method="L-BFGS-B", bounds=bounds).x
    return weights


def write(fitted: Fitted, name: str, how: str, path: Path) -> None:
    """Put the weights into a calibration file under the fit `name`; `how` says how it was made."""
    content = calibration_file.read(path)
    content["fits"][name] = f"{how}: {fitted}"
    content["judge"] = {key: round(value, 2) for key, value in asdict(fitted.weights).items()} | {"fit": name}
    calibration_file.write(content, path)
