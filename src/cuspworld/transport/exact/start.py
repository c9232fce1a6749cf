"""Heights to start the exact solver from: every cell holds a point, and the cells' masses are even where marginals
allow.

A convex function phi of y whose gradient maps every y_j into the domain gives heights h_j = -phi(y_j), the conjugate of
a potential u with grad phi(y_j) in cell j. Take phi = sum over directions t of Phi_t(<t, y>) with Phi_t' the map that
rearranges the points' marginal along t monotonically to an interval: clusters are spread over the domain, wherever they
lie. With phi = |y|^2 / 2 this would be Voronoi cells of the points shrunk into the domain.
"""

import numpy as np
from jaxtyping import Float64

from cuspworld.transport.exact.convex_domain import ConvexDomain

MOST_DIRECTIONS = 8


def spread_heights(
    points: Float64[np.ndarray, "N d"], masses: Float64[np.ndarray, " N"], domain: ConvexDomain
) -> Float64[np.ndarray, " N"]:
    """Start heights (N,) with which no cell is empty. The domain's centre must be the origin."""
    frame = _directions(domain)
    phi, gradient = np.zeros(len(points)), np.zeros_like(points)
    weights = 0.5 * masses + 0.5 / len(points)  # no point may get a vanishing share
    for direction in frame:
        along = points @ direction
        reach_low, reach_high = (domain.vertices @ direction).min(), (domain.vertices @ direction).max()
        value, slope = _rearrangement(along, weights, reach_low, reach_high)
        phi += value
        gradient += slope[:, None] * direction
    # shrink the gradients (about the origin) until they lie inside: normal . (r x) + offset > 0
    sides = domain.sides
    inward = gradient @ sides[:, :-1].T
    with np.errstate(divide="ignore"):
        limit = np.where(inward < 0.0, sides[:, -1] / -inward, np.inf).min() if inward.size else 1.0
    return -min(limit * 0.999, 1e300) * phi


def _directions(domain: ConvexDomain) -> np.ndarray:
    """The normals of the domain's sides where they are few (a square's marginals are then exact), else evenly
    spread."""
    normals = domain.sides[:, :-1]
    kept: list[np.ndarray] = []
    for normal in normals[: 2 * MOST_DIRECTIONS]:
        if all(abs(normal @ other) < 1.0 - 1e-6 for other in kept):
            kept.append(normal)
    if len(normals) <= 2 * MOST_DIRECTIONS and len(kept) <= MOST_DIRECTIONS:
        return np.array(kept)
    if domain.dimension == 3:
        return np.eye(3)
    angles = np.pi * np.arange(MOST_DIRECTIONS) / MOST_DIRECTIONS
    return np.column_stack([np.cos(angles), np.sin(angles)])


def _rearrangement(along: np.ndarray, weights: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Phi at each value and its derivative there: the quantile map of the weighted values to [low, high]."""
    order = np.argsort(along, kind="stable")
    values, weight = along[order], weights[order]
    level = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    slope = low + (high - low) * level
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(values))])
    phi, back = np.empty_like(values), np.empty_like(values)
    phi[order], back[order] = integral, slope
    return phi, back
