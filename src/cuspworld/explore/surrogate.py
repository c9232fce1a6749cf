"""Surrogate: what has been simulated, carried on to the whole pool: kernel regression, the same for every acquisition.

f(u) = k(u)^T (K + noise)^-1 y with the Matern kernel of 5/2; its one length scale has the least leave-one-out error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve

SCALES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
NOISE = 1e-5


@dataclass(frozen=True, eq=False)
class Surrogate:
    """`points` (n, d) and `values` (n, k) as simulated; `scale`: of the kernel, in sides of the cube."""

    points: Float[np.ndarray, "n d"]
    values: Float[np.ndarray, "n k"]
    scale: float

    @classmethod
    def fit(
        cls, points: Float[np.ndarray, "n d"], values: Float[np.ndarray, "n k"], scale: float | None = None
    ) -> Surrogate:
        """`scale`: None chooses it."""
        if scale is not None or len(points) < 3:
            return cls(points, values, scale or SCALES[2])
        errors = [_left_out(points, values, s) for s in SCALES]
        return cls(points, values, SCALES[int(np.argmin(errors))])

    def predict(self, new: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "m k"]:
        """Their mean far away from everything."""
        middle = self.values.mean(0)
        return middle + kernel(new, self.points, self.scale) @ cho_solve(self._factor, self.values - middle)

    def variance(self, new: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " m"]:
        """What is not known at new points, 0 to 1; it does not depend on the values."""
        across = kernel(new, self.points, self.scale)
        return np.clip(1 - (across * cho_solve(self._factor, across.T).T).sum(1), 0, 1)

    @cached_property
    def _factor(self) -> tuple[np.ndarray, bool]:
        return cho_factor(kernel(self.points, self.points, self.scale) + NOISE * np.eye(len(self.points)))


def kernel(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"], scale: float) -> Float[np.ndarray, "n m"]:
    square = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0)
    r = np.sqrt(5 * square) / scale
    return (1 + r + r**2 / 3) * np.exp(-r)


def _left_out(points: np.ndarray, values: np.ndarray, scale: float) -> float:
    """The mean square of (K^-1 y)_i / (K^-1)_ii."""
    inverse = np.linalg.inv(kernel(points, points, scale) + NOISE * np.eye(len(points)))
    missed = inverse @ (values - values.mean(0)) / np.diag(inverse)[:, None]
    return float((missed**2).mean())
