"""Surrogate: what has been simulated, carried on to the whole pool: kernel regression, the same for every acquisition.

f(u) = k(u)^T (K + noise)^-1 y with the Matern kernel of 5/2; its one length scale has the least leave-one-out error.
scikit-learn's GaussianProcessRegressor predicts the same to 1e-10 from a given scale and takes two to five times as
long (400 known, 20,000 new points); it chooses the scale by likelihood, and is an extra of this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve

SCALES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
NOISE = 1e-5
BLOCK = 512  # points at a time


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
        weights = cho_solve(self._factor, self.values - middle)
        return np.concatenate([middle + across @ weights for across in self._across(new)])

    def variance(self, new: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " m"]:
        """What is not known at new points, 0 to 1; it does not depend on the values."""
        known = [(across * cho_solve(self._factor, across.T).T).sum(1) for across in self._across(new)]
        return np.clip(1 - np.concatenate(known), 0, 1)

    def _across(self, new: np.ndarray) -> Iterator[np.ndarray]:
        """The kernel between new points and the known ones, in blocks that fit the cache."""
        for k in range(0, max(len(new), 1), BLOCK):
            yield kernel(new[k : k + BLOCK], self.points, self.scale)

    @cached_property
    def _factor(self) -> tuple[np.ndarray, bool]:
        return cho_factor(kernel(self.points, self.points, self.scale) + NOISE * np.eye(len(self.points)))


def kernel(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"], scale: float) -> Float[np.ndarray, "n m"]:
    r = a @ (-2 * b.T)
    r += (a**2).sum(1)[:, None]
    r += (b**2).sum(1)
    np.maximum(r, 0, out=r)
    np.sqrt(r, out=r)
    r *= np.sqrt(5) / scale
    rises = r * r
    rises /= 3
    rises += r
    rises += 1
    np.negative(r, out=r)
    np.exp(r, out=r)
    r *= rises
    return r


def _left_out(points: np.ndarray, values: np.ndarray, scale: float) -> float:
    """The mean square of (K^-1 y)_i / (K^-1)_ii."""
    inverse = np.linalg.inv(kernel(points, points, scale) + NOISE * np.eye(len(points)))
    missed = inverse @ (values - values.mean(0)) / np.diag(inverse)[:, None]
    return float((missed**2).mean())
