"""Sizes and rates beside a model's own, drawn and not scaled.

A path's codes are of clips at the model's own size and rate. A wider or higher picture shows the same square in its
middle and more beside it, a larger one the same in finer cells, a faster one the same steps in shorter tokens: a world
draws its pictures so. An expert that was taught other formats follows the same paths in them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from cuspworld.errors import CuspError
from cuspworld.video.frames import resize_frames

_TEXT = re.compile(r"(\d+)x(\d+)@(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Format:
    """`height` and `width` in pixels, `fps` in frames a second."""

    height: int
    width: int
    fps: float

    @classmethod
    def of(cls, text: str) -> Format:
        """ "64x96@10": height, width, rate."""
        found = _TEXT.fullmatch(text)
        if not found:
            raise CuspError(f"no format {text!r}: write it as 64x96@10, height x width @ frames a second")
        return cls(int(found[1]), int(found[2]), float(found[3]))

    def __str__(self) -> str:
        return f"{self.height}x{self.width}@{self.fps:g}"

    @property
    def side(self) -> int:
        return min(self.height, self.width)


@dataclass(frozen=True)
class Framing:
    """How a clip in the format `shown` is told by codes of clips in the format `own`, that of what was recorded."""

    shown: Format
    own: Format

    def __post_init__(self) -> None:
        if self.shown.fps % self.own.fps:
            raise CuspError(f"{self.shown} has no whole number of frames for each of {self.own}")

    @property
    def same(self) -> bool:
        return self.shown == self.own

    @property
    def pace(self) -> int:
        """Frames shown for each of the own format."""
        return round(self.shown.fps / self.own.fps)

    @property
    def scale(self) -> tuple[float, float, float]:
        """What a token's time, row and column count in tokens of the own format."""
        space = self.own.side / self.shown.side
        return 1 / self.pace, space, space

    def own_frames(self, frames: UInt8[np.ndarray, "t h w 3"]) -> UInt8[np.ndarray, "u i j 3"]:
        """The same clip in the own format: the square in the middle, and every so manieth frame."""
        return resize_frames(frames[:: self.pace], (self.own.height, self.own.width))

    def codes(self, codes: Float[Tensor, "*b s k"]) -> Float[Tensor, "*b u k"]:
        """Of steps of the own rate, as many as tokens: between two steps what lies between them."""
        if self.pace == 1:
            return codes
        after = torch.cat([codes[..., 1:, :], codes[..., -1:, :]], dim=-2)
        shares = [torch.lerp(codes, after, part / self.pace) for part in range(self.pace)]
        return torch.stack(shares, dim=-2).flatten(-3, -2)

    def sketch(self, shown: Float[Tensor, "t h w e"], frames: int, height: int, width: int) -> Float[Tensor, "t i j e"]:
        """A sketch of tokens of `frames` frames over a grid of `height` x `width` cells: the middle square as the codes
        tell it, beside it what stands at its border."""
        if self.pace > 1:
            steps = shown.unflatten(0, (-1, frames))[:, : -(-frames // self.pace)]
            shown = steps.repeat_interleave(self.pace, dim=1)[:, :frames].flatten(0, 1)
        side = min(height, width)
        flat = F.interpolate(shown.movedim(-1, 1), (side, side), mode="nearest-exact")
        rows, columns = height - side, width - side
        spread = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        return F.pad(flat, spread, mode="replicate").movedim(1, -1)


_CROPPED = 4.0  # what a picture cut in half costs, beside one enlarged twice


def nearest(formats: Sequence[Format], size: tuple[int, int], fps: float) -> Format:
    """The format to draw a clip in that is wanted in this `size` (height, width) and rate: the one that is cropped,
    enlarged and slowed least; the first among equals. None faster than what is wanted but the first."""

    def cost(one: Format) -> float:
        covers = max(size[0] / one.height, size[1] / one.width)
        kept = size[0] * size[1] / (covers**2 * one.height * one.width)
        return _CROPPED * -math.log2(kept) + max(0.0, math.log2(covers)) + max(0.0, math.log2(fps / one.fps))

    return min([one for one in formats if one is formats[0] or one.fps <= fps], key=lambda one: round(cost(one), 6))
