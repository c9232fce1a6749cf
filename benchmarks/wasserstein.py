"""The squared Wasserstein distance from a normal distribution to points, beside POT, where it is known exactly.

    pip install POT -c constraints.txt
    python benchmarks/wasserstein.py

Points on a grid whose masses are products: the map goes axis by axis, and each axis is a closed form of normal
quantiles. POT's exact solver (`ot.emd2`) transports samples of the source, which biases the cost upwards; POT's
`ot.gaussian` would fit two moments and see no points. CPU seconds are of one thread.
"""

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import ot
from scipy.spatial.distance import cdist
from scipy.stats import norm

from cuspworld import Brenier

SEEDS = range(5)


def cost_on_the_line(points: np.ndarray, masses: np.ndarray) -> float:
    """1 + sum nu y^2 - 2 sum y (phi(a) - phi(b)) over the intervals (a, b) between quantiles."""
    order = np.argsort(points)
    ends = norm.pdf(norm.ppf(np.r_[0, np.cumsum(masses[order])[:-1], 1]))
    return float(1 + masses @ points**2 - 2 * points[order] @ (ends[:-1] - ends[1:]))


def grid(seed: int, side: int, dimension: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Points, masses and the exact cost."""
    generator = np.random.default_rng(seed)
    axes = [generator.normal(size=side) * scale for scale in np.linspace(2, 0.5, dimension)]
    shares = [generator.dirichlet(np.full(side, 5.0)) for _ in axes]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, dimension)
    masses = shares[0]
    for share in shares[1:]:
        masses = np.multiply.outer(masses, share)
    return points, masses.ravel(), sum(cost_on_the_line(a, m) for a, m in zip(axes, shares, strict=True))


def main() -> None:
    print("| points | method | error of W2^2, RMS over 5 seeds | CPU s |\n|---|---|---|---|")
    for side, dimension in ((10, 3), (4, 5)):
        rows: dict[str, list[tuple[float, float]]] = {}
        for seed in SEEDS:
            points, masses, exact = grid(seed, side, dimension)
            start = time.process_time()
            cost = Brenier(tolerance=0.05, seed=seed, threads=1).fit(points, masses=masses).cost_
            rows.setdefault("ours, tolerance 0.05", []).append((cost / exact - 1, time.process_time() - start))
            for samples in (1000, 4000):
                start = time.process_time()
                noise = np.random.default_rng(100 + seed).normal(size=(samples, dimension))
                distances = cdist(noise, points, "sqeuclidean")
                cost = ot.emd2(np.full(samples, 1 / samples), masses, distances, numItermax=10**7)
                name = f"POT, emd2 of {samples:,} samples"
                rows.setdefault(name, []).append((cost / exact - 1, time.process_time() - start))
        for name, found in rows.items():
            errors, seconds = np.array(found).T
            print(
                f"| {side**dimension:,} in {dimension}-D | {name} | {100 * np.sqrt((errors**2).mean()):.2f} % "
                f"| {seconds.mean():.2f} |"
            )


if __name__ == "__main__":
    main()
