"""Scenery: what stands behind a world and lights it, and how far its camera may go; patterns, distractors, light.

The background of a world is its own gradient, tinted, with a pattern over it; things that do nothing hang or lie there.
Light is a gain of every pixel: the colour of the hour, a little brighter on the side from which it comes.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float

from cuspworld.worlds.drawing.canvas import Canvas, Colour, mix, scaled

DISTRACTOR = 201  # mask id of the first thing that does nothing
MOST = 4  # of them

# The gain of red, green and blue. Each keeps the names of the colours (tests/worlds/test_filming.py).
LIGHTS: dict[str, tuple[float, float, float]] = {
    "plain": (1.0, 1.0, 1.0),
    "morning": (1.00, 0.95, 0.88),
    "noon": (1.08, 1.07, 1.04),
    "overcast": (0.84, 0.87, 0.91),
    "evening": (1.00, 0.87, 0.74),
    "dusk": (0.66, 0.68, 0.78),
    "lamplight": (0.90, 0.78, 0.62),
}
SIDES: dict[str, tuple[float, float]] = {"left": (-1, 0), "right": (1, 0), "above": (0, -1)}  # in the picture
LEAN = 0.22  # how much brighter the side is from which the light comes

PATTERNS: dict[str, tuple[str, ...]] = {
    "wall": ("painted", "striped", "spotted", "checked", "bricks"),
    "floor": ("painted", "boards", "checked", "speckled", "marbled"),
    "sky": ("painted", "cloudy", "hazy"),
    "night": ("painted", "nebula", "dust"),
    "room": ("painted", "striped", "spotted", "bricks"),
}
TINT = {"wall": (0.60, 0.35), "floor": (0.62, 0.30), "sky": (0.86, 0.12), "night": (0.75, 0.45), "room": (0.80, 0.25)}


@dataclass(frozen=True)
class Scenery:
    """What a world says of how it can be filmed.

    `kind`: what is behind it (wall, floor, sky, night, room); `behind`: how far, in widths of the view (0: sky,
    without end). The camera of a world that is drawn in the plane stands `distance` widths before it; it may go nearer
    or further (`zoom`), aside by `shift` widths, be held askew by `roll`, and look from aside or above by `turn`
    degrees. `lights`: the hours that suit it.
    """

    kind: str = "wall"
    behind: float = 1.0
    distance: float = 3.0
    zoom: tuple[float, float] = (0.8, 1.1)
    shift: float = 0.06
    roll: float = 4.0
    turn: float = 12.0
    lights: tuple[str, ...] = ("morning", "noon", "overcast", "evening", "dusk", "lamplight")


@dataclass(frozen=True)
class Thing:
    """A distractor: its middle in views (0 to 1 from the left and from below), its size in widths, colour, form."""

    x: float
    y: float
    size: float
    colour: Colour
    form: int
    angle: float


@dataclass(frozen=True)
class Backdrop:
    """The background of one clip: its pattern's place, tint, and what hangs or lies there; drawn from the seed."""

    pattern: str
    kind: str
    tint: tuple[float, float, float]
    ground: tuple[float, float, float]  # the gain of floors, tables, meadows
    contrast: float
    frequency: float
    angle: float
    noise: int  # the seed of what is irregular
    things: tuple[Thing, ...]


def draw_backdrop(pattern: str, kind: str, count: int, rng: np.random.Generator) -> Backdrop:
    """Every number is drawn whatever the pattern and the count are, so that each can be changed by itself."""
    least, saturation = TINT[kind]
    value, hue, strength = rng.uniform(least, 1.0), rng.random(), rng.random()
    value *= 1.9 if kind == "night" else 1.0
    tint = _rgb(hue, saturation * strength, value)
    ground = np.exp(rng.uniform(-0.20, 0.20, 3)) * rng.uniform(0.78, 1.0)
    contrast, frequency, angle = rng.uniform(0.08, 0.26), rng.uniform(4.0, 11.0), rng.uniform(-0.5, 0.5)
    noise, things = int(rng.integers(2**31)), []
    for k in range(MOST):
        # one in each quarter of the width, so that they lie apart; above the things that move, where there is a wall
        x, low = (k + rng.uniform(0.25, 0.75)) / MOST, {"wall": 0.62, "room": 0.66, "sky": 0.70}.get(kind, 0.06)
        y = rng.uniform(low, 0.94)
        colour = scaled((255, 255, 255), _rgb(rng.random(), rng.uniform(0.15, 0.40), rng.uniform(0.45, 0.80)))
        things.append(Thing(x, y, rng.uniform(0.05, 0.09), colour, int(rng.integers(3)), rng.uniform(-0.4, 0.4)))
    order = rng.permutation(MOST)[:count]
    return Backdrop(
        pattern, kind, tint, tuple(ground.tolist()), contrast, frequency, angle, noise,
        tuple(things[k] for k in sorted(order.tolist())),
    )  # fmt: skip


def _rgb(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    return colorsys.hsv_to_rgb(hue, saturation, value)


def _noise(u: Any, v: Any, seed: int, scales: tuple[float, ...]) -> Any:
    """Smooth noise in [0, 1] at places u, v (in widths of the view): octaves of a periodic lattice of random values."""
    lattice = np.random.default_rng(seed).random((64, 64)).astype(np.float32)
    total, weight = np.zeros(u.shape, np.float32), 0.0
    for k, scale in enumerate(scales):
        x, y = (((c * scale + 17 * k) % 64).astype(np.float32) for c in (u, v))
        share = 0.5**k
        total += share * cv2.remap(lattice, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        weight += share
    return total / weight


def pattern(backdrop: Backdrop, u: Float[np.ndarray, "h w"], v: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """The pattern in [0, 1] at places (u, v) in widths of the view."""
    f, a = backdrop.frequency, backdrop.angle
    name = backdrop.pattern
    if name in ("cloudy", "marbled", "nebula"):
        return np.clip(2.2 * _noise(u, 1.6 * v, backdrop.noise, (3.0, 6.0, 12.0, 24.0)) - 0.65, 0.0, 1.0)
    if name in ("speckled", "dust"):
        scales = (34.0, 61.0) if name == "speckled" else (4.0, 61.0)
        return np.clip(3.0 * _noise(u, v, backdrop.noise, scales) - 1.5, 0.0, 1.0)
    if name == "hazy":
        return np.clip(1.2 - 1.4 * v, 0.0, 1.0)
    along, across = u * math.cos(a) + v * math.sin(a), v * math.cos(a) - u * math.sin(a)
    if name == "striped":
        return np.clip(0.5 + 4.0 * np.sin(2 * math.pi * f * u), 0.0, 1.0)
    if name == "checked":
        return np.clip(0.5 + 6.0 * np.sin(math.pi * f * along) * np.sin(math.pi * f * across), 0.0, 1.0)
    if name == "spotted":
        return np.clip(2.5 - 9.0 * np.hypot((f * u) % 1 - 0.5, (f * v) % 1 - 0.5), 0.0, 1.0)
    if name in ("bricks", "boards"):
        rows = (f if name == "bricks" else 0.6 * f) * (v if name == "bricks" else across)
        long = (0.45 * f * u if name == "bricks" else 0.15 * f * along) + 0.5 * (np.floor(rows) % 2)
        joint = np.minimum(np.abs(rows % 1 - 0.5), 2.2 * np.abs(long % 1 - 0.5))
        each = _noise(np.floor(long), np.floor(rows), backdrop.noise, (1.0,))
        return np.clip(0.6 * each + np.clip(1.0 - 14.0 * joint, 0.0, 1.0), 0.0, 1.0)
    return 0.4 * _noise(u, v, backdrop.noise, (2.0, 5.0))  # painted


def lay(backdrop: Backdrop, canvas: Canvas, view: tuple[float, float, float, float]) -> None:
    """Put tint and pattern over the gradient that is there."""
    height, width = canvas.mask.shape
    left, bottom, right, _ = view
    x = ((np.arange(width, dtype=np.float32) + 0.5 - canvas.x0) / canvas.scale - left) / (right - left)
    y = ((canvas.y0 - np.arange(height, dtype=np.float32) - 0.5) / canvas.scale - bottom) / (right - left)
    u, v = np.meshgrid(x, y)
    drawn = pattern(backdrop, u, v)[..., None]
    tint = np.array(backdrop.tint, np.float32)
    if backdrop.kind == "night":
        canvas.image[:] = canvas.image * tint + 70 * drawn * (tint / tint.max()) * (0.4 + 2 * backdrop.contrast)
    elif backdrop.pattern in ("cloudy", "hazy"):
        canvas.image[:] = canvas.image * tint + (250 - canvas.image * tint) * drawn * (0.3 + 2 * backdrop.contrast)
    else:
        canvas.image[:] = canvas.image * tint * (1 - backdrop.contrast * drawn)


def draw_things(backdrop: Backdrop, canvas: Canvas, view: tuple[float, float, float, float]) -> None:
    """The distractors: pictures and clocks on a wall, kites and balloons in the sky, papers and coins on a floor."""
    left, bottom, right, top = view
    wide = right - left
    for k, thing in enumerate(backdrop.things):
        x, y, s = left + thing.x * wide, bottom + thing.y * (top - bottom), thing.size * wide
        dim = 0.45 if backdrop.kind == "room" else 1.0
        tone, pale = scaled(thing.colour, (dim,) * 3), scaled(mix(thing.colour, (250, 250, 250), 0.4), (dim,) * 3)
        place: dict[str, Any] = {"instance": DISTRACTOR + k}
        if backdrop.kind == "night":  # a distant galaxy
            canvas.ellipse(x, y, s, 0.4 * s, tone, angle=3 * thing.angle, alpha=0.6, soft=0.5 * s, **place)
            canvas.circle(x, y, 0.16 * s, (235, 230, 245), alpha=0.8, soft=0.1 * s, **place)
        elif backdrop.kind == "sky":
            if thing.form:  # a balloon, a kite
                canvas.line([(x, y), (x + 0.2 * s, y - 1.6 * s)], 0.06 * s, (120, 120, 128), **place)
            if thing.form == 1:
                canvas.ellipse(x, y, 0.5 * s, 0.62 * s, tone, shade=0.2, **place)
            elif thing.form == 2:
                corners = [(x, y + 0.7 * s), (x + 0.45 * s, y), (x, y - 0.9 * s), (x - 0.45 * s, y)]
                canvas.polygon(corners, tone, **place)
            else:
                for dx, r in ((-0.5, 0.34), (0.0, 0.46), (0.5, 0.32)):
                    canvas.ellipse(x + dx * s, y, 1.2 * r * s, 0.7 * r * s, (246, 246, 250), **place)
        elif thing.form == 1:  # a clock, a coin
            canvas.circle(x, y, 0.5 * s, tone, **place)
            canvas.circle(x, y, 0.4 * s, pale, **place)
            if backdrop.kind != "floor":
                canvas.line([(x, y + 0.3 * s), (x, y), (x + 0.2 * s, y - 0.1 * s)], 0.06 * s, (50, 50, 56), **place)
        else:  # a picture, a paper
            turned = 2 * thing.angle if backdrop.kind == "floor" else 0.0
            high = (0.7, 0.0, 1.3)[thing.form] * s
            canvas.box(x, y, s, high, tone, angle=turned, **place)
            canvas.box(x, y, 0.76 * s, high - 0.24 * s, pale, angle=turned, **place)


def gain(light: str, side: str, height: int, width: int) -> Float[np.ndarray, "height width 3"]:
    """The gain of every pixel under a light that comes from that side."""
    dx, dy = SIDES[side]
    x, y = (np.arange(width) + 0.5) / width - 0.5, (np.arange(height) + 0.5) / height - 0.5
    lean = 1.0 + (LEAN if light != "plain" else 0.0) * (dx * x[None, :] + dy * y[:, None])
    return (lean[..., None] * np.array(LIGHTS[light])).astype(np.float32)


def things_of(backdrop: Backdrop | None) -> Mapping[int, str]:
    """The mask ids and names of the distractors."""
    return {DISTRACTOR + k: f"distractor {k + 1}" for k in range(len(backdrop.things) if backdrop else 0)}
