"""Where coloured things are in frames: centroids by their colour, to a tenth of a pixel, and how much of them is seen.

A pixel is a mixture of the background and of each colour; brightness is left out, so that shadow and shading do not
count. What this reads wrong of true frames is the floor that every table of the exam prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8

from cuspworld import worlds

_LEAST, _FULL = 0.25, 0.75  # share of a colour that a pixel must have to count at all, and to count whole


def places(
    frames: UInt8[np.ndarray, "t h w 3"],
    colours: Sequence[tuple[int, int, int]],
    background: Float[np.ndarray, "h w 3"],
) -> tuple[Float[np.ndarray, "t k 2"], Float[np.ndarray, "t k"]]:
    """Centroids (x, y) in pixels from the left and upper edge, NaN where nothing has that colour, and areas in
    pixels."""
    chroma = _chroma(np.asarray(colours, float) - background.mean((0, 1)))  # (k, 3)
    shares = _chroma(frames - background) @ np.linalg.pinv(chroma)  # (t, h, w, k)
    weights = np.clip((shares - _LEAST) / (_FULL - _LEAST), 0, 1)
    area = weights.sum((1, 2))
    y, x = (np.arange(n) + 0.5 for n in frames.shape[1:3])
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.stack([(weights.sum(1) * x[:, None]).sum(1), (weights.sum(2) * y[:, None]).sum(1)], -1)
        centre /= area[..., None]
    return centre, area


def _chroma(colour: np.ndarray) -> np.ndarray:
    return colour - colour.mean(-1, keepdims=True)


@cache
def background(world: str, size: int, clips: int = 9) -> Float[np.ndarray, "h w 3"]:
    """What a world's pictures show where nothing is: the median over frames of some clips."""
    made = worlds.make(world, size=size)
    frames = [
        made.record(seed, size=size).frames[:: max(1, len(made.record(seed, size=8)) // 4)] for seed in range(clips)
    ]
    return np.median(np.concatenate(frames), axis=0)
