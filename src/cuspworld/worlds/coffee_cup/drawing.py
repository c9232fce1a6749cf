"""The picture of CoffeeCup: a white cup on a saucer seen from above at an angle, coffee with its caustic, two ships."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.worlds.coffee_cup import kernels
from cuspworld.worlds.drawing.canvas import Canvas, Colour, darker, lighter

TILT = 0.66  # how much shorter y looks
CHINA, WOOD, HULL = (246, 245, 242), (176, 126, 84), (128, 78, 44)


@dataclass(frozen=True)
class Ship:
    """A ship's middle (m), heading and roll (rad), length (m), and the colour of its sails."""

    position: tuple[float, float]
    angle: float
    roll: float
    size: float
    colour: Colour


@dataclass(frozen=True)
class Look:
    """What the picture shows: the cup of that inner `radius` (m); the `surface` (m) of the coffee, None where there is
    none, on cells of `cell` from the corner `x0` (m), `wet` inside the cup; where the `light` comes from (rad)."""

    radius: float
    surface: Float[np.ndarray, "cells cells"] | None
    wet: Bool[np.ndarray, "cells cells"]
    x0: float
    cell: float
    light: float
    ships: tuple[Ship, Ship]


def paint(canvas: Canvas, look: Look) -> None:
    radius = look.radius
    canvas.background((190, 140, 96), (160, 112, 72))
    for k in range(-3, 4):
        canvas.line([(-0.2, 0.021 * k + 0.004), (0.2, 0.021 * k)], 0.0006, darker(WOOD, 0.18), alpha=0.5)
    canvas.ellipse(0.004, -0.012, 0.062, 0.046, (40, 28, 20), alpha=0.35, soft=0.012)
    canvas.ellipse(0.0, -0.008, 0.0600, 0.0440, (224, 222, 218), shade=0.06)
    canvas.ellipse(0.0, -0.008, 0.0530, 0.0380, (236, 234, 230))
    handle = [(0.044, 0.012), (0.058, 0.010), (0.060, -0.002), (0.046, -0.012)]
    canvas.line(handle, 0.0075, darker(CHINA, 0.12), instance=4)
    canvas.line(handle, 0.0050, CHINA, instance=4)
    canvas.ellipse(0.0, -0.008, 0.042, 0.0320, (210, 208, 206), instance=4)
    canvas.polygon([(-radius - 0.003, 0.0), (radius + 0.003, 0.0), (radius * 0.93, -0.012), (-radius * 0.93, -0.012)],
                   (228, 226, 224), instance=4, shade=0.05)  # fmt: skip
    canvas.ellipse(0.0, 0.0, radius + 0.0030, (radius + 0.0030) * TILT, CHINA, instance=4, shade=0.03)
    if look.surface is None:
        canvas.ellipse(0.0, 0.0, radius, radius * TILT, (206, 204, 202), instance=4)
        canvas.ellipse(0.0, -0.004, radius * 0.80, radius * 0.74 * TILT, (232, 230, 228), shade=0.04)
    else:
        _coffee(canvas, look, look.surface)
    for n in sorted((0, 1), key=lambda n: -look.ships[n].position[1]):  # the farther ship first
        _ship(canvas, look.ships[n], n + 2)


def _coffee(canvas: Canvas, look: Look, surface: Float[np.ndarray, "cells cells"]) -> None:
    light = (math.cos(look.light), math.sin(look.light))
    kernels.draw_coffee(
        canvas.image, canvas.mask, surface, look.wet, canvas.x0, canvas.y0, canvas.scale, TILT, look.radius, look.x0,
        look.cell, light, (92.0, 54.0, 30.0), (196.0, 146.0, 96.0), 1,
    )  # fmt: skip
    curve = kernels.nephroid(look.radius * 0.97)  # light that comes from there runs the other way
    turn = np.array([[-light[0], -light[1]], [light[1], -light[0]]])
    curve = (curve @ turn) * [1.0, TILT]
    canvas.line(curve, 0.0045, (236, 196, 140), alpha=0.16, soft=0.005)
    canvas.line(curve, 0.0012, (255, 230, 184), alpha=0.38)


def _ship(canvas: Canvas, ship: Ship, instance: int) -> None:
    (x, y), angle, roll, size = ship.position, ship.angle, ship.roll, ship.size
    half, beam = size / 2, 0.4 * size / 2
    co, si = math.cos(angle), math.sin(angle)
    sway, upright = math.sin(roll), math.cos(roll)

    def place(ahead: float, abeam: float, up: float) -> tuple[float, float]:
        """A point of the ship in its own frame (metres), rolled about its keel, in the picture."""
        side = abeam * upright - up * sway
        height = abeam * sway + up * upright
        return x + co * ahead - si * side, (y + si * ahead + co * side) * TILT + 0.75 * height

    canvas.ellipse(
        x + 0.001, y * TILT - 0.001, half * 1.05, beam * 1.1 + half * 0.25, (20, 12, 8), alpha=0.35, soft=0.004
    )
    outline = ((-0.95, -0.6), (-0.3, -1.0), (0.4, -0.9), (1.0, 0.0), (0.4, 0.9), (-0.3, 1.0), (-0.95, 0.6))
    if upright < 0:
        keel = [place(half * a, beam * b, -0.002) for a, b in outline]
        canvas.polygon(keel, HULL, grow=0.0004, instance=instance, shade=0.2)
        canvas.line([place(-0.8 * half, 0, -0.003), place(0.85 * half, 0, -0.003)], 0.0016, darker(HULL, 0.35),
                    instance=instance)  # fmt: skip
        return
    for level, tone in ((0.0, darker(HULL, 0.25)), (0.0022, HULL), (0.0040, lighter(HULL, 0.08))):
        canvas.polygon([place(half * a, beam * b, level) for a, b in outline], tone, instance=instance)
    deck = [place(0.84 * half * a, 0.74 * beam * b, 0.0042) for a, b in outline]
    canvas.polygon(deck, (206, 160, 104), instance=instance)
    for mast, height, width in ((-0.38, 0.66, 0.62), (0.30, 0.80, 0.72)):
        _sail(canvas, place, half, beam, mast * half, height * size, width, ship.colour, instance)


def _sail(
    canvas: Canvas,
    place: Callable[..., Any],
    half: float,
    beam: float,
    at: float,
    height: float,
    width: float,
    colour: Colour,
    instance: int,
) -> None:
    """A mast with a square sail across the ship, bellied forwards, and a pennant."""
    canvas.line([place(at, 0.0, 0.004), place(at, 0.0, height)], 0.0009, (84, 56, 36), instance=instance)
    low, high, belly = 0.30 * height, 0.90 * height, 0.22 * half
    across = width * 2.0 * beam
    corners = [
        place(at + 0.3 * belly, -across, low), place(at + belly, -0.9 * across, 0.5 * (low + high)),
        place(at + 0.2 * belly, -0.75 * across, high), place(at + 0.2 * belly, 0.75 * across, high),
        place(at + belly, 0.9 * across, 0.5 * (low + high)), place(at + 0.3 * belly, across, low),
    ]  # fmt: skip
    canvas.polygon(corners, darker(colour, 0.25), grow=0.0004, instance=instance)
    canvas.polygon(corners, colour, instance=instance, shade=0.12)
    canvas.line([place(at, 0.0, height), place(at - 0.35 * half, 0.0, height * 0.99)], 0.0010, (236, 230, 214),
                instance=instance)  # fmt: skip
