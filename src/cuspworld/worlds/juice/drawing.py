"""The picture of Juice: a glass on a table, its liquid, the puddle that is seen from a little above, the hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.worlds.drawing.canvas import Canvas, Colour, darker

GLASS: Colour = (150, 176, 200)
SKIN: Colour = (236, 188, 152)
SLEEVE: Colour = (74, 96, 140)


@dataclass(frozen=True)
class Look:
    """What the picture shows (metres): capsules of the glass (base, left, right); the liquid's particles, which of them
    are in the glass, how many there were at first, and their `spacing`; the tip of the hand's finger, which pushes
    towards `direction` (1 or -1) along x."""

    colour: Colour
    walls: Float[np.ndarray, "walls 5"]
    liquid: Float[np.ndarray, "particles 2"]
    inside: Bool[np.ndarray, " particles"]
    full: int
    spacing: float
    finger: tuple[float, float]
    direction: float


def paint(canvas: Canvas, look: Look) -> None:
    colour, walls, liquid, inside = look.colour, look.walls, look.liquid, look.inside
    canvas.background((240, 244, 248), (216, 227, 238))
    canvas.band(-0.06, 0.020, (222, 180, 132), (198, 150, 102))
    canvas.band(-1.0, -0.06, (160, 114, 74), (126, 86, 54))
    left, right = walls[:, (0, 2)].min(), walls[:, (0, 2)].max()
    canvas.shadow((left + right) / 2 + 0.006, -0.008, (right - left) / 2 + 0.004, 0.012)
    _puddle(canvas, liquid[~inside & (liquid[:, 1] < 0.03), 0], look.full, colour)
    base, left_wall, right_wall = walls.tolist()
    inner = [left_wall[:2], left_wall[2:4], right_wall[2:4], right_wall[:2]]
    canvas.polygon(inner, (250, 253, 255), alpha=0.35, instance=1)
    shown = np.flatnonzero(inside | (liquid[:, 1] > 0.012))
    canvas.liquid(liquid[shown], look.spacing * 2.1, colour, instance=2, names=shown)
    for ax, ay, bx, by, radius in (base, left_wall, right_wall):
        canvas.capsule(ax, ay, bx, by, radius, GLASS, alpha=0.85, instance=1)
    _hand(canvas, *look.finger, look.direction)


def _puddle(canvas: Canvas, film: Float[np.ndarray, " particles"], full: int, colour: Colour) -> None:
    """The film on the table (its particles' x), seen from a little above: an ellipse as wide as the film."""
    if len(film) < 6:
        return
    low, high = np.clip(np.quantile(film, (0.02, 0.98)), -0.3, 0.3).tolist()
    depth = 0.036 * math.sqrt(len(film) / full)
    canvas.ellipse((low + high) / 2, -0.010, (high - low) / 2 + 0.014, depth + 0.003, darker(colour, 0.18), instance=2)
    canvas.ellipse((low + high) / 2, -0.009, (high - low) / 2 + 0.012, depth, colour, instance=2)


def _hand(canvas: Canvas, x: float, y: float, direction: float) -> None:
    """A hand whose finger tip is at (x, y) and that pushes towards `direction` (1 or -1) along x."""
    fist, elbow = x - direction * 0.040, x - direction * 0.30
    canvas.capsule(fist - direction * 0.030, y, elbow, y, 0.020, SLEEVE, instance=3, shade=0.15)
    canvas.capsule(fist, y, fist - direction * 0.02, y, 0.0195, SKIN, instance=3, shade=0.12)
    canvas.capsule(fist, y + 0.003, x - direction * 0.006, y, 0.0085, SKIN, instance=3, shade=0.1)
