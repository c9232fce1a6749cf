"""Lattice Boltzmann flow (D2Q9) past an obstacle, and smoke that the flow carries.

Collision: Bhatnagar-Gross-Krook, regularised (Latt and Chopard 2006), with a bulk viscosity that quiets sound.
Obstacle: partially saturated cells (Noble and Torczynski 1998), so that a curved wall is as smooth as its solid share
`solid` of a cell, and what the fluid loses the obstacle gains. Inlet and outlet: non-equilibrium extrapolation (Guo,
Zheng, Shi 2002). Walls above and below: free slip.
Lattice units inside: cell, step and density are 1, the speed of sound is 1 / sqrt(3).
Arrays are (direction, row, column); row 0 and the last row are mirrors of their neighbours.
"""

import math

import numpy as np
from numba import njit

from cuspworld.worlds.engines.compiled import EXACT

CX = np.array([0, 1, 0, -1, 0, 1, -1, -1, 1])
CY = np.array([0, 0, 1, 0, -1, 1, 1, -1, -1])
WEIGHTS = np.array([4 / 9] + [1 / 9] * 4 + [1 / 36] * 4)
BULK = 0.4  # relaxation rate of the pressure's departure from equilibrium: bulk viscosity (1 / BULK - 1 / 2) / 3
SOUND = math.sqrt(3.0)  # one over the speed of sound
MIRRORED = np.array([0, 1, 4, 3, 2, 8, 7, 6, 5])  # y reversed


@njit(cache=True, fastmath=EXACT, inline="always")
def _equilibrium(k, rho, u, v):
    dot = CX[k] * u + CY[k] * v
    return WEIGHTS[k] * rho * (1.0 + 3.0 * dot + 4.5 * dot * dot - 1.5 * (u * u + v * v))


@njit(cache=True, fastmath=EXACT)
def at_rest(f):
    """Fill f (9, rows + 2, columns) with a fluid of density 1 at rest."""
    for k in range(9):
        f[k] = WEIGHTS[k]


@njit(cache=True, fastmath=EXACT)
def _row(f, g, i, columns, omega, solid, u, v, density):
    """Stream into row i of g and collide there, columns 1 to columns - 2. Returns the force on the obstacle."""
    fx = fy = 0.0
    half = 1.0 / omega - 0.5
    for j in range(1, columns - 1):
        f0, f1, f2 = f[0, i, j], f[1, i, j - 1], f[2, i - 1, j]
        f3, f4, f5 = f[3, i, j + 1], f[4, i + 1, j], f[5, i - 1, j - 1]
        f6, f7, f8 = f[6, i - 1, j + 1], f[7, i + 1, j + 1], f[8, i + 1, j - 1]
        rho = f0 + f1 + f2 + f3 + f4 + f5 + f6 + f7 + f8
        x = (f1 + f5 + f8 - f3 - f6 - f7) / rho
        y = (f2 + f5 + f6 - f4 - f7 - f8) / rho
        u[i, j], v[i, j], density[i, j] = x, y, rho
        # second moments away from equilibrium
        pxx = f1 + f3 + f5 + f6 + f7 + f8 - rho * (1.0 / 3.0 + x * x)
        pyy = f2 + f4 + f5 + f6 + f7 + f8 - rho * (1.0 / 3.0 + y * y)
        pxy = f5 + f7 - f6 - f8 - rho * x * y
        keep = (1.0 - omega) * 4.5
        trace = pxx + pyy  # relaxes at the rate BULK, the rest at omega
        spread = 0.5 * trace * ((1.0 - BULK) / (1.0 - omega) - 1.0)
        pxx, pyy = pxx + spread, pyy + spread
        trace = (pxx + pyy) / 3.0
        a = 1.0 - 1.5 * (x * x + y * y)
        straight, corner = rho / 9.0, rho / 36.0
        p, m = x + y, x - y
        g0 = rho * 4.0 / 9.0 * a - keep * (4.0 / 9.0) * trace
        g1 = straight * (a + 3.0 * x + 4.5 * x * x) + keep * (pxx - trace) / 9.0
        g3 = straight * (a - 3.0 * x + 4.5 * x * x) + keep * (pxx - trace) / 9.0
        g2 = straight * (a + 3.0 * y + 4.5 * y * y) + keep * (pyy - trace) / 9.0
        g4 = straight * (a - 3.0 * y + 4.5 * y * y) + keep * (pyy - trace) / 9.0
        g5 = corner * (a + 3.0 * p + 4.5 * p * p) + keep * (pxx + pyy + 2.0 * pxy - trace) / 36.0
        g7 = corner * (a - 3.0 * p + 4.5 * p * p) + keep * (pxx + pyy + 2.0 * pxy - trace) / 36.0
        g8 = corner * (a + 3.0 * m + 4.5 * m * m) + keep * (pxx + pyy - 2.0 * pxy - trace) / 36.0
        g6 = corner * (a - 3.0 * m + 4.5 * m * m) + keep * (pxx + pyy - 2.0 * pxy - trace) / 36.0
        share = solid[i, j]
        if share > 0.0:
            b = share * half / ((1.0 - share) + half)
            # bounced back about a wall at rest: f_opposite + equilibrium(0) - equilibrium_opposite(u)
            e1 = straight * (a - 3.0 * x + 4.5 * x * x)
            e3 = straight * (a + 3.0 * x + 4.5 * x * x)
            e2 = straight * (a - 3.0 * y + 4.5 * y * y)
            e4 = straight * (a + 3.0 * y + 4.5 * y * y)
            e5 = corner * (a - 3.0 * p + 4.5 * p * p)
            e7 = corner * (a + 3.0 * p + 4.5 * p * p)
            e8 = corner * (a - 3.0 * m + 4.5 * m * m)
            e6 = corner * (a + 3.0 * m + 4.5 * m * m)
            s1, s3 = f3 + straight - e1, f1 + straight - e3
            s2, s4 = f4 + straight - e2, f2 + straight - e4
            s5, s7 = f7 + corner - e5, f5 + corner - e7
            s6, s8 = f8 + corner - e6, f6 + corner - e8
            s0 = f0 + rho * 4.0 / 9.0 * (1.0 - a)
            fx += b * (rho * x - (s1 + s5 + s8 - s3 - s6 - s7))
            fy += b * (rho * y - (s2 + s5 + s6 - s4 - s7 - s8))
            g0, g1, g2 = g0 + b * (s0 - g0), g1 + b * (s1 - g1), g2 + b * (s2 - g2)
            g3, g4, g5 = g3 + b * (s3 - g3), g4 + b * (s4 - g4), g5 + b * (s5 - g5)
            g6, g7, g8 = g6 + b * (s6 - g6), g7 + b * (s7 - g7), g8 + b * (s8 - g8)
        g[0, i, j], g[1, i, j], g[2, i, j], g[3, i, j], g[4, i, j] = g0, g1, g2, g3, g4
        g[5, i, j], g[6, i, j], g[7, i, j], g[8, i, j] = g5, g6, g7, g8
    return fx, fy


@njit(cache=True, fastmath=EXACT)
def _ends(g, i, columns, wind, beyond, u, v, density):
    """Non-equilibrium extrapolation: the inlet takes the velocity `wind`, the outlet the density `beyond`."""
    last = columns - 1
    rho, x, y = density[i, 1], u[i, 1], v[i, 1]
    out, p, q = density[i, last - 1], u[i, last - 1], v[i, last - 1]
    for k in range(9):
        g[k, i, 0] = g[k, i, 1] + _equilibrium(k, rho, wind, 0.0) - _equilibrium(k, rho, x, y)
        g[k, i, last] = g[k, i, last - 1] + _equilibrium(k, beyond, p, q) - _equilibrium(k, out, p, q)
    u[i, 0], v[i, 0], density[i, 0] = wind, 0.0, rho
    u[i, last], v[i, last], density[i, last] = p, q, beyond


@njit(cache=True, fastmath=EXACT)
def _mirror(f, rows):
    for k in range(9):
        f[k, 0] = f[MIRRORED[k], 1]
        f[k, rows + 1] = f[MIRRORED[k], rows]


@njit(cache=True, fastmath=EXACT)
def _through(f, rows, j):
    """Mass that crosses from column j to column j + 1 in the next streaming."""
    total = 0.0
    for i in range(1, rows + 1):
        total += f[1, i, j] + f[5, i, j] + f[8, i, j] - f[3, i, j + 1] - f[6, i, j + 1] - f[7, i, j + 1]
    return total


@njit(cache=True, fastmath=EXACT)
def flow_steps(f, g, omega, solid, wind, shear, u, v, density, probe, record):
    """len(wind) steps from f, which holds the end again; `g` is scratch.

    Inlet velocity in a step: wind (1 + shear cos(pi y / height)). The density at the outlet follows the mean velocity
    there, so that plane sound waves leave: the incoming characteristic density - velocity / sound speed is held.

    `record` (steps, 5): force on the obstacle along and across, the mass that flowed in behind the first column and out
    before the last, and the velocity across at the cell `probe` (row, column).
    """
    rows, columns = u.shape[0] - 2, u.shape[1]
    for step in range(wind.shape[0]):
        _mirror(f, rows)
        record[step, 2] = _through(f, rows, 0)
        record[step, 3] = _through(f, rows, columns - 2)
        fx = fy = mean = 0.0
        for i in range(1, rows + 1):
            mean += u[i, columns - 2] / rows
        beyond = 1.0 + SOUND * (mean - wind[step])
        for i in range(1, rows + 1):
            x, y = _row(f, g, i, columns, omega, solid, u, v, density)
            fx += x
            fy += y
            inlet = wind[step] * (1.0 + shear[step] * math.cos(math.pi * (i - 0.5) / rows))
            _ends(g, i, columns, inlet, beyond, u, v, density)
        record[step, 0], record[step, 1], record[step, 4] = fx, fy, v[probe]
        f, g = g, f
    if wind.shape[0] % 2:
        g[:] = f
    _mirror(g if wind.shape[0] % 2 else f, rows)


@njit(cache=True, fastmath=EXACT, inline="always")
def _sample(field, x, y):
    """Bilinear value at (x, y) in cells; the middle of cell (column j, row i) is (j, i)."""
    rows, columns = field.shape
    x = min(max(x, 0.0), columns - 1.001)
    y = min(max(y, 1.0), rows - 2.001)
    j, i = int(x), int(y)
    s, t = x - j, y - i
    return (field[i, j] * (1 - s) + field[i, j + 1] * s) * (1 - t) + (
        field[i + 1, j] * (1 - s) + field[i + 1, j + 1] * s
    ) * t


@njit(cache=True, fastmath=EXACT)
def carry(smoke, count, u, v, solid, steps):
    """Move smoke (n, 4: x, y in cells, age in steps, name) with the flow for that many steps (midpoint rule); drop what
    left.

    Returns how many are left; they come first, in their order.
    """
    columns = u.shape[1]
    kept = 0
    for n in range(count):
        x, y = smoke[n, 0], smoke[n, 1]
        mx = x + 0.5 * steps * _sample(u, x, y)
        my = y + 0.5 * steps * _sample(v, x, y)
        x += steps * _sample(u, mx, my)
        y += steps * _sample(v, mx, my)
        age = smoke[n, 2] + steps
        if x < columns - 1.5 and _sample(solid, x, y) < 0.9:
            smoke[kept, 0], smoke[kept, 1], smoke[kept, 2], smoke[kept, 3] = x, y, age, smoke[n, 3]
            kept += 1
    return kept


@njit(cache=True, fastmath=EXACT)
def draw_smoke(image, mask, thick, points, radius, strength, colour, window, instance):
    """Smoke as an optical depth: each point (n, 2 pixels) adds a bump, and a pixel shows 1 - exp(-depth) of the colour.

    Only inside `window` (x0, x1, y0, y1 in pixels); `thick` (height, width) is scratch.
    """
    height, width = thick.shape
    x0, x1, y0, y1 = window
    inverse = 1.0 / (radius * radius)
    thick[:] = 0.0
    for n in range(points.shape[0]):
        px, py = points[n, 0], points[n, 1]
        i0, i1 = max(0, math.floor(py - radius)), min(height, math.ceil(py + radius) + 1)
        j0, j1 = max(0, math.floor(px - radius)), min(width, math.ceil(px + radius) + 1)
        for i in range(i0, i1):
            for j in range(j0, j1):
                q = 1.0 - ((i + 0.5 - py) ** 2 + (j + 0.5 - px) ** 2) * inverse
                if q > 0.0:
                    thick[i, j] += strength * q * q
    for i in range(max(0, int(y0)), min(height, math.ceil(y1))):
        for j in range(max(0, int(x0)), min(width, math.ceil(x1))):
            cover = 1.0 - math.exp(-thick[i, j])
            if cover > 0.004:
                for c in range(3):
                    image[i, j, c] += (colour[c] - image[i, j, c]) * cover
                if cover > 0.5 and instance > 0:
                    mask[i, j] = instance
