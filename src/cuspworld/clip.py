"""Clip: a piece of video with its frame rate, its caption, and where known its truth. Reads and writes video files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole
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
        truth: bool = False,
    ) -> Clip:
        """Read a video file: mp4, mov, webm, mkv, avi or gif.

        `start`, `seconds`: the part to read, in seconds; at most what there is. `size`: (height, width), or a number
        for a square: scaled to cover it and cropped at the centre, never stretched. `fps`: the frames shown at every
        1/fps seconds, by their timestamps; the file's average by default. `partial`: of a damaged file, return the
        frames before the damage. `truth`: also read the truth that `write(truth=True)` left beside the file.

        Raises CuspError if the file is missing, not video, or damaged: it says how many frames could be read.
        """
        from cuspworld.video.files import read_video

        if truth and (start, seconds, size, fps) != (0.0, None, None, None):
            raise CuspError(
                "truth=True reads whole clips: its tables have one row a frame; leave start, seconds, size, fps"
            )
        frames, rate, caption = read_video(path, start=start, seconds=seconds, size=size, fps=fps, partial=partial)
        return cls(frames, rate, caption, _read_truth(Path(path)) if truth else None)

    @classmethod
    def stream(cls, path: str | Path, chunk: int = 64, **options: Any) -> Iterator[Clip]:
        """Read a video of any length as clips of at most `chunk` frames, in memory that does not grow.

        Options as for `read`: start, seconds, size, fps, partial. The clips follow one another without a gap.
        """
        from cuspworld.video.files import stream_video

        for frames, rate in stream_video(path, chunk, **options):
            yield cls(frames, rate)

    def write(self, path: str | Path, *, quality: int = 80, truth: bool = False) -> Path:
        """Write by the name: .mp4, .mov (H.264, which browsers play), .webm (VP9), .gif or .png (a contact sheet).

        `quality`: 0 to 100, for mp4 and webm. `truth`: also write the truth beside it, as clip.truth.npz for clip.mp4.
        H.264 needs even sides: an odd side gains one row or column. Written whole or not at all; raises CuspError.
        """
        from cuspworld.video.files import write_stream

        if truth and self.truth is None:
            raise CuspError("this clip has no truth to write: leave truth=False")
        path = write_stream(path, [self.frames], self.fps, quality=quality, caption=self.caption)
        if truth and self.truth is not None:
            with written_whole(_truth_path(path)) as aside:
                aside.write_bytes(self.truth.to_bytes())
        return path


def _truth_path(path: Path) -> Path:
    return path.with_suffix(".truth.npz")


def _read_truth(path: Path) -> Truth:
    try:
        return Truth.from_bytes(_truth_path(path).read_bytes())
    except OSError as error:
        raise CuspError(f"no truth beside {path}: {_truth_path(path)} cannot be read ({error.strerror})") from error
