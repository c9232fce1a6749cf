"""Nearest sites, local spacing and intrinsic dimension of the data."""

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray
from scipy.spatial import cKDTree

from cuspworld.transport.search.products import Products

_LARGEST_TREE_DIMENSION = 8  # beyond it a tree visits most sites and the fused product search is faster


class Neighbours:
    """Nearest-site queries among sites (N, d)."""

    def __init__(self, sites: Float[ndarray, "sites dimension"], products: Products):
        self.sites, self._products = sites, products
        self._tree = cKDTree(sites) if sites.shape[1] <= _LARGEST_TREE_DIMENSION else None
        self._half_squares = -0.5 * (sites.astype(np.float64) ** 2).sum(1)

    def nearest(
        self, queries: Float[ndarray, "queries dimension"], k: int
    ) -> tuple[Float64[ndarray, "queries k"], Int64[ndarray, "queries k"]]:
        """Distances to the k nearest sites of each query in rising order, and the sites. A site finds itself first."""
        if self._tree is not None:
            distance, index = self._tree.query(queries, k=k)
            return distance.reshape(len(queries), k), index.reshape(len(queries), k)
        # |q - y|^2 = |q|^2 - 2 (<q, y> - |y|^2 / 2): the nearest site has the largest bracket. Found in float32 with
        # two to spare, ordered by exact differences
        spare = min(k + 2, len(self.sites))
        distance = np.empty((len(queries), k))
        index = np.empty((len(queries), k), np.int64)
        heights = self._half_squares.astype(np.float32)
        rows = max(1, (1 << 26) // (8 * spare * self.sites.shape[1]))
        for at in range(0, len(queries), rows):
            part = queries[at : at + rows]
            found = self._products.top_k(part.astype(np.float32), heights, spare)[1].astype(np.int64)
            exact = np.linalg.norm(self.sites[found].astype(np.float64) - part[:, None], axis=2)
            order = np.argsort(exact, axis=1, kind="stable")[:, :k]
            distance[at : at + rows] = np.take_along_axis(exact, order, 1)
            index[at : at + rows] = np.take_along_axis(found, order, 1)
        return distance, index


def intrinsic_dimension(distances: Float64[ndarray, "sites k"]) -> float:
    """Dimension of the data from distances to the k nearest other sites, in rising order.

    Maximum likelihood under locally uniform density (Levina and Bickel 2004), pooled over the sites (MacKay and
    Ghahramani 2005); it errs to the low side in high dimension, which makes tests of density ratios cautious.
    """
    last = distances[:, -1:]
    with np.errstate(divide="ignore"):
        logs = np.log(last / distances[:, :-1])
    logs = logs[np.isfinite(logs)]
    if logs.size == 0 or logs.sum() <= 0:
        return 1.0
    # k - 1 ratios of which the unbiased inverse uses k - 2
    return float(np.clip(logs.size / logs.sum() * (1 - 1 / distances.shape[1]), 1.0, None))
