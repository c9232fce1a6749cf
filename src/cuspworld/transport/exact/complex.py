"""Dual complex and singular set of an exact solution.

The cells' dual is a weighted Delaunay complex of the points. The map tears where two cells touch though their points
are not neighbours in the target: a facet (i, j) is singular exactly when (i, j) is not an edge of the Delaunay complex
of the points restricted to the target region, that is when the Voronoi facet of i and j misses the region (geogram's
rule, after Edelsbrunner and Shah's restricted Delaunay complex; no parameter).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import ExactTransport
from cuspworld.transport.exact.power_diagram import PowerDiagram, power_diagram
from cuspworld.transport.exact.region import Region

SLIVER = 1e-13  # of the domain's size: cells that meet in less than a facet share one of this size by rounding


def restricted_delaunay(sites: Float64[np.ndarray, "D d"], region: Region) -> Int64[np.ndarray, "E 2"]:
    """Edges i < j of the Delaunay complex of distinct sites restricted to the region: Voronoi facets that meet it."""
    low = np.minimum(region.low, sites.min(0))
    high = np.maximum(region.high, sites.max(0))
    margin = 0.05 * (high - low).max()
    middle = sites.mean(0)
    box = ConvexDomain.from_vertices(_box_corners(low - margin - middle, high + margin - middle))
    voronoi = power_diagram(sites - middle, -0.5 * ((sites - middle) ** 2).sum(1), box)
    pairs, _, index = voronoi.pairs
    return pairs[region.meets([voronoi.facet(int(k)) + middle for k in index])]


def _box_corners(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid(*np.column_stack([low, high]), indexing="ij"), -1).reshape(-1, len(low))


@dataclass(frozen=True, eq=False)
class SingularComplex:
    """The singular facets of a solution and how they hang together.

    `pairs` (S, 2): distinct points i < j that face each other; `sizes` (S,): length or area; `facets`: S arrays of
    corners (2, 2) in 2-D, (m, 3) in 3-D. `branches` (D,): connected steady branch of each distinct point, largest
    first.
    """

    diagram: PowerDiagram
    pairs: np.ndarray
    sizes: np.ndarray
    facets: tuple[np.ndarray, ...]
    branches: np.ndarray

    @property
    def boundary_sites(self) -> Int64[np.ndarray, " B"]:
        """Points of the target's boundary that the singular set maps to."""
        return np.unique(self.pairs)

    @cached_property
    def _ridges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Welded corners (C, d), ridges (R, d - 1) of corner indices, and for each ridge use its facet (R,)."""
        dimension = self.diagram.domain.dimension
        if not self.facets:
            return np.zeros((0, dimension)), np.zeros((0, dimension - 1), np.int64), np.zeros(0, np.int64)
        stacked = np.concatenate(self.facets)
        owner = np.repeat(np.arange(len(self.facets)), [len(facet) for facet in self.facets])
        weld = 1e-9 * np.ptp(self.diagram.domain.vertices, axis=0).max()
        near = cKDTree(stacked).query_pairs(weld, output_type="ndarray")
        links = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(stacked),) * 2)
        corner = connected_components(links, directed=False)[1]
        first = np.unique(corner, return_index=True)[1]
        if dimension == 2:
            return stacked[first], corner[:, None], owner
        rows, faces = [], []
        begin = 0
        for index, facet in enumerate(self.facets):
            loop = corner[begin : begin + len(facet)]
            edges = np.sort(np.column_stack([loop, np.roll(loop, -1)]), axis=1)
            edges = edges[edges[:, 0] != edges[:, 1]]
            rows.append(edges)
            faces.append(np.full(len(edges), index))
            begin += len(facet)
        corners = stacked[first]
        return corners, *_split(corners, np.concatenate(rows), np.concatenate(faces), weld)

    def _ridges_of_degree(self, low: int, high: int) -> np.ndarray:
        corners, ridges, _ = self._ridges
        if len(ridges) == 0:
            return np.zeros((0, ridges.shape[1], corners.shape[1]))
        distinct, count = np.unique(ridges, axis=0, return_counts=True)
        return corners[distinct[(count >= low) & (count <= high)]]

    @property
    def ends(self) -> np.ndarray:
        """Where the singular set ends, on the domain's boundary or inside: points (E, 1, 2), or segments (E, 2, 3)."""
        return self._ridges_of_degree(1, 1)

    @property
    def junctions(self) -> np.ndarray:
        """Where three or more sheets meet: points (J, 1, 2), or segments (J, 2, 3)."""
        return self._ridges_of_degree(3, 1 << 30)

    @cached_property
    def chains(self) -> list[np.ndarray]:
        """Facet indices of each chain (sheet in 3-D): connected through ridges that exactly two facets share."""
        _, ridges, owner = self._ridges
        if len(ridges) == 0:
            return []
        inverse, count = np.unique(ridges, axis=0, return_inverse=True, return_counts=True)[1:]
        inverse = inverse.reshape(-1)
        order = np.argsort(inverse, kind="stable")
        starts = np.cumsum(count) - count
        two = starts[count == 2]
        one, other = owner[order[two]], owner[order[two + 1]]
        links = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(self.facets),) * 2)
        number, chain = connected_components(links, directed=False)
        return [np.flatnonzero(chain == c) for c in range(number)]


def _split(corners: np.ndarray, edges: np.ndarray, faces: np.ndarray, weld: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges (R, 2) cut at the corners of other facets that lie on them, and the facet of each part."""
    one, other = corners[edges[:, 0]], corners[edges[:, 1]]
    near = cKDTree(corners).query_ball_point((one + other) / 2, np.linalg.norm(other - one, axis=1) / 2 + weld)
    parts, owners = [], []
    for (a, b), face, inside in zip(edges, faces, near, strict=True):
        along = corners[b] - corners[a]
        offset = corners[inside] - corners[a]
        place = offset @ along / (along @ along)
        on = np.linalg.norm(offset - place[:, None] * along, axis=1) < weld
        stops = np.asarray(inside)[on][np.argsort(place[on])]
        parts.append(np.sort(np.column_stack([stops[:-1], stops[1:]]), axis=1))
        owners.append(np.full(len(stops) - 1, face))
    return np.concatenate(parts), np.concatenate(owners)


def singular_complex(
    transport: ExactTransport, edges: Int64[np.ndarray, "E 2"], flips: bool = False
) -> SingularComplex:
    """The singular set of a solution, `edges` being the target's own neighbours i < j among the distinct points.

    The rule as stated also names facets where source and target merely differ by a flip of one edge, as a regular map
    does. With `flips` such facets count as regular: i and j have a common neighbour, in the source and in the
    target, beside the facet. A true singular chain then loses about one facet at each end inside the domain.
    """
    diagram = transport.diagram
    number = len(diagram.points)
    pairs, sizes, index = diagram.pairs
    edges = np.sort(edges, axis=1)
    singular = ~np.isin(pairs[:, 0] * number + pairs[:, 1], edges[:, 0] * number + edges[:, 1])
    links = _graph(pairs[~singular], number)
    if flips and singular.any():
        beside = np.asarray(links[pairs[singular, 0]].multiply(links[pairs[singular, 1]]).sum(1)).reshape(-1)
        singular[singular] = beside == 0
        links = _graph(pairs[~singular], number)
    label = connected_components(links, directed=False)[1]
    rank = np.argsort(np.argsort(-np.bincount(label), kind="stable"), kind="stable")
    extent = np.ptp(diagram.domain.vertices, axis=0).max()
    singular &= sizes > SLIVER * extent ** (diagram.domain.dimension - 1)
    facets = tuple(diagram.facet(int(k)) for k in index[singular])
    return SingularComplex(diagram, pairs[singular], sizes[singular], facets, rank[label])


def _graph(pairs: np.ndarray, number: int) -> csr_matrix:
    """Symmetric adjacency (number, number) of pairs i < j."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(number, number))
