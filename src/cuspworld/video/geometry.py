"""A decoded frame as people see it: upright, with square pixels, scaled and cropped to the size asked for.

Rotation and mirroring come from the display matrix (ISO/IEC 14496-12, 6.2.2), pixel shape from the sample aspect ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.video.dynamic_range import HIGH_DYNAMIC_RANGE, tone_mapped

MAX_SIDE = 8192  # pixels; 8K video is 7680 x 4320
MAX_PIXELS = 8192 * 4608

Frame = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Covering:
    """A picture scaled by one factor, so that it just covers a target, then cropped at the centre: never stretched."""

    height: int  # after scaling
    width: int
    crop: tuple[slice, slice]  # rows and columns of the scaled picture

    @classmethod
    def of(cls, height: int, width: int, target: tuple[int, int]) -> Covering:
        """How `height` x `width` pixels come to be `target` (height, width)."""
        scale = max(target[0] / height, target[1] / width)
        rows, columns = max(target[0], round(height * scale)), max(target[1], round(width * scale))
        check_pixels(height, width, rows, columns)
        top, left = (rows - target[0]) // 2, (columns - target[1]) // 2
        return cls(rows, columns, (slice(top, top + target[0]), slice(left, left + target[1])))


def check_pixels(height: int, width: int, rows: int, columns: int) -> None:
    """Raise CuspError if a picture of `height` x `width` takes too much memory scaled to `rows` x `columns`."""
    if max(rows, columns) > 2 * MAX_SIDE or rows * columns > MAX_PIXELS:
        raise CuspError(
            f"a frame of {height}x{width} pixels would become {rows}x{columns} before cropping; take a smaller size"
        )


def upright(frame: Any, target: tuple[int, int] | None, pixel_shape: Fraction | None) -> Frame:
    """A decoded PyAV frame -> RGB array as a player shows it; `target` (height, width) is covered, then cropped."""
    from av.video.reformatter import Interpolation

    turn = _turn(frame)
    height, width = _square(frame, pixel_shape)
    goal = None if target is None else target if turn is None or not turn[0] else target[::-1]
    covering = None if goal is None else Covering.of(height, width, goal)
    if covering is not None:
        height, width = covering.height, covering.width
    check_pixels(frame.height, frame.width, height, width)
    method = Interpolation.AREA if height < frame.height or width < frame.width else Interpolation.BICUBIC
    # without exact rounding colours come out one or two levels too dark, and every copy of a copy darkens
    exact = method | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    form = "rgb24" if frame.color_trc not in HIGH_DYNAMIC_RANGE else "rgb48le"
    picture = frame.to_ndarray(format=form, height=height, width=width, interpolation=exact, threads=1)
    if form == "rgb48le":
        picture = tone_mapped(picture, frame.color_trc)
    if covering is not None:
        picture = picture[covering.crop]
    return picture if turn is None else _turned(picture, turn)


def shown_size(frame: Any, pixel_shape: Fraction | None) -> tuple[int, int]:
    """(height, width) of what `upright` makes of a decoded frame at its own size."""
    turn, (height, width) = _turn(frame), _square(frame, pixel_shape)
    return (height, width) if turn is None or not turn[0] else (width, height)


def _square(frame: Any, pixel_shape: Fraction | None) -> tuple[int, int]:
    """(height, width) with square pixels, before any turn."""
    ratio = float(pixel_shape or 1)
    stretched = 0.1 < ratio < 10 and abs(ratio - 1) > 0.01
    return frame.height, max(1, round(frame.width * (ratio if stretched else 1)))


def _turn(frame: Any) -> tuple[bool, bool, bool] | None:
    """(transpose, then flip left-right, flip up-down) by the frame's display matrix; None where it is upright."""
    from av.sidedata.sidedata import Type

    if (data := frame.side_data.get(Type.DISPLAYMATRIX)) is not None:
        matrix = np.frombuffer(bytes(data), np.int32, 9)
        a, b, c, d = (int(matrix[k]) for k in (0, 1, 3, 4))  # (x, y) is shown at (a x + c y, b x + d y)
        sideways = abs(b) + abs(c) > abs(a) + abs(d)
        turn = (sideways, c < 0, b < 0) if sideways else (sideways, a < 0, d < 0)
        return turn if any(turn) else None
    return None


def _turned(picture: Frame, turn: tuple[bool, bool, bool]) -> UInt8[np.ndarray, "shown_height shown_width 3"]:
    transpose, left_right, up_down = turn
    if transpose:
        picture = picture.swapaxes(0, 1)
    if left_right:
        picture = picture[:, ::-1]
    if up_down:
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
