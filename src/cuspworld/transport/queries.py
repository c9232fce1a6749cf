"""What a solved Brenier potential answers: its map, the distance to its singular set, critical pairs, reflections."""

from typing import Any

import numpy as np
import torch
from numpy import ndarray

from cuspworld import checks
from cuspworld.errors import NotFittedError
from cuspworld.transport.estimator import Estimator
from cuspworld.transport.geometry import Geometry
from cuspworld.transport.potential import Potential
from cuspworld.transport.sampled.sources import Sampler, Source
from cuspworld.transport.search.normalised import NormalisedPoints
from cuspworld.transport.singular.extended import averages
from cuspworld.transport.singular.passages import Passages
from cuspworld.transport.singular.rays import nearest_singular, reflect_path
from cuspworld.transport.singular.singular import CriticalPair, SingularSet
from cuspworld.transport.singular.trajectories import Trajectories
from cuspworld.transport.validation import as_matrix, as_pairs, has_pair, like, refuse_gradient

_NOISE_STREAM = (1 << 20) + 1  # away from the solver's streams


class Queries(Estimator):
    """The questions to a `Brenier`; noise comes and answers go as arrays, or as tensors where the noise is one."""

    points_: ndarray
    heights_: ndarray
    n_features_in_: int
    error_: float
    error_standard_error_: float
    error_kind_: str
    certified_: bool
    memory_budget: int
    _source: Source
    _normalised: NormalisedPoints
    _potential: Potential
    _geometry: Geometry
    _trajectories: Trajectories | None

    def sample_noise(self, count: int, seed: int = 0) -> ndarray:
        """(count, d) float32 samples of the source."""
        self._check_fitted()
        checks.whole("seed", seed, 0, 2**63 - 1)
        return Sampler(self._source, seed, _NOISE_STREAM).draw(checks.whole("count", count, 0, 1 << 40)).numpy()

    def potential(self, noise: Any) -> Any:
        """(B,) u(x) at each row of noise (B, d). A tensor that wants a gradient gets one: grad u(x) = map(x)."""
        cells, rows = self._cells(noise)
        points = self.points_[cells]
        values = like(noise, np.einsum("bd,bd->b", rows, points) + self.heights_[cells])
        if isinstance(noise, torch.Tensor) and noise.requires_grad and torch.is_grad_enabled():
            moved = noise - noise.detach()  # zero, with the derivative of noise
            values = values + (moved * like(noise, points).to(noise.dtype)).sum(1).to(values.dtype)
        return values

    def cells(self, noise: Any) -> Any:
        """(B,) index of the Laguerre cell that holds each row of noise (B, d)."""
        return like(noise, self._cells(noise)[0])

    def map(self, noise: Any) -> Any:
        """(B, d) the Brenier map: for each row of noise the point of its cell."""
        refuse_gradient(noise, "map")
        cells, _ = self._cells(noise)
        return like(noise, self.points_[cells])

    def extend(self, noise: Any) -> Any:
        """(B, d) the extended map: new points between those of a branch, never averaged across a singular facet.

        Piecewise linear on the dual complex in two and three dimensions, weights over neighbours above (`extended.py`).
        """
        self._check_fitted()
        refuse_gradient(noise, "extend")
        rows = as_matrix(noise, "noise", self.n_features_in_)
        out = np.empty((len(rows), self.n_features_in_), self.points_.dtype)
        for at in range(0, len(rows), step := self._rows_at_once()):
            sites, weights = self._geometry.extended_map.weights(rows[at : at + step])
            out[at : at + step] = averages(self._normalised.active[sites], weights, self.points_)
        return like(noise, out)

    def couple(self, noise: Any) -> tuple[Any, Any]:
        """Training pairs (noise, point) of flow matching, each (B, d), coupled by optimal transport."""
        return noise, self.map(noise)

    def _cells(self, noise: Any) -> tuple[ndarray, ndarray]:
        self._check_fitted()
        rows = as_matrix(noise, "noise", self.n_features_in_)
        return self._normalised.active[self._potential.cells(rows)], rows

    @property
    def singular_set_(self) -> SingularSet:
        """Facets, masses, kinks, singular or not, confidence and branches (`singular.py`), by index of the points."""
        self._check_fitted()
        return self._geometry.singular_set.spread(self._normalised.active, self._normalised.scale, self.branches_)

    @property
    def branches_(self) -> ndarray:
        """(N,) connected steady branch of each point, the largest 0; a point without mass has its nearest site's."""
        self._check_fitted()
        return self._geometry.branches

    @property
    def passages_(self) -> Passages:
        """The recorded steps between branches; of points that came as trajectories."""
        self._check_fitted()
        if self._trajectories is None:
            raise NotFittedError(
                "no passages were recorded: say which points are which clip's, fit(points, trajectories=)"
            )
        return Passages.between(self.branches_, self._trajectories)

    def margin(self, noise: Any) -> Any:
        """(B,) distance of each row of noise to the nearest singular facet; inf where there is none.

        Never too small; exact where the nearest point lies inside a facet, else the distance to one close by.
        """
        return like(noise, self._nearest_singular(noise)[0])

    def facet(self, noise: Any) -> tuple[Any, Any]:
        """The nearest singular facet of each row: pairs (B, 2) of points (i, j), i on the row's side, and the nearest
        point on it (B, d); (-1, -1) and nan where there is none."""
        _, pair, point = self._nearest_singular(noise)
        return like(noise, np.where(pair < 0, -1, self._normalised.active[pair])), like(noise, point)

    def critical_pairs(self, k: int) -> list[CriticalPair]:
        """The k heaviest singular facets, (i, j, mass, point): points i and j face each other at the noise `point`,
        and `mass` is the share of the source whose two best cells they are."""
        singular = self.singular_set_
        rows = np.flatnonzero(singular.singular)
        rows = rows[np.argsort(-singular.masses[rows], kind="stable")][: checks.whole("k", k, 0, 1 << 40)]
        return [
            CriticalPair(int(singular.facets[row, 0]), int(singular.facets[row, 1]), float(singular.masses[row]), point)
            for row, point in zip(rows, singular.points[rows], strict=True)
        ]

    def reflect(self, path: Any, allowed: Any = None, allowed_branches: Any = None) -> Any:
        """A path of noise (steps, d), its rest mirrored at every singular facet that it would cross.

        `allowed` (A, 2): pairs of points whose facet may be crossed. `allowed_branches` (A, 2): pairs of branches
        between which every facet may be crossed, in both directions.
        """
        self._check_fitted()
        refuse_gradient(path, "reflect")
        rows = as_matrix(path, "path", self.n_features_in_)
        points = as_pairs(allowed, "allowed", len(self.points_))
        branches = as_pairs(allowed_branches, "allowed_branches", int(self.branches_.max()) + 1)

        def blocks(first: ndarray, second: ndarray) -> ndarray:
            active = self._normalised.active
            free = has_pair(points, active[first], active[second])
            branch = self._geometry.singular_set.branches
            free |= has_pair(branches, branch[first], branch[second])
            return self._geometry.singular_set.is_singular(first, second) & ~free

        return like(path, reflect_path(self._potential, rows, blocks).astype(rows.dtype))

    def _nearest_singular(self, noise: Any) -> tuple[ndarray, ndarray, ndarray]:
        self._check_fitted()
        refuse_gradient(noise, "the distance to the singular set")
        rows = as_matrix(noise, "noise", self.n_features_in_)
        return nearest_singular(self._potential, self._geometry.singular_set, rows)

    def _rows_at_once(self) -> int:
        return max(1, self.memory_budget // (16 * self.n_features_in_ + (1 << 12)))  # a row, float64 twice; its weights
