"""The units of falls, and why a shot says nothing about them."""

from __future__ import annotations

from cuspworld.audit.evidence.scene import Scene

NOTHING_FALLS = "nothing falls or circles freely for long enough to measure an acceleration"


def acceleration_unit(scene: Scene) -> tuple[str, float]:
    """Unit of an acceleration, and what one working pixel a frame squared is in it."""
    pace = scene.factor[1] * float(scene.fps) ** 2
    metres = scene.scale.metres_per_pixel
    return ("m/s²", pace * metres) if metres else ("px/s²", pace)
