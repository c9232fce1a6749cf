"""Figure: the uniform disk folds into a seahorse. Left the Laguerre cells and the singular set, right where they go."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib.patheffects as effects
import numpy as np
from jaxtyping import Float64, Int64
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from cuspworld.checks import whole
from cuspworld.figures.picture import save_picture
from cuspworld.figures.seahorse_outline import even_sites, seahorse_region
from cuspworld.transport.exact.complex import SingularComplex, restricted_delaunay, singular_complex
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import ExactTransport, exact_transport
from cuspworld.transport.exact.power_diagram import power_diagram
from cuspworld.transport.exact.region import PolygonRegion

INK, SOFT, PAPER = "#12151c", "#5b6270", "#ffffff"
FOLD = 2.5  # narrower tears than so many spacings of the sites are not drawn: the sites hardly resolve them
PAIRS = 6  # critical pairs that are numbered


@dataclass(frozen=True, eq=False)
class RegionFold:
    """The solved problem: the target, the cells (sites in the diagram's order), and the tears that are drawn.

    `drawn` (S,): indices of singular facets; `tears`: how many connected pieces they form; `widths` (F,): |y_i - y_j|
    of every singular facet.
    """

    region: PolygonRegion
    solved: ExactTransport
    singular: SingularComplex
    drawn: Int64[ndarray, " S"]
    tears: int
    widths: Float64[ndarray, " F"]

    @property
    def boundary_sites(self) -> Int64[ndarray, " B"]:
        """Sites that the drawn singular set maps to."""
        return np.unique(self.singular.pairs[self.drawn])

    def summary(self) -> dict[str, float]:
        """The figures of the solution."""
        return {
            "sites": len(self.solved.diagram.points),
            "largest_relative_error": self.solved.error,
            "newton_steps": len(self.solved.errors) - 1,
            "singular_facets": len(self.drawn),
            "singular_length": float(self.singular.sizes[self.drawn].sum()),
            "tears": self.tears,
            "boundary_points": len(self.boundary_sites),
        }


def fold_into(region: PolygonRegion, sites: int, seed: int = 0) -> RegionFold:
    """Transport the uniform unit disk to `sites` points spread evenly over a region of the plane, exactly."""
    points = even_sites(region, sites, seed)
    solved = exact_transport(points, None, ConvexDomain.disk(720), 1e-6)
    at = solved.diagram.points
    singular = singular_complex(solved, restricted_delaunay(at, region), flips=True)
    widths = np.linalg.norm(at[singular.pairs[:, 0]] - at[singular.pairs[:, 1]], axis=1)
    spacing = float(np.median(cKDTree(at).query(at, k=2)[0][:, 1]))
    piece = _pieces(singular)
    # a tear opens across the outside: the middle between its two sites is not of the region
    outside = ~region.contains(at[singular.pairs].mean(1))
    torn = np.zeros(piece.max(initial=-1) + 1, bool)
    np.logical_or.at(torn, piece, outside & (widths > FOLD * spacing))
    return RegionFold(region, solved, singular, np.flatnonzero(torn[piece]), int(torn.sum()), widths)


def _pieces(singular: SingularComplex) -> Int64[ndarray, " F"]:
    """(F,) connected piece of each singular facet; facets hang together at common corners."""
    number = len(singular.facets)
    corners = np.concatenate(singular.facets) if number else np.zeros((0, 2))  # two a facet
    near = cKDTree(corners).query_pairs(1e-9, output_type="ndarray") // 2 if number else np.zeros((0, 2), np.int64)
    links = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(number, number))
    return connected_components(links, directed=False)[1].astype(np.int64)


def draw_seahorse(path: str | Path, sites: int = 8000, seed: int = 0, dots: int = 200) -> dict[str, float]:
    """Solve and draw a PNG with `dots` per inch (12.4 x 8 inches). Returns the figures of the solution."""
    whole("dots", dots, 40, 600)
    whole("sites", sites, 500, 200_000)
    fold = fold_into(seahorse_region(), sites, seed)
    figure = Figure(figsize=(12.4, 8.0), dpi=dots, facecolor=PAPER)
    FigureCanvasAgg(figure)
    left = figure.add_axes((0.02, 0.085, 0.53, 0.79))
    right = figure.add_axes((0.57, 0.085, 0.40, 0.79))
    colours = position_colours(fold.solved.barycentres)
    numbered = _spread_pairs(fold, PAIRS)
    _draw_disk(left, fold, colours, numbered)
    _draw_region(right, fold, colours, numbered)
    figure.text(
        0.5, 0.957, "Where a smooth world folds", ha="center", va="center", fontsize=25, color=INK, weight="bold"
    )
    subtitle = "The optimal transport of a disk to a seahorse is smooth, except where it must tear"
    figure.text(0.5, 0.909, subtitle, ha="center", va="center", fontsize=14, color=SOFT)
    _legend(figure, fold)
    save_picture(figure, path)
    return fold.summary()


def _legend(figure: Figure, fold: RegionFold) -> None:
    ring = Line2D([], [], marker="o", markersize=12, markerfacecolor=PAPER, markeredgecolor=INK, linestyle="none")
    entries = [
        (Line2D([], [], color=INK, linewidth=2.6), "singular set: the map tears"),
        (Line2D([], [], color=INK, marker="o", markersize=4, linestyle="none"), "boundary points that it maps to"),
        (ring, "critical pair: one place, two destinations"),
        (_swatch(), f"{len(fold.solved.diagram.points):,} equal cells, coloured by place"),
    ]
    figure.legend(
        [e[0] for e in entries], [e[1] for e in entries], loc="lower center", ncols=4, frameon=False, fontsize=10.5,
        labelcolor=INK, bbox_to_anchor=(0.5, 0.012), columnspacing=1.7, handletextpad=0.7,
    )  # fmt: skip


def _swatch() -> Line2D:
    return Line2D([], [], marker="h", markersize=12, markerfacecolor="#f0a35e", markeredgecolor=PAPER, linestyle="none")


def position_colours(place: Float64[ndarray, "N 2"]) -> Float64[ndarray, "N 3"]:
    """RGB by position in the unit disk: hue around, paler towards the centre, even to the eye (CIELAB)."""
    radius = np.clip(np.linalg.norm(place, axis=1), 0.0, 1.0)
    angle = np.arctan2(place[:, 1], place[:, 0]) + 0.6
    chroma = (6.0 + 40.0 * radius) * (1.1 - 0.2 * np.cos(angle - 3.5))  # sRGB has less chroma to show in cyan
    lab = np.column_stack([94.0 - 23.0 * radius, chroma * np.cos(angle), chroma * np.sin(angle)])
    rgb = cv2.cvtColor(lab[None].astype(np.float32), cv2.COLOR_Lab2RGB)[0]
    return np.clip(rgb, 0.0, 1.0).astype(np.float64)


def _spread_pairs(fold: RegionFold, count: int) -> list[int]:
    """Singular facets with wide tears, inside the disk and apart from one another, in order around the disk."""
    middles = np.array([fold.singular.facets[k].mean(0) for k in fold.drawn]).reshape(-1, 2)
    inside = np.linalg.norm(middles, axis=1) < 0.9
    chosen: list[int] = []
    for k in np.argsort(-fold.widths[fold.drawn], kind="stable"):
        far = all(np.linalg.norm(middles[k] - middles[other]) > 0.3 for other in chosen)
        if inside[k] and far:
            chosen.append(int(k))
        if len(chosen) == count:
            break
    around = sorted(chosen, key=lambda k: -float(np.arctan2(middles[k, 1], -middles[k, 0])))  # clockwise from the left
    return [int(fold.drawn[k]) for k in around]


def _badge(axes: Axes, at: ndarray, text: str, size: float = 11.0) -> None:
    circle = {"boxstyle": "circle,pad=0.22", "facecolor": PAPER, "edgecolor": INK, "linewidth": 1.3}
    axes.text(
        float(at[0]),
        float(at[1]),
        text,
        ha="center",
        va="center",
        fontsize=size,
        color=INK,
        weight="bold",
        bbox=circle,
        zorder=9,
    )


def _draw_disk(axes: Axes, fold: RegionFold, colours: ndarray, numbered: list[int]) -> None:
    diagram = fold.solved.diagram
    cells = [diagram.cell(site) for site in range(len(colours))]
    axes.add_collection(PolyCollection(cells, facecolors=colours, edgecolors="#ffffff70", linewidths=0.22))
    segments = [fold.singular.facets[k] for k in fold.drawn]
    axes.add_collection(LineCollection(segments, colors=INK, linewidths=2.8, capstyle="round"))
    turn = np.linspace(0.0, 2.0 * np.pi, 721)
    axes.plot(np.cos(turn), np.sin(turn), color=INK, linewidth=1.1)
    for number, facet in enumerate(numbered, 1):
        _badge(axes, fold.singular.facets[facet].mean(0), str(number))
    axes.set(xlim=(-1.02, 1.02), ylim=(-1.02, 1.02), aspect="equal")
    axes.axis("off")


def _draw_region(axes: Axes, fold: RegionFold, colours: ndarray, numbered: list[int]) -> None:
    sites, region = fold.solved.diagram.points, fold.region
    low, high = region.low - 0.12, region.high + 0.12
    box = ConvexDomain.from_vertices(np.array([low, [high[0], low[1]], high, [low[0], high[1]]]))
    voronoi = power_diagram(sites, -0.5 * (sites**2).sum(1), box)
    cells = PolyCollection(
        [voronoi.cell(site) for site in range(len(sites))], facecolors=colours, edgecolors="face", linewidths=0.3
    )
    axes.add_collection(cells)
    outline = PathPatch(_outline(region), facecolor="none", edgecolor=INK, linewidth=1.0)
    axes.add_patch(outline)
    cells.set_clip_path(outline)
    halo = [effects.withStroke(linewidth=1.2, foreground=PAPER)]
    facing = sites[fold.boundary_sites]
    axes.scatter(facing[:, 0], facing[:, 1], s=7.5, color=INK, linewidths=0, path_effects=halo, zorder=5)
    for number, facet in enumerate(numbered, 1):
        ends = sites[fold.singular.pairs[facet]]
        axes.plot(*ends.T, color=INK, linewidth=1.3, linestyle=(0, (3, 2)), zorder=6)
        axes.scatter(ends[:, 0], ends[:, 1], s=34, facecolor=PAPER, edgecolor=INK, linewidths=1.4, zorder=7)
        _badge(axes, ends.mean(0), str(number), 9.5)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.axis("off")


def _outline(region: PolygonRegion) -> Outline:
    """The rings as one path; a hole runs the other way round than the outer ring."""
    outer, *holes = region.rings
    rings = [outer] + [hole if _signed_area(hole) * _signed_area(outer) < 0 else hole[::-1] for hole in holes]
    closed = [np.vstack([ring, ring[:1]]) for ring in rings]
    codes = [[Outline.MOVETO] + [Outline.LINETO] * (len(ring) - 2) + [Outline.CLOSEPOLY] for ring in closed]
    return Outline(np.concatenate(closed), np.concatenate(codes))


def _signed_area(ring: ndarray) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return 0.5 * float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
