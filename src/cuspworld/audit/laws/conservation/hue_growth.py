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

from cuspworld.audit.evidence.boxes import box_of
from cuspworld.audit.evidence.palette import weighted_lab
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, steady
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`looks`: frames that are looked at. `chroma`: CIE Lab, of a colour whose hue can be followed through shade.
    `sector_degrees`: of hue taken together. `rank_correlation`: with time, in each half. `bulk_share`: of the frame.
    `kept_share`: of the early amount that is still in its place late."""

    looks: int = 24
    chroma: float = 28.0
    sector_degrees: int = 30
    rank_correlation: float = 0.8
    bulk_share: float = 0.01
    kept_share: float = 0.6


LIMITS = Thresholds()


@dataclass(frozen=True)
class Growth:
    """`ratio`: area at the end over area at the beginning; box in working pixels; areas in each of `frames`."""

    ratio: float
    box: tuple[int, int, int, int]
    frames: np.ndarray
    areas: np.ndarray


def growths(scene: Scene) -> list[Growth]:
    """Every hue whose amount grows steadily in one place inside the frame."""
    chosen = np.unique(np.linspace(0, len(scene) - 1, LIMITS.looks).astype(int))
    if len(chosen) < 12:
        return []
    inside = np.ones(scene.size, bool) if scene.valid is None else scene.valid[chosen].all(0)
    pictures = [weighted_lab(cv2.GaussianBlur(scene.frames[t], (0, 0), 1.2)) for t in chosen]
    colour = np.stack([p[..., 1:] for p in pictures])  # (looks, height, width, 2)
    strong = (np.hypot(colour[..., 0], colour[..., 1]) > LIMITS.chroma) & inside
    hue = np.degrees(np.arctan2(colour[..., 1], colour[..., 0])) % 360
    least = LIMITS.bulk_share * inside.size
    found = []
    for middle in _modes(hue[strong]):
        masks = strong & (np.abs((hue - middle + 180) % 360 - 180) < LIMITS.sector_degrees / 2)
        areas = masks.sum((1, 2)).astype(float)
        third, half = len(chosen) // 3, len(chosen) // 2
        early, late = masks[:third].mean(0) > 0.5, masks[-third:].mean(0) > 0.5
        bulk, gained = float((early & late).sum()), late & ~early
        if (
            bulk < least
            or bulk < LIMITS.kept_share * early.sum()
            or min(np.ptp(areas[:half]), np.ptp(areas[half:])) == 0
        ):
            continue
        steady = min(spearmanr(np.arange(len(part)), part).statistic for part in (areas[:half], areas[half:]))
        if steady < LIMITS.rank_correlation or not gained.any():
            continue
        ratio = float(areas[-third:].mean() / max(areas[:third].mean(), 1.0))
        if (box := box_of(late)) is not None:
            found.append(Growth(ratio, box, chosen, areas))
    return found


def _modes(hue: np.ndarray) -> list[float]:
    """The hues (degrees) around which most pixels lie, each the densest of its sector."""
    if not len(hue):
        return []
    counts = np.bincount(hue.astype(int) % 360, minlength=360).astype(float)
    density = np.convolve(np.r_[counts[-20:], counts, counts[:20]], np.ones(LIMITS.sector_degrees // 2 + 1), "same")[
        20:-20
    ]
    modes: list[float] = []
    for angle in np.argsort(-density):
        if density[angle] < 0.02 * counts.sum() or len(modes) == 6:
            break
        if all(abs((angle - mode + 180) % 360 - 180) >= LIMITS.sector_degrees for mode in modes):
            modes.append(float(angle))
    return modes


def _find(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, growth) for growth in growths(seen.scene)] or "no hue grows in its place"


def _suspect(scene: Scene, growth: Growth) -> Suspect:
    frames = [int(t) for t in growth.frames]
    areas = tuple(float(v) * scene.area for v in growth.areas)
    return Suspect(
        strength=20 * float(np.log2(max(growth.ratio, 1.0))),
        start=frames[0],
        end=frames[-1],
        box=growth.box,
        at=frames[-1],
        measured={"grows by a factor of": Measurement(growth.ratio, "")},
        sentence="Matter that stays in its place grows all the while, and nothing is added to it.",
        series=(Series("amount of this hue", "px²", scene.times(frames), areas),),
    )


HUE_GROWS = Check(
    "hue grows",
    Law.CONSERVATION,
    "a hue grows all the while in its place, also under a moving camera",
    _find,
    needs=(length(3 * SHORTEST), steady),
    thresholds=LIMITS,
)
