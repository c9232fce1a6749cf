"""What was done in recorded clips, frame by frame: the cause, where it is known.

A breath is two pixels of a flushed cheek, and what it does fills the picture: codes of what is seen tell the effect and
leave the cause out (of fresh clips of candles the codes of the shipped paths tell whether somebody blows by AUC .79).
Simulators and robots write down what was done; a path may tell it beside what is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from cuspworld.clip import Clip

PARTS = ("table", "largest")  # tensors


@dataclass(frozen=True, eq=False)
class Actions:
    """`table` (clips, t, a): of each frame of each clip, in units of `largest` (a,), the largest of each column; after
    the end of a clip nothing is done."""

    table: Float[ndarray, "clips t a"]
    largest: Float[ndarray, " a"]

    @classmethod
    def learn(cls, done: Sequence[Float[ndarray, "t a"]]) -> Actions:
        """Of recorded clips, in any units."""
        table = np.zeros((len(done), max(map(len, done)), done[0].shape[1]), np.float32)
        for row, own in zip(table, done, strict=True):
            row[: len(own)] = own
        largest = np.abs(table).max((0, 1))
        largest = np.where(largest > 0, largest, 1.0).astype(np.float32)
        return cls(table / largest, largest)

    def width(self, frames: int) -> int:
        """Numbers of a step of `frames` frames."""
        return frames * len(self.largest)

    def steps(self, done: Float[ndarray, "t a"], frames: int) -> Float[ndarray, "s k"]:
        """Of the steps of any clip, as `SceneCode.of` counts them, from what was done in its frames."""
        rows = np.concatenate([done / self.largest, np.zeros((max(0, frames - len(done)), done.shape[1]))])
        starts = np.arange(len(rows) - frames + 1)
        return _taken(rows[None], np.zeros_like(starts), starts, frames)

    def of(self, clips: Int[ndarray, " n"], times: Int[ndarray, " n"], frames: int) -> Float[ndarray, "n k"]:
        """Of recorded steps: their clips and the frames at which they begin."""
        return _taken(self.table, clips, times, frames)

    def tensors(self) -> dict[str, Tensor]:
        """For a file, a byte a number."""
        whole = torch.from_numpy((self.table * 127).round().astype(np.int8))
        return dict(zip(PARTS, (whole, torch.from_numpy(self.largest).float()), strict=True))

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> Actions:
        """What `tensors` was written from."""
        table, largest = (tensors[part].numpy() for part in PARTS)
        return cls(table.astype(np.float32) / 127, largest)


def _taken(
    table: Float[ndarray, "clips t a"], clips: Int[ndarray, " n"], times: Int[ndarray, " n"], frames: int
) -> Float[ndarray, "n k"]:
    index = times[:, None] + np.arange(frames)
    inside = index < table.shape[1]
    found = table[clips[:, None], np.minimum(index, table.shape[1] - 1)] * inside[..., None]
    return np.asarray(found.reshape(len(clips), -1), np.float32)


def done_in(clip: Clip) -> Float[ndarray, "t a"]:
    """What its truth says was done in each frame of a clip; no columns where it says nothing."""
    table = None if clip.truth is None else clip.truth.action
    if table is None or not table.dtype.names:
        return np.zeros((len(clip), 0), np.float32)
    return np.stack([table[name] for name in table.dtype.names], axis=1).astype(np.float32)
