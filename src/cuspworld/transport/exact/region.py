"""Target regions of the exact solver, convex or not: which Voronoi facets meet the region?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.path import Path
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.transport.exact.convex_domain import ConvexDomain


class Region(ABC):
    """A bounded part of the plane or of space. `low`, `high` (d,): its bounding box."""

    @property
    @abstractmethod
    def low(self) -> ndarray: ...

    @property
    @abstractmethod
    def high(self) -> ndarray: ...

    @abstractmethod
    def meets(self, facets: Sequence[ndarray]) -> ndarray:
        """(len(facets),) whether each facet, a segment (2, 2) or a convex polygon (m, 3), has a point in the region."""


@dataclass(frozen=True, eq=False)
class PolygonRegion(Region):
    """Region of the plane between closed rings (M, 2): the outer ones and the holes, told apart by even-odd
    counting."""

    rings: tuple[ndarray, ...]

    def __post_init__(self) -> None:
        for ring in self.rings:
            if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
                raise CuspError(f"a ring must be (M, 2) with M >= 3 corners: got shape {ring.shape}")

    @property
    def low(self) -> ndarray:
        return np.concatenate(self.rings).min(0)

    @property
    def high(self) -> ndarray:
        return np.concatenate(self.rings).max(0)

    def contains(self, x: ndarray) -> ndarray:
        """(B,) whether points (B, 2) lie inside."""
        inside = np.zeros(len(x), bool)
        for ring in self.rings:
            inside ^= Path(ring).contains_points(x)
        return inside

    def meets(self, facets: Sequence[ndarray]) -> ndarray:
        if not facets:
            return np.zeros(0, bool)
        ends = np.stack(facets)  # (facets, 2, 2)
        met = self.contains(ends[:, 0]) | self.contains(ends[:, 1])
        rest = np.flatnonzero(~met)
        a, b = ends[rest, 0][:, None], ends[rest, 1][:, None]  # (rest, 1, 2)
        crossed = np.zeros(len(rest), bool)
        for ring in self.rings:
            p, q = ring[None], np.roll(ring, -1, axis=0)[None]  # (1, M, 2)
            apart = (_side(a, b, p) * _side(a, b, q) <= 0) & (_side(p, q, a) * _side(p, q, b) <= 0)
            crossed |= apart.any(1)
        met[rest] = crossed
        return met


def _side(a: ndarray, b: ndarray, c: ndarray) -> ndarray:
    """Sign of the turn from a over b to c."""
    turn = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    return np.sign(turn)


@dataclass(frozen=True, eq=False)
class UnionRegion(Region):
    """Union of convex polygons or polyhedra."""

    parts: tuple[ConvexDomain, ...]

    @property
    def low(self) -> ndarray:
        return np.min([part.vertices.min(0) for part in self.parts], axis=0)

    @property
    def high(self) -> ndarray:
        return np.max([part.vertices.max(0) for part in self.parts], axis=0)

    def contains(self, x: ndarray) -> ndarray:
        """(B,) whether points (B, d) lie in a part."""
        return np.any([part.contains(x) for part in self.parts], axis=0)

    def meets(self, facets: Sequence[ndarray]) -> ndarray:
        return np.array([any(_clipped(facet, part) for part in self.parts) for facet in facets], bool)


def _clipped(facet: ndarray, part: ConvexDomain) -> bool:
    """Is anything left of the facet when each side of the part has cut it (Sutherland and Hodgman)?"""
    if (facet.max(0) < part.vertices.min(0)).any() or (facet.min(0) > part.vertices.max(0)).any():
        return False
    corners = facet
    for side in part.sides:
        height = corners @ side[:-1] + side[-1]
        if (height >= 0.0).all():
            continue
        if (height < 0.0).all():
            return False
        following, next_height = np.roll(corners, -1, axis=0), np.roll(height, -1)
        kept = []
        for k in range(len(corners)):
            if height[k] >= 0.0:
                kept.append(corners[k])
            if (height[k] >= 0.0) != (next_height[k] >= 0.0):
                kept.append(corners[k] + height[k] / (height[k] - next_height[k]) * (following[k] - corners[k]))
        corners = np.array(kept)
    return True
