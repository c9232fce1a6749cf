"""Training batches from a library of clips: windows of one size a batch, chosen by step number alone.

The codec learns from crops, drawn more often where something moves: most pixels of most clips are a still background.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.training.loop import Process, step_generator


@dataclass(frozen=True)
class Shape:
    """Of a clip, or of the windows that are cut from it."""

    frames: int
    height: int
    width: int


def shape_of(clip: Clip) -> Shape:
    return Shape(len(clip), *clip.size)


def shapes_of(clips: Sequence[Clip]) -> list[Shape]:
    """Frames, height and width of every clip. A library has them as columns: not one frame is read."""
    if (column := getattr(clips, "column", None)) is None:
        return [shape_of(clip) for clip in clips]
    return [Shape(*shape) for shape in zip(column("time"), column("height"), column("width"), strict=True)]


def captions_of(clips: Sequence[Clip]) -> list[str]:
    """Every clip's caption, from a library's column where there is one."""
    column = getattr(clips, "column", None)
    return [clip.caption for clip in clips] if column is None else column("caption")


def window_shape(clip: Shape, window: int, stride: int, space: int) -> Shape:
    """The largest window of at most `window` frames and the largest multiple of `space` that fit into the clip."""
    frames = (min(window, clip.frames) - 1) // stride * stride + 1
    height, width = clip.height // space * space, clip.width // space * space
    if height == 0 or width == 0:
        raise CuspError(
            f"a clip of {clip.height} x {clip.width} pixels is smaller than one token ({space} x {space}): "
            f"ingest the library at a size of {space} or more"
        )
    return Shape(frames, height, width)


def cut(clip: Clip, shape: Shape, start: int) -> UInt8[np.ndarray, "t h w 3"]:
    """The window of `shape` at frame `start`, centred in space."""
    top, left = (clip.size[0] - shape.height) // 2, (clip.size[1] - shape.width) // 2
    return clip.frames[start : start + shape.frames, top : top + shape.height, left : left + shape.width]


_STILL = 4.0  # weight of a still place, in units of 8-bit brightness: it is drawn too, but seldom
_GRID = 4  # pixels between the places that a crop may be centred on


def crop(window: UInt8[np.ndarray, "t h w 3"], side: int, draw: float) -> UInt8[np.ndarray, "t i j 3"]:
    """A square of `side` pixels (or less, where the window is smaller), centred by `draw` in [0, 1) on a place chosen
    with a chance in proportion to how much it changes over the window."""
    height, width = min(side, window.shape[1]), min(side, window.shape[2])
    seen = window[:, ::_GRID, ::_GRID]
    change = (seen.max(0) - seen.min(0)).max(-1) + _STILL
    place = int(np.searchsorted(np.cumsum(change) / change.sum(), draw, side="right"))
    row, column = np.unravel_index(min(place, change.size - 1), change.shape)
    top = int(np.clip(row * _GRID - height // 2, 0, window.shape[1] - height))
    left = int(np.clip(column * _GRID - width // 2, 0, window.shape[2] - width))
    return window[:, top : top + height, left : left + width]


class ClipWindows:
    """Random windows of a library, `batch` of one shape at a step; buckets are drawn by their number of clips. With
    `side`, each is cropped to that many pixels."""

    def __init__(self, clips: Sequence[Clip], window: int, stride: int, space: int, seed: int, side: int | None = None):
        if not len(clips):
            raise CuspError("the library's training split has no clips: record or ingest some first")
        self.clips, self.seed, self.side = clips, seed, side
        buckets: dict[Shape, list[int]] = defaultdict(list)
        for index, shape in enumerate(shapes_of(clips)):
            buckets[window_shape(shape, window, stride, space)].append(index)
        self.shapes = sorted(buckets, key=lambda s: (s.frames, s.height, s.width))
        self.members = [buckets[shape] for shape in self.shapes]

    def batch(self, step: int, size: int, process: Process) -> UInt8[np.ndarray, "b t h w 3"]:
        """This process's share of step `step`'s batch of `size` windows."""
        generator = step_generator(self.seed, step)
        counts = torch.tensor([len(m) for m in self.members], dtype=torch.float64)
        bucket = int(torch.multinomial(counts, 1, generator=generator))
        shape, members = self.shapes[bucket], self.members[bucket]
        chosen = torch.randint(len(members), (size,), generator=generator).tolist()
        draws = torch.rand(size, 2, generator=generator).tolist()
        share = process.share(size)
        windows = []
        for index, (moment, place) in zip(chosen[share], draws[share], strict=True):
            clip = self.clips[members[index]]
            window = cut(clip, shape, int(moment * (len(clip) - shape.frames + 1)))
            windows.append(window if self.side is None else crop(window, self.side, place))
        return np.stack(windows)
