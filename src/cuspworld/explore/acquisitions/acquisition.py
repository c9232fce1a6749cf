"""Acquisition: which points of a pool are simulated next, given what was seen so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeVar

import numpy as np
from jaxtyping import Float, Int

from cuspworld.exam.probe import svd
from cuspworld.explore.surrogate import Surrogate


@dataclass(frozen=True, eq=False)
class Seen:
    """`pool` (n, d) in the unit cube; `chosen`: what was simulated, in order; `outcomes` (k, numbers) of these,
    standardised, and `branches` (k,) as the world names them. `seed`: of this round."""

    pool: Float[np.ndarray, "n d"]
    chosen: Int[np.ndarray, " k"]
    outcomes: Float[np.ndarray, "k numbers"]
    branches: tuple[str, ...]
    seed: int = 0

    @property
    def points(self) -> Float[np.ndarray, "k d"]:
        return self.pool[self.chosen]

    @cached_property
    def surrogate(self) -> Surrogate:
        return Surrogate.fit(self.points, self.outcomes)

    @cached_property
    def main(self) -> Float[np.ndarray, "k components"]:
        """The outcomes along their main axes, all but a millionth of their variance: as far from each other, in fewer
        numbers."""
        left, size, _ = svd(self.outcomes - self.outcomes.mean(0))
        beyond = np.cumsum(size[::-1] ** 2)[::-1]
        count = max(1, int((beyond > 1e-6 * beyond[0]).sum()))
        return (left * size)[:, :count]

    @cached_property
    def free(self) -> Int[np.ndarray, " free"]:
        """What is not yet simulated."""
        return np.setdiff1d(np.arange(len(self.pool)), self.chosen)

    def random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, len(self.chosen)])


class Acquisition(ABC):
    """`choose` returns `count` indices of the pool that are not chosen yet, in order."""

    name: ClassVar[str]
    labels: ClassVar[bool] = False  # whether it looks at branches

    @abstractmethod
    def choose(self, seen: Seen, count: int) -> Int[np.ndarray, " count"]: ...


TOP = 5  # a fifth
known: dict[str, type[Acquisition]] = {}
Class = TypeVar("Class", bound=type[Acquisition])


def register(acquisition: Class) -> Class:
    """Make an acquisition known by its name; the last one of a name counts."""
    known[acquisition.name] = acquisition
    return acquisition


def apart(points: Float[np.ndarray, "n d"], taken: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " n"]:
    """How far each point is from the nearest taken one."""
    square = (points**2).sum(1)[:, None] + (taken**2).sum(1) - 2 * points @ taken.T
    return np.sqrt(np.maximum(square.min(1), 0))


def best_apart(seen: Seen, score: Float[np.ndarray, " free"], count: int) -> Int[np.ndarray, " count"]:
    """Of the fifth of the free points with the highest scores, those far from what is chosen and from each other: a
    batch of the very highest would lie in one place, the more so the larger the pool."""
    top = seen.free[np.argsort(-score, kind="stable")[: max(8 * count, len(score) // TOP)]]
    return farthest(seen.pool, top, seen.chosen, count)


def farthest(
    space: Float[np.ndarray, "n d"], candidates: Int[np.ndarray, " c"], chosen: Int[np.ndarray, " k"], count: int
) -> Int[np.ndarray, " count"]:
    """Each time the candidate that is farthest from all that is chosen."""
    distance = apart(space[candidates], space[chosen])
    found = []
    for _ in range(count):
        k = int(distance.argmax())
        found.append(int(candidates[k]))
        distance = np.minimum(distance, np.linalg.norm(space[candidates] - space[candidates[k]], axis=1))
    return np.array(found, np.int64)
