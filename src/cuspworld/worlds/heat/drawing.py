"""The picture of Heat: a plate in the colours of its temperature, and the heaters at its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.drawing.canvas import Canvas, darker, lighter

SHOWN = 110.0  # K about ambient that the colours span
ANCHORS = ((0.0, (22, 26, 96)), (0.2, (34, 94, 190)), (0.4, (112, 190, 222)), (0.5, (244, 240, 226)),
           (0.6, (252, 202, 110)), (0.8, (228, 84, 46)), (0.95, (128, 12, 40)), (1.0, (92, 4, 40)))  # fmt: skip


def _palette() -> np.ndarray:
    """Deep blue to deep red, with faint isotherms."""
    share = np.linspace(0, 1, 441)
    stops = [stop for stop, _ in ANCHORS]
    colours = np.stack([np.interp(share, stops, [colour[c] for _, colour in ANCHORS]) for c in range(3)], 1)
    line = np.abs((share * 22 + 0.5) % 1 - 0.5) < 0.05
    return np.where(line[:, None], colours * 0.90, colours)


PALETTE = _palette()


def _colour(kelvin: float) -> tuple[int, int, int]:
    """The colour of a temperature above ambient."""
    share = min(max(0.5 + kelvin / (2 * SHOWN), 0.0), 1.0)
    return tuple(int(np.interp(share, [s for s, _ in ANCHORS], [colour[c] for _, colour in ANCHORS])) for c in range(3))  # type: ignore[return-value]


@dataclass(frozen=True)
class Look:
    """What the picture shows: the plate's `side` (m); its temperature above ambient (K), edge and all, rows from below;
    heaters as (number from 0, place along the edge in sides, K above ambient)."""

    side: float
    temperature: Float[np.ndarray, "points points"]
    heaters: tuple[tuple[int, float, float], ...]


def paint(canvas: Canvas, look: Look) -> None:
    side = look.side
    canvas.background((236, 238, 242), (216, 220, 228))
    middle = side / 2
    canvas.box(middle + 0.002, middle - 0.003, side + 0.014, side + 0.014, (40, 44, 60), corner=0.005, alpha=0.35,
               soft=0.006)  # fmt: skip
    canvas.box(middle, middle, side + 0.010, side + 0.010, (148, 154, 166), corner=0.004, shade=0.15)
    for number, place, kelvin in look.heaters:
        _heater(canvas, side, number, place, kelvin)
    shown = 0.5 + look.temperature[::-1] / (2 * SHOWN)
    canvas.heat_map(shown, 0.0, 0.0, side, side, PALETTE, instance=1)


def _heater(canvas: Canvas, length: float, j: int, place: float, kelvin: float) -> None:
    """A block at the edge in the colour of its temperature."""
    x, y = _on_edge(place, length)
    colour = _colour(kelvin)
    side = int(place)
    if j < 4:
        out = ((0, -1), (1, 0), (0, 1), (-1, 0))[side]
        width, height = (0.054, 0.014) if out[0] == 0 else (0.014, 0.054)
        x, y = x + 0.0068 * out[0], y + 0.0068 * out[1]
    else:
        width = height = 0.022
    canvas.box(x, y, width + 0.003, height + 0.003, (70, 74, 84), corner=0.003, instance=j + 2)
    canvas.box(x, y, width, height, colour, corner=0.002, instance=j + 2)
    inset = 0.55
    light = lighter(colour, 0.22) if kelvin > 0 else darker(colour, 0.12)
    canvas.box(x, y, width * inset if width > height else width * 0.3,
               height * 0.3 if width > height else height * inset, light, corner=0.002)  # fmt: skip


def _on_edge(place: float, length: float) -> tuple[float, float]:
    """Metres of the point that far (in sides) along the edge, counter-clockwise from the lower left corner."""
    side, share = int(place) % 4, (place % 1) * length
    return ((share, 0.0), (length, share), (length - share, length), (0.0, length - share))[side]
