"""The MJCF model of the Ant: trunk, six legs of three joints, a plank that may slope and have a slippery patch.

The ant's own frame: the origin in the middle of the thorax, x forwards, y left, z up; metres. Legs 1 to 3 are the left
ones from the front, 4 to 6 the right ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cuspworld.worlds.drawing.canvas import COLOURS, darker, lighter
from cuspworld.worlds.engines.mujoco_scene import WALKER_CLASSES, colour, model_text, place

HIPS = np.array([(x, s * y, -0.01) for s in (1, -1) for x, y in ((0.10, 0.055), (0.0, 0.065), (-0.10, 0.055))])
MIDDLES = np.array([(x, s * y) for s in (1, -1) for x, y in ((0.23, 0.25), (0.0, 0.31), (-0.23, 0.25))])  # of the feet
COXA, FEMUR, TIBIA = 0.04, 0.16, 0.24  # m
FOOT = 0.018  # m, radius
STANDS = 0.13  # m, of the thorax's middle over the ground
YAWS = np.arctan2(*(MIDDLES - HIPS[:, :2]).T[::-1])
LENGTH, PATCH = 6.0, (0.05, 0.65)  # m: of the plank; where along it the slippery patch begins and ends
FOVY = 29.0  # degrees
START = -0.42  # m along the plank
SHARES = {"thorax": 0.25, "head": 0.15, "abdomen": 0.30, "leg": 0.05}  # of the mass


def along_plank(slope: float, x: float, up: float) -> tuple[float, float, float]:
    """The point (m) at `x` along the plank and `up` from it."""
    return x * math.cos(slope) - up * math.sin(slope), 0.0, x * math.sin(slope) + up * math.cos(slope)


def _leg(k: int, mass: float, paint: str, dark: str) -> str:
    joint = 'type="hinge" damping="0.02" armature="0.002"'
    x, y, z = HIPS[k]
    return f"""
<body name="coxa {k}" pos="{x} {y} {z}" euler="0 0 {YAWS[k]}">
  <joint name="yaw {k}" axis="0 0 1" {joint}/>
  <geom name="coxa {k}" class="limb" fromto="0 0 0 {COXA} 0 0" size="0.018" mass="{0.2 * mass}" {paint}/>
  <body pos="{COXA} 0 0"><joint name="lift {k}" axis="0 -1 0" {joint}/>
    <geom name="femur {k}" class="limb" fromto="0 0 0 {FEMUR} 0 0" size="0.017" mass="{0.5 * mass}" {paint}/>
    <body pos="{FEMUR} 0 0"><joint name="knee {k}" axis="0 1 0" {joint}/>
      <geom name="tibia {k}" class="limb" fromto="0 0 0 {TIBIA} 0 0" size="0.013" mass="{0.25 * mass}" {dark}/>
      <geom name="foot {k}" class="foot" size="{FOOT}" pos="{TIBIA} 0 0" mass="{0.05 * mass}" {dark}/>
    </body>
  </body>
</body>"""


def ant_scene(values: dict[str, Any], step: float) -> str:
    """The scene for these parameters."""
    slope, tint, mass = math.radians(values["slope"]), COLOURS[values["colour"]], values["mass"]
    paint, dark = f'rgba="{colour(tint)}"', f'rgba="{colour(darker(tint, 0.3))}"'
    bright = f'rgba="{colour(lighter(tint, 0.15))}"'
    wood, ice = (228, 198, 154), (120, 190, 232)
    slippery = values["story"] == "patch"
    low, high = PATCH if slippery else (0.0, 0.0)
    pieces = [("plank 1", -LENGTH / 2, low, "friction", wood), ("plank 2", high, LENGTH / 2, "friction", wood)]
    pieces += [("patch", low, high, "patch_friction", ice)] if slippery else []
    floor = "".join(
        f'<geom name="{name}" class="floor" pos="{x} {y} {z}" size="{(b - a) / 2} 0.62 0.03" '
        f'friction="{values[friction]!r} 0.005 0.0001" euler="0 {-slope} 0" rgba="{colour(rgb)}"/>'
        for name, a, b, friction, rgb in pieces
        for x, y, z in [along_plank(slope, (a + b) / 2, -0.03)]
    )
    grass = f"-0.5 12 {-0.57 - LENGTH / 2 * abs(math.sin(slope))}"
    x, y, z = along_plank(slope, START, STANDS)
    look = along_plank(slope, 0.0, 0.10)
    body = f"""
<geom name="ground" type="box" pos="{grass}" size="30 20 0.5" rgba="{colour((146, 188, 112))}" contype="0"
  conaffinity="0" castshadow="false"/>
{place((look[0] + 0.3, -2.8, look[2] + 1.95), look)}
{floor}
<body name="ant" pos="{x} {y} {z}" euler="0 {-slope} 0"><freejoint name="ant"/>
  <geom name="thorax" class="trunk" type="ellipsoid" size="0.115 0.062 0.052" mass="{SHARES["thorax"] * mass}" {paint}/>
  <geom name="head" class="trunk" type="ellipsoid" pos="0.185 0 0.02" size="0.075 0.07 0.058"
    mass="{SHARES["head"] * mass}" {bright}/>
  <geom name="abdomen" class="trunk" type="ellipsoid" pos="-0.24 0 0.035" size="0.135 0.095 0.085"
    mass="{SHARES["abdomen"] * mass}" {dark}/>
  <geom class="shown" type="capsule" fromto="0.235 0.03 0.05 0.33 0.09 0.11" size="0.007" {dark}/>
  <geom class="shown" type="capsule" fromto="0.235 -0.03 0.05 0.33 -0.09 0.11" size="0.007" {dark}/>
  <geom class="shown" type="capsule" fromto="0.25 0.025 0.0 0.29 0.012 -0.015" size="0.009" {dark}/>
  <geom class="shown" type="capsule" fromto="0.25 -0.025 0.0 0.29 -0.012 -0.015" size="0.009" {dark}/>
  <geom class="shown" type="sphere" pos="0.222 0.045 0.045" size="0.018" rgba="0.08 0.08 0.1 1"/>
  <geom class="shown" type="sphere" pos="0.222 -0.045 0.045" size="0.018" rgba="0.08 0.08 0.1 1"/>
  {"".join(_leg(k, SHARES["leg"] * mass, paint, dark) for k in range(6))}
</body>"""
    stiffness = 22.0 * mass  # N m/rad
    servos = "".join(
        f'<position joint="{name} {k}" kp="{stiffness}" kv="{0.05 * stiffness}" ctrlrange="-3.2 3.2"/>'
        for k in range(6)
        for name in ("yaw", "lift", "knee")
    )
    return model_text(
        body=body,
        more=f"<actuator>{servos}</actuator>",
        default=WALKER_CLASSES,
        step=step,
        gravity=values["gravity"],
        fovy=FOVY,
        extent=2.0,
        centre="0 0 0.2",
    )
