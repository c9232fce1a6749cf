"""What the picture of the Chair shows beside the model: the ropes, and the hand that pushes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.engines.mujoco_picture import add_rod
from cuspworld.worlds.engines.mujoco_scene import mujoco

ROPE, SKIN, SLEEVE = (0.62, 0.52, 0.36), (0.93, 0.74, 0.60), (0.29, 0.38, 0.55)


@dataclass(frozen=True)
class Look:
    """What is drawn: two ropes from the hook to their ends (m), None where there are none; a hand whose finger tips are
    `away` (m) from `hand` towards `side` (1 or -1) along x, None where there is none."""

    hook: Float[np.ndarray, " 3"]
    ends: Float[np.ndarray, "2 3"] | None
    hand: Float[np.ndarray, " 3"] | None
    side: float
    away: float


def paint(scene: mujoco.MjvScene, look: Look) -> dict[int, int]:
    """Add it to the scene of this picture; returns the mask ids of what was added, by the place in the scene's list."""
    drawn: dict[int, int] = {}
    for end in look.ends if look.ends is not None else ():
        drawn[add_rod(scene, look.hook, end, 0.010, ROPE, shadow=False)] = 3
    if look.hand is not None:
        arm = ((0, 0), (0.05, 0), (0.20, 0.01), (2.6, 0.50))
        points = [look.hand + np.array([look.side * (look.away + x), 0.0, z]) for x, z in arm]
        for k, (radius, colour) in enumerate(((0.050, SKIN), (0.036, SKIN), (0.055, SLEEVE))):
            drawn[add_rod(scene, points[k], points[k + 1], radius, colour, shadow=False)] = 4
    return drawn
