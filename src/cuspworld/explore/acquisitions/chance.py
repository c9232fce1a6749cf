"""Random: what every other acquisition must beat."""

import numpy as np

from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, register


@register
class Random(Acquisition):
    name = "random"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        return seen.random().choice(seen.free, count, replace=False)
