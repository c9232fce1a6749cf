"""Motion that is born inside the picture: where all was at rest something moves, and nothing that moves was near.

A look's motion (`looks.py`) is what differs from the look before by more than the shot's noise; a birth is a connected
piece of it that touches no border, and all that moved in the BACK looks before in its place or beside it, to the end of
what moved together there, is less than SHARE of its first looks' area: no cause came near.
What it sweeps is followed for a second, and its rise by optical flow (DIS) for three quarters of one. Where all else
that has texture went along in both looks before, the camera pans, whatever it was measured to do, and nothing is born.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.observations.looks import SMALLEST, looks, motion

FIRST = 2  # looks before the first birth: what moves from the start was set off before
BACK = 5  # looks
SHARE = 0.3
YOUNG, FOLLOWED = 3, 8  # looks in which it must not reach the border; looks in which it is followed
LASTS = 3  # looks at least
RISES = 6  # looks over which its rise is added up
WHOLE = 0.02  # of the picture: what sweeps less rises by less
LEAST = 0.0015  # of the picture
QUIET = 5.0  # grey levels: what differs by more moves
PAN = 0.5  # pixels a look: what has texture outside a birth moved by less, in one of the two looks before it
TEXTURE, ENOUGH = 60.0, 50  # gradient (Sobel) of what has texture; pixels of it that tell of a pan
NEAR = np.ones((9, 9), np.uint8)
TOUCHING = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Birth:
    """`start`, `end`: frames of the shot. `share`: of the picture that is swept. `rise`: how far it goes up at first, a
    share of the picture's longest side (down: negative). `box`: working pixels."""

    start: int
    end: int
    share: float
    rise: float
    box: tuple[float, float, float, float]


def births(scene: Scene) -> list[Birth]:
    """Every birth of the shot, the largest first."""
    at = looks(scene)
    seen, moving = at.pictures, motion(at.pictures, QUIET)
    found = []
    for look in range(FIRST, len(moving) - LASTS + 1):
        for piece in _born(moving, look):
            swept, last = _swept(moving, piece, look, FOLLOWED)
            if last - look < LASTS:
                continue
            rows, columns = np.nonzero(swept)
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            if all(_panned(seen[k], seen[k + 1], box) for k in (look - 2, look - 1)):
                continue
            rise = _rise(seen, moving, swept, look) / max(swept.shape) * min(1.0, float(swept.mean()) / WHOLE)
            start, end = at.frames[look], at.frames[last + 1]
            found.append(Birth(start, end, float(swept.mean()), rise, at.box(swept)))
    return sorted(found, key=lambda birth: -birth.share)


def _born(moving: list[np.ndarray], look: int) -> list[np.ndarray]:
    """The pieces of a look's motion that are born there."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(moving[look], TOUCHING), connectivity=8)
    before = np.maximum.reduce(moving[max(0, look - BACK) : look])
    movers, of = cv2.connectedComponents(before, connectivity=8)
    areas = np.bincount(of.ravel(), minlength=movers) * (np.arange(movers) > 0)
    pieces = []
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] < LEAST * labels.size:
            continue
        whole = (labels == index).astype(np.uint8)
        young, _ = _swept(moving, whole & moving[look], look, YOUNG)
        if _at_border(whole) or _at_border(young):
            continue
        if areas[np.unique(of[cv2.dilate(young, NEAR) > 0])].sum() <= SHARE * young.sum():
            pieces.append(whole & moving[look])
    return pieces


def _swept(moving: list[np.ndarray], piece: np.ndarray, look: int, looks: int) -> tuple[np.ndarray, int]:
    """All that a piece of motion sweeps within so many looks, and the last look in which it moves."""
    swept, last = piece.copy(), look
    for later in range(look + 1, min(look + looks, len(moving))):
        more = moving[later] & cv2.dilate(swept, NEAR)
        if more.sum() < 4:
            break
        swept, last = swept | more, later
    return swept, last


def _panned(before: np.ndarray, after: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    """Does what has texture outside a box move as a whole from one look to the next?"""
    a, b = (cv2.cvtColor(look, cv2.COLOR_RGB2GRAY) for look in (before, after))
    if min(a.shape) < SMALLEST:  # OpenCV's DIS reads out of bounds on smaller pictures
        return False
    light = a.astype(np.float32)
    told = np.hypot(cv2.Sobel(light, -1, 1, 0), cv2.Sobel(light, -1, 0, 1)) > TEXTURE
    x0, y0, x1, y1 = box
    told[max(0, y0 - 3) : y1 + 4, max(0, x0 - 3) : x1 + 4] = False
    if told.sum() < ENOUGH:
        return False
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = solver.calc(a, b, np.zeros((*a.shape, 2), np.float32))
    return float(np.hypot(*np.median(flow[told], 0))) > PAN


def _rise(seen: tuple[np.ndarray, ...], moving: list[np.ndarray], swept: np.ndarray, look: int) -> float:
    """How many pixels what moves in the swept region goes up, added up over RISES looks."""
    if min(swept.shape) < SMALLEST:  # OpenCV's DIS reads out of bounds on smaller pictures
        return 0.0
    solver, total = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST), 0.0
    for step in range(look, min(look + RISES, len(moving))):
        here = (moving[step] & swept) > 0
        if here.sum() < 8:
            break
        a, b = (cv2.cvtColor(seen[k], cv2.COLOR_RGB2GRAY) for k in (step, step + 1))
        total -= float(solver.calc(a, b, np.zeros((*a.shape, 2), np.float32))[here][:, 1].mean())
    return total


def _at_border(piece: np.ndarray) -> bool:
    return bool(piece[:2].any() or piece[-2:].any() or piece[:, :2].any() or piece[:, -2:].any())
