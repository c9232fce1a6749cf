"""Newton steps on sampled cells, for data on which one step size is wrong.

On curves, near-copies, heavy tails and far clusters the heights' scales differ by orders of magnitude, and a gradient
step that suits the closest sites moves the others by hairs. The Hessian knows: off the diagonal it is minus
the mass density of the facet ij over |y_i - y_j| (Kitagawa, Merigot, Thibert 2019). From samples: where x has best site
i and second j, it counts 1 / (2 g_i) for the pair, g_i the mean gap of the two values in cell i, for a gap that falls
off like an exponential law has the density 1 / g at 0. The Laplacian of these weights is solved by conjugate gradients.

What the Hessian misjudges are single cells, empty or overfull. So every step is followed by exact ones along the
coordinates of uneven cells, on a fixed sample whose points know their best sites (`candidates.py`); together they must
lower the convex energy. Samples that grow follow each other, fresh ones each time, so that the last costs what its
statistics cost. Beyond what memory holds, single steps on fresh samples are averaged (`online`).

The start comes from a tree of clusters: a depth has about twice the clusters of the one above, each a site at its
centre of mass. A cluster's cell is cut at the quantile that gives both parts their masses, and steps on 8 samples a
cluster mend the rest.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from scipy.sparse import csr_matrix

from cuspworld.transport.sampled.candidates import Candidates, Make, pair_weights
from cuspworld.transport.sampled.cluster_tree import Clusters, cluster_tree
from cuspworld.transport.sampled.newton_kernels import conjugate_gradients
from cuspworld.transport.sampled.sources import Sampler
from cuspworld.transport.search.products import Products

PER_CLUSTER = 8  # samples for each cluster of a depth
SMALLEST_SAMPLE = 1024
STEPS = 12  # on one sample
SEARCHES = 6  # of one sample, at most
TRUSTED = 0.1  # of the energy that steps gained: candidates may have missed that much
ENOUGH = 0.5  # of a sample's own noise, down to which its error is brought
RIDGE = 2e-3  # of the Hessian's diagonal, against groups that no sample links to the rest
TRIALS = ((1, 1.0), (1, 0.4), (30, 0.5), (300, 0.5), (3000, 0.5), (3000, 0.0))  # ridge in RIDGEs, and step
PER_SITE, LATER = 16, 16  # samples a site of an online step, and a later one's part of all samples


def newton_step(
    graph: csr_matrix, gradient: Float64[ndarray, " sites"], ridge: float = RIDGE
) -> Float64[ndarray, " sites"]:
    """Hessian^-1 gradient. The ridge of a site whose twin is near is that of the others, for else it held both."""
    degree = np.asarray(graph.sum(1)).ravel()
    linked = degree > 0
    typical = np.median(degree[linked]) if linked.any() else 1.0
    diagonal = np.where(linked, degree + ridge * np.minimum(degree, typical), 1.0)
    return conjugate_gradients(graph.indptr, graph.indices, graph.data, diagonal, np.where(linked, gradient, 0.0))


def descend(
    seen: Candidates, heights: Float64[ndarray, " sites"], enough: float, late: Callable[[], bool]
) -> Float64[ndarray, " sites"]:
    """Steps on the sample's candidates, each of which lowers the energy, until its cells hold about their masses."""
    seen.look(heights)
    for _ in range(STEPS):
        if seen.error < enough or late():
            break
        excess, energy, graph, ridge = seen.excess, seen.energy, seen.hessian(), 0.0
        for ridges, step in TRIALS:
            if ridges != ridge:
                ridge, direction = ridges, newton_step(graph, excess, ridges * RIDGE)
            tried = seen.evened(heights - step * direction)
            if seen.least <= seen.energy < energy:
                heights = tried
                break
        else:
            seen.look(heights)
            break
    return heights


def solve_sample(
    seen: Candidates, heights: Float64[ndarray, " sites"], late: Callable[[], bool]
) -> Float64[ndarray, " sites"]:
    """Heights that suit the sample, by steps from those given on the candidates there.

    Candidates foretell too little energy. A search in a part of the sample says how much they missed: next to nothing
    of what the steps gained, and the steps stand. Else all of the sample is searched at the new heights, which are kept
    if they have less energy; if not, the steps begin again where they did and know both places' candidates.
    """
    enough = ENOUGH * np.sqrt(seen.sites / len(seen.samples))
    seen.search(heights)
    for _ in range(SEARCHES):
        before = seen.energy
        tried = descend(seen, heights, enough, late)
        if late() or seen.missed(tried) <= TRUSTED * (before - seen.energy):
            return tried
        seen.search(tried, more=True)
        if seen.energy < before:
            heights = tried
        else:
            seen.look(heights)
    return heights


def tree_start(
    points: Float64[ndarray, "sites d"],
    masses: Float64[ndarray, " sites"],
    make: Make,
    sampler: Sampler,
    late: Callable[[], bool],
) -> tuple[Float64[ndarray, " sites"], float]:
    """Heights near the solution, and the cost in samples that look at all sites.

    Where it gets `late` the rest of the depths are split without a step.
    """
    depths = cluster_tree(points)
    heights, cost = np.zeros(1), 0.0
    products: Products | None = None
    for above, below in pairwise(depths):
        samples = sampler.draw(max(PER_CLUSTER * len(below), SMALLEST_SAMPLE)).cpu().numpy()
        owner = np.zeros(len(samples), np.int64)
        if products is not None:
            shift = float(np.median(heights))
            owner = products.top2(samples, (heights - shift).astype(np.float32))[2].astype(np.int64)
            cost += len(samples) * len(above) / len(points)
        heights = _split(points, masses, above, below, heights, samples, owner)
        centres, mass = below.means(points, masses)
        products = make(centres.astype(np.float32))
        if not late():
            seen = Candidates(products, centres, mass, samples, make)
            heights = solve_sample(seen, heights, late)
            cost += seen.cost * len(below) / len(points)
    spread = np.empty(len(points))
    spread[depths[-1].order] = heights
    return spread, cost


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


def online(
    products: Products,
    masses: Float64[ndarray, " sites"],
    heights: Float64[ndarray, " sites"],
    weight: int,
    sampler: Sampler,
    graph: csr_matrix | None = None,
) -> Iterator[tuple[Float64[ndarray, " sites"], int]]:
    """Newton steps on fresh samples, as long as their share of all: the mean of what all would say alone.

    `weight` is the number of samples behind `heights`, and behind `graph` if given. Yields heights and samples so far.
    """
    done = 0
    while True:
        count = max(PER_SITE * len(heights), (weight + done) // LATER)
        shift = float(np.median(heights))
        samples = sampler.draw(count).cpu().numpy()
        values, index = products.top_k(samples, (heights - shift).astype(np.float32), min(3, len(masses)))
        counts = np.bincount(index[:, 0], minlength=len(masses))
        fresh = pair_weights(values.astype(np.float64), index, len(masses))
        done += count
        share = count / (weight + done)
        graph = fresh if graph is None else graph * (1 - share) + fresh * share
        gradient = np.clip(counts / count - masses, -masses, 4 * np.maximum(masses, 1 / count))
        heights = heights - share * newton_step(graph, gradient)
        yield heights, done
