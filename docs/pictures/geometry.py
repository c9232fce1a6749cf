"""Draw docs/pictures/geometry.png: two moons, their noise, the singular set and the pairs that face each other.

python docs/pictures/geometry.py
"""

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from cuspworld import Brenier

COLOURS = np.array(["#3b6fb6", "#d9822b"])


def main() -> None:
    generator = np.random.default_rng(0)
    angle, moon = np.pi * generator.random(600), np.arange(600) % 2
    sign = np.where(moon, -1, 1)[:, None]
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * sign + np.where(moon[:, None], [1, 0.5], 0)
    points += 0.05 * generator.normal(size=points.shape)
    brenier = Brenier(tolerance=0.1).fit(points)
    noise = brenier.sample_noise(6000, seed=1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), dpi=80)
    left.scatter(*noise.T, s=3, c=COLOURS[brenier.branches_[brenier.cells(noise)]], linewidths=0)
    at = brenier.facet(noise[brenier.margin(noise) < 0.3])[1]
    left.scatter(*at.T, s=4, c="black", linewidths=0)
    left.set(title="noise, and the singular set", aspect="equal", xlim=(-3, 3), ylim=(-3, 3))
    for i, j, _, _ in brenier.critical_pairs(12):
        right.plot(*points[[i, j]].T, color="black", linewidth=0.8)
    right.scatter(*points.T, s=6, c=COLOURS[brenier.branches_], linewidths=0)
    right.set(title="points, and pairs that face each other", aspect="equal")
    figure.tight_layout()
    figure.savefig(Path(__file__).parent / "geometry.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
