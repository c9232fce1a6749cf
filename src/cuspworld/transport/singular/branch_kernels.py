"""Numba kernels of the branches: the merges of a single-linkage tree, what each knows of its pass, and its pieces; the
visits of clips."""

import numpy as np
from numba import njit


@njit(cache=True)
def _root(parent, site):
    while parent[site] != site:
        parent[site] = parent[parent[site]]
        site = parent[site]
    return site


@njit(cache=True)
def rows(first, second, length, count):
    """Every site's links as compressed rows: offsets (count + 1,), the other ends and the lengths (2 links,)."""
    offsets = np.zeros(count + 1, np.int64)
    for link in range(first.size):
        offsets[first[link] + 1] += 1
        offsets[second[link] + 1] += 1
    for site in range(count):
        offsets[site + 1] += offsets[site]
    at = offsets[:-1].copy()
    beside, apart = np.empty(2 * first.size, np.int64), np.empty(2 * first.size)
    for link in range(first.size):
        for here, there in ((first[link], second[link]), (second[link], first[link])):
            beside[at[here]], apart[at[here]] = there, length[link]
            at[here] += 1
    return offsets, beside, apart


@njit(cache=True)
def merges(first, second, width, log_reach, log_growth, offsets, beside, apart, scale):
    """(M, 4) merges whose smaller side has more than `scale` points, in rising order of their width w.

    Each row: the position of the link; log w minus the larger of both sides' mean log reach; the frontier, the fewer of
    the points of either side within 1.5 w of the other; the mean log growth of the larger side's neighbourhoods.
    Links (first, second) come in rising width; compressed rows (offsets, beside, apart) hold every site's links.
    """
    count = log_reach.size
    parent, size = np.arange(count), np.ones(count, np.int64)
    reach, growth = log_reach.copy(), log_growth.copy()  # sums over a side
    head, tail, following = np.arange(count), np.arange(count), np.full(count, -1)
    seen = np.full(count, -1)
    out = np.empty((count, 4))
    found = 0
    for link in range(first.size):
        small, large = _root(parent, first[link]), _root(parent, second[link])
        if small == large:
            continue
        if size[small] > size[large]:
            small, large = large, small
        if size[small] > scale:
            near = far = 0
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
                site = following[site]
            mean = max(reach[small] / size[small], reach[large] / size[large])
            out[found, 0], out[found, 1] = link, np.log(width[link]) - mean
            out[found, 2], out[found, 3] = min(near, far), growth[large] / size[large]
            found += 1
        parent[small] = large
        size[large] += size[small]
        reach[large] += reach[small]
        growth[large] += growth[small]
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
def visits(steps, clips, radius):
    """The visit (N,) of each step, steps in order of time by clip; and the first step (V,) of each visit.

    A visit is a run of steps of one clip that are within the radius (N,) of its first one.
    """
    count, dimension = steps.shape
    visit, first = np.empty(count, np.int64), np.empty(count, np.int64)
    found = start = 0
    for step in range(count):
        square = 0.0
        for k in range(dimension):
            square += (steps[step, k] - steps[start, k]) ** 2
        if step == 0 or clips[step] != clips[start] or square > radius[start] ** 2:
            first[found], start = step, step
            found += 1
        visit[step] = found - 1
    return visit, first[:found]
