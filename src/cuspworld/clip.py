"""Clip: a piece of video with its frame rate, its caption, and where known its truth. Reads and writes video files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.truth import Truth


@dataclass(frozen=True, eq=False)
class Clip:
    """Video: `frames` uint8 (time, height, width, 3) RGB, `fps` in frames per second."""

    frames: np.ndarray
    fps: float
    caption: str = ""
    truth: Truth | None = None

    def __post_init__(self) -> None:
        frames = self.frames
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
            raise CuspError(
                f"frames must be uint8 (time, height, width, 3), none of them 0: got {frames.dtype} {frames.shape}"
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise CuspError(f"fps must be a positive number of frames per second: got {self.fps}")

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.frames) / self.fps

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.frames.shape[1], self.frames.shape[2]

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        start: float = 0.0,
        seconds: float | None = None,
        size: int | tuple[int, int] | None = None,
        fps: float | None = None,
        partial: bool = False,
    ) -> Clip:
        from cuspworld.video import read_video

        frames, rate = read_video(path, start=start, seconds=seconds, size=size, fps=fps, partial=partial)
        return cls(frames, rate)

    def write(self, path: str | Path) -> Path:
        from cuspworld.video import write_video

        return write_video(path, self.frames, self.fps)
