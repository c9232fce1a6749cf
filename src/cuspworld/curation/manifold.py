"""What a library's clips look like as a manifold: its dimension, its branches, and the clips at its folds.

Dimensions are scikit-dimension's estimates of three kinds, with the interval that nine in ten random halves of the
points stay in: by the distances of the two nearest neighbours (TwoNN, Facco et al. 2017), by maximum likelihood over
neighbours (MLE, Levina & Bickel 2004), and by principal components (lPCA, Fukunaga & Olsen 1971; linear). Branches and
singular facets are those of the Brenier potential of the clips' steps (transport/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from cuspworld.errors import CuspError, MissingExtraError
from cuspworld.simulator.kinds import Kind
from cuspworld.transport.brenier import Brenier

HALVES = 20  # random halves of the points that an interval is of
MOST_STEPS = 3000  # that the transport is solved for
LINEAR = 1e-6  # share of the largest variance below which a linear direction is none
_FEWEST = 40


@dataclass(frozen=True)
class Dimension:
    """An estimate and the interval of nine in ten random halves."""

    estimator: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Branch:
    """Steps and clips in a branch, and the step nearest to its middle: (clip, latent frame)."""

    steps: int
    clips: int
    middle: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Manifold:
    """`codes` (S, k) of steps, of `clips` (S,), at latent frames `times` (S,), their `branch` (S,); `boundary` (S,):
    steps that face another across a singular facet; of `facets` all, `singular` are."""

    name: str
    dimensions: tuple[Dimension, ...]
    branches: tuple[Branch, ...]
    codes: Float[ndarray, "S k"] = field(repr=False)
    clips: Int[ndarray, " S"] = field(repr=False)
    times: Int[ndarray, " S"] = field(repr=False)
    branch: Int[ndarray, " S"] = field(repr=False)
    boundary: Bool[ndarray, " S"] = field(repr=False)
    facets: int
    singular: int

    @property
    def near(self) -> list[int]:
        """The clips that pass a singular facet: one of their steps is on the boundary."""
        return sorted(set(self.clips[self.boundary].tolist()))

    @property
    def share_near(self) -> float:
        return len(self.near) / len(set(self.clips.tolist()))


def dimensions(points: Float[ndarray, "n d"], seed: int = 0) -> tuple[Dimension, ...]:
    """The dimension of a cloud of points, three ways. Equal points count once. Raises CuspError for fewer than 40."""
    try:
        import skdim
    except ImportError as error:
        raise MissingExtraError("the manifold's dimension", "geometry") from error
    points = np.unique(np.asarray(points, np.float64), axis=0)
    if len(points) < _FEWEST:
        raise CuspError(f"a dimension is estimated from at least {_FEWEST} different points: got {len(points)}")
    estimators: dict[str, Any] = {
        "TwoNN": lambda: skdim.id.TwoNN(),
        "MLE": lambda: skdim.id.MLE(),
        "lPCA": lambda: skdim.id.lPCA(ver="FO", alphaFO=LINEAR),
    }
    rng = np.random.default_rng(seed)
    halves = [rng.choice(len(points), len(points) // 2, replace=False) for _ in range(HALVES)]
    found = []
    for name, make in estimators.items():
        value = float(make().fit(points).dimension_)
        spread = [float(make().fit(points[half]).dimension_) for half in halves]
        low, high = np.quantile(spread, [0.05, 0.95])
        found.append(Dimension(name, value, float(low), float(high)))
    return tuple(found)


def manifold_of(name: str, latents: Sequence[Float[Tensor, "t h w c"]], frames: int = 4, seed: int = 0) -> Manifold:
    """The manifold of clips of one kind, of steps of `frames` latent frames; of more than 3,000 steps, of as many whole
    clips as have so many."""
    kind = Kind.learn(name, list(latents), [()] * len(latents), frames, 16, seed)
    chosen = np.flatnonzero(kind.times % frames == 0)
    order = np.random.default_rng(seed).permutation(len(latents))
    taken = order[: max(2, int(len(latents) * min(1.0, MOST_STEPS / len(chosen))))]
    chosen = chosen[np.isin(kind.clips[chosen], taken)]
    codes, clips, times = kind.codes[chosen], kind.clips[chosen], kind.times[chosen]
    solved = Brenier(seed=seed, tolerance=0.2, max_seconds=60.0).fit(
        codes, trajectories=np.column_stack([clips, times])
    )
    branch, facets = np.asarray(solved.branches_), solved.singular_set_
    boundary = np.zeros(len(codes), bool)
    boundary[np.asarray(facets.facets)[np.asarray(facets.singular)].ravel()] = True
    branches = []
    for number in range(int(branch.max()) + 1):
        own = np.flatnonzero(branch == number)
        middle = own[((codes[own] - codes[own].mean(0)) ** 2).sum(1).argmin()]
        here = (int(clips[middle]), int(times[middle]))
        branches.append(Branch(len(own), len(np.unique(clips[own])), here))
    known = dimensions(codes, seed) if len(np.unique(codes, axis=0)) >= _FEWEST else ()
    counts = len(facets.facets), int(np.asarray(facets.singular).sum())
    return Manifold(name, known, tuple(branches), codes, clips, times, branch, boundary, *counts)
