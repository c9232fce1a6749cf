"""Air, heat and flames of Candles.

Air: incompressible Navier-Stokes on a staggered grid (u on vertical faces, v on horizontal ones), advected along
characteristics (Stam 1999, midpoint rule), made free of divergence by an exact Poisson solve outside. Heat: finite
volumes with van Leer's limiter, so that what leaves a cell enters its neighbour.
Flame: a stirred reactor with one step of chemistry (Semenov; Zeldovich), d theta / dt = A (1 - theta) exp(-Ze (1 -
theta)) - strain * theta, theta the reduced temperature: an S-shaped curve of steady states, whose fold is extinction.
"""

import math

from numba import njit

from cuspworld.worlds.engines.compiled import EXACT


@njit(cache=True, fastmath=EXACT, inline="always")
def _sample(field, i, j):
    """Bilinear value at row i, column j (fractions), clamped at the edge."""
    rows, columns = field.shape
    i = min(max(i, 0.0), rows - 1.000001)
    j = min(max(j, 0.0), columns - 1.000001)
    p, q = int(i), int(j)
    s, t = i - p, j - q
    return (field[p, q] * (1 - t) + field[p, q + 1] * t) * (1 - s) + (
        field[p + 1, q] * (1 - t) + field[p + 1, q + 1] * t
    ) * s


@njit(cache=True, fastmath=EXACT)
def advect(u, v, new_u, new_v, ratio):
    """Carry the velocity with itself; ratio = time step / cell."""
    rows, columns = v.shape[0] - 1, u.shape[1] - 1
    for i in range(rows):
        for j in range(columns + 1):
            across = _sample(v, i + 0.5, j - 0.5)
            mi, mj = i - 0.5 * ratio * across, j - 0.5 * ratio * u[i, j]
            new_u[i, j] = _sample(
                u, i - ratio * _sample(v, mi + 0.5, mj - 0.5), j - ratio * _sample(u, mi, mj)
            )  # fmt: skip
    for i in range(rows + 1):
        for j in range(columns):
            along = _sample(u, i - 0.5, j + 0.5)
            mi, mj = i - 0.5 * ratio * v[i, j], j - 0.5 * ratio * along
            new_v[i, j] = _sample(
                v, i - ratio * _sample(v, mi, mj), j - ratio * _sample(u, mi - 0.5, mj + 0.5)
            )  # fmt: skip


@njit(cache=True, fastmath=EXACT)
def push(u, v, heat, solid, lift, mouth, breath, share):
    """Buoyancy (`lift` = gravity * time step / ambient temperature), walls, cake, and the breath at the mouth."""
    rows, columns = heat.shape
    for i in range(1, rows):
        for j in range(columns):
            v[i, j] += lift * 0.5 * (heat[i - 1, j] + heat[i, j])
    row0, row1, column0, column1 = mouth
    if breath != 0.0:
        for i in range(row0, row1):
            for j in range(column0, column1):
                u[i, j] += (breath - u[i, j]) * share
                v[i, j] *= 1.0 - share
    for i in range(rows):
        for j in range(columns):
            if solid[i, j]:
                u[i, j] = u[i, j + 1] = v[i, j] = v[i + 1, j] = 0.0
        u[i, 0] = u[i, columns] = 0.0
    for j in range(columns):
        v[0, j] = 0.0


@njit(cache=True, fastmath=EXACT)
def divergence(u, v, out):
    rows, columns = out.shape
    for i in range(rows):
        for j in range(columns):
            out[i, j] = u[i, j + 1] - u[i, j] + v[i + 1, j] - v[i, j]


@njit(cache=True, fastmath=EXACT)
def subtract_gradient(u, v, pressure):
    rows, columns = pressure.shape
    for i in range(rows):
        for j in range(1, columns):
            u[i, j] -= pressure[i, j] - pressure[i, j - 1]
    for i in range(1, rows):
        for j in range(columns):
            v[i, j] -= pressure[i, j] - pressure[i - 1, j]
    for j in range(columns):  # the top is open: pressure 0 half a cell beyond it
        v[rows, j] += 2.0 * pressure[rows - 1, j]


@njit(cache=True, fastmath=EXACT, inline="always")
def _limited(left, here, right):
    """van Leer's harmonic slope."""
    a, b = here - left, right - here
    return 2.0 * a * b / (a + b) if a * b > 0.0 else 0.0


@njit(cache=True, fastmath=EXACT)
def carry_heat(heat, flux_x, flux_y, u, v, ratio, spread):
    """One conservative step; ratio = time step / cell, spread = diffusivity * time step / cell^2. Returns what left."""
    rows, columns = heat.shape
    for i in range(rows):
        flux_x[i, 0] = flux_x[i, columns] = 0.0
        for j in range(1, columns):
            c = u[i, j] * ratio
            if c >= 0.0:
                far = heat[i, j - 2] if j > 1 else heat[i, j - 1]
                value = heat[i, j - 1] + 0.5 * (1.0 - c) * _limited(far, heat[i, j - 1], heat[i, j])
            else:
                far = heat[i, j + 1] if j < columns - 1 else heat[i, j]
                value = heat[i, j] - 0.5 * (1.0 + c) * _limited(heat[i, j - 1], heat[i, j], far)
            flux_x[i, j] = c * value - spread * (heat[i, j] - heat[i, j - 1])
    for j in range(columns):
        flux_y[0, j] = 0.0
        top = v[rows, j] * ratio
        flux_y[rows, j] = max(top, 0.0) * heat[rows - 1, j]
        for i in range(1, rows):
            c = v[i, j] * ratio
            if c >= 0.0:
                far = heat[i - 2, j] if i > 1 else heat[i - 1, j]
                value = heat[i - 1, j] + 0.5 * (1.0 - c) * _limited(far, heat[i - 1, j], heat[i, j])
            else:
                far = heat[i + 1, j] if i < rows - 1 else heat[i, j]
                value = heat[i, j] - 0.5 * (1.0 + c) * _limited(heat[i - 1, j], heat[i, j], far)
            flux_y[i, j] = c * value - spread * (heat[i, j] - heat[i - 1, j])
    left = 0.0
    for j in range(columns):
        left += flux_y[rows, j]
    for i in range(rows):
        for j in range(columns):
            heat[i, j] += flux_x[i, j] - flux_x[i, j + 1] + flux_y[i, j] - flux_y[i + 1, j]
    return left


@njit(cache=True)
def burn(theta, strain, rate, zeldovich, dt, pieces, lost, times):
    """Integrate each flame for dt with its strain (Runge-Kutta 4, `pieces` steps); lit flames stay lit by themselves.

    `times[n]`: when theta fell through `lost` on the way (from the step's start), -1 if it did not.
    """
    h = dt / pieces
    for n in range(theta.shape[0]):
        x, s = theta[n], strain[n]
        times[n] = -1.0
        for p in range(pieces):
            a = rate * (1 - x) * math.exp(-zeldovich * (1 - x)) - s * x
            y = x + 0.5 * h * a
            b = rate * (1 - y) * math.exp(-zeldovich * (1 - y)) - s * y
            y = x + 0.5 * h * b
            c = rate * (1 - y) * math.exp(-zeldovich * (1 - y)) - s * y
            y = x + h * c
            d = rate * (1 - y) * math.exp(-zeldovich * (1 - y)) - s * y
            after = x + h * (a + 2 * b + 2 * c + d) / 6
            if x > lost >= after:
                times[n] = h * (p + (x - lost) / (x - after))
            x = after
        theta[n] = x


@njit(cache=True, fastmath=EXACT)
def move_puffs(puffs, u, v, cell, dt, pieces):
    """Carry puffs (n, 4: x, y in metres, age, kind) with the air; they rise a little where the air is hot and still."""
    h = dt / pieces
    for n in range(puffs.shape[0]):
        for _ in range(pieces):
            x, y = puffs[n, 0] / cell, puffs[n, 1] / cell
            mx = x + 0.5 * h / cell * _sample(u, y - 0.5, x)
            my = y + 0.5 * h / cell * _sample(v, y, x - 0.5)
            puffs[n, 0] += h * _sample(u, my - 0.5, mx)
            puffs[n, 1] += h * _sample(v, my, mx - 0.5)
        puffs[n, 2] += dt
