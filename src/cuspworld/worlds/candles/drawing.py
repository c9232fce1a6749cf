"""The picture of Candles: a cake in a dim room, candles, flames with their glow, a face that blows, smoke."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.drawing.canvas import Canvas, Colour, darker, lighter, mix

SKIN, HAIR, LIPS = (240, 196, 160), (92, 60, 40), (206, 96, 96)
CREAM, SPONGE, JAM = (255, 236, 226), (222, 168, 106), (214, 84, 104)


@dataclass(frozen=True)
class Look:
    """What the picture shows, as if blown from the left (metres); `mirrored`: blown from the right, in a slice of that
    `width`. `theta`: the flames, 0 out and 1 bright; `puffs`: x, y, age (s), kind (0 smoke, 1 breath)."""

    colour: Colour
    mirrored: bool
    width: float
    x: Float[np.ndarray, " candles"]
    wick: Float[np.ndarray, " candles"]
    theta: Float[np.ndarray, " candles"]
    lean: Float[np.ndarray, " candles"]
    puffs: Float[np.ndarray, "puffs 4"]
    mouth: tuple[float, float]
    puffed: float


Place = Callable[[float], float]


def paint(canvas: Canvas, look: Look) -> None:
    def place(x: float) -> float:
        return look.width - x if look.mirrored else x

    colour = look.colour
    sign = -1.0 if look.mirrored else 1.0
    warm = float(sum(max(theta - 0.2, 0.0) for theta in look.theta)) / (0.75 * len(look.theta))
    canvas.background(mix((40, 38, 58), (64, 48, 62), warm), mix((58, 50, 68), (112, 76, 76), warm))
    canvas.band(-1.0, 0.012, mix((96, 70, 56), (138, 96, 68), warm), (86, 60, 46))
    for x, wick, theta in zip(look.x, look.wick, look.theta, strict=True):
        if theta > 0.3:
            canvas.circle(place(x), wick + 0.014, 0.052, (255, 190, 96), alpha=0.16 * theta, soft=0.06)
    _cake(canvas, place)
    for n, (x, wick) in enumerate(zip(look.x.tolist(), look.wick.tolist(), strict=True)):
        canvas.box(place(x), wick - 0.025, 0.0096, 0.045, colour, instance=n + 2)
        for k in range(3):
            y = wick - 0.012 - 0.013 * k
            canvas.line([(place(x) - 0.0048, y - 0.002), (place(x) + 0.0048, y + 0.002)], 0.003, lighter(colour, 0.6))
        canvas.line([(place(x), wick - 0.003), (place(x), wick + 0.004)], 0.0018, (50, 40, 36))
    _puffs(canvas, look, place)
    for n, (x, wick) in enumerate(zip(look.x.tolist(), look.wick.tolist(), strict=True)):
        _flame(canvas, place(x), wick + 0.003, float(look.theta[n]), sign * float(look.lean[n]), n + 11)
    _face(canvas, look, place, sign)


def _cake(canvas: Canvas, place: Place) -> None:
    middle = place(0.21)
    canvas.shadow(middle, -0.004, 0.125, 0.014, 0.4)
    canvas.ellipse(middle, 0.000, 0.118, 0.010, (214, 220, 230), shade=0.15)
    canvas.box(middle, 0.033, 0.17, 0.066, SPONGE, corner=0.008, instance=1, shade=0.10)
    canvas.box(middle, 0.028, 0.17, 0.010, JAM, instance=1)
    canvas.box(middle, 0.060, 0.176, 0.020, CREAM, corner=0.008, instance=1)
    for k in range(8):
        x = middle + 0.0225 * (k - 3.5)
        canvas.capsule(x, 0.056, x, 0.046 - 0.006 * (k % 3 == 1), 0.0085, CREAM, instance=1)
    for k in range(7):
        canvas.circle(middle + 0.0245 * (k - 3), 0.0705, 0.0055, (226, 60, 74), instance=1, shade=0.25)


def _flame(canvas: Canvas, x: float, y: float, theta: float, lean: float, instance: int) -> None:
    """A teardrop that leans with the air and shrinks as it cools."""
    if theta < 0.2:
        if theta > 0.05:
            canvas.circle(x, y, 0.002, (255, 120, 40))
        return
    size = min(max((theta - 0.2) / 0.7, 0.0), 1.0)
    height, bend = 0.030 * size, math.atan(1.6 * lean)
    tip_x, tip_y = x + height * math.sin(bend), y + 0.004 + height * math.cos(bend)
    for share, radius, shade in ((1.0, 0.0085, (255, 150, 40)), (0.78, 0.0062, (255, 206, 84)),
                                 (0.5, 0.0036, (255, 248, 220))):  # fmt: skip
        canvas.capsule(
            x, y + 0.006, x + (tip_x - x) * share, y + (tip_y - y) * share, radius * (0.45 + 0.55 * size), shade,
            end=0.0012, instance=instance, alpha=0.95,
        )  # fmt: skip


def _puffs(canvas: Canvas, look: Look, place: Place) -> None:
    for x, y, age, kind in look.puffs.tolist():
        if kind == 0.0:
            canvas.circle(place(x), y, 0.004 + 0.010 * age, (188, 188, 198), alpha=0.34 * max(1 - age / 1.3, 0),
                          soft=0.006)  # fmt: skip
        else:
            canvas.circle(place(x), y, 0.005 + 0.016 * age, (214, 228, 244), alpha=0.30 * max(1 - age / 0.35, 0),
                          soft=0.006)  # fmt: skip


def _face(canvas: Canvas, look: Look, place: Place, sign: float) -> None:
    """In profile, half out of the picture: hair, a closed eye, a blown-up cheek, pursed lips."""
    mouth_x, y = look.mouth
    puffed = look.puffed
    head = mouth_x - 0.050
    canvas.circle(place(head - 0.010), y + 0.034, 0.058, HAIR, instance=20)
    canvas.circle(place(head), y + 0.020, 0.052, SKIN, instance=20)
    canvas.ellipse(place(head - 0.006), y + 0.066, 0.046, 0.018, HAIR, angle=-0.25 * sign, instance=20)
    canvas.capsule(place(head + 0.046), y + 0.030, place(head + 0.055), y + 0.020, 0.006, SKIN, instance=20)
    canvas.capsule(place(head + 0.038), y, place(mouth_x - 0.006), y, 0.0085, SKIN, instance=20)
    canvas.circle(place(mouth_x - 0.004), y + 0.0025, 0.0042, LIPS, instance=20)
    canvas.circle(place(mouth_x - 0.004), y - 0.0025, 0.0042, LIPS, instance=20)
    if puffed > 0.01:
        canvas.circle(place(mouth_x - 0.001), y, 0.002 * math.sqrt(puffed), (90, 40, 44))
        canvas.circle(place(head + 0.018), y + 0.002, 0.017, mix(SKIN, (255, 150, 130), 0.45), alpha=puffed, soft=0.008)
    eye = head + 0.024
    canvas.line(
        [(place(eye - 0.008), y + 0.037), (place(eye), y + 0.034), (place(eye + 0.008), y + 0.037)], 0.003,
        darker(HAIR, 0.3),
    )  # fmt: skip
