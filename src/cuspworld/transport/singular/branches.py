"""Branches: the pieces that a cloud of points falls into, found from the points alone and without a parameter.

At each scale k = 2, 4, 8, 16, 32 a link of two points is as wide as the largest of its length and of both points'
distances c to their k-th neighbours (mutual reachability: Campello, Moulavi, Sander 2013). Links join points in rising
width w. Where two groups of more than k points meet, at w, the *depth* of the pass between them is

    q = D (log w - mean log c),  the smaller of both sides' values,

the fall of the logarithm of the density from a side's mean to the pass. The dimension D is the intrinsic one at that
scale, at most 1.2 times that between the k-th and the 48-th neighbours of the larger side: a noisy curve looked at too
closely has many dimensions, but its passes are those of a curve. In one connected cloud chance makes passes too, but
not deep ones: q stays below

    tau = 2.1 k^-0.56 (F / k)^-0.4 D^-0.25 (N / k)^0.18,

where the *frontier* F counts the points of a side within 1.5 w of the other (the side with fewer), at least k. That is
an estimate of a density from k points, whose logarithm is off by about k^(-1/2); over a long border, of many such; and
the deepest of N / k. Exponents and factor were fitted on connected clouds of 40 kinds (`benchmarks/branch_law.py`),
such that 97 of 100 stay whole at N = 300. The scale with the largest q / tau makes its cuts; every piece is searched
again.

Only ratios of distances enter.
"""

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from cuspworld.transport.search.neighbours import Neighbours, intrinsic_dimension
from cuspworld.transport.search.products import Products
from cuspworld.transport.singular import branch_kernels as kernels
from cuspworld.transport.validation import first_of_equal_rows

SCALES = (2, 4, 8, 16, 32)
NEIGHBOURS = 48
FEWEST = 8  # points that can be more than one piece
FACTOR = 2.1
WIDER = 1.2

Near = tuple[Float64[ndarray, "_ _"], Int64[ndarray, "_ _"]]  # distances and indices, (sites, k) each


def find_branches(points: Float64[ndarray, "points dimension"]) -> Int64[ndarray, " points"]:
    """The branch of each of the points, numbered from the largest; equal points are one."""
    points = points - points.mean(0)
    points /= max(np.abs(points).max(), 1e-300)
    first = first_of_equal_rows(points)
    distinct = np.flatnonzero(first == np.arange(len(points)))
    label = np.zeros(len(points), np.int64)
    label[distinct] = _split(points[distinct], None)
    return numbered_by_size(label[first])


def _split(points: ndarray, near: Near | None) -> Int64[ndarray, " sites"]:
    """The piece of each site; `near` are the nearest neighbours, if they are known."""
    count = len(points)
    if count < FEWEST:
        return np.zeros(count, np.int64)
    near = nearest(points, points) if near is None else near
    piece = deepest_cuts(points, near)[1]
    if not piece.any():
        return piece
    out, used = np.zeros(count, np.int64), 0
    for number in range(int(piece.max()) + 1):
        own = np.flatnonzero(piece == number)
        inner = _split(points[own], _nearest_within(points, own, near)) if len(own) >= FEWEST else 0 * own
        out[own] = used + inner
        used += int(inner.max()) + 1
    return out


def deepest_cuts(points: ndarray, near: Near, factor: float = FACTOR) -> tuple[float, Int64[ndarray, " sites"]]:
    """The largest q / tau of all scales, and the piece of each site once its scale has made its cuts; `factor` is the
    law's."""
    distance = near[0]
    count, known = distance.shape
    first, second, length = _links(points, near)
    offsets, beside, apart = kernels.rows(first, second, length, count)
    deepest, best = 0.0, None
    for scale in SCALES:
        if 1.5 * scale > known:
            break
        reach = distance[:, scale - 1]
        width = np.maximum(length, np.maximum(reach[first], reach[second]))
        order = np.argsort(width, kind="stable")  # equal widths by length, in which links come
        a, b, w = first[order], second[order], width[order]
        log_reach = np.log(reach)
        growth = np.log(distance[:, -1]) - log_reach
        link, fall, frontier, wide = kernels.merges(a, b, w, log_reach, growth, offsets, beside, apart, scale).T
        dimension = np.minimum(
            intrinsic_dimension(distance[:, : max(int(1.5 * scale), min(6, known))]),
            WIDER * np.log(known / scale) / np.maximum(wide, 1e-300),
        )
        ratio = dimension * fall / _law(scale, frontier, dimension, count, factor)
        if len(ratio) and ratio.max() > deepest:
            cut = np.zeros(len(a), bool)
            cut[link[ratio > 1].astype(np.int64)] = True
            deepest, best = ratio.max(), (a, b, cut)
    if best is None:
        return 0.0, np.zeros(count, np.int64)
    return float(deepest), np.unique(kernels.pieces(*best, count), return_inverse=True)[1]


def _law(scale: int, frontier: ndarray, dimension: ndarray, count: int, factor: float) -> Float64[ndarray, " merges"]:
    """tau: how deep a pass chance makes, at most, in a connected cloud."""
    border = np.maximum(frontier / scale, 1) ** -0.4
    return factor * scale**-0.56 * border * np.maximum(dimension, 1) ** -0.25 * (count / scale) ** 0.18


def _links(points: ndarray, near: Near) -> tuple[ndarray, ndarray, ndarray]:
    """Links (first < second, length), the shortest first, to nearest neighbours and between parts that these leave."""
    distance, index = near
    count = len(points)
    first, second, length = np.repeat(np.arange(count), index.shape[1]), index.ravel(), distance.ravel()
    while True:
        part = kernels.pieces(first, second, np.zeros(len(first), bool), count)
        if (part == part[0]).all():
            break
        ends, across = np.arange(count), _nearest_apart(points, part)
        first, second = np.concatenate([first, ends]), np.concatenate([second, across])
        length = np.concatenate([length, np.linalg.norm(points[ends] - points[across], axis=1)])
    keys = np.minimum(first, second) * count + np.maximum(first, second)
    order = np.argsort(keys)
    once = order[np.diff(keys[order], prepend=-1) > 0]
    once = once[np.lexsort((keys[once], length[once]))]
    return keys[once] // count, keys[once] % count, length[once]


def nearest(points: ndarray, queries: ndarray) -> Near:
    """Distances to the nearest other points, and those, of queries that are points themselves."""
    k = min(NEIGHBOURS, len(points) - 1)
    search = Neighbours(points, Products(points.astype(np.float32)))
    distance, index = search.nearest(queries, k + 1)
    return np.maximum(distance[:, 1:], 1e-300), index[:, 1:]


def _nearest_within(points: ndarray, own: ndarray, near: Near) -> Near:
    """The neighbours inside a piece; those of points far from its border are known."""
    place = np.full(len(points), -1)
    place[own] = np.arange(len(own))
    k = min(NEIGHBOURS, len(own) - 1)
    distance, index = near[0][own][:, :k], place[near[1][own][:, :k]]
    border = np.flatnonzero((index < 0).any(1))
    if len(border):
        distance[border], index[border] = nearest(points[own], points[own[border]])
    return distance, index


def _nearest_apart(points: ndarray, part: ndarray) -> Int64[ndarray, " sites"]:
    """The nearest site of another part, for each site."""
    sites = points.astype(np.float32)
    half_squares = 0.5 * (points**2).sum(1).astype(np.float32)
    step = max(1, (1 << 24) // len(points))
    parts = [slice(at, at + step) for at in range(0, len(points), step)]
    return np.concatenate(
        [kernels.nearest_apart(sites[own] @ sites.T - half_squares, part[own], part) for own in parts]
    )


def numbered_by_size(roots: Int64[ndarray, " sites"]) -> Int64[ndarray, " sites"]:
    """Branch numbers, the largest branch first; equal sizes in order of their first site."""
    _, first, inverse, sizes = np.unique(roots, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[inverse]
