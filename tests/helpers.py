"""Small clips whose content is known, shared by the tests of training and simulator."""

import numpy as np

from cuspworld.clip import Clip


def moving_box(seed: int, frames: int = 25, size: tuple[int, int] = (32, 32)) -> Clip:
    """A coloured box that moves left or right over a light ground; the caption says which."""
    random = np.random.default_rng(seed)
    height, width = size
    speed = random.choice([-1, 1]) * random.uniform(0.3, 0.8)
    start = width * (0.7 if speed < 0 else 0.1)
    top = random.integers(2, height - 10)
    colour = random.integers(0, 180, 3)
    video = np.full((frames, height, width, 3), 230, np.uint8)
    for k in range(frames):
        left = int(np.clip(start + speed * k, 0, width - 8))
        video[k, top : top + 8, left : left + 8] = colour
    return Clip(video, 10.0, f"a box moves {'left' if speed < 0 else 'right'}")
