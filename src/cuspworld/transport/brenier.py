"""Brenier potentials: semi-discrete optimal transport from a continuous source to points, and its singular set.

u(x) = max_j <x, y_j> + h_j is convex; its gradient sends the Laguerre cell W_j = {x : j attains the maximum} to y_j and
is the cheapest map (for the squared distance) from the source to the points with masses nu_j exactly when
mu(W_j) = nu_j for all j (Brenier 1991; Aurenhammer, Hoffmann, Aronov 1998). `Brenier.fit` finds such heights h;
`geometry.py` finds what follows from them, `queries.py` and `clusterer.py` answer questions.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.transport import storage
from cuspworld.transport.clusterer import Clusterer
from cuspworld.transport.geometry import Geometry
from cuspworld.transport.potential import Potential
from cuspworld.transport.sampled.solver import Control, Problem, solve
from cuspworld.transport.sampled.sources import as_source
from cuspworld.transport.search.normalised import NormalisedPoints
from cuspworld.transport.search.products import Products
from cuspworld.transport.singular.trajectories import Trajectories
from cuspworld.transport.validation import as_masses, as_matrix, as_seed, check_parameters, column_names

_NOISE_STREAM = 1 << 20  # away from the solver's streams


class Brenier(Clusterer):
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
    - `distributed`: solve together with the other processes of torchrun or accelerate, all of which are given the same
      points: each counts its share of the samples, and all get the same heights. Curves and the like, where Newton
      steps go on (docs/solver.md), are the first process's work, but for the certificate.
    - `random_state`: scikit-learn's name for `seed`, a whole number or a numpy RandomState; goes before it if given.

    **Attributes after `fit`**: `heights_` (N,), `error_` and `error_standard_error_` with `error_kind_` ("over cells",
    "over mass", or "largest" of all cells, with standard error 0, for exact solutions), `certified_`, `samples_` (spent
    on training), `points_`, `masses_`, `n_features_in_`, `singular_set_`, `branches_` (N,) alias `labels_`, `cost_`
    and, where the points came as trajectories, `passages_`. Equal points share one cell, the first one's; points
    without mass have height -inf.

    Follows scikit-learn's conventions without importing it (docs/brenier.md).
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
        distributed: bool = False,
        random_state: Any = None,
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
        self.distributed = distributed
        self.random_state = random_state

    def fit(
        self, points: Any, y: Any = None, *, masses: Any = None, sample_weight: Any = None, trajectories: Any = None
    ) -> "Brenier":
        """Solve for the heights of `points` (N, d). Returns self.

        `masses` (N,), None for equal ones; `sample_weight` is scikit-learn's name for them. `y` is ignored, as by all
        of scikit-learn's clusterers. `trajectories`: where the points are moments of clips, which and when
        (`Trajectories.of`): (N,) clips in order of time, or (N, 2) clip and time. Neighbours within a clip then say
        nothing about branches, and `passages_` are the recorded steps between those.

        Raises CuspError for NaN, inf, masked entries, negative masses or wrong shapes, naming the row.
        """
        if masses is not None and sample_weight is not None:
            raise CuspError("masses and sample_weight are two names of one thing: give one of them")
        rows = as_matrix(points, "points")
        recorded = None if trajectories is None else Trajectories.of(trajectories, len(rows))
        self._fit(rows, sample_weight if masses is None else masses, None, recorded)
        self._remember_names(column_names(points))
        return self

    def update(self, points_added: Any, masses: Any = None, *, trajectories: Any = None) -> "Brenier":
        """Add points and solve again from the old heights; `masses` (N + added,), None for equal ones. Returns self.

        `trajectories` of the added points, as in `fit`, if the others have them; clips may go on.
        """
        self._check_fitted()
        added = as_matrix(points_added, "points_added", self.n_features_in_)
        if (trajectories is None) != (self._trajectories is None):
            known = "have none" if self._trajectories is None else "have them"
            raise CuspError(f"trajectories must be given for all points or for none: those of fit {known}")
        recorded = self._trajectories
        if recorded is not None:
            recorded = recorded.and_then(Trajectories.of(trajectories, len(added)))
        start = np.concatenate([self._finite_heights(), self._entry_heights(added)])
        points = np.concatenate([self.points_, added.astype(self.points_.dtype)])
        return self._fit(points, masses, start, recorded)

    def condition(self, masses: Any) -> "Brenier":
        """A new Brenier of the same points with other masses, solved from these heights; self stays as it is."""
        self._check_fitted()
        other = type(self)(**self.get_params())
        return other._fit(self.points_, masses, self._finite_heights(), self._trajectories)

    def _fit(self, points: ndarray, masses: Any, start: ndarray | None, trajectories: Trajectories | None) -> "Brenier":
        if len(points) == 0:
            raise CuspError("points must have at least one row: got none")
        check_parameters(self.get_params())
        self._seed = as_seed(self.seed, self.random_state)
        self._source = as_source(self.source, points.shape[1])
        self._trajectories = trajectories
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
            seed=self._seed,
            device=self.device,
            memory_budget=self.memory_budget,
            threads=self.threads,
            max_seconds=self.max_seconds,
            checkpoint=checkpoint,
            progress=self.progress,
            distributed=self.distributed,
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
        self._potential = Potential(self._source, sites.sites, heights / sites.scale, products, self._seed)
        self._geometry = Geometry(self._potential, sites, self.points_, self.confidence, self._trajectories)

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

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_geometry")

    def _remember_names(self, names: ndarray | None) -> None:
        """scikit-learn's `feature_names_in_`: the columns of a data frame."""
        self.__dict__.pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names

    # files

    def save(self, path: str | Path) -> None:
        """Write points, masses, heights and parameters to a safetensors file, whole or not at all."""
        self._check_fitted()
        learned = {name: getattr(self, name) for name in storage.LEARNED}
        params = self.get_params() | {"seed": self._seed, "random_state": None}
        found = vars(self._geometry).get("singular_set")
        parts = (self.points_, self.masses_, self.heights_, learned, found, self._trajectories)
        storage.save(storage.Solved(params, *parts), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Brenier":
        """Read what `save` wrote. Raises CuspError if the file is missing, damaged or no saved Brenier."""
        saved = storage.load(Path(path))
        try:
            brenier = cls(**saved.params)
            check_parameters(brenier.get_params())
            brenier._source = as_source(brenier.source, saved.points.shape[1])
        except (TypeError, CuspError) as error:
            raise CuspError(f"{path} is a damaged Brenier: {error}; fit it anew and save it") from error
        brenier._seed, brenier._trajectories = as_seed(brenier.seed, None), saved.trajectories
        brenier.points_, brenier.masses_, brenier.n_features_in_ = saved.points, saved.masses, saved.points.shape[1]
        for name, value in saved.learned.items():
            setattr(brenier, name, value)
        brenier._normalised = NormalisedPoints.of(saved.points, saved.masses)
        brenier._finish(saved.heights[brenier._normalised.active])
        if saved.singular_set is not None:
            brenier._geometry.keep(saved.singular_set)
        return brenier
