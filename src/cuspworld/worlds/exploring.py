"""Random actions to learn from: what an action causes shows where it comes without a reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

LONGEST = 8  # frames that one action is held
IMPULSE = "N s"  # given at once: nothing to hold


def random_actions(
    actions: Mapping[str, tuple[str, float, float]], frames: int, seed: int
) -> Float[np.ndarray, "frames actions"]:
    """(frames, actions) in the world's units, from `World.actions`: each held for 1 to 8 frames, and half of the time
    nothing is done, so that both can be compared. An impulse (N s) is given in the first of these frames alone: in
    eight it would be eight kicks, and the ball out of sight. A clip has one strength, from 1/20 of the range to all of
    it, evenly by its logarithm: always at full strength a glass would only ever fall."""
    generator = np.random.default_rng((seed, 17))
    low, high = (np.array([limits[k] for limits in actions.values()]) for k in (1, 2))
    held = np.array([unit != IMPULSE for unit, *_ in actions.values()])
    strength = 20.0 ** -generator.uniform(0, 1)
    rows: list[np.ndarray] = []
    while len(rows) < frames:
        drawn = np.clip(strength * generator.uniform(low, high), low, high) * generator.integers(2)
        rows += [drawn] + [drawn * held] * int(generator.integers(LONGEST))
    return np.stack(rows[:frames]) if frames else np.empty((0, len(actions)))
