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
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import still_camera, whole_picture
from cuspworld.audit.observations.most_sudden_step import SIDE
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`span_frames`: on either side of the instant. `like_ratio`: of the difference from the instant, less is mirrored.
    `steady_share`: of the shot's steps, in which a pixel of a moving surface changes. `mirrored_share`: of the frame.
    `pace_ratio`: of its usual change in a step, that is full pace. `chance_share`: of the frame."""

    span_frames: int = 5
    like_ratio: float = 0.3
    steady_share: float = 0.25
    mirrored_share: float = 4e-3
    pace_ratio: float = 0.7
    chance_share: float = 2e-3


LIMITS = Thresholds()
SPAN = LIMITS.span_frames


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
    steady = (
        np.mean([strongest(cv2.absdiff(a, b)) > level for a, b in itertools.pairwise(frames)], 0) > LIMITS.steady_share
    )
    if steady.mean() < LIMITS.mirrored_share:
        return None
    areas = np.zeros(len(frames))
    for t in range(SPAN, len(frames) - SPAN):
        mirrored, moving = _mirrored(frames, t, level)
        areas[t] = (mirrored & steady).sum()
    t = int(areas.argmax())
    if areas[t] < LIMITS.mirrored_share * size[0] * size[1]:
        return None
    rest = np.delete(areas, np.arange(max(0, t - 2), t + 3))
    mirrored, moving = (mask & steady for mask in _mirrored(frames, t, level))
    change = [strongest(cv2.absdiff(frames[k], frames[k + 1]))[mirrored].mean() for k in range(t - SPAN, t + SPAN)]
    if min(change[SPAN - 1], change[SPAN]) < LIMITS.pace_ratio * float(np.median(change)):
        return None
    rows, columns = np.nonzero(mirrored)
    low, high = np.quantile(rows, [0.03, 0.97]) * shrink, np.quantile(columns, [0.03, 0.97]) * shrink
    return Reversal(
        t,
        (int(high[0]), int(low[0]), int(high[1]) + 1, int(low[1]) + 1),
        float(areas[t] / (rest.max(initial=0.0) + LIMITS.chance_share * size[0] * size[1])),
        float(mirrored.sum() / max(1, moving.sum())),
    )


def _mirrored(frames: list[np.ndarray], t: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(pixels that see again what they saw, pixels that move), around one instant."""

    def mean(pairs: list[tuple[int, int]]) -> np.ndarray:
        return np.mean([strongest(cv2.absdiff(frames[a], frames[b])) for a, b in pairs], 0)

    steps = range(1, SPAN + 1)
    motion = np.minimum(mean([(t, t + k) for k in steps]), mean([(t, t - k) for k in steps]))
    mirror = mean([(t - k, t + k) for k in steps])
    return (motion > level) & (mirror < LIMITS.like_ratio * motion), motion > level


def _find(seen: Observations) -> list[Suspect] | str:
    turned = reversal(seen.scene)
    if turned is None:
        return "no surface is seen in steady motion that runs the other way"
    return [
        Suspect(
            strength=turned.strength,
            start=turned.frame,
            end=turned.frame + 1,
            box=turned.box,
            at=turned.frame,
            measured={
                "of what moves there runs backward": Measurement(100 * turned.share, "%"),
                "times what any other instant shows": Measurement(turned.ratio, ""),
            },
            sentence="A surface that ran steadily runs the other way from one frame to the next, and all else goes on.",
        )
    ]


SURFACE_REVERSES = Check(
    "surface reverses",
    Law.CONSISTENCY,
    "a surface in steady motion runs the other way from one frame to the next: its pixels see again what they saw",
    _find,
    needs=(whole_picture, still_camera),
    thresholds=LIMITS,
)
