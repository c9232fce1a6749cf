"""How much of one hue there is over time: matter that stays where it is and grows all the while.

Shade changes lightness and chroma and hardly the hue, so the shades of one matter are taken together by hue, and the
amount is their area in the frames as the camera's motion leaves them. Growth counts when it goes on through both
halves of the shot (Spearman's rank correlation with time), so that a thing that comes into view, or is opened, is
none; and when the bulk stays in place, so that what comes nearer or moves is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.stats import spearmanr

from cuspworld.audit.evidence.palette import weighted_lab
from cuspworld.audit.evidence.scene import Scene

LOOKS = 24  # frames that are looked at
CHROMA = 28.0  # Lab: a colour whose hue can be followed through shade
SECTOR = 30  # degrees of hue taken together
STEADY = 0.8  # rank correlation with time in each half


@dataclass(frozen=True)
class Growth:
    """`ratio`: area at the end over area at the beginning; box in working pixels; areas in each of `frames`."""

    ratio: float
    box: tuple[int, int, int, int]
    frames: np.ndarray
    areas: np.ndarray


def growths(scene: Scene) -> list[Growth]:
    """Every hue whose amount grows steadily in one place inside the frame."""
    chosen = np.unique(np.linspace(0, len(scene) - 1, LOOKS).astype(int))
    if len(chosen) < 12:
        return []
    inside = np.ones(scene.size, bool) if scene.valid is None else scene.valid[chosen].all(0)
    pictures = [weighted_lab(cv2.GaussianBlur(scene.frames[t], (0, 0), 1.2)) for t in chosen]
    colour = np.stack([p[..., 1:] for p in pictures])  # (looks, height, width, 2)
    strong = (np.hypot(colour[..., 0], colour[..., 1]) > CHROMA) & inside
    hue = np.degrees(np.arctan2(colour[..., 1], colour[..., 0])) % 360
    least = 0.01 * inside.size
    found = []
    for middle in _modes(hue[strong]):
        masks = strong & (np.abs((hue - middle + 180) % 360 - 180) < SECTOR / 2)
        areas = masks.sum((1, 2)).astype(float)
        third, half = len(chosen) // 3, len(chosen) // 2
        early, late = masks[:third].mean(0) > 0.5, masks[-third:].mean(0) > 0.5
        bulk, gained = float((early & late).sum()), late & ~early
        if bulk < least or bulk < 0.6 * early.sum() or min(np.ptp(areas[:half]), np.ptp(areas[half:])) == 0:
            continue
        steady = min(spearmanr(np.arange(len(part)), part).statistic for part in (areas[:half], areas[half:]))
        if steady < STEADY or not gained.any():
            continue
        ratio = float(areas[-third:].mean() / max(areas[:third].mean(), 1.0))
        rows, columns = np.flatnonzero(late.any(1)), np.flatnonzero(late.any(0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        found.append(Growth(ratio, box, chosen, areas))
    return found


def _modes(hue: np.ndarray) -> list[float]:
    """The hues (degrees) around which most pixels lie, each the densest of its sector."""
    if not len(hue):
        return []
    counts = np.bincount(hue.astype(int) % 360, minlength=360).astype(float)
    density = np.convolve(np.r_[counts[-20:], counts, counts[:20]], np.ones(SECTOR // 2 + 1), "same")[20:-20]
    modes: list[float] = []
    for angle in np.argsort(-density):
        if density[angle] < 0.02 * counts.sum() or len(modes) == 6:
            break
        if all(abs((angle - mode + 180) % 360 - 180) >= SECTOR for mode in modes):
            modes.append(float(angle))
    return modes
