"""Branches: the pieces that a cloud of points falls into, from the points alone.

Points are joined along links between nearest neighbours in order of density, except where both sides hold peaks that
exceed the link by more than F(2 k, 2 k) allows (persistence: Chazal, Guibas, Oudot, Skraba 2013, "ToMATo"), corrected
for pairs of the N / k neighbourhoods that share no point.
"""

import numpy as np
from jaxtyping import Float, Int64
from numpy import ndarray
from scipy.special import fdtri

from cuspworld.transport.search.neighbours import Neighbours, intrinsic_dimension
from cuspworld.transport.search.products import Products
from cuspworld.transport.singular.branch_kernels import persistent_components

NEIGHBOURS = 16
LEVEL = 0.05


def find_branches(
    points: Float[ndarray, "sites dimension"], clips: Int64[ndarray, " sites"] | None = None
) -> Int64[ndarray, " sites"]:
    """The branch of each of the distinct points, numbered from the largest.

    `clips`: points with one number come from one trajectory; neighbours within it say nothing about connection.
    """
    count = len(points)
    if count <= NEIGHBOURS + 1:
        return np.zeros(count, np.int64)
    points = np.asarray(points, np.float64) - points.mean(0, dtype=np.float64)
    points = (points / max(np.sqrt((points**2).sum(1).mean()), 1e-300)).astype(np.float32)
    neighbours = Neighbours(points, Products(points))
    if clips is None:
        distance, index = (array[:, 1:] for array in neighbours.nearest(points, NEIGHBOURS + 1))
    else:
        distance, index = neighbours.nearest_of_others(clips, NEIGHBOURS)
    log_density = -intrinsic_dimension(distance) * np.log(np.maximum(distance[:, -1], 1e-30))
    first, second = np.repeat(np.arange(count), NEIGHBOURS), index.ravel()
    log_link = np.minimum(log_density[first], log_density[second])
    order = np.lexsort((distance.ravel(), -log_link))
    pairs = max(count / NEIGHBOURS * (count / NEIGHBOURS - 1) / 2, 1.0)
    allowed = np.log(fdtri(2 * NEIGHBOURS, 2 * NEIGHBOURS, 1 - LEVEL / pairs))
    roots = persistent_components(log_density, first[order], second[order], log_link[order], allowed)
    return numbered_by_size(roots)


def numbered_by_size(roots: Int64[ndarray, " sites"]) -> Int64[ndarray, " sites"]:
    """Branch numbers, the largest branch first; equal sizes in order of their first site."""
    _, first, inverse, sizes = np.unique(roots, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[inverse]
