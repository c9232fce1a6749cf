"""What stands apart: things cut from the plain ground around them by how they look, whether they move or not.

The ground of a look is what has no edge in it and is joined to the picture's border; whatever it surrounds stands
apart. What only touches it by a line (a horizon, the rim of a table) is cut from that line; what is of one colour
within its outline is drawn, and no thing. So a thing that rests is seen before it moves, and one that moves is followed
when it stands still again, which no difference of frames can do.
Of each step from look to look it is measured how much of the picture moves within things that stand apart in either
(with what is just beside them, for their shadows), and how much moves and leads to the border, from where a hand or an
arm, or a camera's motion, would come.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.observations.looks import Looks, looks, motion

EDGE = 3.5  # grey levels a pixel, of lightness; of colour two thirds as much
GRAINS = 4.0  # times the median gradient: a ground may be rough, if all of it is
LARGE, SMALL = 0.03, 0.0015  # of the picture: a piece of ground at least; a thing at least
LINE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # what is thinner is a line, and part of no thing
BESIDE = np.ones((7, 7), np.uint8)
TOUCHING = np.ones((3, 3), np.uint8)
STRONG = 14.0  # grey levels: what differs by less may be a shadow that falls far
RIM = 2  # pixels
CROP, GREY = 32, 128  # pixels a side; grey level
FLAT, TOLD = 5.0, 20  # of OpenCV's bytes: the spread of one colour with grain; pixels that tell it


@dataclass(frozen=True)
class Thing:
    """A thing in a look. `share`: of the picture. `centre` x, y and `box` x0, y0, x1, y1: pixels of the look. `colour`:
    mean CIE L*, a*, b* of OpenCV's bytes. `crop`: the square around it, grey where it is not."""

    share: float
    centre: tuple[float, float]
    box: tuple[int, int, int, int]
    colour: tuple[float, float, float]
    crop: UInt8[np.ndarray, "side side 3"]


@dataclass(frozen=True)
class Apart:
    """A shot's looks, and in each the `things` that stand apart, and `plain`: the share that is ground or they. Of each
    step to the next look what is `moving` in them, its share of the picture `within`, and the share that moves `beyond`
    them as far as the border."""

    at: Looks
    things: tuple[tuple[Thing, ...], ...]
    plain: np.ndarray
    moving: tuple[Bool[np.ndarray, "height width"], ...]
    within: np.ndarray
    beyond: np.ndarray


def standing_apart(scene: Scene) -> Apart:
    """Of the frames as they were before they were stabilised: what a camera does moves all there is to the border."""
    at = looks(scene, given=True)
    found = [_things(picture) for picture in at.pictures]
    moving, beyond = [], []
    for moves, (before, after) in zip(motion(at.pictures, STRONG), itertools.pairwise(found), strict=True):
        own = cv2.dilate((before[1] | after[1]).astype(np.uint8), BESIDE)
        moving.append((moves & own) > 0)
        beyond.append(_at_border(moves & (1 - own)))
    things, _, plain = zip(*found, strict=True)
    within = np.array([float(moves.mean()) for moves in moving])
    return Apart(at, things, np.array(plain), tuple(moving), within, np.array(beyond))


def _things(
    picture: UInt8[np.ndarray, "height width 3"],
) -> tuple[tuple[Thing, ...], Bool[np.ndarray, "height width"], float]:
    """The things of a look, where they are, and the share of the picture that is ground or they."""
    colours = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    ground = _ground(colours)
    _, labels, stats, centres = cv2.connectedComponentsWithStats(cv2.morphologyEx(1 - ground, cv2.MORPH_OPEN, LINE))
    height, width = ground.shape
    things, here = [], np.zeros(ground.shape, bool)
    for index, (x, y, w, h, area) in enumerate(stats[1:].tolist(), 1):
        if area < SMALL * ground.size or x < RIM or y < RIM or x + w > width - RIM or y + h > height - RIM:
            continue
        mask = labels[y : y + h, x : x + w] == index
        if _flat(colours[y : y + h, x : x + w], mask):
            continue
        here[y : y + h, x : x + w] |= mask
        a, b, c = colours[y : y + h, x : x + w][mask].mean(0).tolist()
        cx, cy = centres[index].tolist()
        box = (x, y, x + w, y + h)
        things.append(Thing(area / ground.size, (cx, cy), box, (a, b, c), _crop(picture, mask, box)))
    return tuple(things), here, float(((ground > 0) | here).mean())


def _flat(colours: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"]) -> bool:
    """Is it of one colour within its outline, as what is drawn is, and nothing that light falls on?"""
    inner = cv2.erode(mask.astype(np.uint8), BESIDE, borderValue=0) > 0
    return int(inner.sum()) >= TOLD and float(colours[inner].std(0).max()) < FLAT


def _crop(
    picture: UInt8[np.ndarray, "height width 3"], mask: Bool[np.ndarray, "h w"], box: tuple[int, int, int, int]
) -> UInt8[np.ndarray, "side side 3"]:
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    square = np.full((side, side, 3), GREY, np.uint8)
    left, top = (side - (x1 - x0)) // 2, (side - (y1 - y0)) // 2
    square[top : top + y1 - y0, left : left + x1 - x0][mask] = picture[y0:y1, x0:x1][mask]
    return cv2.resize(square, (CROP, CROP), interpolation=cv2.INTER_AREA)


def _ground(colours: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    """1 where there is no edge from there to the border."""
    soft = cv2.GaussianBlur(colours, (0, 0), 0.7).astype(np.float32)
    across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(soft, cv2.CV_32F, 0, 1) / 8
    edge = (np.hypot(across, down) * (1.0, 1.5, 1.5)).max(-1)
    plain = (edge < max(EDGE, GRAINS * float(np.median(edge)))).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(plain, connectivity=4)
    height, width = plain.shape
    x, y, w, h, area = stats.T
    ground = (area >= LARGE * plain.size) & ((x == 0) | (y == 0) | (x + w == width) | (y + h == height))
    ground[0] = False  # the edges
    return ground[labels].astype(np.uint8)


def _at_border(moves: UInt8[np.ndarray, "height width"]) -> float:
    """The share of the picture in those pieces of what moves that reach the border."""
    _, labels = cv2.connectedComponents(cv2.dilate(moves, TOUCHING))
    rim = (labels[:RIM], labels[-RIM:], labels[:, :RIM], labels[:, -RIM:])
    reach = np.unique(np.concatenate([side.ravel() for side in rim]))
    return float((np.isin(labels, reach[reach > 0]) & (moves > 0)).mean())
