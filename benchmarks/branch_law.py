"""The law of `branches.py`: how deep the deepest pass of a connected cloud is, over 40 kinds of clouds (`NULLS`).

Prints, for each number of points, the 0.95, 0.97 and 0.99 quantiles of the largest q / tau over all kinds and draws
(`FACTOR` was chosen so that the 0.95 quantile is 1 at N = 300), the share of draws that stay whole, and the kinds that
fall apart most often.

    python benchmarks/branch_law.py [--seed 11]       # 7 fitted the factor, 11 and others judge it
"""

import argparse
import time

import numpy as np

from branch_sets import NULLS
from cuspworld.transport.singular.branches import deepest_cuts, nearest

PLAN = {60: 20, 150: 20, 300: 40, 1000: 10, 3000: 4}  # points: draws of each kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--sizes", type=int, nargs="*", default=tuple(PLAN))
    parser.add_argument("--quick", action="store_true", help="the smallest clouds alone")
    options = parser.parse_args()
    options.sizes = options.sizes[:1] if options.quick else options.sizes
    for count in options.sizes:
        began = time.process_time()
        deepest = np.zeros((len(NULLS), PLAN[count]))
        for kind, draw in enumerate(NULLS.values()):
            for turn in range(PLAN[count]):
                points = draw(count, np.random.default_rng([options.seed, kind, count, turn]))
                points = points - points.mean(0)
                deepest[kind, turn] = deepest_cuts(points, nearest(points, points))[0]
        quantiles = " ".join(f"{value:.3f}" for value in np.quantile(deepest, (0.95, 0.97, 0.99)))
        apart = (deepest > 1).mean(1)
        worst = ", ".join(f"{list(NULLS)[kind]} {apart[kind]:.2f}" for kind in np.argsort(-apart)[:6] if apart[kind])
        print(
            f"N = {count}: quantiles {quantiles}; whole {(deepest <= 1).mean():.3f} of {deepest.size}; "
            f"apart most often: {worst} ({time.process_time() - began:.0f} CPU s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
