"""What transport finds in any array of points: error, branches, singular facets, critical pairs; and their picture.

Points of the plane: the Laguerre cells and where they go. More dimensions: the points on their two principal axes,
coloured by branch, the heaviest critical pairs, and how far the noise lies from the nearest singular facet.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from numpy import ndarray

from cuspworld.checks import whole
from cuspworld.figures.picture import save_picture
from cuspworld.figures.seahorse import INK, PAPER, SOFT, position_colours
from cuspworld.transport.brenier import Brenier
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.power_diagram import power_diagram
from cuspworld.transport.picture import COLOURS, branch_colours, principal_axes

SHOWN_PAIRS = 12
MARGINS = 4000  # samples of the histogram


@dataclass(frozen=True, eq=False)
class Fold:
    """A solved transport and its findings. `pairs`: the heaviest critical pairs."""

    brenier: Brenier
    pairs: list[Any]

    @property
    def sizes(self) -> list[int]:
        """Points of each branch, the largest first."""
        return np.bincount(self.brenier.branches_).tolist()

    def summary(self) -> dict[str, Any]:
        """The findings as plain numbers, ready for JSON."""
        solved, singular = self.brenier, self.brenier.singular_set_
        return {
            "points": len(solved.points_),
            "dimension": solved.n_features_in_,
            "error": float(solved.error_),
            "error_standard_error": float(solved.error_standard_error_),
            "certified": bool(solved.certified_),
            "branches": self.sizes,
            "facets": len(singular.facets),
            "singular_facets": int(singular.singular.sum()),
            "singular_mass": float(singular.masses[singular.singular].sum()),
            "critical_pairs": [
                {"i": pair.i, "j": pair.j, "mass": pair.mass, "noise": np.asarray(pair.point).tolist()}
                for pair in self.pairs
            ],
        }


def find_fold(
    points: ndarray, source: str = "gaussian", tolerance: float = 0.05, seed: int = 0, max_seconds: float | None = None
) -> Fold:
    """Solve the transport from `source` to the points with equal masses, and find its singular set."""
    brenier = Brenier(source=source, tolerance=tolerance, seed=seed, max_seconds=max_seconds).fit(points)
    return Fold(brenier, brenier.critical_pairs(SHOWN_PAIRS))


def draw_fold(path: str | Path, fold: Fold, dots: int = 160) -> None:
    """Write the picture of a fold, a PNG of 12.4 x 7.2 inches with `dots` per inch."""
    whole("dots", dots, 40, 600)
    figure = Figure(figsize=(12.4, 7.2), dpi=dots, facecolor=PAPER)
    spread = np.linalg.matrix_rank(fold.brenier.points_ - fold.brenier.points_.mean(0))
    if fold.brenier.n_features_in_ == 2 and spread == 2:
        _draw_plane(figure, fold)
    else:
        _draw_projection(figure, fold)
    solved, branches = fold.brenier, len(fold.sizes)
    found = f"{branches} branches" if branches > 1 else "one branch"
    title = f"{len(solved.points_):,} points in {solved.n_features_in_} dimensions: {found}"
    figure.text(0.5, 0.955, title, ha="center", va="center", fontsize=19, color=INK, weight="bold")
    facts = (
        f"{int(solved.singular_set_.singular.sum()):,} of {len(solved.singular_set_.facets):,} facets are singular; "
        f"cell masses to {100 * solved.error_:.1f} %"
    )
    figure.text(0.5, 0.905, facts, ha="center", va="center", fontsize=12, color=SOFT)
    save_picture(figure, path)


def _draw_plane(figure: Figure, fold: Fold) -> None:
    solved = fold.brenier
    points, first = np.unique(solved.points_.astype(np.float64), axis=0, return_index=True)
    heights = solved.heights_[first]
    domain = _domain(solved.source)
    diagram = power_diagram(points - points.mean(0), heights, domain)  # a common shift of the sites moves no cell
    branches = solved.branches_[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        middles = np.nan_to_num(diagram.first / diagram.volumes[:, None])
    reach = np.abs(domain.vertices).max()
    colours = position_colours(middles / reach) if branches.max() == 0 else branch_colours(branches)
    pairs, _, index = diagram.pairs
    torn = solved.singular_set_.is_singular(first[pairs[:, 0]], first[pairs[:, 1]])
    left, right = figure.add_axes((0.02, 0.09, 0.47, 0.77)), figure.add_axes((0.51, 0.09, 0.47, 0.77))
    cells = [diagram.cell(site) for site in range(len(points))]
    shown = [k for k, cell in enumerate(cells) if len(cell)]
    width = 0.25 if len(points) < 20_000 else 0.0
    left.add_collection(
        PolyCollection([cells[k] for k in shown], facecolors=colours[shown], edgecolors="#ffffff80", linewidths=width)
    )
    left.add_collection(LineCollection([diagram.facet(int(k)) for k in index[torn]], colors=INK, linewidths=2.2))
    left.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    right.scatter(points[:, 0], points[:, 1], s=_dot(len(points)), c=colours, linewidths=0)
    _draw_pairs(right, fold, solved.points_.astype(np.float64))
    faced = np.unique(pairs[torn])
    right.scatter(points[faced, 0], points[faced, 1], s=1.2 * _dot(len(points)) + 2, color=INK, linewidths=0, zorder=4)
    right.set(aspect="equal")
    right.margins(0.04)
    _caption(figure, left, f"source ({_name(solved.source)}): Laguerre cells; black: the singular set")
    _caption(figure, right, "target: the points; black: those that the singular set maps to; lines: critical pairs")


def _draw_projection(figure: Figure, fold: Fold) -> None:
    solved = fold.brenier
    flat, share = principal_axes(solved.points_)
    branches = solved.branches_
    left = figure.add_axes((0.03, 0.09, 0.53, 0.77))
    order = np.random.default_rng(0).permutation(len(flat))  # no branch lies on top of another
    left.scatter(
        flat[order, 0], flat[order, 1], s=_dot(len(flat)), c=branch_colours(branches[order]), linewidths=0, alpha=0.8
    )
    _draw_pairs(left, fold, flat)
    left.margins(0.04)
    _caption(
        figure, left, f"points on their two principal axes ({100 * share:.0f} % of the variance); lines: critical pairs"
    )
    bars = figure.add_axes((0.65, 0.56, 0.31, 0.28))
    sizes = np.asarray(fold.sizes[: len(COLOURS)])
    drawn = bars.bar(np.arange(len(sizes)), sizes, color=COLOURS[: len(sizes)])
    bars.bar_label(drawn, [f"{size:,}" for size in sizes], fontsize=9, color=SOFT)
    bars.set_xlim(min(-0.6, len(sizes) / 2 - 2.5), max(len(sizes) - 0.4, len(sizes) / 2 + 1.5))  # one is no wall
    rest = len(fold.sizes) - len(sizes)
    bars.set_title("points of each branch" + (f" (and {rest} more)" if rest else ""), fontsize=11, color=INK)
    bars.set_xticks(np.arange(len(sizes)))
    margins = figure.add_axes((0.65, 0.12, 0.31, 0.28))
    distance = np.asarray(solved.margin(solved.sample_noise(MARGINS, 1)))
    margins.set_title("distance of the noise to the singular set", fontsize=11, color=INK)
    if np.isfinite(distance).any():
        margins.hist(distance[np.isfinite(distance)], bins=40, color=COLOURS[0])
        margins.set_xlabel("margin", color=SOFT)
    else:
        margins.text(0.5, 0.5, "no singular facet", ha="center", va="center", color=SOFT, transform=margins.transAxes)
    for axes in (bars, margins):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9, colors=SOFT)
        axes.set_yticks([])


def _draw_pairs(axes: Axes, fold: Fold, flat: ndarray) -> None:
    lines = [flat[[pair.i, pair.j]] for pair in fold.pairs]
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.1, linestyles=(0, (3, 2)), zorder=5))
    if lines:
        ends = np.concatenate(lines)
        axes.scatter(ends[:, 0], ends[:, 1], s=26, facecolor=PAPER, edgecolor=INK, linewidths=1.1, zorder=6)


def _domain(source: Any) -> ConvexDomain:
    """What is drawn of the source: all of it, or the normal distribution within a radius that holds 99 % of it."""
    if isinstance(source, str):
        return {"gaussian": ConvexDomain.disk(256, 3.0), "ball": ConvexDomain.disk(256), "cube": ConvexDomain.cube(2)}[
            source
        ]
    return ConvexDomain.from_vertices(np.asarray(source))


def _name(source: Any) -> str:
    return {"gaussian": "standard normal", "ball": "uniform ball", "cube": "uniform cube"}[source]


def _dot(count: int) -> float:
    return float(np.clip(16_000 / max(count, 1), 2.0, 22.0))


def _caption(figure: Figure, axes: Axes, text: str) -> None:
    axes.axis("off")
    box = axes.get_position()
    figure.text((box.x0 + box.x1) / 2, 0.045, text, ha="center", va="center", fontsize=10.5, color=INK)
