"""The extended map: the Brenier map of the points, interpolated inside each branch and never across a singular facet.

The Brenier map of N points takes N values. Where the true map is smooth, its graph between the points can be filled in:
the value at x becomes an affine combination of the sites whose cells lie around x, with weights that are continuous
inside a branch, so that new points appear; at a singular facet the true map jumps, and so does this one.

In two and three dimensions: piecewise linear on the dual complex of the cells (its simplices are the sites whose cells
meet in a corner), with each site placed at its cell's barycentre. Of its corners only those are taken that are mutual
neighbours (`joined.py`) of x's own site.

In more dimensions no complex can be built. The k = 16 sites of largest value <x, y> + h, v_1 >= ... >= v_k, stand
around x; with gaps g_l = v_1 - v_l the weights fall as (1 - g_l / g_k)^p: continuous, equal on both sides of a facet,
0 for a site that is about to leave the list. A site that is not near another (`joined.py`) of share f keeps the
share 1 - f of its weight.
Averages lose spread: k equal weights leave 1 / k of the variance among neighbours, and a sample of averages is then
thinner than the data. So the deviation from the neighbourhood's mean is stretched (`stretch`): first as if neighbours
deviated independently, which is what a rotation does to jointly normal deviations and an exact symmetry for those, then
by one factor for the whole map, so that the variance inside branches becomes that of the Brenier map itself.
"""

from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray
from scipy.sparse import csr_matrix

from cuspworld.transport.potential import Potential
from cuspworld.transport.singular.dual import DualComplex
from cuspworld.transport.singular.joined import joined_neighbours, left_by_strangers
from cuspworld.transport.singular.singular import SingularSet

NEIGHBOURS = 16
POWER = 2.0
_STREAM = (1 << 20) + 5
_SAMPLES_PER_SITE = 64
_CALIBRATION = 4096
_ROUNDS = 2  # of the search for a simplex: the star of the site, then of its neighbours


class ExtendedMap:
    """Weights of the extended map over the sites of a potential, given its singular set."""

    def __init__(
        self,
        potential: Potential,
        singular: SingularSet,
        neighbours: int = NEIGHBOURS,
        power: float = POWER,
        stretch: bool = True,
    ):
        self._potential, self._singular = potential, singular
        self._count = min(neighbours, potential.count)
        self._power, self._stretched = power, stretch

    def weights(self, noise: ndarray) -> tuple[Int64[ndarray, "batch sites"], Float64[ndarray, "batch sites"]]:
        """Sites around each row of noise (B, d), the first being its own cell's, and weights that add up to 1."""
        if len(self._complex):
            return self._on_complex(noise)
        return self._around(noise)

    # any dimension

    def _around(self, noise: ndarray) -> tuple[ndarray, ndarray]:
        if self._count == 1:
            return np.zeros((len(noise), 1), np.int64), np.ones((len(noise), 1))
        sites, share, near, allowed = self._shares(noise)
        if not self._stretched:
            return sites, near
        middle, deviation = _around_mean(share, near, allowed)
        return sites, middle + self._stretch * deviation

    def _shares(self, noise: ndarray) -> tuple[ndarray, ndarray, ndarray, ndarray]:
        """Sites (B, k) of the largest values, their shares 1 - gap / largest gap, weights, and what tears leave."""
        values, sites = self._potential.top_k(noise.astype(np.float32), self._count)
        gaps = (values[:, :1] - values).astype(np.float64)
        share = np.clip(1 - gaps / np.maximum(gaps[:, -1:], 1e-30), 0, 1)  # (batch, k), 1 first and 0 last
        allowed = left_by_strangers(sites, share, self._joined)
        near = share**self._power * allowed
        near[near.sum(1) <= 0, 0] = 1  # on a singular facet itself: the site
        near /= near.sum(1, keepdims=True)
        return sites, share, near, allowed

    @cached_property
    def _stretch(self) -> float:
        """The factor s >= 0 for which middle + s deviation has the Brenier map's own variance inside branches."""
        noise = self._potential.sampler(_STREAM + 1).draw(_CALIBRATION).cpu().numpy()
        sites, share, near, allowed = self._shares(noise)
        middle, deviation = _around_mean(share, near, allowed)
        values = self._potential.sites.astype(np.float64)
        parts = np.stack([averages(sites, w, values) for w in (middle, deviation)])
        plain = values[sites[:, 0]]
        branch = self._singular.branches[sites[:, 0]]
        for number in np.unique(branch):
            own = branch == number
            parts[:, own] -= parts[:, own].mean(1, keepdims=True)
            plain[own] -= plain[own].mean(0)
        (first, cross), (_, second) = np.einsum("abd,cbd->ac", parts, parts)
        missing = (plain**2).sum() - first  # second s^2 + 2 cross s = missing
        if second <= 0 or missing <= 0:
            return 0.0 if second > 0 else 1.0
        return float((-cross + np.sqrt(cross**2 + second * missing)) / second)

    @cached_property
    def _joined(self) -> Int64[ndarray, "sites neighbours"]:
        return joined_neighbours(self._potential, self._singular)

    # two and three dimensions

    @cached_property
    def _complex(self) -> Int64[ndarray, "simplices corners"]:
        """Simplices of the dual complex whose cells all are seen by samples; none where it is not built."""
        simplices = DualComplex(self._potential).simplices
        return simplices[np.isfinite(self._barycentres[simplices]).all((1, 2))] if len(simplices) else simplices

    @cached_property
    def _barycentres(self) -> Float64[ndarray, "sites dimension"]:
        """Mean of the samples in each cell; nan where no sample fell."""
        potential = self._potential
        total = np.zeros(potential.sites.shape)
        hits = np.zeros(potential.count)
        sampler = potential.sampler(_STREAM)
        left = max(_SAMPLES_PER_SITE * potential.count, 4096)
        while left > 0:
            drawn = sampler.draw(min(left, potential.products.samples_at_once, 1 << 17))
            cells = potential.cells(drawn)
            rows = drawn.cpu().numpy()
            for axis in range(rows.shape[1]):
                total[:, axis] += np.bincount(cells, weights=rows[:, axis], minlength=potential.count)
            hits += np.bincount(cells, minlength=potential.count)
            left -= len(cells)
        with np.errstate(invalid="ignore"):
            return total / hits[:, None]

    @cached_property
    def _star(self) -> tuple[ndarray, ndarray, ndarray]:
        """The simplices at each site as compressed rows, offsets (N + 1,) and indices, and inverse edge matrices."""
        simplices = self._complex
        order = np.argsort(simplices.ravel(), kind="stable")
        offsets = np.searchsorted(simplices.ravel()[order], np.arange(self._potential.count + 1))
        corners = self._barycentres[simplices]
        edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
        return offsets, order // simplices.shape[1], np.linalg.pinv(edges)

    def _on_complex(self, noise: ndarray) -> tuple[ndarray, ndarray]:
        cells = self._potential.cells(noise.astype(np.float32))
        batch, corners = len(noise), noise.shape[1] + 1
        best = np.full(batch, -np.inf)  # smallest weight of the best simplex so far
        chosen = np.full(batch, -1, np.int64)
        weights = np.zeros((batch, corners))
        frontier = np.arange(batch), cells
        for round_ in range(_ROUNDS):
            rows, sites = frontier
            rows, tried = _expanded(rows, sites, *self._star[:2])
            found = self._coordinates(noise[rows], tried)
            least = found.min(1)
            order = np.lexsort((-least, rows))
            first = order[np.flatnonzero(np.diff(rows[order], prepend=-1))]
            better = first[least[first] > best[rows[first]]]
            best[rows[better]], chosen[rows[better]] = least[better], tried[better]
            weights[rows[better]] = found[better]
            outside = np.flatnonzero((best < -1e-9) & (chosen >= 0))
            if len(outside) == 0 or round_ == _ROUNDS - 1:
                break
            again = np.isin(rows, outside)
            pairs = np.unique(
                np.column_stack([np.repeat(rows[again], corners), self._complex[tried[again]].ravel()]), axis=0
            )
            frontier = pairs[:, 0], pairs[:, 1]
        lost = chosen < 0
        sites = np.where(lost[:, None], cells[:, None], self._complex[chosen])
        weights = np.clip(weights, 0, None)
        weights[lost, 0] = 1
        joined = (self._joined[cells][:, None] == sites[:, :, None]).any(2) | (sites == cells[:, None])
        weights[~joined] = 0
        empty = weights.sum(1) <= 0  # the cell's own simplex lies across the facet: the site itself
        sites[empty, 0], weights[empty, 0] = cells[empty], 1
        return sites, weights / weights.sum(1, keepdims=True)

    def _coordinates(self, noise: ndarray, simplices: ndarray) -> Float64[ndarray, "rows corners"]:
        """Barycentric coordinates of each row in its simplex of barycentres."""
        origin = self._barycentres[self._complex[simplices, 0]]
        inner = np.einsum("rij,rj->ri", self._star[2][simplices], noise - origin)
        return np.column_stack([1 - inner.sum(1), inner])


def averages(
    sites: Int64[ndarray, "batch k"], weights: Float64[ndarray, "batch k"], values: ndarray
) -> Float64[ndarray, "batch d"]:
    """The sums of values (N, d) at each row's sites by its weights; gathers none of them."""
    rows = np.arange(0, sites.size + 1, sites.shape[1])
    return csr_matrix((weights.ravel(), sites.ravel(), rows), shape=(len(sites), len(values))) @ values


def _around_mean(share: ndarray, near: ndarray, allowed: ndarray) -> tuple[ndarray, ndarray]:
    """Weights of a wider mean, and of the deviation from it, as long as independent neighbours vary around it."""
    wide = np.sqrt(share) * allowed
    wide = np.where(wide.sum(1, keepdims=True) > 0, wide, near)
    wide /= wide.sum(1, keepdims=True)
    deviation = near - wide
    wanted = np.sqrt(np.maximum(1 - (wide**2).sum(1, keepdims=True), 0))
    got = np.sqrt((deviation**2).sum(1, keepdims=True))
    return wide, deviation * wanted / np.maximum(got, 1e-12)


def _expanded(rows: ndarray, sites: ndarray, offsets: ndarray, entries: ndarray) -> tuple[ndarray, ndarray]:
    """Every (row, entry) with the entry in the compressed row of the row's site."""
    sizes = offsets[sites + 1] - offsets[sites]
    starts = np.repeat(offsets[sites] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    return np.repeat(rows, sizes), entries[starts + np.arange(sizes.sum())]
