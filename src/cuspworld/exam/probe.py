"""Linear probes: what can be read from features by a ridge regression, on what it was not fitted on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # times the number of rows, whose mean square length is 1
FOLDS = 5


def held_out_r2(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n k"], folds: int = FOLDS) -> float:
    """R squared over all numbers of y, on the folds that were left out; the ridge is chosen inside the others."""
    fold = np.arange(len(x)) % folds
    read = np.empty_like(y)
    for k in range(folds):
        held = fold == k
        read[held] = ridge(x[~held], y[~held], x[held])
    return _r2(read, y)


def ridge(
    x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n k"], new: Float[np.ndarray, "m d"]
) -> Float[np.ndarray, "m k"]:
    """y read at `new`: a ridge regression on standardised features, its strength by leave-one-out errors."""
    middle, spread = x.mean(0), x.std(0)
    used = spread > 1e-9 * max(float(spread.max()), 1e-300)
    if not used.any():
        return np.repeat(y.mean(0)[None], len(new), axis=0)
    unit = spread[used] * np.sqrt(used.sum())  # rows of length 1
    z = (x[:, used] - middle[used]) / unit
    w = np.clip((new[:, used] - middle[used]) / unit, z.min(0), z.max(0))  # a probe says nothing of what lies beyond
    left, size, right = np.linalg.svd(z, full_matrices=False)
    target = y - y.mean(0)
    inside = left.T @ target
    best, weights = np.inf, np.zeros((z.shape[1], y.shape[1]))
    beyond = target - left @ inside  # what no weights reach, and what room that leaves each row: 0 where d is large
    room = np.maximum(1 - 1 / len(z) - (left**2)[:, size > 1e-9 * size[0]].sum(1), 0)
    for strength in RIDGES:
        shrunk = size**2 / (size**2 + strength * len(z))
        kept = np.where(size > 1e-9 * size[0], 1 - shrunk, 0.0)
        missed = (beyond + left @ ((1 - shrunk)[:, None] * inside)) / np.maximum(room + left**2 @ kept, 1e-12)[:, None]
        error = float((missed**2 / (target.var(0) + 1e-300)).mean())
        if error < best:
            best = error
            weights = right.T @ ((shrunk / np.maximum(size, 1e-12))[:, None] * inside)
    return y.mean(0) + w @ weights


def _r2(read: np.ndarray, y: np.ndarray) -> float:
    """The mean over columns of one minus the share of variance that is missed."""
    missed = ((read - y) ** 2).mean(0) / np.maximum(y.var(0), 1e-300)
    return float(1 - missed.mean())
