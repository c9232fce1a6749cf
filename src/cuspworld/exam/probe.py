"""Linear probes: what can be read from features by a ridge regression, on what it was not fitted on.

scikit-learn's RidgeCV(alpha_per_target=True) gives the same to 1e-13 on the same rows, and is faster where these are
wide; it is an extra of this package, and the exam runs without."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # times the number of rows, whose mean square length is 1
FOLDS = 5


def held_out_r2(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n k"], folds: int = FOLDS) -> float:
    """R squared over all numbers of y, on the folds that were left out; the ridge is chosen inside the others."""
    return r2(held_out(x, y, folds), y)


def held_out(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n k"], folds: int = FOLDS) -> Float[np.ndarray, "n k"]:
    """y as it is read on the folds that were left out."""
    fold = np.arange(len(x)) % folds
    read = np.empty_like(y)
    for k in range(folds):
        held = fold == k
        read[held] = ridge(x[~held], y[~held], x[held])
    return read


def ridge(
    x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n k"], new: Float[np.ndarray, "m d"]
) -> Float[np.ndarray, "m k"]:
    """y read at `new`: a ridge regression on standardised features, its strength by leave-one-out errors, each number
    its own."""
    middle, spread = x.mean(0), x.std(0)
    used = spread > 1e-9 * max(float(spread.max()), 1e-300)
    if not used.any():
        return np.repeat(y.mean(0)[None], len(new), axis=0)
    unit = spread[used] * np.sqrt(used.sum())  # rows of length 1
    z = (x[:, used] - middle[used]) / unit
    w = np.clip((new[:, used] - middle[used]) / unit, z.min(0), z.max(0))  # a probe says nothing of what lies beyond
    left, size, right = svd(z)
    target = y - y.mean(0)
    inside = left.T @ target
    beyond = target - left @ inside  # what no weights reach, and what room that leaves each row: 0 where d is large
    spans = size > 1e-9 * size[0]
    room = np.maximum(1 - 1 / len(z) - (left**2)[:, spans].sum(1), 0)
    errors, turned = [], []
    for strength in RIDGES:
        shrunk = size**2 / (size**2 + strength * len(z))
        rest = np.where(spans, 1 - shrunk, 0.0)
        missed = (beyond + left @ (rest[:, None] * inside)) / np.maximum(room + left**2 @ rest, 1e-12)[:, None]
        errors.append((missed**2).mean(0))
        turned.append((shrunk / np.maximum(size, 1e-12))[:, None] * inside)
    best = np.argmin(errors, axis=0)  # (k,)
    chosen = np.stack(turned)[best, :, np.arange(y.shape[1])].T  # (components, k)
    return y.mean(0) + (w @ right.T) @ chosen


def r2(read: np.ndarray, y: np.ndarray) -> float:
    """The mean over columns of one minus the share of variance that is missed."""
    missed = ((read - y) ** 2).mean(0) / np.maximum(y.var(0), 1e-300)
    return float(1 - missed.mean())


def svd(x: Float[np.ndarray, "n d"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The thin singular value decomposition (u, s, v^T). LAPACK's fast way fails to converge on some harmless matrices;
    these go the slow way."""
    try:
        return np.linalg.svd(x, full_matrices=False)
    except np.linalg.LinAlgError:
        from scipy import linalg

        return linalg.svd(x, full_matrices=False, lapack_driver="gesvd")
