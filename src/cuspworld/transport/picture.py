"""A Brenier potential for the eye: its points coloured by branch, with the facets between them, and a short table."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# one colour a branch, from the largest; later branches share the last
COLOURS = ("#3b7dd8", "#e8803a", "#3fa66b", "#c9507f", "#8a6fd1", "#c4a12f", "#2fa7b5", "#a3553a", "#7f9a3d", "#d06bd0")
REST = "#9aa0ab"
INK = "#12151c"
FACETS = 20_000  # the heaviest are drawn


def plot_branches(axes: "Axes", points: ndarray, branches: ndarray, facets: ndarray, singular: ndarray) -> None:
    """Points (N, d) by branch on their plane or their two principal axes; `facets` (F, 2), the heaviest first, as
    lines between their points: thin, and dark where they are singular."""
    from matplotlib.collections import LineCollection

    flat = points.astype(np.float64) if points.shape[1] == 2 else principal_axes(points)[0]
    shown, torn = facets[:FACETS], singular[:FACETS]
    axes.add_collection(LineCollection(list(flat[shown[~torn]]), colors="#9aa0ab50", linewidths=0.5, zorder=1))
    axes.add_collection(LineCollection(list(flat[shown[torn]]), colors=f"{INK}80", linewidths=0.8, zorder=2))
    order = np.random.default_rng(0).permutation(len(flat))  # no branch lies on top of another
    size = float(np.clip(16_000 / len(flat), 2.0, 22.0))
    axes.scatter(flat[order, 0], flat[order, 1], s=size, c=branch_colours(branches[order]), linewidths=0, zorder=3)
    if points.shape[1] == 2:
        axes.set_aspect("equal")
    else:
        axes.set(xlabel="first principal axis", ylabel="second principal axis")
    count = int(branches.max()) + 1
    axes.set_title(f"{len(points):,} points, {count} branch{'es' if count > 1 else ''}")


def branch_colours(branches: ndarray) -> Float[ndarray, "n 3"]:
    """RGB of each point by its branch."""
    table = np.array([[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in (*COLOURS, REST)])
    return table[np.minimum(branches, len(COLOURS))]


def principal_axes(points: ndarray) -> tuple[Float[ndarray, "n 2"], float]:
    """Coordinates on the two axes of largest variance (the second 0 where there is one), and their share of it."""
    centred = points.astype(np.float64) - points.mean(0)
    values, axes = np.linalg.eigh(centred.T @ centred)
    flat = np.zeros((len(points), 2))
    top = axes[:, ::-1][:, :2]
    flat[:, : top.shape[1]] = centred @ top
    total = values.sum()
    return flat, float(values[::-1][:2].sum() / total) if total > 0 else 1.0


def html_table(title: str, rows: dict[str, str]) -> str:
    """A small table for notebooks."""
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows.items())
    return f"<table><caption><code>{escape(title)}</code></caption>{cells}</table>"
