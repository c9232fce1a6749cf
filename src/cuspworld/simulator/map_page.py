"""`cusp map`: a kind's states in the plane; hovering shows the picture of a step, and three walks are drawn.

The straight walk goes from one branch to another through codes that were never recorded; the reflected one turns back
at the fold; the passage is the way that recorded clips took. Pictures of steps are frames that the model draws
along recorded paths, so what is shown is what it knows.
"""

from __future__ import annotations

import json
from html import escape

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from cuspworld import html
from cuspworld.errors import CuspError
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.critical import steps_of
from cuspworld.simulator.plane import Plane, turned_back
from cuspworld.simulator.simulator import Simulator
from cuspworld.transport.picture import COLOURS, REST

_WIDTH, _HEIGHT, _EDGE = 860, 560, 30
_POINTS = 3000  # drawn
_WALKED = 24  # paths whose steps have pictures
_STEPS = 12  # of a walk
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:900px;padding:0 1rem;color:#12151c}
svg{width:100%;height:auto;background:#f7f7f5}
#look{position:fixed;display:none;pointer-events:none;border:1px solid #12151c}
.seen{cursor:pointer;stroke:#12151c;stroke-width:.7} .strip{white-space:nowrap;overflow-x:auto}
figcaption{font-size:12px} figure{margin:4px}"""
_SCRIPT = """const look=document.getElementById('look');
for(const dot of document.querySelectorAll('.seen')){
 dot.addEventListener('mousemove',e=>{look.src=PICTURES[dot.dataset.n];look.style.display='block';
  look.style.left=(e.clientX+14)+'px';look.style.top=(e.clientY+14)+'px';});
 dot.addEventListener('mouseleave',()=>{look.style.display='none';});}"""


def map_page(simulator: Simulator, name: str | None, seed: int) -> tuple[str, str]:
    """The page and what was drawn. Raises CuspError for a kind that the model does not know."""
    names = [kind.name for kind in simulator.kinds]
    if name is not None and name not in names:
        raise CuspError(f"no kind {name!r}: this model knows {', '.join(names)}")
    graphs = [Branches(kind, kind.branches) for kind in simulator.kinds]
    passed = [graph.passages.sum() - np.trace(graph.passages) for graph in graphs]
    number = int(np.argmax(passed)) if name is None else names.index(name)
    graph, kind = graphs[number], simulator.kinds[number]
    rng = np.random.default_rng(seed)
    plane = Plane.of(kind)
    flat = plane.flat
    rows = np.sort(rng.choice(len(flat), min(_POINTS, len(flat)), replace=False))
    scale = _Scale.of(flat)
    colours = [COLOURS[b] if b < len(COLOURS) else REST for b in graph.of]
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colours[row]}" opacity=".5"/>'
        for row, (x, y) in zip(rows, scale(flat[rows]), strict=True)
    ]
    clips, paths = graph.paths()
    pictures: list[str] = []
    for chosen in rng.choice(len(clips), min(_WALKED, len(clips)), replace=False):
        clip = simulator.follow(kind.codes[paths[chosen]], kind.name, kind.captions[clips[chosen]][0], seed=seed)
        each = len(clip) // len(paths[chosen])
        for step, row in enumerate(paths[chosen]):
            x, y = scale(flat[row : row + 1])[0]
            dots.append(
                f'<circle class="seen" data-n="{len(pictures)}" cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colours[row]}"/>'
            )
            pictures.append(html.source(clip.frames[min((step + 1) * each, len(clip)) - 1]))
    walks, strips = _walks(simulator, graph, number, plane, scale, seed)
    told = f"{graph.count} branches, {len(pictures)} steps with pictures, {len(strips)} walks"
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Map</title><style>{_STYLE}</style>",
        f"<h1>{escape(kind.name or 'All clips')}: its states in the plane</h1>",
        f"<p>Two principal axes of the scene codes of {len(kind.codes):,} recorded steps; a colour is a branch. ",
        "Hover over a ringed dot to see what the model draws there.</p>",
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(dots)}{"".join(walks)}</svg>',
        '<img id=look width=160 style="image-rendering:pixelated">',
        "".join(strips) or "<p>No passage was recorded: nothing folds here.</p>",
        f"<script>const PICTURES={json.dumps(pictures)};{_SCRIPT}</script></html>\n",
    ]
    page = "".join(parts)
    return page, told


class _Scale:
    """Points of the plane to pixels."""

    def __init__(self, low: ndarray, size: ndarray):
        self.low, self.size = low, size

    @classmethod
    def of(cls, flat: Float[ndarray, "n 2"]) -> _Scale:
        low, high = np.percentile(flat, 0.5, axis=0), np.percentile(flat, 99.5, axis=0)
        return cls(low, np.maximum(high - low, 1e-9))

    def __call__(self, flat: Float[ndarray, "n 2"]) -> Float[ndarray, "n 2"]:
        room = np.array([_WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE])
        place = np.clip((flat - self.low) / self.size, -0.05, 1.05)
        return _EDGE + room * np.column_stack([place[:, 0], 1 - place[:, 1]])


def _walks(
    simulator: Simulator, graph: Branches, number: int, plane: Plane, scale: _Scale, seed: int
) -> tuple[list[str], list[str]]:
    """The straight walk, the reflected one and the passage: lines for the map, strips below it."""
    kind, counts = simulator.kinds[number], graph.passages.copy()
    np.fill_diagonal(counts, 0)
    if not counts.any():
        return [], []
    before, after = np.unravel_index(counts.argmax(), counts.shape)
    passage = kind.codes[steps_of(graph, int(before), int(after))].astype(np.float64)
    share = np.linspace(0, 1, _STEPS)[:, None]
    straight = (1 - share) * passage[0] + share * passage[-1]
    reflected = turned_back(graph, straight)
    walks = {
        "The straight walk: through what was never recorded": (straight, "#c9507f"),
        "Reflected at the fold: it turns back": (reflected, "#e8803a"),
        "The passage that was recorded": (passage, "#12151c"),
    }
    lines, strips = [], []
    for title, (codes, colour) in walks.items():
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in scale(plane(codes)))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        clip = simulator.follow(codes, kind.name, "", seed=seed)
        each = max(1, len(clip) // 12)
        shown = "".join(
            html.picture(frame, f"{i * each / clip.fps:.1f} s", 96) for i, frame in enumerate(clip.frames[::each])
        )
        strips.append(f'<h3 style="color:{colour}">{escape(title)}</h3><div class=strip>{shown}</div>')
    return lines, strips
