"""Distributions of points whose branches, support and tears are known, for `singular_set.py` and `extended_map.py`.

Development seeds are 0 to 9 and test seeds 100 to 109; the method's constants were chosen on the former.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from scipy.spatial import cKDTree
from scipy.stats import chi2

DEVELOPMENT_SEEDS = tuple(range(10))
TEST_SEEDS = tuple(range(100, 110))
RARE = 1e-4  # a point is outside where the data itself lies with at most this probability


@dataclass(frozen=True)
class Shape:
    """`draw(count, generator)`: points (N, d) and component (N,). `outside(points)`: (B,) in no component's support."""

    name: str
    branches: int
    draw: Callable[[int, np.random.Generator], tuple[ndarray, ndarray]]
    outside: Callable[[ndarray], ndarray]

    def sample(self, count: int, seed: int, part: int = 0) -> tuple[ndarray, ndarray]:
        """Points and components; other parts of one seed are independent."""
        return self.draw(count, np.random.default_rng([seed, part]))

    def depth(self, first: ndarray, second: ndarray, steps: int = 15) -> ndarray:
        """(F,) how far the segment first -> second strays from the support, in the plane; 0 in more dimensions."""
        if first.shape[1] != 2:
            return np.zeros(len(first))
        low, high = np.minimum(first, second).min(0), np.maximum(first, second).max(0)
        axes = [np.linspace(a, b, 600) for a, b in zip(low, high, strict=True)]
        grid = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
        support = cKDTree(grid[~self.outside(grid)])
        deepest = np.zeros(len(first))
        for t in np.arange(1, steps + 1) / (steps + 1):
            at = (1 - t) * first + t * second
            out = self.outside(at)
            deepest[out] = np.maximum(deepest[out], support.query(at[out])[0])
        return deepest


def _clusters(number: int, dimension: int, apart: float, spread: float) -> Shape:
    centres = np.random.default_rng(7).normal(size=(number, dimension)) * apart
    farthest = spread**2 * chi2.isf(RARE, dimension)

    def draw(count: int, generator: np.random.Generator) -> tuple[ndarray, ndarray]:
        label = generator.integers(number, size=count)
        return centres[label] + spread * generator.normal(size=(count, dimension)), label

    def outside(points: ndarray) -> ndarray:
        squares = np.stack([((points - centre) ** 2).sum(1) for centre in centres])
        return squares.min(0) > farthest

    name = f"{number} clusters, {dimension}-D" if number > 1 else f"one cluster, {dimension}-D"
    return Shape(name, number, draw, outside)


def _moons(noise: float = 0.05) -> Shape:
    arcs = ((0.0, 0.0, 1.0), (1.0, 0.5, -1.0))  # centre, and up or down

    def draw(count: int, generator: np.random.Generator) -> tuple[ndarray, ndarray]:
        turn = np.pi * generator.random(count)
        label = generator.integers(2, size=count)
        sign = np.where(label == 0, 1.0, -1.0)
        points = np.column_stack([sign * np.cos(turn), sign * np.sin(turn)]) + np.where(label[:, None], [1.0, 0.5], 0.0)
        return points + noise * generator.normal(size=(count, 2)), label

    def outside(points: ndarray) -> ndarray:
        distance = []
        for x, y, sign in arcs:
            local = sign * (points - [x, y])
            on_arc = np.abs(np.linalg.norm(local, axis=1) - 1)
            to_ends = np.minimum(np.hypot(local[:, 0] - 1, local[:, 1]), np.hypot(local[:, 0] + 1, local[:, 1]))
            distance.append(np.where(local[:, 1] >= 0, on_arc, to_ends))
        return np.minimum(*distance) > noise * np.sqrt(chi2.isf(RARE, 2))

    return Shape("two moons", 2, draw, outside)


def _arc(name: str, opening: float, inner: float = 0.7) -> Shape:
    """Uniform on the annulus inner < r < 1 without the angles |phi| < opening around the x axis."""

    def draw(count: int, generator: np.random.Generator) -> tuple[ndarray, ndarray]:
        turn = opening + (2 * np.pi - 2 * opening) * generator.random(count)
        radius = np.sqrt(inner**2 + (1 - inner**2) * generator.random(count))
        return radius[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]), np.zeros(count, np.int64)

    def outside(points: ndarray) -> ndarray:
        radius = np.linalg.norm(points, axis=1)
        turn = np.abs(np.arctan2(points[:, 1], points[:, 0]))
        return (radius < inner) | (radius > 1) | (turn < opening)

    return Shape(name, 1, draw, outside)


SHAPES = (
    _clusters(7, 16, 3.0, 0.5),
    _moons(),
    _arc("ring", 0.0),
    _arc("horseshoe", np.pi / 6),
    _clusters(1, 16, 0.0, 1.0),
    _clusters(1, 2, 0.0, 1.0),
)


def spacing(points: ndarray) -> float:
    """Median distance of a point to its nearest neighbour."""
    return float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))
