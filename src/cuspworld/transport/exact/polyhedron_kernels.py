"""Numba kernels of the power diagram in space: convex polyhedra cut by half-spaces, one Laguerre cell after another.

A polyhedron is a list of vertices, and faces as loops of vertex indices, counter-clockwise seen from outside, each
with a label: j >= 0 for the cell of site j behind it, -1 - m for the domain's face m.
"""

import numpy as np
from numba import njit

from cuspworld.transport.exact.polygon_kernels import grow


@njit(cache=True)
def _cap_order(cap, count, corners, normal):
    """Sort the first `count` vertices of the cut counter-clockwise seen from outside; `normal` points inwards."""
    centre = np.zeros(3)
    for k in range(count):
        for axis in range(3):
            centre[axis] += corners[cap[k], axis] / count
    thin = 0
    for axis in range(1, 3):
        if abs(normal[axis]) < abs(normal[thin]):
            thin = axis
    helper = np.zeros(3)
    helper[thin] = 1.0
    first = np.cross(normal, helper)
    second = np.cross(normal, first)
    scale = np.sqrt((second**2).sum() / max((first**2).sum(), 1e-300))
    angles = np.empty(count)
    for k in range(count):
        offset = corners[cap[k]] - centre
        angles[k] = np.arctan2(-(offset * second).sum(), scale * (offset * first).sum())
    order = np.argsort(angles)
    cap[:count] = cap[:count][order]


@njit(cache=True)
def _cut(old, new, sizes, normal, constant, label, work):
    """Keep {normal . x + constant >= 0}. `old` and `new`: (corners, loop offsets, loops, labels); `sizes`: vertices,
    faces.

    Returns 0 where nothing was cut, 1 where something was, 2 where nothing is left; updates `sizes`.
    """
    corners, loop_offsets, loops, labels = old
    new_corners, new_offsets, new_loops, new_labels = new
    distances, renamed, cut_edges, cap = work
    lowest, highest = np.inf, -np.inf
    for v in range(sizes[0]):
        value = constant
        for axis in range(3):
            value += normal[axis] * corners[v, axis]
        distances[v] = value
        lowest, highest = min(lowest, value), max(highest, value)
    if lowest >= 0.0:
        return 0
    if highest <= 0.0:
        return 2
    vertices = 0
    for v in range(sizes[0]):
        if distances[v] >= 0.0:
            new_corners[vertices] = corners[v]
            renamed[v] = vertices
            vertices += 1
    kept = vertices
    faces, used = 0, 0
    new_offsets[0] = 0
    for f in range(sizes[1]):
        begin, end = loop_offsets[f], loop_offsets[f + 1]
        first = used
        for k in range(begin, end):
            here, there = loops[k], loops[k + 1 if k + 1 < end else begin]
            inside, following = distances[here] >= 0.0, distances[there] >= 0.0
            if inside:
                new_loops[used] = renamed[here]
                used += 1
            if inside != following:
                low, high = min(here, there), max(here, there)
                at = -1
                for c in range(vertices - kept):
                    if cut_edges[c, 0] == low and cut_edges[c, 1] == high:
                        at = kept + c
                        break
                if at < 0:
                    at = vertices
                    cut_edges[at - kept, 0], cut_edges[at - kept, 1] = low, high
                    t = distances[low] / (distances[low] - distances[high])
                    for axis in range(3):
                        new_corners[at, axis] = corners[low, axis] + t * (corners[high, axis] - corners[low, axis])
                    vertices += 1
                new_loops[used] = at
                used += 1
        if used - first >= 3:
            new_labels[faces] = labels[f]
            faces += 1
            new_offsets[faces] = used
        else:
            used = first
    cut = vertices - kept
    if cut >= 3:
        for c in range(cut):
            cap[c] = kept + c
        _cap_order(cap, cut, new_corners, normal)
        for c in range(cut):
            new_loops[used + c] = cap[c]
        used += cut
        new_labels[faces] = label
        faces += 1
        new_offsets[faces] = used
    sizes[0], sizes[1] = vertices, faces
    return 1


@njit(cache=True)
def _climb(start, x, points, heights, offsets, neighbours):
    best = start
    value = heights[start] + x[0] * points[start, 0] + x[1] * points[start, 1] + x[2] * points[start, 2]
    while True:
        at = best
        for e in range(offsets[at], offsets[at + 1]):
            j = neighbours[e]
            if j >= 0:
                other = heights[j] + x[0] * points[j, 0] + x[1] * points[j, 1] + x[2] * points[j, 2]
                if other > value:
                    best, value = j, other
        if best == at:
            return best, value


@njit(cache=True)
def _missing_site(i, solid, sizes, checks, points, heights, offsets, neighbours, tolerance):
    """A site that is higher than i at one of the polyhedron's vertices, or i. Each vertex is asked from two faces."""
    corners, loop_offsets, loops, labels = solid
    for f in range(sizes[1]):
        if labels[f] < 0:
            continue
        for k in range(loop_offsets[f], loop_offsets[f + 1]):
            v = loops[k]
            if checks[v] >= 2:
                continue
            checks[v] += 1
            x = corners[v]
            own = heights[i] + x[0] * points[i, 0] + x[1] * points[i, 1] + x[2] * points[i, 2]
            found, value = _climb(labels[f], x, points, heights, offsets, neighbours)
            if found != i and value > own + tolerance:
                return found
    return i


@njit(cache=True)
def _room(corners, faces, loops):
    """Space for one polyhedron: corners, loop offsets, loops, labels."""
    offsets, labels = np.zeros(faces + 1, np.int64), np.empty(faces, np.int64)
    return np.empty((corners, 3)), offsets, np.empty(loops, np.int64), labels


@njit(cache=True)
def laguerre_polyhedra(points, heights, start, loops, loop_offsets, offsets, neighbours, tolerance):
    """All Laguerre cells inside the convex polyhedron `start` with faces `loops`; arguments as for the polygons.

    Returns facet_offsets (N + 1,), labels (F,), vertex_offsets (F + 1,), vertices (V, 3): the corners of each facet in
    turn.
    """
    number = points.shape[0]
    widest = 0
    for i in range(number):
        widest = max(widest, offsets[i + 1] - offsets[i])
    most_faces = loop_offsets.shape[0] + widest + 128
    most_corners = 3 * most_faces + start.shape[0]
    most_loops = 10 * most_faces + loops.shape[0]
    one = _room(most_corners, most_faces, most_loops)
    two = _room(most_corners, most_faces, most_loops)
    distances, renamed = np.empty(most_corners), np.empty(most_corners, np.int64)
    work = (distances, renamed, np.empty((most_corners, 2), np.int64), np.empty(most_corners, np.int64))
    checks = np.empty(most_corners, np.int64)
    sizes = np.zeros(2, np.int64)
    normal = np.empty(3)
    facet_offsets = np.zeros(number + 1, np.int64)
    all_labels = np.empty(20 * number + 64, np.int64)
    all_offsets = np.zeros(20 * number + 65, np.int64)
    all_vertices = np.empty((100 * number + 64, 3))
    total_faces, total_vertices = 0, 0
    for i in range(number):
        now, other = one, two
        sizes[0], sizes[1] = start.shape[0], loop_offsets.shape[0] - 1
        now[0][: sizes[0]] = start
        now[1][: sizes[1] + 1] = loop_offsets
        now[2][: loops.shape[0]] = loops
        for f in range(sizes[1]):
            now[3][f] = -1 - f
        empty = number > 1 and offsets[i + 1] == offsets[i]  # the hull says that this site is hidden
        for e in range(offsets[i], offsets[i + 1]):
            j = neighbours[e]
            if j < 0:
                continue
            normal[:] = points[i] - points[j]
            outcome = _cut(now, other, sizes, normal, heights[i] - heights[j], j, work)
            if outcome == 1:
                now, other = other, now
            elif outcome == 2:
                empty = True
                break
        additions = 0
        while not empty and tolerance >= 0.0 and additions < 64:
            checks[: sizes[0]] = 0
            cut_something = False
            while True:
                j = _missing_site(i, now, sizes, checks, points, heights, offsets, neighbours, tolerance)
                if j == i:
                    break
                normal[:] = points[i] - points[j]
                outcome = _cut(now, other, sizes, normal, heights[i] - heights[j], j, work)
                if outcome == 1:
                    now, other = other, now
                    cut_something = True
                    additions += 1
                    break
                if outcome == 2:
                    empty = True
                    break
            if not cut_something:
                break
        if not empty:
            needed_faces, needed_vertices = total_faces + sizes[1], total_vertices + now[1][sizes[1]]
            all_labels = grow(all_labels, needed_faces)
            all_offsets = grow(all_offsets, needed_faces + 1)
            if needed_vertices > all_vertices.shape[0]:
                wider = np.empty((2 * needed_vertices, 3))
                wider[:total_vertices] = all_vertices[:total_vertices]
                all_vertices = wider
            for f in range(sizes[1]):
                for k in range(now[1][f], now[1][f + 1]):
                    all_vertices[total_vertices] = now[0][now[2][k]]
                    total_vertices += 1
                all_labels[total_faces] = now[3][f]
                total_faces += 1
                all_offsets[total_faces] = total_vertices
        facet_offsets[i + 1] = total_faces
    return (
        facet_offsets,
        all_labels[:total_faces].copy(),
        all_offsets[: total_faces + 1].copy(),
        all_vertices[:total_vertices].copy(),
    )


@njit(cache=True)
def polyhedron_moments(facet_offsets, vertex_offsets, vertices):
    """Volume (N,), integral of x (N, 3) and of |x|^2 (N,) of each cell, and the area (F,) of each facet."""
    number = facet_offsets.shape[0] - 1
    volume, first, second = np.zeros(number), np.zeros((number, 3)), np.zeros(number)
    areas = np.zeros(vertex_offsets.shape[0] - 1)
    for i in range(number):
        if facet_offsets[i + 1] == facet_offsets[i]:
            continue
        origin = vertices[vertex_offsets[facet_offsets[i]]].copy()
        moment = np.zeros(3)
        for f in range(facet_offsets[i], facet_offsets[i + 1]):
            begin, end = vertex_offsets[f], vertex_offsets[f + 1]
            a = vertices[begin] - origin
            normal = np.zeros(3)
            for k in range(begin + 1, end - 1):
                b, c = vertices[k] - origin, vertices[k + 1] - origin
                u, w = b - a, c - a
                cross = np.cross(u, w)
                normal += 0.5 * cross
                tetrahedron = (a * cross).sum() / 6.0  # signed volume of (origin, a, b, c)
                volume[i] += tetrahedron
                total = a + b + c
                moment += 0.25 * tetrahedron * total
                squares = (a * a).sum() + (b * b).sum() + (c * c).sum() + (total * total).sum()
                second[i] += tetrahedron / 20.0 * squares
            areas[f] = np.sqrt((normal * normal).sum())
        second[i] += 2.0 * (moment * origin).sum() + volume[i] * (origin * origin).sum()
        first[i] = moment + volume[i] * origin
    return volume, first, second, areas
