"""Which acquisition learns a world from the fewest simulations? Mean error, worst tenth, the boundary's place, events.

    python benchmarks/explore.py --folder runs/explore --save

The same pool, the same 25 random simulations to begin with, batches of 25 that grow to a third of what is known, and
the same surrogate (kernel regression) for all; simulations spent on finding folds count. On held-out parameters: the
mean error of the predicted outcome in units of its spread, the mean of the worst tenth; how far the learned boundary
between branches lies from the true one in sides of the cube (bisection on the simulator to 1e-6, along segments between
held-out points of different branches); and the error in seconds of when an event first happens, where it does, by the
same regression on the simulations in which it did. "needs": how many simulations the row takes to reach the worst tenth
that random has with all of them. "from", "to": 95 %, bootstrap over seeds; ">": not reached with all of them. Collision
is the world on which the singular set's one constant was chosen, and how much of the pool a batch is spread over.

Of a pool of 20,000 only what is chosen is simulated. Budgets end as time allowed where a simulation costs 0.02 to 0.03
CPU seconds (Chair, Planets), and so do pools where it costs 0.3 to 0.5 (Candles, Snow; Juice has both). "cost": CPU
seconds of a simulation; "tested": held-out points. "broken": of all seeds' simulations together those that left the law
(a number ten times as large as any held-out one: in Planets, where a rocket passes a planet so near that the integrator
gives it energy); they were paid for, and the search takes what their nearest neighbour gave.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.exam.answers import Refusal
from cuspworld.exam.audit.store import version
from cuspworld.exam.sitting import Kept, interval
from cuspworld.explore.acquisitions import known
from cuspworld.explore.experiments import Experiments, experiments
from cuspworld.explore.search import search, standardised
from cuspworld.explore.surrogate import Surrogate
from results import Table, add_argument

BEGIN, BATCH = 25, 25
BUDGETS = (25, 50, 100, 200, 400, 800)
TO = 1e-6
FAR = 10  # times the largest number of the held-out outcomes: a simulation that left the law


@dataclass(frozen=True)
class Setting:
    """`event`: whose time is learned. `folds`: Heat's and Snow's outcome changes smoothly everywhere."""

    pool: int
    budget: int
    held: int
    event: str | None
    folds: bool = True
    segments: int = 16  # on which the boundary is found


SETTINGS = {
    "Juice": (Setting(20_000, 50, 200, "impact", segments=12), Setting(600, 200, 120, "impact", segments=8)),
    "Candles": (Setting(250, 100, 80, "blow-out", segments=5),),
    "Chair": (Setting(20_000, 400, 500, "lands", segments=32),),
    "Planets": (Setting(20_000, 400, 500, "capture", segments=32),),
    "Collision": (Setting(20_000, 800, 1000, "contact", segments=64),),
    "Heat": (Setting(20_000, 800, 500, None, False),),
    "Snow": (Setting(120, 100, 40, "impact", False),),
}


class World:
    """A pool and held-out points of a world. Of the pool only what is chosen is simulated, and once, whoever asks."""

    def __init__(self, name: str, setting: Setting, folder: Path):
        self.setting, self.what = setting, experiments(name)
        what: Experiments = self.what
        self.kept = Kept(folder / name, f"{name} {dict(what.ranges)} {dict(what.fixed)} {what.steps}")
        # of a search that was done already; anew after the search's code changed
        self.curves = Kept(folder / name / "curves", f"{setting} {version('explore')}")
        drawn = (np.random.default_rng([99, k]).uniform(size=(n, len(what.ranges)))
                 for k, n in enumerate((setting.pool, setting.held)))  # fmt: skip
        self.pool, self.held = drawn
        outcomes = [self.at(point) for point in self.held]
        self.cost = float(np.median([found["cost"] for found in outcomes]))
        self.truth = np.stack([found["states"] for found in outcomes])
        self.branches = [found["branch"] for found in outcomes]
        self.times = np.array([self.time(found) for found in outcomes])
        self.commonest = Counter(self.branches).most_common(1)[0][0]
        self.broken: set[int] = set()
        self.crossings = list(self._crossings()) if setting.folds else []

    def at(self, point: np.ndarray) -> dict[str, Any]:
        def simulate() -> dict[str, object]:
            began = time.process_time()
            found = self.what.run(point)
            cost = time.process_time() - began
            states = b64encode(found.states.astype("<f4").tobytes()).decode()
            return {"states": states, "branch": found.branch, "events": dict(found.events), "cost": cost}

        found = self.kept.get(" ".join(f"{v:.12g}" for v in point), simulate)
        return {**found, "states": np.frombuffer(b64decode(found["states"]), "<f4").astype(float)}

    def time(self, found: dict[str, Any]) -> float:
        return float(found["events"].get(self.setting.event, np.nan))

    def run(self, index: int) -> tuple[np.ndarray, str]:
        found = self.at(self.pool[index])
        if np.abs(found["states"]).max() > FAR * np.abs(self.truth).max():
            self.broken.add(index)
            raise Refusal("it left the law")
        return found["states"], str(found["branch"])

    def _crossings(self):
        """(a point of each kind, the true crossing between them as a share of the way)."""
        label = np.array([branch == self.commonest for branch in self.branches])
        if label.all():
            return
        others = np.flatnonzero(~label)
        for k in np.random.default_rng(3).permutation(others)[: self.setting.segments]:
            apart = np.linalg.norm(self.held - self.held[k], axis=1) + 99 * ~label
            a, b = self.held[int(apart.argmin())], self.held[k]
            low, high = 0.0, 1.0
            while (high - low) * np.linalg.norm(b - a) > TO:
                middle = (low + high) / 2
                same = self.at(a + middle * (b - a))["branch"] == self.commonest
                low, high = (middle, high) if same else (low, middle)
            yield a, b, (low + high) / 2

    def errors(self, chosen: np.ndarray, states: np.ndarray, branches: tuple[str, ...]) -> dict[str, float | None]:
        points = self.pool[chosen]
        fitted = Surrogate.fit(points, standardised(states, self.truth))
        missed = np.linalg.norm(fitted.predict(self.held) - standardised(self.truth), axis=1)
        worst = np.sort(missed)[-max(1, len(missed) // 10) :].mean()
        return {
            "error": float(missed.mean()),
            "worst tenth": float(worst),
            "boundary": self._boundary(points, branches),
            "event, s": self._event(points, chosen),
        }

    def _boundary(self, points: np.ndarray, branches: tuple[str, ...]) -> float | None:
        if not self.crossings:
            return None
        label = np.array([1.0 if branch == self.commonest else -1.0 for branch in branches])[:, None]
        fitted = Surrogate.fit(points, label)
        away = []
        share = np.linspace(-0.5, 1.5, 401)
        for a, b, true in self.crossings:
            said = fitted.predict(a + share[:, None] * (b - a))[:, 0]
            turns = np.flatnonzero(np.diff(np.sign(said)))
            off = min((abs((share[k] + share[k + 1]) / 2 - true) for k in turns), default=1.0)
            away.append(off * np.linalg.norm(b - a))
        return float(np.mean(away))

    def _event(self, points: np.ndarray, chosen: np.ndarray) -> float | None:
        """The mean over the held-out points at which the event happens."""
        seen = np.array([self.time(self.at(self.pool[k])) for k in chosen])
        due = np.isfinite(self.times)
        if not due.any():
            return None
        had = np.isfinite(seen)
        if not had.any():
            return float(np.ptp(self.times[due]))
        said = Surrogate.fit(points[had], seen[had, None]).predict(self.held[due])[:, 0]
        return float(np.abs(said - self.times[due]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--most", type=int, default=BUDGETS[-1], help="simulations of a search, at most")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="keep simulations there, so that a stopped run goes on")
    parser.add_argument("--quick", action="store_true", help="one world, two seeds, a small pool")
    add_argument(parser)
    arguments = parser.parse_args()
    settings = [(name, replace(setting, budget=min(setting.budget, arguments.most)))
                for name in arguments.worlds for setting in SETTINGS[name]]  # fmt: skip
    if arguments.quick:
        settings, arguments.seeds = [("Collision", Setting(300, 100, 60, "contact"))], 2
    with tempfile.TemporaryDirectory() as aside:
        folder = arguments.folder or Path(aside)
        with Table("explore", arguments.save) as table:
            for name, setting in settings:
                run(table, World(name, setting, folder), arguments.seeds)


def run(table: Table, world: World, seeds: int) -> None:
    budgets = [b for b in BUDGETS if b <= world.setting.budget]
    curves = {name: [curve(world, name, seed, budgets) for seed in range(seeds)] for name in known}
    worst = {name: np.array([[one[b]["worst tenth"] for b in budgets] for one in found])
             for name, found in curves.items()}  # fmt: skip
    drawn = np.random.default_rng(0).integers(seeds, size=(1000, seeds))
    for name, found in curves.items():
        needs = [needed(worst[name][k], worst["random"][k], budgets) for k in (np.arange(seeds), *drawn)]
        ends = np.quantile(needs[1:], (0.025, 0.975), method="nearest")
        for k, budget in enumerate(budgets[1:], 1):
            told = {key: [one[budget][key] for one in found] for key in found[0][budget]}
            low, high = interval(worst[name][:, k].tolist()) or (None, None)
            table.add(
                {
                    "world": world.what.name + ("" if world.setting.folds else ", no fold"),
                    "pool": len(world.pool),
                    "tested": len(world.held),
                    "cost": world.cost,
                    "acquisition": name + (" (sees branches)" if known[name].labels else ""),
                    "simulations": budget,
                    "error": _mean(told["error"]),
                    "worst tenth": _mean(told["worst tenth"]),
                    "from": low,
                    "to": high,
                    "boundary": _mean(told["boundary"]),
                    "event, s": _mean(told["event, s"]),
                    "broken": sum(told["broken"]),
                    "needs": _count(needs[0], budgets),
                    "needs, from": _count(float(ends[0]), budgets),
                    "needs, to": _count(float(ends[1]), budgets),
                }
            )


def _count(needs: float, budgets: list[int]) -> str:
    return f"{needs:.0f}" if np.isfinite(needs) else f"> {budgets[-1]}"


def _mean(values: list[float | None]) -> float | None:
    return None if any(v is None for v in values) else float(np.mean(np.array(values, float)))


def curve(world: World, name: str, seed: int, budgets: list[int]) -> dict[int, dict[str, float | None]]:
    def searched() -> dict[str, object]:
        chosen, states, branches = search(
            world.pool, world.run, name, budgets[-1], begin=BEGIN, batch=lambda known: max(BATCH, known // 3), seed=seed
        )
        broken = [len(world.broken & set(chosen[:b].tolist())) for b in budgets]
        return {str(b): {**world.errors(chosen[:b], states[:b], branches[:b]), "broken": n}
                for b, n in zip(budgets, broken, strict=True)}  # fmt: skip

    return {int(b): told for b, told in world.curves.get(f"{name} {seed}", searched).items()}


def needed(worst: np.ndarray, random: np.ndarray, budgets: list[int]) -> float:
    """The simulations at which the mean worst tenth (seeds, budgets) comes to that of random with all of them, between
    budgets by their logarithms; infinite where it does not."""
    mean, target = worst.mean(0), float(random.mean(0)[-1])
    for k in range(1, len(budgets)):
        if mean[k] <= target < mean[k - 1]:
            share = np.log(mean[k - 1] / target) / np.log(mean[k - 1] / mean[k])
            return round(budgets[k - 1] * (budgets[k] / budgets[k - 1]) ** share)
    return np.inf


if __name__ == "__main__":
    main()
