"""A fixed sample that remembers the best sites of each of its points, so that other heights are tried without a search.

The candidates' maximum is a lower model of the potential that is exact at the heights of the search, as the planes of a
bundle method are; looking at it again costs the candidates' share of a search. Each site is a candidate at the samples
that would come to it first, however far out it lies, for else nothing in the model would stop its rise.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32, Float64, Int
from numpy import ndarray
from scipy.sparse import coo_matrix, csr_matrix

from cuspworld.transport.sampled import newton_kernels as kernels
from cuspworld.transport.search.products import Products

CANDIDATES = 16
HELD = 4  # shares of samples at which a site must be a candidate,
ADDED = 4  # and the most candidates that a sample gets for that
LOOKED_AT, FEWEST_LOOKED_AT = 8, 1024  # a part of the samples, to see whether the candidates were enough
UNEVEN = 0.25  # relative error from which a site's height is set by itself

Make = Callable[[ndarray], Products]


class Candidates:
    """`samples` and their candidates. `cost` counts samples that looked at all sites, parts of looks in proportion."""

    def __init__(
        self,
        products: Products,
        points: Float64[ndarray, "sites d"],
        masses: Float64[ndarray, " sites"],
        samples: Float32[ndarray, "samples d"],
        make: Make,
    ):
        self.products, self.points, self.masses, self.samples, self.make = products, points, masses, samples, make
        self.sites, self.cost = len(masses), 0.0
        self.index = np.empty((len(samples), 0), np.int32)
        self.shares = masses * len(samples)
        self.least = float(samples.mean(0, dtype=np.float64) @ (masses @ points))  # a maximum is no less than a mean

    def search(self, heights: Float64[ndarray, " sites"], more: bool = False) -> None:
        """Find the candidates at these heights, and look; `more`: those of the last search stay."""
        shift = float(np.median(heights))
        k = min(CANDIDATES, self.sites)
        values, found = self.products.top_k(self.samples, (heights - shift).astype(np.float32), k)
        self.cost += len(self.samples)
        former = self.index if more else self.index[:, :0]
        self.index = np.concatenate([found, self._added(values[:, 0], found), former], 1)
        self.product = kernels.candidate_products(self.samples, self.points, self.index)
        self.starts, self.places = kernels.places_of_sites(self.product, self.index, self.sites)
        self.look(heights)

    def _added(self, best: ndarray, found: ndarray) -> ndarray:
        """Sites that are too seldom candidates, where they are nearest to the best; -1 fills up."""
        added = np.full((len(found), ADDED), -1, np.int32)
        wanted = np.minimum(np.maximum(np.ceil(HELD * self.shares), 2 * HELD), len(found)).astype(np.int64)
        few = np.flatnonzero(np.bincount(found.ravel(), minlength=self.sites) < wanted)
        if len(few) == 0:
            return added[:, :0]
        self.cost += len(found) * len(few) / self.sites
        search, longest = self.make(self.samples), int(wanted[few].max())
        nearest = search.top_k(self.points[few].astype(np.float32), -best, longest)[1]
        free = np.zeros(len(found), np.int64)
        for site, rows, count in zip(few, nearest, wanted[few], strict=True):
            rows = rows[:count]
            rows = rows[free[rows] < ADDED]
            added[rows, free[rows]] = site
            free[rows] += 1
        return added[:, : free.max()]

    def look(self, heights: Float64[ndarray, " sites"]) -> None:
        """Best three candidates of each sample, the cells' counts, and the sampled energy."""
        self.values, self.best = kernels.best_three(self.product, self.index, heights)
        self.counts = np.bincount(self.best[:, 0], minlength=self.sites)
        self.energy = float(self.values[:, 0].mean()) - float(self.masses @ heights)
        self.cost += len(self.samples) * self.index.shape[1] / self.sites

    def missed(self, heights: Float64[ndarray, " sites"]) -> float:
        """How much energy the last look, at these heights, missed, by a search in a part of the samples."""
        part = max(len(self.samples) // LOOKED_AT, min(len(self.samples), FEWEST_LOOKED_AT))
        shift = float(np.median(heights))
        best = self.products.top2(self.samples[:part], (heights - shift).astype(np.float32))[0]
        self.cost += part
        return float(best.mean(dtype=np.float64)) + shift - float(self.values[:part, 0].mean())

    def evened(self, heights: Float64[ndarray, " sites"]) -> Float64[ndarray, " sites"]:
        """The heights with those of uneven cells set, one after the other, so that each holds its share; looks."""
        self.look(heights)
        off = np.abs(self.counts - self.shares)
        uneven = np.flatnonzero(off > np.maximum(UNEVEN * self.shares, 1))
        order = uneven[np.argsort(-off[uneven] / self.shares[uneven])]
        heights = heights.copy()
        kernels.coordinate_steps(self.product, self.index, self.starts, self.places, self.shares, order, heights)
        self.look(heights)
        return heights

    @property
    def excess(self) -> Float64[ndarray, " sites"]:
        """The gradient: mass of the cells less what it should be."""
        return self.counts / len(self.samples) - self.masses

    @property
    def error(self) -> float:
        """Relative error of the cells' masses on this sample, over the mass."""
        return float(np.sqrt((self.excess**2 / np.maximum(self.masses, 1 / len(self.samples))).sum()))

    def hessian(self) -> csr_matrix:
        """Weights of pairs of sites (`pair_weights`) at the last look."""
        return pair_weights(self.values, self.best, self.sites)


def pair_weights(
    values: Float[ndarray, "samples three"], best: Int[ndarray, "samples three"], sites: int
) -> csr_matrix:
    """The Hessian's entries off the diagonal, negated, from the best values and sites of samples (`newton.py`)."""
    first = np.repeat(best[:, 0], best.shape[1] - 1)
    gaps = (values[:, :1] - values[:, 1:]).ravel()
    there = np.isfinite(gaps)
    entries = (1 + 1j * np.maximum(gaps[there], 1e-12), (first[there], best[:, 1:].ravel()[there]))
    pairs = coo_matrix(entries, shape=(sites, sites)).tocsr()  # number, and sum of gaps
    graph = csr_matrix((0.5 * pairs.data.real**2 / pairs.data.imag / len(best), pairs.indices, pairs.indptr))
    graph.resize(sites, sites)
    return graph + graph.T
