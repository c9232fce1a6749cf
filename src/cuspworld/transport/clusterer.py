"""The verbs of a scikit-learn clusterer and transformer: branches as labels, noise as the transformed space."""

from typing import Any

import numpy as np
import torch
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.transport.picture import html_table, plot_branches
from cuspworld.transport.queries import Queries
from cuspworld.transport.validation import as_matrix, column_names, like

_DRAWS = 4096  # points on either side of a score
_SCORE_SEED = 1


class Clusterer(Queries):
    """What `Brenier` has in common with scikit-learn's clusterers. Points come and answers go as arrays or tensors."""

    def fit(self, points: Any, y: Any = None) -> Any:
        raise NotImplementedError

    @property
    def labels_(self) -> ndarray:
        """(N,) scikit-learn's name for `branches_`."""
        return self.branches_

    def fit_predict(self, points: Any, y: Any = None, **options: Any) -> ndarray:
        """Fit, and the branch of each point (N,); `options` and `y` as for `fit`."""
        return self.fit(points, y, **options).branches_

    def predict(self, points: Any) -> Any:
        """(m,) the branch of each of other points (m, d): that of the nearest point that was fitted."""
        rows = self._rows(points)
        return like(points, self._geometry.site_branches[self._geometry.nearest_sites(rows)])

    def fit_transform(self, points: Any, y: Any = None, **options: Any) -> Any:
        """Fit, and the noise of each point (N, d); `options` and `y` as for `fit`."""
        return self.fit(points, y, **options).transform(points)

    def transform(self, points: Any) -> Any:
        """(m, d) data to noise: the middle of the cell of the nearest fitted point.

        The inverse of the Brenier map sends a point to its whole cell; this is the cell's mean (the barycentric
        projection of the inverse plan), over 32 samples a cell: known to about 0.18 of the cell's spread.
        """
        rows = self._rows(points)
        return like(points, self._geometry.middles[self._geometry.nearest_sites(rows)].astype(rows.dtype))

    def inverse_transform(self, noise: Any) -> Any:
        """(m, d) noise to new points of the data: `extend`."""
        return self.extend(noise)

    def score(self, points: Any, y: Any = None) -> float:
        """How alike points that were not fitted (m, d) and new ones drawn by `extend` are: minus their energy distance.

        2 E|x - z| - E|x - x'| - E|z - z'| without bias (Székely and Rizzo 2013), over at most 4,096 of each: 0 for
        equal laws, but for chance; higher is better.
        """
        rows = self._rows(points)
        kept = rows[np.linspace(0, len(rows) - 1, min(len(rows), _DRAWS)).astype(int)]
        given = torch.from_numpy(kept.astype(np.float64))
        drawn = torch.from_numpy(self.extend(self.sample_noise(_DRAWS, _SCORE_SEED)).astype(np.float64))
        across = _distances(given, drawn).mean()
        return float(_mean_distance(given) + _mean_distance(drawn) - 2 * across)

    @property
    def cost_(self) -> float:
        """The squared Wasserstein distance W2^2 = E|x - map(x)|^2 between the source and the points (`cost.py`)."""
        self._check_fitted()
        return self._geometry.cost[0]

    @property
    def cost_standard_error_(self) -> float:
        """Of `cost_`, from sampling the noise; 0 on polygons and polyhedra."""
        self._check_fitted()
        return self._geometry.cost[1]

    # to look at

    def plot(self, axes: Any = None) -> Any:
        """Draw the points by branch, on their plane or their two principal axes, with the facets between them (thin,
        and dark where singular), into matplotlib's `axes` or new ones. Returns the axes."""
        singular = self.singular_set_
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots(figsize=(7, 6))[1]
        order = np.argsort(-singular.masses, kind="stable")
        plot_branches(axes, self.points_, self.branches_, singular.facets[order], singular.singular[order])
        return axes

    def _repr_html_(self) -> str:
        """What is known so far; nothing is computed for it."""
        if not self.__sklearn_is_fitted__():
            return html_table(repr(self), {"": "not fitted yet"})
        certified = "certified" if self.certified_ else "not certified"
        rows = {
            "points": f"{len(self.points_):,} in {self.n_features_in_} dimensions",
            "error": f"{self.error_:.3g} ± {self.error_standard_error_:.1g} {self.error_kind_}, {certified}",
        }
        found = vars(self._geometry)
        if "site_branches" in found:
            sizes = np.bincount(self.branches_)
            more = f" and {len(sizes) - 8} more" if len(sizes) > 8 else ""
            rows["branches"] = f"{len(sizes)}: {', '.join(f'{size:,}' for size in sizes[:8])}{more}"
        if "singular_set" in found:
            torn = found["singular_set"].singular
            rows["singular facets"] = f"{int(torn.sum()):,} of {len(torn):,}"
        return html_table(repr(self), rows)

    def _rows(self, points: Any) -> ndarray:
        """Points (m, d) with the columns of `fit`, by number and, where both are data frames, by name."""
        self._check_fitted()
        names, known = column_names(points), getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and list(names) != list(known):
            raise CuspError(f"points must have the columns {', '.join(known)}, as in fit: got {', '.join(names)}")
        return as_matrix(points, "points", self.n_features_in_)


def _mean_distance(rows: torch.Tensor) -> torch.Tensor:
    """The mean distance between two different rows; 0 for a single one."""
    pairs = len(rows) * (len(rows) - 1)
    return _distances(rows, rows).sum() / max(pairs, 1)


def _distances(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")  # products would round near 0
