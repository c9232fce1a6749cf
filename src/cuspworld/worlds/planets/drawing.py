"""Drawing Planets: a night sky, a glowing star, round planets with fading trails, and a rocket with its flame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cuspworld.worlds.drawing.canvas import COLOURS, Canvas, Colour, darker, lighter, mix

SKY_TOP, SKY_BOTTOM = (20, 22, 52), (34, 26, 66)
PLANET_COLOURS = ("blue", "red", "green", "golden", "teal", "purple", "pink", "grey")
RADII = (0.21, 0.26, 0.30, 0.25)  # m, as drawn
STAR_RADIUS = 0.45
STARS: dict[str, Colour] = {
    "yellow": (255, 214, 74), "orange": (255, 150, 48), "white": (250, 246, 236), "red": (236, 84, 60),
    "blue": (132, 176, 255),
}  # fmt: skip


def starry_sky(canvas: Canvas, stars: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The background image (height, width, 3) float and its mask: a gradient with distant stars (n, 4: x, y, size,
    brightness)."""
    canvas.background(SKY_TOP, SKY_BOTTOM)
    mask = canvas.mask.copy()
    height, width = canvas.mask.shape
    for x, y, size, light in stars.tolist():
        px = (x * width - canvas.x0) / canvas.scale
        py = (canvas.y0 - y * height) / canvas.scale
        canvas.circle(px, py, 0.012 + 0.028 * size**3, (226, 228, 255), alpha=0.25 + 0.6 * light, soft=0.02)
    return canvas.image.copy(), mask


@dataclass(frozen=True)
class Look:
    """What the picture shows: the bodies (0 star, 1-4 planets, 6 rocket): x, y and the velocity about the star (m,
    m/s), and their trails; an order of the planets' colours and which has a ring; `nose`: 1 flies nose first."""

    bodies: Mapping[int, tuple[float, ...]]
    trails: Mapping[int, Sequence[tuple[float, float]]]
    colours: tuple[int, ...]
    ringed: int
    star_colour: str
    nose: float
    thrust: float


def paint(canvas: Canvas, look: Look) -> None:
    """On top of the sky that is there."""
    bodies, colours = look.bodies, [PLANET_COLOURS[k] for k in look.colours]
    for i in bodies:
        if i:
            tint = (255, 255, 255) if i == 6 else lighter(COLOURS[colours[i - 1]], 0.25)
            _trail(canvas, look.trails[i], bodies[i][:2], tint, 0.045 if i == 6 else 0.065)
    glow = STARS[look.star_colour]
    x, y = bodies[0][:2]
    canvas.circle(x, y, STAR_RADIUS * 1.5, glow, alpha=0.30, soft=1.5 * STAR_RADIUS)
    canvas.circle(x, y, STAR_RADIUS * 1.05, lighter(glow, 0.2), alpha=0.55, soft=0.5 * STAR_RADIUS)
    canvas.circle(x, y, STAR_RADIUS, mix(glow, (255, 160, 40), 0.12), instance=1)
    canvas.circle(x, y, STAR_RADIUS * 0.62, lighter(glow, 0.55), alpha=0.9, soft=0.45 * STAR_RADIUS)
    for i in bodies:
        if 0 < i < 6:
            _planet(canvas, bodies[i], (x, y), RADII[i - 1], COLOURS[colours[i - 1]], i - 1 == look.ringed, i + 1)
    if 6 in bodies:
        _rocket(canvas, bodies[6], look.nose, look.thrust)


def _trail(
    canvas: Canvas, points: Sequence[tuple[float, float]], head: tuple[float, ...], colour: Colour, width: float
) -> None:
    path = np.array([*points, head])
    pieces = np.array_split(np.arange(len(path)), 6)
    for k, piece in enumerate(pieces):
        piece = np.append(piece, min(piece[-1] + 1, len(path) - 1))
        canvas.line(path[piece], width * (0.5 + 0.1 * k), colour, alpha=0.05 + 0.09 * k)


def _planet(canvas: Canvas, body: Any, star: Any, radius: float, colour: Colour, ringed: bool, instance: int) -> None:
    """A ball that the star lights: its far side lies in the dark."""
    x, y = body[:2]
    away = math.atan2(y - star[1], x - star[0])
    co, si = math.cos(away), math.sin(away)
    canvas.circle(x, y, radius, darker(colour, 0.62), instance=instance)
    for k in range(4):
        share = 1 - 0.17 * k
        shift = radius * (1 - share) * 0.96
        canvas.circle(
            x - co * shift, y - si * shift, radius * share, mix(colour, (255, 255, 255), 0.11 * k), alpha=0.62
        )
    if ringed:
        angles = np.linspace(math.pi, 2 * math.pi, 13)  # the near half, in front of the planet
        ring = np.stack([x + 1.75 * radius * np.cos(angles), y + 0.52 * radius * np.sin(angles)], 1)
        canvas.line(ring, 0.26 * radius, lighter(colour, 0.55), alpha=0.9, instance=instance)


def _rocket(canvas: Canvas, body: Any, nose: float, thrust: float) -> None:
    x, y, u, w = body
    speed = math.hypot(u, w) + 1e-12
    dx, dy = nose * u / speed, nose * w / speed

    def at(along: float, across: float) -> tuple[float, float]:
        return x + 1.2 * (along * dx - across * dy), y + 1.2 * (along * dy + across * dx)

    if thrust != 0.0:
        flame = 0.34 + 0.12 * min(abs(thrust) / 15.0, 1.0)
        canvas.capsule(*at(-0.22, 0), *at(-0.22 - flame, 0), 0.125, (255, 140, 40), end=0.02, soft=0.05)
        canvas.capsule(*at(-0.20, 0), *at(-0.20 - 0.55 * flame, 0), 0.075, (255, 236, 150), end=0.02, soft=0.03)
    for side in (-1, 1):
        fin = np.array([at(-0.05, side * 0.08), at(-0.25, side * 0.22), at(-0.22, side * 0.06)])
        canvas.polygon(fin, (222, 62, 60), grow=0.015, instance=6)
    canvas.capsule(*at(-0.14, 0), *at(0.10, 0), 0.105, (242, 244, 248), instance=6)
    canvas.capsule(*at(0.12, 0), *at(0.29, 0), 0.095, (222, 62, 60), end=0.02, instance=6)
    canvas.circle(*at(0.04, 0), 0.05, (70, 150, 220))
