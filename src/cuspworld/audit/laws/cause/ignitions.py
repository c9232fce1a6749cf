"""Fires that begin: a region that shines begins where nothing shone near it before.

What shines is as bright as the sensor goes at its core and warm at its rim (the colour of incandescence: red >= green
>= blue). A fire is lit by a fire, a spark or heat that is brought to it, so the first light of a new one has an older
light near it, or comes in at the frame's border. Hysteresis: dimmer light counts as an older one, not as a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from cuspworld.audit.evidence.boxes import meet
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import same_light, steady
from cuspworld.audit.observations.dimness import dimness
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`flame_grey_levels`, `ember_grey_levels`: red channel of a flame, and of what may still kindle one.
    `warm_grey_levels`: red above blue, of a flame's rim; `warm_share`: of its pixels. `before_seconds`: in which fire
    near the place would be the cause; `after_seconds`: in which it must burn. `reach_share`: of the longer side, from
    which light may be carried here. `fire_share`: of the frame, of the smallest. `lit_grey_levels`: a fire that lights
    up its surroundings by as much is reflected from many places."""

    flame_grey_levels: int = 232
    ember_grey_levels: int = 190
    warm_grey_levels: int = 45
    warm_share: float = 0.25
    before_seconds: float = 0.5
    after_seconds: float = 1.5
    reach_share: float = 0.15
    fire_share: float = 2e-4
    lit_grey_levels: float = 2.0


LIMITS = Thresholds()


@dataclass(frozen=True)
class Ignition:
    """A fire that begins by itself: first frame, box (working pixels), largest area soon after, area that counts."""

    frame: int
    box: tuple[int, int, int, int]
    area: float
    least: float
    glow: float  # grey levels by which the surroundings of the fire turn brighter, and redder than blue
    areas: tuple[float, ...]  # shining area near the place in each frame of the shot


def shining(
    frame: UInt8[np.ndarray, "height width 3"], least: int = LIMITS.flame_grey_levels
) -> Bool[np.ndarray, "height width"]:
    """Bright regions whose light is warm: at least a quarter of their pixels are."""
    red, green, blue = (channel.astype(np.int16) for channel in cv2.split(frame))
    hot = (red >= least) & (red >= green - 4) & (green >= blue - 4)
    warm = hot & (red - blue >= LIMITS.warm_grey_levels)
    count, labels = cv2.connectedComponents(hot.astype(np.uint8), connectivity=8)
    if count == 1:
        return hot
    size, share = np.bincount(labels.ravel(), minlength=count), np.bincount(labels[warm], minlength=count)
    kept = share >= LIMITS.warm_share * size
    kept[0] = False
    return kept[labels]


def ignitions(scene: Scene) -> list[Ignition]:
    """Every fire that begins inside the frame with no light near it in the half second before, earliest first."""
    height, width = scene.size
    least = max(6.0, LIMITS.fire_share * height * width)
    back, soon = max(2, round(LIMITS.before_seconds * scene.fps)), max(3, round(LIMITS.after_seconds * scene.fps))
    flames = [shining(frame) for frame in scene.frames]
    if max(int(mask.sum()) for mask in flames) < 3 * least:
        return []
    embers = [shining(frame, LIMITS.ember_grey_levels) for frame in scene.frames]
    reach = round(LIMITS.reach_share * max(height, width))
    found: list[Ignition] = []
    for t in range(max(3, round(0.2 * scene.fps)), len(flames)):
        if flames[t].sum() < least:
            continue
        count, _, stats, _ = cv2.connectedComponentsWithStats(flames[t].astype(np.uint8), connectivity=8)
        for index in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[index])
            if area < least or any(
                old.glow > LIMITS.lit_grey_levels or _beside((x, y, x + w, y + h), old.box) for old in found
            ):
                continue
            margin = max(w, h, 4)
            x0, y0, x1, y1 = x - margin, y - margin, x + w + margin, y + h + margin
            if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
                continue  # it may have come in
            near = np.s_[y0:y1, x0:x1]
            begin = _begins(embers, near, t, min(back, t), reach)
            if begin is None:
                continue
            after = [float(mask[near].sum()) for mask in flames[t : t + soon]]
            if len(after) < min(soon, 6) or np.median(after[: max(3, back)]) < least or max(after) < 3 * least:
                continue
            found.append(_described(scene, flames, begin, (x, y, x + w, y + h), near, after, least))
    return found


def _begins(embers: list[np.ndarray], near: tuple[slice, slice], t: int, back: int, reach: int) -> int | None:
    """The frame in which the light of this region began; None where it was there all the time or was carried in."""
    begin = t
    while begin > t - back and embers[begin - 1][near].any():
        begin -= 1
    if begin == t - back and embers[begin][near].any() and back < t:
        return None
    if begin == 0:
        return None
    first = embers[begin][near]
    if first[0].any() or first[-1].any() or first[:, 0].any() or first[:, -1].any():
        return None
    rows, columns = near
    around = np.s_[max(0, rows.start - reach) : rows.stop + reach, max(0, columns.start - reach) : columns.stop + reach]
    gone = embers[begin - 1][around] & ~cv2.dilate(
        embers[begin][around].astype(np.uint8), np.ones((5, 5), np.uint8)
    ).astype(bool)
    return None if gone.sum() >= 0.5 * first.sum() else begin


def _described(
    scene: Scene,
    flames: list[np.ndarray],
    t: int,
    box: tuple[int, int, int, int],
    near: tuple[slice, slice],
    after: list[float],
    least: float,
) -> Ignition:
    best = t + int(np.argmax(after))
    dark = ~cv2.dilate(np.maximum.reduce(flames[t : best + 1]).astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    before, then = scene.frames[max(0, t - 2)].astype(float), scene.frames[best].astype(float)
    change = (then - before)[dark]
    glow = float(min(change[:, 0].mean(), (change[:, 0] - change[:, 2]).mean())) if len(change) else 0.0
    return Ignition(t, box, max(after), least, glow, tuple(float(mask[near].sum()) for mask in flames))


def _beside(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """Is a no farther from b than twice its size?"""
    return meet(a, b, 2 * max(b[2] - b[0], b[3] - b[1], 8))


def _find(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, fire) for fire in ignitions(seen.scene)] or "nothing begins to burn"


def _suspect(scene: Scene, fire: Ignition) -> Suspect:
    # a bright warm thing in a bright picture is a light only if it lights up what is round it
    light = max(float(np.clip(fire.glow / 4, 0, 1)), dimness(scene))
    areas = tuple(area * scene.area for area in fire.areas)
    return Suspect(
        strength=3 * float(np.log2(fire.area / fire.least)) * light,
        start=fire.frame,
        end=fire.frame + 1,
        box=fire.box,
        at=fire.frame,
        measured={
            "shines, at the most": Measurement(fire.area * scene.area, "px²"),
            "surroundings light up by": Measurement(fire.glow, "grey levels"),
        },
        sentence="A fire begins where nothing burnt near it: an effect without its cause.",
        series=(Series("shining area near the place", "px²", scene.times(range(len(areas))), areas),),
    )


FIRE_BEGINS = Check(
    "fire begins",
    Law.CAUSE,
    "a fire begins where nothing shone near it in the half second before",
    _find,
    needs=(steady, same_light),  # under another light nothing is as bright as it looks
    thresholds=LIMITS,
)
