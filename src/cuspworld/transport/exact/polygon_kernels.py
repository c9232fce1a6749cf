"""Numba kernels of the power diagram in the plane: convex polygons cut by half-planes, one Laguerre cell after another.

A polygon is three arrays (x, y, label): edge k runs from vertex k to vertex k + 1 (counter-clockwise) and `label` says
what bounds the cell there: j >= 0 for the cell of site j, -1 - m for the domain's edge m.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def grow(array, needed):
    """The same one-dimensional array with room for `needed` entries: itself where it has that."""
    if needed <= array.shape[0]:
        return array
    wider = np.empty(2 * needed, array.dtype)
    wider[: array.shape[0]] = array
    return wider


@njit(cache=True)
def cut(source, labels, count, target, target_labels, distances, a, b, c, label):
    """Keep {a x + b y + c >= 0} of a convex polygon. Returns its new vertex count, or -1 where nothing was cut."""
    lowest, highest = np.inf, -np.inf
    for k in range(count):
        value = a * source[k, 0] + b * source[k, 1] + c
        distances[k] = value
        lowest = min(lowest, value)
        highest = max(highest, value)
    if lowest >= 0.0:
        return -1
    if highest <= 0.0:
        return 0
    kept = 0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        here, there = distances[k], distances[following]
        if here >= 0.0:
            target[kept, 0], target[kept, 1] = source[k, 0], source[k, 1]
            target_labels[kept] = labels[k]
            kept += 1
        if (here >= 0.0) != (there >= 0.0):
            t = here / (here - there)
            target[kept, 0] = source[k, 0] + t * (source[following, 0] - source[k, 0])
            target[kept, 1] = source[k, 1] + t * (source[following, 1] - source[k, 1])
            target_labels[kept] = label if here >= 0.0 else labels[k]
            kept += 1
    return kept


@njit(cache=True)
def highest_site(start, x, y, points, heights, offsets, neighbours):
    """Climb from site to neighbouring site while <x, y_j> + h_j grows; (site, its value)."""
    best = start
    value = x * points[start, 0] + y * points[start, 1] + heights[start]
    while True:
        at = best
        for e in range(offsets[at], offsets[at + 1]):
            j = neighbours[e]
            if j >= 0:
                other = x * points[j, 0] + y * points[j, 1] + heights[j]
                if other > value:
                    best, value = j, other
        if best == at:
            return best, value


@njit(cache=True)
def laguerre_polygons(points, heights, start, edges, disk, offsets, neighbours, tolerance):
    """All Laguerre cells {x : <x, y_i> + h_i highest} inside a convex domain.

    `start` (M, 2) is a polygon that holds the domain, `edges` (E, 3) are half-planes a x + b y + c >= 0 still to be cut
    from it (none where `start` is the domain), `disk` (x, y, radius) lies inside all of them.
    `neighbours[offsets[i]:offsets[i + 1]]` are candidates for the facets of cell i; each vertex of the outcome is
    checked by climbing over the candidates' graph, and what is found there is cut too, so a graph that is slightly out
    of date serves. Returns cell_offsets (N + 1,), vertices (V, 2), labels (V,).
    """
    number, corners, outer = points.shape[0], start.shape[0], edges.shape[0]
    widest = 0
    for i in range(number):
        widest = max(widest, offsets[i + 1] - offsets[i])
    room = corners + outer + widest + 64
    polygons = np.empty((2, room, 2))
    tags = np.empty((2, room), np.int64)
    distances = np.empty(room)
    cell_offsets = np.zeros(number + 1, np.int64)
    vertices = np.empty((8 * number + 64, 2))
    labels = np.empty(8 * number + 64, np.int64)
    total = 0
    for i in range(number):
        now = 0
        # a site without candidates is hidden below the hull: its cell is empty
        count = corners if number == 1 or offsets[i + 1] > offsets[i] else 0
        for k in range(count):
            polygons[0, k, 0], polygons[0, k, 1] = start[k, 0], start[k, 1]
            tags[0, k] = -1 - k
        for e in range(offsets[i], offsets[i + 1]):
            j = neighbours[e]
            if j < 0:
                continue
            kept = cut(
                polygons[now],
                tags[now],
                count,
                polygons[1 - now],
                tags[1 - now],
                distances,
                points[i, 0] - points[j, 0],
                points[i, 1] - points[j, 1],
                heights[i] - heights[j],
                j,
            )
            if kept >= 0:
                now, count = 1 - now, kept
                if count == 0:
                    break
        near_edge = False
        for k in range(count):
            x, y = polygons[now, k, 0] - disk[0], polygons[now, k, 1] - disk[1]
            near_edge = near_edge or x * x + y * y > disk[2] * disk[2]
        for m in range(outer if near_edge else 0):
            if count == 0:
                break
            kept = cut(
                polygons[now],
                tags[now],
                count,
                polygons[1 - now],
                tags[1 - now],
                distances,
                edges[m, 0],
                edges[m, 1],
                edges[m, 2],
                -1 - m,
            )
            if kept >= 0:
                now, count = 1 - now, kept
        # every vertex must see i as its highest site; what is higher there was missing among the candidates
        k = 0
        additions = 0
        while k < count and tolerance >= 0.0:
            x, y = polygons[now, k, 0], polygons[now, k, 1]
            first, second = tags[now, k], tags[now, k - 1 if k > 0 else count - 1]
            own = x * points[i, 0] + y * points[i, 1] + heights[i] + tolerance
            site = i
            for side in range(2):
                origin = first if side == 0 else second
                if origin >= 0:
                    found, value = highest_site(origin, x, y, points, heights, offsets, neighbours)
                    if value > own and found != i:
                        site = found
                        break
            if site == i:
                k += 1
                continue
            if count + 2 > room or additions > 10000:
                break
            kept = cut(
                polygons[now],
                tags[now],
                count,
                polygons[1 - now],
                tags[1 - now],
                distances,
                points[i, 0] - points[site, 0],
                points[i, 1] - points[site, 1],
                heights[i] - heights[site],
                site,
            )
            additions += 1
            if kept < 0:
                k += 1
            else:
                now, count, k = 1 - now, kept, 0
        if total + count > labels.shape[0]:
            labels = grow(labels, total + count)
            wider = np.empty((labels.shape[0], 2))
            wider[:total] = vertices[:total]
            vertices = wider
        for k in range(count):
            vertices[total + k, 0], vertices[total + k, 1] = polygons[now, k, 0], polygons[now, k, 1]
            labels[total + k] = tags[now, k]
        total += count
        cell_offsets[i + 1] = total
    return cell_offsets, vertices[:total].copy(), labels[:total].copy()


@njit(cache=True)
def polygon_moments(cell_offsets, vertices):
    """Area (N,), integral of x (N, 2) and of |x|^2 (N,) of each cell, and the length (V,) of each edge."""
    number = cell_offsets.shape[0] - 1
    area, first, second = np.zeros(number), np.zeros((number, 2)), np.zeros(number)
    lengths = np.zeros(vertices.shape[0])
    for i in range(number):
        low, high = cell_offsets[i], cell_offsets[i + 1]
        if high == low:
            continue
        ox, oy = vertices[low, 0], vertices[low, 1]
        for k in range(low, high):
            following = k + 1 if k + 1 < high else low
            ax, ay = vertices[k, 0] - ox, vertices[k, 1] - oy
            bx, by = vertices[following, 0] - ox, vertices[following, 1] - oy
            twice = ax * by - ay * bx
            area[i] += 0.5 * twice
            first[i, 0] += twice * (ax + bx) / 6.0
            first[i, 1] += twice * (ay + by) / 6.0
            second[i] += twice * (ax * ax + ay * ay + ax * bx + ay * by + bx * bx + by * by) / 12.0
            lengths[k] = np.hypot(bx - ax, by - ay)
        second[i] += 2.0 * (first[i, 0] * ox + first[i, 1] * oy) + area[i] * (ox * ox + oy * oy)
        first[i, 0] += area[i] * ox
        first[i, 1] += area[i] * oy
    return area, first, second, lengths
