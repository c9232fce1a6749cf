"""What a check needs in order to look at a shot, each with the words that say why it is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cuspworld.audit.evidence.scene import LIT, Scene
from cuspworld.audit.observations.looks import drawn


@dataclass(frozen=True)
class Need:
    """`words`: for the docs page. `why_not`: of a shot, why it is not met; empty where it is."""

    words: str
    why_not: Callable[[Scene], str]


def length(frames: int) -> Need:
    """So many frames at least."""

    def why_not(scene: Scene) -> str:
        if len(scene) >= frames:
            return ""
        return f"the shot is too short: {len(scene)} frames, at least {frames} are needed"

    return Need(f"{frames} frames", why_not)


def steady_camera(to: str) -> Need:
    """A camera at rest, or one whose motion could be taken out. `to`: what it is needed for."""
    return Need(
        "a steady camera",
        lambda scene: "" if scene.camera.steady else f"the camera shakes or travels too much to {to}",
    )


def motion(otherwise: str = "nothing moves anywhere in the shot") -> Need:
    """Anything that moves at all."""

    def why_not(scene: Scene) -> str:
        return otherwise if scene.activity.max() * scene.frames[0, ..., 0].size < 9 else ""

    return Need("motion", why_not)


steady = Need("a steady camera", lambda scene: "" if scene.camera.steady else "the camera shakes or travels too much")

unmoved_camera = Need("a camera at rest", lambda scene: "the camera moves" if scene.camera.moving else "")

still_camera = Need(
    "a camera at rest",
    lambda scene: "" if scene.camera.steady and not scene.camera.moving else "the camera moves",
)

whole_picture = Need(
    "the same picture in every frame",
    lambda scene: (
        ""
        if scene.camera.steady and scene.valid is None
        else "the camera moves, so that amounts in the picture are no amounts in the scene"
    ),
)

filmed = Need(
    "a filmed picture",
    lambda scene: "it is a drawing: what has weight in it, and what drives it, is not known" if drawn(scene) else "",
)

same_light = Need("the same light", lambda scene: "" if scene.tint < LIT else "the light changes")

single_things = Need("single things", lambda scene: scene.why_no_things)

moving_colours = Need(
    "moving things of a few colours",
    lambda scene: "" if scene.colours is not None else "too little or too much moves for its colours to be followed",
)

known_scale_and_rate = Need(
    "metres_per_pixel and fps given by the user",
    lambda scene: "" if scene.scale.metres_per_pixel and scene.scale.fps_known else "scale or frame rate is not given",
)
