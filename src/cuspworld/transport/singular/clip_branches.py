"""Branches of points that are the steps of clips: what counts is how many clips pass by, not how many steps they take.

Consecutive steps lie close to each other wherever the clip is, so neighbours within a clip prove neither that a place
is often visited nor that two places belong together; taken as evidence, they make every clip a branch of its own. Here
the clip is what is counted:

- the density at a step is that of *other clips*: k over R^D, R the distance to the k-th nearest other clip (its nearest
  step), D the intrinsic dimension; k is a quarter of the clips, at most 16, so that a state that a third of few clips
  visits can be told;
- links go to the nearest steps of those k clips; one is as dense as its ends or as its own length allows;
- two components are joined in order of density unless both hold peaks that exceed the link by more than F(2 k, 2 k)
  allows at 5 % (`branch_kernels`), corrected for pairs of places that were looked at. Those are not the N steps either:
  a clip looks at a new place when it has moved by R.

A branch that fewer than k clips ever entered is no state but a stray piece: its steps go to the nearest one.
"""

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray
from scipy.spatial import cKDTree
from scipy.special import fdtri

from cuspworld.transport.search.neighbours import intrinsic_dimension
from cuspworld.transport.singular.branch_kernels import persistent_components
from cuspworld.transport.singular.branches import numbered_by_size
from cuspworld.transport.singular.trajectories import Trajectories

LEVEL = 0.05
_SHARE, _FEWEST, _MOST = 4, 4, 16  # k is the clips over 4, within 4 and 16
_BLOCK = 1 << 24  # distances at once


def find_clip_branches(
    points: Float[ndarray, "steps dimension"], trajectories: Trajectories
) -> Int64[ndarray, " steps"]:
    """The branch of each of the distinct points, numbered from the largest. Fewer than eight clips are one branch."""
    names, clips = np.unique(trajectories.clips, return_inverse=True)
    k = int(np.clip(len(names) // _SHARE, _FEWEST, _MOST))
    if len(names) < 2 * _FEWEST:
        return np.zeros(len(points), np.int64)
    centred = np.asarray(points, np.float64) - points.mean(0, dtype=np.float64)
    distance, index = _nearest_clips(centred, clips, k)
    dimension = intrinsic_dimension(distance)
    log_density = -dimension * np.log(distance[:, -1])
    first, second = np.repeat(np.arange(len(points)), k), index.ravel()
    ends = np.minimum(log_density[first], log_density[second])
    log_link = np.minimum(ends, -dimension * np.log(distance.ravel()))
    order = np.lexsort((distance.ravel(), -log_link))
    neighbourhoods = _places(centred, clips, trajectories.order, distance[:, -1]) / k
    pairs = max(neighbourhoods * (neighbourhoods - 1) / 2, 1.0)
    allowed = np.log(fdtri(2 * k, 2 * k, 1 - LEVEL / pairs))
    roots = persistent_components(log_density, first[order], second[order], log_link[order], allowed)
    return numbered_by_size(_without_strays(centred, clips, numbered_by_size(roots), k))


def _nearest_clips(
    points: Float64[ndarray, "steps dimension"], clips: Int64[ndarray, " steps"], k: int
) -> tuple[Float64[ndarray, "steps k"], Int64[ndarray, "steps k"]]:
    """Distances to the k nearest other clips of each step, in rising order, and the nearest step of each."""
    count = len(points)
    by_clip = np.argsort(clips, kind="stable")
    starts = np.flatnonzero(np.diff(clips[by_clip], prepend=-1))
    members = np.split(by_clip, starts[1:])
    squares = (points**2).sum(1)
    distance, index = np.empty((count, k)), np.empty((count, k), np.int64)
    for at in range(0, count, rows := max(1, _BLOCK // count)):
        part = np.arange(at, min(at + rows, count))
        square = squares[part, None] + squares - 2 * points[part] @ points.T
        square[clips[part, None] == clips] = np.inf
        best = np.stack([own[square[:, own].argmin(1)] for own in members], axis=1)  # (part, clips)
        square = np.take_along_axis(square, best, 1)
        chosen = np.argsort(square, axis=1, kind="stable")[:, :k]
        index[part] = np.take_along_axis(best, chosen, 1)
        distance[part] = np.sqrt(np.maximum(np.take_along_axis(square, chosen, 1), 0))
    smallest = distance[distance > 0].min(initial=1.0)  # equal points but for rounding
    return np.maximum(distance, smallest), index


def _places(points: ndarray, clips: ndarray, order: ndarray, radius: ndarray) -> int:
    """How many places the clips looked at: a clip's first step, and each step that is a radius from the last place."""
    places, clip, last = 0, -1, 0
    for step in order:
        if clips[step] != clip or np.linalg.norm(points[step] - points[last]) > radius[last]:
            places, clip, last = places + 1, clips[step], step
    return places


def _without_strays(points: ndarray, clips: ndarray, branches: ndarray, k: int) -> Int64[ndarray, " steps"]:
    """Steps of branches that fewer than k clips entered take the branch of the nearest other step."""
    entered = np.unique(np.stack([branches, clips]), axis=1)[0]
    stays = (np.bincount(entered) >= k)[branches]
    if stays.all() or not stays.any():
        return branches
    branches = branches.copy()
    branches[~stays] = branches[stays][cKDTree(points[stays]).query(points[~stays])[1]]
    return branches
