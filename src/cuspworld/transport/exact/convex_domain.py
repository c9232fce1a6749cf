"""Convex domains that carry the uniform source measure of the exact solver: polygons in 2-D, polyhedra in 3-D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull, QhullError

from cuspworld.errors import CuspError


@dataclass(frozen=True, eq=False)
class ConvexDomain:
    """Convex polygon (d = 2) or polyhedron (d = 3) with the uniform probability measure on it.

    `vertices` (M, d), counter-clockwise in 2-D. `faces`: vertex indices of each side, ordered around the outward normal
    (edges in 2-D). `sides` (S, d + 1): a side's half-space as normal . x + offset >= 0, unit inward normals.
    """

    vertices: np.ndarray
    faces: tuple[np.ndarray, ...]
    sides: np.ndarray
    volume: float
    centre: np.ndarray

    @classmethod
    def from_vertices(cls, vertices: Float[np.ndarray, "M d"]) -> ConvexDomain:
        """The convex hull of `vertices`. Raises CuspError unless it has a volume in 2-D or 3-D."""
        vertices = np.asarray(vertices, dtype=np.float64)
        if vertices.ndim != 2 or vertices.shape[1] not in (2, 3) or not np.isfinite(vertices).all():
            raise CuspError(f"source_vertices must be finite, (M, 2) or (M, 3): got shape {vertices.shape}")
        try:
            hull = ConvexHull(vertices)
        except (QhullError, ValueError) as error:
            raise CuspError(
                f"source_vertices must span a polygon or polyhedron: got {len(vertices)} flat or too few points"
            ) from error
        if vertices.shape[1] == 2:
            order = hull.vertices
            corners = vertices[order]
            following = np.roll(corners, -1, axis=0)
            along = following - corners
            normals = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
            sides = np.column_stack([normals, -(normals * corners).sum(1)])
            faces = tuple(np.array([k, (k + 1) % len(corners)]) for k in range(len(corners)))
            centre = _polygon_centre(corners)
        else:
            corners = vertices[hull.vertices]
            faces, sides = _polyhedron_faces(corners)
            centre = _polyhedron_centre(corners, hull, vertices)
        return cls(np.ascontiguousarray(corners), faces, sides, float(hull.volume), centre)

    @classmethod
    def cube(cls, dimension: int, low: float = -0.5, high: float = 0.5) -> ConvexDomain:
        """[low, high]^dimension: the square or the cube."""
        corners = np.stack(np.meshgrid(*[[low, high]] * dimension, indexing="ij"), -1).reshape(-1, dimension)
        return cls.from_vertices(corners)

    @classmethod
    def disk(cls, sides: int = 512, radius: float = 1.0) -> ConvexDomain:
        """Regular polygon of the disk's area: its boundary stays within radius * (pi / sides)^2 / 3 of the circle."""
        angles = 2.0 * np.pi * np.arange(sides) / sides
        corner = radius * np.sqrt(2.0 * np.pi / (sides * np.sin(2.0 * np.pi / sides)))
        return cls.from_vertices(corner * np.column_stack([np.cos(angles), np.sin(angles)]))

    @property
    def dimension(self) -> int:
        return self.vertices.shape[1]

    @property
    def disk_inside(self) -> np.ndarray:
        """Centre and radius (d + 1,) of a ball inside the domain."""
        return np.append(self.centre, (self.sides[:, :-1] @ self.centre + self.sides[:, -1]).min())

    def contains(self, x: Float[np.ndarray, "B d"]) -> np.ndarray:
        """(B,) whether each point lies inside."""
        return (x @ self.sides[:, :-1].T + self.sides[:, -1] >= 0.0).all(1)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """(count, d) independent uniform points, by rejection from the bounding box."""
        generator = np.random.default_rng(seed)
        low, high = self.vertices.min(0), self.vertices.max(0)
        kept: list[np.ndarray] = []
        found = 0
        while found < count:
            trial = generator.uniform(low, high, (max(1024, count), self.dimension))
            kept.append(trial[self.contains(trial)])
            found += len(kept[-1])
        return np.concatenate(kept)[:count]


def _polygon_centre(corners: np.ndarray) -> np.ndarray:
    shifted = corners - corners[0]
    following = np.roll(shifted, -1, axis=0)
    twice = shifted[:, 0] * following[:, 1] - shifted[:, 1] * following[:, 0]
    return corners[0] + ((shifted + following) * twice[:, None]).sum(0) / (3.0 * twice.sum())


def _polyhedron_centre(corners: np.ndarray, hull: ConvexHull, vertices: np.ndarray) -> np.ndarray:
    inside = corners.mean(0)
    triangles = vertices[hull.simplices] - inside
    volumes = np.abs(np.linalg.det(triangles)) / 6.0
    return inside + (triangles.sum(1) / 4.0 * volumes[:, None]).sum(0) / volumes.sum()


def _polyhedron_faces(corners: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Flat faces (coplanar triangles of Qhull joined) as ordered loops, and their inward half-spaces."""
    hull = ConvexHull(corners)
    planes = hull.equations  # (triangles, 4), outward: n . x + c <= 0
    scale = np.abs(corners).max()
    unlike = np.round(planes / [1.0, 1.0, 1.0, scale], 9)
    distinct = np.unique(unlike, axis=0, return_index=True)[1]
    faces: list[np.ndarray] = []
    sides: list[np.ndarray] = []
    for plane in planes[np.sort(distinct)]:
        on = np.flatnonzero(np.abs(corners @ plane[:3] + plane[3]) <= 1e-9 * scale)
        if any(np.array_equal(np.sort(face), on) for face in faces):
            continue
        around = corners[on] - corners[on].mean(0)
        first = around[0] / np.linalg.norm(around[0])
        second = np.cross(plane[:3], first)
        faces.append(on[np.argsort(np.arctan2(around @ second, around @ first))])
        sides.append(-plane)
    return tuple(faces), np.array(sides)
