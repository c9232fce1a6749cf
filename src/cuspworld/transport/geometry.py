"""What follows from a solved potential: branches, singular set, extended map, passages, cost. Each is found when it is
first asked for, and kept."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray
from scipy.sparse import csr_matrix

from cuspworld.transport.cost import transport_cost
from cuspworld.transport.potential import Potential
from cuspworld.transport.search.neighbours import Neighbours
from cuspworld.transport.search.normalised import NormalisedPoints
from cuspworld.transport.singular.branches import find_branches, numbered_by_size
from cuspworld.transport.singular.clip_branches import LEVEL, find_clip_branches
from cuspworld.transport.singular.extended import ExtendedMap
from cuspworld.transport.singular.singular import SingularSet, find_singular_set
from cuspworld.transport.singular.trajectories import Trajectories

_STREAM = (1 << 20) + 9
_SAMPLES_PER_SITE = 32
_FEWEST_SAMPLES = 1 << 16


class Geometry:
    """The findings about the points (N, d) of a potential, whose sites are `normalised`."""

    def __init__(
        self,
        potential: Potential,
        normalised: NormalisedPoints,
        points: ndarray,
        confidence: float,
        trajectories: Trajectories | None,
    ):
        self.potential, self.normalised, self.points = potential, normalised, points
        self._confidence, self.trajectories = confidence, trajectories

    @cached_property
    def site_branches(self) -> Int64[ndarray, " sites"]:
        """The branch of each site, found from the points alone."""
        active = self.normalised.active
        if self.trajectories is None:
            return find_branches(self.points[active].astype(np.float64))
        rows = np.flatnonzero(self.normalised.site_of_points() >= 0)  # equal steps too: a clip that stays is at rest
        branches = np.zeros(len(self.points), np.int64)
        branches[rows] = find_clip_branches(self.points[rows], self.trajectories.of_rows(rows))
        return numbered_by_size(branches[active])

    @cached_property
    def branches(self) -> Int64[ndarray, " N"]:
        """The branch of each point; a point without mass has its nearest site's."""
        owner = self.normalised.site_of_points()
        hidden = np.flatnonzero(owner < 0)
        if len(hidden):
            owner[hidden] = self.nearest_sites(self.points[hidden])
        return self.site_branches[owner]

    @cached_property
    def singular_set(self) -> SingularSet:
        """The singular set by index of the sites. Of clips, whose own steps would make every place between two clips
        look empty, it is the facets between branches."""
        found = find_singular_set(self.potential, self.site_branches, self._confidence)
        if self.trajectories is None:
            return found
        between = found.branches[found.facets[:, 0]] != found.branches[found.facets[:, 1]]
        return replace(found, singular=between, suspect=between, confidence=np.where(between, 1 - LEVEL, 0.0))

    def keep(self, singular_set: SingularSet) -> None:
        """Take over a singular set, with its branches, that was found before."""
        self.__dict__["singular_set"], self.__dict__["site_branches"] = singular_set, singular_set.branches

    @cached_property
    def extended_map(self) -> ExtendedMap:
        return ExtendedMap(self.potential, self.singular_set)

    @cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self.potential.sites, self.potential.products)

    def nearest_sites(self, points: ndarray) -> Int64[ndarray, " m"]:
        """The site nearest to each of other points (m, d)."""
        return self._neighbours.nearest(self.normalised.rows(points), 1)[1][:, 0]

    @cached_property
    def middles(self) -> Float64[ndarray, "sites d"]:
        """The mean of the noise in each site's cell, over samples; where none fell in, the sample that is nearest to
        falling in."""
        potential, count = self.potential, self.potential.count
        total = max(_SAMPLES_PER_SITE * count, _FEWEST_SAMPLES)
        chunk = min(total, potential.products.samples_at_once, 1 << 16)
        sampler = potential.sampler(_STREAM)
        sums, hits = np.zeros((count, potential.sites.shape[1])), np.zeros(count)
        for start in range(0, total, chunk):
            noise = sampler.draw(min(chunk, total - start)).cpu().numpy()
            values, cells = (array[:, 0] for array in potential.top_k(noise, 1))
            one = csr_matrix((np.ones(len(cells)), (cells, np.arange(len(cells)))), (count, len(cells)))
            sums += one @ noise.astype(np.float64)
            hits += np.bincount(cells, minlength=count)
        for site in np.flatnonzero(hits == 0):  # of tiny masses; the last samples serve
            sums[site], hits[site] = noise[np.argmax(noise @ potential.sites[site] - values)], 1
        return sums / hits[:, None]

    @cached_property
    def cost(self) -> tuple[float, float]:
        sites = self.normalised
        return transport_cost(self.potential, self.points[sites.active].astype(np.float64), sites.masses, sites.scale)
