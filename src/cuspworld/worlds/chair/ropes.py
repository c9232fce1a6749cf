"""The ropes of the Chair after they let go: light inextensible ropes with a knot at the free end, hung from the hook.

A knot moves freely until its rope is taut, and then on the sphere around the hook: the position is projected and the
velocity taken from the positions (position-based dynamics, Mueller et al. 2007). They touch nothing.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

AIR = 0.8  # 1/s, of the air and of the hook's friction


class LooseRopes:
    """Two ropes whose free ends start at `ends` (m) with `velocities` (m/s), taut from `hook` (m)."""

    def __init__(
        self, ends: Float[np.ndarray, "2 3"], velocities: Float[np.ndarray, "2 3"], hook: Float[np.ndarray, " 3"]
    ):
        self.ends, self.velocities = ends.copy(), velocities.copy()
        self.lengths = np.linalg.norm(ends - hook, axis=1)

    def step(self, seconds: float, gravity: float, hook: Float[np.ndarray, " 3"]) -> None:
        """Move on by one step, the hook now being at `hook`."""
        before = self.ends
        self.velocities = self.velocities * np.exp(-AIR * seconds) - np.array([0.0, 0.0, gravity * seconds])
        reach = before + self.velocities * seconds - hook
        taut = np.minimum(self.lengths / np.linalg.norm(reach, axis=1), 1.0)
        self.ends = hook + reach * taut[:, None]
        self.velocities = (self.ends - before) / seconds
