"""Drawing a cartoon puppy from its capsules: legs that run, a tail that wags, ears that hang."""

from __future__ import annotations

import math

from cuspworld.worlds.drawing.canvas import Canvas, Colour, darker, lighter

# coat -> (fur, ears)
COATS: dict[str, tuple[Colour, Colour]] = {
    "brown": ((158, 98, 56), (104, 62, 36)),
    "white": ((248, 245, 238), (206, 196, 182)),
    "black": ((64, 62, 70), (34, 32, 38)),
    "golden": ((242, 184, 76), (196, 134, 40)),
    "grey": ((150, 158, 170), (104, 112, 126)),
}


FRONTAL = 0.45  # below this, a puppy is seen from the front: its two sides come apart


def puppy(
    canvas: Canvas, x: float, y: float, scale: float, facing: float, phase: float, coat: str, instance: int
) -> None:
    """`facing`: -1 (left) to 1 (right), through 0 (to the camera); `phase`: of the gallop, in radians.

    The picture is continuous in `facing`: as a puppy turns, its far side comes out from behind the near one, and at 0,
    where the two change places, they look alike.
    """
    fur, ear = COATS[coat]
    edge = darker(ear, 0.25)
    wide = max(abs(facing), FRONTAL)
    front = 1.0 - min(abs(facing) / FRONTAL, 1.0)  # 0: in profile, 1: to the camera
    near = -math.copysign(front, facing)  # to which side of the picture the near side moves
    hop = 0.035 * abs(math.sin(phase))

    def at(u: float, v: float, aside: float = 0.0) -> tuple[float, float]:
        return x + scale * (facing * u + aside), y + scale * (v + hop)

    def limb(u0, v0, u1, v1, radius, colour, end=None, outline=0.014, aside=0.0, alpha=1.0):
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
