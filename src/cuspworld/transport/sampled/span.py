"""The points' own affine span: what lies outside it does not move them.

For y = c + V z with orthonormal V, <x, y> = <x, c> + <V^T x, z>, and V^T x of a standard normal x is standard normal in
fewer dimensions. So points on a line in many dimensions are points on the line, whose solution is known exactly.
"""

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from cuspworld.transport.sampled.sources import Source

ROUNDING = 2 * float(np.finfo(np.float32).eps)  # of coordinates of order 1


def in_own_span(source: Source, points: Float32[ndarray, "sites d"]) -> tuple[Source, Float32[ndarray, "sites rank"]]:
    """A Gaussian `source` and the `points` in an orthonormal basis of their span; both as they are where it is all."""
    sites, dimension = points.shape
    rows = torch.from_numpy(points - points.mean(0, dtype=np.float64))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a matrix library's idle threads spin
    try:
        square, axes = torch.linalg.eigh(rows.T @ rows if dimension <= sites else rows @ rows.T)
    finally:
        torch.set_num_threads(threads)
    kept = square > ROUNDING**2 * square[-1]
    rank = int(kept.sum())
    if rank in (0, dimension):
        return source, points
    basis = axes[:, kept] if dimension <= sites else rows.T @ (axes[:, kept] / square[kept].sqrt())
    return Source("gaussian", rank), (rows @ basis).numpy().astype(np.float32)
