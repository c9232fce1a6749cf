"""Transport on the line in closed form: the monotone map, whose cells end at the source's quantiles.

The optimal map is the rearrangement F_nu^-1 o F_mu (Frechet 1951), so between neighbouring points y_k < y_(k+1) the
border x_k has mu(-inf, x_k) = nu_1 + ... + nu_k, and the potential is continuous there:
h_(k+1) = h_k - x_k (y_(k+1) - y_k).
"""

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray
from scipy.special import ndtri

from cuspworld.transport.sampled.sources import Source


def line_heights(
    source: Source, points: Float[ndarray, "sites 1"], masses: Float64[ndarray, " sites"]
) -> Float64[ndarray, " sites"]:
    """Heights, of mean 0, of distinct points on the line with positive masses of sum 1."""
    order = np.argsort(points[:, 0])
    below = np.cumsum(masses[order])[:-1]
    above = np.cumsum(masses[order][::-1])[::-1][1:]  # on its own, so that small masses at the upper end count
    lower = below < 0.5
    tail = np.where(lower, below, above)
    from_the_end = ndtri(tail) if source.name == "gaussian" else tail - 0.5  # a ball on the line is [-1, 1]
    border = np.where(lower, from_the_end, -from_the_end) * (2.0 if source.name == "ball" else 1.0)
    heights = np.zeros(len(points))
    heights[order[1:]] = -np.cumsum(border * np.diff(points[order, 0].astype(np.float64)))
    return heights - heights.mean()
