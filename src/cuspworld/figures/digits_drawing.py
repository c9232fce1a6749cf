"""Figure: digits made in four ways side by side, the ambiguous ones framed, each way with its share of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy import ndarray

from cuspworld.checks import whole
from cuspworld.figures.digits import FALSE_ALARM, DigitsConfig, Panel, Tell, Trained, generate, learn
from cuspworld.figures.digits_data import SIDE, load_digits
from cuspworld.figures.picture import save_picture

INK, SOFT, PAPER, BLENDED = "#12151c", "#5b6270", "#ffffff", "#e4352b"
ACROSS, DOWN, WORST = 10, 12, 10
GAP = 3  # pixels between digits


def draw_digits(
    path: str | Path,
    data: Path | None = None,
    seed: int = 0,
    sites: int | None = None,
    dots: int = 200,
    quick: bool = False,
    tell: Tell = print,
) -> dict[str, Any]:
    """Train, generate, judge and draw a PNG with `dots` per inch (14.4 x 7.9 inches). Returns the measured figures."""
    whole("dots", dots, 40, 600)
    config = DigitsConfig.quick(seed) if quick else DigitsConfig(seed=seed)
    digits = load_digits(data, seed).smaller(config.digits, 10_000)
    if sites is not None:
        config = replace(config, sites=whole("sites", sites, 200, len(digits.training[0])))
    trained = learn(digits, config, tell)
    panels = generate(trained, digits, config, tell)
    save_picture(picture(trained, panels, dots), path)
    return {
        "judge_accuracy": trained.accuracy,
        "threshold": trained.threshold,
        "transport_error": trained.brenier.error_,
        "branches": int(trained.brenier.branches_.max()) + 1,
        "samples": len(panels[0].images),
        "ambiguous": {panel.name: panel.share for panel in panels},
        "standard_error": {panel.name: panel.standard_error for panel in panels},
        "novelty": {panel.name: panel.novelty for panel in panels},
    }


def picture(trained: Trained, panels: list[Panel], dots: int) -> Figure:
    """The figure: the reconstructions in words, the four ways in pictures."""
    reconstructed, ways = panels[0], panels[1:]
    figure = Figure(figsize=(14.4, 7.9), dpi=dots, facecolor=PAPER)
    figure.text(
        0.5, 0.962, "Digits that are no digits", ha="center", va="center", fontsize=24, color=INK, weight="bold"
    )
    subtitle = (
        "The same noise through four maps: between the ten kinds of digit lies a gap, and what lands in it is a blend"
    )
    figure.text(0.5, 0.917, subtitle, ha="center", va="center", fontsize=13, color=SOFT)
    width, left = 0.228, 0.025
    for number, panel in enumerate(ways):
        at = left + number * (width + 0.0127)
        _head(figure, at + width / 2, panel)
        grid = figure.add_axes((at, 0.235, width, 0.52))
        order = np.arange(ACROSS * DOWN) % len(panel.images)
        _digits(grid, panel, order, ACROSS)
        strip = figure.add_axes((at, 0.135, width, 0.05))
        _digits(strip, panel, np.argsort(panel.confidence, kind="stable")[:WORST], WORST)
        figure.text(
            at,
            0.2,
            f"the {WORST} least certain of {len(panel.images):,}",
            ha="left",
            va="center",
            fontsize=9.5,
            color=SOFT,
        )
    rule = (
        f"Framed: ambiguous, the judge's largest probability below {trained.threshold:.2f}, as for "
        f"{100 * FALSE_ALARM:g} % of the real digits of a development split. "
        f"The judge, a network trained on real digits, is right on {100 * trained.accuracy:.1f} % of the test digits."
    )
    note = (
        f"Reconstructions of test digits: {100 * reconstructed.share:.2f} % ambiguous. Same codes, same noise, "
        f"same decoder throughout; {len(trained.labels):,} codes, {int(trained.brenier.branches_.max()) + 1} branches "
        "found in them alone. Grids: the first samples, not chosen."
    )
    figure.text(0.5, 0.078, rule, ha="center", va="center", fontsize=10, color=INK)
    figure.text(0.5, 0.042, note, ha="center", va="center", fontsize=10, color=INK)
    return figure


def _head(figure: Figure, x: float, panel: Panel) -> None:
    name, _, detail = panel.name.partition(",")
    figure.text(x, 0.866, name[0].upper() + name[1:], ha="center", va="center", fontsize=13.5, color=INK, weight="bold")
    novel = f"novelty {panel.novelty:.2f}"
    figure.text(
        x, 0.836, f"{detail.strip()}, {novel}" if detail else novel, ha="center", va="center", fontsize=10, color=SOFT
    )
    figure.text(
        x,
        0.788,
        f"{100 * panel.share:.1f} % ambiguous",
        ha="center",
        va="center",
        fontsize=16,
        color=BLENDED,
        weight="bold",
    )


def _digits(axes: Axes, panel: Panel, rows: ndarray, across: int) -> None:
    """The digits `rows` in a grid, dark on light, the ambiguous ones framed."""
    step = SIDE + GAP
    down = -(-len(rows) // across)
    sheet = np.zeros((down * step + GAP, across * step + GAP), np.uint8)
    for place, row in enumerate(rows):
        top, left = (place // across) * step + GAP, (place % across) * step + GAP
        sheet[top : top + SIDE, left : left + SIDE] = panel.images[row]
        if panel.confidence[row] < panel.threshold:
            frame = Rectangle(
                (left - 1.5, top - 1.5), SIDE + 2, SIDE + 2, facecolor="none", edgecolor=BLENDED, linewidth=1.6
            )
            axes.add_patch(frame)
    axes.imshow(sheet, cmap="Greys", vmin=0, vmax=255, interpolation="nearest", aspect="equal")
    axes.axis("off")
