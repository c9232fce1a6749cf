"""Training pairs of conditional flow matching: noise and target coupled by optimal transport inside each condition.

One coupling for all conditions makes a conditional flow worse: given the condition, the noise of its targets is no
longer normal, but at generation it is (conditional-flow-matching, issue 117). Inside a condition the cells cut the
whole source, so x given the condition has the source's law, and the pairs are still the cheapest ones.
"""

from typing import Any

import numpy as np
from jaxtyping import Float32, Int64
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.transport.brenier import Brenier
from cuspworld.transport.validation import as_matrix


class ConditionalCoupling:
    """Pairs (noise x, index j of the target) with x in the cell of j among the targets of one condition.

    **Arguments**

    - `points` (N, d) and `conditions` (N,), the label of each: text, numbers, anything that NumPy can sort.
    - `masses` (N,), None for equal ones: a target's share within its condition.
    - `**parameters` of `Brenier`, such as `source` and `tolerance`.

    **Attributes**: `conditions`, the different ones; `breniers`, the transport to each one's targets.

    Raises CuspError where the numbers of rows differ, or for what `Brenier.fit` refuses.
    """

    def __init__(self, points: Any, conditions: Any, masses: Any = None, **parameters: Any):
        rows, labels = as_matrix(points, "points"), np.asarray(conditions)
        if labels.shape != (len(rows),):
            raise CuspError(f"conditions must have shape ({len(rows)},), one for each point: got {labels.shape}")
        self.conditions, which = np.unique(labels, return_inverse=True)
        self.dimension = rows.shape[1]
        self.breniers: list[Brenier] = []
        self._targets: list[ndarray] = []
        for number in range(len(self.conditions)):
            targets = np.flatnonzero(which == number)
            share = None if masses is None else np.asarray(masses, np.float64)[targets]
            self._targets.append(targets)
            self.breniers.append(Brenier(**parameters).fit(rows[targets], masses=share))

    def draw(self, conditions: Any, seed: int = 0) -> tuple[Float32[ndarray, "B d"], Int64[ndarray, " B"]]:
        """A batch: for each of `conditions` (B,) fresh noise (B, d) and the index (B,) of its target in `points`.

        Raises CuspError for a condition that no point has.
        """
        wanted = np.asarray(conditions)
        place = np.clip(np.searchsorted(self.conditions, wanted), 0, len(self.conditions) - 1)
        unknown = np.flatnonzero(self.conditions[place] != wanted)
        if len(unknown):
            raise CuspError(
                f"conditions: no point has {str(wanted[unknown[0]])!r}; known are {self.conditions[:10].tolist()}"
            )
        noise = self.breniers[0].sample_noise(len(wanted), seed)
        target = np.empty(len(wanted), np.int64)
        for number in np.unique(place):
            of_this = np.flatnonzero(place == number)
            target[of_this] = self._targets[number][self.breniers[number].cells(noise[of_this])]
        return noise, target
