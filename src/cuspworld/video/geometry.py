"""A decoded frame as people see it: upright, with square pixels, scaled and cropped to the size asked for.

Rotation and mirroring come from the display matrix (ISO/IEC 14496-12, 6.2.2), pixel shape from the sample aspect ratio.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.video.dynamic_range import HIGH_DYNAMIC_RANGE, tone_mapped

MAX_SIDE = 8192  # pixels; 8K video is 7680 x 4320
MAX_PIXELS = 8192 * 4608

Frame = UInt8[np.ndarray, "height width 3"]


def check_size(size: Any) -> tuple[int, int] | None:
    """`size` as (height, width); a number is a square. Raises CuspError if it is neither, or out of range."""
    if size is None:
        return None
    pair = (size, size) if isinstance(size, int | np.integer) else size
    if (
        not isinstance(pair, tuple | list)
        or len(pair) != 2
        or not all(isinstance(side, int | np.integer) and 1 <= side <= MAX_SIDE for side in pair)
    ):
        raise CuspError(
            f"size must be whole pixels, one side or (height, width), each from 1 to {MAX_SIDE}: got {size!r}"
        )
    return int(pair[0]), int(pair[1])


def upright(frame: Any, target: tuple[int, int] | None, pixel_shape: Fraction | None) -> Frame:
    """A decoded PyAV frame -> RGB array as a player shows it; `target` (height, width) is covered, then cropped."""
    from av.video.reformatter import Interpolation

    turn = _turn(frame)
    stretched = pixel_shape and 0.1 < pixel_shape < 10 and abs(pixel_shape - 1) > 0.01
    height, width = frame.height, max(1, round(frame.width * (pixel_shape if stretched and pixel_shape else 1)))
    goal = None if target is None else target if turn is None or not turn[0] else target[::-1]
    if goal is not None:
        scale = max(goal[0] / height, goal[1] / width)
        height, width = max(goal[0], round(height * scale)), max(goal[1], round(width * scale))
    if max(height, width) > 2 * MAX_SIDE or height * width > MAX_PIXELS:
        raise CuspError(
            f"size {target}: a frame of {frame.height}x{frame.width} pixels would become {height}x{width} before "
            "cropping; take a smaller size"
        )
    method = Interpolation.AREA if height < frame.height or width < frame.width else Interpolation.BICUBIC
    # without exact rounding colours come out one or two levels too dark, and every copy of a copy darkens
    exact = method | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    form = "rgb24" if frame.color_trc not in HIGH_DYNAMIC_RANGE else "rgb48le"
    picture = frame.to_ndarray(format=form, height=height, width=width, interpolation=exact, threads=1)
    if form == "rgb48le":
        picture = tone_mapped(picture, frame.color_trc)
    if goal is not None:
        top, left = (height - goal[0]) // 2, (width - goal[1]) // 2
        picture = picture[top : top + goal[0], left : left + goal[1]]
    return picture if turn is None else _turned(picture, turn)


def _turn(frame: Any) -> tuple[bool, bool, bool] | None:
    """(transpose, then flip left-right, flip up-down) by the frame's display matrix; None where it is upright."""
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
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
