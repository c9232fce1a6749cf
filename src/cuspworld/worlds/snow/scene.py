"""How the snow of the Snow world lies before anything happens: a layer, a bank, a lump on a branch, a slab on a slope.

A slab of thickness h lies on a weak layer; the infinite slope's limit equilibrium gives the share s of whole bonds
there at which it slides: tan(slope) = tan(phi) + s c / (rho g h cos(slope)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.worlds.snow import kernels

CELL = 0.04  # m, of the grid
SPACING = CELL / 2  # m, between particles
COLUMNS, ROWS = 112, 88
ORIGIN = (-0.6, 0.2)  # m, of the grid
FLOOR, FOOT = 0.45, 2.0  # m: height of the flat ground, and where the slope meets it
BULK, SHEAR = 120.0, 88.0  # m^2/s^2, stiffness over density: compression waves run at sqrt(BULK + SHEAR) = 14 m/s
POWDER = 150.0  # Pa, cohesion of the snow on flat ground
WEAK, WEAK_DEPTH = 0.3, 2 * CELL  # the weak layer under a slab: its share of the cohesion, and its thickness in m
LUMP = 0.24  # m, radius
BANK_X, BANK_WIDTH, BANK_HEIGHT = 1.75, 0.36, 0.85  # m


@dataclass(frozen=True)
class SnowCover:
    """All particles (kernels' columns); which are the lump or the bank, the slab, and its weak layer; the lump's
    middle where it hangs (m), 0 for a bank."""

    snow: Float[np.ndarray, "particles 20"]
    lump: Bool[np.ndarray, " particles"]
    slab: Bool[np.ndarray, " particles"]
    weak: Bool[np.ndarray, " particles"]
    perch: tuple[float, float]


def above_ground(x: Any, y: Any, slope: float) -> Any:
    """Distance (m) over the ground: flat at FLOOR, with a slope (rad) that comes down from the left to FOOT."""
    along = (y - FLOOR - (FOOT - x) * math.tan(slope)) * math.cos(slope)
    return np.minimum(y - FLOOR, along) + 0.0 * x


def limit_equilibrium(values: dict[str, Any], slope: float) -> float:
    """The share of whole bonds in the weak layer at which the slab slides (infinite slope, Mohr-Coulomb)."""
    weight = values["density"] * values["gravity"] * values["depth"] * math.cos(slope)
    excess = math.tan(slope) - math.tan(math.radians(values["friction_angle"]))
    return float(np.clip(weight * excess / max(WEAK * values["slab_cohesion"], 1e-9), -2.0, 2.0))


def lay_snow(values: dict[str, Any], slope: float, shift: float, rng: np.random.Generator) -> SnowCover:
    """The snow of the scene `values["scene"]`; `shift` (m) moves the bank or the lump."""
    scene = values["scene"]
    x, y = (ORIGIN[k] + 3 * CELL + SPACING * (np.arange((n - 7) * 2) + 0.5) for k, n in enumerate((COLUMNS, ROWS)))
    points = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    over = above_ground(points[:, 0], points[:, 1], slope)
    runout = values["depth"] * (0.5 if slope else 1.0)  # the snow is shallower at the foot of a slope
    deep = np.interp(points[:, 0], (FOOT - 0.1, FOOT + 0.3), (values["depth"], runout))
    layer = points[(over > 0) & (over < deep)]
    top, perch = FLOOR + values["depth"], (0.0, 0.0)
    if scene == "jump":
        part = (abs(points[:, 0] - BANK_X - shift) < BANK_WIDTH / 2) & (over >= values["depth"])
        lump = points[part & (points[:, 1] < top + BANK_HEIGHT)]
    else:
        centre = 1.85 + shift if scene == "lump" else 0.55 + shift
        surface = top + (FOOT - centre) * math.tan(slope) if slope else top
        perch = (centre, min(surface + LUMP + values["drop"], 3.2 - LUMP - 0.02))
        lump = points[np.hypot(*(points - perch).T) < LUMP]
    count = len(layer)
    snow = np.zeros((count + len(lump), kernels.WIDTH))
    snow[:, :2] = np.concatenate([layer, lump]) + rng.uniform(-1e-3, 1e-3, (len(snow), 2))
    over = above_ground(snow[:, 0], snow[:, 1], slope)
    snow[:, [kernels.BXX, kernels.BYY, kernels.BOND, kernels.LIFT, kernels.MOVES]] = 1.0
    is_lump = np.arange(len(snow)) >= count
    slab = ~is_lump & (snow[:, 0] < FOOT) if slope else np.zeros(len(snow), np.bool_)
    snow[:, kernels.COHESION] = np.where(is_lump, values["cohesion"], POWDER)
    snow[slab, kernels.COHESION] = values["slab_cohesion"]
    snow[slab & (over < WEAK_DEPTH), kernels.COHESION] *= WEAK
    if scene != "jump":
        snow[is_lump, kernels.MOVES] = 0.0
    # The layer has crept to rest: it bears its own weight with equal pressure on all sides.
    load = values["density"] * values["gravity"] * np.maximum(values["depth"] - over[~is_lump], 0.0)
    squeezed = np.exp(-load / (BULK * values["density"]))
    snow[~is_lump, kernels.BXX] = snow[~is_lump, kernels.BYY] = squeezed
    weak = slab & (over < WEAK_DEPTH) & (abs(snow[:, 0] - 0.9) < 0.9)
    return SnowCover(snow, is_lump, slab, weak, perch)
