"""Drawing a cartoon puppy from its capsules: legs that run, a tail that wags, ears that hang."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cuspworld.worlds.drawing.canvas import Canvas, Colour, darker, lighter

# coat -> (fur, ears)
COATS: dict[str, tuple[Colour, Colour]] = {
    "brown": ((158, 98, 56), (104, 62, 36)),
    "white": ((248, 245, 238), (206, 196, 182)),
    "black": ((64, 62, 70), (34, 32, 38)),
    "golden": ((242, 184, 76), (196, 134, 40)),
    "grey": ((150, 158, 170), (104, 112, 126)),
}


HILLS = 40.0  # m behind the meadow's near edge
FRONTAL = 0.45  # below this, a puppy is seen from the front: its two sides come apart


@dataclass(frozen=True)
class Puppy:
    """Where a puppy stands in the picture (m), its scale, `facing` -1 (left) to 1 (right), its distance (m), the phase
    of its gallop (rad), its coat, and its mask id."""

    x: float
    y: float
    scale: float
    facing: float
    distance: float
    phase: float
    coat: str
    instance: int


@dataclass(frozen=True)
class Look:
    """What the picture shows: the puppies, the ball at (x, z) on the ground, its radius and mask id, and the camera's
    height and distance (m)."""

    puppies: tuple[Puppy, ...]
    ball: tuple[float, float]
    height: float
    distance: float
    radius: float
    ball_instance: int


def paint(canvas: Canvas, look: Look) -> None:
    horizon = look.height
    canvas.background((128, 190, 240), (206, 232, 250))
    canvas.behind = np.inf
    canvas.circle(0.58, 1.12, 0.12, (255, 236, 150), soft=0.02)
    for x, y, r in ((-0.58, 1.06, 0.11), (-0.44, 1.10, 0.13), (-0.30, 1.06, 0.10)):
        canvas.ellipse(x, y, 1.3 * r, 0.75 * r, (255, 255, 255), soft=0.03)
    canvas.behind = HILLS
    canvas.ellipse(-0.55, horizon - 0.10, 0.95, 0.30, (138, 196, 116), shade=0.08)
    canvas.ellipse(0.75, horizon - 0.12, 0.85, 0.26, (122, 184, 104), shade=0.08)
    # the meadow lies in space: what is seen at the height y is that far behind the plane of its near edge
    canvas.behind = lambda x, y: look.distance * y / np.maximum(horizon - y, 1e-3)
    canvas.band(-9.0, horizon - 0.02, (124, 196, 92), (124, 196, 92))
    canvas.band(-9.0, -0.45, (88, 166, 66))  # below the plain view: what a camera from elsewhere sees goes on the same
    canvas.band(-0.52, horizon - 0.02, (132, 200, 98), (88, 166, 66))
    farthest_first = sorted(look.puppies, key=lambda dog: (dog.distance, dog.instance), reverse=True)
    for dog in farthest_first:
        if dog.distance >= look.ball[1]:
            canvas.behind = dog.distance
            draw_puppy(canvas, dog)
    canvas.behind = look.ball[1]
    _ball(canvas, look)
    for dog in farthest_first:
        if dog.distance < look.ball[1]:
            canvas.behind = dog.distance
            draw_puppy(canvas, dog)


def _ball(canvas: Canvas, look: Look) -> None:
    x, z = look.ball
    scale = look.distance / (look.distance + z)
    x, y, r = x * scale, look.height * (1 - scale), look.radius * scale
    canvas.shadow(x, y, r, 0.35 * r)
    canvas.sphere(x, y + r, r, (226, 58, 52), instance=look.ball_instance)


def draw_puppy(canvas: Canvas, dog: Puppy) -> None:
    """The picture is continuous in `facing`: as a puppy turns, its far side comes out from behind the near one, and at
    0, where the two change places, they look alike.
    """
    x, y, scale, facing, phase, instance = dog.x, dog.y, dog.scale, dog.facing, dog.phase, dog.instance
    fur, ear = COATS[dog.coat]
    edge = darker(ear, 0.25)
    wide = max(abs(facing), FRONTAL)
    front = 1.0 - min(abs(facing) / FRONTAL, 1.0)  # 0: in profile, 1: to the camera
    near = -math.copysign(front, facing)  # to which side of the picture the near side moves
    hop = 0.035 * abs(math.sin(phase))

    def at(u: float, v: float, aside: float = 0.0) -> tuple[float, float]:
        return x + scale * (facing * u + aside), y + scale * (v + hop)

    def limb(  # a capsule with its outline, in the puppy's own lengths
        u0: float, v0: float, u1: float, v1: float, radius: float, colour: Colour, end: float | None = None,
        outline: float = 0.014, aside: float = 0.0, alpha: float = 1.0,
    ) -> None:  # fmt: skip
        (ax, ay), (bx, by) = at(u0, v0, aside), at(u1, v1, aside)
        tip = radius if end is None else end
        canvas.capsule(ax, ay, bx, by, scale * (radius + outline), edge, end=scale * (tip + outline),
                       instance=instance, alpha=alpha)  # fmt: skip
        canvas.capsule(ax, ay, bx, by, scale * radius, colour, end=scale * tip, instance=instance, alpha=alpha,
                       shade=0.08)  # fmt: skip

    canvas.shadow(x, y, scale * 0.34 * wide + 0.03, scale * 0.055, alpha=0.32)
    swing = 0.10 * math.sin(phase)
    for u, reach in ((-0.13, -swing), (0.13, swing)):  # the far legs, darker
        limb(u, 0.18, u + reach, 0.035 - hop, 0.042, darker(fur, 0.22 * (1 - front)), aside=-0.06 * near)
    near_legs = ((-0.19, swing), (0.16, -swing))
    for u, reach in near_legs if front else ():
        limb(u, 0.18, u + reach, 0.035 - hop, 0.042, fur, aside=0.06 * near, alpha=min(4 * front, 1.0))
    wag = 0.05 * math.sin(1.7 * phase)
    limb(-0.25, 0.29, -0.36, 0.43 + wag, 0.036, fur, end=0.026)
    limb(-0.17, 0.24, 0.15, 0.26, 0.118, fur)
    for u, reach in near_legs if front < 1 else ():
        limb(u, 0.18, u + reach, 0.035 - hop, 0.045, fur, outline=0.010, aside=0.06 * near, alpha=1 - front)
    limb(0.26, 0.42, 0.26, 0.42, 0.138, fur)
    limb(0.37, 0.37, 0.41, 0.37, 0.066, lighter(fur, 0.35), outline=0.008)
    canvas.circle(*at(0.455, 0.395), scale * 0.034, (30, 28, 32), instance=instance)
    far = math.copysign(1.0, facing)
    for side, share, ear_u in ((near, 1.0, 0.17), (far, front, 0.26)) if front else ((near, 1.0, 0.17),):
        eye_x, eye_y = at(0.31, 0.465, 0.062 * side)
        canvas.circle(eye_x, eye_y, scale * 0.040 * share, (250, 250, 250), instance=instance)
        canvas.circle(eye_x + scale * facing * 0.01, eye_y, scale * 0.027 * share, (24, 22, 26), instance=instance)
        canvas.ellipse(
            *at(ear_u, 0.41, 0.135 * side), (scale * 0.062 * wide + 0.008) * share, scale * 0.125 * share, ear,
            angle=-0.25 * facing, instance=instance, shade=0.08,
        )  # fmt: skip
