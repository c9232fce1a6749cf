"""Flames that do not heed the air: breath, smoke or dust passes close by and they stand as if there were none.

A flame has hardly any weight, so what the air carries past it at its very rim carries the flame along. A small thing
that shines (`ignitions.py`) and stands still is watched while something pale and not of its own light goes through the
ring round it; where the middle of its warm light is then is compared with where it is in still air.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.cause.ignitions import LIMITS as FIRE
from cuspworld.audit.laws.cause.ignitions import shining
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things, still_camera
from cuspworld.audit.observations.dimness import dimness
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`core_grey_levels`: red channel of what is surely flame. `ring_pixels`: round the flame, of 128 across.
    `veil_grey_levels`: of every channel, of smoke or dust; a flame's own light changes red and hardly blue.
    `veil_share`: of the ring, that it must cover. `flame_pixels`, `flame_share`: of the least, and of the frame, the
    largest. `warm_grey_levels`: red above blue, of a flame's light. `lean_share`: of its own width, in the mean over
    the flames, what a breath that can be seen does to them at least. `often_frames`: with a veil."""

    core_grey_levels: int = 215
    ring_pixels: float = 4.0
    veil_grey_levels: int = 8
    veil_share: float = 0.15
    flame_pixels: int = 12
    flame_share: float = 1e-2
    warm_grey_levels: int = 40
    lean_share: float = 0.09
    often_frames: int = 4
    calm_seconds: float = 0.2


LIMITS = Thresholds()


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
        return 6.0 * min(1.0, self.frames / (2 * LIMITS.often_frames)) * max(0.0, 1 - self.windy / LIMITS.lean_share)


def unmoved(scene: Scene) -> Unmoved | None:
    """How all flames that the air passes by take it; None where it passes by none."""
    calm = max(4, round(LIMITS.calm_seconds * float(scene.fps)))
    if len(scene) < 3 * calm:
        return None
    height, width = scene.size
    ring = max(3, round(LIMITS.ring_pixels * max(height, width) / 128))
    base = np.median(scene.frames[:calm], 0).astype(np.int16)
    _, _, stats, _ = cv2.connectedComponentsWithStats(
        shining(scene.frames[0], LIMITS.core_grey_levels).astype(np.uint8), connectivity=8
    )
    found = []
    for x, y, w, h, area in stats[1:]:
        x0, y0, x1, y1 = int(x) - ring, int(y) - ring, int(x + w) + ring, int(y + h) + ring
        if (
            not LIMITS.flame_pixels <= area <= LIMITS.flame_share * height * width
            or h < w
            or x0 < 0
            or y0 < 0
            or x1 > width
            or y1 > height
        ):
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
    embers = np.logical_or.reduce([shining(frame, FIRE.ember_grey_levels) for frame in part[:calm]])
    light = cv2.dilate(embers.astype(np.uint8),
                       np.ones((5, 5), np.uint8)) > 0  # fmt: skip
    if light.all():
        return None  # nothing beside the light in which air could be seen
    away = np.abs(part.astype(np.int16) - base[y0:y1, x0:x1]).min(-1) > LIMITS.veil_grey_levels
    veil = away[:, ~light].mean(1)
    warm = np.clip(
        part[..., 0].astype(np.float32) - part[..., 2] - LIMITS.warm_grey_levels, 0, None
    )  # (time, height, width)
    warm *= cv2.dilate(light.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    amount = warm.sum((1, 2))
    middle = (warm * np.arange(warm.shape[2])).sum((1, 2)) / np.maximum(amount, 1)
    usual, width = float(np.median(middle[:calm])), float(light.any(0).sum())
    lean = np.where(amount > 0.4 * np.median(amount[:calm]), np.abs(middle - usual) / max(1.0, width), 1.0)
    windy = np.flatnonzero(veil > LIMITS.veil_share)
    windy = windy[windy >= calm]
    if len(windy) < LIMITS.often_frames:
        return None
    return Unmoved(
        int(windy[0]), int(windy[-1]), box, len(windy),
        float(lean[:calm].max()), float(np.quantile(lean[windy[0] : windy[-1] + 3], 0.8)),
    )  # fmt: skip


def _find(seen: Observations) -> list[Suspect] | str:
    scene = seen.scene
    flames = unmoved(scene)
    if flames is None:
        return "no flame is seen with smoke or dust passing it"
    return [
        Suspect(
            strength=flames.strength * dimness(scene),
            start=flames.start,
            end=flames.end,
            box=flames.box,
            at=flames.start,
            measured={
                "frames with smoke or dust at a flame's rim": Measurement(flames.frames, ""),
                "flames lean by": Measurement(100 * flames.windy, "% of their width", 100 * flames.calm),
            },
            sentence="The air carries smoke or dust past flames, and they do not heed it: a cause without its effect.",
        )
    ]


FLAMES_UNMOVED = Check(
    "flames unmoved",
    Law.CAUSE,
    "flames do not lean with the smoke or dust that the air carries past them",
    _find,
    needs=(single_things, still_camera),
    thresholds=LIMITS,
)
