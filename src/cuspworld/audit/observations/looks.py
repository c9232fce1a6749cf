"""A shot as seen eight times a second at 128 pixels, without black bars: enough to see what moves and what rests."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np
from jaxtyping import UInt8

from cuspworld.audit.evidence.scene import Scene

RATE, SIDE = 8.0, 128  # looks a second; pixels of the longest side
NOISES = 9.0  # times the median difference between looks: what differs by more moves
BLACK, FEW = 20, 0.02  # grey levels; of a row or column more than this share is ever lighter, or it is a bar
SMALLEST = 32  # pixels a side that are left of a picture without its bars; OpenCV's DIS needs as many
FLAT, FLATTEST = 4, 0.5  # pictures that are asked; of their pixels that equal both neighbours: above it, drawn
TOUCHING = np.ones((3, 3), np.uint8)


class During(Protocol):
    """What lasts from a frame to a frame."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


Lasting = TypeVar("Lasting", bound=During)


@dataclass(frozen=True)
class Looks:
    """`frames`: of the shot, in which it is looked at. `pictures`: uint8 (height, width, 3) each. `scale`: working
    pixels a pixel, x and y. `corner`: of the picture without bars, x and y in working pixels."""

    frames: tuple[int, ...]
    pictures: tuple[UInt8[np.ndarray, "height width 3"], ...]
    scale: tuple[float, float]
    corner: tuple[float, float]

    def box(self, here: np.ndarray) -> tuple[float, float, float, float]:
        """The box of a mask of a picture's size, in working pixels."""
        rows, columns = np.nonzero(here)
        return self.placed((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))

    def placed(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """A box x0, y0, x1, y1 of a picture's pixels, in working pixels."""
        (a, b), (x, y), (x0, y0, x1, y1) = self.scale, self.corner, box
        return float(x + a * x0), float(y + b * y0), float(x + a * x1), float(y + b * y1)


def looks(scene: Scene, *, given: bool = False) -> Looks:
    """The looks of a shot; `given`: of its frames as they were before they were stabilised and untinted."""
    every = max(1.0, scene.fps / RATE)
    chosen = np.unique(np.arange(0, len(scene), every).astype(int))
    height, width = scene.size
    shrink = max(1.0, max(height, width) / SIDE)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    scale = (width / size[0], height / size[1])
    frames = scene.given if given else scene.frames
    pictures = [cv2.resize(frames[t], size, interpolation=cv2.INTER_AREA) for t in chosen]
    lit = np.max([picture.max(-1) for picture in pictures], 0) > BLACK
    rows, columns = (np.flatnonzero(lit.mean(axis) > FEW) for axis in (1, 0))
    if min(len(rows), len(columns)) < SMALLEST:
        rows, columns = (np.arange(side) for side in lit.shape)
    inner = tuple(p[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] for p in pictures)
    corner = (float(columns[0] * scale[0]), float(rows[0] * scale[1]))
    return Looks(tuple(map(int, chosen)), inner, scale, corner)


def motion(pictures: tuple[np.ndarray, ...], least: float) -> list[UInt8[np.ndarray, "height width"]]:
    """What moves between a look and the next, 1 or 0: it differs by `least` grey levels and by more than noise."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    soft = [cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32) for picture in grey]
    steps = [np.abs(b - a) for a, b in itertools.pairwise(soft)]
    level = max(least, NOISES * float(np.median(steps))) if steps else least
    return [cv2.morphologyEx((step > level).astype(np.uint8), cv2.MORPH_OPEN, TOUCHING) for step in steps]


def apart(found: Iterable[Lasting]) -> list[Lasting]:
    """Those that overlap none before them in time."""
    kept: list[Lasting] = []
    for one in found:
        if all(one.start > other.end or other.start > one.end for other in kept):
            kept.append(one)
    return kept


def drawn(scene: Scene) -> bool:
    """Is it a drawing: is most of the picture of one colour without any grain, as no film is?"""
    pictures = looks(scene, given=True).pictures
    every = max(1, len(pictures) // FLAT)
    share = []
    for picture in pictures[::every]:
        right, below = (np.abs(np.diff(picture.astype(np.int16), axis=axis)).max(-1) == 0 for axis in (1, 0))
        share.append(float((right[:-1] & below[:, :-1]).mean()))
    return float(np.mean(share)) > FLATTEST
