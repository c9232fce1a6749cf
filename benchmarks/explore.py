"""Which acquisition learns a world from the fewest simulations? Mean error, worst tenth, the boundary's place.

    python benchmarks/explore.py --worlds Collision Planets Heat Juice --save

The same pool, the same 25 random simulations to begin with, the same surrogate (kernel regression) for all; simulations
spent on finding folds count. On held-out parameters: the mean error of the predicted outcome in units of its spread,
the mean of the worst tenth, and how far the learned boundary between branches lies from the true one (bisection on the
simulator to 1e-6 of the cube's side, along segments between held-out points of different branches). "saves": how many
simulations the row takes to reach the worst tenth that random has with all of them. "from", "to": 95 %, bootstrap over
seeds. Collision is the world on which the singular set's one constant was chosen.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from cuspworld.exam.sitting import Kept, interval
from cuspworld.explore.acquisitions import known
from cuspworld.explore.experiments import Experiments, experiments
from cuspworld.explore.search import search, standardised
from cuspworld.explore.surrogate import Surrogate
from results import Table, add_argument

BEGIN, BATCH = 25, 25
SEGMENTS, TO = 16, 1e-6


class World:
    """A pool and held-out points of a world, each simulated once at most, whoever asks."""

    def __init__(self, name: str, pool: int, held: int, folder: Path):
        self.what: Experiments = experiments(name)
        self.kept = Kept(folder / name, f"{name} {dict(self.what.ranges)} {dict(self.what.fixed)} {self.what.steps}")
        random = np.random.default_rng(99)
        self.pool, self.held = (random.uniform(size=(n, len(self.what.ranges))) for n in (pool, held))
        outcomes = [self.at(point) for point in self.held]
        self.truth = np.stack([states for states, _ in outcomes])
        self.branches = [branch for _, branch in outcomes]
        self.commonest = Counter(self.branches).most_common(1)[0][0]
        self.crossings = list(self._crossings())

    def at(self, point: np.ndarray) -> tuple[np.ndarray, str]:
        def simulate() -> dict[str, object]:
            found = self.what.run(point)
            return {"states": found.states, "branch": found.branch}

        found = self.kept.get(" ".join(f"{v:.12g}" for v in point), simulate)
        return np.array(found["states"]), str(found["branch"])

    def _crossings(self):
        """(a point of each kind, the true crossing between them as a share of the way)."""
        label = np.array([branch == self.commonest for branch in self.branches])
        if label.all():
            return
        others = np.flatnonzero(~label)
        for k in np.random.default_rng(3).permutation(others)[:SEGMENTS]:
            apart = np.linalg.norm(self.held - self.held[k], axis=1) + 99 * ~label
            a, b = self.held[int(apart.argmin())], self.held[k]
            low, high = 0.0, 1.0
            while (high - low) * np.linalg.norm(b - a) > TO:
                middle = (low + high) / 2
                low, high = (middle, high) if self.at(a + middle * (b - a))[1] == self.commonest else (low, middle)
            yield a, b, (low + high) / 2

    def errors(
        self, chosen: np.ndarray, states: np.ndarray, branches: tuple[str, ...]
    ) -> tuple[float, float, float | None]:
        """Mean, worst tenth, boundary."""
        fitted = Surrogate.fit(self.pool[chosen], standardised(states, self.truth))
        missed = np.linalg.norm(fitted.predict(self.held) - standardised(self.truth), axis=1)
        worst = np.sort(missed)[-max(1, len(missed) // 10) :].mean()
        return float(missed.mean()), float(worst), self._boundary(chosen, branches)

    def _boundary(self, chosen: np.ndarray, branches: tuple[str, ...]) -> float | None:
        if not self.crossings:
            return None
        label = np.array([1.0 if branch == self.commonest else -1.0 for branch in branches])[:, None]
        fitted = Surrogate.fit(self.pool[chosen], label)
        away = []
        share = np.linspace(-0.5, 1.5, 401)
        for a, b, true in self.crossings:
            said = fitted.predict(a + share[:, None] * (b - a))[:, 0]
            turns = np.flatnonzero(np.diff(np.sign(said)))
            off = min((abs((share[k] + share[k + 1]) / 2 - true) for k in turns), default=1.0)
            away.append(off * np.linalg.norm(b - a))
        return float(np.mean(away))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="+", default=["Collision", "Planets", "Heat"])
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--pool", type=int, default=2000)
    parser.add_argument("--held", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="keep simulations there, so that a stopped run goes on")
    parser.add_argument("--quick", action="store_true", help="two worlds, two seeds, a small pool")
    add_argument(parser)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.worlds, arguments.seeds, arguments.pool, arguments.held, arguments.budget = (
            ["Collision"],
            2,
            300,
            60,
            75,
        )
    with tempfile.TemporaryDirectory() as aside, Table("explore", arguments.save) as table:
        for name in arguments.worlds:
            run(table, World(name, arguments.pool, arguments.held, arguments.folder or Path(aside)), arguments)


def run(table: Table, world: World, arguments: argparse.Namespace) -> None:
    budgets = [b for b in (25, 50, 100, 200, 400, 800) if b <= arguments.budget]
    curves = {name: [curve(world, name, seed, budgets) for seed in range(arguments.seeds)] for name in known}
    target = np.mean([found[budgets[-1]][1] for found in curves["random"]])
    for name, found in curves.items():
        for budget in budgets[1:]:
            mean, worst, boundary = zip(*(one[budget] for one in found), strict=True)
            low, high = interval(list(worst)) or (None, None)
            table.add(
                {
                    "world": world.what.name,
                    "acquisition": name + (" (sees branches)" if known[name].labels else ""),
                    "simulations": budget,
                    "error": float(np.mean(mean)),
                    "worst tenth": float(np.mean(worst)),
                    "from": low,
                    "to": high,
                    "boundary": None if boundary[0] is None else float(np.mean(boundary)),
                    "saves": f"{first} of {budgets[-1]}" if (first := reached(found, target, budgets)) else "-",
                }
            )


def curve(world: World, name: str, seed: int, budgets: list[int]) -> dict[int, tuple[float, float, float | None]]:
    chosen, states, branches = search(
        world.pool, lambda k: world.at(world.pool[k]), name, budgets[-1], begin=BEGIN, batch=BATCH, seed=seed
    )
    return {b: world.errors(chosen[:b], states[:b], branches[:b]) for b in budgets}


def reached(found: list, target: float, budgets: list[int]) -> int | None:
    """The simulations at which the mean worst tenth comes to the target, between budgets by their logarithms."""
    worst = [np.mean([one[b][1] for one in found]) for b in budgets]
    for k in range(1, len(budgets)):
        if worst[k] <= target < worst[k - 1]:
            share = np.log(worst[k - 1] / target) / np.log(worst[k - 1] / worst[k])
            return round(budgets[k - 1] * (budgets[k] / budgets[k - 1]) ** share)
    return None


if __name__ == "__main__":
    main()
