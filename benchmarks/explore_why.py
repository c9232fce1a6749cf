"""Why do chosen experiments save no more? What the worst tenth consists of, and what choosing could save at all.

    python benchmarks/explore_why.py --folder runs/why --save

In Collision and Chair, on pools of 6,000 and 3,000 simulated whole, with seeds of their own (100 and on; explore.py
is judged on others). Beside acquisitions stands one that cheats, "told the truth": it knows what comes of every point,
tries some 80 candidates before each simulation (60 at random in proportion to their true errors, the 20 largest), and
takes the one that lowers the worst tenth of 1,200 points most. What it needs is about what any choice needs, one point
after the other, with this regression. "needs": simulations to reach the worst tenth that latent distance has with 200.

"worst tenth": of held-out points, by the common regression. "broken": by a regression for each branch (the commonest,
and the rest), which knows the branches of what was simulated and itself says on which side a point lies. "side told":
it is told that, too: what remains if the fold's place costs nothing. "worst, wrong side": the share of the worst tenth
whose predicted outcome is nearest to a simulated one of another branch; "worst, from fold" and "all, from fold": the
median distance to the nearest point of the pool of another branch, in sides of the cube.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from cuspworld.explore.acquisitions import Acquisition, Seen, acquisition, register
from cuspworld.explore.experiments import experiments
from cuspworld.explore.search import search, standardised
from cuspworld.explore.surrogate import NOISE, Surrogate, kernel
from explore import BATCH, BEGIN, needed
from results import Table, add_argument

WORLDS = {"Collision": (6000, 1000), "Chair": (3000, 500)}  # pool, held-out
BUDGETS = [25, 50, 100, 200, 400]
ASKED = ("random", "latent-distance", "ensemble", "straddle", "singular-set", "told the truth")
SEED = 100


class World:
    """A pool and held-out points, all simulated, kept in FOLDER/NAME.npz."""

    def __init__(self, name: str, counts: tuple[int, int], folder: Path):
        what, file = experiments(name), folder / f"{name} {counts[0]} {counts[1]}.npz"
        self.name = name
        self.pool, self.held = (
            np.random.default_rng([777, k]).uniform(size=(n, len(what.ranges))) for k, n in enumerate(counts)
        )
        if not file.is_file():
            done = [[what.run(point) for point in points] for points in (self.pool, self.held)]
            states = [np.stack([one.states for one in each]) for each in done]
            branches = [np.array([one.branch for one in each]) for each in done]
            np.savez(file, ps=states[0], hs=states[1], pb=branches[0], hb=branches[1])
        kept = np.load(file)
        self.states, self.branches, self.held_branches = kept["ps"], kept["pb"], kept["hb"]
        self.truth, self.all = standardised(kept["hs"]), standardised(self.states, kept["hs"])
        self.commonest = Counter(self.branches.tolist()).most_common(1)[0][0]
        self.from_fold = np.array(
            [np.linalg.norm(self.pool[self.branches != b] - x, axis=1).min()
             for x, b in zip(self.held, self.held_branches, strict=True)]
        )  # fmt: skip


def truthful(world: World) -> type[Acquisition]:
    """The acquisition that is told what comes of every point of the pool."""

    class Told(Acquisition):
        name = "told the truth"

        def choose(self, seen: Seen, count: int) -> np.ndarray:
            pool, random, chosen = world.pool, seen.random(), list(seen.chosen)
            scale = Surrogate.fit(seen.points, world.all[chosen]).scale
            left, size, _ = np.linalg.svd(world.all - world.all.mean(0), full_matrices=False)
            truth = (left * size)[:, :20]
            judged = random.choice(len(pool), min(1200, len(pool)), replace=False)
            lower = cholesky(kernel(seen.points, seen.points, scale) + NOISE * np.eye(len(chosen)), lower=True)
            roots = solve_triangular(lower, kernel(seen.points, pool, scale), lower=True)  # (known, pool)
            middle = truth[chosen].mean(0)
            said = middle + roots.T @ solve_triangular(lower, truth[chosen] - middle, lower=True)
            unknown = 1 - (roots**2).sum(0)
            found: list[int] = []
            for _ in range(count):
                missed = np.linalg.norm(said - truth, axis=1)
                free = np.setdiff1d(np.arange(len(pool)), chosen)
                some = random.choice(free, 60, p=missed[free] / missed[free].sum())
                tried = np.unique([*some, *free[np.argsort(-missed[free])[:20]]])
                shared = kernel(pool[judged], pool[tried], scale) - roots[:, judged].T @ roots[:, tried]
                best = min(
                    range(len(tried)),
                    key=lambda j: _worst(
                        said[judged] - truth[judged]
                        + np.outer(shared[:, j] / (unknown[tried[j]] + NOISE), truth[tried[j]] - said[tried[j]])
                    ),
                )  # fmt: skip
                k = int(tried[best])
                across = kernel(pool, pool[k : k + 1], scale)[:, 0] - roots.T @ roots[:, k]
                said = said + np.outer(across / (unknown[k] + NOISE), truth[k] - said[k])
                row = across / np.sqrt(unknown[k] + NOISE)
                unknown, roots = unknown - row**2, np.vstack([roots, row])
                chosen.append(k)
                found.append(k)
            return np.array(found, np.int64)

    return Told


def _worst(away: np.ndarray) -> float:
    missed = np.linalg.norm(away, axis=1)
    return float(np.sort(missed)[-max(1, len(missed) // 10) :].mean())


def judged(world: World, chosen: np.ndarray) -> dict[str, float]:
    points, outcomes, own = world.pool[chosen], world.all[chosen], world.branches[chosen]
    away = Surrogate.fit(points, outcomes).predict(world.held) - world.truth
    commonest = own == world.commonest
    level = Surrogate.fit(points, np.where(commonest, 1.0, -1.0)[:, None]).predict(world.held)[:, 0]
    worst = np.argsort(np.linalg.norm(away, axis=1))[-max(1, len(away) // 10) :]
    said = away[worst] + world.truth[worst]
    nearest = own[((said[:, None] - outcomes[None]) ** 2).sum(2).argmin(1)]

    def broken(side: np.ndarray) -> float:
        told = np.repeat(outcomes.mean(0)[None], len(world.held), axis=0)
        for which in (True, False):
            if (commonest == which).sum() > 2:
                fitted = Surrogate.fit(points[commonest == which], outcomes[commonest == which])
                told[side == which] = fitted.predict(world.held[side == which])
        return _worst(told - world.truth)

    return {
        "worst tenth": _worst(away),
        "broken": broken(level > 0),
        "side told": broken(world.held_branches == world.commonest),
        "worst, wrong side": float((nearest != world.held_branches[worst]).mean()),
        "worst, from fold": float(np.median(world.from_fold[worst])),
        "all, from fold": float(np.median(world.from_fold)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep simulations there")
    parser.add_argument("--quick", action="store_true", help="one world, one seed, a small pool")
    add_argument(parser)
    arguments = parser.parse_args()
    settings, budgets = WORLDS, BUDGETS
    if arguments.quick:
        settings, budgets, arguments.seeds = {"Collision": (200, 60)}, [25, 50], 1
    with tempfile.TemporaryDirectory() as aside, Table("explore_why", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        folder.mkdir(parents=True, exist_ok=True)
        for name, counts in settings.items():
            run(table, World(name, counts, folder), budgets, arguments.seeds)


def run(table: Table, world: World, budgets: list[int], seeds: int) -> None:
    register(truthful(world))
    found = {}
    for name in ASKED:
        found[name] = [
            [judged(world, chosen[:budget]) for budget in budgets]
            for chosen in (
                search(
                    world.pool, lambda k: (world.states[k], str(world.branches[k])), name, budgets[-1], begin=BEGIN,
                    batch=lambda known: max(BATCH, known // 3), seed=SEED + seed,
                )[0]
                for seed in range(seeds)
            )
        ]  # fmt: skip
    worst = {name: np.array([[one["worst tenth"] for one in seed] for seed in rows]) for name, rows in found.items()}
    mark = len(budgets) - 2
    for name, rows in found.items():
        needs = needed(worst[name], worst["latent-distance"][:, : mark + 1], budgets)
        for k, budget in enumerate(budgets[1:], 1):
            means = {key: float(np.mean([seed[k][key] for seed in rows])) for key in rows[0][k]}
            shown = name + (" (sees branches)" if acquisition(name).labels else "")
            told = f"{needs:.0f}" if np.isfinite(needs) else f"> {budgets[-1]}"
            table.add({"world": world.name, "acquisition": shown, "simulations": budget, **means, "needs": told})


if __name__ == "__main__":
    main()
