"""How much of a new point comes from another piece: the share of the extended map's weights, by true component.

For each cloud of `branch_sets.py`: the mean share |w| of sites of another component than that of the cell, and the
share of draws in which it exceeds a tenth. `blind` averages the same cells without regard for branches.

    python benchmarks/extended_mixing.py [--count 1000] [--only "30 clusters"] [--seed 100]
"""

import argparse

import numpy as np

from branch_sets import ISSUE, OWN
from cuspworld import Brenier

DRAWS = 2000


def across(sites: np.ndarray, weights: np.ndarray, truth: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """(draws,) the share of the weights, by their size, on sites of another component than the cell's."""
    weights = np.abs(weights)
    return (weights * (truth[sites] != truth[cell][:, None])).sum(1) / weights.sum(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="300 points")
    options = parser.parse_args()
    options.count = 300 if options.quick else options.count
    for name, draw in (ISSUE | OWN).items():
        if options.only not in name:
            continue
        points, truth = draw(options.count, np.random.default_rng([options.seed, options.count]))
        brenier = Brenier(tolerance=0.2, threads=1, max_seconds=60).fit(points)
        geometry = brenier._geometry
        known = truth[geometry.normalised.active]
        noise = brenier.sample_noise(DRAWS, seed=1)
        cell = geometry.potential.cells(noise)
        share = across(*geometry.extended_map.weights(noise), known, cell)
        values, cells = geometry.potential.top_k(noise, 16)
        blind = across(cells, (values - values[:, -1:]).astype(np.float64) ** 2 + 1e-12, known, cell)
        print(
            f"{name:<22} N {len(points)}: branches {brenier.branches_.max() + 1} of {len(np.unique(truth))}, across "
            f"{share.mean():.4f}, over a tenth {np.mean(share > 0.1):.4f}; blind {np.mean(blind > 0.1):.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
