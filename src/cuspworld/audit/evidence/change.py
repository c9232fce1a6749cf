"""Change that no motion explains.

A pixel of the next frame is explained if its value lies within the range of values that the frame before shows within
`reach` pixels (grey-scale dilation and erosion): whatever moved by less than `reach` is explained, whatever its shape
and however it deformed, and a smooth warp cannot hide a thing that was not there. Forward: new colours (something
appears). Backward: lost colours (something vanishes).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8


@dataclass(frozen=True)
class Change:
    """Unexplained area of each step t -> t + lag, in pixels: (steps,) arrays; `reach` in pixels."""

    appeared: np.ndarray
    vanished: np.ndarray
    reach: int
    lag: int

    @property
    def total(self) -> np.ndarray:
        """The larger of the two, of each step."""
        return np.maximum(self.appeared, self.vanished)


def strongest(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    """The largest channel of each pixel (ten times quicker than numpy's max over the last axis)."""
    red, green, blue = cv2.split(picture)
    return cv2.max(cv2.max(red, green), blue)


def unexplained(
    before: UInt8[np.ndarray, "height width 3"], after: UInt8[np.ndarray, "height width 3"], reach: int, threshold: int
) -> Bool[np.ndarray, "height width"]:
    """Pixels of `after` whose colour is nowhere within `reach` in `before`."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 2 * reach + 1))
    above = cv2.subtract(after, cv2.dilate(before, kernel))
    below = cv2.subtract(cv2.erode(before, kernel), after)
    excess = cv2.max(strongest(above), strongest(below))
    return cv2.morphologyEx((excess > threshold).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0


def measure(
    frames: UInt8[np.ndarray, "time height width 3"],
    noise: float,
    reach: int,
    valid: Bool[np.ndarray, "time height width"] | None,
    lag: int = 1,
) -> Change:
    """The unexplained area of every step of a window."""
    threshold = change_threshold(noise)
    appeared, vanished = [], []
    for t in range(len(frames) - lag):
        fresh = unexplained(frames[t], frames[t + lag], reach, threshold)
        lost = unexplained(frames[t + lag], frames[t], reach, threshold)
        if valid is not None:
            both = valid[t] & valid[t + lag]
            fresh, lost = fresh & both, lost & both
        appeared.append(int(fresh.sum()))
        vanished.append(int(lost.sum()))
    return Change(np.array(appeared, float), np.array(vanished, float), reach, lag)


def change_threshold(noise: float) -> int:
    """Grey levels that count as a change: five standard deviations of the difference of two frames, at least 12."""
    return int(min(80, max(12, 5 * np.sqrt(2) * noise)))
