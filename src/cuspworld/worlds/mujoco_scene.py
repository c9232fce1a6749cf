"""Scenes of the worlds that MuJoCo moves: model text, pictures with shadows and masks, the camera, contact data.

Pictures are drawn off screen (EGL unless MUJOCO_GL says otherwise) at twice the size and averaged, with one shadow map;
masks come from MuJoCo's segmentation rendering at the picture's own size. Drawing never changes the simulation.
"""

from __future__ import annotations

import math
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from cuspworld.errors import CuspError, MissingExtraError

if sys.platform.startswith("linux"):
    os.environ.setdefault("MUJOCO_GL", "egl")  # no window
    os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa's software rasteriser: one thread is the cheapest per frame
try:
    import mujoco
except ImportError as error:  # pragma: no cover - make() says so first
    raise MissingExtraError("this world (mujoco)", "worlds") from error

LARGEST_DOUBLED = 1024  # pixels; larger pictures are drawn at their own size with 4 samples a pixel
HIDDEN = 5  # the geom group that is not drawn
CONTEXTS_KEPT = 4

# The look that these worlds share: a pale sky, one soft key light from upper left with a shadow, and a fill light.
LOOK = """
<visual>
  <global offwidth="8" offheight="8"/>
  <headlight ambient="0.42 0.42 0.44" diffuse="0.22 0.22 0.22" specular="0 0 0"/>
  <map znear="0.05" zfar="40" shadowclip="1" fogstart="3" fogend="12"/>
  <rgba fog="0.90 0.93 0.97 1"/>
</visual>
<statistic extent="{extent}" center="{centre}"/>
<asset>
  <texture type="skybox" builtin="gradient" rgb1="0.93 0.95 0.98" rgb2="0.72 0.82 0.93" width="32" height="192"/>
  {assets}
</asset>"""
LIGHTS = """
<light type="directional" castshadow="true" pos="-1 -1.5 4" dir="0.35 0.45 -1" diffuse="0.46 0.45 0.42"
  specular="0.12 0.12 0.12" ambient="0 0 0"/>
<light type="directional" castshadow="false" pos="2 -3 2" dir="-0.6 0.8 -0.35" diffuse="0.12 0.13 0.16"
  specular="0 0 0"/>"""


WALKER_CLASSES = """
<geom solref="0.008 1"/>
<default class="limb"><geom type="capsule" contype="0" conaffinity="1"/></default>
<default class="foot"><geom type="sphere" contype="0" conaffinity="1" condim="3"/></default>
<default class="trunk"><geom contype="0" conaffinity="1"/></default>
<default class="shown"><geom contype="0" conaffinity="0" mass="0"/></default>
<default class="floor"><geom type="box" contype="1" conaffinity="0" priority="1" condim="3"/></default>"""


def model_text(
    *,
    body: str,
    more: str = "",
    assets: str = "",
    default: str = "",
    step: float = 0.002,
    gravity: float = 9.81,
    slope: float = 0.0,
    fovy: float = 35.0,
    extent: float = 2.0,
    centre: str = "0 0 0.5",
) -> str:
    """The MJCF text of a scene. `body`: inside worldbody; `more`: actuators, tendons, equalities; `gravity` in m/s^2.

    `slope` (rad): how much the x axis rises, for a scene given in its slope's frame. `extent` (metres) and `centre`
    bound what casts shadows.
    """
    pull = f"{-gravity * math.sin(slope)!r} 0 {-gravity * math.cos(slope)!r}"
    look = LOOK.format(extent=extent, centre=centre, assets=assets)
    return f"""<mujoco>
<compiler angle="radian" autolimits="true"/>
<option timestep="{step!r}" gravity="{pull}" integrator="implicitfast" cone="elliptic"
  iterations="30">
  <flag energy="enable"/>
</option>
<default><camera fovy="{fovy}"/>{default}</default>
{look}
<worldbody>{LIGHTS}{body}</worldbody>
{more}
</mujoco>"""


def build(text: str) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """The compiled model and its data at t = 0."""
    model = mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def colour(rgb: tuple[int, int, int], alpha: float = 1.0) -> str:
    """A colour of 0-255 as MJCF wants it."""
    return " ".join(f"{c / 255:.4f}" for c in rgb) + f" {alpha:g}"


def ground(rgb: tuple[int, int, int]) -> str:
    """MJCF of the floor at z = 0: a plane that carries and a box that is drawn (MuJoCo's planes are slow to draw)."""
    return (
        f'<geom name="floor" type="plane" size="0 0 0.1" group="{HIDDEN}"/>'
        f'<geom name="ground" type="box" pos="0 12 -0.5" size="30 20 0.5" rgba="{colour(rgb)}" '
        'contype="0" conaffinity="0" castshadow="false"/>'
    )


def place(
    eye: tuple[float, float, float],
    target: tuple[float, float, float],
    vertical: tuple[float, float, float] = (0.0, 0.0, 1.0),
) -> str:
    """MJCF of a fixed camera at `eye` that looks at `target` (metres), the vertical upright in its picture."""
    forward = np.subtract(target, eye)
    right = np.cross(forward, vertical)
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    axes = " ".join(f"{v:.6f}" for v in (*right, *(up / np.linalg.norm(up))))
    return f'<camera name="camera" pos="{eye[0]} {eye[1]} {eye[2]}" xyaxes="{axes}"/>'


class _Context:
    """One off-screen OpenGL context with MuJoCo's resources for pictures of one size."""

    def __init__(self, model: mujoco.MjModel, height: int, width: int):
        self.factor = 2 if max(height, width) <= LARGEST_DOUBLED else 1
        self.process = os.getpid()
        big = self.factor * max(height, width)
        model.vis.global_.offwidth, model.vis.global_.offheight = self.factor * width, self.factor * height
        model.vis.quality.offsamples = 0 if self.factor == 2 else 4
        slices = 10 if big <= 256 else 24  # of round bodies: their corners show in large pictures only
        model.vis.quality.numslices, model.vis.quality.numstacks = slices, slices // 2
        model.vis.quality.shadowsize = int(np.clip(2 ** math.ceil(math.log2(3 * big)), 512, 4096))
        try:
            self.window = _window()(self.factor * width, self.factor * height)
            self.window.make_current()
            self.resources = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        except (ImportError, RuntimeError, AttributeError, mujoco.FatalError) as error:
            raise CuspError(
                f"MuJoCo found no way to draw off screen ({error}): install a driver (Debian: libegl1 and "
                "libgl1-mesa-dri), or set the environment variable MUJOCO_GL to egl, osmesa or glfw"
            ) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self.resources)

    def close(self) -> None:
        self.window.make_current()
        self.resources.free()
        self.window.free()


def _window() -> Any:
    """The class of off-screen windows; MuJoCo itself chooses at its import, perhaps before MUJOCO_GL is set."""
    if os.environ.get("MUJOCO_GL") == "egl":
        from mujoco.egl import GLContext
    else:
        from mujoco import GLContext
    return GLContext


_contexts: OrderedDict[tuple[str, int, int], _Context] = OrderedDict()


def _context(key: str, model: mujoco.MjModel, height: int, width: int) -> _Context:
    """The context for this scene and size; making one takes 0.1 s, so the last few are kept."""
    name = (key, height, width)
    found = _contexts.get(name)
    if found is None or found.process != os.getpid():  # a forked child cannot use its parent's
        found = _contexts[name] = _Context(model, height, width)
        while len(_contexts) > CONTEXTS_KEPT:
            _, old = _contexts.popitem(last=False)
            if old.process == os.getpid():
                old.close()
    _contexts.move_to_end(name)
    found.window.make_current()
    return found


class Picture:
    """Draws the scenes of one kind of world.

    `key` names the kind: its models share textures and meshes and may differ in everything else. `instances` maps the
    name of a geom or of a body (for all its geoms) to its mask id. The camera is the model's first; where a picture is
    taller than wide, its field of view grows, so that it shows at least the same width.
    """

    def __init__(self, key: str, instances: Mapping[str, int]):
        self.key, self.instances = key, dict(instances)
        self._scene: mujoco.MjvScene | None = None
        self._model: mujoco.MjModel | None = None
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 1
        self._option.geomgroup[HIDDEN] = 0
        self._option.tendongroup[:] = 1
        self._option.tendongroup[HIDDEN] = 0
        self._option.sitegroup[:] = 0
        self._camera = mujoco.MjvCamera()
        self._camera.type, self._camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, 0

    def _prepare(self, model: mujoco.MjModel) -> mujoco.MjvScene:
        if self._scene is None or self._model is not model:
            self._model = model
            self._scene = mujoco.MjvScene(model, maxgeom=400)
            flags = self._scene.flags
            flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
            flags[mujoco.mjtRndFlag.mjRND_HAZE] = 0
            flags[mujoco.mjtRndFlag.mjRND_FOG] = 1
            self._ids = np.zeros(model.ngeom, np.uint8)
            for k in range(model.ngeom):
                names = (model.geom(k).name, model.body(model.geom_bodyid[k]).name)
                self._ids[k] = next((self.instances[n] for n in names if n in self.instances), 0)
            self._fovy = float(model.cam_fovy[0])
        return self._scene

    def draw(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        height: int,
        width: int,
        edit: Callable[[mujoco.MjvScene], Mapping[int, int] | None] | None = None,
    ) -> tuple[UInt8[np.ndarray, "height width 3"], UInt8[np.ndarray, "height width"]]:
        """The picture and its mask. `edit` may change or add what is drawn (never what is simulated); it returns the
        mask ids of the scene geoms that it added, by their place in the list."""
        scene = self._prepare(model)
        model.cam_fovy[0] = field_of_view(self._fovy, height, width)
        context = _context(self.key, model, height, width)
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(model, data, self._option, None, self._camera, everything, scene)
        added = (edit(scene) if edit is not None else None) or {}
        rows, columns = context.factor * height, context.factor * width
        frame = np.empty((rows, columns, 3), np.uint8)
        view = mujoco.MjrRect(0, 0, columns, rows)
        mujoco.mjr_render(view, scene, context.resources)
        mujoco.mjr_readPixels(frame, None, view, context.resources)
        frame = np.ascontiguousarray(frame[::-1])
        if context.factor > 1:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return frame, self._mask(scene, context, height, width, added)

    def _mask(
        self, scene: mujoco.MjvScene, context: _Context, height: int, width: int, added: Mapping[int, int]
    ) -> UInt8[np.ndarray, "height width"]:
        flags = (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR)
        before = scene.flags.copy()
        scene.flags[:] = 0
        for flag in flags:
            scene.flags[flag] = 1
        picture = np.empty((height, width, 3), np.uint8)
        view = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(view, scene, context.resources)
        mujoco.mjr_readPixels(picture, None, view, context.resources)
        scene.flags[:] = before
        ids = np.zeros(scene.ngeom + 1, np.uint8)  # segid + 1 -> mask id; 0 is the background
        for place_in_list in range(scene.ngeom):
            geom = scene.geoms[place_in_list]
            if geom.segid < 0:
                continue
            if place_in_list in added:
                ids[geom.segid + 1] = added[place_in_list]
            elif geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                ids[geom.segid + 1] = self._ids[geom.objid]
        # the id lies in the red and green bytes; a scene has far fewer than 65,536 geoms
        code = picture[::-1, :, 0].astype(np.int32) + 256 * picture[::-1, :, 1].astype(np.int32)
        return ids[np.minimum(code, scene.ngeom)]


def add_rod(
    scene: mujoco.MjvScene, start: Any, end: Any, radius: float, rgba: tuple[float, float, float], shadow: bool = True
) -> int:
    """Draw a rod with round ends from `start` to `end` (metres) in this picture only; returns its place in the list."""
    place_in_list = scene.ngeom
    geom = scene.geoms[place_in_list]
    kind = mujoco.mjtGeom.mjGEOM_CAPSULE
    paint = np.array([*rgba, 1.0], np.float32)
    mujoco.mjv_initGeom(geom, kind, np.zeros(3), np.zeros(3), np.eye(3).ravel(), paint)
    mujoco.mjv_connector(geom, kind, radius, np.asarray(start, float), np.asarray(end, float))
    geom.segid, geom.category = (
        place_in_list,
        mujoco.mjtCatBit.mjCAT_DYNAMIC if shadow else mujoco.mjtCatBit.mjCAT_DECOR,
    )
    scene.ngeom += 1
    return place_in_list


def add_hand(scene: mujoco.MjvScene, tip: Float[np.ndarray, " 3"], away: Any) -> list[int]:
    """Draw a hand in this picture only: its finger tips at `tip`, its arm leading `away`; returns the places."""
    away = np.asarray(away, float)
    away /= np.linalg.norm(away)
    skin, sleeve, places = (0.93, 0.74, 0.60), (0.29, 0.38, 0.55), [tip + s * away for s in (0.0, 0.05, 0.20, 2.6)]
    parts = ((0.050, skin), (0.036, skin), (0.055, sleeve))
    return [add_rod(scene, places[k], places[k + 1], *parts[k], shadow=False) for k in range(3)]


def field_of_view(fovy: float, height: int, width: int) -> float:
    """Vertical field of view (degrees) that shows at least the scene of a square picture with `fovy`."""
    grow = max(1.0, height / width)
    return math.degrees(2 * math.atan(grow * math.tan(math.radians(fovy) / 2)))


def camera_numbers(data: mujoco.MjData, fovy: float, height: int, width: int) -> dict[str, float]:
    """The pinhole camera: pixel = centre + focal_length * (R (p - position))[x, -y] / -(R (p - position))[z].

    R's rows are the camera's right, up and backward axes (right_x ... backward_z). Pixel x runs right, pixel y down.
    """
    focal = height / 2 / math.tan(math.radians(field_of_view(fovy, height, width)) / 2)
    numbers = {"focal_length": focal, "centre_x": width / 2, "centre_y": height / 2}
    numbers |= {f"position_{axis}": float(v) for axis, v in zip("xyz", data.cam_xpos[0], strict=True)}
    rows = data.cam_xmat[0].reshape(3, 3).T
    for name, row in zip(("right", "up", "backward"), rows, strict=True):
        numbers |= {f"{name}_{axis}": float(v) for axis, v in zip("xyz", row, strict=True)}
    return numbers


def project(camera: Mapping[str, float], point: Float[np.ndarray, 3]) -> tuple[float, float]:
    """Pixel (x, y) of a point in metres under the camera of `camera_numbers`."""
    offset = np.asarray(point, float) - [camera[f"position_{axis}"] for axis in "xyz"]
    right, up, back = (
        float(offset @ [camera[f"{name}_{axis}"] for axis in "xyz"]) for name in ("right", "up", "backward")
    )
    scale = camera["focal_length"] / -back
    return camera["centre_x"] + scale * right, camera["centre_y"] - scale * up


def contact_force(data: mujoco.MjData, geoms: Bool[np.ndarray, " geoms"]) -> tuple[float, float]:
    """Normal and tangential force (N), each summed over the contacts of the marked geoms (elliptic cones)."""
    contact = data.contact
    pairs, first = contact.geom, contact.efc_address
    touching = np.flatnonzero(geoms[pairs].any(1) & (first >= 0))
    normal = data.efc_force[first[touching]]
    return float(normal.sum()), float(sum(math.hypot(*data.efc_force[k + 1 : k + 3].tolist()) for k in first[touching]))


def cross(a: Float[np.ndarray, "*n 3"], b: Float[np.ndarray, "*m 3"]) -> Float[np.ndarray, "*k 3"]:
    """The vector product along the last axis; several times faster than numpy's for few vectors."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def total_energy(data: mujoco.MjData) -> float:
    """Potential and kinetic energy (J) of everything in the model."""
    return float(data.energy[0] + data.energy[1])


def crossing(before: float, after: float, start: float, step: float) -> float:
    """The instant in [start, start + step] at which a quantity with these end values is 0 (error of order step^2)."""
    return start + step * before / (before - after) if before != after else start + step
