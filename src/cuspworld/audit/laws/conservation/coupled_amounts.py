"""Coupled amounts: what one place loses another gains.

For each saturated colour whose bulk stays where it is while its boundary moves (a liquid in vessels, a heap), the
pixels that it lost between the first and the last third of the shot are compared with those that it gained. A liquid
that stands lower before and higher after, with nothing carried, has flowed upward: of two coupled amounts the upper
grows while the lower shrinks. An amount that only grows, away from the frame's border, comes from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.audit.evidence.boxes import box_of, near_border
from cuspworld.audit.evidence.palette import palette, weighted_lab
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length, whole_picture
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

NEEDS = (length(3 * SHORTEST), whole_picture)


@dataclass(frozen=True)
class Thresholds:
    """`looks`: frames that are looked at. `chroma`: CIE Lab, of a colour that can be followed through shade.
    `smallest_share`: of the frame, of an amount. `bulk_share`: of the amount, that stays in its place.
    `rise_share`: of the frame's height, that what is gained lies above what is lost. `beside_share`: of its width, that
    they may lie beside each other. `grows_ratio`: of what is lost to what is gained, where an amount only grows;
    `grows_correlation`: of that amount with time."""

    looks: int = 24
    chroma: float = 28.0
    smallest_share: float = 0.003
    bulk_share: float = 0.25
    rise_share: float = 0.06
    beside_share: float = 0.2
    grows_ratio: float = 0.1
    grows_correlation: float = 0.9


LIMITS = Thresholds()


@dataclass(frozen=True)
class Coupled:
    """A colour whose bulk (pixels) stays in its place: what it lost and gained, and its amount at each of `frames`."""

    frames: tuple[int, ...]
    amounts: Float[np.ndarray, " looks"]
    lost: Bool[np.ndarray, "height width"]
    gained: Bool[np.ndarray, "height width"]
    bulk: float


def coupled(scene: Scene) -> list[Coupled] | str:
    """Every saturated colour whose bulk stays; or why there is none."""
    chosen = np.unique(np.linspace(0, len(scene) - 1, LIMITS.looks).astype(int))
    chroma = np.stack([np.linalg.norm(weighted_lab(scene.frames[t])[..., 1:], axis=-1) for t in chosen])
    colours = palette(scene.frames[chosen], chroma > LIMITS.chroma, looks=LIMITS.looks)
    if colours is None:
        return "no saturated colour whose amount could be followed"
    third, frames = len(chosen) // 3, tuple(int(t) for t in chosen)
    found = []
    for k in range(len(colours.centres)):
        here = colours.maps == k
        early, late = here[:third].mean(0) > 0.5, here[-third:].mean(0) > 0.5
        bulk = float((early & late).sum())
        least = LIMITS.bulk_share * min(early.sum(), late.sum())
        if bulk >= LIMITS.smallest_share * early.size and bulk >= least:
            found.append(Coupled(frames, colours.areas[:, k], early & ~late, late & ~early, bulk))
    return found or "no coloured matter stays in one place while its amount changes"


def _upward(seen: Observations) -> list[Suspect] | str:
    found = seen.once(coupled)
    return found if isinstance(found, str) else [s for c in found if (s := _flows(seen.scene, c)) is not None]


def _grows(seen: Observations) -> list[Suspect] | str:
    found = seen.once(coupled)
    return found if isinstance(found, str) else [s for c in found if (s := _grown(seen.scene, c)) is not None]


def _flows(scene: Scene, colour: Coupled) -> Suspect | None:
    """Does what stands lower shrink while the same matter above it grows?"""
    if not _both(scene, colour):
        return None
    height, width = scene.size
    a, b = float(colour.lost.sum()), float(colour.gained.sum())
    place = colour.lost | colour.gained
    rise = _centre(colour.lost)[1] - _centre(colour.gained)[1]  # positive: gained higher than lost
    near = abs(_centre(colour.lost)[0] - _centre(colour.gained)[0]) < LIMITS.beside_share * width
    if rise < LIMITS.rise_share * height or not near or near_border(box_of(place), scene.size, 1):
        return None
    measured = {
        "lost below": Measurement(a * scene.area, "px²"),
        "gained above": Measurement(b * scene.area, "px²"),
        "higher by": Measurement(rise * scene.factor[1], "px"),
    }
    sentence = "What stands lower shrinks while the same matter above it grows: it would have to flow upward."
    return _suspect(
        scene, colour, 10 * min(a, b) / max(a, b) * min(1.0, rise / (0.15 * height)), place, measured, sentence
    )


def _grown(scene: Scene, colour: Coupled) -> Suspect | None:
    """Does an amount only grow?"""
    a, b = float(colour.lost.sum()), float(colour.gained.sum())
    least, amount = LIMITS.smallest_share * colour.lost.size, colour.amounts
    steady = float(np.corrcoef(np.arange(len(amount)), amount)[0, 1]) if amount.std() > 0 else 0.0
    if _both(scene, colour) or b <= 4 * least or a >= LIMITS.grows_ratio * b or steady <= LIMITS.grows_correlation:
        return None
    if near_border(box_of(colour.gained), scene.size, 1):
        return None
    ratio = (colour.bulk + b) / colour.bulk
    measured = {"grows by a factor of": Measurement(ratio, ""), "gained": Measurement(b * scene.area, "px²")}
    sentence = "An amount of matter grows, and nothing is added to it."
    return _suspect(scene, colour, 3 * float(np.log2(ratio)), colour.gained, measured, sentence)


def _both(scene: Scene, colour: Coupled) -> bool:
    """Is much lost and much gained?"""
    least = LIMITS.smallest_share * colour.lost.size
    return bool(colour.lost.sum() > least and colour.gained.sum() > least)


def _suspect(
    scene: Scene,
    colour: Coupled,
    strength: float,
    place: np.ndarray,
    measured: dict[str, Measurement],
    sentence: str,
) -> Suspect:
    frames, amounts = colour.frames, tuple(float(v) * scene.area for v in colour.amounts)
    return Suspect(
        strength=float(strength),
        start=frames[len(frames) // 3],
        end=frames[-len(frames) // 3],
        box=box_of(place),
        measured=measured,
        sentence=sentence,
        series=(Series("amount of this colour", "px²", scene.times(frames), amounts),),
    )


def _centre(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


FLOWS_UPWARD = Check(
    "flows upward",
    Law.CONSERVATION,
    "of a saturated colour whose bulk stays, what stands lower shrinks while as much above it grows",
    _upward,
    needs=NEEDS,
    thresholds=LIMITS,
    principal=True,
)
AMOUNT_GROWS = Check(
    "amount grows",
    Law.CONSERVATION,
    "an amount of a saturated colour grows in its place and is nowhere lost",
    _grows,
    needs=NEEDS,
    thresholds=LIMITS,
)
