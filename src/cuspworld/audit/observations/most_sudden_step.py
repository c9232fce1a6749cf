"""The one step of a shot in which colours come or go that nothing near explains, in space or in time.

A pixel of the frame after a step is explained when its value lies within the range of values that the three frames
before show within a few pixels; one of the frame before, when the three frames after do so. Motion is explained
wherever it goes, a limb as well as a body, whatever it uncovers slowly; a limb that is there at once, a coat that is
another, a thing turned about are not. The statistic of a step is its unexplained area over the largest one of any
other step of the shot, so that a shot full of splashes has no sudden step. It is taken at several reaches, for slow
and quick motion, and the best is kept. A step that is undone by the next one (a flash, a damaged frame) is as large
as the next one and so is never alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from cuspworld.audit.evidence.change import change_threshold, strongest

SIDE = 128  # pixels: the longer side at which the frames are compared
REACHES = (2, 3, 4)  # pixels of these that motion may carry a colour in a step
SPAN = 3  # frames on either side of a step
LEAST_LEVEL = 24  # grey levels
FLOOR = 5e-4  # share of the frame: an unexplained area that any motion may leave


@dataclass(frozen=True)
class Sudden:
    """At step `frame` -> `frame` + 1. `ratio`: its unexplained area over that of every other step; `mask`: where."""

    frame: int
    ratio: float
    mask: Bool[np.ndarray, "height width"]


def sudden(
    frames: UInt8[np.ndarray, "time height width 3"],
    noise: float,
    valid: Bool[np.ndarray, "time height width"] | None = None,
) -> Sudden | None:
    """The most sudden step; None in a shot of fewer than eight frames, and where all is explained."""
    if len(frames) < 8:
        return None
    height, width = frames.shape[1:3]
    shrink = max(1.0, max(height, width) / SIDE)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small = [frame if shrink == 1 else cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
    seen = None
    if valid is not None:
        seen = [cv2.resize(v.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0 for v in valid]
    level, floor = max(LEAST_LEVEL, change_threshold(noise)), FLOOR * size[0] * size[1]
    best: Sudden | None = None
    for reach in REACHES:
        parts = _Ranges(small, reach, level, seen)
        areas = np.array([max(mask.sum() for mask in parts.step(t)) for t in range(len(small) - 1)], float)
        t = int(areas.argmax())
        ratio = float(areas[t] / (np.delete(areas, t).max() + floor))
        if areas[t] >= 6 and (best is None or ratio > best.ratio):
            mask = np.logical_or(*parts.step(t)).astype(np.uint8)
            whole = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST) > 0
            best = Sudden(t, ratio, whole)
    return best


class _Ranges:
    """The range of values within `reach` of each pixel, frame by frame, and what lies outside it."""

    def __init__(self, frames: list[np.ndarray], reach: int, level: int, seen: list[np.ndarray] | None) -> None:
        kernel = np.ones((2 * reach + 1,) * 2, np.uint8)
        self.frames, self.level, self.seen = frames, level, seen
        self.upper = [cv2.dilate(frame, kernel) for frame in frames]
        self.lower = [cv2.erode(frame, kernel) for frame in frames]

    def step(self, t: int) -> tuple[np.ndarray, np.ndarray]:
        """What is new in frame t + 1, and what of frame t is lost: two masks (height, width)."""
        before, after = range(max(0, t - SPAN + 1), t + 1), range(t + 1, min(len(self.frames), t + 1 + SPAN))
        masks = self._outside(t + 1, before), self._outside(t, after)
        if self.seen is None:
            return masks
        inside = np.logical_and.reduce([self.seen[k] for k in (*before, *after)])
        return masks[0] & inside, masks[1] & inside

    def _outside(self, t: int, others: range) -> np.ndarray:
        upper, lower = self.upper[others[0]], self.lower[others[0]]
        for k in others[1:]:
            upper, lower = cv2.max(upper, self.upper[k]), cv2.min(lower, self.lower[k])
        frame = self.frames[t]
        excess = cv2.max(strongest(cv2.subtract(frame, upper)), strongest(cv2.subtract(lower, frame)))
        return excess > self.level
