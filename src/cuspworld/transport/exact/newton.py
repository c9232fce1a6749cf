"""Exact semi-discrete optimal transport in 2-D and 3-D: damped Newton on the power diagram.

Kitagawa, Merigot, Thibert, "Convergence of a Newton algorithm for semi-discrete optimal transport", JEMS 2019. The
heights h maximise the concave dual; the gradient is nu - G(h) with G the cells' masses, and -DG is a weighted graph
Laplacian with weight (size of facet ij) / (|y_i - y_j| vol) between neighbours. Newton's step solves that Laplacian;
it is halved until every cell keeps a mass and the error falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Num
from scipy.sparse import csc_matrix, csr_matrix, diags
from scipy.sparse.linalg import splu

from cuspworld.errors import CuspError
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.power_diagram import PowerDiagram, power_diagram
from cuspworld.transport.exact.start import spread_heights

SMALLEST_STEP = 2.0**-20


@dataclass(frozen=True, eq=False)
class ExactTransport:
    """The solved problem: heights (N,), cells, cost, and its error, all in the coordinates that were given.

    `diagram` holds the cells of the D distinct points; `site_of` (N,) maps each given point to its distinct point.
    `error`: the largest relative error of the cell masses; `errors`: its history, one entry a Newton step.
    """

    points: np.ndarray
    masses: np.ndarray
    heights: np.ndarray
    diagram: PowerDiagram
    site_of: np.ndarray
    error: float
    errors: tuple[float, ...]

    @property
    def domain(self) -> ConvexDomain:
        return self.diagram.domain

    @property
    def cell_masses(self) -> Float64[np.ndarray, " D"]:
        """(D,) mass of each distinct point's cell."""
        return self.diagram.volumes / self.domain.volume

    @cached_property
    def barycentres(self) -> Float64[np.ndarray, "D d"]:
        """(D, d) centre of mass of each cell: the inverse map on average. NaN for the cell of a point without mass."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.diagram.first / self.diagram.volumes[:, None]

    @property
    def cost(self) -> float:
        """Integral of |x - T(x)|^2 over the source: the squared Wasserstein distance W_2^2."""
        sites = self.diagram.points
        pieces = (
            self.diagram.second - 2.0 * (self.diagram.first * sites).sum(1) + self.diagram.volumes * (sites**2).sum(1)
        )
        return float(pieces.sum() / self.domain.volume)

    def cells(self, x: Num[np.ndarray, "B d"]) -> Int64[np.ndarray, " B"]:
        """(B,) index of a point whose cell holds x."""
        first = np.unique(self.site_of, return_index=True)[1]  # the first of each set of duplicates
        out = np.empty(len(x), np.int64)
        for low in range(0, len(x), block := max(1, 4_000_000 // len(first))):
            values = x[low : low + block] @ self.diagram.points.T + self.diagram.heights
            out[low : low + block] = first[values.argmax(1)]
        return out


def solve_exact(
    points: Num[np.ndarray, "N d"],
    masses: Num[np.ndarray, " M"] | None,
    source_vertices: Num[np.ndarray, "V d"],
    tolerance: float = 1e-9,
) -> Float64[np.ndarray, " N"]:
    """Heights (N,), of mean 0, of the transport from the uniform measure on conv(source_vertices) to the masses.

    Arguments and errors as for `exact_transport`.
    """
    return exact_transport(points, masses, ConvexDomain.from_vertices(source_vertices), tolerance).heights


def exact_transport(
    points: Num[np.ndarray, "N d"],
    masses: Num[np.ndarray, " M"] | None,
    domain: ConvexDomain,
    tolerance: float = 1e-9,
    steps: int = 500,
) -> ExactTransport:
    """Solve until the largest relative error of the cell masses is at most `tolerance`.

    A mass that differs from its target by what rounding of the heights moves it counts as solved: about 2e-15 of the
    whole for a few points, 1e-13 for 100,000. `error` of the result says what was reached.

    Arguments: points (N, d), anywhere, d = 2 or 3, duplicates and flat sets allowed; masses (N,) >= 0, normalised here,
    uniform where None; domain: the convex support of the uniform source. A point without mass gets an empty cell.
    Raises CuspError for input that is not finite or does not fit, and where Newton stalls above the tolerance.
    """
    points, masses = _checked(points, masses, domain)
    sites, site_of = np.unique(points, axis=0, return_inverse=True)
    site_of = site_of.reshape(-1)
    demand = np.bincount(site_of, weights=masses)
    wanted = np.flatnonzero(demand > 0.0)

    # unit scale and the domain's centre at the origin: <x, y> + h keeps its digits
    middle = sites[wanted].mean(0)
    stretch = np.abs(sites[wanted] - middle).max() or 1.0
    size = np.abs(domain.vertices - domain.centre).max()
    unit = ConvexDomain.from_vertices((domain.vertices - domain.centre) / size)
    scaled = np.ascontiguousarray((sites[wanted] - middle) / stretch)
    order = _along_curve(scaled)
    diagram, errors = _newton(scaled[order], demand[wanted][order], unit, tolerance, steps)

    inner = np.empty(len(wanted))
    inner[order] = diagram.heights * stretch * size  # u = <x, y - middle> + h' with x about the domain's centre
    heights = inner - sites[wanted] @ domain.centre
    if len(wanted) < len(sites):
        heights = _below(sites, wanted, heights, domain)
    heights -= heights.mean()
    solved = _restored(diagram, sites, heights, domain, wanted[order], size)
    return ExactTransport(points, masses, heights[site_of], solved, site_of, errors[-1], tuple(errors))


def _checked(points: Any, masses: Any, domain: ConvexDomain) -> tuple[np.ndarray, np.ndarray]:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or len(points) == 0 or points.shape[1] != domain.dimension:
        raise CuspError(f"points must be (N, {domain.dimension}), N >= 1, like the domain: got shape {points.shape}")
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(1))[0])
        raise CuspError(f"points must be finite: row {row} is {points[row].tolist()}; remove it")
    masses = np.ones(len(points)) if masses is None else np.asarray(masses, dtype=np.float64)
    if masses.shape != (len(points),):
        raise CuspError(f"masses must be ({len(points)},), one a point: got shape {masses.shape}")
    if not (np.isfinite(masses).all() and (masses >= 0.0).all() and masses.sum() > 0.0):
        raise CuspError("masses must be finite, >= 0, and not all 0")
    return points + 0.0, masses / masses.sum()  # + 0.0 turns -0.0 into 0.0, so that duplicates compare equal


def _along_curve(points: np.ndarray) -> np.ndarray:
    """Order along a Morton curve: neighbours in space lie close in memory."""
    low, width = points.min(0), np.ptp(points, axis=0).max() or 1.0
    grid = ((points - low) / width * (2**20 - 1)).astype(np.uint64)
    code = np.zeros(len(points), np.uint64)
    for bit in range(20):
        for axis in range(points.shape[1]):
            place = np.uint64(bit * points.shape[1] + axis)
            code |= ((grid[:, axis] >> np.uint64(bit)) & np.uint64(1)) << place
    return np.argsort(code, kind="stable")


def laplacian(diagram: PowerDiagram) -> csr_matrix:
    """Derivative of the cell masses by the heights (N, N): a symmetric weighted graph Laplacian."""
    inner = diagram.facet_labels >= 0
    row, column = diagram.facet_sites[inner], diagram.facet_labels[inner]
    gap = np.linalg.norm(diagram.points[row] - diagram.points[column], axis=1)
    weight = diagram.facet_sizes[inner] / (gap * diagram.domain.volume)
    number = len(diagram.points)
    one_way = csr_matrix((weight, (row, column)), shape=(number, number))
    both = (one_way + one_way.T) * 0.5
    return (diags(np.asarray(both.sum(1)).ravel()) - both).tocsr()


def _newton(
    points: np.ndarray, masses: np.ndarray, domain: ConvexDomain, tolerance: float, steps: int
) -> tuple[PowerDiagram, list[float]]:
    if len(points) == 1:
        return power_diagram(points, np.zeros(1), domain), [0.0]
    diagram = power_diagram(points, spread_heights(points, masses, domain), domain)
    mass = diagram.volumes / domain.volume
    least = 0.5 * np.minimum(mass, masses)
    errors = [float(np.abs(mass / masses - 1.0).max())]
    step = 1.0
    while errors[-1] > tolerance and len(errors) <= steps:
        direction = _solve(laplacian(diagram), masses - mass)
        missing = np.linalg.norm(mass - masses)
        step, trial, trial_mass = min(1.0, 4.0 * step), diagram, mass
        while step >= SMALLEST_STEP:
            heights = diagram.heights + step * direction
            trial = power_diagram(points, heights, domain, diagram.graph, least=least * domain.volume)
            trial_mass = trial.volumes / domain.volume
            falls = np.linalg.norm(trial_mass - masses) <= (1.0 - 0.5 * step) * missing
            if (trial_mass >= least).all() and (falls or _still_better(trial_mass, masses, errors[-1])):
                break
            step *= 0.5
        else:
            break
        diagram, mass = trial, trial_mass
        least = 0.5 * np.minimum(mass, masses)
        errors.append(float(np.abs(mass / masses - 1.0).max()))
    rounding = np.finfo(float).eps * (np.abs(diagram.heights).max() + np.abs(domain.vertices).max())
    at_rounding = (np.abs(mass - masses) <= 8.0 * np.finfo(float).eps + 16.0 * rounding * _stiffness(diagram)).all()
    if errors[-1] > tolerance and not at_rounding:
        raise CuspError(
            f"the exact solver stopped at a largest relative error of {errors[-1]:.1e} after {len(errors) - 1} steps, "
            f"above tolerance {tolerance:.1e}: take a larger tolerance, or remove near duplicates among the points"
        )
    return diagram, errors


def _stiffness(diagram: PowerDiagram) -> np.ndarray:
    """(N,) change of each cell's mass by its own height: the diagonal of the Laplacian."""
    return laplacian(diagram).diagonal()


def _still_better(mass: np.ndarray, masses: np.ndarray, error: float) -> bool:
    """The largest relative error halves, though the norm may be at rounding: small masses go on converging."""
    return float(np.abs(mass / masses - 1.0).max()) < 0.5 * error


def _solve(matrix: csr_matrix, right: np.ndarray) -> np.ndarray:
    """Solve the Laplacian with the first unknown held at 0 (the heights are defined up to a constant)."""
    reduced = csc_matrix(matrix[1:, 1:])
    factor = splu(reduced, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    solution = factor.solve(right[1:])
    return np.append(0.0, solution)


def _below(sites: np.ndarray, wanted: np.ndarray, heights: np.ndarray, domain: ConvexDomain) -> np.ndarray:
    """Heights for all sites: a site without mass is put so low that its plane stays under the potential."""
    full = np.empty(len(sites))
    full[wanted] = heights
    for site in np.setdiff1d(np.arange(len(sites)), wanted):
        # u >= <x, y_k> + h_k for the nearest k, so h_j <= h_k - max_x <x, y_j - y_k> suffices
        k = int(((sites[wanted] - sites[site]) ** 2).sum(1).argmin())
        lift = (domain.vertices @ (sites[site] - sites[wanted[k]])).max()
        full[site] = heights[k] - lift - 1e-9 * abs(lift)
    return full


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """start, start + 1, ..., start + count - 1 for each pair, one after another."""
    return np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())


def _restored(
    diagram: PowerDiagram, sites: np.ndarray, heights: np.ndarray, domain: ConvexDomain, index: np.ndarray, size: float
) -> PowerDiagram:
    """The diagram moved from unit coordinates and curve order to the given coordinates and the order of `sites`."""
    dimension, number = domain.dimension, len(sites)
    counts = np.zeros(number, np.int64)
    counts[index] = np.diff(diagram.facet_offsets)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    back = np.argsort(index)  # rows in the order of the sites
    facets = _ranges(diagram.facet_offsets[back], np.diff(diagram.facet_offsets)[back])
    labels = diagram.facet_labels[facets]
    labels = np.where(labels >= 0, index[np.maximum(labels, 0)], labels)
    corner_counts = np.diff(diagram.vertex_offsets)[facets]
    corners = _ranges(diagram.vertex_offsets[facets], corner_counts)
    volumes, first, second = np.zeros(number), np.zeros((number, dimension)), np.zeros(number)
    volumes[index] = diagram.volumes * size**dimension
    moved = diagram.first * size ** (dimension + 1)
    first[index] = moved + diagram.volumes[:, None] * size**dimension * domain.centre
    second[index] = (
        diagram.second * size ** (dimension + 2)
        + 2.0 * moved @ domain.centre
        + diagram.volumes * size**dimension * (domain.centre @ domain.centre)
    )
    return PowerDiagram(
        domain,
        sites,
        heights,
        offsets,
        labels,
        diagram.facet_sizes[facets] * size ** (dimension - 1),
        diagram.vertices[corners] * size + domain.centre,
        np.concatenate([[0], np.cumsum(corner_counts)]),
        volumes,
        first,
        second,
    )
