"""Checks of arguments that people give: each error names the argument, what it takes and what it got."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.errors import CuspError

LARGEST_SIDE = 4096  # pixels


def number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise CuspError(f"{name} must be a number from {low:g} to {high:g}: got {value!r}")
    return float(value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise CuspError(f"{name} must be a whole number from {low} to {high}: got {value!r}")
    return int(value)


def image_size(size: Any) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int) else size
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise CuspError(f"size must be a number of pixels or (height, width): got {size!r}")
    return whole("size", pair[0], 2, LARGEST_SIDE), whole("size", pair[1], 2, LARGEST_SIDE)
