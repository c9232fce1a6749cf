"""The instant at which something happens: the root of a function of time, or of its values at the ends of a step."""

from __future__ import annotations

from collections.abc import Callable

from scipy.optimize import brentq


def crossing_time(function: Callable[[float], float], start: float, end: float) -> float:
    """The root of a continuous function of time in [start, end] where its signs differ (Brent's method, 1e-12 s)."""
    first, last = function(start), function(end)
    if first == 0 or first * last > 0:  # touching at the start, or rounding took the sign change away
        return start if abs(first) <= abs(last) else end
    return float(brentq(function, start, end, xtol=1e-12))


def crossing(before: float, after: float, start: float, step: float) -> float:
    """The instant in [start, start + step] at which a quantity with these end values is 0 (error of order step^2)."""
    return start + step * before / (before - after) if before != after else start + step
