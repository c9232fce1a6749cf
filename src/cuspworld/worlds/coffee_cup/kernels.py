"""Water of CoffeeCup: the linear shallow-water equations in a round cup under the pressure of floating hulls.

u_t = -g grad(eta + p / (rho g)) - friction u, eta_t = -depth div u, on a staggered (Arakawa C) grid with
forward-backward steps; faces between a wet and a dry cell are the wall. A hull presses with a bell-shaped p whose
integral is its weight, so the water under it sinks by what it displaces (Archimedes).
"""

import math

import numpy as np
from numba import njit

from cuspworld.worlds.engines.compiled import EXACT


@njit(cache=True, fastmath=EXACT)
def hull_pressure(head, ships, x0, cell):
    """head (rows, columns) = p / (rho g) in m; ships (n, 7): x, y, cos, sin, half axes (m), displaced volume (m^3)."""
    rows, columns = head.shape
    for i in range(rows):
        for j in range(columns):
            head[i, j] = 0.0
    for n in range(ships.shape[0]):
        x, y, co, si, length, width, volume = ships[n]
        reach = 3.0 * length
        i0, i1 = max(0, int((y - reach - x0) / cell)), min(rows, int((y + reach - x0) / cell) + 2)
        j0, j1 = max(0, int((x - reach - x0) / cell)), min(columns, int((x + reach - x0) / cell) + 2)
        peak = volume / (2.0 * math.pi * length * width)
        for i in range(i0, i1):
            for j in range(j0, j1):
                dx, dy = x0 + (j + 0.5) * cell - x, x0 + (i + 0.5) * cell - y
                a, b = (co * dx + si * dy) / length, (co * dy - si * dx) / width
                head[i, j] += peak * math.exp(-0.5 * (a * a + b * b))


@njit(cache=True, fastmath=EXACT)
def wave_step(eta, u, v, head, wet, gravity, depth, friction, cell, dt):
    """One forward-backward step of the waves under the given pressure head."""
    rows, columns = eta.shape
    k, keep = gravity * dt / cell, 1.0 - friction * dt
    for i in range(rows):
        for j in range(1, columns):
            if wet[i, j] and wet[i, j - 1]:
                u[i, j] = keep * u[i, j] - k * (eta[i, j] + head[i, j] - eta[i, j - 1] - head[i, j - 1])
    for i in range(1, rows):
        for j in range(columns):
            if wet[i, j] and wet[i - 1, j]:
                v[i, j] = keep * v[i, j] - k * (eta[i, j] + head[i, j] - eta[i - 1, j] - head[i - 1, j])
    c = depth * dt / cell
    for i in range(rows):
        for j in range(columns):
            if wet[i, j]:
                eta[i, j] -= c * (u[i, j + 1] - u[i, j] + v[i + 1, j] - v[i, j])


@njit(cache=True, fastmath=EXACT)
def under_hull(surface, u, v, wet, ship, x0, cell, out):
    """Means over the hull's bell, into out (4): slope of the surface without dents, the water's velocity."""
    rows, columns = surface.shape
    x, y, co, si, length, width, _ = ship
    reach = 3.0 * length
    i0, i1 = max(1, int((y - reach - x0) / cell)), min(rows - 1, int((y + reach - x0) / cell) + 2)
    j0, j1 = max(1, int((x - reach - x0) / cell)), min(columns - 1, int((x + reach - x0) / cell) + 2)
    total = sx = sy = mu = mv = 0.0
    for i in range(i0, i1):
        for j in range(j0, j1):
            if not wet[i, j]:
                continue
            dx, dy = x0 + (j + 0.5) * cell - x, x0 + (i + 0.5) * cell - y
            a, b = (co * dx + si * dy) / length, (co * dy - si * dx) / width
            w = math.exp(-0.5 * (a * a + b * b))
            east = surface[i, j + 1] if wet[i, j + 1] else surface[i, j]
            west = surface[i, j - 1] if wet[i, j - 1] else surface[i, j]
            north = surface[i + 1, j] if wet[i + 1, j] else surface[i, j]
            south = surface[i - 1, j] if wet[i - 1, j] else surface[i, j]
            total += w
            sx += w * (east - west) * 0.5 / cell
            sy += w * (north - south) * 0.5 / cell
            mu += w * 0.5 * (u[i, j] + u[i, j + 1])
            mv += w * 0.5 * (v[i, j] + v[i + 1, j])
    if total > 0.0:
        out[0], out[1], out[2], out[3] = sx / total, sy / total, mu / total, mv / total


@njit(cache=True, fastmath=EXACT)
def gap(ax, ay, bx, by, cx, cy, dx, dy):
    """Distance between the segments ab and cd; 0 where they cross."""
    d1 = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    d2 = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    d3 = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    d4 = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    if d1 * d2 < 0.0 and d3 * d4 < 0.0:
        return 0.0
    best = 1e9
    for px, py, qx, qy, rx, ry in (
        (ax, ay, cx, cy, dx, dy), (bx, by, cx, cy, dx, dy), (cx, cy, ax, ay, bx, by), (dx, dy, ax, ay, bx, by),
    ):  # fmt: skip
        ex, ey = rx - qx, ry - qy
        t = min(max(((px - qx) * ex + (py - qy) * ey) / (ex * ex + ey * ey), 0.0), 1.0)
        best = min(best, math.hypot(px - qx - t * ex, py - qy - t * ey))
    return best


@njit(cache=True, fastmath=EXACT)
def draw_coffee(image, mask, eta, wet, cx, cy, scale, tilt, radius, x0, cell, light, colour, crema, instance):
    """The surface as an ellipse (foreshortened by `tilt`), shaded by its slope towards the light, with glints."""
    height, width = mask.shape
    rows, columns = eta.shape
    i0, i1 = max(0, int(cy - radius * tilt * scale) - 1), min(height, int(cy + radius * tilt * scale) + 2)
    j0, j1 = max(0, int(cx - radius * scale) - 1), min(width, int(cx + radius * scale) + 2)
    for i in range(i0, i1):
        for j in range(j0, j1):
            x, y = (j + 0.5 - cx) / scale, (cy - i - 0.5) / (scale * tilt)
            r = math.sqrt(x * x + y * y)
            cover = min(max(0.5 + (radius - r) * scale * tilt, 0.0), 1.0)
            if cover <= 0.0:
                continue
            p = min(max((y - x0) / cell - 0.5, 1.0), rows - 2.001)
            q = min(max((x - x0) / cell - 0.5, 1.0), columns - 2.001)
            a, b = int(p), int(q)
            s, t = p - a, q - b
            sx = sy = 0.0
            for da, wa in ((0, 1.0 - s), (1, s)):
                for db, wb in ((0, 1.0 - t), (1, t)):
                    m, n = a + da, b + db
                    if wet[m, n]:
                        h = eta[m, n]
                        east = eta[m, n + 1] if wet[m, n + 1] else h
                        west = eta[m, n - 1] if wet[m, n - 1] else h
                        north = eta[m + 1, n] if wet[m + 1, n] else h
                        south = eta[m - 1, n] if wet[m - 1, n] else h
                        sx += wa * wb * (east - west) * 0.5 / cell
                        sy += wa * wb * (north - south) * 0.5 / cell
            facing = -(sx * light[0] + sy * light[1])
            foam = min(max((r / radius - 0.90) / 0.10, 0.0), 1.0) * 0.6
            bright = min(max(1.0 + 3.2 * facing, 0.55), 1.9)
            glint = min(max(facing * 6.0 - 0.35, 0.0), 0.5)
            for c in range(3):
                value = (colour[c] + (crema[c] - colour[c]) * foam) * bright
                value += (255.0 - value) * glint
                image[i, j, c] += (value - image[i, j, c]) * cover
            if cover > 0.5 and instance > 0:
                mask[i, j] = instance


def nephroid(radius: float, points: int = 49) -> np.ndarray:
    """The caustic of parallel light along +x reflected once in a circle (points, 2): its cusp is at radius / 2."""
    t = np.linspace(-math.pi / 2, math.pi / 2, points)
    x = radius * (3 * np.cos(t) - np.cos(3 * t)) / 4
    y = radius * (3 * np.sin(t) - np.sin(3 * t)) / 4
    return np.stack([x, y], 1)
