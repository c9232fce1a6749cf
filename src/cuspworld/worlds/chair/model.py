"""The MJCF model of the Chair: a four-legged chair with a back, a hook on two ropes, a block, a box of sand.

Measures are given from the middle of the plane of the feet, x forwards, z up, in metres. The body's own frame has its
origin at the centre of mass, so that the integrator keeps the momentum of a chair that turns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.drawing.canvas import COLOURS, darker
from cuspworld.worlds.engines.mujoco_scene import HIDDEN, colour, ground, model_text, place

LEG = 0.19  # m, from the middle to the axis of a leg, in x and in y
FOOT = LEG + 0.02  # m, to the outer edge of a foot
FOVY = {"dropped": 37.0, "lifted": 37.0, "dug": 37.0, "propped": 30.0}  # degrees
# Boxes: name, middle, half sizes.
BOXES: tuple[tuple[str, tuple[float, float, float], tuple[float, float, float]], ...] = (
    *((f"leg {sx:+d}{sy:+d}", (sx * LEG, sy * LEG, 0.215), (0.02, 0.02, 0.215)) for sx in (-1, 1) for sy in (-1, 1)),
    ("seat", (0.0, 0.0, 0.45), (0.225, 0.225, 0.02)),
    ("post -", (-0.2, -0.185, 0.69), (0.018, 0.02, 0.22)),
    ("post +", (-0.2, 0.185, 0.69), (0.018, 0.02, 0.22)),
    ("slat 1", (-0.2, 0.0, 0.86), (0.013, 0.17, 0.05)),
    ("slat 2", (-0.2, 0.0, 0.72), (0.013, 0.17, 0.045)),
    ("slat 3", (-0.2, 0.0, 0.59), (0.013, 0.17, 0.04)),
)
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
VOLUMES = np.array([8 * half[0] * half[1] * half[2] for *_, half in BOXES])  # m^3
CENTRE = VOLUMES @ np.array([middle for _, middle, _ in BOXES]) / VOLUMES.sum()  # of mass, from the plane of the feet
# From the centre of mass: all corners (80, 3); where the ropes hold, the seat's front edge and the back's top.
CHAIR_POINTS = np.concatenate([np.array(middle) + CORNERS * half for _, middle, half in BOXES]) - CENTRE
GRIPS = np.array([(0.20, 0.0, 0.47), (-0.2, 0.0, 0.91)]) - CENTRE


def turn_back(tilt: float, yaw: float) -> Float[np.ndarray, "3 3"]:
    """The rotation (chair to world) of a chair tilted back by `tilt` and turned left by `yaw` (rad)."""
    ct, st, cy, sy = math.cos(tilt), math.sin(tilt), math.cos(yaw), math.sin(yaw)
    back = np.array([[ct, 0.0, -st], [0.0, 1.0, 0.0], [st, 0.0, ct]])
    return np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]]) @ back


def vertical(quaternion: Float[np.ndarray, " 4"]) -> Float[np.ndarray, " 3"]:
    """The world's vertical in the chair's frame: the last row of its rotation matrix."""
    w, x, y, z = quaternion.tolist()
    return np.array([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)])


def overhang(centre: Float[np.ndarray, " 3"], up: Float[np.ndarray, " 3"]) -> float:
    """How far (m) the centre of mass is beyond the edge of the feet over which it would tip, negative inside.

    `centre`: of mass, in the chair's frame; `up`: the vertical in it. For each edge with outward normal n at a
    distance d from the centre of mass: -c (n . up) - d up_z; the largest counts. Positive for a chair on its head.
    """
    x, y, c = centre.tolist()
    ux, uy, uz = up.tolist()
    return max(c * ux - (FOOT + x) * uz, -c * ux - (FOOT - x) * uz, c * uy - (FOOT + y) * uz, -c * uy - (FOOT - y) * uz)


def hanging_lengths(tilt: float, above: float) -> Float[np.ndarray, " 2"]:
    """Lengths (m) of the two ropes that hold the chair tilted back by `tilt` with the hook `above` its centre of mass.

    A body that hangs from one point is in balance where its centre of mass lies below that point.
    """
    up = np.array([math.sin(tilt), 0.0, math.cos(tilt)])  # the vertical, in the chair's frame
    return np.linalg.norm(above * up - GRIPS, axis=1)


def hook_height(lengths: Float[np.ndarray, " 2"], rotation: Float[np.ndarray, "3 3"]) -> float:
    """The height (m) of the highest hook above the centre of mass from which both ropes reach the turned chair."""
    arms = GRIPS @ rotation.T
    return float((arms[:, 2] + np.sqrt(np.maximum(lengths**2 - (arms[:, :2] ** 2).sum(1), 0.0))).min())


def start_tilt(values: dict[str, Any]) -> float:
    """Backward tilt (rad) at t = 0: as it hangs, as the block props it, or none."""
    if values["story"] == "dropped":
        return values["tilt"]
    return math.asin(values["block"] / (FOOT + LEG - 0.02)) if values["story"] == "propped" else 0.0


def start_pose(values: dict[str, Any], yaw: float) -> tuple[tuple[float, float, float], Float[np.ndarray, "3 3"]]:
    """Centre of mass (m) and rotation at t = 0. A propped chair's rear feet have their edge on the floor at -FOOT."""
    rotation = turn_back(start_tilt(values), yaw)
    x, y = (rotation @ CENTRE)[:2].tolist()
    z = -float((CHAIR_POINTS @ rotation[2]).min()) + (values["height"] if values["story"] == "dropped" else 0.0)
    if values["story"] == "propped":
        return (-FOOT + FOOT * float(rotation[0, 0]) + x, 0.0, z), rotation
    return (x, y, z), rotation


def _boxes(values: dict[str, Any], mass: float, hidden: bool) -> str:
    paint = COLOURS[values["colour"]]
    middles = np.array([middle for _, middle, _ in BOXES]) - CENTRE
    prefix, contact = ("second ", f'contype="0" conaffinity="0" group="{HIDDEN}"') if hidden else ("", "")
    return "".join(
        f'<geom name="{prefix}{name}" type="box" pos="{x} {y} {z}" size="{a} {b} {c}" '
        f'mass="{mass * float(v) / float(VOLUMES.sum())!r}" '
        f'rgba="{colour(paint if name == "seat" or name[0] != "l" else darker(paint, 0.12))}" '
        f'friction="{values["friction"]!r} 0.005 0.0001" {contact}/>'
        for (name, _, (a, b, c)), (x, y, z), v in zip(BOXES, middles.tolist(), VOLUMES, strict=True)
    )


def chair_scene(values: dict[str, Any], step: float, beside: float) -> str:
    """The scene for these parameters; `beside` (m): where a second chair would stand, hidden until it appears."""
    sand, wood = (226, 198, 146), (178, 128, 82)
    dug, propped = values["story"] == "dug", values["story"] == "propped"
    scenery = ""
    if dug:
        depth, side = max(values["depth"], 0.005), 0.5
        scenery = (
            f'<geom name="sand" type="box" pos="0 0 {depth / 2}" size="{side} {side} {depth / 2}" material="sand" '
            'contype="0" conaffinity="0"/>'
        )
        for k, (x, y, a, b) in enumerate(((side, 0, 0.02, side + 0.04), (-side, 0, 0.02, side + 0.04),
                                          (0, side, side, 0.02), (0, -side, side, 0.02))):  # fmt: skip
            scenery += (
                f'<geom name="plank {k}" type="box" pos="{x * 1.04} {y * 1.04} {depth / 2 + 0.015}" '
                f'size="{a} {b} {depth / 2 + 0.015}" rgba="{colour(darker(wood, 0.1 * (k < 2)))}"/>'
            )
    if propped:
        tilt = start_tilt(values)
        left = -FOOT + (FOOT + LEG - 0.02) * math.cos(tilt) - 0.03
        scenery += (
            f'<geom name="block" type="box" pos="{left + 0.3} 0 {values["block"] / 2}" '
            f'size="0.3 0.34 {values["block"] / 2}" rgba="{colour((150, 158, 168))}"/>'
        )
    body = f"""
{ground((216, 205, 188))}
{place((1.25, -3.3, 1.45), (0.02, 0.0, 0.42 if propped else 0.74))}
<body name="hook" mocap="true" pos="0 0 9">
  <site name="hook"/>
  <geom type="capsule" fromto="0 0 0.02 0 0 0.09" size="0.035" mass="0" contype="0" conaffinity="0" castshadow="false"
    rgba="0.35 0.37 0.42 1"/>
  <geom type="capsule" fromto="0 0 0.09 0 0 3" size="0.011" mass="0" contype="0" conaffinity="0" castshadow="false"
    rgba="0.45 0.47 0.52 1"/>
</body>
<body name="second" mocap="true" pos="{beside} 0.35 {CENTRE[2]}" euler="0 0 0.5">
  {_boxes(values, values["mass"], True)}
</body>
{scenery}
<body name="chair"><freejoint/>
  {_boxes(values, values["mass"], False)}
  {"".join(f'<site name="grip {k}" pos="{x} {y} {z}"/>' for k, (x, y, z) in enumerate(GRIPS.tolist()))}
</body>"""
    ropes = "".join(
        f'<spatial name="rope {k}" limited="true" range="0 1" group="{HIDDEN}" '
        f'solreflimit="0.008 1"><site site="hook"/><site site="grip {k}"/></spatial>'
        for k in (0, 1)
    )
    assets = f"""
<texture name="sand" type="2d" builtin="flat" rgb1="{colour(sand)[:-2]}" width="128" height="128" mark="random"
  random="0.25"
  markrgb="{colour(darker(sand, 0.1))[:-2]}"/>
<material name="sand" texture="sand" texrepeat="2 2" texuniform="true" specular="0"/>"""
    return model_text(
        body=body,
        more=f"<tendon>{ropes}</tendon>",
        assets=assets,
        default='<geom condim="4" solref="0.008 0.5"/>',
        step=step,
        gravity=values["gravity"],
        fovy=FOVY[values["story"]],
        extent=1.5,
        centre="0 0 0.6",
    )
