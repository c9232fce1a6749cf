"""Pictures of the worlds that MuJoCo moves: frames with shadows, masks, the camera, things that are only drawn.

Pictures are drawn off screen (EGL unless MUJOCO_GL says otherwise) at twice the size and averaged, with one shadow map;
masks come from MuJoCo's segmentation rendering at the picture's own size. Drawing never changes the simulation.
"""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from cuspworld.errors import CuspError
from cuspworld.worlds.drawing.camera import numbers
from cuspworld.worlds.engines.mujoco_filming import laid, moved, set_up
from cuspworld.worlds.engines.mujoco_scene import HIDDEN, mujoco
from cuspworld.worlds.engines.mujoco_tracing import SpaceTrace, trace
from cuspworld.worlds.filming import Shot

LARGEST_DOUBLED = 1024  # pixels; larger pictures are drawn at their own size with 4 samples a pixel
CONTEXTS_KEPT = 4
Edit = Callable[[mujoco.MjvScene], Mapping[int, int] | None]


class _Context:
    """One off-screen OpenGL context with MuJoCo's resources for pictures of one size."""

    def __init__(self, model: mujoco.MjModel, height: int, width: int):
        self.factor = 2 if max(height, width) <= LARGEST_DOUBLED else 1
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

    def alive(self) -> bool:
        """Makes it current. False where others ended OpenGL in this process, as pygame does when its window closes."""
        try:
            self.window.make_current()
        except Exception as error:
            if not _of_opengl(error):
                raise
            return False
        return True

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
_ended: list[_Context] = []
_draws_in: int | None = None  # the process that first drew


def _check_process() -> None:
    """Raises CuspError in the fork of a process that has drawn: there OpenGL drivers give noise, without an error."""
    global _draws_in
    _draws_in = _draws_in or os.getpid()
    if _draws_in != os.getpid():
        raise CuspError(
            "this process was forked from one that had already drawn with MuJoCo, and OpenGL does not survive that: "
            "start the workers before anything is drawn, or as new processes, as in gymnasium.make_vec(name, "
            'num_envs=2, vectorization_mode="async", vector_kwargs={"context": "spawn"})'
        )


def _of_opengl(error: Exception) -> bool:
    """Is it one of PyOpenGL's, which is there only where MuJoCo draws with it?"""
    return type(error).__module__.partition(".")[0] == "OpenGL"


def _forget() -> None:
    """Lay aside contexts whose display was ended, and let the next one open it again. They are not freed: that would
    free what has their numbers in the next one."""
    _ended.extend(_contexts.values())
    _contexts.clear()
    if os.environ.get("MUJOCO_GL") == "egl":
        from mujoco import egl

        egl.EGL_DISPLAY = None


def _context(key: str, model: mujoco.MjModel, height: int, width: int) -> _Context:
    """The context for this scene and size; making one takes 0.1 s, so the last few are kept."""
    _check_process()
    name = (key, height, width)
    found = _contexts.get(name)
    if found is not None and not found.alive():
        _forget()
        found = None
    if found is None:
        try:
            found = _contexts[name] = _Context(model, height, width)
        except Exception as error:
            if not _of_opengl(error):
                raise
            _forget()
            found = _contexts[name] = _Context(model, height, width)
        while len(_contexts) > CONTEXTS_KEPT:
            _, old = _contexts.popitem(last=False)
            old.close()
    _contexts.move_to_end(name)
    found.window.make_current()  # which closing an old one is not
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

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies draw with a scene of their own: MuJoCo's cannot be copied."""
        return type(self), (self.key, self.instances)

    def _prepare(self, model: mujoco.MjModel) -> mujoco.MjvScene:
        if self._scene is None or self._model is not model:
            self._model = model
            self._scene = mujoco.MjvScene(model, maxgeom=400)
            flags = self._scene.flags
            flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
            flags[mujoco.mjtRndFlag.mjRND_HAZE] = 0
            flags[mujoco.mjtRndFlag.mjRND_FOG] = 1
            self.mask_ids = np.zeros(model.ngeom, np.uint8)
            for k in range(model.ngeom):
                names = (model.geom(k).name, model.body(model.geom_bodyid[k]).name)
                self.mask_ids[k] = next((self.instances[n] for n in names if n in self.instances), 0)
            self._fovy = float(model.cam_fovy[0])
        return self._scene

    def draw(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        height: int,
        width: int,
        edit: Edit | None = None,
        shot: Shot | None = None,
    ) -> tuple[UInt8[np.ndarray, "height width 3"], UInt8[np.ndarray, "height width"]]:
        """The picture and its mask. `edit` may change or add what is drawn (never what is simulated); it returns the
        mask ids of the scene geoms that it added, by their place in the list. `shot`: how it is filmed."""
        scene, context, added = self._arrange(model, data, height, width, edit, shot)
        rows, columns = context.factor * height, context.factor * width
        frame = np.empty((rows, columns, 3), np.uint8)
        view = mujoco.MjrRect(0, 0, columns, rows)
        mujoco.mjr_render(view, scene, context.resources)
        mujoco.mjr_readPixels(frame, None, view, context.resources)
        frame = np.ascontiguousarray(frame[::-1])
        if shot is not None and shot.background != "plain":
            camera = camera_numbers(data, self._fovy, rows, columns, shot)
            frame = laid(frame, _segments(scene, context, rows, columns)[0], scene, model, shot, camera)
        if context.factor > 1:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return frame if shot is None else shot.lit(frame), self._mask(scene, context, height, width, added)

    def trace(
        self, model: mujoco.MjModel, data: mujoco.MjData, height: int, width: int, edit: Edit | None, shot: Shot | None,
        running: Mapping[int, Any],
    ) -> SpaceTrace:  # fmt: skip
        """What the pixels of the picture show. `running`: the velocity (m/s) of surfaces that run in their plane, by
        mask id."""
        scene, context, added = self._arrange(model, data, height, width, edit, shot)
        segments, buffer = _segments(scene, context, height, width)
        camera = camera_numbers(data, self._fovy, height, width, shot)
        return trace(scene, segments, buffer, added, self.mask_ids, running, camera)

    def _arrange(
        self, model: mujoco.MjModel, data: mujoco.MjData, height: int, width: int, edit: Edit | None, shot: Shot | None
    ) -> tuple[mujoco.MjvScene, _Context, dict[int, int]]:
        """The scene of this picture, where it is drawn, and the mask ids of what the model does not have."""
        scene = self._prepare(model)
        model.cam_fovy[0] = field_of_view(self._fovy, height, width)
        context = _context(self.key, model, height, width)
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(model, data, self._option, None, self._camera, everything, scene)
        added = dict((edit(scene) if edit is not None else None) or {})
        if shot is not None:
            added |= set_up(scene, model, shot, camera_numbers(data, self._fovy, height, width, shot))
        return scene, context, added

    def _mask(
        self, scene: mujoco.MjvScene, context: _Context, height: int, width: int, added: Mapping[int, int]
    ) -> UInt8[np.ndarray, "height width"]:
        ids = np.zeros(scene.ngeom + 1, np.uint8)  # segid + 1 -> mask id; 0 is the background
        for place_in_list in range(scene.ngeom):
            geom = scene.geoms[place_in_list]
            if geom.segid < 0:
                continue
            if place_in_list in added:
                ids[geom.segid + 1] = added[place_in_list]
            elif geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                ids[geom.segid + 1] = self.mask_ids[geom.objid]
        return ids[np.minimum(_segments(scene, context, height, width)[0] + 1, scene.ngeom)]


def _segments(
    scene: mujoco.MjvScene, context: _Context, height: int, width: int
) -> tuple[Int[np.ndarray, "height width"], Float[np.ndarray, "height width"]]:
    """The segmentation number of every pixel, -1 for none, and OpenGL's depth, 0 near and 1 far."""
    flags = (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR)
    before = scene.flags.copy()
    scene.flags[:] = 0
    for flag in flags:
        scene.flags[flag] = 1
    picture, depth = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.float32)
    view = mujoco.MjrRect(0, 0, width, height)
    mujoco.mjr_render(view, scene, context.resources)
    mujoco.mjr_readPixels(picture, depth, view, context.resources)
    scene.flags[:] = before
    # the id lies in the red and green bytes; a scene has far fewer than 65,536 geoms
    codes = picture[::-1, :, 0].astype(np.int32) + 256 * picture[::-1, :, 1].astype(np.int32)
    return codes - 1, depth[::-1]


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


def camera_numbers(
    data: mujoco.MjData, fovy: float, height: int, width: int, shot: Shot | None = None
) -> dict[str, float]:
    """The numbers of the pinhole camera (drawing/camera.py), where the shot has put it."""
    focal = height / 2 / math.tan(math.radians(field_of_view(fovy, height, width)) / 2)
    centre = (width / 2, height / 2)
    plain = numbers(data.cam_xpos[0], data.cam_xmat[0].reshape(3, 3).T, focal, centre)
    return plain if shot is None else moved(plain, shot, np.array(data.model.stat.center))
