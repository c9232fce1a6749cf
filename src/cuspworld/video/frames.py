"""Frames as they stream by: resized, resampled, cut to length."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from cuspworld.video.geometry import Covering


def first(chunks: Iterator[np.ndarray], total: int) -> Iterator[np.ndarray]:
    for chunk in chunks:
        yield chunk[:total]
        total -= len(chunk)
        if total <= 0:
            return


def resize_frames(frames: UInt8[np.ndarray, "t h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "t i j 3"]:
    """Frames of `size` (height, width): scaled to cover it and cropped at the centre, as `Clip.read` does."""
    if frames.shape[1:3] == size:
        return frames
    import cv2

    covering = Covering.of(frames.shape[1], frames.shape[2], size)
    scaled = covering.width, covering.height
    way = cv2.INTER_AREA if covering.height * covering.width < frames[0, ..., 0].size else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, scaled, interpolation=way)[covering.crop] for frame in frames])


def resample(chunks: Iterator[np.ndarray], fps: float, rate: float) -> Iterator[np.ndarray]:
    """Frames at `rate`: output frame j shows the model's frame that is on at time j / rate."""
    seen = made = 0
    for chunk in chunks:
        seen += len(chunk)
        count = math.ceil(seen * rate / fps - 1e-9)
        chosen = np.floor(np.arange(made, count) * fps / rate + 1e-9).astype(int) - (seen - len(chunk))
        made = count
        if len(chosen):
            yield chunk[chosen]
