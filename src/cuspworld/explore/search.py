"""The search: begin with some experiments at random, then let an acquisition choose, batch by batch, to a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from cuspworld.checks import whole
from cuspworld.errors import CuspError
from cuspworld.exam.answers import Refusal, alarmed
from cuspworld.exam.picture import plot
from cuspworld.exam.sitting import Kept, kept_in
from cuspworld.explore.acquisitions import Seen, acquisition
from cuspworld.explore.experiments import TIMES, Experiments
from cuspworld.progress import progress_bar

Run = Callable[[int], tuple[np.ndarray, str]]


@dataclass(frozen=True, eq=False)
class Explored:
    """`chosen`: of the pool, in order; `states` and `branches`: what came of each; `failed`: index -> why a simulation
    gave nothing (it was paid for; it stands here with what its nearest neighbour did)."""

    experiments: Experiments
    acquisition: str
    pool: Float[np.ndarray, "n d"] = field(repr=False)
    chosen: Int[np.ndarray, " k"] = field(repr=False)
    states: Float[np.ndarray, "k numbers"] = field(repr=False)
    branches: tuple[str, ...] = field(repr=False)
    failed: dict[int, str]

    def options(self) -> list[dict[str, Any]]:
        """The parameters of each experiment, in order."""
        return [self.experiments.options(self.pool[k]) for k in self.chosen]

    def picture(self) -> str:
        """Where it looked, as SVG: the first two parameters, a colour a branch."""
        names = list(self.experiments.ranges)
        points = self.pool[self.chosen]
        rows = [self.experiments.options(p) for p in points]
        across, up = names[0], names[1] if len(names) > 1 else names[0]
        series: dict[str, list[tuple[float, float]]] = {}
        for row, branch in zip(rows, self.branches, strict=True):
            series.setdefault(branch or "seen", []).append((float(row[across]), float(row[up])))
        return plot(f"{self.experiments.name}: {self.acquisition}, {len(rows)} experiments", across, up, series)


def explore(
    experiments: Experiments,
    chosen_by: str = "singular-set",
    budget: int = 100,
    *,
    pool: int = 20_000,
    begin: int = 25,
    batch: int = 10,
    seed: int = 0,
    timeout: float = 600.0,
    folder: str | Path | None = None,
    shown: bool | None = None,
) -> Explored:
    """`pool` candidates uniform over the ranges, of which `budget` are simulated: `begin` at random, then `batch` at
    a time as `chosen_by` says. `folder`: every simulation is kept there, and a search that was stopped goes on. A
    simulation that crashes or takes more than `timeout` seconds is reported, and the rest goes on.

    Raises CuspError for unknown names, and for a budget above the pool.
    """
    whole("pool", pool, 1, 10_000_000)
    whole("begin", begin, 1, 1_000_000)
    whole("batch", batch, 1, 1_000_000)
    if not 1 <= whole("budget", budget, 1, 10_000_000) <= pool:
        raise CuspError(f"budget must be at most the pool of {pool}: got {budget}")
    points = np.random.default_rng(seed).uniform(size=(pool, len(experiments.ranges)))
    fixed = f"{experiments.name} {dict(experiments.ranges)} {dict(experiments.fixed)} {experiments.steps}"
    what = f"{fixed} {seed} {pool} {experiments.code()}"
    failed: dict[int, str] = {}

    def run(kept: Kept, index: int) -> tuple[np.ndarray, str]:
        def simulate() -> dict[str, Any]:
            outcome = alarmed(timeout, lambda: experiments.run(points[index]))
            return {"states": outcome.states, "branch": outcome.branch}

        found = kept.get(str(index), simulate)
        if "refused" in found:
            raise Refusal(found["refused"])
        return np.array(found["states"], float), str(found["branch"])

    bar = progress_bar(f"explore {experiments.name}", "experiments", shown=shown)
    with kept_in(folder, "search", what) as kept, bar as move:
        chosen, states, branches = search(
            points, partial(run, kept), chosen_by, budget, begin=begin, batch=batch, seed=seed, failed=failed,
            told=lambda done: move(done, budget),
        )  # fmt: skip
    return Explored(experiments, chosen_by, points, chosen, states, branches, failed)


def search(
    pool: Float[np.ndarray, "n d"], run: Run, chosen_by: str, budget: int, *, begin: int,
    batch: int | Callable[[int], int], seed: int, failed: dict[int, str] | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:  # fmt: skip
    """(chosen, states, branches). `batch`: how many at a time, or that of how many there are. `run` an index of the
    pool; where it raises Refusal, `failed` says why."""
    choose = acquisition(chosen_by)
    failed = {} if failed is None else failed
    chosen = np.zeros(0, np.int64)
    states: dict[int, np.ndarray] = {}
    branches: dict[int, str] = {}
    while len(chosen) < budget:
        size = batch(len(chosen)) if callable(batch) else batch
        count = min(budget - len(chosen), size if len(chosen) else begin)
        if len(chosen) == 0 or not states:
            free = np.setdiff1d(np.arange(len(pool)), chosen)
            new = np.random.default_rng([seed, 1, len(chosen)]).choice(free, count, replace=False)
        else:
            filled, named = _filled(pool, chosen, states, branches)
            seen = Seen(pool, chosen, standardised(filled), named, seed)
            new = choose.choose(seen, count) if count < len(seen.free) else seen.free
        for index in new.tolist():
            try:
                states[index], branches[index] = run(index)
            except Refusal as error:
                failed[index] = str(error)
            chosen = np.append(chosen, index)
            told(len(chosen))
    if not states:
        raise CuspError(f"no simulation gave an outcome; the first: {next(iter(failed.values()), 'none was run')}")
    filled, named = _filled(pool, chosen, states, branches)
    return chosen, filled, named


def _filled(
    pool: np.ndarray, chosen: np.ndarray, states: dict[int, np.ndarray], branches: dict[int, str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """What came of the chosen, those that failed as their nearest that did not."""
    good = np.array(list(states))
    nearest = [k if k in states else int(good[((pool[good] - pool[k]) ** 2).sum(1).argmin()]) for k in chosen.tolist()]
    return np.stack([states[k] for k in nearest]), tuple(branches[k] for k in nearest)


def standardised(states: Float[np.ndarray, "k numbers"], like: np.ndarray | None = None) -> np.ndarray:
    """Each number about its mean, in units of the spread of its quantity over `like` (itself); what never changes is 0.
    Divided by the root of how many change, so that distances are of order one.

    A quantity's spread is that of all its moments together: by itself, a moment at which all is nearly at rest would
    make much of next to nothing."""
    like = states if like is None else like
    moments = TIMES if like.shape[1] % TIMES == 0 else 1
    variance = like.var(0).reshape(moments, -1)  # (moments, quantities)
    spread = np.tile(np.sqrt(variance.mean(0)), moments)
    changes = spread > 1e-9 * max(float(np.abs(like).max()), 1e-300)
    unit = np.where(changes, spread, 1.0) * np.sqrt(max(int(changes.sum()), 1))
    return np.where(changes, (states - like.mean(0)) / unit, 0.0)
