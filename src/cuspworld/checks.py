"""Checks of arguments that people give: each error names the argument, what it takes and what it got."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from cuspworld.errors import CuspError

LARGEST_SIDE = 4096  # pixels


def is_number(value: Any) -> bool:
    """A real number, of Python's or of numpy's types; True and False are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def number(name: str, value: Any, low: float, high: float) -> float:
    if not is_number(value) or not low <= value <= high:
        raise CuspError(f"{name} must be a number from {low:g} to {high:g}: got {value!r}")
    return float(value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    if not is_whole(value) or not low <= value <= high:
        raise CuspError(f"{name} must be a whole number from {low} to {high}: got {value!r}")
    return int(value)


def truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise CuspError(f"{name} must be True or False: got {value!r}")
    return bool(value)


def image_size(size: Any, least: int = 2, most: int = LARGEST_SIDE) -> tuple[int, int]:
    """(height, width) in pixels, each `least` to `most`, from one number or a pair."""
    pair = (size, size) if is_whole(size) else size
    if not isinstance(pair, tuple | list | np.ndarray) or len(pair) != 2:
        raise CuspError(f"size must be a number of pixels or (height, width): got {size!r}")
    return whole("size", pair[0], least, most), whole("size", pair[1], least, most)
