"""A plot as SVG, drawn by hand: points and lines of a few series, the same bytes every time, and nothing to import."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_COLOURS = ("#d1495b", "#888888", "#edae49", "#66a182", "#2e4057", "#00798c", "#8d5a97", "#5b8e7d", "#b0b0b0")
_WIDE, _HIGH, _LEFT, _BELOW, _BESIDE = 420, 300, 60, 45, 170  # pixels
Points = Sequence[tuple[float, float]]


def plot(
    title: str, across: str, up: str, series: Mapping[str, Points], *, log: bool = False, lines: bool = False,
    diagonal: bool = False,
) -> str:  # fmt: skip
    """`series`: name -> points (x, y); points that are not finite, or not positive where `log`, are left out."""
    shown = {name: [p for p in points if _can(p, log)] for name, points in series.items()}
    every = [p for points in shown.values() for p in points] or [(0.1, 0.1), (1.0, 1.0)]
    (x0, x1), (y0, y1) = (_ends([p[k] for p in every], log) for k in (0, 1))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = (math.log10(v) if log else v for v in point)
        return _LEFT + (x - x0) / (x1 - x0) * _WIDE, 30 + (y1 - y) / (y1 - y0) * _HIGH

    parts = [f'<rect x="{_LEFT}" y="30" width="{_WIDE}" height="{_HIGH}" fill="none" stroke="#999"/>']
    parts += [f'<text x="{_LEFT}" y="20">{escape(title)}</text>']
    parts += [f'<text x="{_LEFT + _WIDE / 2}" y="{_HIGH + 68}" text-anchor="middle">{escape(across)}</text>']
    parts += [f'<text transform="translate(14 {30 + _HIGH / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>']
    for k in range(5):
        at = k / 4
        x, y = (10 ** (a + at * (b - a)) if log else a + at * (b - a) for a, b in ((x0, x1), (y0, y1)))
        parts.append(f'<text x="{_LEFT + at * _WIDE:.1f}" y="{_HIGH + 47}" text-anchor="middle">{x:.3g}</text>')
        parts.append(f'<text x="{_LEFT - 5}" y="{34 + (1 - at) * _HIGH:.1f}" text-anchor="end">{y:.3g}</text>')
    if diagonal:
        low, high = max(x0, y0), min(x1, y1)
        (ax, ay), (bx, by) = (place((10**v, 10**v) if log else (v, v)) for v in (low, high))
        parts.append(f'<line x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{by:.1f}" stroke="#bbb"/>')
    for k, (name, points) in enumerate(shown.items()):
        colour = _COLOURS[k % len(_COLOURS)]
        spots = [place(p) for p in points]
        if lines and len(spots) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in spots]
        at = 40 + 17 * k
        parts.append(f'<circle cx="{_LEFT + _WIDE + 14}" cy="{at - 4}" r="3.5" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + _WIDE + 22}" y="{at}">{escape(name)}</text>')
    look = f'font-family="sans-serif" font-size="12" width="{_LEFT + _WIDE + _BESIDE}" height="{_HIGH + 30 + _BELOW}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {look}>{"".join(parts)}</svg>'


def _can(point: tuple[float, float], log: bool) -> bool:
    return all(math.isfinite(v) and (v > 0 or not log) for v in point)


def _ends(values: Sequence[float], log: bool) -> tuple[float, float]:
    found = [math.log10(v) for v in values] if log else list(values)
    low, high = min(found), max(found)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room
