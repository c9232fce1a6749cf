"""Sand round the legs of the Chair: resistive force theory (Li, Zhang, Goldman, Science 339, 2013).

A force on each piece of leg below the surface that grows in proportion to its depth and opposes its motion, whatever
the speed. Semi-implicit in the step, so it never overshoots.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.chair.model import CENTRE, LEG
from cuspworld.worlds.engines.mujoco_scene import cross

PIECE_HEIGHTS = (0.04, 0.12, 0.20, 0.28, 0.36)  # m, of the middles of the pieces of a leg
PIECES = np.array([(x, y, z) for x in (-LEG, LEG) for y in (-LEG, LEG) for z in PIECE_HEIGHTS]) - CENTRE
AREA = 0.04 * 0.08  # m^2, of one side of a piece of leg
CREEP = 0.02  # m/s, below which the resistance fades, so that it vanishes at rest
BOX = 0.5  # m, half the width of the sandbox


def resistance(
    centre: Float[np.ndarray, " 3"],
    rotation: Float[np.ndarray, "3 3"],
    velocity: Float[np.ndarray, " 3"],
    spin: Float[np.ndarray, " 3"],
    depth: float,
    stress: float,
    mass: float,
    dt: float,
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"]]:
    """Force (N) and moment (N m) about the centre of mass of a chair of that place and motion.

    `depth` of the sand in m; `stress` per metre of depth in N/m^3; `mass` of the chair in kg; `dt` of the step in s.
    """
    arms = PIECES @ rotation.T  # (pieces, 3) from the centre of mass
    places = centre + arms
    deep = depth - places[:, 2]
    within = (deep > 0) & (np.abs(places[:, :2]) < BOX).all(1)
    moving = velocity + cross(spin, arms)
    most = stress * AREA * np.where(within, deep, 0.0)  # N
    speed = np.sqrt((moving**2).sum(1)) + CREEP + most * dt * len(arms) / mass
    force = -(most / speed)[:, None] * moving
    return force.sum(0), cross(arms, force).sum(0)
