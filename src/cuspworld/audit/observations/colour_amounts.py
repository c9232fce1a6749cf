"""Matter by its colour: how much of each colour of the moving things is seen, and where it begins and ends.

Tracks lose things that pass behind one another; colours do not. A colour of which much was seen, that is gone for the
rest of the shot without having reached the frame's border, has left the world inside the picture; one that is at once
there, far from the border, has come from nowhere. What shines is left out: a flame is no matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from cuspworld.audit.evidence.boxes import box_of, near_border
from cuspworld.audit.evidence.scene import LIT, Scene

LEAST = 0.0015  # share of the frame: smaller amounts are edges and shades
ABSENT = 0.08  # of its usual amount: less is absence
LONG = 0.35  # seconds
WHOLE = 0.6  # share of a colour that its main piece holds, if it is a thing
RIM = 3  # pixels: the frame's border


@dataclass(frozen=True)
class Matter:
    """A colour that ends, begins or grows. `amount`: working pixels; `growth`: late over early."""

    kind: Literal["gone", "new", "grows"]
    frame: int
    box: tuple[int, int, int, int]
    strength: float
    amount: float
    growth: float
    times: tuple[int, ...]
    amounts: tuple[float, ...]


def matter(scene: Scene) -> list[Matter]:
    """Every colour that ends, begins or grows inside the frame, strongest first."""
    colours = scene.colours
    if colours is None or not scene.camera.steady or scene.valid is not None or scene.tint >= LIT:
        return []
    found: list[Matter] = []
    for k in range(len(colours.centres)):
        lightness, _, blue = colours.centres[k]
        if lightness > 27 and blue > 25:
            continue  # it shines
        found.extend(_ends(scene, colours.frames, colours.areas[:, k], colours.maps == k, colours.apart(k)))
    return sorted(found, key=lambda m: -m.strength)


def _ends(scene: Scene, times: np.ndarray, amounts: np.ndarray, where: np.ndarray, apart: float) -> list[Matter]:
    height, width = scene.size
    usual, least = float(np.quantile(amounts, 0.75)), LEAST * height * width
    if usual < least:
        return []
    count, pace = len(amounts), len(scene) / len(amounts) / float(scene.fps)
    seen = amounts > ABSENT * usual
    first, last = int(np.argmax(seen)), count - 1 - int(np.argmax(seen[::-1]))
    size = float(np.sqrt(usual / least)) * float(np.clip(apart / 20, 0.5, 1.25))
    curve = tuple(int(t) for t in times), tuple(float(a) for a in amounts)
    found = []
    for kind, at, away, look in (("gone", last, count - 1 - last, -1), ("new", first, first, 1)):
        if away * pace < LONG or last - first < 3:
            continue
        near = [i for i in range(at, at + 4 * look, look) if 0 <= i < count]
        if any(near_border(box_of(where[i]), scene.size, RIM) for i in near):
            continue
        box = box_of(where[near[int(np.argmax(amounts[near])) if near else 0]])
        if box is not None:
            found.append(Matter(kind, int(times[at]), box, size * min(1.0, away * pace / 0.7), usual, 0.0, *curve))  # type: ignore[arg-type]
    third = max(2, count // 3)
    early, late = float(np.median(amounts[:third])), float(np.median(amounts[-third:]))
    inside = float(np.mean([near_border(box_of(mask), scene.size, RIM) for mask in where])) < 0.1
    if inside and first == 0 and early > 0.4 * least and late > least and late > 1.3 * early:
        ratio = late / early
        steady = max(0.0, float(np.corrcoef(np.arange(count), amounts)[0, 1]))
        box = box_of(np.logical_or.reduce(where[-third:]))
        sides = _both_sides(where, third)
        start = int(times[int(np.argmax(amounts > early + 0.3 * (late - early)))])
        if box is not None:
            strength = 2.5 * min(float(np.log2(ratio)), 4 * sides) * steady * float(np.clip(apart / 15, 0.3, 1.2))
            found.append(Matter("grows", start, box, strength, late, ratio, *curve))
    return found


def _both_sides(where: np.ndarray, third: int) -> float:
    """By how many doublings the colour's main piece is longer late than it ever was early, in width and in height.

    What turns shows more of itself, and what is bent up grows higher, but neither grows in both beyond all it was;
    0 where the colour is scattered over many pieces (waves, foam, shades).
    """
    sides, bulk = [], []
    for mask in where:
        closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        if len(stats) < 2:
            sides.append((0, 0))
            bulk.append(0.0)
            continue
        index = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        sides.append((int(stats[index, cv2.CC_STAT_WIDTH]), int(stats[index, cv2.CC_STAT_HEIGHT])))
        bulk.append(float((mask & (labels == index)).sum() / max(1, mask.sum())))
    if min(np.median(bulk[:third]), np.median(bulk[-third:])) < WHOLE:
        return 0.0
    early, late = np.array(sides[:third]).max(0), np.median(np.array(sides[-third:]), 0)
    return float(max(0.0, np.log2(late / np.maximum(early, 1)).min()))
