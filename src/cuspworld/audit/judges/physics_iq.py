"""The Physics-IQ measures: how like a true video is a generated one, in where, when and how much it moves.

Motamed et al. 2025, "Do generative video models understand physical principles?" (arXiv:2501.09038), section 3 and
algorithm 2. They compare with a paired true video and never ask whether what is seen can happen:
`python benchmarks/audit.py --parts reversed` shows how highly they rate true videos that run backwards.

Moving pixels: grey, Gaussian blur 5x5, differing by more than 10 from a running average a_t = 0.7 a_(t-1) + 0.3 g_t,
then opened and closed by a 5x5 square. Of the masks and frames at a quarter of the size:

- spatial IoU: of the pixels that ever move (where);
- spatiotemporal IoU: frame by frame, averaged (where and when);
- weighted spatial IoU: sum min / sum max of the share of time that each pixel moves (where and how much);
- MSE: of the RGB values in [0, 1] (how it looks).

The score is 100 (mean over the three IoUs of IoU / IoU between two true takes - (MSE - MSE between two true takes)),
cut off at 0 and 100.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from cuspworld.clip import Clip
from cuspworld.errors import CuspError

THRESHOLD = 10  # grey levels
MEMORY = 0.3  # weight of the newest frame in the running average
SHRINK = 4  # of both sides, before masks and frames are compared


@dataclass(frozen=True)
class PhysicsIQ:
    """The four measures of a pair. IoUs in [0, 1], 1 is the same; `mse` in [0, 1], 0 is the same."""

    spatial_iou: float
    spatiotemporal_iou: float
    weighted_spatial_iou: float
    mse: float

    def score(self, takes: PhysicsIQ | None = None) -> float:
        """Physics-IQ score in [0, 100]. `takes`: the same measures between two true takes of the scene ("physical
        variance"); without it two takes are thought to be identical, which makes the score smaller."""
        takes = takes or PhysicsIQ(1.0, 1.0, 1.0, 0.0)
        shares = [
            mine / max(other, 1e-9)
            for mine, other in (
                (self.spatial_iou, takes.spatial_iou),
                (self.spatiotemporal_iou, takes.spatiotemporal_iou),
                (self.weighted_spatial_iou, takes.weighted_spatial_iou),
            )
        ]
        return float(np.clip(100 * (np.mean(shares) - (self.mse - takes.mse)), 0, 100))


def motion_masks(frames: UInt8[np.ndarray, "time height width 3"]) -> Bool[np.ndarray, "time height width"]:
    """Which pixels move in each frame (the first frame: none)."""
    square = np.ones((5, 5), np.uint8)
    masks = np.zeros(frames.shape[:3], bool)
    average = None
    for t, frame in enumerate(frames):
        grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (5, 5), 0)
        if average is None:
            average = grey.astype(np.float64)
            continue
        cv2.accumulateWeighted(grey, average, MEMORY)
        moving = (cv2.absdiff(grey, cv2.convertScaleAbs(average)) > THRESHOLD).astype(np.uint8)
        moving = cv2.morphologyEx(cv2.morphologyEx(moving, cv2.MORPH_OPEN, square), cv2.MORPH_CLOSE, square)
        masks[t] = moving > 0
    return masks


def physics_iq(generated: Clip, true: Clip, *, shrink: int = SHRINK) -> PhysicsIQ:
    """Compare two clips of the same scene, frame by frame.

    `shrink`: both sides are divided by this before comparing, 4 as published (take 1 for clips that are small already).
    Raises CuspError unless both have the same size, frame rate and number of frames.
    """
    if generated.frames.shape != true.frames.shape or abs(generated.fps - true.fps) > 1e-3 * true.fps:
        raise CuspError(
            "physics_iq compares clips of one size, length and frame rate: got "
            f"{generated.frames.shape} at {generated.fps:g} fps and {true.frames.shape} at {true.fps:g} fps; read both "
            "with the same size=, fps= and seconds="
        )
    if not 1 <= shrink <= min(true.size):
        raise CuspError(f"shrink must be from 1 to the shorter side, {min(true.size)}: got {shrink}")
    size = max(1, true.size[1] // shrink), max(1, true.size[0] // shrink)
    a, b = (_small_masks(motion_masks(clip.frames), size) for clip in (generated, true))
    errors = []
    for one, other in zip(generated.frames, true.frames, strict=True):
        difference = cv2.resize(one, size).astype(np.float32) - cv2.resize(other, size)
        errors.append(float(np.mean((difference / 255) ** 2)))
    share_a, share_b = a.mean(0), b.mean(0)
    return PhysicsIQ(
        spatial_iou=_iou(np.any(a, axis=0), np.any(b, axis=0)),
        spatiotemporal_iou=float(np.mean([_iou(x, y) for x, y in zip(a, b, strict=True)])),
        weighted_spatial_iou=_ratio(np.minimum(share_a, share_b).sum(), np.maximum(share_a, share_b).sum()),
        mse=float(np.mean(errors)),
    )


def _small_masks(masks: Bool[np.ndarray, "time height width"], size: tuple[int, int]) -> np.ndarray:
    return np.stack([cv2.resize(mask.astype(np.uint8) * 255, size) > 127 for mask in masks])


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return _ratio(float((a & b).sum()), float((a | b).sum()))


def _ratio(shared: float, together: float) -> float:
    return 1.0 if together == 0 else float(shared / together)  # nothing moves in both: the same
