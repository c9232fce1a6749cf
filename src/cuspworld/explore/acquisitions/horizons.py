"""Disagreement over horizons: the end predicted at once, against the end predicted from the predicted middle."""

import numpy as np

from cuspworld.exam.probe import svd
from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, best_apart, register
from cuspworld.explore.surrogate import Surrogate


@register
class Horizons(Acquisition):
    name = "horizons"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        half = seen.outcomes.shape[1] // 2
        early, late = seen.outcomes[:, :half], seen.outcomes[:, half:]
        free = seen.pool[seen.free]
        first = Surrogate.fit(seen.points, early, seen.surrogate.scale)
        axes = svd(early - early.mean(0))[2][:4]
        middle = (early - early.mean(0)) @ axes.T
        spread = max(float(middle.std()), 1e-12) * 4  # as wide as the cube
        then = Surrogate.fit(np.concatenate([seen.points, middle / spread], 1), late)
        reached = (first.predict(free) - early.mean(0)) @ axes.T / spread
        twice = then.predict(np.concatenate([free, reached], 1))
        once = Surrogate.fit(seen.points, late, seen.surrogate.scale).predict(free)
        return best_apart(seen, ((twice - once) ** 2).sum(1), count)
