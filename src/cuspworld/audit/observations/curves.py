"""The curves of the report that several checks show."""

from __future__ import annotations

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Series
from cuspworld.audit.observations.colour_amounts import Matter


def unexplained_area(scene: Scene) -> Series:
    """How much of the picture no motion explains, step by step."""
    values = tuple(float(v) for v in scene.change.total * scene.area)
    return Series("unexplained area of each step", "px²", scene.times(range(1, len(scene))), values)


def changing_pixels(scene: Scene) -> Series:
    """How much of the picture changes, step by step."""
    values = tuple(100 * float(v) for v in scene.activity)
    return Series("pixels that change in each step", "%", scene.times(range(1, len(scene))), values)


def amount_of_colour(scene: Scene, found: Matter) -> Series:
    """How much of a colour is seen over time."""
    amounts = tuple(amount * scene.area for amount in found.amounts)
    return Series("amount of this colour", "px²", scene.times(found.times), amounts)
