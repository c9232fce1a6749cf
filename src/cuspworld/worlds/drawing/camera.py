"""The pinhole camera of a picture: where a point in metres is seen, and a flat picture as it is seen from elsewhere.

A camera's numbers: pixel = centre + focal_length * (R (p - position))[x, -y] / -(R (p - position))[z]. R's rows are its
right, up and backward axes (right_x ... backward_z). Pixel x runs right, pixel y down (Hartley, Zisserman 2004, ch. 6).
A world that is drawn in the plane lies in z = 0; seen from anywhere, that plane is its picture under a homography.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float


def rotation(turn: float, tilt: float, roll: float) -> Float[np.ndarray, "3 3"]:
    """Axes (right, up, backward) of a camera that went `turn` degrees to the right round what it looks at and `tilt`
    above it, held askew by `roll` (counter-clockwise); at 0 it looks along -z with y upright."""
    a, b, c = (math.radians(angle) for angle in (turn, tilt, roll))
    backward = np.array([math.sin(a) * math.cos(b), math.sin(b), math.cos(a) * math.cos(b)])
    right = np.array([math.cos(a), 0.0, -math.sin(a)])
    up = np.cross(backward, right)
    return np.array([math.cos(c) * right + math.sin(c) * up, math.cos(c) * up - math.sin(c) * right, backward])


def numbers(
    position: Any, axes: Float[np.ndarray, "3 3"], focal: float, centre: tuple[float, float]
) -> dict[str, float]:
    """The camera's numbers by name."""
    found = {"focal_length": focal, "centre_x": centre[0], "centre_y": centre[1]}
    found |= {f"position_{axis}": float(v) for axis, v in zip("xyz", position, strict=True)}
    for name, row in zip(("right", "up", "backward"), axes, strict=True):
        found |= {f"{name}_{axis}": float(v) for axis, v in zip("xyz", row, strict=True)}
    return found


def position_of(camera: Mapping[str, float]) -> Float[np.ndarray, " 3"]:
    return np.array([camera[f"position_{axis}"] for axis in "xyz"])


def axes_of(camera: Mapping[str, float]) -> Float[np.ndarray, "3 3"]:
    return np.array([[camera[f"{name}_{axis}"] for axis in "xyz"] for name in ("right", "up", "backward")])


def project_all(camera: Mapping[str, float], points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 2"]:
    """Pixels (x, y) of points in metres."""
    seen = (points - position_of(camera)) @ axes_of(camera).T
    scale = camera["focal_length"] / -seen[..., 2]
    return np.stack([camera["centre_x"] + scale * seen[..., 0], camera["centre_y"] - scale * seen[..., 1]], -1)


def project(camera: Mapping[str, float], point: Any) -> tuple[float, float]:
    """Pixel (x, y) of one point in metres."""
    x, y = project_all(camera, np.asarray(point, float))
    return float(x), float(y)


def homography(camera: Mapping[str, float]) -> Float[np.ndarray, "3 3"]:
    """The matrix from (x, y, 1) in metres of the plane z = 0 to pixels, up to scale."""
    axes, f = axes_of(camera), camera["focal_length"]
    to_camera = np.column_stack([axes[:, 0], axes[:, 1], -axes @ position_of(camera)])
    lens = np.array([[f, 0.0, -camera["centre_x"]], [0.0, -f, -camera["centre_y"]], [0.0, 0.0, -1.0]])
    return lens @ to_camera


def through(matrix: Float[np.ndarray, "3 3"], points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Points under a homography."""
    mapped = np.concatenate([points, np.ones((*points.shape[:-1], 1))], -1) @ matrix.T
    return mapped[..., :2] / mapped[..., 2:]
