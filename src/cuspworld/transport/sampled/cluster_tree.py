"""A binary tree of clusters: each is cut across its longest axis, at the widest gap near the middle.

So near-copies stay together until the last cuts, and an outlier leaves early. All clusters of a depth are cut at once.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

MIDDLE = 0.4  # the smaller part holds at least this share of the sites, so depths double
_POWER_STEPS = 3  # towards a cluster's longest axis; a rough one will do


@dataclass(frozen=True)
class Clusters:
    """One depth of the tree: the sites in `order` (N,), cluster k from `starts[k]` on; a cluster's two parts are
    neighbours in the next depth."""

    order: Int64[ndarray, " sites"]
    starts: Int64[ndarray, " clusters"]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> Int64[ndarray, " clusters"]:
        return np.diff(np.append(self.starts, len(self.order)))

    def means(
        self, points: Float64[ndarray, "sites d"], masses: Float64[ndarray, " sites"]
    ) -> tuple[Float64[ndarray, "clusters d"], Float64[ndarray, " clusters"]]:
        """Centres of mass of the clusters, and their masses."""
        mass = np.add.reduceat(masses[self.order], self.starts)
        return np.add.reduceat((points * masses[:, None])[self.order], self.starts, 0) / mass[:, None], mass


def cluster_tree(points: Float64[ndarray, "sites d"]) -> list[Clusters]:
    """All depths, from one cluster of all sites to a cluster each."""
    depths = [Clusters(np.arange(len(points)), np.zeros(1, np.int64))]
    while len(depths[-1]) < len(points):
        depths.append(_cut(points, depths[-1]))
    return depths


def _cut(points: ndarray, clusters: Clusters) -> Clusters:
    starts, sizes = clusters.starts, clusters.sizes
    owner = np.repeat(np.arange(len(starts)), sizes)
    rows = points[clusters.order]
    rows = rows - (np.add.reduceat(rows, starts, 0) / sizes[:, None])[owner]
    farthest = np.lexsort((-(rows**2).sum(1), owner))[starts]
    axis = rows[farthest]  # (clusters, d)
    for _ in range(_POWER_STEPS):
        axis = np.add.reduceat(rows * np.einsum("nd,nd->n", rows, axis[owner])[:, None], starts, 0)
        axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-300)
    along = np.einsum("nd,nd->n", rows, axis[owner])
    sorting = np.lexsort((along, owner))
    order, along = clusters.order[sorting], along[sorting]
    left = np.arange(1, len(order) + 1) - starts[owner]  # sites up to this one, if the cut comes after it
    least = np.maximum((MIDDLE * sizes).astype(np.int64), 1)[owner]
    allowed = (left >= least) & (left <= sizes[owner] - least) & (sizes[owner] > 1)
    gap = np.where(allowed, np.append(np.diff(along), 0.0), -1.0)
    widest = np.lexsort((-gap, owner))[starts]
    return Clusters(order, np.sort(np.concatenate([starts, widest[sizes > 1] + 1])))
