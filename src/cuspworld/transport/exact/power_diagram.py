"""Power diagram of a convex domain: Laguerre cells W_i = {x : <x, y_i> + h_i highest}, their masses and facets.

The diagram of the previous heights is kept as a graph of candidates: after a small change of the heights each cell is
cut by its former neighbours and its vertices are checked by climbing over that graph, which costs far less than a new
convex hull. A cell cut by too few neighbours is too large, never too small, so the diagram is right exactly when the
cells' volumes add up to the domain's; where they do not, Qhull triangulates anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64

from cuspworld.errors import CuspError
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.polygon_kernels import laguerre_polygons, polygon_moments
from cuspworld.transport.exact.polyhedron_kernels import laguerre_polyhedra, polyhedron_moments
from cuspworld.transport.exact.regular import compressed_rows, neighbour_graph, regular_triangulation

Graph = tuple[np.ndarray, np.ndarray]
FEW_SIDES = 12  # a domain with more sides is first boxed, and its own sides are cut from the cells near its boundary


@dataclass(frozen=True, eq=False)
class PowerDiagram:
    """Cells of N sites in a domain of dimension d; N rows of facets in compressed form.

    `facet_offsets` (N + 1,): the facets of cell i are facet_offsets[i] to facet_offsets[i + 1]. `facet_labels` (F,):
    the neighbouring site, or -1 - s for the domain's side s. `facet_sizes` (F,): length (2-D) or area (3-D).
    `volumes` (N,), `first` (N, d): integral of x, `second` (N,): integral of |x|^2 over each cell.
    `vertices` (V, d) and `vertex_offsets` (F + 1,): corners of the facets; in 2-D facet k runs from vertices[k] to the
    next vertex of its cell, and vertex_offsets is facet-by-facet.
    """

    domain: ConvexDomain
    points: np.ndarray
    heights: np.ndarray
    facet_offsets: np.ndarray
    facet_labels: np.ndarray
    facet_sizes: np.ndarray
    vertices: np.ndarray
    vertex_offsets: np.ndarray
    volumes: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def graph(self) -> Graph:
        """Candidates for the next diagram."""
        return self.facet_offsets, self.facet_labels

    @cached_property
    def facet_sites(self) -> Int64[np.ndarray, " F"]:
        """(F,) the cell that each facet belongs to."""
        return np.repeat(np.arange(len(self.points)), np.diff(self.facet_offsets))

    @property
    def excess(self) -> float:
        """Sum of the cells' volumes over the domain's, less 1: 0 up to rounding exactly when the diagram is right."""
        return float(self.volumes.sum() / self.domain.volume - 1.0)

    def cell(self, site: int) -> Float64[np.ndarray, "corners d"]:
        """Corners of one cell: counter-clockwise in 2-D, the distinct corners in 3-D; none where it is empty."""
        low, high = self.facet_offsets[site], self.facet_offsets[site + 1]
        if self.domain.dimension == 2:
            return self.vertices[low:high]
        return np.unique(self.vertices[self.vertex_offsets[low] : self.vertex_offsets[high]], axis=0)

    def facet(self, index: int) -> Float64[np.ndarray, "corners d"]:
        """Corners of one facet: two ends of a segment, or a polygon in 3-D."""
        if self.domain.dimension == 3:
            return self.vertices[self.vertex_offsets[index] : self.vertex_offsets[index + 1]]
        site = int(self.facet_sites[index])
        low, high = self.facet_offsets[site], self.facet_offsets[site + 1]
        return self.vertices[[index, low + (index + 1 - low) % (high - low)]]

    @cached_property
    def pairs(self) -> tuple[Int64[np.ndarray, "P 2"], Float64[np.ndarray, " P"], Int64[np.ndarray, " P"]]:
        """Neighbouring cells i < j, the size of their common facet, and the facet's index.

        Facets at rounding (1e-12 of the domain's extent), where more cells meet than they must, are left out.
        """
        smallest = (1e-12 * np.ptp(self.domain.vertices, axis=0).max()) ** (self.domain.dimension - 1)
        index = np.flatnonzero((self.facet_labels > self.facet_sites) & (self.facet_sizes > smallest))
        pairs = np.column_stack([self.facet_sites[index], self.facet_labels[index]])
        return pairs, self.facet_sizes[index], index


def power_diagram(
    points: Float64[np.ndarray, "N d"],
    heights: Float64[np.ndarray, " N"],
    domain: ConvexDomain,
    graph: Graph | None = None,
    accuracy: float = 1e-11,
    least: np.ndarray | None = None,
) -> PowerDiagram:
    """The power diagram of distinct points with these heights; `graph` is a former diagram's, if there is one.

    `least` (N,): volumes that the caller wants; a diagram with a smaller cell is of no use to it and may come back
    wrong elsewhere (cells cut by too few neighbours are too large, so the cell that is too small is truly so).
    Raises CuspError where even Qhull's triangulation leaves cells whose volumes miss the domain's by 1e-6.
    """
    if points.shape[1] != domain.dimension:
        raise CuspError(f"points have dimension {points.shape[1]} and the domain {domain.dimension}: they must agree")
    if graph is not None and (np.diff(graph[0]) > 0).all():  # an empty cell may come back only by Qhull's word
        diagram = _cut(points, heights, domain, graph)
        if abs(diagram.excess) <= accuracy or (least is not None and (diagram.volumes < least).any()):
            return diagram
        diagram = _cut(points, heights, domain, _both_ways(diagram))
        if abs(diagram.excess) <= accuracy:
            return diagram
    fresh = neighbour_graph(regular_triangulation(points, heights), len(points))
    diagram = _cut(points, heights, domain, fresh)
    for _ in range(3):
        if abs(diagram.excess) <= accuracy:
            return diagram
        diagram = _cut(points, heights, domain, _both_ways(diagram, fresh))
    if abs(diagram.excess) > 1e-6:
        raise CuspError(
            f"the power diagram of {len(points)} points could not be built: volumes are off by {diagram.excess:.1e}; "
            "the points are too close to degenerate, remove near duplicates"
        )
    return diagram


def _both_ways(diagram: PowerDiagram, more: Graph | None = None) -> Graph:
    """The diagram's neighbours made mutual, joined with another graph."""
    real = diagram.facet_labels >= 0
    pairs = np.column_stack([diagram.facet_sites[real], diagram.facet_labels[real]])
    parts = [pairs, pairs[:, ::-1]]
    number = len(diagram.points)
    if more is not None:
        parts.append(np.column_stack([np.repeat(np.arange(number), np.diff(more[0])), more[1]]))
    return compressed_rows(np.concatenate(parts), number)


def _cut(points: np.ndarray, heights: np.ndarray, domain: ConvexDomain, graph: Graph) -> PowerDiagram:
    reach = np.abs(domain.vertices).max()
    tolerance = 4e-16 * (np.abs(heights).max() + reach * np.abs(points).max())
    if domain.dimension == 2:
        if len(domain.vertices) <= FEW_SIDES:
            start, sides = domain.vertices, np.zeros((0, 3))
        else:
            margin = 0.01 * np.ptp(domain.vertices, axis=0)  # no edge of the box may touch the domain
            (left, bottom), (right, top) = domain.vertices.min(0) - margin, domain.vertices.max(0) + margin
            start = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
            sides = domain.sides
        offsets, vertices, labels = laguerre_polygons(
            points, heights, start, sides, domain.disk_inside, *graph, tolerance
        )
        volumes, first, second, sizes = polygon_moments(offsets, vertices)
        corners = np.arange(len(vertices) + 1)
    else:
        loops = np.concatenate(domain.faces)
        loop_offsets = np.cumsum([0] + [len(face) for face in domain.faces])
        offsets, labels, corners, vertices = laguerre_polyhedra(
            points, heights, domain.vertices, loops, loop_offsets, *graph, tolerance
        )
        volumes, first, second, sizes = polyhedron_moments(offsets, corners, vertices)
    return PowerDiagram(domain, points, heights, offsets, labels, sizes, vertices, corners, volumes, first, second)
