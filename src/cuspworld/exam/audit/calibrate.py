"""The fit of the curves by which a check's strength becomes a probability (development split only).

The fit is logistic regression on the logarithm of each strength: p = 1 / (1 + (centre / strength)^slope), over the
strongest suspect of every check in every clip. Video from elsewhere counts as much as the worlds do, however few its
clips are: where the worlds are known, the taught judge weighs what the laws say once more. A twin's suspect is right
when it names a broken law at its time and is stronger than what the same check makes of any possible clip of its world
(which otherwise would be chance).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize

from cuspworld.exam.audit import calibration_file
from cuspworld.exam.audit.injected import Trial
from cuspworld.exam.audit.twins import Pair

NOTHING = 0.05  # the probability of a strength of 1, at the most
CHANCE = 1.1  # times the most that a possible clip of the world shows
FEWEST = 8  # cases: a check with fewer keeps the curve that it has
SPREAD = 0.5  # of the prior at the curve in use: twice the variance of the logarithms of centre and slope


@dataclass(frozen=True)
class Case:
    """The strongest suspect of a check in a clip. `right`: is its law broken there? `elsewhere`: not in the worlds."""

    check: str
    strength: float | int
    right: bool
    elsewhere: bool


@dataclass(frozen=True)
class Fitted:
    """A curve, and how many cases it was fitted on."""

    centre: float
    slope: float
    right: int
    wrong: int


def cases(pairs: list[Pair], trials: list[Trial], real: Iterable[tuple[str, Any, dict[str, Any]]]) -> list[Case]:
    """The cases of every clip whose truth is known; each possible clip once. `real`: (name, label, report)."""
    found: list[Case] = []
    seen: set[tuple[str, int]] = set()
    usual: dict[tuple[str, str], float] = defaultdict(float)
    for p in pairs:
        for check, suspect in _strongest(p.possible).items():
            usual[p.world, check] = max(usual[p.world, check], suspect["strength"])
    for p in pairs:
        if (p.world, p.seed) not in seen:
            found += [Case(check, s["strength"], False, False) for check, s in _strongest(p.possible).items()]
        seen.add((p.world, p.seed))
        for check, suspect in _strongest(p.impossible).items():
            right = p.names(suspect) and suspect["strength"] > CHANCE * usual[p.world, check]
            found.append(Case(check, suspect["strength"], right, False))
    said: set[tuple[str, str, float, bool]] = set()  # what is said of a clip whatever fault is put into it counts once
    for t in trials:
        for check, suspect in _strongest(t.report).items():
            once = (t.clip, check, round(suspect["strength"], 1), t.names(suspect))
            if once not in said:
                said.add(once)
                found.append(Case(check, suspect["strength"], t.names(suspect), True))
    for _, label, report in real:
        if label != "?":
            for check, suspect in _strongest(report).items():
                right = label is not None and suspect["law"] in label
                found.append(Case(check, suspect["strength"], right, True))
    return found


def _strongest(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Check -> its strongest suspect in a clip."""
    best: dict[str, dict[str, Any]] = {}
    for suspect in report["suspects"]:
        if suspect["strength"] > best.get(suspect["check"], {"strength": 0.0})["strength"]:
            best[suspect["check"]] = suspect
    return best


def fit(found: list[Case], curves: dict[str, dict[str, Any]]) -> dict[str, Fitted]:
    """Check -> its curve, by logistic regression with a weak prior around the curve in use (`curves`: that of each
    check, as in calibration.json). Checks with fewer than FEWEST cases, or without a curve, are left out."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        groups[case.check].append(case)
    return {
        check: _fit(group, float(curves[check]["centre"]), float(curves[check]["slope"]))
        for check, group in groups.items()
        if check in curves and len(group) >= FEWEST
    }


def _fit(group: list[Case], centre: float, slope: float) -> Fitted:
    s = np.log([case.strength for case in group])
    y = np.array([case.right for case in group], float)
    w = _balanced(np.array([case.elsewhere for case in group]))

    def loss(v: np.ndarray) -> float:
        """`v`: logarithms of centre and slope."""
        z = np.exp(v[1]) * (s - v[0])
        prior = ((v[0] - np.log(centre)) ** 2 + (v[1] - np.log(slope)) ** 2) / SPREAD
        return float(np.sum(w * (np.logaddexp(0, -z) * y + np.logaddexp(0, z) * (1 - y))) + prior)

    best = np.exp(minimize(loss, [np.log(centre), np.log(slope)], method="Nelder-Mead").x)
    if best[0] > 1.5:  # a strength of 1 is what the clip itself shows elsewhere
        best[1] = max(best[1], np.log(1 / NOTHING - 1) / np.log(best[0]))
    return Fitted(float(best[0]), float(best[1]), int(y.sum()), int(len(y) - y.sum()))


def _balanced(elsewhere: Bool[np.ndarray, " cases"]) -> Float[np.ndarray, " cases"]:
    """Weights with which cases from elsewhere count as much as the worlds'; all 1 where one has none."""
    count, here = len(elsewhere), int((~elsewhere).sum())
    if here in (0, count):
        return np.ones(count)
    return np.where(elsewhere, count / (2 * (count - here)), count / (2 * here))


def write(fitted: dict[str, Fitted], name: str, how: str, path: Path) -> None:
    """Put the fitted curves into a calibration file under the fit `name`; `how` says how it was made."""
    content = calibration_file.read(path)
    content["fits"][name] = how
    for check, curve in fitted.items():
        content["curves"][check] = {"centre": round(curve.centre, 2), "slope": round(curve.slope, 2), "fit": name}
    calibration_file.write(content, path)
