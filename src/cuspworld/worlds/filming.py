"""Filming: how a clip is taken. Camera, light, background, things that do nothing, slow motion: of every world alike.

They are parameters with a plain value each, the same bytes as if there were none. The split `varied` is the training
split of the same seed, filmed in a way that is drawn from the seed; `look="varied"` does it to any other split, and
each can be fixed by name: `make("Juice", time_of_day="evening")`. Physics does not depend on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from cuspworld.worlds.drawing import scenery as drawn
from cuspworld.worlds.drawing.camera import homography, numbers, rotation, through
from cuspworld.worlds.drawing.canvas import Canvas, Colour, scaled
from cuspworld.worlds.drawing.scenery import Backdrop, Scenery
from cuspworld.worlds.parameters import Parameter

SLOWEST = 0.5
FINER = 2  # source pixels a pixel of the picture, where it is seen from elsewhere
View = tuple[float, float, float, float]


@cache
def filming_parameters(scenery: Scenery) -> dict[str, Parameter]:
    """The parameters by name; their out-of-range sets are what `varied` draws from."""
    s = scenery

    def number(name: str, unit: str, doc: str, low: float, high: float, bounds: tuple[float, float]) -> Parameter:
        plain = 1.0 if name == "camera_zoom" else 0.0
        return Parameter(name, unit, doc, out=((low, high),), bounds=bounds, default=plain)

    found = (
        Parameter("look", "", "how it is filmed: plainly, or as drawn from the seed", choices=("plain",),
                  out_choices=("varied",)),
        number("camera_x", "1", "the camera stands that much to the right, in widths of the view", -s.shift, s.shift,
               (-0.5, 0.5)),
        number("camera_y", "1", "the camera stands that much higher", -s.shift, s.shift, (-0.5, 0.5)),
        number("camera_zoom", "1", "how large things are in the picture", *s.zoom, (0.3, 3.0)),
        number("camera_roll", "degrees", "the camera is held askew, counter-clockwise", -s.roll, s.roll, (-180, 180)),
        number("camera_turn", "degrees", "it looks from further right", -s.turn, s.turn, (-45, 45)),
        number("camera_tilt", "degrees", "it looks from further above", -0.4 * s.turn, s.turn, (-30, 45)),
        Parameter("time_of_day", "", "the light", choices=("plain",), out_choices=s.lights),
        Parameter("light_from", "", "the side that is brighter", choices=("above",), out_choices=("left", "right")),
        Parameter("background", "", "what is behind it", choices=("plain",), out_choices=drawn.PATTERNS[s.kind]),
        Parameter("distractors", "1", "things that do nothing", out=((0, drawn.MOST),), bounds=(0, drawn.MOST),
                  default=0, integer=True),
        Parameter("slow_motion", "1", "seconds of the world that a second of the clip shows", choices=(1.0,),
                  out_choices=(0.75, SLOWEST)),
    )  # fmt: skip
    still = {"camera_turn", "camera_tilt"} if not s.turn else set()
    return {p.name: p for p in found if p.name not in still and (p.name != "time_of_day" or s.lights)}


def plane_camera(
    scenery: Scenery, view: View, height: int, width: int, x: float = 0.0, y: float = 0.0, zoom: float = 1.0,
    turn: float = 0.0, tilt: float = 0.0, roll: float = 0.0,
) -> dict[str, float]:  # fmt: skip
    """The numbers of the pinhole camera that sees this view (metres) of the plane z = 0 as a plain picture shows it,
    or from elsewhere (`filming_parameters`)."""
    left, bottom, right, top = view
    wide = right - left
    scale = min(width / wide, height / (top - bottom))
    distance = scenery.distance * wide
    axes = rotation(turn, tilt, roll)
    middle = np.array([(left + right) / 2 + x * wide, (bottom + top) / 2 + y * wide, 0.0])
    return numbers(middle + distance * axes[2], axes, scale * distance * zoom, (width / 2, height / 2))


@dataclass(frozen=True)
class Shot:
    """How one clip is filmed: the parameters' values (`filming_parameters`), the background that was drawn for them."""

    look: str
    camera_x: float
    camera_y: float
    camera_zoom: float
    camera_roll: float
    camera_turn: float
    camera_tilt: float
    time_of_day: str
    light_from: str
    background: str
    distractors: int
    slow_motion: float
    scenery: Scenery
    backdrop: Backdrop

    @property
    def values(self) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in filming_parameters(Scenery())}

    def camera(self, view: View, height: int, width: int) -> dict[str, float]:
        """The camera's numbers, of a world that is drawn in the plane z = 0 of this view (metres)."""
        place = (self.camera_x, self.camera_y, self.camera_zoom, self.camera_turn, self.camera_tilt, self.camera_roll)
        return plane_camera(self.scenery, view, height, width, *place)

    def canvas(self, view: View, height: int, width: int) -> FilmedCanvas:
        return FilmedCanvas(self, view, height, width)

    def lit(self, frame: np.ndarray) -> np.ndarray:
        """The picture (height, width, 3) in its light, uint8."""
        bright = frame * drawn.gain(self.time_of_day, self.light_from, *frame.shape[:2])
        return np.clip(bright + 0.5, 0, 255).astype(np.uint8)


class FilmedCanvas(Canvas):
    """A canvas whose picture is seen by a shot's camera: painted flat and finer than asked for, then seen from there.

    The world's background gets the shot's tint, pattern and distractors; its floors and tables a gain of their own.
    """

    def __init__(self, shot: Shot, view: View, height: int, width: int):
        self.shot, self.own_view, self.asked = shot, view, (height, width)
        to_pixels = homography(shot.camera(view, height, width))
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
        seen = through(np.linalg.inv(to_pixels), corners)
        low, high = seen.min(0), seen.max(0)
        finer = FINER * shot.camera_zoom * min(width / (view[2] - view[0]), height / (view[3] - view[1]))
        columns, rows = (max(1, round(float(v))) for v in (high - low) * finer)
        super().__init__(rows, columns, (float(low[0]), float(low[1]), float(high[0]), float(high[1])))
        metres = 1 / self.scale
        flat = np.array([[metres, 0, -metres * self.x0], [0, -metres, metres * self.y0], [0, 0, 1]])
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the middles of pixels
        self.to_picture = np.linalg.inv(half) @ to_pixels @ flat @ half

    def background(self, top: Colour, bottom: Colour) -> None:
        super().background(top, bottom)
        if self.shot.background != "plain":
            drawn.lay(self.shot.backdrop, self, self.own_view)
        drawn.draw_things(self.shot.backdrop, self, self.own_view)

    def band(self, low: float, high: float, top: Colour, bottom: Colour | None = None, instance: int = 0) -> None:
        if self.shot.background != "plain":
            ground = self.shot.backdrop.ground
            top, bottom = scaled(top, ground), scaled(bottom or top, ground)
        super().band(low, high, top, bottom, instance)

    def seen(self, flat: np.ndarray, interpolation: int) -> np.ndarray:
        """What is painted flat (rows, columns, ...) as the camera sees it (height, width, ...)."""
        height, width = self.asked
        return cv2.warpPerspective(flat, self.to_picture, (width, height), flags=interpolation,
                                   borderMode=cv2.BORDER_REPLICATE)  # fmt: skip

    def picture(self) -> tuple[np.ndarray, np.ndarray]:
        return self.shot.lit(self.seen(self.image, cv2.INTER_LINEAR)), self.seen(self.mask, cv2.INTER_NEAREST)


def film(scenery: Scenery, fixed: Mapping[str, Any], varied: bool, rng: np.random.Generator) -> Shot | None:
    """The shot of these fixed values; the others are plain, or where `varied` drawn. None where all are plain.

    Every number is drawn whatever is fixed, so that fixing one changes no other.
    """
    parameters = filming_parameters(scenery)
    varied = fixed.get("look", "varied" if varied else "plain") == "varied"
    values = dict(PLAIN)
    for name, p in parameters.items():
        pool = p.choices + p.out_choices
        value = pool[int(rng.integers(len(pool)))] if pool else p.draw(rng, out=True)
        values[name] = fixed[name] if name in fixed else value if varied else values[name]
    values["look"] = "varied" if varied else "plain"
    backdrop = drawn.draw_backdrop(
        values["background"] if values["background"] != "plain" else "painted", scenery.kind, values["distractors"], rng
    )
    return Shot(**values, scenery=scenery, backdrop=backdrop) if values != PLAIN else None


PLAIN = {name: p.choices[0] if p.choices else p.default for name, p in filming_parameters(Scenery()).items()}


LIGHT_WORDS = {
    "morning": ("in morning light", "在晨光中"), "noon": ("in bright noon light", "在正午的强光下"),
    "overcast": ("under an overcast light", "在阴天的光线下"), "evening": ("in warm evening light", "在傍晚的暖光中"),
    "dusk": ("at dusk", "在黄昏"), "lamplight": ("by lamplight", "在灯光下"),
}  # fmt: skip
BEHIND_WORDS = {
    "wall": ("before {} wall", "背景是{}墙"), "room": ("before {} wall", "背景是{}墙"),
    "floor": ("over {} floor", "底下是{}底面"), "sky": ("before {} sky", "背景是{}天空"),
    "night": ("before {} sky", "背景是{}夜空"),
}  # fmt: skip
PATTERN_WORDS = {
    "painted": ("a plain", "素色的"), "striped": ("a striped", "条纹"), "spotted": ("a spotted", "圆点"),
    "checked": ("a checked", "方格"), "bricks": ("a brick", "砖"), "boards": ("a boarded", "木板"),
    "speckled": ("a speckled", "斑点"), "marbled": ("a marbled", "大理石纹"), "cloudy": ("a cloudy", "多云的"),
    "hazy": ("a hazy", "有雾的"), "nebula": ("a nebulous", "有星云的"), "dust": ("a dusty", "有星尘的"),
}  # fmt: skip
THING_WORDS = (
    ("with one thing that does nothing", "另有一件不动的东西"),
    ("with two things that do nothing", "另有两件不动的东西"),
    ("with three things that do nothing", "另有三件不动的东西"),
    ("with four things that do nothing", "另有四件不动的东西"),
)  # fmt: skip
SLOW_WORDS = {
    0.75: ("in slow motion at three quarters of its speed", "慢动作，四分之三的速度"),
    0.5: ("in slow motion at half its speed", "慢动作，一半的速度"),
}


def told(shot: Shot, language: str) -> str:
    """The sentence of a rich caption that says how it is filmed; empty where nothing is to be said."""
    which = ("en", "zh").index(language)
    zoom, turn, tilt = shot.camera_zoom, shot.camera_turn, shot.camera_tilt
    known = (
        (shot.time_of_day != "plain", LIGHT_WORDS.get(shot.time_of_day)),
        (zoom < 0.9, ("from further away", "从较远处")), (zoom > 1.05, ("from nearer", "从较近处")),
        (turn > 5, ("from the right", "从右侧")), (turn < -5, ("from the left", "从左侧")),
        (tilt > 5, ("from above", "从上方")), (abs(shot.camera_roll) > 3, ("with the camera askew", "镜头倾斜")),
        (shot.background != "plain", BEHIND_WORDS[shot.scenery.kind]),
        (shot.distractors > 0, THING_WORDS[shot.distractors - 1]),
        (shot.slow_motion != 1.0, SLOW_WORDS.get(shot.slow_motion)),
    )  # fmt: skip
    pattern = PATTERN_WORDS.get(shot.background, ("", ""))[which]
    parts = [words[which].format(pattern) for holds, words in known if holds and words]
    if not parts:
        return ""
    return f" Filmed {', '.join(parts)}." if which == 0 else f"拍摄：{'，'.join(parts)}。"
