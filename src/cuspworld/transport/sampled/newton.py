"""Newton steps on sampled cells, from coarse to fine over a tree of clusters: for data on which one step size is wrong.

On curves, near-copies, heavy tails and far clusters the heights' scales differ by orders of magnitude, and a gradient
step that suits the closest sites moves the others by hairs. The Hessian knows: off the diagonal it is minus
the mass density of the facet ij over |y_i - y_j| (Kitagawa, Merigot, Thibert 2019). From samples: where x has best site
i and second j, it counts 1 / (2 g_i) for the pair, g_i the mean gap of the two values in cell i, for a gap that falls
off like an exponential law has the density 1 / g at 0. The Laplacian of these weights is solved by conjugate gradients.

Newton needs a start at which every cell holds mass. A depth of the tree has about twice the clusters of the one above,
each a site at its centre of mass. A cluster's cell is cut at the quantile that gives both parts their masses, and a few
damped steps on a fixed sample, that the convex energy must like, mend the rest: 8 samples a cluster, so that all depths
together cost about four looks at the last one. From there steps on fresh samples are averaged.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray
from scipy.sparse import coo_matrix

from cuspworld.transport.sampled.cluster_tree import Clusters, cluster_tree
from cuspworld.transport.sampled.mass_error import mass_error
from cuspworld.transport.sampled.newton_kernels import conjugate_gradients
from cuspworld.transport.sampled.sources import Sampler
from cuspworld.transport.search.products import Products

PER_CLUSTER = 8  # samples for each cluster of a depth
PER_SITE = 8  # samples for each site of a step on fresh ones
SMALLEST_SAMPLE = 1024
STEPS_A_DEPTH = 8
ENOUGH = 0.45  # relative error of a depth on its own sample, whose noise is 8^-1/2
EMPTIED = 0.1  # share of the cells that a step may empty
RIDGE = 2e-3  # of the Hessian's diagonal, against groups that no sample links to the rest
REMEMBERED = 24  # samples whose pairs make the Hessian
TRIALS = ((1, 1.0), (1, 0.4), (30, 0.5), (300, 0.5), (3000, 0.5))  # ridge in RIDGEs, and step, until the energy falls
DECAY, STEP, LONGEST_STEP = 0.6, 3.0, 0.7

Make = Callable[[ndarray], Products]


class Cells:
    """Sites, what the last look at their cells counted, and the Hessian."""

    def __init__(self, products: Products, points: Float64[ndarray, "sites d"], masses: Float64[ndarray, " sites"]):
        self.products, self.points, self.masses = products, points.astype(np.float32), masses
        self.pairs: list[tuple[ndarray, ndarray, ndarray]] = []
        self.looked = 0  # samples

    def look(self, heights: Float64[ndarray, " sites"], samples: Float32[ndarray, "samples d"]) -> None:
        """Find best and second-best site of the samples; count the cells; the sampled energy."""
        self.shift = float(np.median(heights))
        values, index = self.products.top_k(samples, (heights - self.shift).astype(np.float32), 2)
        self.samples, self.best, self.first, self.second = samples, values[:, 0], index[:, 0], index[:, 1]
        self.gap = (values[:, 0] - values[:, 1]).astype(np.float64)
        self.counts = np.bincount(self.first, minlength=len(self.masses))
        self.energy = float(self.best.mean(dtype=np.float64)) + self.shift - float(self.masses @ heights)
        self.looked += len(samples)

    @property
    def excess(self) -> Float64[ndarray, " sites"]:
        """The gradient: mass of the cells less what it should be."""
        return self.counts / len(self.first) - self.masses

    @property
    def empty(self) -> Int64[ndarray, " empty"]:
        """Sites that should have several samples and have none."""
        return np.flatnonzero((self.counts == 0) & (self.masses * len(self.first) > PER_CLUSTER / 4))

    def entered(self, heights: Float64[ndarray, " sites"], make: Make) -> Float64[ndarray, " sites"]:
        """The heights with those of empty cells raised until each just holds a sample."""
        at = self.empty
        heights = heights.copy()
        entry = self.shift - make(self.samples).top2(self.points[at], -self.best)[0].astype(np.float64)
        heights[at] = np.maximum(heights[at], entry + 1e-6)
        return heights

    def filled(self, heights: Float64[ndarray, " sites"]) -> Float64[ndarray, " sites"]:
        """The heights with those of empty cells raised until each, alone, holds its share of the samples."""
        heights = heights.copy()
        for site in self.empty:
            short = self.best - self.samples @ self.points[site]
            share = max(1, round(float(self.masses[site]) * len(short)))
            heights[site] = self.shift + np.partition(short, share - 1)[share - 1] + 1e-6
        return heights

    def learn(self) -> None:
        """Take the last look's pairs into the Hessian."""
        gaps = np.bincount(self.first, weights=self.gap, minlength=len(self.masses)) / np.maximum(self.counts, 1)
        rounding = 1e-7 * float(np.abs(self.best).mean()) + 1e-12
        weight = 0.5 / np.maximum(gaps[self.first], rounding) / len(self.first)
        self.pairs = [*self.pairs, (self.first, self.second, weight.astype(np.float32))][-REMEMBERED:]

    def newton(self, gradient: Float64[ndarray, " sites"], ridge: float, last: int) -> Float64[ndarray, " sites"]:
        """Hessian^-1 gradient, the Hessian of the `last` looks that were learned."""
        used = self.pairs[-last:]
        first, second, weight = (np.concatenate(part) for part in zip(*used, strict=True))
        shape = (len(self.masses), len(self.masses))
        graph = coo_matrix((weight.astype(np.float64) / len(used), (first, second)), shape=shape).tocsr()
        graph = graph + graph.T
        degree = np.asarray(graph.sum(1)).ravel()
        linked = degree > 0
        diagonal = np.where(linked, degree * (1 + ridge), 1.0)
        right = np.where(linked, gradient, 0.0)
        return conjugate_gradients(graph.indptr, graph.indices, graph.data, diagonal, right)


def tree_start(
    points: Float64[ndarray, "sites d"],
    masses: Float64[ndarray, " sites"],
    make: Make,
    sampler: Sampler,
    late: Callable[[], bool],
) -> tuple[Float64[ndarray, " sites"], list[Any], float]:
    """Heights near the solution, the last depth's pairs, and the cost in samples that look at all sites.

    Where it gets `late` the rest of the depths are split without a step.
    """
    depths = cluster_tree(points)
    heights, cost = np.zeros(1), 0.0
    cells: Cells | None = None
    for above, below in pairwise(depths):
        count = max(PER_CLUSTER * len(below), SMALLEST_SAMPLE)
        samples = sampler.draw(count).cpu().numpy()
        owner = np.zeros(count, np.int64)
        if cells is not None:
            cells.look(heights, samples)
            owner = cells.first.astype(np.int64)
            cost += cells.looked * len(above) / len(points)
        heights = _split(points, masses, above, below, heights, samples, owner)
        centres, mass = below.means(points, masses)
        cells = Cells(make(centres.astype(np.float32)), centres, mass)
        if not late():
            heights = _descend(cells, heights, samples, make)
    if cells is None:
        raise ValueError("a tree needs two sites")
    order = depths[-1].order
    spread = np.empty(len(points))
    spread[order] = heights
    pairs = [(order[first], order[second], weight) for first, second, weight in cells.pairs]
    return spread, pairs, cost + cells.looked


def _split(
    points: ndarray,
    masses: ndarray,
    above: Clusters,
    below: Clusters,
    heights: ndarray,
    samples: ndarray,
    owner: ndarray,
) -> ndarray:
    """Heights of the clusters `below`: each cell of those `above` is cut at the quantile of its parts' masses, and the
    parts' common value has the mean of the old one over the cell's samples, of which `owner` names the cell."""
    middle, _ = above.means(points, masses)
    centre, mass = below.means(points, masses)
    first = np.searchsorted(below.starts, above.starts)
    two = np.diff(np.append(first, len(below))) == 2
    second = np.where(two, first + 1, first)
    x = samples.astype(np.float64)
    along = np.einsum("nd,nd->n", x, (centre[second] - centre[first])[owner])
    count = np.bincount(owner, minlength=len(above))
    begin = np.cumsum(count) - count
    ranked = along[np.lexsort((along, owner))]
    place = mass[first] / (mass[first] + np.where(two, mass[second], 0.0)) * count - 0.5
    lower = np.clip(np.floor(place), 0, np.maximum(count - 1, 0)).astype(np.int64)
    upper = np.minimum(lower + 1, np.maximum(count - 1, 0))
    share = np.clip(place - lower, 0, 1)
    last = len(ranked) - 1
    cut = ranked[np.minimum(begin + lower, last)] * (1 - share) + ranked[np.minimum(begin + upper, last)] * share
    cut = np.where(two & (count > 0), cut, 0.0)
    value = np.einsum("nd,nd->n", x, centre[first][owner]) + cut[owner]
    value = np.where(two[owner], np.maximum(value, value - cut[owner] + along), value)
    old = np.einsum("nd,nd->n", x, middle[owner])
    common = heights + np.bincount(owner, weights=old - value, minlength=len(above)) / np.maximum(count, 1)
    split = np.empty(len(below))
    split[first] = np.where(two, common + cut, heights)
    split[second[two]] = common[two]
    return split


def _descend(cells: Cells, heights: ndarray, samples: ndarray, make: Make) -> ndarray:
    """Damped Newton steps on one sample, each of which lowers the energy, until its cells hold about their masses."""
    cells.look(heights, samples)
    for _ in range(STEPS_A_DEPTH):
        if len(cells.empty):
            heights = cells.entered(heights, make)
            cells.look(heights, samples)
        excess, energy, empty = cells.excess, cells.energy, len(cells.empty)
        cells.learn()
        if np.sqrt((excess**2 / np.maximum(cells.masses, 1 / len(samples))).sum()) < ENOUGH:
            break
        ridge = 0.0
        for ridges, step in TRIALS:
            if ridges != ridge:
                ridge, direction = ridges, cells.newton(excess, ridges * RIDGE, 3)
            cells.look(heights - step * direction, samples)
            falls = cells.energy <= energy - 1e-3 * step * float(excess @ direction)
            if falls and len(cells.empty) <= empty + EMPTIED * len(heights):
                heights = heights - step * direction
                break
        else:
            break
    return heights


def averaged_steps(
    cells: Cells, heights: Float64[ndarray, " sites"], sampler: Sampler, weights: Float64[ndarray, " sites"]
) -> Iterator[tuple[Float64[ndarray, " sites"], int]]:
    """Newton steps on fresh samples; yields the average of the iterates, with weights t^2, and the samples so far.

    A fresh sample judges the step before it: where that doubled E^2 the step is taken again with a larger ridge.
    """
    count = max(PER_SITE * len(heights), 4 * SMALLEST_SAMPLE)
    average, before, ridge, step, t, square = heights, heights, RIDGE, 0.0, 0, np.inf
    gradient = np.zeros(len(heights))
    while True:
        cells.look(heights, sampler.draw(count).cpu().numpy())
        found = mass_error(cells.counts, cells.masses, weights).square
        if found > 2 * square and found > 0.04 and ridge < 1e3:
            ridge *= 5
            heights = before - step * cells.newton(gradient, ridge, REMEMBERED)
            yield average, cells.looked
            continue
        t, square, ridge = t + 1, max(found, 0.02), max(ridge / 1.5, RIDGE)
        average = average + (heights - average) * (3 / (t + 2))
        cells.learn()
        before, step = heights, min(LONGEST_STEP, STEP * (t + 2) ** -DECAY)
        gradient = np.clip(cells.excess, -cells.masses, 4 * np.maximum(cells.masses, 1 / count))
        heights = before - step * cells.newton(gradient, ridge, REMEMBERED)
        yield average, cells.looked
