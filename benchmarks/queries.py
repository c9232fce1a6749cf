"""What a fitted Brenier's first question costs beside the fit: the branches, the singular set, an extended point.

    python benchmarks/queries.py [--quick] [--tolerance 0.1]

CPU seconds of one thread, each once, in this order, on few points in many dimensions, images of digits as they are,
and clusters. `branches_` is a search of nearest neighbours, `singular_set_` draws 32 samples a point, `extend` builds
what it needs for the first point and is asked for 1,000.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from branch_sets import ISSUE, of_mnist
from cuspworld import Brenier
from results import Table, add_argument

CLOUDS: dict[str, tuple[Callable[..., tuple[np.ndarray, np.ndarray]], int]] = {
    "normal, 2000-D": (lambda count, generator: (generator.normal(size=(count, 2000)), np.zeros(count)), 50),
    "moons .05": (ISSUE["moons .05"], 3000),
    "30 clusters 64-D": (ISSUE["30 clusters 64-D"], 3000),
    "MNIST, ten digits, 784-D": (of_mnist(*range(10), dimension=784), 1000),
    "MNIST, ten digits, 784-D, more": (of_mnist(*range(10), dimension=784), 3000),
}


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def row(name: str, tolerance: float, most: int) -> dict[str, object]:
    draw, count = CLOUDS[name]
    points = draw(min(count, most), np.random.default_rng(0))[0]
    brenier = Brenier(tolerance=tolerance, threads=1)
    found: dict[str, object] = {"cloud": name, "N": len(points), "fit": seconds(lambda: brenier.fit(points))}
    noise = brenier.sample_noise(1000, seed=1)
    for query in ("branches_", "singular_set_"):
        found[query] = seconds(lambda query=query: getattr(brenier, query))
    return found | {"extend": seconds(lambda: brenier.extend(noise)), "certified": brenier.certified_}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tolerance", type=float, default=0.1)
    parser.add_argument("--quick", action="store_true", help="300 points at most")
    add_argument(parser)
    options = parser.parse_args()
    warm = Brenier(tolerance=0.3, threads=1)
    for points in (np.random.default_rng(1).normal(size=(100, 2)), np.random.default_rng(1).normal(size=(100, 9))):
        warm.fit(points).extend(points[:2])  # compiled
    with Table("queries", options.save) as table:
        for name in CLOUDS:
            table.add(row(name, options.tolerance, 300 if options.quick else 3000))


if __name__ == "__main__":
    main()
