"""Walks through Laguerre cells along straight lines: which singular facet comes first, margins, and reflection.

On a ray x + t e the potential is the maximum of the lines v_j + t w_j, v = <x, y> + h, w = <e, y>. From cell i the ray
goes on to the cell j whose line overtakes first: the smallest t = (v_i - v_j) / (w_j - w_i) with w_j > w_i. This is
exact; no step size enters.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy import ndarray
from scipy.spatial import cKDTree

from cuspworld.transport.potential import Potential
from cuspworld.transport.singular.singular import SingularSet

Blocks = Callable[[ndarray, ndarray], ndarray]

_CANDIDATES = 8
_MOST_BOUNCES = 64
_MOST_FACETS = 32


def first_crossing(
    potential: Potential, start: ndarray, cell: int, end: ndarray, blocks: Blocks
) -> tuple[float, int, int] | None:
    """First facet (i, j) with blocks(i, j) on the segment: (share of the segment, i, j), or None if it is free.

    `cell` is the site whose cell holds `start` (on a facet: the one to leave).
    """
    sites = potential.sites.astype(np.float64)
    value = sites @ start + potential.heights
    slope = sites @ (end - start)
    t = 0.0
    for _ in range(potential.count):
        with np.errstate(divide="ignore", invalid="ignore"):
            overtakes = np.where(slope > slope[cell], (value[cell] - value) / (slope - slope[cell]), np.inf)
        overtakes = np.maximum(overtakes, t)  # rounding may put a facet that was just crossed a little behind
        following = int(np.argmin(overtakes))
        t = float(overtakes[following])
        if not t < 1.0:
            return None
        if blocks(np.array([cell]), np.array([following]))[0]:
            return t, cell, following
        cell = following
    return None


def nearest_singular(
    potential: Potential, singular: SingularSet, noise: ndarray
) -> tuple[Float64[ndarray, " batch"], Int64[ndarray, "batch 2"], Float64[ndarray, "batch dimension"]]:
    """Distance to the nearest singular facet of each row, its sites (i: the row's own side), and the point on it.

    Hyperplanes between the row's cell and every site that a singular facet may separate from it bound the distance from
    below; the nearest one whose foot really lies on the diagram's facet gives it. Where none of the eight nearest does,
    the walk towards a known point of the singular set hits it, and from there on one goes along the set to where it is
    nearer; that ends in a true point of it, which may be the nearest of its surroundings only. Without a
    singular facet the distance is inf, the pair (-1, -1) and the point nan.
    """
    batch, dimension = noise.shape
    distance = np.full(batch, np.inf)
    pair = np.full((batch, 2), -1, np.int64)
    point = np.full((batch, dimension), np.nan)
    if not singular.singular.any():
        return distance, pair, point
    sites, heights = potential.sites.astype(np.float64), potential.heights
    squares = (sites**2).sum(1)
    count = potential.count
    partners = singular.facets[singular.singular]
    keep = min(_CANDIDATES, count - 1)
    cells = potential.cells(noise.astype(np.float32))
    rows_at_once = max(1, (1 << 24) // count)
    for at in range(0, batch, rows_at_once):
        x = noise[at : at + rows_at_once].astype(np.float64)
        cell = cells[at : at + rows_at_once]
        value = x @ sites.T + heights  # (rows, sites)
        own = np.take_along_axis(value, cell[:, None], 1)
        length = np.sqrt(np.maximum(squares[cell][:, None] + squares - 2 * sites[cell] @ sites.T, 1e-300))
        bound = np.maximum(own - value, 0) / length
        bound[~_separated(singular, partners, cell)] = np.inf
        candidates = np.argpartition(bound, keep - 1, axis=1)[:, :keep]
        bounds = np.take_along_axis(bound, candidates, 1)
        order = np.argsort(bounds, axis=1)
        candidates, bounds = np.take_along_axis(candidates, order, 1), np.take_along_axis(bounds, order, 1)
        for rank in range(keep):
            open_rows = np.flatnonzero(np.isinf(distance[at : at + len(x)]) & np.isfinite(bounds[:, rank]))
            if len(open_rows) == 0:
                break
            i, j = cell[open_rows], candidates[open_rows, rank]
            normal = (sites[j] - sites[i]) / length[open_rows, j][:, None]
            foot = x[open_rows] + bounds[open_rows, rank][:, None] * normal
            at_foot = foot @ sites.T + heights
            level = np.take_along_axis(at_foot, i[:, None], 1)[:, 0]
            genuine = at_foot.max(axis=1) - level <= 1e-9 * (1 + np.abs(level))
            rows = at + open_rows[genuine]
            distance[rows] = bounds[open_rows, rank][genuine]
            pair[rows] = np.stack([i, j], axis=1)[genuine]
            point[rows] = foot[genuine]
    left = np.flatnonzero(np.isinf(distance))
    if len(left):
        anchors, owners = _anchors(potential, singular)
        nearest = cKDTree(anchors).query(noise[left])[1]
        for row, anchor, owner in zip(left, anchors[nearest], owners[nearest], strict=True):
            x = noise[row].astype(np.float64)
            beyond = x + (1 + 1e-6) * (anchor - x)
            found = first_crossing(potential, x, int(cells[row]), beyond, singular.is_singular)
            point[row] = anchor if found is None else x + found[0] * (beyond - x)
            pair[row] = owner if found is None else found[1:]
            distance[row] = np.linalg.norm(point[row] - x)
            for first, second, at_facet in _along_the_tear(sites, heights, singular, x, *map(int, pair[row])):
                closer = np.linalg.norm(at_facet - x)
                if closer < distance[row]:
                    distance[row], pair[row], point[row] = closer, (first, second), at_facet
    return distance, pair, point


def _along_the_tear(
    sites: ndarray, heights: ndarray, singular: SingularSet, x: ndarray, first: int, second: int
) -> Iterator[tuple[int, int, ndarray]]:
    """Points of the singular set nearer and nearer to x, from facet to facet: feet, and ridges where facets end.

    Where a third cell covers the foot of x on the plane of a facet, the singular set goes on between it and one of the
    two.
    """
    for _ in range(_MOST_FACETS):
        normal = sites[second] - sites[first]
        fall = heights[first] - heights[second] - x @ normal
        foot = x + fall / (normal @ normal) * normal
        third = int(np.argmax(sites @ foot + heights))
        level = sites[first] @ foot + heights[first]
        if sites[third] @ foot + heights[third] - level <= 1e-9 * (1 + abs(level)):
            yield first, second, foot
            return
        rows = np.stack([normal, sites[third] - sites[first]])
        falls = np.array([fall, heights[first] - heights[third] - x @ rows[1]])
        ridge = x + np.linalg.lstsq(rows, falls, rcond=None)[0]
        value = sites @ ridge + heights
        if value.max() - min(value[first], value[second]) <= 1e-9 * (1 + abs(value[first])):
            yield first, second, ridge
        if singular.is_singular(np.array([first]), np.array([third]))[0]:
            second = third
        else:
            first = third


def _anchors(potential: Potential, singular: SingularSet) -> tuple[ndarray, ndarray]:
    """Known points (A, d) of singular facets and the facets' sites (A, 2); feet beside their facet are left out."""
    points, facets = singular.points[singular.singular], singular.facets[singular.singular]
    sites = potential.sites.astype(np.float64)
    value = np.einsum("fd,fd->f", points, sites[facets[:, 0]]) + potential.heights[facets[:, 0]]
    best = potential.cells(points.astype(np.float32))
    short = np.einsum("fd,fd->f", points, sites[best]) + potential.heights[best] - value
    genuine = short <= 1e-6 * (1 + np.abs(value))
    keep = genuine if genuine.any() else np.argsort(short)[:1]
    return points[keep], facets[keep]


def _separated(singular: SingularSet, partners: ndarray, cell: ndarray) -> Bool[ndarray, "rows sites"]:
    """Which sites lie behind a singular facet of each row's cell, or in another branch."""
    separated = singular.branches[cell][:, None] != singular.branches
    rows_of = {int(site): np.flatnonzero(cell == site) for site in np.unique(cell)}
    for i, j in partners[singular.branches[partners[:, 0]] == singular.branches[partners[:, 1]]]:
        for own, other in ((i, j), (j, i)):
            if int(own) in rows_of:
                separated[rows_of[int(own)], other] = True
    return separated


def reflect_path(potential: Potential, path: ndarray, blocks: Blocks) -> Float64[ndarray, "steps dimension"]:
    """The path (steps, d), its rest mirrored at every facet (i, j) with blocks(i, j) that it would cross.

    Steps between mirrors keep their lengths. After 64 mirrors in one step, in a corner, the path waits at the corner.
    """
    rest = path.astype(np.float64)
    sites = potential.sites.astype(np.float64)
    cell = int(np.argmax(sites @ rest[0] + potential.heights))
    for step in range(len(rest) - 1):
        here = rest[step].copy()
        for _ in range(_MOST_BOUNCES):
            found = first_crossing(potential, here, cell, rest[step + 1], blocks)
            if found is None:
                break
            t, cell, other = found
            here = here + t * (rest[step + 1] - here)
            normal = sites[other] - sites[cell]
            normal /= np.linalg.norm(normal)
            rest[step + 1 :] -= 2 * ((rest[step + 1 :] - here) @ normal)[:, None] * normal
        else:
            rest[step + 1 :] += here - rest[step + 1]
        cell = _cell_after(potential, here, cell, rest[step + 1])
    return rest


def _cell_after(potential: Potential, start: ndarray, cell: int, end: ndarray) -> int:
    """The cell in which a free segment ends, reached from `cell`: at a facet, the side it came from."""
    value = potential.sites.astype(np.float64) @ end + potential.heights
    best = int(np.argmax(value))
    return cell if value[best] - value[cell] <= 1e-12 * (1 + abs(value[cell])) else best
