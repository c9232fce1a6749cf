"""Flames that do not heed the air: breath, smoke or dust passes close by and they stand as if there were none.

A flame has hardly any weight, so what the air carries past it at its very rim carries the flame along. A small thing
that shines (`flames.py`) and stands still is watched while something pale and not of its own light goes through the
ring round it; where the middle of its warm light is then is compared with where it is in still air.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.laws.cause.ignitions import EMBER, shining

CORE = 215  # red channel of what is surely flame
RING = 4  # working pixels at 128 across round the flame
VEIL = 8  # grey levels, of every channel: a veil of smoke or dust; a flame's own light changes red and hardly blue
BLOWN = 0.15  # share of the ring that the veil must cover
SMALL, LARGE = 12, 1e-2  # pixels; share of the frame
WARMTH = 40  # red above blue, grey levels, of a flame's light
LEAN = 0.09  # of its own width, in the mean over the flames: what a breath that can be seen does to them at least
OFTEN = 4  # frames


@dataclass(frozen=True)
class Unmoved:
    """Flames in a wind from frame `start` to `end`. `calm`, `windy`: how far its light's
    middle is from its usual place in still air and in the wind, in its own widths (1 where it goes out)."""

    start: int
    end: int
    box: tuple[int, int, int, int]
    frames: int  # with the veil at its rim
    calm: float
    windy: float

    @property
    def strength(self) -> float:
        return 6.0 * min(1.0, self.frames / (2 * OFTEN)) * max(0.0, 1 - self.windy / LEAN)


def unmoved(scene: Scene) -> Unmoved | None:
    """How all flames that the air passes by take it; None where it passes by none."""
    calm = max(4, round(0.2 * float(scene.fps)))
    if len(scene) < 3 * calm:
        return None
    height, width = scene.size
    ring = max(3, round(RING * max(height, width) / 128))
    base = np.median(scene.frames[:calm], 0).astype(np.int16)
    _, _, stats, _ = cv2.connectedComponentsWithStats(shining(scene.frames[0], CORE).astype(np.uint8), connectivity=8)
    found = []
    for x, y, w, h, area in stats[1:]:
        x0, y0, x1, y1 = int(x) - ring, int(y) - ring, int(x + w) + ring, int(y + h) + ring
        if not SMALL <= area <= LARGE * height * width or h < w or x0 < 0 or y0 < 0 or x1 > width or y1 > height:
            continue
        found.append(_watched(scene, base, (x0, y0, x1, y1), calm))
    windy = [flame for flame in found if flame is not None]
    if not windy:
        return None
    boxes = np.array([flame.box for flame in windy])
    x0, y0, x1, y1 = (int(v) for v in (*boxes[:, :2].min(0), *boxes[:, 2:].max(0)))
    return Unmoved(
        min(flame.start for flame in windy), max(flame.end for flame in windy), (x0, y0, x1, y1),
        max(flame.frames for flame in windy),
        float(np.mean([flame.calm for flame in windy])), float(np.mean([flame.windy for flame in windy])),
    )  # fmt: skip


def _watched(scene: Scene, base: np.ndarray, box: tuple[int, int, int, int], calm: int) -> Unmoved | None:
    x0, y0, x1, y1 = box
    part = scene.frames[:, y0:y1, x0:x1]
    light = cv2.dilate(np.logical_or.reduce([shining(frame, EMBER) for frame in part[:calm]]).astype(np.uint8),
                       np.ones((5, 5), np.uint8)) > 0  # fmt: skip
    if light.all():
        return None  # nothing beside the light in which air could be seen
    away = np.abs(part.astype(np.int16) - base[y0:y1, x0:x1]).min(-1) > VEIL
    veil = away[:, ~light].mean(1)
    warm = np.clip(part[..., 0].astype(np.float32) - part[..., 2] - WARMTH, 0, None)  # (time, height, width)
    warm *= cv2.dilate(light.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    amount = warm.sum((1, 2))
    middle = (warm * np.arange(warm.shape[2])).sum((1, 2)) / np.maximum(amount, 1)
    usual, width = float(np.median(middle[:calm])), float(light.any(0).sum())
    lean = np.where(amount > 0.4 * np.median(amount[:calm]), np.abs(middle - usual) / max(1.0, width), 1.0)
    windy = np.flatnonzero(veil > BLOWN)
    windy = windy[windy >= calm]
    if len(windy) < OFTEN:
        return None
    return Unmoved(
        int(windy[0]), int(windy[-1]), box, len(windy),
        float(lean[:calm].max()), float(np.quantile(lean[windy[0] : windy[-1] + 3], 0.8)),
    )  # fmt: skip
