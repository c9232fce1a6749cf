"""What a place of videos gives: batches of files that lie on this machine, with what was recorded beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cuspworld.library.schema import letters
from cuspworld.truth import Truth

LARGEST_FILE = 8 << 30  # bytes of one video that is fetched or unpacked
BATCH_FILES, BATCH_BYTES = 64, 1 << 30  # so much of a remote place is on this machine at once


@dataclass(frozen=True)
class Signals:
    """Numbers that were recorded with a video: tables of `fps` rows a second, (rows, columns) float32, and the columns'
    names. Row k is what holds at k / fps seconds; an action is the one taken then, NaN where none was."""

    fps: float
    state: np.ndarray
    state_names: tuple[str, ...]
    action: np.ndarray | None = None
    action_names: tuple[str, ...] = ()

    def truth(self) -> Truth:
        """As the truth of a clip that begins with the recording."""
        state = _structured(self.state, self.state_names)
        action = None if self.action is None else _structured(self.action, self.action_names)
        return Truth("", {}, state, dict.fromkeys((*self.state_names, *self.action_names), ""), action)


@dataclass(frozen=True)
class Part:
    """A stretch of a file that is one clip: an episode of a recording. `seconds`: None to the file's end."""

    start: float = 0.0
    seconds: float | None = None
    caption: str | None = None
    signals: Signals | None = None


@dataclass(frozen=True)
class Video:
    """A file of a place: its name there, where it lies now, its caption if the place tells one. `root`: the folder
    whose texts may stand beside it. `parts`: its episodes; without, shots are found."""

    name: str
    path: str
    caption: str | None = None
    root: str | None = None
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", letters(self.name))


@dataclass(frozen=True)
class Batch:
    """Videos that lie on this machine until the next batch is asked for, and (what, why) of others."""

    videos: tuple[Video, ...]
    problems: tuple[tuple[str, str], ...] = ()


class Place(Protocol):
    """Somewhere that videos come from."""

    @property
    def name(self) -> str:
        """The same for the same place, whenever it is opened."""

    def batches(self) -> Iterator[Batch]:
        """Raises CuspError if it holds no video, or cannot be reached."""


def _structured(table: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    rows = np.empty(len(table), [(name, np.float64) for name in names])
    for index, name in enumerate(names):
        rows[name] = table[:, index]
    return rows


def named(wanted: Any, width: int, prefix: str) -> tuple[str, ...]:
    """Names of `width` columns: those that a file gives (a list, or lists by group), else numbered; no two alike."""
    if isinstance(wanted, Mapping):
        wanted = [name for group in wanted.values() for name in (group if isinstance(group, list) else [])]
    names = [str(name) for name in wanted] if isinstance(wanted, list | tuple) else []
    if len(names) != width or len(set(names)) != width or not all(names):
        return tuple(f"{prefix}_{k}" for k in range(width))
    return tuple(names)
