"""Branches of points that are the steps of clips: the states in which clips *rest*, told by how many clips know them.

Consecutive steps lie close to each other wherever the clip is, so neighbours within a clip prove neither that a place
is often visited nor that two places belong together; taken as evidence, they make every clip a branch of its own. And a
passage, which every clip of a kind takes, is as well trodden as the states between which it leads. So:

- a *visit* is a run of steps within R of its first, where R is the distance from there to the third nearest other
  clip (to that clip's nearest step). Each visit is one point, however long it lasts;
- half of all time is spent in visits that last t or longer; a visit of less than t / 3 is *passing* and joins nothing;
- what is left falls into pieces by the rule of `branches.py`, where distances are those to other *clips*;
- a piece that a single clip entered is no state. Its steps, and those that pass, go to the state before or the state
  after: where the clip changes from one to the other is chosen so that distances to the states, summed, are least.
"""

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray
from scipy.spatial import cKDTree

from cuspworld.transport.singular.branch_kernels import visits
from cuspworld.transport.singular.branches import FACTOR, FEWEST, NEIGHBOURS, Near, deepest_cuts, numbered_by_size
from cuspworld.transport.singular.trajectories import Trajectories

LEVEL = 0.05  # connected clouds that are split, at most (`benchmarks/clip_branches.py`)
_FEWEST_CLIPS = 8
_REACH = 3  # other clips within the radius of a visit
_PASSING = 3  # times shorter than what half of the time lasts
_FACTOR = 0.8 * FACTOR  # visits are spread more evenly than independent points: deep passes are rarer by chance
_BLOCK = 1 << 24  # distances at once


def find_clip_branches(
    points: Float[ndarray, "steps dimension"], trajectories: Trajectories
) -> Int64[ndarray, " steps"]:
    """The branch of each step, numbered from the largest. Fewer than eight clips are one branch."""
    names, clips = np.unique(trajectories.clips, return_inverse=True)
    branch = np.zeros(len(points), np.int64)
    if len(names) < _FEWEST_CLIPS:
        return branch
    order = trajectories.order
    steps, clips = np.asarray(points[order], np.float64), clips[order]
    steps = steps - steps.mean(0)
    steps /= max(np.abs(steps).max(), 1e-300)
    visit, first = visits(steps, clips, _nearest_clips(steps, clips, _REACH)[0][:, -1])
    length = np.bincount(visit)
    rests = np.flatnonzero(length >= np.median(length[visit]) / _PASSING)
    piece = _split(steps[first[rests]], clips[first[rests]])
    entered = np.bincount(np.unique(np.stack([piece, clips[first[rests]]]), axis=1)[0])
    known = np.full(len(first), -1)
    states = entered[piece] > 1
    known[rests[states]] = piece[states]
    branch[order] = _with_passing(steps, clips, known[visit])
    return numbered_by_size(branch)


def _split(points: ndarray, clips: ndarray) -> Int64[ndarray, " visits"]:
    """A number for the piece of each visit."""
    names, clips = np.unique(clips, return_inverse=True)
    piece = np.zeros(len(points), np.int64)
    if len(names) < FEWEST:
        return piece
    near = _nearest_clips(points, clips, min(NEIGHBOURS, len(names) - 1))
    found = deepest_cuts(points, near, _FACTOR)[1]
    if not found.any():
        return piece
    for number in range(int(found.max()) + 1):
        own = np.flatnonzero(found == number)
        piece[own] = piece.max() + 1 + _split(points[own], clips[own])
    return piece


def _nearest_clips(points: Float64[ndarray, "steps dimension"], clips: Int64[ndarray, " steps"], k: int) -> Near:
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


def _with_passing(steps: ndarray, clips: ndarray, known: ndarray) -> Int64[ndarray, " steps"]:
    """The state of each step, steps in order of time; `known` has -1 where a clip passes."""
    states, state = np.unique(known[known >= 0], return_inverse=True)
    if len(states) < 2:
        return np.zeros(len(steps), np.int64)
    out = known.copy()
    out[known >= 0] = state
    passing = np.flatnonzero(known < 0)
    trees = [cKDTree(steps[out == number]) for number in range(len(states))]
    apart = np.stack([tree.query(steps[passing])[0] for tree in trees], axis=1)  # (passing, states)
    for run in np.split(np.arange(len(passing)), _breaks(passing, clips)):
        if len(run) == 0:
            continue
        first, last = passing[run[0]], passing[run[-1]]
        nothing = np.zeros((1, len(states)))
        head = np.concatenate([nothing, np.cumsum(apart[run], axis=0)])  # (changes, states): all steps before
        tail = np.concatenate([np.cumsum(apart[run][::-1], axis=0)[::-1], nothing])
        inside = (
            first > 0 and clips[first - 1] == clips[first],
            last + 1 < len(clips) and clips[last + 1] == clips[last],
        )
        before = np.full(len(head), out[first - 1]) if inside[0] else head.argmin(1)
        after = np.full(len(head), out[last + 1]) if inside[1] else tail.argmin(1)
        at = np.arange(len(head))
        change = int((head[at, before] + tail[at, after]).argmin())
        out[first : first + change], out[first + change : last + 1] = before[change], after[change]
    return out


def _breaks(passing: ndarray, clips: ndarray) -> ndarray:
    """Where in `passing` a new run of consecutive steps of one clip begins."""
    return 1 + np.flatnonzero((np.diff(passing) > 1) | (np.diff(clips[passing]) != 0))
