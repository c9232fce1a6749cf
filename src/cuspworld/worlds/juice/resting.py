"""Where liquid lies when nothing else is known: at rest, in the lowest places of a leaning glass, or on the table."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

ROW = math.sqrt(3) / 2  # of a hexagonal lattice


def in_glass(
    count: int, angle: float, spacing: float, low: float, high: float, half_low: float, half_high: float
) -> Float[np.ndarray, "particles 2"]:
    """The lowest `count` places of a lattice in a glass that leans by `angle` (rad), in the glass's own frame: all of
    them where it holds fewer. It is a trapezoid from `low` to `high` along its axis, half as wide as `half_low` and
    `half_high` (m)."""
    places = []
    for k, y in enumerate(np.arange(low, high, spacing * ROW)):
        half = half_low + (half_high - half_low) * (y - low) / (high - low)
        x = np.arange(-half + 0.5 * spacing * (k % 2), half, spacing)
        places.append(np.stack([x, np.full_like(x, y)], 1))
    lattice = np.concatenate(places)
    height = math.sin(angle) * lattice[:, 0] + math.cos(angle) * lattice[:, 1]
    return lattice[np.sort(np.argsort(height, kind="stable")[:count])]


def on_table(count: int, middle: float, spacing: float, taken: tuple[float, float]) -> Float[np.ndarray, "particles 2"]:
    """`count` places in a film of two layers about x = `middle`, none between `taken`, where the glass stands."""
    x = middle + spacing * np.arange(-count - 200, count + 201)
    x = x[(x < taken[0]) | (x > taken[1])]
    x = x[np.argsort(np.abs(x - middle), kind="stable")[: -(-count // 2)]]
    layers = [np.stack([x + 0.5 * spacing * k, np.full_like(x, spacing * (0.5 + ROW * k))], 1) for k in range(2)]
    return np.concatenate(layers)[:count]
