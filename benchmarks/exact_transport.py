"""Exact transport in the plane: seconds to a largest relative error of the cell masses of 1e-3, and to 1e-9.

    python benchmarks/exact_transport.py            # up to 100,000 points
    python benchmarks/exact_transport.py --quick    # up to 10,000

One thread. The peers' figures are quoted, not run: they were measured on another machine of the same class (2 shared
cores), wall seconds to 1e-3. sdot does not install on Python 3.11, PyMongeAmpere and geogram's solver have no wheels.
They are set beside our CPU seconds, which a loaded machine does not stretch.
"""

import argparse
import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import time  # noqa: E402

import numpy as np  # noqa: E402

from cuspworld.transport.exact.convex_domain import ConvexDomain  # noqa: E402
from cuspworld.transport.exact.newton import exact_transport  # noqa: E402
from results import Table, add_argument  # noqa: E402

SEED = 3


def square(count: int) -> tuple[np.ndarray, ConvexDomain]:
    return np.random.default_rng([SEED, count]).uniform(-0.5, 0.5, (count, 2)), ConvexDomain.cube(2)


def clusters(count: int) -> tuple[np.ndarray, ConvexDomain]:
    generator = np.random.default_rng([SEED, count])
    centres = generator.uniform(-0.5, 0.5, (10, 2))
    return centres[generator.integers(0, 10, count)] + 0.02 * generator.normal(size=(count, 2)), ConvexDomain.cube(2)


def outside(count: int) -> tuple[np.ndarray, ConvexDomain]:
    """Normal points about the unit disk: six in ten lie outside it."""
    return np.random.default_rng([SEED, count]).normal(size=(count, 2)), ConvexDomain.disk(512)


CASES = [  # name, points and domain, count, quoted wall seconds of sdot, PyMongeAmpere, geogram
    ("square", square, 1_000, ("0.6", "0.09", "0.2")),
    ("square", square, 10_000, ("1.2", "1.1", "1.0 (stops early)")),
    ("ten clusters", clusters, 10_000, ("10.7", "6.7", "3.9")),
    ("disk, points outside", outside, 10_000, ("14", "fails", "fails")),
    ("square", square, 100_000, ("7.4", "18", "20")),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without 100,000 points")
    add_argument(parser)
    arguments = parser.parse_args()
    exact_transport(square(300)[0], None, square(300)[1])  # compile
    exact_transport(outside(300)[0], None, outside(300)[1])
    with Table("exact_transport", arguments.save) as table:
        run(arguments, table)


def run(arguments: argparse.Namespace, table: Table) -> None:
    for name, make, count, quoted in CASES[:-1] if arguments.quick else CASES:
        points, domain = make(count)
        times, solved = [], None
        for tolerance in (1e-3, 1e-9):
            cpu, wall = time.process_time(), time.perf_counter()
            solved = exact_transport(points, None, domain, tolerance)
            times.append((time.process_time() - cpu, time.perf_counter() - wall))
        best = min(float(figure.split()[0]) for figure in quoted if figure != "fails")
        peers = dict(zip(("sdot", "PyMongeAmpere", "geogram"), quoted, strict=True))
        table.add(
            {
                "points": count,
                "where": name,
                **{f"{peer}, wall s to 1e-3 (quoted)": figure for peer, figure in peers.items()},
                "ours, CPU s to 1e-3": times[0][0],
                "over the best quoted": times[0][0] / best,
                "ours, CPU s to 1e-9": times[1][0],
                "Newton steps": len(solved.errors) - 1,
                "error reached": solved.error,
            }
        )


if __name__ == "__main__":
    main()
