"""The trace of a picture of MuJoCo's: depth from its buffer, and where each rigid part carries its points.

A pixel's point in the frame of the geom that it shows, at that geom's place in the next picture: exact but for the
pixels' size. A surface that runs in its own plane (a belt) carries its points by its velocity.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from cuspworld.worlds.drawing.camera import axes_of, position_of, project_all
from cuspworld.worlds.engines.mujoco_scene import mujoco

SAME_DEPTH = 0.04  # relative: a point that lies deeper than what is seen there is hidden
Place = tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "3 3"]]


@dataclass(frozen=True)
class SpaceTrace:
    """`segments`: what each pixel shows, -1 for the sky; `depth` (m); `known`: segment -> what it is recognised by;
    `places`: where that is (m, rotation); `running`: velocity (m/s) of surfaces that run in their plane."""

    segments: Int[np.ndarray, "height width"]
    depth: Float[np.ndarray, "height width"]
    known: Mapping[int, Hashable]
    places: Mapping[Hashable, Place]
    running: Mapping[Hashable, Float[np.ndarray, " 3"]]
    camera: Mapping[str, float]

    def flow_to(
        self, following: SpaceTrace, seconds: float
    ) -> tuple[Float[np.ndarray, "height width 2"], Bool[np.ndarray, "height width"]]:
        """The flow to the next picture and what is hidden there (drawing/tracing.py)."""
        height, width = self.segments.shape
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        pixels, camera = np.stack([x, y], -1), self.camera
        lens = np.stack([x - camera["centre_x"], camera["centre_y"] - y, np.full_like(x, -camera["focal_length"])], -1)
        rays = lens / camera["focal_length"] @ axes_of(camera)
        at, hidden = pixels.copy(), np.zeros((height, width), np.bool_)
        wanted = np.full((height, width), -1)
        segment_of = {name: segment for segment, name in following.known.items()}
        deep = np.full((height, width), np.inf)
        for segment in np.unique(self.segments[self.segments >= 0]).tolist():
            here, name = self.segments == segment, self.known.get(segment)
            if name not in following.places or name not in segment_of:
                hidden[here] = True
                continue
            (place, axes), (then, turned) = self.places[name], following.places[name]
            points = position_of(camera) + rays[here] * self.depth[here][:, None]
            moved = then + (points - place) @ axes @ turned.T
            if name in self.running and name in following.running:
                moved = moved + 0.5 * seconds * (self.running[name] + following.running[name])
            at[here], wanted[here] = project_all(following.camera, moved), segment_of[name]
            deep[here] = (position_of(following.camera) - moved) @ axes_of(following.camera)[2]
        columns, rows = np.moveaxis(np.floor(at).astype(int), -1, 0)
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
        hidden |= ~inside | (following.segments[rows, columns] != wanted)
        with np.errstate(invalid="ignore"):
            hidden |= deep > following.depth[rows, columns] * (1 + SAME_DEPTH)
        return (at - pixels).astype(np.float32), hidden


def trace(
    scene: mujoco.MjvScene,
    segments: Int[np.ndarray, "height width"],
    buffer: Float[np.ndarray, "height width"],
    added: Mapping[int, int],
    mask_ids: Any,
    running: Mapping[int, Any],
    camera: Mapping[str, float],
) -> SpaceTrace:
    """From MuJoCo's segmentation and depth `buffer` (0 near, 1 far). `added`: mask ids by place in the scene;
    `mask_ids`: those of the model's geoms; `running`: velocities (m/s) by mask id."""
    eye = scene.camera[0]
    near, far = float(eye.frustum_near), float(eye.frustum_far)
    depth = near * far / (far - buffer.astype(float) * (far - near))
    depth[segments < 0] = np.inf
    known: dict[int, Hashable] = {}
    places: dict[Hashable, Place] = {}
    speeds: dict[Hashable, np.ndarray] = {}
    counts: dict[int, int] = {}
    for k in range(scene.ngeom):
        geom = scene.geoms[k]
        if geom.segid < 0:
            continue
        if k in added:
            number = added[k]
            counts[number] = counts.get(number, 0) + 1
            name: Hashable = ("added", number, counts[number])
        else:
            number = int(mask_ids[geom.objid]) if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM else 0
            name = (int(geom.objtype), int(geom.objid))
        known[int(geom.segid)] = name
        places[name] = np.array(geom.pos, float), np.array(geom.mat, float).reshape(3, 3)
        if number in running:
            speeds[name] = np.asarray(running[number], float)
    return SpaceTrace(segments, depth.astype(np.float32), known, places, speeds, camera)
