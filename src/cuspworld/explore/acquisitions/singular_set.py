"""The singular set: draw on the folds of the outcomes seen so far, without labels.

The simulated points are the sites of a discrete map from parameters to outcomes; two of them share a facet where no
third lies in the ball between them (Gabriel's graph). A facet's kink is |y_i - y_j|: where the map is smooth it shrinks
with every halving, on a fold it stays. A facet counts as singular whose kink is larger than FOLD times the median one.
Half of a batch halves singular facets, those with the largest kink times length first; the other half, and all of it
where nothing stands out, is spread by latent distance.

`Brenier.branches_` on the outcomes themselves was tried: with 25 to 200 of them it names one branch nearly always (it
never splits what may be one), which leaves nothing to draw on.
"""

import numpy as np
from scipy.spatial import KDTree

from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, register
from cuspworld.explore.acquisitions.latent_distance import LatentDistance

FOLD = 2.0  # times the median kink
SHARE = 0.5  # of a batch, on folds


@register
class SingularSet(Acquisition):
    name = "singular-set"

    def choose(self, seen: Seen, count: int) -> np.ndarray:
        found: list[int] = []
        pairs, weight = singular_facets(seen.points, seen.outcomes)
        free = seen.free
        taken = seen.points
        for k in np.argsort(-weight, kind="stable"):
            if len(found) >= int(SHARE * count):
                break
            middle = seen.points[pairs[k]].mean(0)
            radius = 0.5 * np.linalg.norm(np.subtract(*seen.points[pairs[k]]))
            near = free[((seen.pool[free] - middle) ** 2).sum(1).argsort()[:8]]
            near = np.array([n for n in near if n not in found and np.linalg.norm(seen.pool[n] - middle) < radius], int)
            if len(near) and np.linalg.norm(taken - seen.pool[near[0]], axis=1).min() > 0.3 * radius:
                found.append(int(near[0]))
                taken = np.concatenate([taken, seen.pool[near[:1]]])
        rest = count - len(found)
        if rest:
            chosen = np.concatenate([seen.chosen, np.array(found, int)])
            unknown = seen.surrogate.predict(seen.pool[found]) if found else seen.outcomes[:0]
            branches = (*seen.branches, *[""] * len(found))
            more = Seen(seen.pool, chosen, np.concatenate([seen.outcomes, unknown]), branches, seen.seed)
            found += LatentDistance().choose(more, rest).tolist()
        return np.array(found, np.int64)


def singular_facets(points: np.ndarray, outcomes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(facets, 2) the sites of each singular facet, and (facets,) its kink times its length."""
    first, second = gabriel(points)
    length = np.linalg.norm(points[first] - points[second], axis=1)
    kink = np.linalg.norm(outcomes[first] - outcomes[second], axis=1)
    if not len(length):
        return np.zeros((0, 2), int), np.zeros(0)
    torn = kink > FOLD * np.median(kink)
    return np.stack([first[torn], second[torn]], 1), (kink * length)[torn]


def gabriel(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of points with no third in the ball between them."""
    first, second = np.triu_indices(len(points), 1)
    half = np.linalg.norm(points[first] - points[second], axis=1) / 2
    nearest, _ = KDTree(points).query((points[first] + points[second]) / 2)
    alone = nearest >= half * (1 - 1e-9)
    return first[alone], second[alone]
