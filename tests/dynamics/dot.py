"""A white dot on black that is pushed about: the smallest world with an action, and its clips."""

import numpy as np

from cuspworld.clip import Clip
from cuspworld.truth import Truth

SIZE, SPEED = 16, 2.0
LIMITS = {"push_x": (-1.0, 1.0), "push_y": (-1.0, 1.0)}


def picture(place: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint8: a soft dot at (x, y)."""
    y, x = np.mgrid[:SIZE, :SIZE]
    dot = np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / 4)
    return np.repeat((255 * dot).astype(np.uint8)[..., None], 3, axis=2)


def move(place: np.ndarray, action: np.ndarray) -> np.ndarray:
    return np.clip(place + SPEED * action, 1.0, SIZE - 2.0)


def clip(seed: int, frames: int = 20) -> Clip:
    """Random pushes, each held for two frames."""
    generator = np.random.default_rng(seed)
    actions = np.repeat(generator.uniform(-1, 1, (frames // 2, 2)), 2, axis=0)
    place = generator.uniform(1, SIZE - 2, 2)
    shown, state = [], []
    for action in actions:
        shown.append(picture(place))
        state.append(tuple(place))
        place = move(place, action)
    table = np.array([tuple(a) for a in actions], [("push_x", "f8"), ("push_y", "f8")])
    truth = Truth("Dot", {}, np.array(state, [("x", "f8"), ("y", "f8")]), {}, action=table)
    return Clip(np.stack(shown), 10.0, "a dot is pushed", truth)
