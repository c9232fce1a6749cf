"""Video files in and out: `read_video`, `stream_video`, `probe`, `write_stream`, `check_output`.

The parts: read.py decodes, write.py encodes, contact_sheet.py draws, container.py tells a whole file
from one that was cut short.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.video.contact_sheet import contact_sheet
from cuspworld.video.images import write_image
from cuspworld.video.read import VideoFile, VideoInfo, probe, read_video
from cuspworld.video.write import SUFFIXES, write_video
from cuspworld.video.write import check_output as _check_output

__all__ = ["VideoFile", "VideoInfo", "check_output", "probe", "read_video", "stream_video", "write_stream"]

STILLS = (".png", ".jpg", ".jpeg")
Chunk = UInt8[np.ndarray, "time height width 3"]


def check_output(path: str | Path) -> Path:
    """`path` if a video or contact sheet can be written there, else CuspError: ask before long work."""
    path = Path(path)
    _check_output(path, (*SUFFIXES, *STILLS))
    return path


def write_stream(
    path: str | Path,
    chunks: Iterable[np.ndarray],
    fps: float,
    *,
    quality: int = 80,
    caption: str = "",
    made: Mapping[str, Any] | None = None,
) -> Path:
    """Write chunks of frames, uint8 (time, height, width, 3), one after the other, in memory that does not grow.

    The format follows the name: .mp4, .m4v, .mov (H.264 that browsers play), .webm (VP9), .gif; .png (a contact sheet,
    or the frame where there is one), .jpg (of one frame). `quality`: 0 to 100, for mp4 and webm. `made`: how it came to
    be, kept in the file. Raises CuspError; the file is written whole or not at all.
    """
    path = check_output(path)
    if path.suffix.lower() not in STILLS:
        return write_video(path, chunks, fps, quality=quality, caption=caption, made=made)
    frames = (frame for chunk in chunks for frame in chunk)
    begin = list(itertools.islice(frames, 2))
    text = json.dumps({"caption": caption, **made}, ensure_ascii=False) if made else caption
    if len(begin) == 1:
        return write_image(path, begin[0], text)
    if path.suffix.lower() == ".png":
        sheet = contact_sheet((frame[None] for frame in itertools.chain(begin, frames)), fps, caption=caption)
        return write_image(path, sheet, text)
    raise CuspError(f"{path} takes one frame: write clip[0:1], or a .png, which is a contact sheet of many")


def stream_video(
    path: str | Path,
    chunk: int = 64,
    *,
    start: float = 0.0,
    seconds: float | None = None,
    size: int | tuple[int, int] | None = None,
    fps: float | None = None,
    partial: bool = False,
) -> Iterator[tuple[Chunk, float]]:
    """(frames, fps) in chunks of at most `chunk` frames, in memory that does not grow with the video's length."""
    if chunk < 1:
        raise CuspError(f"chunk must be at least 1 frame: got {chunk}")
    with VideoFile(path) as video:
        rate = fps or video.fps
        waiting: list[np.ndarray] = []
        for frame in video.frames(start=start, seconds=seconds, size=size, fps=fps, partial=partial):
            if waiting and frame.shape != waiting[0].shape:
                raise CuspError(f"{path} changes its size on the way: read it with size=")
            waiting.append(frame)
            if len(waiting) == chunk:
                yield np.stack(waiting), rate
                waiting = []
        if waiting:
            yield np.stack(waiting), rate
