"""Is a transport solved faster by several processes? Wall seconds of the fit by one process and by two, side by side.

    python benchmarks/distributed.py [--quick]

Each process has one thread (`OMP_NUM_THREADS=1`), so that two of them are compared with one of the same. The points are
10,000 of 20 clusters in 32-D, and a curve in 16-D, on which Newton steps are the first process's work alone.
"""

import argparse
import os
import subprocess
import sys
import time

import numpy as np

from cuspworld import Brenier
from results import Table, add_argument


def clouds(count: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    clusters = 2 * generator.normal(size=(20, 32))[np.arange(count) % 20] + generator.normal(size=(count, 32))
    turn = 2 * np.pi * generator.random(count // 5)
    curve = np.column_stack([np.cos(turn), np.sin(turn)]) @ generator.normal(size=(2, 16))
    return {"20 clusters 32-D": clusters, "closed curve 16-D": curve + 1e-3 * generator.normal(size=curve.shape)}


def solve(count: int, tolerance: float) -> None:
    """What each process runs; the first prints a line a cloud."""
    Brenier(tolerance=0.3, threads=1, distributed=True).fit(clouds(1000)["20 clusters 32-D"])  # compiled, and joined
    for name, points in clouds(count).items():
        began = time.perf_counter()
        brenier = Brenier(tolerance=tolerance, threads=1, distributed=True).fit(points)
        seconds = time.perf_counter() - began
        if os.environ.get("RANK", "0") == "0":
            print(name, seconds, brenier.error_, brenier.certified_, sep="\t", flush=True)


def timed(processes: int, arguments: list[str]) -> dict[str, tuple[float, float]]:
    """Cloud -> seconds and error."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
    command += ["--standalone", __file__, "--within", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    rows = [line.split("\t") for line in said.splitlines() if line.count("\t") == 3]
    return {name: (float(seconds), float(error)) for name, seconds, error, _ in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--tolerance", type=float, default=0.1)
    parser.add_argument("--within", action="store_true", help="be one of the processes")
    parser.add_argument("--quick", action="store_true", help="2,000 points")
    add_argument(parser)
    options = parser.parse_args()
    count = 2000 if options.quick else options.count
    if options.within:
        return solve(count, options.tolerance)
    given = ["--count", str(count), "--tolerance", str(options.tolerance)]
    one, two = timed(1, given), timed(2, given)
    with Table("distributed", options.save) as table:
        for name, (seconds, error) in one.items():
            other = two[name]
            table.add(
                {"cloud": name, "one process, s": seconds, "two, s": other[0], "times": seconds / other[0]}
                | {"error of one": error, "of two": other[1]}
            )


if __name__ == "__main__":
    main()
