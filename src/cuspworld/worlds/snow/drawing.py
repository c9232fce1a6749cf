"""The picture of Snow: winter sky, hills and firs, snow as one smooth body, and cartoon animals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.worlds.drawing.canvas import Canvas, Colour, darker, lighter

SNOW: Colour = (226, 236, 248)
ROCK: Colour = (112, 122, 142)
# animal -> coat, belly and face
COATS: dict[str, tuple[Colour, Colour]] = {
    "fox": ((228, 110, 36), (250, 236, 220)),
    "bear": ((122, 78, 48), (196, 152, 110)),
    "penguin": ((40, 46, 64), (250, 250, 250)),
    "rabbit": ((160, 122, 98), (240, 226, 212)),
    "cat": ((88, 90, 102), (214, 214, 220)),
}


@dataclass(frozen=True)
class Look:
    """What the picture shows, in metres: the particles, which of them are the lump or the bank, and the slope (rad).

    `animal`: its kind, at `position`, `facing` 1 (right) or -1, `in_air` with a vertical speed `rising` (m/s). `perch`:
    where the lump hung, None without a branch; `since_release`: seconds since it was let go, below zero while it hangs.
    """

    snow: Float[np.ndarray, "particles 2"]
    lump: Bool[np.ndarray, " particles"]
    slope: float
    animal: str
    position: tuple[float, float]
    facing: float
    in_air: bool
    rising: float
    perch: tuple[float, float] | None
    since_release: float


def paint(canvas: Canvas, look: Look) -> None:
    canvas.background((104, 168, 226), (208, 230, 246))
    _landscape(canvas, look.slope)
    if look.perch is not None:
        _branch(canvas, *look.perch, look)
    x, y = look.snow[:, 0], look.snow[:, 1]
    animal_x, animal_y = look.position
    _snow(canvas, look.snow, ~look.lump, 2)
    _animal(canvas, look, animal_x, animal_y)
    _snow(canvas, look.snow, look.lump, 3)
    buried = ~look.lump & (abs(x - animal_x) < 0.5) & (y < animal_y - 0.02)  # snow in front of its feet
    _snow(canvas, look.snow, buried, 2)


def _landscape(canvas: Canvas, slope: float) -> None:
    canvas.circle(2.72, 2.78, 0.17, (255, 236, 150), soft=0.05)
    for x, y, rx, ry, colour in (
        (0.3, 0.3, 1.6, 1.15, (176, 204, 232)),
        (2.7, 0.2, 1.9, 1.0, (190, 214, 238)),
    ):
        canvas.ellipse(x, y, rx, ry, colour, shade=0.15)
    for x, y, height in ((0.22, 1.1, 0.62), (1.25, 0.95, 0.5), (2.45, 1.0, 0.56), (2.98, 1.05, 0.75)):
        _fir(canvas, x, y, height)
    ground = [(-9.0, -9.0), (9.0, -9.0), (9.0, 0.45), (2.0, 0.45), (-9.0, 0.45 + 11.0 * math.tan(slope))]
    canvas.polygon(ground, ROCK, shade=0.0)


def _fir(canvas: Canvas, x: float, y: float, height: float) -> None:
    canvas.box(x, y, 0.05, 0.3, (104, 74, 56))
    for k in range(3):
        low, half = y + 0.1 + height * 0.26 * k, height * (0.36 - 0.08 * k)
        triangle = [(x - half, low), (x + half, low), (x, low + height * 0.46)]
        canvas.polygon(triangle, (52, 106, 92), shade=0.12)
        cap = [(x - half * 0.42, low + height * 0.26), (x + half * 0.42, low + height * 0.26), (x, low + height * 0.46)]
        canvas.polygon(cap, (232, 240, 248))


def _branch(canvas: Canvas, x: float, y: float, look: Look) -> None:
    """The branch that bears the lump; it springs up when the lump has gone."""
    end = -0.4 if look.slope else 3.6
    tip = x + (0.16 if look.slope else -0.16)
    since = look.since_release  # a damped spring of 3 Hz
    lift = -0.20 if since < 0 else 0.06 - 0.26 * math.exp(-since / 0.15) * math.cos(6 * math.pi * since)
    middle = 0.5 * (tip + end)
    points = [(end, y - 0.02), (middle, y - 0.1 + 0.3 * lift), (tip, y - 0.04 + lift)]
    canvas.line(points, 0.05, (110, 76, 52), instance=4)
    for k in range(7):
        share = k / 6
        px, py = tip + (middle - tip) * share, points[2][1] + (points[1][1] - points[2][1]) * share
        needle = px + 0.05 * (1 if end > x else -1)
        canvas.capsule(px, py, needle, py - 0.11, 0.022, (46, 104, 82), end=0.01, instance=4)


def _snow(
    canvas: Canvas, snow: Float[np.ndarray, "particles 2"], shown: Bool[np.ndarray, " particles"], instance: int
) -> None:
    spacing = canvas.scale * 0.02  # pixels between particles
    radius = max(2.2 * spacing, 1.2)
    full = math.pi * radius**2 / (3 * spacing**2)  # the field of dense snow
    names = np.flatnonzero(shown)
    canvas.liquid(snow[shown], 2.2 * 0.02, SNOW, threshold=0.26 * full, instance=instance, highlight=0.85, names=names)


def _animal(canvas: Canvas, look: Look, x: float, y: float) -> None:
    kind, d = look.animal, look.facing
    coat, belly = COATS[kind]
    flying = 0.09 if look.in_air else 0.0
    pitch = d * max(-0.35, min(0.35, 0.10 * look.rising)) if look.in_air else 0.0
    if kind == "penguin":
        _penguin(canvas, x, y, d, coat, belly, flying)
        return

    def at(u: float, w: float) -> tuple[float, float]:
        u *= d
        return x + math.cos(pitch) * u - math.sin(pitch) * w, y + math.sin(pitch) * u + math.cos(pitch) * w

    dark = darker(coat, 0.18)
    for u, side, colour in ((-0.17, -1, dark), (0.19, 1, dark), (-0.22, -1, coat), (0.14, 1, coat)):  # legs
        a, b = at(u, -0.04), at(u + side * flying, -0.13)
        canvas.capsule(*a, *b, 0.045, colour, end=0.04, instance=1)
    if kind == "fox":
        canvas.capsule(*at(-0.24, 0.02), *at(-0.46, 0.12), 0.05, coat, end=0.075, instance=1)
        canvas.circle(*at(-0.48, 0.13), 0.06, belly, instance=1)
    elif kind == "cat":
        canvas.line([at(-0.24, 0.04), at(-0.38, 0.1), at(-0.40, 0.28)], 0.05, coat, instance=1)
    else:
        canvas.circle(*at(-0.30, 0.05), 0.06, belly if kind == "rabbit" else coat, instance=1)
    canvas.ellipse(*at(0.0, 0.02), 0.30, 0.15, coat, angle=pitch, instance=1, shade=0.12)
    canvas.ellipse(*at(0.02, -0.05), 0.20, 0.07, belly, angle=pitch, instance=1)
    for u in (0.20, 0.33):  # ears
        if kind == "rabbit":
            canvas.capsule(*at(u - 0.01, 0.28), *at(u - 0.10, 0.50), 0.04, coat, instance=1)
        elif kind == "bear":
            canvas.circle(*at(u, 0.33), 0.055, coat, instance=1)
        else:
            canvas.polygon([at(u - 0.06, 0.27), at(u + 0.06, 0.27), at(u, 0.42)], coat, grow=0.01, instance=1)
    canvas.circle(*at(0.27, 0.19), 0.15, coat, instance=1, shade=0.12)
    canvas.ellipse(*at(0.36, 0.13), 0.10, 0.07, belly, angle=pitch, instance=1)
    canvas.circle(*at(0.44, 0.15), 0.032, (40, 34, 38), instance=1)
    canvas.circle(*at(0.31, 0.23), 0.030, (34, 30, 36), instance=1)


def _penguin(canvas: Canvas, x: float, y: float, d: float, coat: Colour, belly: Colour, flying: float) -> None:
    for u in (-0.07, 0.09):
        canvas.ellipse(x + d * u, y - 0.14 - flying * 0.3, 0.08, 0.035, (244, 158, 48), instance=1)
    canvas.ellipse(x, y + 0.08, 0.19, 0.24, coat, instance=1, shade=0.1)
    canvas.ellipse(x + d * 0.05, y + 0.05, 0.12, 0.18, belly, instance=1)
    canvas.circle(x + d * 0.03, y + 0.34, 0.14, coat, instance=1, shade=0.1)
    canvas.circle(x + d * 0.08, y + 0.33, 0.08, belly, instance=1)
    beak = [(x + d * 0.14, y + 0.35), (x + d * 0.14, y + 0.28), (x + d * 0.27, y + 0.30)]
    canvas.polygon(beak, (244, 158, 48), instance=1)
    canvas.circle(x + d * 0.08, y + 0.37, 0.028, (30, 28, 34), instance=1)
    wing = (x - d * 0.26, y + 0.16 + flying) if flying else (x - d * 0.12, y - 0.04)
    canvas.capsule(x - d * 0.06, y + 0.18, *wing, 0.05, lighter(coat, 0.12), end=0.03, instance=1)
