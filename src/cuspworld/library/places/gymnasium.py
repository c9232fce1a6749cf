"""Gymnasium recordings: what `RecordVideo` wrote (NAME.mp4), with NAME.npz beside it: observations and actions.

The npz holds `actions` (steps, ...) and `observations` (steps or steps + 1, ...), as arrays without pickles. A video
shows the reset and each step, so the last frame has no action: NaN.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.library.places.place import Signals
from cuspworld.video.read import VideoFile

_OBSERVATIONS = ("observations", "observation", "obs", "states", "state")
_ACTIONS = ("actions", "action")
_LARGEST = 1 << 30  # bytes of the arrays, unpacked


def signals_beside(video: Path, folder: Path) -> Signals | None:
    """The recording beside a video, None if there is none. Raises CuspError if it does not fit."""
    beside = video.with_suffix(".npz")
    if not beside.is_file() or not beside.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        with zipfile.ZipFile(beside) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise CuspError(f"{beside.name} unpacks to more than {_LARGEST >> 30} GiB: its signals are left out")
        with np.load(beside, allow_pickle=False) as arrays:
            state = next((_rows(arrays[name]) for name in _OBSERVATIONS if name in arrays), None)
            action = next((_rows(arrays[name]) for name in _ACTIONS if name in arrays), None)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise CuspError(f"{beside.name} cannot be read, so its signals are left out: {error}") from error
    if state is None and action is not None:
        state = np.zeros((len(action) + 1, 0), np.float32)
    if state is None:
        raise CuspError(f"{beside.name} holds neither observations nor actions: its signals are left out")
    with VideoFile(video) as file:
        fps = file.fps
    count = len(state)
    if action is not None:
        if len(action) not in (count, count - 1):
            raise CuspError(
                f"{beside.name} has {count} observations and {len(action)} actions: its signals are left out; "
                "there is one observation more, or as many"
            )
        if len(action) == count - 1:
            action = np.concatenate([action, np.full((1, action.shape[1]), np.nan, np.float32)])
    names = tuple(f"observation_{k}" for k in range(state.shape[1]))
    acted = () if action is None else tuple(f"action_{k}" for k in range(action.shape[1]))
    return Signals(fps, state, names, action, acted)


def _rows(values: np.ndarray) -> np.ndarray:
    """(steps, columns) float32. Raises ValueError for what are no numbers."""
    if values.ndim == 0 or not len(values):
        raise ValueError("an array without steps")
    return values.reshape(len(values), -1).astype(np.float32)
