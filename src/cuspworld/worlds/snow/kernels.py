"""Snow as an elastoplastic continuum in two dimensions (plane strain), solved by the material point method.

Transfers: MLS-MPM with quadratic B-splines and affine velocities (Hu et al. 2018; Jiang et al. 2015), which conserve
mass, momentum and angular momentum. Elasticity: Hencky strains e_1 >= e_2 of the elastic left Cauchy-Green tensor b,
Kirchhoff stress with p = -K (e_1 + e_2) and q = G (e_1 - e_2). Plasticity: Mohr-Coulomb, in two dimensions exactly

    q <= p sin(phi) + s c cos(phi),    p >= -s c,    p <= p_0 exp(H * compaction),

with friction angle phi, cohesion c and bonds s in [0, 1] that break by plastic strain (softening), and a cap that packs
snow where it is trodden on (compare Stomakhin et al. 2013; Klar et al. 2016; Gaume et al. 2018). Snow that has come
apart bears no load until its opening is closed again (Tampubolon et al. 2017).
"""

import math

import numpy as np
from numba import njit

from cuspworld.worlds.engines.compiled import EXACT

# Columns of `snow`, one row a particle.
X, Y, VX, VY, CXX, CXY, CYX, CYY, BXX, BXY, BYY, TXX, TXY, TYY, GAP, PACK, BOND, COHESION, LIFT, MOVES = range(20)
WIDTH = 20


@njit(cache=True, fastmath=EXACT)
def snow_step(snow, grid, ground, origin_x, origin_y, cell, dt, gravity, mass, volume, law, body, given):
    """One step of length dt; `snow` (particles, 20) and `body` are changed in place.

    grid: scratch (columns, rows, 3). ground: (columns, rows) signed distance (m) to the rough ground, negative below.
    law: (K, G, friction angle, cap p_0, hardening H, plastic strain that breaks a bond). body: a rigid capsule (ax, ay,
    bx, by, radius, velocity x, y, mass, friction); mass 0: no body. given: set to the impulse (2,) that the ground gave
    to the snow, and the impulse (2,) that the body gave to it.
    """
    columns, rows, _ = grid.shape
    inverse = 1.0 / cell
    for i in range(columns):
        for j in range(rows):
            grid[i, j, 0] = grid[i, j, 1] = grid[i, j, 2] = 0.0
    given[:] = 0.0
    _to_grid(snow, grid, origin_x, origin_y, inverse, dt, gravity, mass, volume)
    for i in range(columns):
        for j in range(rows):
            m = grid[i, j, 0]
            if m > 0.0:
                vx, vy = grid[i, j, 1] / m, grid[i, j, 2] / m
                if body[7] > 0.0:
                    vx, vy = _meet_body(origin_x + i * cell, origin_y + j * cell, m, vx, vy, body, given)
                if ground[i, j] < 0.0:  # no slip
                    given[0] -= m * vx
                    given[1] -= m * vy
                    vx = vy = 0.0
                if (i < 3 and vx < 0.0) or (i >= columns - 3 and vx > 0.0):
                    given[0] -= m * vx
                    vx = 0.0
                if j >= rows - 3 and vy > 0.0:
                    given[1] -= m * vy
                    vy = 0.0
                grid[i, j, 1], grid[i, j, 2] = vx, vy
    _from_grid(snow, grid, origin_x, origin_y, inverse, dt, law)


@njit(cache=True, fastmath=EXACT, inline="always")
def _weights(f):
    return 0.5 * (1.5 - f) ** 2, 0.75 - (f - 1.0) ** 2, 0.5 * (f - 0.5) ** 2


@njit(cache=True, fastmath=EXACT)
def _to_grid(snow, grid, origin_x, origin_y, inverse, dt, gravity, mass, volume):
    cell = 1.0 / inverse
    stress = -dt * volume * 4.0 * inverse * inverse
    for k in range(snow.shape[0]):
        if snow[k, MOVES] == 0.0:
            continue
        px, py = (snow[k, X] - origin_x) * inverse, (snow[k, Y] - origin_y) * inverse
        i, j = int(px - 0.5), int(py - 0.5)
        fx, fy = px - i, py - j
        wx, wy = _weights(fx), _weights(fy)
        axx = stress * snow[k, TXX] + mass * snow[k, CXX]
        axy = stress * snow[k, TXY] + mass * snow[k, CXY]
        ayx = stress * snow[k, TXY] + mass * snow[k, CYX]
        ayy = stress * snow[k, TYY] + mass * snow[k, CYY]
        mx, my = mass * snow[k, VX], mass * (snow[k, VY] - dt * gravity * snow[k, LIFT])
        for a in range(3):
            dx = (a - fx) * cell
            for b in range(3):
                dy = (b - fy) * cell
                w = wx[a] * wy[b]
                grid[i + a, j + b, 0] += w * mass
                grid[i + a, j + b, 1] += w * (mx + axx * dx + axy * dy)
                grid[i + a, j + b, 2] += w * (my + ayx * dx + ayy * dy)


@njit(cache=True, fastmath=EXACT)
def _meet_body(x, y, m, vx, vy, body, given):
    """Contact of a grid node with the body: inelastic, with Coulomb friction.

    The body takes the opposite impulse at once, so that heavy snow stops a light body and never throws it back."""
    ex, ey = body[2] - body[0], body[3] - body[1]
    px, py = x - body[0], y - body[1]
    s = min(max((px * ex + py * ey) / (ex * ex + ey * ey + 1e-12), 0.0), 1.0)
    dx, dy = px - s * ex, py - s * ey
    squared = dx * dx + dy * dy
    if squared >= body[4] * body[4] or squared < 1e-12:
        return vx, vy
    d = math.sqrt(squared)
    nx, ny = dx / d, dy / d
    rx, ry = vx - body[5], vy - body[6]
    normal = rx * nx + ry * ny
    if normal >= 0.0:
        return vx, vy
    tx, ty = rx - normal * nx, ry - normal * ny
    slip = math.sqrt(tx * tx + ty * ty)
    keep = min(1.0, -body[8] * normal / slip) if slip > 1e-12 else 0.0
    reduced = m * body[7] / (m + body[7])
    ix, iy = reduced * (-normal * nx - keep * tx), reduced * (-normal * ny - keep * ty)
    body[5] -= ix / body[7]
    body[6] -= iy / body[7]
    given[2] += ix
    given[3] += iy
    return vx + ix / m, vy + iy / m


@njit(cache=True, fastmath=EXACT)
def _from_grid(snow, grid, origin_x, origin_y, inverse, dt, law):
    columns, rows, _ = grid.shape
    cell = 1.0 / inverse
    bulk, shear, phi, cap, hardening, breaking = law[0], law[1], law[2], law[3], law[4], law[5]
    sine, cosine = math.sin(phi), math.cos(phi)
    low_x, high_x = origin_x + 2.0 * cell, origin_x + (columns - 3.0) * cell
    low_y, high_y = origin_y + 1.0 * cell, origin_y + (rows - 3.0) * cell
    for k in range(snow.shape[0]):
        if snow[k, MOVES] == 0.0:
            continue
        px, py = (snow[k, X] - origin_x) * inverse, (snow[k, Y] - origin_y) * inverse
        i, j = int(px - 0.5), int(py - 0.5)
        fx, fy = px - i, py - j
        wx, wy = _weights(fx), _weights(fy)
        vx = vy = cxx = cxy = cyx = cyy = 0.0
        for a in range(3):
            for b in range(3):
                w = wx[a] * wy[b]
                gx, gy = w * grid[i + a, j + b, 1], w * grid[i + a, j + b, 2]
                vx += gx
                vy += gy
                cxx += gx * (a - fx)
                cxy += gx * (b - fy)
                cyx += gy * (a - fx)
                cyy += gy * (b - fy)
        four = 4.0 * inverse
        cxx, cxy, cyx, cyy = cxx * four, cxy * four, cyx * four, cyy * four
        snow[k, VX], snow[k, VY] = vx, vy
        snow[k, CXX], snow[k, CXY], snow[k, CYX], snow[k, CYY] = cxx, cxy, cyx, cyy
        snow[k, X] = min(max(snow[k, X] + dt * vx, low_x), high_x)
        snow[k, Y] = min(max(snow[k, Y] + dt * vy, low_y), high_y)
        _flow(snow, k, dt, bulk, shear, sine, cosine, cap, hardening, breaking)


@njit(cache=True, fastmath=EXACT, inline="always")
def _flow(snow, k, dt, bulk, shear, sine, cosine, cap, hardening, breaking):
    """Elastic trial b <- (1 + dt C) b (1 + dt C)^T, return to the yield surface, and the Kirchhoff stress."""
    axx, axy = 1.0 + dt * snow[k, CXX], dt * snow[k, CXY]
    ayx, ayy = dt * snow[k, CYX], 1.0 + dt * snow[k, CYY]
    bxx, bxy, byy = snow[k, BXX], snow[k, BXY], snow[k, BYY]
    lxx, lxy = axx * bxx + axy * bxy, axx * bxy + axy * byy
    lyx, lyy = ayx * bxx + ayy * bxy, ayx * bxy + ayy * byy
    bxx, bxy, byy = lxx * axx + lxy * axy, lxx * ayx + lxy * ayy, lyx * ayx + lyy * ayy
    middle, half = 0.5 * (bxx + byy), 0.5 * (bxx - byy)
    radius = math.sqrt(half * half + bxy * bxy)
    # n_1 n_1^T - n_2 n_2^T of the two principal directions
    nxx, nxy = (half / radius, bxy / radius) if radius > 1e-14 else (1.0, 0.0)
    e1, e2 = 0.5 * math.log(middle + radius), 0.5 * math.log(max(middle - radius, 1e-12))
    volumetric, deviator = e1 + e2, e1 - e2
    bond, cohesion = snow[k, BOND], snow[k, COHESION]
    changed = False
    widest = bond * cohesion / bulk  # the volumetric strain at the tensile strength
    if volumetric > widest:  # comes apart
        snow[k, GAP] += volumetric - widest
        bond = max(0.0, bond - (volumetric - widest) / breaking)
        volumetric, changed = widest, True
    elif snow[k, GAP] > 0.0:  # closes before it bears load
        closed = min(snow[k, GAP], widest - volumetric)
        snow[k, GAP] -= closed
        volumetric, changed = volumetric + closed, True
    p = -bulk * volumetric
    limit = cap * math.exp(min(hardening * snow[k, PACK], 12.0))
    if p > limit:  # is packed
        snow[k, PACK] += (p - limit) / bulk
        p, volumetric, changed = limit, -limit / bulk, True
    q = shear * deviator
    strength = max(0.0, p * sine + bond * cohesion * cosine)
    if q > strength:  # shears
        bond = max(0.0, bond - (q - strength) / (shear * breaking))
        q, deviator, changed = strength, strength / shear, True
    if changed:
        first, second = math.exp(volumetric + deviator), math.exp(volumetric - deviator)
        middle, radius = 0.5 * (first + second), 0.5 * (first - second)
        bxx, bxy, byy = middle + radius * nxx, radius * nxy, middle - radius * nxx
    snow[k, BXX], snow[k, BXY], snow[k, BYY] = bxx, bxy, byy
    snow[k, TXX], snow[k, TXY], snow[k, TYY] = -p + q * nxx, q * nxy, -p - q * nxx
    snow[k, BOND] = bond


@njit(cache=True, fastmath=EXACT)
def elastic_energy(snow, volume, bulk, shear):
    """The elastic energy (J): V_0 (K/2 (e_1 + e_2)^2 + G/2 (e_1 - e_2)^2), summed."""
    total = 0.0
    for k in range(snow.shape[0]):
        p = -0.5 * (snow[k, TXX] + snow[k, TYY])
        half = 0.5 * (snow[k, TXX] - snow[k, TYY])
        total += p * p / bulk + (half * half + snow[k, TXY] ** 2) / shear
    return 0.5 * volume * total


@njit(cache=True)
def surface_below(snow, chosen, low, high):
    """The highest y of the particles not chosen with low < x < high; -inf where there are none."""
    top = -np.inf
    for k in range(snow.shape[0]):
        if not chosen[k] and low < snow[k, X] < high and snow[k, Y] > top:
            top = snow[k, Y]
    return top
