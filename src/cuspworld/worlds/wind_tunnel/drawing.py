"""The picture of WindTunnel: the tunnel on its bench, the fan, lines of smoke, and the obstacle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.drawing.canvas import Canvas, darker, lighter
from cuspworld.worlds.wind_tunnel import kernels


@dataclass(frozen=True)
class Look:
    """What the picture shows: the tunnel's `size` (length, height), its cells, the place of the nozzles, how far the
    fan has turned (m); puffs of smoke at places in cells, `puff` cells apart in a line; the obstacle, its place and
    diameter (m), and whether the wind ignores it."""

    size: tuple[float, float]
    cell: float
    nozzle: float
    fan_turned: float
    smoke: Float[np.ndarray, "puffs 4"]
    puff: float
    obstacle: str
    place: tuple[float, float]
    diameter: float
    ignored: bool


def paint(canvas: Canvas, look: Look) -> None:
    length, height = look.size
    canvas.background((226, 231, 236), (206, 213, 220))
    canvas.band(-1.0, -0.016, (168, 150, 132), (140, 122, 106))
    middle = height / 2
    canvas.shadow(0.053, -0.017, 0.074, 0.005)
    canvas.box(0.0495, middle, length + 0.047, height + 0.028, (122, 134, 148), corner=0.007, shade=0.20)
    canvas.box(length / 2, middle, length + 0.006, height + 0.006, (70, 80, 94), corner=0.002)
    canvas.box(length / 2, middle, length, height, (27, 36, 58), shade=0.05)
    _fan(canvas, look, middle)
    if look.ignored:
        _obstacle(canvas, look)
    _smoke(canvas, look)
    canvas.box(look.nozzle - 0.0015, middle, 0.0018, height, (150, 158, 168))
    if not look.ignored:
        _obstacle(canvas, look)


def _fan(canvas: Canvas, look: Look, middle: float) -> None:
    height = look.size[1]
    canvas.box(-0.0125, middle, 0.015, height * 0.96, (48, 55, 66), corner=0.002, instance=3)
    for blade in range(3):
        angle = 2 * math.pi * (look.fan_turned / 0.09 + blade / 3)
        reach, tilt = 0.45 * height * math.sin(angle), 0.0022 + 0.0022 * abs(math.cos(angle))
        canvas.capsule(-0.0125, middle, -0.0125, middle + reach, tilt * 0.7, (206, 212, 220), end=tilt * 1.3,
                       instance=3, shade=0.15)  # fmt: skip
    canvas.circle(-0.0125, middle, 0.005, (222, 92, 62), instance=3, shade=0.2)


def _smoke(canvas: Canvas, look: Look) -> None:
    (length, height), cell = look.size, look.cell
    scale = canvas.scale
    radius = max(1.05, 0.0016 * scale)
    points = np.empty((len(look.smoke), 2))
    points[:, 0] = canvas.x0 + scale * cell * (look.smoke[:, 0] + 0.5)
    points[:, 1] = canvas.y0 - scale * cell * (look.smoke[:, 1] - 0.5)
    canvas.follow(2, cell * (look.smoke[:, :2] + (0.5, -0.5)), look.smoke[:, 3])
    window = (canvas.x0, canvas.x0 + scale * length, canvas.y0 - scale * height, canvas.y0)
    kernels.draw_smoke(
        canvas.image, canvas.mask, np.empty(canvas.mask.shape), points, radius, 1.1 * look.puff * cell * scale / radius,
        (226.0, 236.0, 246.0), window, 2,
    )  # fmt: skip


def _obstacle(canvas: Canvas, look: Look) -> None:
    (x, y), size = look.place, look.diameter
    colour = (238, 138, 52)
    if look.obstacle == "cylinder":
        canvas.circle(x, y, size / 2, darker(colour, 0.3), instance=1)
        canvas.circle(x, y, size / 2 - 0.0007, colour, instance=1, shade=0.25)
        canvas.circle(x - size * 0.14, y + size * 0.16, size * 0.12, lighter(colour, 0.5), alpha=0.8)
        return
    outline = outline_of(look.obstacle, size) + np.array([x, y])
    canvas.polygon(outline, darker(colour, 0.3), instance=1)
    canvas.polygon(outline, colour, grow=-0.0007, instance=1, shade=0.25)


def outline_of(kind: str, size: float) -> np.ndarray:
    """Corners of the obstacle about its middle, in the unit of `size`."""
    half = size / 2
    if kind == "triangle":
        return np.array([(-half * 0.866, 0.0), (half * 0.866, -half), (half * 0.866, half)])
    wide = half if kind == "square" else half / 5
    return np.array([(-wide, -half), (wide, -half), (wide, half), (-wide, half)])
