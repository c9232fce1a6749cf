"""What the picture of the Chair shows beside the model: the ropes, and the hand that pushes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.engines.mujoco_picture import add_rod
from cuspworld.worlds.engines.mujoco_scene import mujoco

ROPE, SKIN, SLEEVE = (0.62, 0.52, 0.36), (0.93, 0.74, 0.60), (0.29, 0.38, 0.55)


def draw_ropes(scene: mujoco.MjvScene, hook: Float[np.ndarray, " 3"], ends: Float[np.ndarray, "2 3"]) -> list[int]:
    """The two ropes from the hook to their ends (m); returns their places in the scene's list."""
    return [add_rod(scene, hook, end, 0.010, ROPE, shadow=False) for end in ends]


def draw_hand(scene: mujoco.MjvScene, tip: Float[np.ndarray, " 3"], side: float, away: float) -> list[int]:
    """A hand whose finger tips are `away` (m) from `tip` towards `side` (1 or -1) along x; returns its places."""
    points = [tip + np.array([side * (away + x), 0.0, z]) for x, z in ((0, 0), (0.05, 0), (0.20, 0.01), (2.6, 0.50))]
    parts = ((0.050, SKIN), (0.036, SKIN), (0.055, SLEEVE))
    return [add_rod(scene, points[k], points[k + 1], *parts[k], shadow=False) for k in range(3)]
