"""Change that is alone in its time: what a broken law does to a picture, and a motion does not.

The change of a step is the mean absolute difference of its two frames (largest channel, above the noise) in a window
of a fifteenth of the frame. Its isolation is that change over the largest one of the three steps before and the three
after, anywhere within the reach of the clip's own motion: motion, splashes and flames change a place in many steps, a
thing that comes, goes or turns into another in one. Only what lasts counts: the smaller of the change itself and of
those of the frames around it, two steps apart.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from cuspworld.audit.evidence.change import strongest

AROUND = 3  # steps before and after
FLOOR = 4.0  # grey levels: a change that is not even this, in the mean over its window, is no change


def isolation(
    frames: UInt8[np.ndarray, "time height width 3"], noise: float, reach: int
) -> Float[np.ndarray, "steps rows columns"]:
    """How alone the change of every step is, on a grid of a half of the frame's sides; 1 is as much as around it.

    `noise`: grey levels, of one pixel. `reach`: pixels that things move in a step.
    """
    time, height, width = frames.shape[:3]
    size = (max(1, width // 2), max(1, height // 2))
    window = max(3, round(min(size) / 15))
    level = max(4.0, 3 * noise)

    def change(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        half = cv2.resize(strongest(cv2.absdiff(a, b)), size, interpolation=cv2.INTER_AREA).astype(np.float32)
        return cv2.blur(np.maximum(half - level, 0), (window, window))

    steps = np.stack([change(frames[t], frames[t + 1]) for t in range(time - 1)])
    lasting = [change(frames[t], frames[t + 3]) for t in range(time - 3)]
    side = 2 * max(1, (reach + 1) // 2) + 1
    spread = np.stack([cv2.dilate(step, np.ones((side, side), np.uint8)) for step in steps])
    result = np.zeros_like(steps)
    for t in range(1, time - 3):
        around = [spread[s] for s in range(max(0, t - AROUND), min(len(steps), t + AROUND + 1)) if s != t]
        stays = np.minimum(np.minimum(lasting[t - 1], lasting[t]), steps[t])
        result[t] = stays / (np.maximum.reduce(around) + FLOOR)
    return result
