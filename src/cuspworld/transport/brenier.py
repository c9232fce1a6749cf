"""Brenier potentials: semi-discrete optimal transport from a continuous source to points, and its singular set.

u(x) = max_j <x, y_j> + h_j is convex; its gradient sends the Laguerre cell W_j = {x : j attains the maximum} to y_j and
is the cheapest map (for the squared distance) from the source to the points with masses nu_j exactly when
mu(W_j) = nu_j for all j (Brenier 1991; Aurenhammer, Hoffmann, Aronov 1998). `Brenier.fit` finds such heights h;
`singular.py` finds where the map tears.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from cuspworld import checks
from cuspworld.errors import CuspError
from cuspworld.transport import storage
from cuspworld.transport.estimator import Estimator
from cuspworld.transport.potential import Potential
from cuspworld.transport.sampled.solver import Control, Problem, solve
from cuspworld.transport.sampled.sources import Sampler, as_source
from cuspworld.transport.search.neighbours import Neighbours
from cuspworld.transport.search.normalised import NormalisedPoints
from cuspworld.transport.search.products import Products
from cuspworld.transport.singular.branches import find_branches
from cuspworld.transport.singular.extended import ExtendedMap
from cuspworld.transport.singular.rays import nearest_singular, reflect_path
from cuspworld.transport.singular.singular import CriticalPair, SingularSet, find_singular_set
from cuspworld.transport.validation import as_masses, as_matrix, as_pairs, check_parameters, has_pair

_LEARNED = ("error_", "error_standard_error_", "error_kind_", "certified_", "samples_")
_NOISE_STREAM = 1 << 20  # away from the solver's streams


class Brenier(Estimator):
    """Optimal transport from noise to points, in any dimension, that knows where it is discontinuous.

    **Arguments**

    - `source`: "gaussian" (standard normal), "ball" (uniform, radius 1), "cube" (uniform on [-1/2, 1/2]^d), or an array
      (v, 2) or (v, 3) of vertices: uniform on their convex hull, solved exactly.
    - `tolerance`: largest allowed RMS relative error of the cell masses, certified on an independent sample (97.7 %):
      over the cells where every mass is at least an eighth of the mean one, else over the mass (`mass_error.py`).
    - `seed`: every random number follows from it.
    - `device`: "cpu" or a CUDA device of torch.
    - `memory_budget`: bytes for the sites and temporary arrays; a samples x sites matrix never exceeds it.
    - `threads`: CPU threads; None takes torch's number.
    - `confidence`: of a singular facet, over all facets together (`singular.py`).
    - `max_seconds`: end there, with a warning, though the tolerance is not reached.
    - `checkpoint`: a file to save to while solving, at Ctrl-C too; a later `fit` of the same goes on from it, and
      removes it when the tolerance is reached.
    - `progress`: show a progress bar.

    **Attributes after `fit`**: `heights_` (N,), `error_` and `error_standard_error_` with `error_kind_` ("over cells",
    "over mass", or "largest" of all cells, with standard error 0, for exact solutions), `certified_`, `samples_` (spent
    on training), `points_`, `masses_`, `n_features_in_`, `singular_set_`, `branches_` (N,). Equal points share one
    cell, the first one's; points without mass have height -inf.

    Follows scikit-learn's conventions without importing it.
    """

    def __init__(
        self,
        source: Any = "gaussian",
        tolerance: float = 0.05,
        seed: int = 0,
        device: str = "cpu",
        memory_budget: int = 1 << 30,
        threads: int | None = None,
        confidence: float = 0.95,
        max_seconds: float | None = None,
        checkpoint: str | Path | None = None,
        progress: bool = False,
    ):
        self.source = source
        self.tolerance = tolerance
        self.seed = seed
        self.device = device
        self.memory_budget = memory_budget
        self.threads = threads
        self.confidence = confidence
        self.max_seconds = max_seconds
        self.checkpoint = checkpoint
        self.progress = progress

    # solving

    def fit(self, points: Any, masses: Any = None) -> "Brenier":
        """Solve for the heights of `points` (N, d) with `masses` (N,), None for equal ones. Returns self.

        Raises CuspError for NaN, inf, negative masses or wrong shapes, naming the row.
        """
        return self._fit(as_matrix(points, "points"), masses, None)

    def update(self, points_added: Any, masses: Any = None) -> "Brenier":
        """Add points and solve again from the old heights; `masses` (N + added,), None for equal ones. Returns self."""
        self._check_fitted()
        added = as_matrix(points_added, "points_added", self.n_features_in_)
        start = np.concatenate([self._finite_heights(), self._entry_heights(added)])
        return self._fit(np.concatenate([self.points_, added.astype(self.points_.dtype)]), masses, start)

    def condition(self, masses: Any) -> "Brenier":
        """A new Brenier of the same points with other masses, solved from these heights; self stays as it is."""
        self._check_fitted()
        return type(self)(**self.get_params())._fit(self.points_, masses, self._finite_heights())

    def _fit(self, points: ndarray, masses: Any, start: ndarray | None) -> "Brenier":
        if len(points) == 0:
            raise CuspError("points must have at least one row: got none")
        check_parameters(self.get_params())
        self._source = as_source(self.source, points.shape[1])
        self._forget_singular_set()
        self.masses_ = as_masses(masses, len(points))
        self.points_, self.n_features_in_ = points, points.shape[1]
        self._normalised = NormalisedPoints.of(points, self.masses_)
        if self._source.name == "convex":
            self._solve_exactly()
        else:
            sites = self._normalised
            inner = None if start is None else start[sites.active] / sites.scale
            solution = solve(Problem(self._source, sites.sites, sites.masses), self._control(), inner)
            self.error_, self.error_standard_error_ = solution.error.value, solution.error.standard_error
            self.error_kind_ = "over cells" if solution.plain else "over mass"
            self.certified_, self.samples_ = solution.certified, solution.samples
            self._finish((solution.heights - solution.heights.mean()) * sites.scale)
        return self

    def _control(self) -> Control:
        checkpoint = None if self.checkpoint is None else Path(self.checkpoint)
        return Control(
            tolerance=self.tolerance,
            seed=self.seed,
            device=self.device,
            memory_budget=self.memory_budget,
            threads=self.threads,
            max_seconds=self.max_seconds,
            checkpoint=checkpoint,
            progress=self.progress,
        )

    def _solve_exactly(self) -> None:
        from cuspworld.transport.exact.convex_domain import ConvexDomain
        from cuspworld.transport.exact.newton import exact_transport

        points = self.points_[self._normalised.active].astype(np.float64)
        domain = ConvexDomain.from_vertices(np.asarray(self._source.vertices, np.float64))
        solved = exact_transport(points, self._normalised.masses, domain, min(self.tolerance, 1e-9))
        self.error_, self.error_standard_error_, self.error_kind_ = solved.error, 0.0, "largest"
        self.certified_, self.samples_ = True, 0
        self._finish(solved.heights - solved.heights.mean())

    def _finish(self, heights: ndarray) -> None:
        """Spread the sites' heights over all points, and build the potential that the queries read."""
        sites = self._normalised
        self.heights_ = sites.spread(heights)
        products = Products(sites.sites, self.device, self.memory_budget, self.threads)
        self._potential = Potential(self._source, sites.sites, heights / sites.scale, products, self.seed)

    def _restore(self, solved: storage.Solved) -> "Brenier":
        """Take over a saved solution."""
        self.points_, self.masses_, self.n_features_in_ = solved.points, solved.masses, solved.points.shape[1]
        self._source = as_source(self.source, self.n_features_in_)
        self._normalised = NormalisedPoints.of(self.points_, self.masses_)
        for name, value in solved.learned.items():
            setattr(self, name, value)
        self._finish(solved.heights[self._normalised.active])
        self._forget_singular_set()
        if (found := solved.singular_set) is not None:
            self._singular_set, self._site_branches = found, found.branches
        return self

    def _finite_heights(self) -> ndarray:
        """Heights, with those at which their cells just appear for the points without mass."""
        hidden = ~np.isfinite(self.heights_)
        heights = self.heights_.copy()
        if hidden.any():
            heights[hidden] = self._entry_heights(self.points_[hidden])
        return heights

    def _entry_heights(self, points: ndarray) -> ndarray:
        """The height -sup_x (<x, y> - u(x)), by sampled x, at which the cell of an added point y just appears."""
        noise = self._potential.sampler(_NOISE_STREAM).draw(min(max(2 * len(self.points_), 1024), 65536)).cpu().numpy()
        values = self._potential.top_k(noise, 1)[0][:, 0]
        search = Products(noise, self.device, self.memory_budget, self.threads)
        entry = -search.top_k(self._normalised.rows(points), -values, 1)[0][:, 0].astype(np.float64)
        shift = self._potential.heights.mean()  # search_heights are centred
        return (entry + shift) * self._normalised.scale

    def _check_fitted(self) -> None:
        if not hasattr(self, "heights_"):
            raise CuspError("this Brenier is not fitted: call fit(points) first")

    # the map

    def sample_noise(self, count: int, seed: int = 0) -> ndarray:
        """(count, d) float32 samples of the source."""
        self._check_fitted()
        checks.whole("seed", seed, 0, 2**63 - 1)
        return Sampler(self._source, seed, _NOISE_STREAM + 1).draw(checks.whole("count", count, 0, 1 << 40)).numpy()

    def potential(self, noise: Any) -> Any:
        """(B,) u(x) at each row of noise (B, d)."""
        cells, rows = self._cells(noise)
        values = np.einsum("bd,bd->b", rows, self.points_[cells]) + self.heights_[cells]
        return _like(noise, values)

    def cells(self, noise: Any) -> Any:
        """(B,) index of the Laguerre cell that holds each row of noise (B, d)."""
        return _like(noise, self._cells(noise)[0])

    def map(self, noise: Any) -> Any:
        """(B, d) the Brenier map: for each row of noise the point of its cell."""
        cells, _ = self._cells(noise)
        return _like(noise, self.points_[cells])

    def extend(self, noise: Any) -> Any:
        """(B, d) the extended map: new points between those of a branch, never averaged across a singular facet.

        Piecewise linear on the dual complex in two and three dimensions, weights over neighbours above (`extended.py`).
        """
        self._check_fitted()
        rows = as_matrix(noise, "noise", self.n_features_in_)
        out = np.empty((len(rows), self.n_features_in_), self.points_.dtype)
        for at in range(0, len(rows), step := self._rows_at_once()):
            sites, weights = self._extended_map.weights(rows[at : at + step])
            out[at : at + step] = np.einsum("bk,bkd->bd", weights, self.points_[self._normalised.active[sites]])
        return _like(noise, out)

    def couple(self, noise: Any) -> tuple[Any, Any]:
        """Training pairs (noise, point) of flow matching, each (B, d), coupled by optimal transport."""
        return noise, self.map(noise)

    def _cells(self, noise: Any) -> tuple[ndarray, ndarray]:
        self._check_fitted()
        rows = as_matrix(noise, "noise", self.n_features_in_)
        return self._normalised.active[self._potential.cells(rows)], rows

    # the singular set

    @property
    def singular_set_(self) -> SingularSet:
        """Facets, masses, kinks, singular or not, confidence and branches (`singular.py`), by index of the points."""
        self._check_fitted()
        return self._singular_set.spread(self._normalised.active, self._normalised.scale, self.branches_)

    @cached_property
    def branches_(self) -> ndarray:
        """(N,) connected steady branch of each point, the largest 0; a point without mass has its nearest site's."""
        self._check_fitted()
        sites = self._normalised
        owner = sites.site_of_points()
        hidden = np.flatnonzero(owner < 0)
        if len(hidden):
            search = Neighbours(sites.sites, self._potential.products)
            owner[hidden] = search.nearest(sites.rows(self.points_[hidden]), 1)[1][:, 0]
        return self._site_branches[owner]

    def margin(self, noise: Any) -> Any:
        """(B,) distance of each row of noise to the nearest singular facet; inf where there is none.

        Never too small; exact where the nearest point lies inside a facet, else the distance to one close by.
        """
        return _like(noise, self._nearest_singular(noise)[0])

    def facet(self, noise: Any) -> tuple[Any, Any]:
        """The nearest singular facet of each row: pairs (B, 2) of points (i, j), i on the row's side, and the nearest
        point on it (B, d); (-1, -1) and nan where there is none."""
        _, pair, point = self._nearest_singular(noise)
        return _like(noise, np.where(pair < 0, -1, self._normalised.active[pair])), _like(noise, point)

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
        rows = as_matrix(path, "path", self.n_features_in_)
        points = as_pairs(allowed, "allowed", len(self.points_))
        branches = as_pairs(allowed_branches, "allowed_branches", int(self.branches_.max()) + 1)

        def blocks(first: ndarray, second: ndarray) -> ndarray:
            active = self._normalised.active
            free = has_pair(points, active[first], active[second])
            branch = self._singular_set.branches
            free |= has_pair(branches, branch[first], branch[second])
            return self._singular_set.is_singular(first, second) & ~free

        return _like(path, reflect_path(self._potential, rows, blocks).astype(rows.dtype))

    def _nearest_singular(self, noise: Any) -> tuple[ndarray, ndarray, ndarray]:
        self._check_fitted()
        return nearest_singular(self._potential, self._singular_set, as_matrix(noise, "noise", self.n_features_in_))

    @cached_property
    def _singular_set(self) -> SingularSet:
        """The singular set by index of the active sites."""
        return find_singular_set(self._potential, self._site_branches, self.confidence)

    @cached_property
    def _site_branches(self) -> ndarray:
        """The branch of each active site, found from the points alone."""
        return find_branches(self.points_[self._normalised.active].astype(np.float64))

    @cached_property
    def _extended_map(self) -> ExtendedMap:
        return ExtendedMap(self._potential, self._singular_set)

    def _rows_at_once(self) -> int:
        return max(1, self.memory_budget // (16 * 16 * self.n_features_in_))  # of 16 neighbours in float64, twice

    def _forget_singular_set(self) -> None:
        for name in ("_singular_set", "_site_branches", "_extended_map", "branches_"):
            self.__dict__.pop(name, None)

    # files

    def save(self, path: str | Path) -> None:
        """Write points, masses, heights and parameters to a safetensors file, whole or not at all."""
        self._check_fitted()
        params = {name: value for name, value in self.get_params().items() if name != "checkpoint"}
        learned = {name: getattr(self, name) for name in _LEARNED}
        found = vars(self).get("_singular_set")
        solved = storage.Solved(params, self.points_, self.masses_, self.heights_, learned, found)
        storage.save(solved, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Brenier":
        """Read what `save` wrote. Raises CuspError if the file is missing or is no saved Brenier."""
        solved = storage.load(Path(path))
        return cls(**solved.params)._restore(solved)


def _like(noise: Any, values: ndarray) -> Any:
    """`values` as a tensor on the device of `noise` if that is a tensor."""
    return torch.from_numpy(values).to(noise.device) if isinstance(noise, torch.Tensor) else values
