"""Validity: where in a world's parameters may the model be used as a simulation?

Collisions of two balls, their radii and speeds drawn over all that phyworld calls in and out of range. A third of the
clips teaches where errors are large (the mean of the nearest in the parameters); a third chooses the region: of nested
regions "predicted error below so much", the largest that passes a test at level RISK that more than MISSED of its clips
are above the tolerance (learn then test, Angelopoulos et al. 2021, arXiv:2110.01052: fixed sequence, exact
binomial), so that with probability 1 - RISK over the clips at most MISSED of the simulations inside are wrong; and
an upper bound of the error with split conformal coverage 1 - MISSED. The last third only judges. Beside it, what
tells bad answers without having seen an error: the disagreement of two seeds, of two horizons, and of a deep ensemble
(Lakshminarayanan et al. 2017, arXiv:1612.01474): the model and others of its kind that were trained apart from it,
where the exam was given such (`members`); of a model of which there is but one there is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import binom

from cuspworld.exam.answers import ask
from cuspworld.exam.parts.range import FRAMES, GIVEN, velocity_error
from cuspworld.exam.picture import plot
from cuspworld.exam.question import Played, Question, Scene, asked
from cuspworld.exam.sitting import Numbers, Sitting
from cuspworld.exam.transcript import Part, Table

NAME, TITLE = "validity", "Domain of validity: simulation inside, media outside"
WORLDS = ("Collision",)
TOLERANCE = 0.25  # m/s
MISSED, RISK = 0.2, 0.1
EACH = 18  # clips for each question of the settings
NEAREST = 5
LATER = 3  # frames more that the other horizon is given
BOX = {"radius_1": (0.3, 2.0), "radius_2": (0.3, 2.0), "speed_1": (0.1, 6.0), "speed_2": (0.1, 6.0)}


@dataclass(frozen=True, eq=False)
class Region:
    """`errors`: predicted at parameters by the mean of the nearest known ones; inside: below `threshold`, which is None
    where no region could be certified. `bound`: what is added to a predicted error to cover it."""

    places: np.ndarray
    errors: np.ndarray
    threshold: float | None
    bound: float

    def predicted(self, parameters: np.ndarray) -> np.ndarray:
        apart = np.linalg.norm(self.places[None] - parameters[:, None], axis=2)
        nearest = np.argsort(apart, axis=1, kind="stable")[:, :NEAREST]
        return self.errors[nearest].mean(1)

    def inside(self, parameters: np.ndarray) -> np.ndarray:
        return self.predicted(parameters) <= (-np.inf if self.threshold is None else self.threshold)


def certify(places: np.ndarray, errors: np.ndarray, tolerance: float = TOLERANCE) -> Region:
    """From parameters (n, d) scaled to 0..1 and errors (n,): the first half teaches, the second half certifies."""
    half = len(places) // 2
    taught = Region(places[:half], errors[:half], None, np.inf)
    predicted, true = taught.predicted(places[half:]), errors[half:]
    order = np.argsort(predicted, kind="stable")
    wrong = np.cumsum(true[order] > tolerance)
    threshold = None
    # The regions grow; testing stops at the first that fails. Those too small to pass at all are not tested.
    fewest = math.ceil(math.log(RISK) / math.log(1 - MISSED))
    for k in range(fewest, len(order) + 1):
        if binom.cdf(wrong[k - 1], k, MISSED) > RISK:
            break
        threshold = float(predicted[order[k - 1]])
    rank = math.ceil((len(true) + 1) * (1 - MISSED))
    bound = float(np.sort(true - predicted)[rank - 1]) if rank <= len(true) else math.inf
    return Region(taught.places, taught.errors, threshold, bound)


def auroc(score: np.ndarray, bad: np.ndarray) -> float | None:
    """The chance that a bad one has a higher score than a good one, ties half; None where there is but one kind."""
    high, low = score[bad], score[~bad]
    if not len(high) or not len(low):
        return None
    return float(((high[:, None] > low).mean() + (high[:, None] >= low).mean()) / 2)


def sit(sitting: Sitting) -> Part:
    settings = sitting.settings
    count = EACH * settings.clips
    random = np.random.default_rng(settings.seed + 71)
    unit = random.uniform(size=(count, len(BOX)))
    cases = [_case(unit[k], settings.fresh + 2000 + k, settings.size) for k in range(count)]
    judged = range(2 * count // 3, count)
    sitting.plan((count + 2 * len(judged)) * len(sitting.models) + len(sitting.members) * len(judged))
    rows: list[dict[str, Any]] = []
    pictures = {}
    for model in sitting.models:
        found = [
            sitting.ask(NAME, model, str(s.seed), asked(s, p, GIVEN), partial(_measured, known=p)) for s, p in cases
        ]  # fmt: skip
        error = np.array([9.0 if f is None or f["error"] is None else f["error"] for f in found])  # no answer is wrong
        first = judged.start
        region = certify(unit[:first], error[:first])
        inside, bad = region.inside(unit[first:]), error[first:] > TOLERANCE
        scores = {"taught": region.predicted(unit[first:])}
        scores |= _disagreements(sitting, model, [cases[k] for k in judged], found[first:])
        # where all or none are above the tolerance: which are the worse half?
        split = TOLERANCE if bad.any() and not bad.all() else float(np.median(error[first:]))
        covered = error[first:] <= region.predicted(unit[first:]) + region.bound
        rows.append(
            {
                "row": model,
                "above tolerance": float(bad.mean()),
                "certified": "yes" if region.threshold is not None else "no region",
                "inside": float(inside.mean()),
                "wrong inside": float(bad[inside].mean()) if inside.any() else None,
                "wrong outside": float(bad[~inside].mean()) if not inside.all() else None,
                "covered": float(covered.mean()),
                "AUROC above, m/s": split,
                **({"AUROC ensemble": None} if sitting.members else {}),
                **{f"AUROC {name}": auroc(score, error[first:] > split) for name, score in scores.items()},
                "failed": found.count(None),
            }
        )  # fmt: skip
        if model in (next(iter(sitting.models)), "constant velocity"):
            speeds = unit[:, [2, 3]] * 5.9 + 0.1
            parts = {"simulation": region.inside(unit) & (error <= TOLERANCE), "simulation, but wrong":
                     region.inside(unit) & (error > TOLERANCE), "media": ~region.inside(unit)}  # fmt: skip
            pictures[model] = plot(
                model, "speed of ball 1, m/s", "speed of ball 2, m/s",
                {name: [(float(x), float(y)) for x, y in speeds[where]] for name, where in parts.items()},
            )  # fmt: skip
    ensemble = f", by a deep ensemble of {len(sitting.members) + 1}" if sitting.members else ""
    table = Table(
        f"Collisions within {TOLERANCE:g} m/s",
        f"{len(judged)} judged clips of {count}. Certified: with probability {1 - RISK:g} at most {MISSED:.0%} of "
        f"what is inside is above it; covered: errors below their conformal bound, promised {1 - MISSED:.0%}. AUROC "
        f"of an error above the tolerance, or above the row's own median where all or none are: by the taught region, "
        f"by two seeds, by two horizons{ensemble}; 0.5 is chance.",
        tuple(rows[0]),
        tuple(rows),
    )
    fewest = math.ceil(math.log(RISK) / math.log(1 - MISSED))
    notes = [f"A region needs {fewest} clips without an error among the certifying {count // 3}; fewer certify none."]
    if not sitting.members:
        notes.append(
            "No deep ensemble: it takes others of the model's kind, trained apart from it (cusp exam MODEL --member "
            "OTHER --member OTHER), and none were given."
        )
    return Part(NAME, TITLE, (table,), tuple(notes), pictures)


def _case(unit: np.ndarray, seed: int, size: int) -> tuple[Scene, Played]:
    values = {name: float(low + u * (high - low)) for u, (name, (low, high)) in zip(unit, BOX.items(), strict=True)}
    plain = {"law": "collision", "colour_1": "red", "colour_2": "blue", "offset": 0.0, "restitution": 1.0}
    scene = Scene("Collision", seed, 10.0, size, {**plain, **values})
    return scene, scene.play(FRAMES)


def _measured(frames: np.ndarray, known: Played) -> Numbers:
    """The error, and the frames themselves in small, which disagreement is measured on."""
    small = frames[:, ::4, ::4].mean(-1)[LATER::4]
    return {**velocity_error(frames, known), "small": np.round(small).astype(int).tolist()}


def _disagreements(sitting: Sitting, model: str, cases: list[Any], found: list[Any]) -> dict[str, np.ndarray]:
    seeds, horizons = np.zeros(len(cases)), np.zeros(len(cases))
    for k, ((scene, played), first) in enumerate(zip(cases, found, strict=True)):
        again = sitting.ask(NAME, model, f"{scene.seed} seed", asked(scene, played, GIVEN, seed=1), _small)
        later = sitting.ask(NAME, model, f"{scene.seed} later", asked(scene, played, GIVEN + LATER), _small_later)
        for scores, other in ((seeds, again), (horizons, later)):
            if first is None or other is None:
                scores[k] = 99.0
            else:
                scores[k] = np.abs(np.array(first["small"], float) - np.array(other["small"])).mean()
    told = {"seeds": seeds, "horizons": horizons}
    if sitting.members and model == next(iter(sitting.models)):
        told["ensemble"] = _ensemble(sitting, model, cases, found)
    return told


def _ensemble(sitting: Sitting, model: str, cases: list[Any], found: list[Any]) -> np.ndarray:
    """How much the members' pictures of each case spread, a mean over pixels; a case that one cannot answer is bad."""
    spread = np.full(len(cases), 99.0)
    for k, ((scene, played), first) in enumerate(zip(cases, found, strict=True)):
        question = asked(scene, played, GIVEN)
        told = [first] + [
            sitting.measured(NAME, model, f"{scene.seed} member {m}", partial(_answered, member, question, sitting))
            for m, member in enumerate(sitting.members)
        ]
        small = [np.array(each["small"], float) for each in told if each is not None]
        if len(small) == len(told):
            spread[k] = np.std(small, axis=0).mean()
    return spread


def _answered(member: Any, question: Question, sitting: Sitting) -> Numbers:
    return _small(ask(member, question, sitting.settings.timeout))


def _small(frames: np.ndarray) -> Numbers:
    return {"small": np.round(frames[:, ::4, ::4].mean(-1)[LATER::4]).astype(int).tolist()}


def _small_later(frames: np.ndarray) -> Numbers:
    return {"small": np.round(frames[:, ::4, ::4].mean(-1)[::4]).astype(int).tolist()}


__all__ = ["auroc", "certify", "sit"]
