"""Scenes of the worlds that MuJoCo moves: model text and its look, contact data (pictures: mujoco_picture.py)."""

from __future__ import annotations

import math
import os
import sys

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.errors import MissingExtraError

if sys.platform.startswith("linux"):
    os.environ.setdefault("MUJOCO_GL", "egl")  # no window
    os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa's software rasteriser: one thread is the cheapest per frame
try:
    import mujoco as mujoco  # for the other files of these worlds too
except ImportError as error:  # pragma: no cover - make() says so first
    raise MissingExtraError("this world (mujoco)", "worlds") from error

HIDDEN = 5  # the geom group that is not drawn

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
