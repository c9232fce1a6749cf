"""Recordings with actions to learn dynamics from: checked, in memory, and drawn as windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.training.loop import Process, step_generator

_HOW = (
    "record with actions: `cusp record WORLD -n 200 -o kicks.lance --actions random`, or "
    "`world.record(seed, actions=...)`, which takes one row a frame"
)


@dataclass(frozen=True)
class Recordings:
    """Clips with actions in memory: uint8 frames (time, height, width, 3), and scaled actions (time, actions); row k
    acts between the frames k and k + 1. `numbers` (time, columns): what the truth says of the world, in spreads from
    the middle, NaN while something is out of the picture; no columns where the clips do not say it. `usual`: the root
    mean square of each action where it is taken, in the world's units."""

    frames: list[np.ndarray]
    actions: list[np.ndarray]
    numbers: list[np.ndarray]
    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    usual: np.ndarray
    fps: float

    @classmethod
    def of(cls, clips: Sequence[Clip], limits: Mapping[str, tuple[float, float]] | None = None) -> Recordings:
        """Read them. `limits`: of each action; by default those of the clips' world, else what was seen.

        Raises CuspError for clips without actions, of several worlds, sizes or rates, NaN, or actions beyond limits.
        """
        if not len(clips):
            raise CuspError(f"there is no clip to learn dynamics from; {_HOW}")
        frames, actions = [], []
        first: tuple[object, ...] | None = None
        for index, clip in enumerate(clips):
            taken = None if clip.truth is None else clip.truth.action
            if clip.truth is None or taken is None or not taken.dtype.names:
                raise CuspError(f"clip {index} ({clip.caption[:40]!r}) has no actions; {_HOW}")
            alike = (clip.truth.world, taken.dtype.names, clip.frames.shape[1:3], float(clip.fps))
            first = first or alike
            if alike != first:
                raise CuspError(
                    f"clips must be of one world, size and rate: clip {index} is {alike}, clip 0 is {first}; "
                    "make a library of each"
                )
            table = np.stack([taken[name] for name in taken.dtype.names], axis=-1).astype(np.float64)
            if len(table) != len(clip.frames):
                raise CuspError(f"clip {index} has {len(table)} rows of actions for {len(clip.frames)} frames")
            if not np.isfinite(table).all():
                raise CuspError(f"clip {index} has actions that are NaN or infinite")
            frames.append(clip.frames)
            actions.append(table)
        assert first is not None
        world, names, _, fps = first
        every = np.concatenate(actions)
        if not np.ptp(every, axis=0).any():
            raise CuspError(f"no action was ever taken here ({', '.join(names)} never change); {_HOW}")  # type: ignore[arg-type]
        low, high = _limits(str(world), tuple(names), every, limits)  # type: ignore[arg-type]
        over = (every < low - 1e-6) | (every > high + 1e-6)
        if over.any():
            column = int(np.flatnonzero(over.any(0))[0])
            raise CuspError(f"the action {names[column]} leaves its range {low[column]:g} to {high[column]:g}")  # type: ignore[index]
        scale = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-12)
        scaled = [(table / scale).astype(np.float32) for table in actions]
        usual = np.sqrt((every**2).sum(0) / np.maximum((every != 0).sum(0), 1))
        usual = np.where(usual > 0, usual, scale)
        return cls(frames, scaled, _numbers(clips), tuple(names), low, high, usual, float(fps))  # type: ignore[arg-type]


def has_numbers(clips: Sequence[Clip]) -> bool:
    """Whether every clip says the world's numbers, the same ones, at every frame."""
    names = {None if c.truth is None or c.truth.state is None else c.truth.state.dtype.names for c in clips}
    if None in names or len(names) != 1:
        return False
    return all(c.truth is not None and len(c.truth.state) == len(c.frames) for c in clips)


def rows_of(clips: Sequence[Clip]) -> np.ndarray:
    """(moments, columns) of the clips' truths."""
    tables = [clip.truth.state for clip in clips if clip.truth is not None and clip.truth.state is not None]
    return np.concatenate([np.stack([table[name] for name in table.dtype.names or ()], axis=-1) for table in tables])


def in_picture(clip: Clip) -> np.ndarray:
    """(time,) False while a place in the state (a column in metres that ends in _x or _y) is out of the picture: nobody
    can read there where it is. True throughout where the camera does not look square at a plane."""
    truth, found = clip.truth, np.ones(len(clip.frames), np.bool_)
    if truth is None or truth.camera is None or "metres_per_pixel" not in truth.camera:
        return found
    scale, sides = truth.camera["metres_per_pixel"], {"_x": clip.frames.shape[2], "_y": clip.frames.shape[1]}
    for name in truth.state.dtype.names or ():
        if truth.units.get(name) == "m" and name[-2:] in sides:
            way = 1 if name.endswith("_x") else -1
            pixels = way * truth.state[name] / scale + truth.camera[f"origin{name[-2:]}"]
            found &= (pixels >= 0) & (pixels <= sides[name[-2:]])
    return found


def low_frequencies(frames: Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    """(time, 3 count count) of each clip: the lowest `count` cosines of its pictures, in both directions and each
    colour, from their mean, in their spread. Where a thing is moves them smoothly: cells of a small picture do not say
    where in a cell it is."""
    waves = [
        np.cos(np.pi * np.outer(np.arange(count), (np.arange(side) + 0.5) / side)).astype(np.float32)
        for side in frames[0].shape[1:3]
    ]
    told = [
        np.einsum("thwc,kh,lw->tklc", clip.astype(np.float32), *waves, optimize=True).reshape(len(clip), -1)
        for clip in frames
    ]
    every = np.concatenate(told)
    middle, spread = every.mean(0), every.std(0).clip(1e-6)
    return [(clip - middle) / spread for clip in told]


def _numbers(clips: Sequence[Clip]) -> list[np.ndarray]:
    if not has_numbers(clips):
        return [np.zeros((len(clip.frames), 0), np.float32) for clip in clips]
    shown, rows = np.concatenate([in_picture(clip) for clip in clips]), rows_of(clips)
    if not shown.any():
        return [np.zeros((len(clip.frames), 0), np.float32) for clip in clips]
    middle, spread = rows[shown].mean(0), rows[shown].std(0)
    varied = spread > 1e-6 * np.maximum(np.abs(middle), 1e-6)
    told = ((rows - middle)[:, varied] / spread[varied]).astype(np.float32)
    told[~shown] = np.nan
    return np.split(told, np.cumsum([len(clip.frames) for clip in clips])[:-1])


def _limits(
    world: str, names: tuple[str, ...], every: np.ndarray, given: Mapping[str, tuple[float, float]] | None
) -> tuple[np.ndarray, np.ndarray]:
    known: dict[str, tuple[float, float]] = {}
    if given is not None:
        if missing := [name for name in names if name not in given]:
            raise CuspError(f"limits must name every action: {missing[0]} is missing")
        known = dict(given)
    elif world in worlds.names():
        known = {name: (low, high) for name, (_, low, high) in worlds.make(world).actions.items()}
    seen = zip(names, every.min(0), every.max(0), strict=True)
    pairs = [known.get(name, (float(low), float(high))) for name, low, high in seen]
    return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])


class Windows(NamedTuple):
    frames: Tensor  # (b, t, h, w, 3) uint8
    actions: Tensor  # (b, t - 1, actions), scaled
    numbers: Tensor  # (b, t, columns)
    seed: int


class WindowBatches:
    """step -> windows of `length` frames: clips by length, starts at random, from seed and step alone."""

    def __init__(self, recordings: Recordings, length: int, batch: int, seed: int, device: str):
        self.recordings, self.length, self.batch, self.seed, self.device = recordings, length, batch, seed, device
        room = np.array([len(frames) - length + 1 for frames in recordings.frames])
        self.long = np.flatnonzero(room > 0)
        if not len(self.long):
            raise CuspError(
                f"clips must have {length} frames or more (history and steps ahead): the longest has "
                f"{length - 1 + int(room.max())}"
            )
        self.ends = np.cumsum(room[self.long])

    def __call__(self, step: int, process: Process) -> Windows:
        generator = step_generator(self.seed, step)
        picks = torch.randint(int(self.ends[-1]), (self.batch,), generator=generator).numpy()
        picks = picks[process.share(self.batch)]
        which = np.searchsorted(self.ends, picks, side="right")
        begins = list(zip(self.long[which], picks - np.concatenate([[0], self.ends])[which], strict=True))
        kept = self.recordings
        parts = [
            torch.from_numpy(np.stack([tables[clip][k : k + length] for clip, k in begins]))
            for tables, length in (
                (kept.frames, self.length), (kept.actions, self.length - 1), (kept.numbers, self.length),
            )
        ]  # fmt: skip
        seed = int(torch.randint(2**31, (1,), generator=generator)) + process.rank
        frames, actions, numbers = (part.to(self.device) for part in parts)
        return Windows(frames, actions, numbers, seed)
