"""Straddle (Bryan et al. 2005), which is told the branches: where a regression of the label is near its level and
unsure.

Of more than two branches the commonest against the rest. Until a second branch is seen it is where it is unsure at
all."""

from collections import Counter

import numpy as np

from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, best_apart, register
from cuspworld.explore.surrogate import Surrogate


@register
class Straddle(Acquisition):
    name = "straddle"
    labels = True

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        commonest = Counter(seen.branches).most_common(1)[0][0]
        label = np.array([1.0 if branch == commonest else -1.0 for branch in seen.branches])[:, None]
        fitted = Surrogate.fit(seen.points, label)
        free = seen.pool[seen.free]
        unsure = 1.96 * np.sqrt(fitted.variance(free))
        return best_apart(seen, unsure - np.abs(fitted.predict(free)[:, 0]), count)
