"""Numba kernel of the branches: components of a graph, kept apart where a deep valley of density lies between them.

Edges come in falling order of density, as in Kruskal's tree; two components are joined unless both hold a peak that the
edge's density falls short of by more than `ratio` (persistence: Chazal, Guibas, Oudot, Skraba 2013, "ToMATo").
"""

import numpy as np
from numba import njit


@njit(cache=True)
def _root(parent, site):
    while parent[site] != site:
        parent[site] = parent[parent[site]]
        site = parent[site]
    return site


@njit(cache=True)
def persistent_components(log_density, first, second, log_edge, log_ratio):
    """(N,) root of each site's component; edges (first, second) sorted by falling `log_edge`."""
    parent = np.arange(log_density.size)
    peak = log_density.copy()
    for e in range(first.size):
        a, b = _root(parent, first[e]), _root(parent, second[e])
        if a == b or min(peak[a], peak[b]) - log_edge[e] > log_ratio:
            continue
        if peak[a] < peak[b]:
            a, b = b, a
        parent[b] = a
    for site in range(parent.size):
        parent[site] = _root(parent, site)
    return parent
