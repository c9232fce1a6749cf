"""Which sites an average may join: each of the 16 nearest of the other, in one branch, no singular facet between them.

Neighbours must be mutual. Where a dense piece lies beside a sparse one, or a cluster has fewer points than a branch
needs, the nearest of the one are points of the other, and not the reverse.
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
    """The sites joined to each site, -1 in place of those that are not."""
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
    return np.where(joined, second, -1).reshape(index.shape)


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
def left_by_strangers(
    sites: Int64[ndarray, "batch k"],
    share: Float64[ndarray, "batch k"],
    joined: Int64[ndarray, "sites neighbours"],
) -> Float64[ndarray, "batch k"]:
    """What is left of each site's weight: the product of 1 - share over the sites of its row not joined to it."""
    left = np.ones(share.shape)
    for row in range(len(sites)):
        for a in range(sites.shape[1]):
            for b in range(a + 1, sites.shape[1]):
                if share[row, a] == 0 and share[row, b] == 0:
                    continue
                known = False
                for other in joined[sites[row, a]]:
                    known |= other == sites[row, b]
                if not known:
                    left[row, a] *= 1 - share[row, b]
                    left[row, b] *= 1 - share[row, a]
    return left
