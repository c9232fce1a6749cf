"""Surfaces in steady motion that run the other way from one frame to the next.

A belt, a stream or a road that passes by changes its pixels in every step. If its motion turned round in one instant,
each of them would see again, in reverse, what it saw before: the frames after the instant are the mirror image in time
of those before. A pixel is mirrored when the frames at equal times before and after differ by far less than each of
them differs from the instant's own. Periodic motion mirrors itself now and then, everywhere alike; so the statistic is
the mirrored area of an instant over the largest one of any other instant. Things that bounce are mirrored too, but
leave their pixels, so only pixels that change in a good part of all steps are counted. What swings stands still where
it turns; a surface that turns round at once is at full pace in the steps beside the instant.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.change import change_threshold, strongest
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.observations.most_sudden_step import SIDE

SPAN = 5  # frames on either side of the instant
LIKE = 0.3  # of the difference from the instant: mirrored
STEADY = 0.25  # share of the shot's steps in which a pixel of a moving surface changes
LEAST = 4e-3  # share of the frame that is mirrored
PACE = 0.7  # of its usual change in a step: full pace
FLOOR = 2e-3  # share of the frame: chance


@dataclass(frozen=True)
class Reversal:
    """Between `frame` and the next. `ratio`: mirrored area over that of any other instant; `share`: of what moves."""

    frame: int
    box: tuple[int, int, int, int]
    ratio: float
    share: float

    @property
    def strength(self) -> float:
        return self.ratio * min(1.0, 2 * self.share)


def reversal(scene: Scene) -> Reversal | None:
    """The instant that is most like a mirror in time."""
    height, width = scene.size
    shrink = max(1.0, max(height, width) / SIDE)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    if len(scene) < 4 * SPAN:
        return None
    frames = [cv2.GaussianBlur(cv2.resize(f, size, interpolation=cv2.INTER_AREA), (3, 3), 0) for f in scene.frames]
    level = float(change_threshold(scene.noise))
    steady = np.mean([strongest(cv2.absdiff(a, b)) > level for a, b in itertools.pairwise(frames)], 0) > STEADY
    if steady.mean() < LEAST:
        return None
    areas = np.zeros(len(frames))
    for t in range(SPAN, len(frames) - SPAN):
        mirrored, moving = _mirrored(frames, t, level)
        areas[t] = (mirrored & steady).sum()
    t = int(areas.argmax())
    if areas[t] < LEAST * size[0] * size[1]:
        return None
    rest = np.delete(areas, np.arange(max(0, t - 2), t + 3))
    mirrored, moving = (mask & steady for mask in _mirrored(frames, t, level))
    change = [strongest(cv2.absdiff(frames[k], frames[k + 1]))[mirrored].mean() for k in range(t - SPAN, t + SPAN)]
    if min(change[SPAN - 1], change[SPAN]) < PACE * float(np.median(change)):
        return None
    rows, columns = np.nonzero(mirrored)
    low, high = np.quantile(rows, [0.03, 0.97]) * shrink, np.quantile(columns, [0.03, 0.97]) * shrink
    return Reversal(
        t,
        (int(high[0]), int(low[0]), int(high[1]) + 1, int(low[1]) + 1),
        float(areas[t] / (rest.max(initial=0.0) + FLOOR * size[0] * size[1])),
        float(mirrored.sum() / max(1, moving.sum())),
    )


def _mirrored(frames: list[np.ndarray], t: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(pixels that see again what they saw, pixels that move), around one instant."""

    def mean(pairs: list[tuple[int, int]]) -> np.ndarray:
        return np.mean([strongest(cv2.absdiff(frames[a], frames[b])) for a, b in pairs], 0)

    steps = range(1, SPAN + 1)
    motion = np.minimum(mean([(t, t + k) for k in steps]), mean([(t, t - k) for k in steps]))
    mirror = mean([(t - k, t + k) for k in steps])
    return (motion > level) & (mirror < LIKE * motion), motion > level
