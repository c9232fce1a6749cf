"""Tracing: what every pixel of a picture shows, so that its depth is known, and where it will be in the next picture.

A world that is drawn in the plane is painted once more, each shape with a label of its own in place of its mask id. A
shape carries its points along: what lay at M x, M its frame of reference in metres, lies at M' x in the next picture;
a body of particles carries a point with the nearest of them. Optical flow is the difference of the two pixels (Butler
et al. 2012, "A naturalistic open source movie for optical flow evaluation", for how flow and occlusion are kept).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from cuspworld.worlds.drawing import scenery as drawn
from cuspworld.worlds.drawing.camera import axes_of, homography, position_of, through
from cuspworld.worlds.drawing.canvas import Canvas, Colour, Number
from cuspworld.worlds.filming import FilmedCanvas

FIRST = 256  # label of the first shape; below: mask ids that a world's own kernels wrote

STILL = 1e-9  # pixels: rounding
Flow = tuple[Float[np.ndarray, "height width 2"], Bool[np.ndarray, "height width"]]


@runtime_checkable
class Trace(Protocol):
    """What the pixels of one picture show."""

    @property
    def depth(self) -> Float[np.ndarray, "height width"]:
        """Metres along the camera's axis, infinite for the sky."""

    def flow_to(self, following: Any, seconds: float) -> Flow:
        """Where each pixel's point goes until the next picture, `seconds` of the world later: pixels (x, y); and
        whether it is hidden, gone or out of the picture there."""


@dataclass(frozen=True)
class Shape:
    """A shape of a picture: what it is recognised by in the next one, its frame (metres; None: it stays where it is)
    or its particles and their names, and how far behind the plane it lies (metres)."""

    group: Hashable
    frame: Float[np.ndarray, "3 3"] | None = None
    points: Float[np.ndarray, "particles 2"] | None = None
    names: Int[np.ndarray, " particles"] | None = None
    behind: Any = 0.0


class TracedCanvas(Canvas):
    """A canvas like another, whose mask holds labels: `shapes[label]`."""

    def __init__(self, like: Canvas):
        self.like, self.scale, self.x0, self.y0 = like, like.scale, like.x0, like.y0
        self.image = np.empty(like.image.shape, np.float32)
        self.mask = np.zeros(like.mask.shape, np.int32)  # labels
        self.shapes: dict[int, Shape] = {}
        self.behind = 0.0

    def background(self, top: Colour, bottom: Colour) -> None:
        self.mask[:] = 0
        if isinstance(self.like, FilmedCanvas):
            drawn.draw_things(self.like.shot.backdrop, self, self.like.own_view)

    def follow(self, instance: int, points: Any, names: Any) -> None:
        self.shapes[instance] = Shape(("own", instance), None, np.array(points, float), np.array(names), self.behind)

    def _label(self, kind: str, instance: int, colour: Colour, alpha: Number, **what: Any) -> int:
        if alpha < 0.5:
            return 0
        label = FIRST + len(self.shapes)
        self.shapes[label] = Shape((kind, instance, colour), behind=self.behind, **what)
        return label

    def band(self, low: float, high: float, top: Colour, bottom: Colour | None = None, instance: int = 0) -> None:
        super().band(low, high, top, bottom, self._label("band", instance, top, 1.0))

    def sphere(
        self, x: Number, y: Number, radius: Number, colour: Colour, *, instance: int = 0, alpha: Number = 1.0
    ) -> None:
        label = self._label("sphere", instance, colour, alpha, frame=_frame(x, y, radius, radius, 0.0))
        super().sphere(x, y, radius, colour, instance=label, alpha=alpha)

    def capsule(
        self, ax: Number, ay: Number, bx: Number, by: Number, radius: Number, colour: Colour, **more: Any
    ) -> None:
        length, angle = math.hypot(bx - ax, by - ay), math.atan2(by - ay, bx - ax)
        frame = _frame(ax, ay, length + radius, radius, angle if length > 0 else 0.0)
        more["instance"] = self._label("capsule", more.get("instance", 0), colour, more.get("alpha", 1.0), frame=frame)
        super().capsule(ax, ay, bx, by, radius, colour, **more)

    def ellipse(self, x: Number, y: Number, rx: Number, ry: Number, colour: Colour, **more: Any) -> None:
        frame = _frame(x, y, rx, ry, more.get("angle", 0.0))
        more["instance"] = self._label("ellipse", more.get("instance", 0), colour, more.get("alpha", 1.0), frame=frame)
        super().ellipse(x, y, rx, ry, colour, **more)

    def box(self, x: Number, y: Number, width: Number, height: Number, colour: Colour, **more: Any) -> None:
        frame = _frame(x, y, width / 2, height / 2, more.get("angle", 0.0))
        more["instance"] = self._label("box", more.get("instance", 0), colour, more.get("alpha", 1.0), frame=frame)
        super().box(x, y, width, height, colour, **more)

    def polygon(self, points: Any, colour: Colour, **more: Any) -> None:
        what = {"points": _corners(points), "names": np.arange(len(points))}
        more["instance"] = self._label("polygon", more.get("instance", 0), colour, more.get("alpha", 1.0), **what)
        super().polygon(points, colour, **more)

    def line(self, points: Any, width: Number, colour: Colour, **more: Any) -> None:
        what = {"points": _corners(points), "names": np.arange(len(points))}
        more["instance"] = self._label("line", more.get("instance", 0), colour, more.get("alpha", 1.0), **what)
        super().line(points, width, colour, **more)

    def liquid(self, points: Any, radius: Number, colour: Colour, *, names: Any = None, **more: Any) -> None:
        named = np.arange(len(points)) if names is None else np.array(names)
        what = {"points": _corners(points), "names": named}
        more["instance"] = self._label("liquid", more.get("instance", 0), colour, more.get("alpha", 1.0), **what)
        super().liquid(points, radius, colour, **more)

    def heat_map(
        self, values: Any, left: Number, bottom: Number, right: Number, top: Number, palette: Any, *, instance: int = 0
    ) -> None:
        label = self._label("heat map", instance, (0, 0, 0), 1.0)
        super().heat_map(values, left, bottom, right, top, palette, instance=label)

    def labels(self) -> Int[np.ndarray, "height width"]:
        """The label of every pixel of the picture, as its camera sees it."""
        if not isinstance(self.like, FilmedCanvas):
            return self.mask
        return self.like.seen(self.mask.astype(np.float32), cv2.INTER_NEAREST).astype(np.int32)


def _corners(points: Any) -> Float[np.ndarray, "points 2"]:
    return np.array(points, float).reshape(-1, 2)


def _frame(x: Number, y: Number, along: Number, across: Number, angle: Number) -> Float[np.ndarray, "3 3"]:
    """From a shape's own lengths to metres."""
    co, si, a, b = math.cos(angle), math.sin(angle), max(float(along), 1e-9), max(float(across), 1e-9)
    return np.array([[a * co, -b * si, x], [a * si, b * co, y], [0.0, 0.0, 1.0]])


class PlaneTrace:
    """The trace of a world that is drawn in the plane z = 0."""

    def __init__(self, canvas: TracedCanvas, camera: Mapping[str, float], behind: float):
        self.labels, self.shapes, self.camera = canvas.labels(), canvas.shapes, camera
        height, width = self.labels.shape
        self._to_pixels = homography(camera)
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        self.pixels = np.stack([x, y], -1)
        self.plane = through(np.linalg.inv(self._to_pixels), self.pixels)  # metres
        place, backward = position_of(camera), axes_of(camera)[2]
        to_plane = place[2] * backward[2] + (place[:2] - self.plane) @ backward[:2]
        beyond = np.full(self.labels.shape, behind)
        for label in np.unique(self.labels[self.labels > 0]).tolist():
            here = self.labels == label
            how_far = self.shapes[label].behind if label in self.shapes else 0.0
            beyond[here] = how_far(*self.plane[here].T) if callable(how_far) else how_far
        self.depth = (to_plane * (1 + beyond / place[2])).astype(np.float32)

    def flow_to(self, following: PlaneTrace, seconds: float) -> Flow:
        then = self.plane.copy()
        wanted = np.zeros(self.labels.shape, np.int64)  # the label of the same shape in the next picture; -1: gone
        matched = _matched(self.shapes, following.shapes)
        for label in np.unique(self.labels[self.labels > 0]).tolist():
            here = self.labels == label
            other = matched.get(label, label if label < FIRST else -1)
            wanted[here] = other
            if label in self.shapes and other in following.shapes:
                then[here] = _carried(self.plane[here], self.shapes[label], following.shapes[other])
        at = through(self._to_pixels, then)
        at = np.where(np.abs(at - self.pixels).max(-1, keepdims=True) < STILL, self.pixels, at)
        columns, rows = np.moveaxis(np.floor(at).astype(int), -1, 0)
        height, width = self.labels.shape
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        found = following.labels[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
        return (at - self.pixels).astype(np.float32), ~inside | (found != wanted)


def _carried(points: Any, shape: Shape, then: Shape) -> Float[np.ndarray, "n 2"]:
    """Points (n, 2) in metres where the shape carries them."""
    if shape.frame is not None and then.frame is not None:
        return through(then.frame @ np.linalg.inv(shape.frame), points)
    if shape.points is None or then.points is None or shape.names is None or then.names is None:
        return points
    _, first, second = np.intersect1d(shape.names, then.names, return_indices=True)
    if not len(first):
        return points
    before, after = shape.points[first], then.points[second]
    if shape.group[0] in ("polygon", "line") and len(before) == len(shape.points):  # type: ignore[index]
        return _affine(points, before, after)
    return points + (after - before)[cKDTree(before).query(points)[1]]


def _affine(points: Any, before: Any, after: Any) -> Float[np.ndarray, "n 2"]:
    """Points under the map that takes corners to corners: affine by least squares where there are three that span the
    plane, a shift otherwise."""
    middle, shift = before.mean(0), after.mean(0) - before.mean(0)
    arms = before - middle
    size = np.linalg.svd(arms, compute_uv=False)
    if len(before) < 3 or size[-1] < 1e-3 * size[0]:
        return points + shift
    turn = np.linalg.lstsq(arms, after - after.mean(0), rcond=None)[0]
    return (points - middle) @ turn + middle + shift


def _matched(before: Mapping[int, Shape], after: Mapping[int, Shape]) -> dict[int, int]:
    """The label of the same shape in the next picture: the same place among its group, or where the group's number has
    changed, the nearest of it; a group that has lost its colour is looked for without it."""
    found: dict[int, int] = {}
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for label, shape in after.items():
        groups[shape.group].append(label)
        groups[shape.group[:2]].append(label)  # type: ignore[index]
    mine: dict[Hashable, list[int]] = defaultdict(list)
    for label, shape in before.items():
        mine[shape.group if shape.group in groups else shape.group[:2]].append(label)  # type: ignore[index]
    for group, labels in mine.items():
        others = groups.get(group, [])
        if len(others) == len(labels):
            found.update(zip(labels, others, strict=True))
        elif others:
            places = np.array([_middle(after[other]) for other in others])
            for label in labels:
                apart = np.linalg.norm(places - _middle(before[label]), axis=1)
                found[label] = others[int(apart.argmin())]
    return found


def _middle(shape: Shape) -> Float[np.ndarray, " 2"]:
    if shape.frame is not None:
        return shape.frame[:2, 2]
    return np.zeros(2) if shape.points is None else shape.points.mean(0)
