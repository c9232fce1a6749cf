"""Which rows of the data are consecutive steps of one clip."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64, Int64
from numpy import ndarray

from cuspworld.errors import CuspError

_TAKES = "(N,) numbers of clips, rows in order of time, or (N, 2): clip and time of each row"


@dataclass(frozen=True, eq=False)
class Trajectories:
    """`clips` (N,): the clip of each row; `times` (N,): when, in any unit, all different within a clip."""

    clips: Int64[ndarray, " N"]
    times: Float64[ndarray, " N"]

    @classmethod
    def of(cls, given: Any, count: int) -> "Trajectories":
        """From an array (N,) of clip numbers whose rows come in order of time (times are then 0, 1, 2, ... in each
        clip), from an array (N, 2) of clip and time, or from a structured array with the fields `clip` and `time`.

        Raises CuspError naming the first row that is wrong.
        """
        given = given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else np.asarray(given)
        if given.dtype.names is not None:
            if not {"clip", "time"} <= set(given.dtype.names):
                raise CuspError(f"trajectories must have the fields clip and time: got {', '.join(given.dtype.names)}")
            columns = (given["clip"], given["time"])
        elif given.dtype.kind not in "iuf":
            raise CuspError(
                f"trajectories must be {_TAKES}: got {given.dtype}; "
                "np.unique(names, return_inverse=True)[1] numbers names"
            )
        elif given.ndim == 2 and given.shape[1] == 2:
            columns = (given[:, 0], given[:, 1])
        else:
            columns = (given, None)
        clips = columns[0]
        if clips.shape != (count,):
            raise CuspError(f"trajectories must be {_TAKES}, for each of {count} points: got shape {given.shape}")
        whole = np.isfinite(clips.astype(np.float64)) & (clips == np.floor(clips))
        if not whole.all():
            row = int(np.argmin(whole))
            raise CuspError(f"trajectories must number the clips by whole numbers: row {row} has {clips[row]}")
        clips = clips.astype(np.int64)
        if columns[1] is None:
            return cls(clips, _places(clips).astype(np.float64))
        times = columns[1].astype(np.float64)
        if not np.isfinite(times).all():
            raise CuspError(f"trajectories must have finite times: row {int(np.argmin(np.isfinite(times)))} has none")
        found = cls(clips, times)
        order = found.order
        twice = (np.diff(clips[order]) == 0) & (np.diff(times[order]) == 0)
        if twice.any():
            first, second = order[int(np.argmax(twice))], order[int(np.argmax(twice)) + 1]
            raise CuspError(
                f"trajectories: rows {first} and {second} are at time {times[second]:g} of clip {clips[second]} both"
            )
        return found

    @property
    def order(self) -> Int64[ndarray, " N"]:
        """The rows by clip, then by time."""
        return np.lexsort((self.times, self.clips))

    @property
    def steps(self) -> Int64[ndarray, "steps 2"]:
        """Rows (before, after) of every two consecutive recorded moments of a clip."""
        order = self.order
        pairs = np.stack([order[:-1], order[1:]], axis=1)
        return pairs[self.clips[pairs[:, 0]] == self.clips[pairs[:, 1]]]

    def of_rows(self, rows: Int64[ndarray, " n"]) -> "Trajectories":
        """The clips and times of some of the rows."""
        return Trajectories(self.clips[rows], self.times[rows])

    def and_then(self, others: "Trajectories") -> "Trajectories":
        """These rows, then the others; a clip may go on in them."""
        return Trajectories(np.concatenate([self.clips, others.clips]), np.concatenate([self.times, others.times]))


def _places(clips: ndarray) -> ndarray:
    """The number of earlier rows of the same clip, for each row."""
    order = np.argsort(clips, kind="stable")
    starts = np.flatnonzero(np.diff(clips[order], prepend=clips[order[:1]] - 1))
    places = np.empty(len(clips), np.int64)
    places[order] = np.arange(len(clips)) - np.repeat(starts, np.diff(np.append(starts, len(clips))))
    return places
