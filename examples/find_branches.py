"""The branches of points, and the pairs that face each other across a fold: python examples/find_branches.py"""

import numpy as np

from cuspworld import Brenier

generator = np.random.default_rng(0)
ring = np.linspace(0, 2 * np.pi, 400, endpoint=False)
points = np.concatenate(
    [
        np.column_stack([np.cos(ring), np.sin(ring)]) + 0.05 * generator.normal(size=(400, 2)),  # a ring
        0.1 * generator.normal(size=(200, 2)),  # and a cluster in its middle
    ]
)

brenier = Brenier(tolerance=0.1, seed=0).fit(points)
print(f"{brenier.branches_.max() + 1} branches of {np.bincount(brenier.branches_).tolist()} points")

i, j, mass, place = brenier.critical_pairs(1)[0]
print(
    f"the heaviest fold: {points[i].round(2)} faces {points[j].round(2)}; {mass:.3f} of the noise, at {place.round(2)}"
)

noise = brenier.sample_noise(5, seed=1)
for new, margin in zip(brenier.extend(noise), brenier.margin(noise), strict=True):
    print(f"new point {new.round(2)}, {margin:.2f} from the nearest fold")
