"""A stranger's video as a stream of frames that ends: limits on bytes, frames, time shown and time taken.

What a file says of itself may be a lie: a frame held for hours, a frame rate of a thousand, a day of video in a
kilobyte. Too much of what is plausible ends the stream with a note, and what was seen is judged; what cannot be true
is an error. The pixels of a frame, the formats and the protocols are limited where the file is opened
(video_read.py): a container can name no other file and no address.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuspworld.errors import CuspError

FREE_REPEATS = 600  # frames that may be repeats whatever the rest is like: a slide show


@dataclass(frozen=True)
class Limits:
    """How much of a file is looked at.

    `file_bytes`: of the file. `frames`, `seconds`: of video. `timeout`: wall-clock seconds of the audit, None for no
    limit. `repeats`: times that one decoded frame may be shown, on average.
    """

    file_bytes: int = 64 << 30
    frames: int = 5_000_000
    seconds: float | int = 24 * 3600.0
    timeout: float | int | None = None
    repeats: float | int = 50.0

    def __post_init__(self) -> None:
        for name in ("file_bytes", "frames", "seconds", "repeats"):
            if not getattr(self, name) > 0:
                raise CuspError(f"{name} must be positive: got {getattr(self, name)}")
        if self.timeout is not None and not self.timeout > 0:
            raise CuspError(f"timeout must be a positive number of seconds: got {self.timeout}")


def check_bytes(path: Path, limits: Limits) -> None:
    """Raise CuspError if the file is larger than the limit."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return  # opening it will say what is wrong
    if size > limits.file_bytes:
        raise CuspError(f"{path} has {size} bytes, more than the limit of {limits.file_bytes}: cut it into parts")


def guarded(frames: Iterator[Any], fps: float | int, limits: Limits, notes: list[str]) -> Iterator[Any]:
    """The frames until a limit is reached; `notes` then gains a line. Damage after the first frame is a note as well.

    Raises CuspError where no frame can be read, or where the timestamps repeat frames beyond belief.
    """
    begin = time.monotonic()
    most = min(limits.frames, max(1, int(limits.seconds * fps)))
    count, distinct, last = 0, 0, None
    while True:
        if limits.timeout is not None and time.monotonic() - begin > limits.timeout:
            notes.append(f"audited up to {count / fps:.2f} s: the time limit of {limits.timeout:g} s was reached")
            return
        try:
            frame = next(frames, None)
        except CuspError as error:
            if count == 0:
                raise
            notes.append(f"audited up to the damage: {error}")
            return
        if frame is None:
            return
        if count == most:
            notes.append(f"audited up to {count / fps:.2f} s: longer than the limit")
            return
        count += 1
        if frame is not last:
            distinct, last = distinct + 1, frame
        if count > FREE_REPEATS and count > limits.repeats * distinct:
            raise CuspError(
                f"the timestamps cannot be true: {distinct} decoded frames are to be shown as {count} at {fps:g} "
                "frames per second; give the true rate with fps="
            )
        yield frame
