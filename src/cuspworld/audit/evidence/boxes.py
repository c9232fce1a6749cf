"""Boxes x0, y0, x1, y1 in working pixels: of a mask, at the frame's border, meeting each other."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

Box = tuple[int, int, int, int]


def box_of(mask: Bool[np.ndarray, "height width"]) -> Box | None:
    """The smallest box that holds the mask; None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def near_border(box: Box | None, size: tuple[int, int], within: int) -> bool:
    """Does the box come within so many pixels of the border of a frame of this (height, width)?"""
    if box is None:
        return False
    height, width = size
    return min(box[0], box[1]) < within or box[2] > width - within or box[3] > height - within


def meet(a: tuple[float | int, ...], b: tuple[float | int, ...], reach: float | int = 0) -> bool:
    """Are two boxes nearer to each other than `reach` pixels, to either side?"""
    return (
        min(a[2], b[2]) > max(a[0], b[0]) - reach and min(a[3], b[3]) > max(a[1], b[1]) - reach
    )  # fmt: skip
