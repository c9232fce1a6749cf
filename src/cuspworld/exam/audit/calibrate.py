"""The fit of the curves by which a check's strength becomes a probability (development split only).

The fit is logistic regression on the logarithm of each statistic: p = 1 / (1 + (centre / statistic)^slope), over
the strongest finding of every test in every clip. Video from elsewhere counts as much as the worlds do, however few
its clips are: where the worlds are known, the taught judge weighs what the laws say once more. A twin's finding is
right when it names a broken law at its time and is stronger than what the same test makes of any possible clip of its
world (which otherwise would be chance).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from cuspworld.audit import calibration
from cuspworld.exam.audit.injected import Trial
from cuspworld.exam.audit.scoring import in_time
from cuspworld.exam.audit.twins import Pair

Case = tuple[str, float, bool, bool]  # test, statistic, right, from elsewhere


class Probe:
    """While it is open every suspicion becomes a finding, and `of` tells its test and statistic."""

    def __init__(self) -> None:
        self.seen: dict[float, tuple[str, float]] = {}
        self._replaced: list[tuple[Any, Callable[..., float]]] = []

    def __enter__(self) -> Probe:
        laws = importlib.import_module("cuspworld.audit.laws")
        modules = [
            importlib.import_module(f"cuspworld.audit.laws.{m.name}") for m in pkgutil.iter_modules(laws.__path__)
        ]
        for module in modules:
            if getattr(module, "probability", None) is calibration.probability:
                self._replaced.append((module, calibration.probability))
                module.probability = self._probability  # type: ignore[attr-defined]
        return self

    def __exit__(self, *error: object) -> None:
        for module, original in self._replaced:
            module.probability = original

    def _probability(self, test: str, statistic: float) -> float:
        if not statistic > 0:
            return 0.0
        value = 0.5 + 0.5 * statistic / (1 + statistic)  # always more likely than not, and in order
        self.seen[round(value, 4)] = (test, float(statistic))
        return value

    def of(self, finding: dict[str, Any]) -> tuple[str, float] | None:
        """(test, statistic) of a finding."""
        return self.seen.get(finding["probability"])


NOTHING = 0.05  # the probability of a statistic of 1, at the most
CHANCE = 1.1  # times the most that a possible clip of the world shows


def cases(
    probe: Probe, pairs: list[Pair], trials: list[Trial], real: list[tuple[str, Any, dict[str, Any]]]
) -> list[Case]:
    """The case of the strongest finding of every test in every clip; each possible clip once."""
    found: list[Case] = []
    seen: set[tuple[str, int]] = set()
    usual: dict[tuple[str, str], float] = defaultdict(float)
    for p in pairs:
        for test, (statistic, _) in _strongest(probe, p.possible).items():
            usual[p.world, test] = max(usual[p.world, test], statistic)
    for p in pairs:
        possible, impossible = _strongest(probe, p.possible), _strongest(probe, p.impossible)
        if (p.world, p.seed) not in seen:
            found += [(test, statistic, False, False) for test, (statistic, _) in possible.items()]
        seen.add((p.world, p.seed))
        for test, (statistic, finding) in impossible.items():
            right = finding["law"] in p.laws and in_time(finding, p.start, p.end)
            right = right and statistic > CHANCE * usual[p.world, test]
            found.append((test, statistic, right, False))
    said: set[tuple[str, str, float, bool]] = set()  # what is said of a clip whatever fault is put into it counts once
    for t in trials:
        for test, (statistic, finding) in _strongest(probe, t.report).items():
            once = (t.clip, test, round(statistic, 1), finding in t.named)
            if once not in said:
                said.add(once)
                found.append((test, statistic, finding in t.named, True))
    for _, label, report in real:
        if label != "?":
            for test, (statistic, finding) in _strongest(probe, report).items():
                right = label is not None and finding["law"] in label
                found.append((test, statistic, right, True))
    return found


def _strongest(probe: Probe, report: dict[str, Any]) -> dict[str, tuple[float, dict[str, Any]]]:
    best: dict[str, tuple[float, dict[str, Any]]] = {}
    for finding in report["findings"]:
        if (of := probe.of(finding)) is not None and of[1] > best.get(of[0], (0.0,))[0]:
            best[of[0]] = (of[1], finding)
    return best


def fit(found: list[Case]) -> dict[str, tuple[float, float, int, int]]:
    """test -> (centre, slope, right, wrong) by logistic regression with a weak prior around the curve in use."""
    groups: dict[str, list[tuple[float, bool, bool]]] = defaultdict(list)
    for test, *case in found:
        groups[test].append(tuple(case))  # type: ignore[arg-type]
    curves = {}
    for test, cases in groups.items():
        s = np.log([c[0] for c in cases])
        y, w = np.array([c[1] for c in cases], float), _balanced(np.array([c[2] for c in cases]))
        centre, slope = calibration.CURVES[test]

        def loss(
            v: np.ndarray,
            s: np.ndarray = s,
            y: np.ndarray = y,
            w: np.ndarray = w,
            c: float = centre,
            k: float = slope,
        ) -> float:
            z = np.exp(v[1]) * (s - v[0])
            prior = (v[0] - np.log(c)) ** 2 / 0.5 + (v[1] - np.log(k)) ** 2 / 0.5
            return float(np.sum(w * (np.logaddexp(0, -z) * y + np.logaddexp(0, z) * (1 - y))) + prior)

        best = np.exp(minimize(loss, [np.log(centre), np.log(slope)], method="Nelder-Mead").x)
        if best[0] > 1.5:  # a statistic of 1 is what the clip itself shows elsewhere
            best[1] = max(best[1], np.log(1 / NOTHING - 1) / np.log(best[0]))
        curves[test] = (float(best[0]), float(best[1]), int(y.sum()), int(len(y) - y.sum()))
    return curves


def _balanced(elsewhere: np.ndarray) -> np.ndarray:
    """Weights (cases,) with which cases from elsewhere count as much as the worlds'; all 1 where one has none."""
    count, here = len(elsewhere), int((~elsewhere).sum())
    if here in (0, count):
        return np.ones(count)
    return np.where(elsewhere, count / (2 * (count - here)), count / (2 * here))
