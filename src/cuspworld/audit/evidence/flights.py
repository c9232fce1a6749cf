"""A path as flights: stretches of one constant acceleration, with the breaks between them.

The optimal split of n points into parabolas under a price a piece (dynamic programming; Auger and Lawrence 1989, the
exact form of what PELT prunes). The squared error of every stretch comes from discrete orthogonal polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

LEAST = 4  # points of a flight
LONGEST = 120  # points of a flight: a longer one is cut, which costs nothing but a break without a jump


@dataclass(frozen=True)
class Flight:
    """Points first .. last (inclusive) of a path: position, velocity at both ends, acceleration (pixels, frames)."""

    first: int
    last: int
    start: tuple[float, float]  # fitted place at the first point
    end: tuple[float, float]
    velocity_start: tuple[float, float]
    velocity_end: tuple[float, float]
    acceleration: tuple[float, float]
    error: float  # of the acceleration
    velocity_error: float  # of the velocities at the ends

    def __len__(self) -> int:
        return self.last - self.first + 1


def noise_of(points: Float[np.ndarray, "points 2"], floor: float = 0.04) -> float:
    """Standard deviation of a place, from third differences, which any parabola lacks (robust: MAD)."""
    if len(points) < 5:
        return max(floor, 0.2)
    third = np.diff(points, 3, axis=0) / np.sqrt(20)
    return max(floor, float(1.4826 * np.median(np.abs(third))))


def flights(points: Float[np.ndarray, "points 2"], noise: float, price: float = 25.0) -> list[Flight]:
    """Split evenly spaced points. `price`: what a further flight must save, in squares of the noise."""
    count = len(points)
    if count < LEAST:
        return []
    longest = min(count, LONGEST)
    error = np.full((count + 1, longest + 1), np.inf)  # of the stretch of this length that ends before this point
    for length in range(LEAST, longest + 1):
        error[length:, length] = _squares(points, length) / noise**2
    total, cut = np.full(count + 1, np.inf), np.zeros(count + 1, int)
    total[0] = 0.0
    for end in range(LEAST, count + 1):
        lengths = np.arange(LEAST, min(end, longest) + 1)
        costs = total[end - lengths] + error[end, lengths] + price
        best = int(costs.argmin())
        total[end], cut[end] = costs[best], end - lengths[best]
    pieces: list[tuple[int, int]] = []
    end = count
    while end > 0:
        pieces.append((int(cut[end]), end - 1))
        end = int(cut[end])
    return [_fit(points, a, b, noise) for a, b in reversed(pieces)]


def even_stretches(times: Int[np.ndarray, " points"], good: np.ndarray) -> list[tuple[int, int]]:
    """Half-open index ranges of points that follow each other frame by frame and are all good."""
    ranges, start = [], None
    for i in range(len(times) + 1):
        broken = i == len(times) or not good[i] or (start is not None and i > start and times[i] != times[i - 1] + 1)
        if broken and start is not None:
            ranges.append((start, i))
            start = None
        if i < len(times) and good[i] and start is None:
            start = i
    return ranges


def _squares(points: np.ndarray, length: int) -> np.ndarray:
    """Sum of squares left by a parabola, for every stretch of this length: (count - length + 1,)."""
    basis = np.linalg.qr(np.vander(np.linspace(-1, 1, length), 3))[0]  # (length, 3)
    windows = np.lib.stride_tricks.sliding_window_view(points, length, axis=0)  # (stretches, 2, length)
    middle = windows - windows.mean(-1, keepdims=True)
    explained = ((middle @ basis) ** 2).sum((1, 2))
    return np.maximum((middle**2).sum((1, 2)) - explained, 0)


def _fit(points: np.ndarray, first: int, last: int, noise: float) -> Flight:
    piece = points[first : last + 1]
    n = len(piece)
    t = np.arange(n) - (n - 1) / 2
    design = np.stack([np.ones(n), t, t**2 / 2], 1)
    solution = np.linalg.lstsq(design, piece, rcond=None)[0]
    covariance = np.linalg.inv(design.T @ design)
    place, velocity, acceleration = solution
    h = t[-1]
    slope = np.array([0.0, 1.0, h])
    return Flight(
        first,
        last,
        _pair(place - velocity * h + acceleration * h**2 / 2),
        _pair(place + velocity * h + acceleration * h**2 / 2),
        _pair(velocity - acceleration * h),
        _pair(velocity + acceleration * h),
        _pair(acceleration),
        float(noise * np.sqrt(covariance[2, 2])),
        float(noise * np.sqrt(slope @ covariance @ slope)),
    )


def _pair(vector: np.ndarray) -> tuple[float, float]:
    return float(vector[0]), float(vector[1])
