"""How much of a new point comes from another piece: the share of the extended map's weights, by true component.

For each cloud of `branch_sets.py`: the mean share |w| of sites of another component than that of the cell, and the
share of draws in which it exceeds a tenth. `blind` averages the same cells without regard for branches.

Where components overlap, points of one lie amidst another, and no rule that sees the points alone can tell. `best` is
the same map, given for branches each point's likeliest component (up to three dimensions: the commonest among the
nearest of 60 times as many points of the same components), and `amidst` the share of points that are of another one;
`beside` is the share whose nearest neighbour is of another one.

`SMOTE` is the simplest rival (Chawla et al. 2002): a point, and a uniform step to one of its five nearest. `novelty` is
the median distance of new points to the nearest old one, over the old ones' own.

    python benchmarks/extended_mixing.py [--count 1000] [--only "30 clusters" "moons .15"] [--seed 100]
"""

import argparse
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from branch_sets import ISSUE, OWN, Pieces
from cuspworld import Brenier
from cuspworld.transport.singular.extended import ExtendedMap
from results import Table, add_argument

DRAWS = 2000
MORE, VOTES = 60, 32  # the likeliest component: from so many times the points, by so many of them


def across(sites: np.ndarray, weights: np.ndarray, truth: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """(draws,) the share of the weights, by their size, on sites of another component than the cell's."""
    weights = np.abs(weights)
    return (weights * (truth[sites] != truth[cell][:, None])).sum(1) / weights.sum(1)


def likeliest(draw: Pieces, points: np.ndarray, seed: int) -> np.ndarray:
    """(N,) the component that is densest at each point; the components are those of the cloud, drawn first."""
    many, truth = draw(MORE * len(points), np.random.default_rng([seed, len(points)]))
    near = truth[cKDTree(many).query(points, VOTES)[1]]  # (N, votes)
    return (near[:, :, None] == np.arange(truth.max() + 1)).sum(1).argmax(1)


def stepped(points: np.ndarray, truth: np.ndarray, seed: int) -> tuple[float, np.ndarray]:
    """SMOTE: the share of draws with over a tenth from another component, and the draws."""
    generator = np.random.default_rng(seed)
    own = generator.integers(len(points), size=DRAWS)
    other = cKDTree(points).query(points[own], 6)[1][np.arange(DRAWS), generator.integers(1, 6, DRAWS)]
    step = generator.random(DRAWS)
    over = (truth[own] != truth[other]) & (step > 0.1)
    return float(over.mean()), points[own] + step[:, None] * (points[other] - points[own])


def row(name: str, points: np.ndarray, truth: np.ndarray, draw: Pieces | None, seed: int) -> dict[str, object]:
    brenier = Brenier(tolerance=0.2, threads=1, max_seconds=60).fit(points)
    geometry, active = brenier._geometry, brenier._normalised.active
    known = truth[active]
    noise = brenier.sample_noise(DRAWS, seed=1)
    cell = geometry.potential.cells(noise)
    share = across(*geometry.extended_map.weights(noise), known, cell)
    values, cells = geometry.potential.top_k(noise, 16)
    blind = across(cells, (values - values[:, -1:]).astype(np.float64) ** 2 + 1e-12, known, cell)
    beside = 100 * np.mean(truth[cKDTree(points).query(points, 2)[1][:, 1]] != truth)
    tree = cKDTree(points)
    spacing = np.median(tree.query(points, 2)[0][:, 1])
    smote, rivals = stepped(points, truth, seed)
    best = amidst = None
    if draw is not None and points.shape[1] <= 3:
        likely = likeliest(draw, points, seed)
        amidst = 100 * np.mean(likely != truth)
        told = ExtendedMap(geometry.potential, replace(geometry.singular_set, branches=likely[active]))
        best = 100 * np.mean(across(*told.weights(noise), known, cell) > 0.1)
    return {
        "cloud": name,
        "N": len(points),
        "branches": int(brenier.branches_.max()) + 1,
        "of": len(np.unique(truth)),
        "share across": share.mean(),
        "over a tenth, %": 100 * np.mean(share > 0.1),
        "blind, %": 100 * np.mean(blind > 0.1),
        "SMOTE, %": 100 * smote,
        "novelty": np.median(tree.query(brenier.extend(noise))[0]) / spacing,
        "SMOTE's": np.median(tree.query(rivals)[0]) / spacing,
        "best, %": best,
        "amidst, %": amidst,
        "beside, %": beside,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--only", nargs="+", default=[""], help="clouds whose names contain one of these")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="300 points")
    add_argument(parser)
    options = parser.parse_args()
    count = 300 if options.quick else options.count
    with Table("extended_mixing", options.save) as table:
        for name, draw in (ISSUE | OWN).items():
            if any(part in name for part in options.only):
                drawn = draw(count, np.random.default_rng([options.seed, count]))
                table.add(row(name, *drawn, draw, options.seed))


if __name__ == "__main__":
    main()
