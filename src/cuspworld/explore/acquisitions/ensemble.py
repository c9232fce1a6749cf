"""Ensemble disagreement: where surrogates that were each fitted to a random two thirds predict different outcomes."""

import numpy as np

from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, best_apart, register
from cuspworld.explore.surrogate import Surrogate

MEMBERS = 5


@register
class Ensemble(Acquisition):
    name = "ensemble"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        random, known = seen.random(), len(seen.chosen)
        outcomes = seen.main
        told = []
        for _ in range(MEMBERS):
            some = random.choice(known, max(2, 2 * known // 3), replace=False)
            member = Surrogate.fit(seen.points[some], outcomes[some], seen.surrogate.scale)
            told.append(member.predict(seen.pool[seen.free]))
        return best_apart(seen, np.var(told, axis=0).sum(1), count)
