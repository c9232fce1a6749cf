"""Which sites an average may join: mutual neighbours, and those that have a mutual neighbour in common.

Neighbours are of one branch, no singular facet lies between them, and each is among the 16 nearest of the other. Where
a dense piece lies beside a sparse one, or a cluster has fewer points than a branch needs, the nearest of the one are
points of the other, and not the reverse. In many dimensions the sites around a noise are seldom each other's nearest,
so one step more is taken: farther, and hardly ever into another piece (`benchmarks/extended_mixing.py`).
"""

import numpy as np
from jaxtyping import Float64, Int64
from numba import njit
from numpy import ndarray
from scipy.sparse import csr_matrix

from cuspworld.transport.potential import Potential
from cuspworld.transport.search.neighbours import Neighbours
from cuspworld.transport.singular.singular import SingularSet

NEIGHBOURS = 16


def joined_neighbours(potential: Potential, singular: SingularSet) -> Int64[ndarray, "sites neighbours"]:
    """Each site's mutual neighbours in rising order, behind as many -1 as it has fewer than 16."""
    sites = potential.sites
    count = len(sites)
    index = Neighbours(sites, potential.products).nearest(sites, min(NEIGHBOURS + 1, count))[1]
    first, second = np.repeat(np.arange(count), index.shape[1]), index.ravel()
    keys = first * count + second
    joined = np.isin(keys, second * count + first) & (first != second)
    joined &= ~singular.is_singular(first, second, suspect=True)
    facets, branches = singular.facets, singular.branches
    if (singular.suspect & (branches[facets[:, 0]] == branches[facets[:, 1]])).any():
        within = np.flatnonzero(joined)
        joined[within] = _beside(singular, first[within], second[within])
    return np.sort(np.where(joined, second, -1).reshape(index.shape), axis=1)


def _beside(singular: SingularSet, first: ndarray, second: ndarray) -> ndarray:
    """Whether each pair shares a regular facet or a neighbour by regular facets.

    Two sites of one branch that do neither face each other across a place without data.
    """
    pairs = singular.facets[~singular.suspect]
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    count = len(singular.branches)
    graph = csr_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
    facet = np.asarray(graph[first, second]).reshape(-1) > 0
    return facet | (np.asarray(graph[first].multiply(graph[second]).sum(1)).reshape(-1) > 0)


@njit(cache=True)
def _near(joined: Int64[ndarray, "sites neighbours"], first: int, second: int) -> bool:
    """Are two sites neighbours, or have they one in common? A merge of two rising rows."""
    a = b = 0
    while a < joined.shape[1] or b < joined.shape[1]:
        one = joined[first, a] if a < joined.shape[1] else len(joined)
        other = joined[second, b] if b < joined.shape[1] else len(joined)
        if one == second or other == first or (one == other and one >= 0):
            return True
        if one <= other:
            a += 1
        else:
            b += 1
    return False


@njit(cache=True)
def left_by_strangers(
    sites: Int64[ndarray, "batch k"],
    share: Float64[ndarray, "batch k"],
    joined: Int64[ndarray, "sites neighbours"],
) -> Float64[ndarray, "batch k"]:
    """What is left of each site's weight: the product of 1 - share over the sites of its row that are not near it."""
    left = np.ones(share.shape)
    for row in range(len(sites)):
        for a in range(sites.shape[1]):
            for b in range(a + 1, sites.shape[1]):
                if share[row, a] == 0 and share[row, b] == 0:
                    continue
                if not _near(joined, sites[row, a], sites[row, b]):
                    left[row, a] *= 1 - share[row, b]
                    left[row, b] *= 1 - share[row, a]
    return left
