"""The MJCF model of the Treadmill: a short-legged dog, a belt whose surface moves, deck, rollers and handle.

The dog's own frame: the origin in the middle of its trunk, x forwards, y left, z up; metres. Legs: left front, right
front, left hind, right hind. The belt's surface is z = 0, and x runs up
its incline. The belt is a box on a slide that is put back after every
step, so that its surface has a speed and its ends a place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cuspworld.worlds.drawing.canvas import COLOURS, darker, lighter
from cuspworld.worlds.engines.mujoco_scene import WALKER_CLASSES, colour, model_text, place

UPPER = LOWER = 0.14  # m
HIPS = np.array([(x, s * 0.115, -0.02) for x in (0.18, -0.18) for s in (1, -1)])
FORWARD = np.array(
    [-1.0, -1.0, 1.0, 1.0]
)  # which way the middle joint points: the front ones back, the hind ones forward
FOOT = 0.024  # m, radius
STANDS = 0.26  # m, of the trunk's middle over the ground
HALF, WIDTH = 0.85, 0.34  # m: half the belt's length and width
DECK = 0.14  # m, of the belt over the floor
BELT_MASS = 2000.0  # kg: nothing that the dog does changes the belt's speed
FOVY = 40.0  # degrees


def _leg(k: int, mass: float, paint: str, dark: str) -> str:
    joint = 'type="hinge" damping="0.05" armature="0.003"'
    x, y, z = HIPS[k]
    turn = 0.0 if FORWARD[k] > 0 else 3.141592653589793
    return f"""
<body name="upper {k}" pos="{x} {y} {z}" euler="0 0 {turn}">
  <joint name="hip {k}" axis="0 -1 0" {joint}/>
  <geom name="upper {k}" class="limb" fromto="0 0 0 {UPPER} 0 0" size="0.034" mass="{0.6 * mass}" {paint}/>
  <body pos="{UPPER} 0 0"><joint name="knee {k}" axis="0 1 0" {joint}/>
    <geom name="lower {k}" class="limb" fromto="0 0 0 {LOWER} 0 0" size="0.022" mass="{0.3 * mass}" {paint}/>
    <geom name="foot {k}" class="foot" size="{FOOT}" pos="{LOWER} 0 0" mass="{0.1 * mass}" {dark}/>
  </body>
</body>"""


def treadmill_scene(values: dict[str, Any], step: float, start: float) -> str:
    """The scene for these parameters; the dog begins at x = `start`."""
    tint, mass = COLOURS[values["colour"]], values["mass"]
    paint, pale = f'rgba="{colour(tint)}"', f'rgba="{colour(lighter(tint, 0.55))}"'
    dark, black = f'rgba="{colour(darker(tint, 0.35))}"', 'rgba="0.10 0.09 0.09 1"'
    steel, rubber = f'rgba="{colour((120, 128, 140))}"', f'rgba="{colour((58, 60, 66))}"'
    rail, panel = f'rgba="{colour((196, 62, 58))}"', f'rgba="{colour((70, 76, 88))}"'
    shown = 'class="shown"'
    incline = math.radians(values["incline"])
    vertical = (math.sin(incline), 0.0, math.cos(incline))
    low = f'pos="{-HALF - 0.1} 0 {-DECK}" euler="0 {incline} 0"'
    rise = (2 * HALF + 0.05) * math.sin(incline)
    posts = "".join(
        f'<geom name="post {s}" {shown} type="capsule" fromto="{HALF + 0.02} {y} {-DECK} {HALF - 0.10} {y} 0.62" '
        f'size="0.022" {steel}/><geom name="side {s}" {shown} type="box" pos="0 {y} -0.03" '
        f'size="{HALF + 0.06} 0.03 0.045" {rail}/>'
        f'<geom name="strut {s}" {shown} type="capsule" size="0.03" {steel} fromto="{HALF - 0.05} {y} {-DECK / 2} '
        f'{HALF - 0.05 - rise * vertical[0]} {y} {-DECK - rise * vertical[2]}"/>'
        for s, y in (("left", WIDTH + 0.03), ("right", -WIDTH - 0.03))
    )
    body = f"""
<geom name="floor" type="plane" {low} size="0 0 0.1" group="5" contype="1" conaffinity="0" priority="1"
  condim="3" friction="0.7 0.005 0.0001"/>
<body {low}>
  <geom name="ground" type="box" pos="0 12 -0.5" size="30 20 0.5" rgba="{colour((214, 204, 190))}"
    contype="0" conaffinity="0" castshadow="false"/>
</body>
{place((0.35, -3.1, 1.35), (-0.14, 0.0, 0.16), vertical)}
<geom name="deck" {shown} type="box" pos="0 0 {-DECK / 2 - 0.02}" size="{HALF} {WIDTH} {DECK / 2 - 0.02}" {panel}/>
{posts}
<geom name="handle" {shown} type="capsule" fromto="{HALF - 0.10} {WIDTH + 0.03} 0.62 {HALF - 0.10} {-WIDTH - 0.03} 0.62"
  size="0.022" {steel}/>
<geom name="console" {shown} type="box" pos="{HALF - 0.08} 0 0.64" size="0.02 0.16 0.09" euler="0 0.5 0" {panel}/>
<body name="belt"><joint name="belt" type="slide" axis="1 0 0"/>
  <geom name="belt" class="floor" pos="0 0 -0.02" size="{HALF} {WIDTH} 0.02" mass="{BELT_MASS}"
    friction="{values["friction"]!r} 0.005 0.0001" {rubber}/>
</body>
<body name="dog" pos="{start} 0 {STANDS}"><freejoint name="dog"/>
  <geom name="trunk" class="trunk" type="capsule" fromto="-0.16 0 0 0.15 0 0.01" size="0.105"
    mass="{0.62 * mass}" {paint}/>
  <geom name="belly" {shown} type="capsule" fromto="-0.12 0 -0.028 0.15 0 -0.03" size="0.085" {pale}/>
  <geom name="neck" {shown} type="capsule" fromto="0.19 0 0.05 0.28 0 0.15" size="0.07" {paint}/>
  <geom name="head" class="trunk" type="ellipsoid" pos="0.32 0 0.20" size="0.095 0.08 0.078"
    mass="{0.12 * mass}" {paint}/>
  <geom name="snout" {shown} type="capsule" fromto="0.36 0 0.175 0.43 0 0.165" size="0.042" {pale}/>
  <geom name="nose" {shown} type="sphere" pos="0.475 0 0.178" size="0.02" {black}/>
  <geom name="eye left" {shown} type="sphere" pos="0.385 0.05 0.232" size="0.015" {black}/>
  <geom name="eye right" {shown} type="sphere" pos="0.385 -0.05 0.232" size="0.015" {black}/>
  <geom name="ear left" {shown} type="capsule" fromto="0.285 0.06 0.25 0.25 0.075 0.34" size="0.028" {dark}/>
  <geom name="ear right" {shown} type="capsule" fromto="0.285 -0.06 0.25 0.25 -0.075 0.34" size="0.028" {dark}/>
  <geom name="collar" {shown} type="capsule" fromto="0.225 -0.045 0.088 0.225 0.045 0.088" size="0.062" {rail}/>
  <geom name="tail" {shown} type="capsule" fromto="-0.25 0 0.05 -0.36 0 0.19" size="0.026" {dark}/>
  {"".join(_leg(k, 0.065 * mass, paint, pale) for k in range(4))}
</body>"""
    stiffness = 26.0 * mass  # N m/rad
    servos = "".join(
        f'<position joint="{name} {k}" kp="{stiffness}" kv="{0.04 * stiffness}" ctrlrange="-6.3 6.3"/>'
        for k in range(4)
        for name in ("hip", "knee")
    )
    return model_text(
        body=body,
        more=f"<actuator>{servos}</actuator>",
        default=WALKER_CLASSES,
        step=step,
        gravity=values["gravity"],
        slope=incline,
        fovy=FOVY,
        extent=1.6,
        centre="0 0 0.1",
    )
