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

from cuspworld.audit.evidence.scene import Scene

BRIGHT, EMBER = 232, 190  # red channel: of a flame, and of what may still kindle one
WARM = 45  # red above blue, grey levels, of a flame's rim
BEFORE = 0.5  # seconds in which a flame near the place would be the cause
LIT = 2.0  # grey levels: a fire that lights up its surroundings by as much is reflected from many places


@dataclass(frozen=True)
class Ignition:
    """A fire that begins by itself: first frame, box (working pixels), largest area soon after, area that counts."""

    frame: int
    box: tuple[int, int, int, int]
    area: float
    least: float
    glow: float  # grey levels by which the surroundings of the fire turn brighter, and redder than blue
    areas: tuple[float, ...]  # shining area near the place in each frame of the shot


def shining(frame: UInt8[np.ndarray, "height width 3"], least: int = BRIGHT) -> Bool[np.ndarray, "height width"]:
    """Bright regions whose light is warm: at least a quarter of their pixels are."""
    red, green, blue = (channel.astype(np.int16) for channel in cv2.split(frame))
    hot = (red >= least) & (red >= green - 4) & (green >= blue - 4)
    warm = hot & (red - blue >= WARM)
    count, labels = cv2.connectedComponents(hot.astype(np.uint8), connectivity=8)
    if count == 1:
        return hot
    size, share = np.bincount(labels.ravel(), minlength=count), np.bincount(labels[warm], minlength=count)
    kept = share >= 0.25 * size
    kept[0] = False
    return kept[labels]


def ignitions(scene: Scene) -> list[Ignition]:
    """Every fire that begins inside the frame with no light near it in the half second before, earliest first."""
    height, width = scene.size
    least = max(6.0, 2e-4 * height * width)
    back, soon = max(2, round(BEFORE * scene.fps)), max(3, round(1.5 * scene.fps))
    flames = [shining(frame) for frame in scene.frames]
    if max(int(mask.sum()) for mask in flames) < 3 * least:
        return []
    embers = [shining(frame, EMBER) for frame in scene.frames]
    reach = round(0.15 * max(height, width))
    found: list[Ignition] = []
    for t in range(max(3, round(0.2 * scene.fps)), len(flames)):
        if flames[t].sum() < least:
            continue
        count, _, stats, _ = cv2.connectedComponentsWithStats(flames[t].astype(np.uint8), connectivity=8)
        for index in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[index])
            if area < least or any(old.glow > LIT or _near((x, y, x + w, y + h), old.box, 2) for old in found):
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


def _near(a: tuple[int, int, int, int], b: tuple[int, int, int, int], sizes: float) -> bool:
    reach = sizes * max(b[2] - b[0], b[3] - b[1], 8)
    return min(a[2], b[2]) > max(a[0], b[0]) - reach and min(a[3], b[3]) > max(a[1], b[1]) - reach
