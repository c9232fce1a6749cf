"""Drawing a cartoon puppy from its capsules: legs that run, a tail that wags, ears that hang."""

from __future__ import annotations

import math

from cuspworld.worlds.render import Canvas, Colour, darker, lighter

# coat -> (fur, ears)
COATS: dict[str, tuple[Colour, Colour]] = {
    "brown": ((158, 98, 56), (104, 62, 36)),
    "white": ((248, 245, 238), (206, 196, 182)),
    "black": ((64, 62, 70), (34, 32, 38)),
    "golden": ((242, 184, 76), (196, 134, 40)),
    "grey": ((150, 158, 170), (104, 112, 126)),
}


def puppy(
    canvas: Canvas, x: float, y: float, scale: float, facing: float, phase: float, coat: str, instance: int
) -> None:
    """`facing`: -1 (left) to 1 (right); `phase`: of the gallop, in radians."""
    fur, ear = COATS[coat]
    edge = darker(ear, 0.25)
    turn = math.copysign(max(abs(facing), 0.45), facing if facing else 1.0)
    hop = 0.035 * abs(math.sin(phase))

    def at(u: float, v: float) -> tuple[float, float]:
        return x + scale * turn * u, y + scale * (v + hop)

    def limb(u0, v0, u1, v1, radius, colour, end=None, outline=0.014):
        (ax, ay), (bx, by) = at(u0, v0), at(u1, v1)
        tip = radius if end is None else end
        canvas.capsule(ax, ay, bx, by, scale * (radius + outline), edge, end=scale * (tip + outline), instance=instance)
        canvas.capsule(ax, ay, bx, by, scale * radius, colour, end=scale * tip, instance=instance, shade=0.08)

    canvas.shadow(x, y, scale * 0.34 * abs(turn) + 0.03, scale * 0.055, alpha=0.32)
    swing = 0.10 * math.sin(phase)
    for u, reach in ((-0.13, -swing), (0.13, swing)):  # the far legs, darker
        limb(u, 0.18, u + reach, 0.035 - hop, 0.042, darker(fur, 0.22))
    wag = 0.05 * math.sin(1.7 * phase)
    limb(-0.25, 0.29, -0.36, 0.43 + wag, 0.036, fur, end=0.026)
    limb(-0.17, 0.24, 0.15, 0.26, 0.118, fur)
    for u, reach in ((-0.19, swing), (0.16, -swing)):
        limb(u, 0.18, u + reach, 0.035 - hop, 0.045, fur, outline=0.010)
    limb(0.26, 0.42, 0.26, 0.42, 0.138, fur)
    limb(0.37, 0.37, 0.41, 0.37, 0.066, lighter(fur, 0.35), outline=0.008)
    nose, eye, flap = at(0.455, 0.395), at(0.31, 0.465), at(0.17, 0.41)
    canvas.circle(*nose, scale * 0.034, (30, 28, 32), instance=instance)
    canvas.circle(*eye, scale * 0.040, (250, 250, 250), instance=instance)
    canvas.circle(eye[0] + scale * turn * 0.01, eye[1], scale * 0.027, (24, 22, 26), instance=instance)
    angle = -0.25 * turn
    canvas.ellipse(
        *flap, scale * 0.062 * abs(turn) + 0.008, scale * 0.125, ear, angle=angle, instance=instance, shade=0.08
    )
