"""Canvas: one renderer style for every 2-D world. Clean shapes, anti-aliased, soft shadows, any size, instance masks.

A world paints in metres (x right, y up); the camera maps its view (a rectangle in metres) to pixels, as large as fits
and centred, so that a picture of any size or aspect ratio shows at least the whole view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cuspworld.worlds.drawing import canvas_kernels as kernels

Number = Any  # a number of Python's or of NumPy's
Colour = tuple[int, int, int]

# Named colours: friendly, well apart from one another, and the words of the captions.
COLOURS: dict[str, Colour] = {
    "red": (222, 62, 60),
    "orange": (245, 146, 36),
    "yellow": (246, 205, 60),
    "green": (88, 174, 76),
    "blue": (52, 118, 214),
    "purple": (142, 84, 190),
    "pink": (240, 128, 168),
    "brown": (140, 92, 58),
    "white": (244, 242, 236),
    "grey": (142, 148, 156),
    "black": (56, 56, 62),
    "teal": (36, 162, 160),
    "golden": (232, 178, 76),
}
CHINESE_COLOURS: dict[str, str] = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "white": "白色",
    "grey": "灰色",
    "black": "黑色",
    "teal": "青色",
    "golden": "金色",
}

SMALLEST = 8  # pixels, of a picture's side


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """The colour `share` of the way from a to b."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    return mix(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float = 0.25) -> Colour:
    return mix(colour, (0, 0, 0), share)


def scaled(colour: Colour, gain: Sequence[float]) -> Colour:
    """The colour under a gain of red, green and blue."""
    r, g, b = (min(255, round(c * k)) for c, k in zip(colour, gain, strict=True))
    return r, g, b


def _floats(colour: Colour) -> tuple[float, float, float]:
    return float(colour[0]), float(colour[1]), float(colour[2])


class Canvas:
    """A picture being painted. `view`: (left, bottom, right, top) in metres; positions and lengths below are metres.

    Every shape takes `instance` (1-255; 0: not in the mask), `alpha`, `soft` (metres of blur, for shadows) and `shade`:
    the share by which its upper edge is lighter and its lower edge darker.
    """

    def __init__(self, height: int, width: int, view: tuple[float, float, float, float]):
        left, bottom, right, top = view
        self.scale = min(width / (right - left), height / (top - bottom))  # pixels per metre
        self.x0 = width / 2 - self.scale * (left + right) / 2
        self.y0 = height / 2 + self.scale * (bottom + top) / 2
        self.behind: Any = 0.0  # metres behind the plane of what is drawn next, or a function of its x and y
        self.image = np.empty((height, width, 3), np.float32)
        self.mask = np.empty((height, width), np.uint8)

    @property
    def camera(self) -> dict[str, float]:
        """pixel x = origin_x + x / metres_per_pixel; pixel y = origin_y - y / metres_per_pixel."""
        return {"metres_per_pixel": 1 / self.scale, "origin_x": self.x0, "origin_y": self.y0}

    def _points(self, points: Any) -> np.ndarray:
        array = np.asarray(points, float).reshape(-1, 2)
        return np.stack([self.x0 + self.scale * array[:, 0], self.y0 - self.scale * array[:, 1]], 1)

    @staticmethod
    def _shades(colour: Colour, shade: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        plain = _floats(colour)
        if shade == 0:
            return plain, plain
        return tuple(c + (255.0 - c) * shade for c in plain), tuple(c * (1.0 - shade) for c in plain)

    def background(self, top: Colour, bottom: Colour) -> None:
        """A vertical gradient over the whole picture; also clears the mask."""
        kernels.background(self.image, self.mask, _floats(top), _floats(bottom))

    def band(self, low: float, high: float, top: Colour, bottom: Colour | None = None, instance: int = 0) -> None:
        """A horizontal band across the whole picture, from y = low to high (metres): floor, table, meadow."""
        width = self.image.shape[1]
        y0, y1 = self.y0 - self.scale * high, self.y0 - self.scale * low
        kernels.box(
            self.image, self.mask, width / 2, (y0 + y1) / 2, width + 2.0, (y1 - y0) / 2, 0.0, 0.0, 1.0,
            _floats(top), _floats(bottom or top), 1.0, instance,
        )  # fmt: skip

    def circle(
        self,
        x: Number,
        y: Number,
        radius: Number,
        colour: Colour,
        *,
        instance: int = 0,
        alpha: Number = 1.0,
        soft: Number = 0.0,
        shade: Number = 0.0,
    ) -> None:
        self.capsule(x, y, x, y, radius, colour, instance=instance, alpha=alpha, soft=soft, shade=shade)

    def sphere(
        self, x: Number, y: Number, radius: Number, colour: Colour, *, instance: int = 0, alpha: Number = 1.0
    ) -> None:
        """A circle shaded as a ball lit from above left."""
        s = self.scale
        kernels.sphere(
            self.image, self.mask, self.x0 + s * x, self.y0 - s * y, s * radius, 1.0, _floats(colour), alpha, instance
        )

    def capsule(
        self,
        ax: Number,
        ay: Number,
        bx: Number,
        by: Number,
        radius: Number,
        colour: Colour,
        *,
        end: Number | None = None,
        instance: int = 0,
        alpha: Number = 1.0,
        soft: Number = 0.0,
        shade: Number = 0.0,
    ) -> None:
        """A thick line with round ends; `end`: the radius at b where it differs."""
        s = self.scale
        top, bottom = self._shades(colour, shade)
        kernels.capsule(
            self.image, self.mask, self.x0 + s * ax, self.y0 - s * ay, self.x0 + s * bx, self.y0 - s * by,
            s * radius, s * (radius if end is None else end), 1.0 + s * soft, top, bottom, alpha, instance,
        )  # fmt: skip

    def ellipse(
        self,
        x: Number,
        y: Number,
        rx: Number,
        ry: Number,
        colour: Colour,
        *,
        angle: Number = 0.0,
        instance: int = 0,
        alpha: Number = 1.0,
        soft: Number = 0.0,
        shade: Number = 0.0,
    ) -> None:
        """`angle` in radians, counter-clockwise."""
        s = self.scale
        top, bottom = self._shades(colour, shade)
        kernels.ellipse(
            self.image, self.mask, self.x0 + s * x, self.y0 - s * y, max(s * rx, 0.05), max(s * ry, 0.05),
            -float(angle), 1.0 + s * soft, top, bottom, alpha, instance,
        )  # fmt: skip

    def box(
        self,
        x: Number,
        y: Number,
        width: Number,
        height: Number,
        colour: Colour,
        *,
        angle: Number = 0.0,
        corner: Number = 0.0,
        instance: int = 0,
        alpha: Number = 1.0,
        soft: Number = 0.0,
        shade: Number = 0.0,
    ) -> None:
        """A rectangle centred at (x, y), turned by `angle` (radians, counter-clockwise), rounded by `corner`."""
        s = self.scale
        top, bottom = self._shades(colour, shade)
        kernels.box(
            self.image, self.mask, self.x0 + s * x, self.y0 - s * y, s * width / 2, s * height / 2, -float(angle),
            s * corner, 1.0 + s * soft, top, bottom, alpha, instance,
        )  # fmt: skip

    def polygon(
        self,
        points: Any,
        colour: Colour,
        *,
        grow: Number = 0.0,
        instance: int = 0,
        alpha: Number = 1.0,
        soft: Number = 0.0,
        shade: Number = 0.0,
    ) -> None:
        """A simple polygon through points (n, 2), rounded outwards by `grow`."""
        top, bottom = self._shades(colour, shade)
        s = self.scale
        kernels.polygon(
            self.image, self.mask, self._points(points), s * grow, 1.0 + s * soft, top, bottom, alpha, instance
        )

    def line(
        self, points: Any, width: Number, colour: Colour, *, instance: int = 0, alpha: Number = 1.0, soft: Number = 0.0
    ) -> None:
        """A line of the given width through points (n, 2), with round joints and ends."""
        s = self.scale
        kernels.polyline(
            self.image, self.mask, self._points(points), s * width / 2, 1.0 + s * soft, _floats(colour), alpha, instance
        )

    def shadow(self, x: Number, y: Number, rx: Number, ry: Number, alpha: Number = 0.28) -> None:
        """A soft elliptic shadow on the ground."""
        self.ellipse(x, y, rx, ry, (30, 30, 40), alpha=alpha, soft=min(rx, ry) * 0.9)

    def liquid(
        self,
        points: Any,
        radius: Number,
        colour: Colour,
        *,
        threshold: Number = 0.6,
        instance: int = 0,
        alpha: Number = 1.0,
        highlight: Number = 0.3,
        names: Any = None,
    ) -> None:
        """A liquid from its particles (n, 2): one smooth body where they are dense, drops where they are not. `names`
        (n,): what each is known by from picture to picture; by default its place."""
        if len(points) == 0:
            return
        field = np.empty(self.mask.shape, np.float32)
        radius = max(self.scale * radius, 1.2)
        kernels.liquid(
            self.image, self.mask, field, self._points(points), radius, threshold, _floats(colour),
            _floats(lighter(colour, highlight)), alpha, instance,
        )  # fmt: skip

    def follow(self, instance: int, points: Any, names: Any) -> None:
        """Say that what a world's own kernel drew as `instance` goes where these points (n, 2; metres) go, each known
        by its name (n,) from picture to picture; nothing is drawn."""

    def heat_map(
        self, values: Any, left: Number, bottom: Number, right: Number, top: Number, palette: Any, *, instance: int = 0
    ) -> None:
        """A field in [0, 1], rows from the top, over a rectangle in metres, coloured by palette (n, 3)."""
        s = self.scale
        kernels.heat_map(
            self.image, self.mask, np.ascontiguousarray(values, np.float64), self.x0 + s * left, self.y0 - s * top,
            self.x0 + s * right, self.y0 - s * bottom, np.asarray(palette, np.float64), instance,
        )  # fmt: skip

    def picture(self) -> tuple[np.ndarray, np.ndarray]:
        """The frame (height, width, 3) and its mask (height, width), uint8."""
        return self.frame(), self.mask

    def frame(self) -> np.ndarray:
        """The picture as uint8 (height, width, 3)."""
        out = np.empty(self.image.shape, np.uint8)
        kernels.to_bytes(self.image, out)
        return out
