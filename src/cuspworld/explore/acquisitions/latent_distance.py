"""LCMD, largest cluster maximum distance (Holzmueller et al., JMLR 2023), in the space of predicted outcomes.

Each free point belongs to its nearest chosen one; of the largest cluster, by the sum of squared distances, its farthest
point is taken. AL4PDE (arXiv:2408.01536) found it best of six on differential equations.
"""

from dataclasses import replace

import numpy as np

from cuspworld.exam.probe import svd
from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, register


@register
class LatentDistance(Acquisition):
    name = "latent-distance"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        latent = latents(seen)
        free = seen.free
        own_places = latent[free]
        nearest, distance = _nearest(own_places, latent[seen.chosen])
        found = []
        for k in range(count):
            weight = np.bincount(nearest, weights=distance, minlength=len(seen.chosen) + k)
            inside = np.where(nearest == int(weight.argmax()), distance, -1.0)
            pick = int(inside.argmax())
            found.append(int(free[pick]))
            own = ((own_places - own_places[pick]) ** 2).sum(1)
            nearer = own < distance
            nearest[nearer], distance[nearer] = len(seen.chosen) + k, own[nearer]
            distance[pick] = -1e-12  # it is taken
        return np.array(found, np.int64)


def latents(seen: Seen) -> np.ndarray:
    """(n, 8 + d) of the pool: the main components of the predicted outcomes, and the point itself, of equal spread."""
    some = seen.surrogate.predict(seen.pool[:: max(1, len(seen.pool) // 500)])
    if not np.ptp(some, axis=0).any():
        return seen.pool
    axes = svd(some - some.mean(0))[2][:8]
    flat = replace(seen.surrogate, values=seen.outcomes @ axes.T).predict(seen.pool)  # linear in the values
    flat = flat - flat.mean(0)
    return np.concatenate([flat / max(float(flat.std()), 1e-12), seen.pool / seen.pool.std()], 1)


def _nearest(points: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the taken is nearest to each point, and the square of how far it is."""
    nearest, square = np.zeros(len(points), np.int64), np.zeros(len(points))
    for k in range(0, len(points), 2048):
        apart = (points[k : k + 2048] ** 2).sum(1)[:, None] + (taken**2).sum(1) - 2 * points[k : k + 2048] @ taken.T
        nearest[k : k + 2048], square[k : k + 2048] = apart.argmin(1), np.maximum(apart.min(1), 0)
    return nearest, square
