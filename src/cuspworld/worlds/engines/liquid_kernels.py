"""Position-based fluid in two dimensions (Macklin and Mueller 2013), exchanging momentum with a rigid body's walls.

Particles of equal mass keep the density constraint C_i = rho_i / rho_0 - 1 <= 0 with rho_i = sum_j (1 - r_ij / h)^2;
the corrections of a pair are equal and opposite, so the liquid alone conserves momentum exactly. Walls are capsules
fixed to the body; a particle inside one is pushed out along the normal with Coulomb friction along the wall, and the
body receives the opposite impulse. The table is the half plane y < 0; it receives what it takes from the liquid.
"""

import math

import numpy as np
from numba import njit

from cuspworld.worlds.engines.compiled import EXACT

NEIGHBOURS = 40
ITERATIONS, RELAXATION = 3, 0.6  # relaxation of 1 overshoots: after a hard landing the liquid gained energy


@njit(cache=True, fastmath=EXACT)
def rest_density(spacing, h):
    """rho_0: the density sum of a hexagonal lattice with this spacing."""
    total = 0.0
    for i in range(-4, 5):
        for j in range(-4, 5):
            x = spacing * (i + 0.5 * (j & 1))
            y = spacing * j * 0.8660254037844386
            r = math.sqrt(x * x + y * y)
            if r < h:
                total += (1.0 - r / h) ** 2
    return total


@njit(cache=True, fastmath=EXACT)
def _neighbours(x, h, counts, lists):
    """All pairs closer than h, by counting sort into cells of size h."""
    n = x.shape[0]
    x0 = y0 = 1e18
    x1 = y1 = -1e18
    for i in range(n):
        x0, x1 = min(x0, x[i, 0]), max(x1, x[i, 0])
        y0, y1 = min(y0, x[i, 1]), max(y1, x[i, 1])
    columns = min(int((x1 - x0) / h) + 1, 400)
    rows = min(int((y1 - y0) / h) + 1, 400)
    start = np.zeros(columns * rows + 1, np.int32)
    cell = np.empty(n, np.int32)
    for i in range(n):
        c = min(int((x[i, 0] - x0) / h), columns - 1)
        r = min(int((x[i, 1] - y0) / h), rows - 1)
        cell[i] = r * columns + c
        start[cell[i] + 1] += 1
    for k in range(columns * rows):
        start[k + 1] += start[k]
    order = np.empty(n, np.int32)
    filled = start[:-1].copy()
    for i in range(n):
        order[filled[cell[i]]] = i
        filled[cell[i]] += 1
    for i in range(n):
        counts[i] = 0
    for i in range(n):
        r, c = cell[i] // columns, cell[i] % columns
        for rr in range(max(r - 1, 0), min(r + 2, rows)):
            for k in range(start[rr * columns + max(c - 1, 0)], start[rr * columns + min(c + 1, columns - 1) + 1]):
                j = order[k]
                if j != i and counts[i] < NEIGHBOURS:
                    dx, dy = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1]
                    if dx * dx + dy * dy < h * h:
                        lists[i, counts[i]] = j
                        counts[i] += 1


@njit(cache=True, fastmath=EXACT)
def _push_out(x, old, i, nx, ny, depth, wall_x, wall_y, friction):
    """Move particle i out by depth along (nx, ny), with Coulomb friction against the wall's displacement this step."""
    fx, fy = depth * nx, depth * ny
    rx, ry = x[i, 0] + fx - old[i, 0] - wall_x, x[i, 1] + fy - old[i, 1] - wall_y
    along = -rx * ny + ry * nx
    drag = min(friction * depth, abs(along))
    if along > 0.0:
        drag = -drag
    fx += -ny * drag
    fy += nx * drag
    x[i, 0] += fx
    x[i, 1] += fy
    return fx, fy


@njit(cache=True, fastmath=EXACT)
def _walls(x, old, walls, motion, margin, friction, dt, table_friction, exchange):
    """Push particles out of the body's capsules and the table; add the displacements to `exchange`.

    motion: body centre x, y, velocity x, y, angular velocity. exchange: sums of displacement x, y and its moment given
    to particles by the body (0:3), and displacement x, y by the table (3:5).
    """
    cx, cy, vx, vy, w = motion[0], motion[1], motion[2], motion[3], motion[4]
    for i in range(x.shape[0]):
        for k in range(walls.shape[0]):
            ax, ay, bx, by, r = walls[k, 0], walls[k, 1], walls[k, 2], walls[k, 3], walls[k, 4] + margin
            ex, ey, px, py = bx - ax, by - ay, x[i, 0] - ax, x[i, 1] - ay
            s = min(max((px * ex + py * ey) / (ex * ex + ey * ey), 0.0), 1.0)
            dx, dy = px - s * ex, py - s * ey
            squared = dx * dx + dy * dy
            if squared < r * r and squared > 1e-16:
                d = math.sqrt(squared)
                if table_friction >= 0.0 and x[i, 1] + (r - d) * dy / d < margin:
                    continue  # caught between the body and the table, it gives way: neither pushes it into the other
                lx, ly = x[i, 0] - cx, x[i, 1] - cy
                fx, fy = _push_out(x, old, i, dx / d, dy / d, r - d, (vx - w * ly) * dt, (vy + w * lx) * dt, friction)
                exchange[0] += fx
                exchange[1] += fy
                exchange[2] += lx * fy - ly * fx
        if table_friction >= 0.0 and x[i, 1] < margin:
            fx, fy = _push_out(x, old, i, 0.0, 1.0, margin - x[i, 1], 0.0, 0.0, table_friction)
            exchange[3] += fx
            exchange[4] += fy


@njit(cache=True, fastmath=EXACT)
def liquid_step(x, v, dt, gravity, spacing, h, rest, walls, motion, friction, viscosity, table_friction, exchange):
    """One step of length dt; x, v (n, 2) are changed in place, exchange (5,) is set (displacements, see _walls).

    A negative table_friction means that there is no table.
    """
    n = x.shape[0]
    old = x.copy()
    for k in range(5):
        exchange[k] = 0.0
    for i in range(n):
        v[i, 1] -= gravity * dt
        x[i, 0] += v[i, 0] * dt
        x[i, 1] += v[i, 1] * dt
    margin = 0.5 * spacing
    _walls(x, old, walls, motion, margin, friction, dt, table_friction, exchange)
    counts = np.empty(n, np.int32)
    lists = np.empty((n, NEIGHBOURS), np.int32)
    _neighbours(x, h, counts, lists)
    multiplier = np.empty(n)
    move = np.empty((n, 2))
    for _ in range(ITERATIONS):
        for i in range(n):
            rho = 1.0
            gx = gy = squares = 0.0
            for k in range(counts[i]):
                j = lists[i, k]
                dx, dy = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1]
                r = math.sqrt(dx * dx + dy * dy) + 1e-12
                q = 1.0 - r / h
                if q > 0.0:
                    rho += q * q
                    g = -2.0 * q / (h * rest * r)
                    gx += g * dx
                    gy += g * dy
                    squares += g * g * r * r
            c = rho / rest - 1.0
            multiplier[i] = 0.0 if c <= 0.0 else -c / (squares + gx * gx + gy * gy + 20.0)
        for i in range(n):
            mx = my = 0.0
            for k in range(counts[i]):
                j = lists[i, k]
                both = multiplier[i] + multiplier[j]
                if both != 0.0:
                    dx, dy = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1]
                    r = math.sqrt(dx * dx + dy * dy) + 1e-12
                    q = 1.0 - r / h
                    if q > 0.0:
                        g = -2.0 * q / (h * rest * r) * both
                        mx += g * dx
                        my += g * dy
            move[i, 0], move[i, 1] = mx, my
        for i in range(n):
            x[i, 0] += RELAXATION * move[i, 0]
            x[i, 1] += RELAXATION * move[i, 1]
        _walls(x, old, walls, motion, margin, friction, dt, table_friction, exchange)
    for i in range(n):
        v[i, 0] = (x[i, 0] - old[i, 0]) / dt
        v[i, 1] = (x[i, 1] - old[i, 1]) / dt
    for i in range(n):  # XSPH viscosity, pairwise symmetric
        mx = my = 0.0
        for k in range(counts[i]):
            j = lists[i, k]
            dx, dy = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1]
            q = 1.0 - math.sqrt(dx * dx + dy * dy) / h
            if q > 0.0:
                mx += q * (v[j, 0] - v[i, 0])
                my += q * (v[j, 1] - v[i, 1])
        move[i, 0], move[i, 1] = viscosity * mx, viscosity * my
    for i in range(n):
        v[i, 0] += move[i, 0]
        v[i, 1] += move[i, 1]


@njit(cache=True, fastmath=EXACT)
def inside(x, cx, cy, angle, bottom_half, top_half, low, high, out):
    """Which particles lie in the glass: a trapezoid from `low` to `high` along its axis, in its own frame."""
    co, si = math.cos(angle), math.sin(angle)
    sx = sy = 0.0
    count = 0
    for i in range(x.shape[0]):
        px, py = x[i, 0] - cx, x[i, 1] - cy
        u, w = co * px + si * py, -si * px + co * py
        half = bottom_half + (top_half - bottom_half) * (w - low) / (high - low)
        out[i] = low <= w <= high and abs(u) <= half
        if out[i]:
            count += 1
            sx += x[i, 0]
            sy += x[i, 1]
    return count, sx, sy
