"""Numba kernels of Planets: Newtonian gravity between all bodies, and the first post-Newtonian term of the star.

a_i = -sum_j G m_j r_ij / |r_ij|^3, and for a body in the field of a star of mass M (r, w relative to it; Einstein 1915
in harmonic coordinates, Poisson and Will, "Gravity", eq. 10.3)
    a_i += (G M / c^2 r^3) [(4 G M / r - w^2) r + 4 (r . w) w].
Integrator: half drift, kick, half drift (Stoermer-Verlet), composed five times to order four (Suzuki 1990); where a
force depends on velocity the kick is an implicit midpoint, which keeps the step symmetric. Symplectic without it.
"""

import math

import numpy as np
from numba import njit

GAMMA = 1.0 / (4.0 - 4.0 ** (1.0 / 3.0))  # Suzuki's fractal: gamma, gamma, 1 - 4 gamma, gamma, gamma
PRECISION = 0.01  # longest substep, in dynamical times sqrt(d^3 / G (m_i + m_j)) of the closest pair


@njit(cache=True)
def accelerations(x, v, m, g, cube, length, inverse_c2, thrust, a):
    """Accelerations (n, 2) into `a`. Body 0 is the star. `cube`: the impossible force G m_i m_j length / d^3.

    `thrust` (m/s^2) pushes the last body along its motion about the star (negative: against it).
    """
    n = x.shape[0]
    a[:] = 0.0
    for i in range(n):
        for j in range(i):
            dx, dy = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1]
            d2 = dx * dx + dy * dy
            f = g * length / (d2 * d2) if cube else g / (d2 * math.sqrt(d2))
            a[i, 0] += f * m[j] * dx
            a[i, 1] += f * m[j] * dy
            a[j, 0] -= f * m[i] * dx
            a[j, 1] -= f * m[i] * dy
    mu = g * m[0]
    if inverse_c2 > 0.0:
        for i in range(1, n):
            rx, ry, wx, wy = x[i, 0] - x[0, 0], x[i, 1] - x[0, 1], v[i, 0] - v[0, 0], v[i, 1] - v[0, 1]
            r = math.sqrt(rx * rx + ry * ry)
            f = mu * inverse_c2 / (r * r * r)
            radial, along = f * (4.0 * mu / r - wx * wx - wy * wy), 4.0 * f * (rx * wx + ry * wy)
            px, py = radial * rx + along * wx, radial * ry + along * wy
            a[i, 0] += px
            a[i, 1] += py
            a[0, 0] -= px * m[i] / m[0]
            a[0, 1] -= py * m[i] / m[0]
    if thrust != 0.0:
        wx, wy = v[n - 1, 0] - v[0, 0], v[n - 1, 1] - v[0, 1]
        speed = math.sqrt(wx * wx + wy * wy) + 1e-300
        a[n - 1, 0] += thrust * wx / speed
        a[n - 1, 1] += thrust * wy / speed


@njit(cache=True)
def _verlet(x, v, m, g, cube, length, inverse_c2, thrust, h, a, before):
    n = x.shape[0]
    for i in range(n):
        for c in range(2):
            x[i, c] += 0.5 * h * v[i, c]
            before[i, c] = v[i, c]
    rounds = 1 if inverse_c2 == 0.0 and thrust == 0.0 else 5
    for k in range(rounds):
        if k > 0:
            for i in range(n):
                for c in range(2):
                    v[i, c] = 0.5 * (v[i, c] + before[i, c])  # the midpoint
        accelerations(x, v, m, g, cube, length, inverse_c2, thrust, a)
        for i in range(n):
            for c in range(2):
                v[i, c] = before[i, c] + h * a[i, c]
    for i in range(n):
        for c in range(2):
            x[i, c] += 0.5 * h * v[i, c]


@njit(cache=True)
def _substeps(x, m, g, h):
    """How many equal parts of a step keep every pair within PRECISION of its dynamical time (a power of two)."""
    shortest = 1e300
    for i in range(x.shape[0]):
        for j in range(i):
            mu = g * (m[i] + m[j])
            if mu > 0.0:
                d2 = (x[j, 0] - x[i, 0]) ** 2 + (x[j, 1] - x[i, 1]) ** 2
                shortest = min(shortest, math.sqrt(d2 * math.sqrt(d2) / mu))
    parts = 1
    while abs(h) > PRECISION * shortest * parts and parts < 4096:
        parts *= 2
    return parts


@njit(cache=True)
def advance(x, v, m, g, cube, length, inverse_c2, thrust, h, steps, adaptive):
    """Move positions x (n, 2) and velocities v (n, 2) on by `steps` steps of h seconds (negative: back), in place."""
    a, before = np.empty_like(x), np.empty_like(x)
    for _ in range(steps):
        parts = _substeps(x, m, g, h) if adaptive else 1
        dt = h / parts
        for _ in range(parts):
            for k in range(5):
                weight = 1.0 - 4.0 * GAMMA if k == 2 else GAMMA
                _verlet(x, v, m, g, cube, length, inverse_c2, thrust, weight * dt, a, before)


@njit(cache=True)
def watch(x, v, mu, out):
    """For every body but the star (n - 1, 3): specific energy, r . w, and distance, relative to the star."""
    for i in range(1, x.shape[0]):
        rx, ry, wx, wy = x[i, 0] - x[0, 0], x[i, 1] - x[0, 1], v[i, 0] - v[0, 0], v[i, 1] - v[0, 1]
        r = math.sqrt(rx * rx + ry * ry)
        out[i - 1, 0] = 0.5 * (wx * wx + wy * wy) - mu / r
        out[i - 1, 1] = rx * wx + ry * wy
        out[i - 1, 2] = r


@njit(cache=True)
def energy(x, v, m, g, inverse_c2):
    """Total energy (J); with the post-Newtonian term, its conserved energy for light bodies about the star."""
    total = 0.0
    n = x.shape[0]
    for i in range(n):
        total += 0.5 * m[i] * (v[i, 0] ** 2 + v[i, 1] ** 2)
        for j in range(i):
            total -= g * m[i] * m[j] / math.hypot(x[j, 0] - x[i, 0], x[j, 1] - x[i, 1])
    if inverse_c2 > 0.0:
        mu = g * m[0]
        for i in range(1, n):
            r = math.hypot(x[i, 0] - x[0, 0], x[i, 1] - x[0, 1])
            w2 = (v[i, 0] - v[0, 0]) ** 2 + (v[i, 1] - v[0, 1]) ** 2
            total += m[i] * inverse_c2 * (0.375 * w2 * w2 + 1.5 * mu * w2 / r + 0.5 * (mu / r) ** 2)
    return total
