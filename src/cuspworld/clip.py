"""Clip: a piece of video with its frame rate, its caption, and where known its truth. Reads and writes video files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import index as as_index
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, overload

import numpy as np

from cuspworld import html
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.truth import Truth

_PLAYED = 600  # frames that a notebook is given
_PLAYABLE = (0.1, 1000.0)  # frames a second
_SEEN = 320  # pixels: how wide a notebook shows a small clip


@dataclass(frozen=True, eq=False, repr=False)
class Clip:
    """Video: `frames` uint8 (time, height, width, 3) RGB, `fps` in frames per second; `made`: how a simulator made it
    (prompt, seed, model, its path's branches, passages, margin), empty for others.

    A sequence of frames: `len(clip)`, `for frame in clip`, `clip[3]`, `np.asarray(clip)`; a slice is a clip again.
    """

    frames: np.ndarray
    fps: float
    caption: str = ""
    truth: Truth | None = None
    made: Mapping[str, Any] = field(default_factory=dict)  # how a generated clip came to be: prompt, seed, model, ...

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

    @overload
    def __getitem__(self, index: slice) -> Clip: ...
    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...
    def __getitem__(self, index: slice | int) -> Clip | np.ndarray:
        """`clip[3]` is a frame, `clip[10:20]` a clip of ten with their truth, `clip[::2]` one of half the rate.

        Raises CuspError for a slice without frames, or one that runs backwards: take `clip.frames[::-1]`."""
        if not isinstance(index, slice):
            return self.frames[as_index(index)]
        start, stop, step = index.indices(len(self))
        if step < 0:
            raise CuspError("a clip runs forwards: for its frames backwards take clip.frames[::-1]")
        if not len(range(start, stop, step)):
            raise CuspError(f"no frame of {len(self)} lies in [{start}:{stop}]")
        truth = None if self.truth is None else self.truth.of_frames(start, stop, step, self.fps)
        return Clip(self.frames[start:stop:step], self.fps / step, self.caption, truth, self.made)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.frames)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.frames, dtype, copy=copy)

    def __repr__(self) -> str:
        height, width = self.size
        caption = self.caption if len(self.caption) <= 60 else self.caption[:59] + "…"
        known = "" if self.truth is None else f", truth of {self.truth.world}"
        return f"Clip({len(self)} frames of {height} x {width} at {self.fps:g} fps{known}: {caption!r})"

    def _repr_html_(self) -> str:
        """The clip, playing; its first minute at most, and slower or faster where no player could."""
        shown = Clip(self.frames[:_PLAYED], min(max(self.fps, _PLAYABLE[0]), _PLAYABLE[1]))
        with TemporaryDirectory() as folder:
            video = shown.write(Path(folder) / "clip.mp4").read_bytes()
        cut = f"; the first {len(shown)} frames are shown" if len(shown) < len(self) else ""
        facts = {"clip": f"{self.seconds:.4g} s: {len(self)} frames of {self.size[0]} x {self.size[1]}{cut}"}
        if self.truth is not None:
            facts |= self.truth.facts()
        return html.player(video, max(_SEEN, min(self.size[1], 2 * _SEEN))) + html.table(self.caption, facts)

    def plot(self, frames: int = 8, axes: Any = None) -> Any:
        """Draw `frames` frames side by side with their times, into matplotlib's `axes` or new ones."""
        from cuspworld.video.contact_sheet import contact_sheet

        sheet = contact_sheet([self.frames], self.fps, caption=self.caption, frames=frames, columns=min(frames, 8))
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots(figsize=(sheet.shape[1] / 100, sheet.shape[0] / 100), layout="constrained")[1]
        axes.imshow(sheet)
        axes.set_axis_off()
        return axes

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
        options: dict[str, Any] = {"start": start, "seconds": seconds, "size": size, "fps": fps, "partial": partial}
        frames, rate, caption, made = read_video(path, **options)
        return cls(frames, rate, caption, _read_truth(Path(path)) if truth else None, made)

    @classmethod
    def stream(cls, path: str | Path, chunk: int = 64, **options: Any) -> Iterator[Clip]:
        """Read a video of any length as clips of at most `chunk` frames, in memory that does not grow.

        Options as for `read`: start, seconds, size, fps, partial. The clips follow one another without a gap.
        """
        from cuspworld.video.files import stream_video

        for frames, rate in stream_video(path, chunk, **options):
            yield cls(frames, rate)

    def write(self, path: str | Path, *, quality: int = 80, truth: bool = False) -> Path:
        """Write by the name: .mp4, .mov (H.264, which browsers play), .webm (VP9), .gif, .png (a contact sheet, or the
        frame where there is one) or .jpg (of one frame).

        `quality`: 0 to 100, for mp4 and webm. `truth`: also write the truth beside it, as clip.truth.npz for clip.mp4.
        H.264 needs even sides: an odd side gains one row or column. Written whole or not at all; raises CuspError.
        """
        from cuspworld.video.files import write_stream

        if truth and self.truth is None:
            raise CuspError("this clip has no truth to write: leave truth=False")
        path = write_stream(path, [self.frames], self.fps, quality=quality, caption=self.caption, made=self.made)
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
