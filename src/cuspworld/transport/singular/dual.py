"""Dual complex of the Laguerre cells in two and three dimensions: simplices are sites whose cells meet in a corner.

The complex is the regular triangulation of the sites (`regular.py`), restricted to corners inside the source's support.
"""

from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.regular import regular_triangulation
from cuspworld.transport.potential import Potential

LARGEST_DIMENSION = 3
LARGEST_COUNT = 200_000  # above it the triangulation takes longer than the samples do


class DualComplex:
    """`simplices` (T, d + 1) of sites, and `corners` (T, d), where their cells meet; none where it cannot be built.

    It is not built above three dimensions, for flat sets of points, nor where rounding defeats the triangulation.
    """

    def __init__(self, potential: Potential):
        dimension = potential.sites.shape[1]
        self.simplices: Int64[ndarray, "simplices corners"] = np.empty((0, dimension + 1), np.int64)
        self.corners: Float64[ndarray, "simplices dimension"] = np.empty((0, dimension))
        if not 2 <= dimension <= LARGEST_DIMENSION or not dimension + 1 < potential.count <= LARGEST_COUNT:
            return
        sites, heights = potential.sites.astype(np.float64), potential.heights
        try:
            simplices = regular_triangulation(sites, heights)
        except CuspError:
            return
        if simplices.shape[1] != dimension + 1:
            return
        edges = sites[simplices[:, 1:]] - sites[simplices[:, :1]]
        proper = np.abs(np.linalg.det(edges)) > 1e-12 * np.abs(edges).max((1, 2)) ** dimension
        simplices, edges = simplices[proper], edges[proper]
        falls = heights[simplices[:, :1]] - heights[simplices[:, 1:]]
        corners = np.linalg.solve(edges, falls[..., None])[..., 0]
        inside = _in_support(potential, corners)
        self.simplices, self.corners = simplices[inside], corners[inside]

    @cached_property
    def edges(self) -> tuple[Int64[ndarray, "edges 2"], Float64[ndarray, "edges dimension"]]:
        """Facets between the cells as pairs i < j in rising order, and for each a point on it."""
        size = self.simplices.shape[1]
        if not len(self.simplices):
            return np.empty((0, 2), np.int64), self.corners
        pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
        both = np.sort(np.concatenate([self.simplices[:, pair] for pair in pairs]), axis=1)
        edges, first = np.unique(both, axis=0, return_index=True)
        return edges, np.tile(self.corners, (len(pairs), 1))[first]


def _in_support(potential: Potential, points: ndarray) -> ndarray:
    source = potential.source
    if source.name == "ball":
        return (points**2).sum(1) <= 1
    if source.name == "cube":
        return np.abs(points).max(1) <= 0.5
    if source.name == "convex":
        return ConvexDomain.from_vertices(np.asarray(source.vertices, np.float64)).contains(points)
    return np.ones(len(points), bool)
