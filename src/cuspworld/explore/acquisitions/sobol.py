"""Sobol: the free points nearest to the next points of a low-discrepancy sequence (Sobol 1967, scrambled)."""

import numpy as np
from scipy.stats import qmc

from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, register


@register
class Sobol(Acquisition):
    name = "sobol"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        sequence = qmc.Sobol(seen.pool.shape[1], rng=np.random.default_rng(seen.seed))
        exponent = int(np.ceil(np.log2(len(seen.chosen) + count)))
        wanted = sequence.random_base2(exponent)[len(seen.chosen) : len(seen.chosen) + count]
        free, found = seen.free.copy(), []
        for point in wanted:
            k = int(((seen.pool[free] - point) ** 2).sum(1).argmin())
            found.append(int(free[k]))
            free = np.delete(free, k)
        return np.array(found, np.int64)
