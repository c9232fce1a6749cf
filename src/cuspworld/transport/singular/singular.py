"""Singular set and branches of a Brenier potential in any dimension, with a confidence and without a scale.

Facets. The two best sites at a sample always share a facet of the Laguerre diagram, so samples of the source list the
facets together with their masses (the share of the source whose two best sites they are). In two and three dimensions
the dual complex lists all of them.

Singular. Every facet of a discrete potential is a kink of size |y_i - y_j|; those that stay when the data is refined
cross a place where the data has none. Under locally uniform density the m-th neighbour distance R_m at the midpoint of
y_i and y_j and the k-th neighbour distances r at the ends satisfy (k / m) (R_m / r)^D ~ F(2 m, 2 k), D the intrinsic
dimension: ratios of Gamma variables. The facet is singular when the midpoint is too empty for that with the larger r
of both ends, at a level corrected for the number of facets (Bonferroni). Nothing but ratios of distances enters: the
outcome is unchanged by scaling, moving and reordering the points, and by turning them, up to the samples. When N
doubles, R / r grows by 2^(1/D) on true gaps while the level only halves, so that true facets are found ever more
surely and false ones are not. Tears are sheets: facets that share a site with a proven one are tested again, corrected
only for the number of those (round r of this growth spends the share 6 / (pi r)^2 of an allowance of its own).

Every facet between two branches (`branches.py`) is singular.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numba import njit
from numpy import ndarray
from scipy.special import fdtrc

from cuspworld.transport.potential import Potential
from cuspworld.transport.search.neighbours import Neighbours, intrinsic_dimension
from cuspworld.transport.search.pairs import Pairs
from cuspworld.transport.singular.dual import DualComplex

NEIGHBOURS = 16  # k: enough for a sharp density, few enough to be local; a branch needs more sites than that
EMPTINESS = (1, 2, 4)  # m: tolerates none, one or three stray points in a gap
SUSPICION = 0.01
SAMPLES_PER_SITE = 32
FEWEST_SAMPLES = 1 << 16  # few sites cost little, and their facets should not be left to chance
_FEWEST_NUMBERS = 1 << 22  # in many dimensions a sample itself costs: so many coordinates, or 32 samples a site
_STREAM = (1 << 20) + 3


class CriticalPair(NamedTuple):
    """Two points of the data's boundary that face each other across a singular facet, and where in the noise."""

    i: int
    j: int
    mass: float
    point: ndarray


@dataclass(frozen=True)
class SingularSet:
    """Facets (F, 2) with i < j in rising order, by index of the potential's sites, and what is known of each.

    `masses` (F,): share of source samples with these two best sites. `kinks` (F,): |y_i - y_j|, normalised.
    `points` (F, d): foot of the nearest sample on the facet's hyperplane. `singular` (F,), `confidence` (F,): 1 minus
    the corrected level at which the facet is singular, 0 where nothing speaks for it. `suspect` (F,): singular, or too
    empty for one test of its own at the level 0.01: not enough to cut, enough not to average across. `branches` (N,):
    numbered from the largest. `dimension`: the intrinsic one.
    """

    facets: Int64[ndarray, "facets 2"]
    masses: Float64[ndarray, " facets"]
    kinks: Float64[ndarray, " facets"]
    points: Float64[ndarray, "facets dimension"]
    singular: Bool[ndarray, " facets"]
    confidence: Float64[ndarray, " facets"]
    suspect: Bool[ndarray, " facets"]
    branches: Int64[ndarray, " sites"]
    dimension: float

    def __repr__(self) -> str:
        torn, branches = int(self.singular.sum()), int(self.branches.max()) + 1
        return f"SingularSet({torn:,} of {len(self.facets):,} facets singular, {branches} branches)"

    def spread(self, index: ndarray, scale: float, branches: ndarray) -> "SingularSet":
        """The same by index of the points: site s is point index[s], kinks in the points' own unit."""
        facets = np.sort(index[self.facets], axis=1)
        order = np.lexsort((facets[:, 1], facets[:, 0]))
        rows = slice(None) if (order[1:] > order[:-1]).all() else order  # points (F, d) are many numbers to copy
        chosen = {name: getattr(self, name)[rows] for name in ("masses", "points", "singular", "confidence", "suspect")}
        return replace(self, facets=facets[order], kinks=self.kinks[order] * scale, branches=branches, **chosen)

    def is_singular(self, first: ndarray, second: ndarray, suspect: bool = False) -> ndarray:
        """Whether each pair of sites is separated by a singular facet: other branches, or a singular facet of one.

        With `suspect`, whether no average may join them.
        """
        within = (self.suspect if suspect else self.singular) & (
            self.branches[self.facets[:, 0]] == self.branches[self.facets[:, 1]]
        )
        count = len(self.branches)
        keys = self.facets[within, 0] * count + self.facets[within, 1]
        wanted = np.minimum(first, second) * count + np.maximum(first, second)
        return (self.branches[first] != self.branches[second]) | np.isin(wanted, keys)


def find_singular_set(
    potential: Potential,
    branches: Int64[ndarray, " sites"],
    confidence: float = 0.95,
    samples_per_site: int = SAMPLES_PER_SITE,
) -> SingularSet:
    """Facets and singular facets of the potential; `branches` (`branches.py`) number its sites.

    `confidence` holds for all facets within branches together.
    """
    count = potential.count
    sites = potential.sites.astype(np.float64)
    neighbours = Neighbours(sites, potential.products)
    pairs = Pairs(neighbours)
    facets, masses, points = _all_facets(potential, pairs, samples_per_site)
    kinks = pairs.lengths(facets)
    if count <= NEIGHBOURS + 1:  # too few to know a density: one branch
        nothing = np.zeros(len(facets))
        no = nothing.astype(bool)
        return SingularSet(facets, masses, kinks, points, no, nothing, no, branches, float("nan"))
    distance, index = (array[:, 1:] for array in neighbours.nearest(sites, NEIGHBOURS + 1))
    dimension = intrinsic_dimension(distance)
    links = _with_neighbour_links(facets, index)  # (links, 2), the facets first
    spacing = distance[:, -1]
    gaps = pairs.nearest_to_middles(links, NEIGHBOURS)
    level = _emptiness_level(gaps, np.maximum(spacing[links[:, 0]], spacing[links[:, 1]]), dimension)
    allowance = (1 - confidence) / 3  # for emptiness, valleys and growth
    proof = level * len(links)
    log_density = -dimension * np.log(spacing)
    log_link = np.minimum(log_density[links].min(axis=1), -dimension * np.log(gaps[:, -1]))
    level, proof = level[: len(facets)], proof[: len(facets)]
    between = branches[facets[:, 0]] != branches[facets[:, 1]]
    valley = _valley_level(log_density, log_link[: len(facets)], branches, facets)
    proof = np.where(between, np.minimum(proof, valley), proof)
    proof = _grown(facets, level, proof, between | (proof < allowance), allowance)
    singular = between | (proof < allowance)
    suspect = singular | (level < SUSPICION)
    sure = np.clip(1 - 3 * proof, 0, 1)
    return SingularSet(facets, masses, kinks, points, singular, sure, suspect, branches, dimension)


def _grown(facets: ndarray, level: ndarray, proof: ndarray, proven: ndarray, allowance: float) -> ndarray:
    """(F,) corrected levels, where facets at the sites of a proven one are corrected for those alone."""
    proof, tested = proof.copy(), proven.copy()
    front, turn = proven, 1
    while front.any():
        beside = ~tested & np.isin(facets, facets[front]).any(axis=1)
        tested |= beside
        correction = beside.sum() * (np.pi * turn) ** 2 / 6
        proof[beside] = np.minimum(proof[beside], level[beside] * correction)
        front, turn = beside & (proof < allowance), turn + 1
    return proof


def _all_facets(potential: Potential, pairs: Pairs, samples_per_site: int) -> tuple[ndarray, ndarray, ndarray]:
    """Facets (F, 2), masses (F,), and a point on each (F, d): those that samples saw and those of the dual complex."""
    facets, masses, nearest = _sampled_facets(potential, pairs, samples_per_site)
    points = _feet(potential, facets, nearest)
    edges, corners = DualComplex(potential).edges
    count = potential.count
    if not len(edges):
        return facets, masses, points
    unseen = ~np.isin(edges[:, 0] * count + edges[:, 1], facets[:, 0] * count + facets[:, 1])
    facets = np.concatenate([facets, edges[unseen]])
    order = np.lexsort((facets[:, 1], facets[:, 0]))
    masses = np.concatenate([masses, np.zeros(unseen.sum())])
    return facets[order], masses[order], np.concatenate([points, corners[unseen]])[order]


def _sampled_facets(potential: Potential, pairs: Pairs, samples_per_site: int) -> tuple[ndarray, ndarray, ndarray]:
    """Facets (F, 2), their masses (F,), and for each the number of the sample nearest to its hyperplane (F,)."""
    count = potential.count
    if count == 1:
        return np.empty((0, 2), np.int64), np.empty(0), np.empty(0, np.int64)
    sampler = potential.sampler(_STREAM)
    fewest = min(FEWEST_SAMPLES, _FEWEST_NUMBERS // potential.sites.shape[1])
    total = max(samples_per_site * count, fewest)
    chunk = min(total, potential.products.samples_at_once, 1 << 17)
    keys, hits = np.empty(0, np.int64), np.empty(0, np.int64)
    near, number = np.empty(0), np.empty(0, np.int64)
    for start in range(0, total, chunk):
        values, best = potential.top_k(sampler.draw(min(chunk, total - start)), 2)
        pair = np.sort(best, axis=1)
        distance = (values[:, 0] - values[:, 1]) / pairs.lengths(pair)
        all_keys = np.concatenate([keys, pair[:, 0] * count + pair[:, 1]])
        all_hits = np.concatenate([hits, np.ones(len(pair), np.int64)])
        all_near = np.concatenate([near, distance])
        all_number = np.concatenate([number, np.arange(start, start + len(pair))])
        order = np.lexsort((all_near, all_keys))  # by facet, the nearest sample first
        first = np.flatnonzero(np.diff(all_keys[order], prepend=-1))
        keys, near, number = all_keys[order][first], all_near[order][first], all_number[order][first]
        hits = np.add.reduceat(all_hits[order], first)
    return np.stack([keys // count, keys % count], axis=1), hits / total, number


def _feet(potential: Potential, facets: ndarray, samples: ndarray) -> ndarray:
    """(F, d) foot of the sample with the given number on each facet's hyperplane; the samples are drawn again."""
    feet = np.empty((len(facets), potential.sites.shape[1]))
    sampler = potential.sampler(_STREAM)
    order = np.argsort(samples, kind="stable")
    chunk = min(potential.products.samples_at_once, 1 << 17)
    at = 0
    while at < len(order):
        start = int(samples[order[at]])
        stop = at + int(np.searchsorted(samples[order[at:]], start + chunk))
        rows = order[at:stop]
        sampler.position = start
        drawn = sampler.draw(int(samples[rows[-1]]) - start + 1).cpu().numpy()
        own = samples[rows] - int(samples[rows[0]])
        _foot(drawn, own, potential.sites, potential.heights, facets, rows, feet)
        at = stop
    return feet


@njit(nogil=True, cache=True)
def _foot(
    drawn: ndarray, own: ndarray, sites: ndarray, heights: ndarray, facets: ndarray, rows: ndarray, feet: ndarray
) -> None:
    """Into feet[rows] (., d): drawn[own] on the hyperplanes of facets[rows]; rows of many numbers, not copied."""
    for place in range(rows.size):
        x, foot = drawn[own[place]], feet[rows[place]]
        i, j = facets[rows[place]]
        fall, square = heights[i] - heights[j], 0.0
        for k in range(x.size):
            normal = np.float64(sites[i, k]) - sites[j, k]
            fall += x[k] * normal
            square += normal * normal
        for k in range(x.size):
            foot[k] = x[k] - fall / square * (np.float64(sites[i, k]) - sites[j, k])


def _with_neighbour_links(facets: ndarray, index: ndarray) -> ndarray:
    """The facets, then links to nearest neighbours that are no facets: they attach sites that no sample saw."""
    count, k = index.shape
    pairs = np.sort(np.stack([np.repeat(np.arange(count), k), index.ravel()], axis=1), axis=1)
    keys = np.setdiff1d(pairs[:, 0] * count + pairs[:, 1], facets[:, 0] * count + facets[:, 1])
    return np.concatenate([facets, np.stack([keys // count, keys % count], axis=1)])


def _emptiness_level(gaps: ndarray, spacing: ndarray, dimension: float) -> ndarray:
    """(links,) probability that uniform density leaves the midpoint as empty as it is."""
    tests = [fdtrc(2 * m, 2 * NEIGHBOURS, NEIGHBOURS / m * (gaps[:, m - 1] / spacing) ** dimension) for m in EMPTINESS]
    return np.minimum.reduce(tests) * len(EMPTINESS)


def _valley_level(log_density: ndarray, log_link: ndarray, branches: ndarray, facets: ndarray) -> ndarray:
    """(F,) corrected probability that noise makes the density at a facet so much lower than both branches' peaks."""
    peak = np.full(branches.max() + 1, -np.inf)
    np.maximum.at(peak, branches, log_density)
    fall = np.minimum(peak[branches[facets[:, 0]]], peak[branches[facets[:, 1]]]) - log_link
    return fdtrc(2 * NEIGHBOURS, 2 * NEIGHBOURS, np.exp(np.clip(fall, 0, 500))) * _neighbourhood_pairs(len(log_density))


def _neighbourhood_pairs(count: int) -> float:
    """Pairs of peaks that may be compared: those of the count / k neighbourhoods that share no site."""
    neighbourhoods = count / NEIGHBOURS
    return max(neighbourhoods * (neighbourhoods - 1) / 2, 1.0)
