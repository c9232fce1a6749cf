"""Distances between pairs of sites, and from the middles of pairs to the sites nearest to them.

In many dimensions the middles cost far more than the pairs themselves: each is a point to be searched with. But

    |(y_i + y_j) / 2 - y|^2 = |y_i - y|^2 / 2 + |y_j - y|^2 / 2 - |y_i - y_j|^2 / 4,

so a table of the squared distances of all sites answers both, at a cost that does not grow with the dimension.
"""

import numpy as np
from jaxtyping import Float64, Int64
from numba import njit
from numpy import ndarray

from cuspworld.transport.search.neighbours import Neighbours

FEWEST_DIMENSIONS = 48  # below, a row of products costs less than a row of the table
LARGEST_TABLE = 1 << 27  # bytes: 4,096 sites


class Pairs:
    """Of sites (N, d) with their nearest-site search."""

    def __init__(self, neighbours: Neighbours):
        self._neighbours, self._sites = neighbours, neighbours.sites
        count, dimension = self._sites.shape
        self._table = None
        if dimension >= FEWEST_DIMENSIONS and 8 * count**2 <= LARGEST_TABLE:
            centred = self._sites.astype(np.float64) - self._sites.mean(0, dtype=np.float64)
            squares = (centred**2).sum(1)
            self._table = np.maximum(squares[:, None] + squares - 2 * centred @ centred.T, 0)

    def lengths(self, pairs: Int64[ndarray, "pairs 2"]) -> Float64[ndarray, " pairs"]:
        """The distance between the two sites of each pair."""
        first, second = pairs.T
        if self._table is not None:
            return np.sqrt(self._table[first, second])
        return np.linalg.norm(self._sites[first] - self._sites[second], axis=1)

    def nearest_to_middles(self, pairs: Int64[ndarray, "pairs 2"], k: int) -> Float64[ndarray, "pairs k"]:
        """Distances from the middle of each pair to the k nearest sites, in rising order."""
        first, second = pairs.T
        if self._table is not None:
            return _nearest_to_middles(self._table, first, second, k)
        return self._neighbours.nearest(0.5 * (self._sites[first] + self._sites[second]), k)[0]


@njit(cache=True)
def _nearest_to_middles(
    table: Float64[ndarray, "N N"], first: Int64[ndarray, " pairs"], second: Int64[ndarray, " pairs"], k: int
) -> Float64[ndarray, "pairs k"]:
    out = np.full((first.size, k), np.inf)
    for pair in range(first.size):
        one, other, near = table[first[pair]], table[second[pair]], out[pair]
        quarter = 0.25 * table[first[pair], second[pair]]
        for site in range(one.size):
            square = 0.5 * (one[site] + other[site]) - quarter
            if square < near[k - 1]:
                at = k - 1
                while at > 0 and near[at - 1] > square:
                    near[at] = near[at - 1]
                    at -= 1
                near[at] = square
    return np.sqrt(np.maximum(out, 0))
