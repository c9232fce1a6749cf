"""What `condition(masses)` costs beside the fit: soft masses on all points, hard ones on some, and the floor.

    python benchmarks/condition.py

Codes like those of a library of clips: 20 clusters in 32-D. Soft masses are a normal law of the distance to a random
point (the heaviest about twenty times the lightest), hard ones are equal on the nearest 5 or 25 % and 0 elsewhere. The
floor is the time of the samples that leave an error of the tolerance (`mass_error.py`: N / tolerance^2 of equal masses)
and of the certificate, against all points with mass at the measured rate. No start spares the samples.
"""

import argparse
import os
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cuspworld import Brenier
from cuspworld.transport.sampled.mass_error import error_weights
from results import Table, add_argument


def samples(masses: np.ndarray, tolerance: float) -> float:
    """How many leave an error of the tolerance, and certify it."""
    masses = masses[masses > 0] / masses.sum()
    weights = error_weights(masses, tolerance)[0]
    spread = np.sqrt(2 * ((weights * masses) ** 2).sum())
    return float((weights * masses).sum() + 16 * spread) / tolerance**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--tolerances", type=float, nargs="+", default=[0.2, 0.4])
    parser.add_argument("--quick", action="store_true", help="1,000 points")
    add_argument(parser)
    arguments = parser.parse_args()
    count = 1000 if arguments.quick else arguments.count
    generator = np.random.default_rng(5)
    points = 2 * generator.normal(size=(20, 32))[np.arange(count) % 20] + generator.normal(size=(count, 32))
    distance = np.linalg.norm(points - points[0], axis=1)
    rank = distance.argsort().argsort() / count
    asked = {"soft, all": np.exp(-3 * (distance / distance.max()) ** 2)}
    asked |= {f"hard, {100 * share:g} %": (rank < share).astype(float) for share in (0.05, 0.25)}
    warnings.simplefilter("ignore", UserWarning)
    Brenier(tolerance=0.3).fit(points[:200])  # compiled
    with Table("condition", arguments.save) as table:
        for tolerance in arguments.tolerances:
            brenier = Brenier(tolerance=tolerance)
            began = time.process_time()
            brenier.fit(points)
            seconds = time.process_time() - began
            noise = brenier.sample_noise(20_000, seed=1)
            began = time.process_time()
            brenier.cells(noise)
            rate = len(noise) / (time.process_time() - began)
            table.add(
                {
                    "tolerance": tolerance,
                    "masses": "equal: the fit",
                    "CPU s": seconds,
                    "floor, s": samples(np.ones(count), tolerance) / rate,
                }
            )
            for name, masses in asked.items():
                began = time.process_time()
                found = brenier.condition(masses)
                row = {"tolerance": tolerance, "masses": name, "CPU s": time.process_time() - began}
                row["floor, s"] = samples(masses, tolerance) * np.mean(masses > 0) / rate
                table.add(row | {"error": found.error_, "certified": found.certified_})


if __name__ == "__main__":
    main()
