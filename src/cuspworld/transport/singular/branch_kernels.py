"""Numba kernels of the branches: the merges of a single-linkage tree, what each knows of its pass, and its pieces.

Of clips' branches: components of a graph, kept apart where a deep valley of density lies between them. Edges come in
falling order of density; two components are joined unless both hold a peak that the edge's density falls short of by
more than `ratio` (persistence: Chazal, Guibas, Oudot, Skraba 2013, "ToMATo").
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
def merges(first, second, width, log_reach, offsets, beside, apart, distance, index, scale):
    """(M, 5) merges whose smaller side has more than `scale` points, in rising order of their width w.

    Each row: the position of the link; log w minus the larger of both sides' mean log reach; the points on the smaller
    side; the frontier, the fewer of the points of either side within 1.5 w of the other; the intrinsic dimension of the
    smaller side (maximum likelihood over its own nearest neighbours; inf where there are too few).
    Links (first, second) come in rising width; compressed rows (offsets, beside, apart) hold every site's links.
    """
    count = log_reach.size
    parent, size, total = np.arange(count), np.ones(count, np.int64), log_reach.copy()
    head, tail, following = np.arange(count), np.arange(count), np.full(count, -1)
    seen = np.full(count, -1)
    out = np.empty((count, 5))
    found = 0
    for link in range(first.size):
        small, large = _root(parent, first[link]), _root(parent, second[link])
        if small == large:
            continue
        if size[small] > size[large]:
            small, large = large, small
        if size[small] > scale:
            most = max(8, size[small] // 3)  # a small side's outermost neighbours say how small it is
            near = far = ratios = 0
            logs = 0.0
            site = head[small]
            while site >= 0:
                at_frontier = False
                for k in range(offsets[site], offsets[site + 1]):
                    if apart[k] <= 1.5 * width[link] and _root(parent, beside[k]) == large:
                        at_frontier = True
                        if seen[beside[k]] != link:
                            seen[beside[k]] = link
                            far += 1
                near += at_frontier
                inside, inner, last = 0, 0.0, 0.0
                for k in range(index.shape[1]):
                    if _root(parent, index[site, k]) == small:
                        inside += 1
                        last = np.log(distance[site, k])
                        inner += last
                        if inside == most:
                            break
                if inside > 2:
                    ratios += inside - 2
                    logs += inside * last - inner
                site = following[site]
            mean = max(total[small] / size[small], total[large] / size[large])
            out[found, 0], out[found, 1], out[found, 2] = link, np.log(width[link]) - mean, size[small]
            out[found, 3], out[found, 4] = min(near, far), ratios / logs if logs > 0 else np.inf
            found += 1
        parent[small] = large
        size[large] += size[small]
        total[large] += total[small]
        following[tail[large]] = head[small]
        tail[large] = tail[small]
    return out[:found]


@njit(cache=True)
def pieces(first, second, cut, count):
    """(N,) root of each site's piece: the tree of the links in order, without those merges that are `cut` (links,)."""
    tree, piece = np.arange(count), np.arange(count)
    for link in range(first.size):
        a, b = _root(tree, first[link]), _root(tree, second[link])
        if a != b:
            tree[a] = b
            if not cut[link]:
                piece[_root(piece, first[link])] = _root(piece, second[link])
    for site in range(count):
        piece[site] = _root(piece, site)
    return piece


@njit(cache=True)
def nearest_apart(values, own_part, part):
    """(B,) the best column of each row of `values` (B, N), larger being nearer, that lies in another part."""
    rows, count = values.shape
    best = np.zeros(rows, np.int64)
    for row in range(rows):
        top = -np.inf
        for site in range(count):
            if values[row, site] > top and part[site] != own_part[row]:
                top, best[row] = values[row, site], site
    return best


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
