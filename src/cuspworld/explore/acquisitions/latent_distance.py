"""LCMD, largest cluster maximum distance (Holzmueller et al., JMLR 2023), in the space of predicted outcomes.

Each free point belongs to its nearest chosen one; of the largest cluster, by the sum of squared distances, its farthest
point is taken. AL4PDE (arXiv:2408.01536) found it best of six on differential equations.
"""

import numpy as np

from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, register


@register
class LatentDistance(Acquisition):
    name = "latent-distance"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        latent = latents(seen)
        free = seen.free
        square = ((latent[free][:, None] - latent[seen.chosen][None]) ** 2).sum(2)
        nearest, distance = square.argmin(1), square.min(1)
        found = []
        for k in range(count):
            weight = np.bincount(nearest, weights=distance, minlength=len(seen.chosen) + k)
            inside = np.where(nearest == int(weight.argmax()), distance, -1.0)
            pick = int(inside.argmax())
            found.append(int(free[pick]))
            own = ((latent[free] - latent[free[pick]]) ** 2).sum(1)
            nearer = own < distance
            nearest[nearer], distance[nearer] = len(seen.chosen) + k, own[nearer]
            distance[pick] = -1e-12  # it is taken
        return np.array(found, np.int64)


def latents(seen: Seen) -> np.ndarray:
    """(n, 8 + d) of the pool: the main components of the predicted outcomes, and the point itself, of equal spread."""
    outcome = seen.surrogate.predict(seen.pool)
    outcome = outcome - outcome.mean(0)
    if not outcome.any():
        return seen.pool
    axes = np.linalg.svd(outcome[:: max(1, len(outcome) // 500)], full_matrices=False)[2][:8]
    flat = outcome @ axes.T
    return np.concatenate([flat / max(float(flat.std()), 1e-12), seen.pool / seen.pool.std()], 1)
