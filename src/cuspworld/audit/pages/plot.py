"""Small line plots as inline SVG: one measured curve, the finding's time shaded."""

from __future__ import annotations

import math
from html import escape

from cuspworld.audit.finding import Series

WIDTH, HEIGHT = 420, 120
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 22, 24


def line_plot(series: Series, start: float, end: float) -> str:
    """An SVG picture of the curve with [start, end] (seconds) shaded."""
    points = [(t, v) for t, v in zip(series.times, series.values, strict=True) if math.isfinite(v)]
    if len(points) < 2:
        return ""
    if len(points) > 600:
        points = points[:: len(points) // 600 + 1]
    first, last = points[0][0], points[-1][0]
    low, high = min(0.0, min(v for _, v in points)), max(v for _, v in points)
    if high - low < 1e-12:
        high = low + 1

    def x(time: float) -> float:
        return LEFT + (time - first) / max(last - first, 1e-9) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    path = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in points)
    a, b = (min(max(x(t), LEFT), WIDTH - RIGHT) for t in (start, end))
    shade = f'<rect class="when" x="{a:.1f}" y="{TOP}" width="{max(2.0, b - a):.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'
    title = escape(f"{series.label} ({series.unit})" if series.unit else series.label)
    ticks = "".join(
        f'<text x="{x(t):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{t:.1f} s</text>'
        for t in (first + (last - first) * k / 4 for k in range(5))
    )
    levels = "".join(
        f'<text x="{LEFT - 5}" y="{y(v) + 4:.1f}" text-anchor="end">{_short(v)}</text>'
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>'
        for v in (low, (low + high) / 2, high)
    )
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<text class="title" x="{LEFT}" y="13">{title}</text>{levels}{shade}'
        f'<polyline class="curve" points="{path}"/>{ticks}</svg>'
    )


def _short(value: float) -> str:
    if abs(value) >= 10000:
        return f"{value / 1000:.0f}k"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
