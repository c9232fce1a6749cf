"""Steps at which the picture changes by more than motion, noise and the clip's own habits explain, and what kind each
is.

The strength of a jump is a ratio: its unexplained area over the upper decile of the other steps' (a splash or a flame
changes like that all the time, and then nothing stands out), plus the smallest area that counts at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from cuspworld.audit.blobs import edges
from cuspworld.audit.change import Change, change_threshold, unexplained
from cuspworld.audit.scene import Scene

Kind = Literal["appears", "vanishes", "moves", "recolours", "everything"]
SETTLE = 3  # frames on either side over which a change must last


@dataclass(frozen=True)
class Jump:
    """At step `frame` -> `frame` + 1. Boxes in working pixels; `old_box` is where a thing was before it moved."""

    frame: int
    kind: Kind
    ratio: float
    area: float
    box: tuple[int, int, int, int]
    old_box: tuple[int, int, int, int] | None
    at_edge: bool
    same_shape: bool = False  # it recolours, and its outline stays


def find_jumps(scene: Scene, least_ratio: float = 1.5) -> list[Jump]:
    """Every step whose unexplained area stands out, strongest first."""
    change = scene.change
    total = np.maximum(change.appeared, change.vanished)
    if len(total) < 5:
        return []
    height, width = scene.size
    floor = max(6.0, 0.0004 * height * width)
    found = []
    order = np.argsort(-total)[:12]
    for t in order:
        if total[t] < floor:
            break
        others = np.delete(total, np.arange(max(0, t - 1), min(len(total), t + 2)))
        around = np.delete(total[max(0, t - 8) : t + 9], min(t, 8))
        near = np.r_[total[max(0, t - 4) : max(0, t - 1)], total[t + 2 : t + 5]].max(initial=0)
        usual = max(
            np.quantile(others, 0.9) if len(others) else 0.0,
            np.quantile(around, 0.8) if len(around) else 0.0,
            0.4 * near,  # a splash changes for several steps, a broken law in one
        )
        ratio = float(total[t] / (usual + floor))
        if ratio < least_ratio:
            continue
        jump = _describe(scene, int(t), ratio)
        if jump is not None:
            found.append(jump)
    return found


def _describe(scene: Scene, t: int, ratio: float) -> Jump | None:
    level, reach = change_threshold(scene.noise), scene.change.reach
    frames = scene.frames
    before, after = frames[t], frames[t + 1]
    fresh, lost = unexplained(before, after, reach, level), unexplained(after, before, reach, level)
    if scene.valid is not None:
        both = scene.valid[t] & scene.valid[t + 1]
        fresh, lost = fresh & both, lost & both
    if _flashes(scene.change, t) and not _moved(before, after, lost, fresh):
        return None
    height, width = scene.size
    area = float(max(fresh.sum(), lost.sum()))
    if (fresh | lost).mean() > 0.2:
        return Jump(t, "everything", ratio, area, (0, 0, width, height), None, False)
    fresh_box, fresh_area = _largest(fresh, reach)
    lost_box, lost_area = _largest(lost, reach)
    main = fresh_box if fresh_area >= lost_area else lost_box
    if main is None:
        return None
    edge = reach + 1
    at_edge = main[0] < edge or main[1] < edge or main[2] > width - edge or main[3] > height - edge
    if scene.valid is not None:
        at_edge = at_edge or not bool(scene.valid[t][main[1] : main[3], main[0] : main[2]].all())
    kind: Kind
    if fresh_box is None or fresh_area < 0.25 * lost_area:
        kind, box, old = "vanishes", lost_box, None
    elif lost_box is None or lost_area < 0.25 * fresh_area:
        kind, box, old = "appears", fresh_box, None
    elif _overlap(fresh_box, lost_box) > 0.3:
        outline_before, outline_after = _outline(before, after, fresh | lost, main)
        if outline_after < 0.6 * outline_before:  # its place looks like its surroundings now
            kind, box, old = "vanishes", main, None
        elif outline_before < 0.6 * outline_after:
            kind, box, old = "appears", main, None
        else:
            kind, box, old = "recolours", main, lost_box
    elif _moved(before, after, lost, fresh):
        kind, box, old = "moves", fresh_box, lost_box
    else:
        kind, box, old = ("appears", fresh_box, None) if fresh_area >= lost_area else ("vanishes", lost_box, None)
    assert box is not None
    return Jump(t, kind, ratio, area, box, old, bool(at_edge), kind == "recolours" and _alike(before, after, box))


def _flashes(change: Change, t: int) -> bool:
    """Is what came gone again shortly after, or did what goes come only shortly before?"""
    came, went = change.appeared[t], change.vanished[t]
    gone = change.vanished[t + 1 : t + 1 + SETTLE].max(initial=0)
    come = change.appeared[max(0, t - SETTLE) : t].max(initial=0)
    return bool(gone > 0.5 * came if came >= went else come > 0.5 * went)


def _largest(mask: np.ndarray, join: int) -> tuple[tuple[int, int, int, int] | None, float]:
    """Box and area of the largest group of pixels, those nearer than `join` to each other taken together."""
    if not mask.any():
        return None, 0.0
    joined = cv2.dilate(mask.astype(np.uint8), np.ones((2 * join + 1,) * 2, np.uint8))
    count, labels = cv2.connectedComponents(joined)
    sizes = np.bincount(labels[mask], minlength=count)
    sizes[0] = 0
    chosen = mask & (labels == sizes.argmax())
    rows, columns = np.flatnonzero(chosen.any(1)), np.flatnonzero(chosen.any(0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1), float(chosen.sum())


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Shared area over the smaller box's area."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return width * height / smaller


def _outline(
    before: np.ndarray, after: np.ndarray, mask: np.ndarray, box: tuple[int, int, int, int]
) -> tuple[float, float]:
    """Mean gradient along the outline of the changed region, before and after."""
    x0, y0, x1, y1 = box
    region = (slice(max(0, y0 - 6), y1 + 6), slice(max(0, x0 - 6), x1 + 6))
    body = cv2.morphologyEx(mask[region].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    rim = cv2.dilate(body, np.ones((7, 7), np.uint8)) - cv2.erode(body, np.ones((3, 3), np.uint8)) > 0
    return float(edges(before[region])[rim].mean()), float(edges(after[region])[rim].mean())


def _alike(before: np.ndarray, after: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    """Are the edges in and around the box the same ones, whatever the colours?"""
    x0, y0, x1, y1 = box
    region = (slice(max(0, y0 - 4), y1 + 4), slice(max(0, x0 - 4), x1 + 4))
    a, b = (cv2.blur(edges(frame[region]), (3, 3)).ravel() for frame in (before, after))
    a, b = np.minimum(a, np.quantile(a, 0.9)), np.minimum(b, np.quantile(b, 0.9))
    if a.std() < 1 or b.std() < 1:
        return False
    return bool(np.corrcoef(a, b)[0, 1] > 0.6)


def _moved(before: np.ndarray, after: np.ndarray, lost: np.ndarray, fresh: np.ndarray) -> bool:
    """Are the lost colours the fresh ones, of about the same amount?"""
    if not lost.any() or not fresh.any():
        return False
    amount = float(lost.sum()) / float(fresh.sum())
    colour = np.abs(before[lost].mean(0) - after[fresh].mean(0)).max()
    return bool(0.4 < amount < 2.5 and colour < 30)
