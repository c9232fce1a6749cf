"""How a shot films a scene of MuJoCo's: its camera and light, what lies behind, and patterns on ground and sky.

The camera goes round the point that it looks at; the key light comes from another side. Ground and sky are drawn by
MuJoCo, shadows and all, and then get the shot's pattern where its segmentation shows them: the ground's lies in the
ground's own plane, in metres. Nothing of it is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int, UInt8

from cuspworld.worlds.drawing.camera import axes_of, numbers, position_of, rotation
from cuspworld.worlds.drawing.scenery import DISTRACTOR, Thing, pattern
from cuspworld.worlds.engines.mujoco_scene import mujoco
from cuspworld.worlds.filming import Shot

WIDE, NEAREST, DEEP = 3.6, 0.9, 1.6  # m: where distractors lie: across, and from where behind the middle to where
PLAIN_FROM = 5.0  # m: further away a pattern fades, before it is finer than the pixels
TILE = 3.2  # m of ground that a pattern takes for the width of a view
SIDES = {"above": 0.0, "left": -25.0, "right": 75.0}  # degrees by which the key light goes round the vertical


def moved(camera: Mapping[str, float], shot: Shot, target: Float[np.ndarray, " 3"]) -> dict[str, float]:
    """The camera's numbers when it has gone round what it looks at: the point of its axis that is nearest `target`."""
    place, axes = position_of(camera), axes_of(camera)
    distance = float((place - target) @ axes[2])
    middle = place - distance * axes[2]
    turn = math.radians(shot.camera_turn)
    round_vertical = np.array(
        [[math.cos(turn), -math.sin(turn), 0.0], [math.sin(turn), math.cos(turn), 0.0], [0.0, 0.0, 1.0]]
    )
    turned = axes @ round_vertical.T
    seen = rotation(0.0, shot.camera_tilt, shot.camera_roll) @ turned
    wide = 2 * distance * camera["centre_x"] / camera["focal_length"]  # m, of the picture at the target
    middle = middle + wide * (shot.camera_x * turned[0] + shot.camera_y * turned[1])
    centre = camera["centre_x"], camera["centre_y"]
    return numbers(middle + distance * seen[2], seen, camera["focal_length"] * shot.camera_zoom, centre)


def set_up(scene: mujoco.MjvScene, model: mujoco.MjModel, shot: Shot, camera: Mapping[str, float]) -> dict[int, int]:
    """Turn the scene of this picture to the shot; returns the mask ids of the distractors by their place in it."""
    axes, place = axes_of(camera), position_of(camera)
    for eye in scene.camera:
        eye.pos[:], eye.up[:], eye.forward[:] = place, axes[1], -axes[2]
        half = eye.frustum_near * camera["centre_y"] / camera["focal_length"]
        eye.frustum_bottom, eye.frustum_top = -half, half
    turn = math.radians(SIDES[shot.light_from])
    for k in range(scene.nlight):
        light = scene.lights[k]
        if light.castshadow:
            x, y, z = light.dir.tolist()
            light.dir[:] = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn), z
    ground = _ground(scene, model)
    lie_at = None if ground is None else ground[1]
    return (
        {}
        if lie_at is None
        else {
            _lay(scene, thing, shot, lie_at, np.array(model.stat.center)): DISTRACTOR + k
            for k, thing in enumerate(shot.backdrop.things)
        }
    )


def _ground(scene: mujoco.MjvScene, model: mujoco.MjModel) -> tuple[int, np.ndarray, np.ndarray] | None:
    """The ground's segmentation number, the middle of its upper face (m), and its axes (columns)."""
    number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, "ground")
    for k in range(scene.ngeom):
        geom = scene.geoms[k]
        if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and geom.objid == number:
            axes = np.array(geom.mat, float).reshape(3, 3)
            return int(geom.segid), np.array(geom.pos, float) + axes[:, 2] * float(geom.size[2]), axes
    return None


def _lay(scene: mujoco.MjvScene, thing: Thing, shot: Shot, ground: np.ndarray, target: np.ndarray) -> int:
    """A box, a ball or a drum on the ground behind what the scene is about; returns its place in the scene."""
    half = 1.4 * thing.size  # m
    along, behind = WIDE * (thing.x - 0.5), NEAREST + DEEP * thing.y
    kind = (mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CYLINDER)[thing.form]
    co, si = math.cos(3 * thing.angle), math.sin(3 * thing.angle)
    axes = np.array([[co, -si, 0.0], [si, co, 0.0], [0.0, 0.0, 1.0]])
    place, geom = scene.ngeom, scene.geoms[scene.ngeom]
    paint = np.array([*(c / 255 for c in thing.colour), 1.0], np.float32)
    middle = np.array([target[0] + along, target[1] + behind, ground[2] + half])
    mujoco.mjv_initGeom(geom, kind, np.full(3, half), middle, axes.ravel(), paint)
    geom.segid, geom.category = place, mujoco.mjtCatBit.mjCAT_DYNAMIC
    scene.ngeom += 1
    return place


def laid(
    frame: UInt8[np.ndarray, "rows columns 3"],
    segments: Int[np.ndarray, "rows columns"],
    scene: mujoco.MjvScene,
    model: mujoco.MjModel,
    shot: Shot,
    camera: Mapping[str, float],
) -> UInt8[np.ndarray, "rows columns 3"]:
    """The frame with the shot's tint and pattern on ground and sky. `segments`: segmentation numbers, -1 for the sky;
    `camera`: of a picture of this size."""
    backdrop, out = shot.backdrop, frame.astype(np.float32)
    rows, columns = np.nonzero(segments == -1)
    out[rows, columns] *= np.array(backdrop.tint, np.float32)
    ground = _ground(scene, model)
    if ground is not None:
        number, middle, axes = ground
        columns, rows = np.meshgrid(np.arange(frame.shape[1]) + 0.5, np.arange(frame.shape[0]) + 0.5)
        x, y = columns - camera["centre_x"], camera["centre_y"] - rows
        rays = np.stack([x, y, np.full_like(x, -camera["focal_length"])], -1) @ axes_of(camera)
        place, seen = position_of(camera), segments == number
        reach = ((middle - place) @ axes[:, 2]) / np.where(seen, rays @ axes[:, 2], -1.0)
        points = place + reach[..., None] * rays
        u, v = np.moveaxis(((points - middle) @ axes[:, :2] / TILE).astype(np.float32), -1, 0)
        far = np.linalg.norm(points - place, axis=-1, keepdims=True)
        drawn = pattern(backdrop, u, v)[..., None] * np.clip(PLAIN_FROM / far, 0.0, 1.0) ** 2
        ground_gain = np.array(backdrop.ground, np.float32) * (1 - 1.5 * backdrop.contrast * drawn)
        out[seen] *= ground_gain[seen]
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)
