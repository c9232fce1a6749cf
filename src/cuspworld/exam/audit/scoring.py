"""Pairwise accuracy, area under the curve, and whether a finding is in the right second and place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SLACK = 0.2  # seconds: a finding this near to the violation is at its time
Box = Sequence[float]


def pairwise(possible: Sequence[float], impossible: Sequence[float]) -> float:
    """Share of matched pairs in which the possible clip scores higher; a tie is half a success."""
    if not len(possible):
        return float("nan")
    a, b = np.array(possible), np.array(impossible)
    return float(((a > b) + 0.5 * (a == b)).mean())


def auc(possible: Sequence[float], impossible: Sequence[float]) -> float:
    """The chance that a random possible clip scores higher than a random impossible one (Mann-Whitney)."""
    if not len(possible) or not len(impossible):
        return float("nan")
    a, b = np.array(possible)[:, None], np.array(impossible)[None]
    return float(((a > b) + 0.5 * (a == b)).mean())


def in_time(finding: dict[str, Any], start: float, end: float) -> bool:
    """Does the finding touch [start, end], give or take SLACK?"""
    return finding["start"] <= end + SLACK and finding["end"] >= start - SLACK


def time_overlap(finding: dict[str, Any], start: float, end: float) -> float:
    """Share of the finding's own time (at least 0.1 s) that lies in [start - SLACK, end + SLACK]."""
    first, last = finding["start"], max(finding["end"], finding["start"] + 0.1)
    return max(0.0, min(last, end + SLACK) - max(first, start - SLACK)) / (last - first)


def box_overlap(a: Box | None, b: Box) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1); 0 without a box."""
    if a is None:
        return 0.0
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def points_at(a: Box | None, b: Box) -> bool:
    """Does the middle of box `a` lie in `b`, grown by a tenth of its size (at least 4 pixels)?"""
    if a is None:
        return False
    x, y = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2
    grow_x, grow_y = max(4.0, 0.1 * (b[2] - b[0])), max(4.0, 0.1 * (b[3] - b[1]))
    return b[0] - grow_x <= x <= b[2] + grow_x and b[1] - grow_y <= y <= b[3] + grow_y


def number(value: float | np.floating[Any], digits: int = 2, percent: bool = False) -> str:
    """A cell of a table; a dash for what does not exist."""
    if value != value:
        return "-"
    return f"{value:.0%}" if percent else f"{value:.{digits}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print columns; numbers to the right."""
    cells = [[str(c) for c in row] for row in rows]
    widths = [max(len(header[k]), *(len(row[k]) for row in cells)) if cells else len(header[k])
              for k in range(len(header))]  # fmt: skip

    def line(row: Sequence[str]) -> str:
        ends = (c.ljust(w) if k == 0 or not _numeric(cells, k) else c.rjust(w) for k, (c, w) in
                enumerate(zip(row, widths, strict=True)))  # fmt: skip
        return "  ".join(ends).rstrip()

    print(line(header))
    for row in cells:
        print(line(row))
    print()


def _numeric(cells: list[list[str]], k: int) -> bool:
    return all(row[k][:1] in "0123456789-+." for row in cells if row[k])
