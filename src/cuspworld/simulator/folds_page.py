"""`cusp folds`: the graph of a model's branches and of the passages between them, as one static page."""

from __future__ import annotations

from html import escape

import numpy as np

from cuspworld import html
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.critical import CriticalEvent, sides_of
from cuspworld.simulator.simulator import Simulator

_SIDE, _PICTURE = 640, 84  # pixels of the drawing and of a branch's picture
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:900px;padding:0 1rem;color:#12151c}
svg{width:100%;height:auto} figure{margin:4px} figcaption{font-size:12px;color:#555}
.passage{stroke:#3b7dd8} .forbidden{stroke:#c9507f;stroke-dasharray:5 5} .strip{white-space:nowrap;overflow-x:auto}"""


def folds_page(simulator: Simulator, events: list[CriticalEvent]) -> str:
    """Each kind's graph: branches with a picture, recorded passages with their counts as arrows, those whose way back
    was never recorded also as a dashed arrow back; then the critical events as film strips."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Folds</title>",
        f"<style>{_STYLE}</style><h1>Where this model's worlds fold</h1>",
        "<p>A picture is a branch: a steady state. A blue arrow is a passage that was recorded, with how often; a "
        "dashed red one leads back where no recorded clip went: a path that would take it is turned back.</p>",
    ]
    for number, kind in enumerate(simulator.kinds):
        parts.append(f"<h2>{escape(kind.name or 'all clips')}</h2>")
        parts.append(_graph(simulator, number))
        for event in (event for event in events if event.kind == kind.name):
            parts.append(
                f"<h3>{event.before} to {event.after}: {event.count} times</h3><p>{escape(event.caption)}</p>"
                f"<div class=strip>{event._repr_html_()}</div>"
            )
    return "".join(parts) + "</html>\n"


def _graph(simulator: Simulator, number: int) -> str:
    kind = simulator.kinds[number]
    branches = Branches(kind, kind.branches)
    counts, pictures = branches.passages, sides_of(simulator, number)
    share = np.bincount(branches.of, minlength=branches.count) / len(branches.of)
    if branches.count == 1:
        return "<p>One branch: nothing in what was recorded folds.</p>" + _picture(pictures, 0, share, "")
    angle = 2 * np.pi * np.arange(branches.count) / branches.count - np.pi / 2
    middle, radius = _SIDE / 2, _SIDE / 2 - _PICTURE
    x, y = middle + radius * np.cos(angle), middle + radius * np.sin(angle)
    heaviest = max(1, int((counts - np.diag(np.diag(counts))).max()))
    drawn = []
    for a in range(branches.count):
        for b in range(branches.count):
            if a != b and counts[a, b]:
                width = 1 + 4 * np.sqrt(counts[a, b] / heaviest)
                drawn.append(_arrow(x[a], y[a], x[b], y[b], "passage", width, str(counts[a, b])))
            elif a != b and counts[b, a]:
                drawn.append(_arrow(x[a], y[a], x[b], y[b], "forbidden", 1.5, ""))
    images = [
        f'<foreignObject x="{x[b] - _PICTURE / 2:.0f}" y="{y[b] - _PICTURE / 2:.0f}" width="{_PICTURE + 16}" '
        f'height="{_PICTURE + 40}">{_picture(pictures, b, share, "")}</foreignObject>'
        for b in range(branches.count)
    ]
    head = (
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
        'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker></defs>'
    )
    told = f"{branches.count} branches, {int(counts.sum() - np.trace(counts))} recorded passages"
    return (
        f'<p>{told}</p><svg viewBox="0 0 {_SIDE} {_SIDE + 40}" role="img" aria-label="{told}">{head}'
        f"{''.join(drawn)}{''.join(images)}</svg>"
    )


def _picture(pictures: np.ndarray, branch: int, share: np.ndarray, text: str) -> str:
    text = f"{branch}: {100 * share[branch]:.0f} % of steps{text}"
    return html.picture(pictures[branch], text, _PICTURE) if len(pictures) else f"<p>{escape(text)}</p>"


def _arrow(x0: float, y0: float, x1: float, y1: float, kind: str, width: float, text: str) -> str:
    """A curve bent to its left, so that the way back does not cover it, from picture's edge to picture's edge."""
    run, rise = x1 - x0, y1 - y0
    length = max(float(np.hypot(run, rise)), 1e-9)
    gap = 0.62 * _PICTURE / length
    x0, y0, x1, y1 = x0 + gap * run, y0 + gap * rise, x1 - gap * run, y1 - gap * rise
    bend_x, bend_y = (x0 + x1) / 2 + 0.12 * rise, (y0 + y1) / 2 - 0.12 * run
    label = f'<text x="{bend_x:.0f}" y="{bend_y:.0f}" font-size="13">{text}</text>' if text else ""
    return (
        f'<path class="{kind}" d="M{x0:.0f} {y0:.0f}Q{bend_x:.0f} {bend_y:.0f} {x1:.0f} {y1:.0f}" fill="none" '
        f'stroke-width="{width:.1f}" marker-end="url(#head)"/>{label}'
    )
