"""The law of `branches.py`: how deep the deepest pass of a connected cloud is, over 40 kinds of clouds (`NULLS`).

Prints, for each number of points, the 0.95, 0.97 and 0.99 quantiles of the largest q / tau over all kinds and draws
(`FACTOR` was chosen so that the 0.97 quantile is 1 at N = 300), the share of draws that stay whole, and the kinds that
fall apart most often.

    python benchmarks/branch_law.py [--seed 11] [--save]   # 21 fitted law and factor, others judge them
    python benchmarks/branch_law.py --later                 # 19 kinds on which it was tried when it had been fitted
"""

import argparse

import numpy as np

from connected_clouds import LATER, NULLS
from cuspworld.transport.singular.branches import deepest_cuts, nearest
from results import Table, add_argument

PLAN = {60: 20, 150: 20, 300: 40, 1000: 10, 3000: 4}  # points: draws of each kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--sizes", type=int, nargs="*", default=tuple(PLAN))
    parser.add_argument("--later", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the smallest clouds alone")
    add_argument(parser)
    options = parser.parse_args()
    options.sizes = options.sizes[:1] if options.quick else options.sizes
    kinds = LATER if options.later else NULLS
    with Table("branch_law", options.save) as table:
        for count in options.sizes:
            deepest = np.zeros((len(kinds), PLAN[count]))
            for kind, draw in enumerate(kinds.values()):
                for turn in range(PLAN[count]):
                    points = draw(count, np.random.default_rng([options.seed, kind, count, turn]))
                    points = points - points.mean(0)
                    deepest[kind, turn] = deepest_cuts(points, nearest(points, points))[0]
            quantiles = ", ".join(f"{value:.3f}" for value in np.quantile(deepest, (0.95, 0.97, 0.99)))
            apart = (deepest > 1).mean(1)
            worst = [kind for kind in np.argsort(-apart)[:6] if apart[kind]]
            names = ", ".join(f"{list(kinds)[kind]} {apart[kind]:.2f}" for kind in worst)
            row = {"points": count, "draws": deepest.size, "quantiles .95 .97 .99": quantiles}
            table.add(row | {"whole": float((deepest <= 1).mean()), "apart most often": names})


if __name__ == "__main__":
    main()
