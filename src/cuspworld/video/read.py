"""Video files to frames: mp4, mov, webm, mkv, avi and gif through PyAV, a frame at a time, in memory that never grows.

Time is taken from the timestamps, never from the frame count: the frame at output time t is the one that a player shows
at t, so a variable frame rate comes out as a constant one. A file can only name itself: playlists and other protocols
are refused, and sizes are checked before anything is decoded.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from jaxtyping import UInt8

from cuspworld.checks import image_size
from cuspworld.errors import CuspError
from cuspworld.video.container import is_cut_short
from cuspworld.video.geometry import MAX_PIXELS, MAX_SIDE, Frame, shown_size, upright
from cuspworld.video.interlaced import progressive

Look = TypeVar("Look")

SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".apng",
    ".3gp", ".3g2", ".asf", ".divx", ".f4v", ".flv", ".m2ts", ".m2v", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt",
    ".ts", ".vob", ".wmv", ".y4m",
)  # fmt: skip
MAX_BYTES = 4 << 30  # of frames that `read_video` keeps in memory at once
MAX_FPS = 1000.0
_LONGEST = 1e9  # seconds, thirty years
MAX_HOLD = 600.0  # seconds that one frame may stay on screen; beyond it the timestamps are damaged
THREADED_PIXELS = 1280 * 720
_FORMATS = "mov,matroska,webm,gif,apng,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mxf,yuv4mpegpipe"


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself. `frames` and `seconds` are None where the container does not tell."""

    path: Path
    container: str
    codec: str
    height: int
    width: int
    fps: float
    frames: int | None
    seconds: float | None
    caption: str
    made: dict[str, Any] = field(default_factory=dict)  # how a file of ours came to be: prompt, seed, model, ...


def shown(path: str | Path) -> str:
    """The path as an error message shows it: on one line and not endless."""
    text = str(path)
    return text if len(text) <= 200 and text.isprintable() else repr(text[:200])


def check_seconds(start: float, seconds: float | None) -> None:
    if not 0 <= start <= _LONGEST:
        raise CuspError(f"start must be a time in seconds from 0 on: got {start}")
    if seconds is not None and not 0 < seconds <= _LONGEST:
        raise CuspError(f"seconds must be a positive number: got {seconds}; leave it out to read to the end")


def check_fps(fps: float | None) -> None:
    if fps is not None and not (math.isfinite(fps) and 0 < fps <= MAX_FPS):
        raise CuspError(f"fps must be above 0 and at most {MAX_FPS:g} frames per second: got {fps}")


def check_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """(height, width) of the frames that are asked for, None for the file's own."""
    return None if size is None else image_size(size, 1, MAX_SIDE)


class VideoFile:
    """An open video file. Use as a context manager; `frames` may be called once.

    Raises CuspError if the file is missing, empty, not a video that FFmpeg can read, or too large to decode safely.
    """

    def __init__(self, path: str | Path):
        import av

        self.path = Path(path)
        _check_is_file(self.path)
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file", "max_pixels": str(MAX_PIXELS)}
        try:
            self._container = av.open(f"file:{self.path}", options=options, **_lenient(av.__version__))
        except (av.FFmpegError, ValueError, OSError) as error:
            cut = is_cut_short(self.path)
            why = "it is cut short and its index is lost" if cut else getattr(error, "strerror", None) or str(error)
            raise CuspError(
                f"cannot read {shown(path)} as a video: {why}; 0 frames could be read. "
                f"cuspworld reads {', '.join(SUFFIXES)}"
            ) from error
        try:
            stream = _video_stream(self._container)
            if stream is None or stream.codec_context is None:
                raise CuspError(
                    f"{shown(path)} holds no video that can be decoded, only {_other_streams(self._container)}"
                )
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            # Threads pay from about 720p on; below, handing frames over costs more than decoding them.
            stream.thread_type = "AUTO" if stream.height * stream.width >= THREADED_PIXELS else "NONE"
            self._stream = stream
            self._check_pixels(stream.height, stream.width)
            self._gif_fps = self._measure_gif_fps() if self._container.format.name == "gif" else None
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._container.close()

    @property
    def fps(self) -> float:
        """The average number of frames per second; 10 (a gif's default) where the file does not say anything sane."""
        if self._gif_fps:
            return self._gif_fps
        for rate in (self._stream.average_rate, self._stream.guessed_rate, self._stream.base_rate):
            if rate and 0.01 <= rate <= MAX_FPS:
                return float(rate)
        return 10.0

    @property
    def seconds(self) -> float | None:
        """The declared duration in seconds, None where the file does not say."""
        stream, container = self._stream, self._container
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if not container.duration:
            return None
        # Matroska tells when it ends, which is not how long it is where it begins later than 0
        begins = container.start_time if "matroska" in container.format.name and container.start_time else 0
        return max(0, container.duration - max(0, begins)) / 1e6

    @property
    def caption(self) -> str:
        """The description that `Clip.write` leaves in the file."""
        told = next((v for k, v in self._container.metadata.items() if k.lower() == "description"), None)
        return str(self._comment.get("caption", "")) if told is None else told

    @property
    def made(self) -> dict[str, Any]:
        """How a file of ours came to be, as `write_video` left it; empty for all others."""
        return {name: value for name, value in self._comment.items() if name != "caption"}

    @property
    def _comment(self) -> dict[str, Any]:
        text = next((v for k, v in self._container.metadata.items() if k.lower() == "comment"), "")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) and found.pop("made_by", None) == "cuspworld" else {}

    def frames(
        self,
        *,
        start: float = 0.0,
        seconds: float | None = None,
        size: int | tuple[int, int] | None = None,
        fps: float | None = None,
        partial: bool = False,
    ) -> Iterator[Frame]:
        """The frames at times start, start + 1/fps, ... as uint8 (height, width, 3) RGB, one at a time.

        `size`: (height, width), or one number for a square: scaled to cover it, then cropped at the centre, so that the
        aspect ratio never changes. `fps`: the file's own average by default. Raises CuspError at the first damaged or
        lost frame, saying how many could be read; with `partial` it stops there without an error.
        """
        target = check_size(size)
        return self.looked_at(
            lambda frame: self.picture(frame, target), start=start, seconds=seconds, fps=fps, partial=partial
        )

    def looked_at(
        self,
        look: Callable[[Any], Look],
        *,
        start: float = 0.0,
        seconds: float | None = None,
        fps: float | None = None,
        partial: bool = False,
    ) -> Iterator[Look]:
        """As `frames`, but what `look` makes of each decoded frame (PyAV's) that is shown: a frame in full colour at
        its own size costs as much as decoding it several times, and not everybody needs it. `picture` and `size_of`
        take such a frame."""
        check_seconds(start, seconds)
        check_fps(fps)
        rate = fps or self.fps
        wanted = None if seconds is None else max(1, round(seconds * rate))
        late = self._tolerance(fps)
        uneven = self._gif_fps is None and fps is not None
        count = 0
        held: Any = None  # the frame on screen, and since when
        since = -math.inf
        picture: Look | None = None
        problem: str | None = None
        try:
            for time, frame in self._timed(start):
                if held is not None and time - max(since, start) > MAX_HOLD:
                    problem = f"its timestamps jump by {time - max(since, start):.0f} s"
                    break
                if held is not None and not uneven and not _is_even((time - since) * rate):
                    late, uneven = self._tolerance(rate), True
                tolerance = min(late, 0.5 * (time - since))
                while held is not None and start + count / rate < time - tolerance:
                    if picture is None:
                        picture = look(held)
                    yield picture
                    count += 1
                    if count == wanted:
                        return
                held, since, picture = frame, time, None
        except _DamagedError as error:
            problem = str(error)
        if problem is None and is_cut_short(self.path):
            problem = "the file is cut short"
        if held is not None:
            length = float(held.duration * held.time_base) if held.duration and held.time_base else 0.0
            end = since + (length if 0 < length <= MAX_HOLD else 1 / self.fps)
            while count != wanted and start + count / rate < end - late:
                try:
                    picture = look(held) if picture is None else picture
                except _DamagedError as error:
                    problem = problem or str(error)
                    break
                yield picture
                count += 1
        if count == wanted:
            return
        if problem is not None and not partial:
            raise CuspError(
                f"{shown(self.path)} is damaged: {problem}; {count} frame{'s' * (count != 1)} could be read. "
                "Read with partial=True to get those"
            )
        if count == 0:
            if problem is not None:
                raise CuspError(f"{shown(self.path)} is damaged: {problem}; 0 frames could be read")
            if held is None and start == 0:
                raise CuspError(f"{shown(self.path)} holds no frames")
            raise CuspError(f"start={start:g} s is past the end of {shown(self.path)}, which ends at {since:.3f} s")

    def size_of(self, frame: Any) -> tuple[int, int]:
        """(height, width) of a decoded frame as it is shown."""
        return shown_size(frame, self._stream.sample_aspect_ratio)

    def picture(self, frame: Any, target: tuple[int, int] | None) -> Frame:
        """A decoded frame as it is shown. Raises _DamagedError where its pixels make no picture."""
        import av

        try:
            return upright(frame, target, self._stream.sample_aspect_ratio)
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise _DamagedError(getattr(error, "strerror", None) or str(error)) from error

    def _timed(self, start: float) -> Iterator[tuple[float, Any]]:
        """(seconds since the first frame, decoded frame), from the last key frame before `start` on."""
        import av

        stream = self._stream
        origin = float(stream.start_time * stream.time_base) if stream.start_time is not None else None
        if self._container.format.name == "avi":  # its packets have no presentation times: the decoder's delay shows
            origin = self._first_time()
        if start > 0 and origin is not None:
            try:
                self._container.seek(int((start + origin) / float(stream.time_base)), stream=stream, backward=True)
            except (av.FFmpegError, OverflowError):
                self._rewind()  # not seekable there: decode from the beginning
        told = self._container.format.name != "mpegvideo"  # a bare stream has no times: those it gets may leave gaps
        previous = -1 / self.fps
        frames = progressive(self._container.decode(stream))
        sought = start > 0 and origin is not None
        while True:
            try:
                frame = next(frames, None)
            except (av.FFmpegError, MemoryError, OSError, ValueError) as error:
                raise _DamagedError(getattr(error, "strerror", None) or str(error)) from error
            if sought and origin is not None and (frame is None or (frame.time or 0) - origin > start):
                self._rewind()  # some containers (MPEG-TS) know no key frames, and their seek goes too far
                frames, sought = progressive(self._container.decode(stream)), False
                continue
            sought = False
            if frame is None:
                return
            if frame.is_corrupt:
                raise _DamagedError("a frame is incomplete")
            self._check_pixels(frame.height, frame.width)
            shown_at = frame.time if told else None  # in seconds
            if shown_at is None:
                time = previous + 1 / self.fps
            else:
                if origin is None:
                    origin = shown_at
                time = shown_at - origin
            time = max(time, previous)
            previous = time
            yield time, frame

    def _rewind(self) -> None:
        import av

        try:
            self._container.seek(0)
        except av.FFmpegError as error:
            raise _DamagedError(f"it cannot be read from its beginning ({error.strerror})") from error

    def _first_time(self) -> float | None:
        """When the first frame that comes out of the decoder is shown."""
        import av

        try:
            frame = next(self._container.decode(self._stream), None)
        except (av.FFmpegError, MemoryError, OSError, ValueError):
            return None  # reading from the beginning will say what is wrong
        self._rewind()
        return None if frame is None else frame.time

    def _tolerance(self, fps: float | None) -> float:
        """Seconds by which a timestamp may come late and still count: half a frame at the file's own rate, whose
        jitter is no change of speed; else, and from the first step on that is none of that rate, what the container
        rounds, since a frame shown too early is a wrong one."""
        if fps is None or self._gif_fps is not None:
            return 0.5 / max(fps or self.fps, self.fps)
        rounding = float(self._stream.time_base or 0)
        return min(0.5 / max(fps, self.fps), max(1e-4, 1.1 * rounding))

    def _measure_gif_fps(self) -> float | None:
        """A gif's delays are whole hundredths of a second: the whole fps that they round, else their mean."""
        import av

        try:
            packets = [
                packet for packet in self._container.demux(self._stream) if packet.size and packet.pts is not None
            ]
            self._container.seek(0)
        except av.FFmpegError:
            return None
        times = [float(packet.pts * packet.time_base) for packet in packets]
        end = times[-1] + float(packets[-1].duration * packets[-1].time_base) if packets else 0.0
        if end <= 0:
            return None
        mean = len(times) / end
        delays = {round(after - before, 4) for before, after in itertools.pairwise([*times, end])}
        whole = round(mean)
        if len(delays) > 1 and whole and all(abs(k / whole - time) < 0.0101 for k, time in enumerate(times)):
            return float(whole)
        return mean if 0.01 <= mean <= MAX_FPS else None

    def _check_pixels(self, height: int, width: int) -> None:
        if max(height, width) > MAX_SIDE or height * width > MAX_PIXELS:
            raise CuspError(
                f"{shown(self.path)} declares frames of {height}x{width} pixels; "
                f"cuspworld decodes at most {MAX_SIDE} a side and {MAX_PIXELS} in all"
            )


def _is_even(frames: float) -> bool:
    """Is a time between two frames, counted in frames of the file's average rate, about a whole number of them?"""
    return round(frames) >= 1 and abs(frames - round(frames)) < 0.3


class _DamagedError(Exception):
    """Decoding stopped at a damaged place."""


def read_video(
    path: str | Path,
    *,
    start: float = 0.0,
    seconds: float | None = None,
    size: int | tuple[int, int] | None = None,
    fps: float | None = None,
    partial: bool = False,
) -> tuple[UInt8[np.ndarray, "time height width 3"], float, str, dict[str, Any]]:
    """(frames, fps, caption, made) of a video file; see `VideoFile.frames` for the arguments and errors.

    Raises CuspError before decoding if the frames would not fit in 4 GiB: read those with `Clip.stream`.
    """
    check_seconds(start, seconds)
    check_fps(fps)
    with VideoFile(path) as video:
        rate = fps or video.fps
        frames = video.frames(start=start, seconds=seconds, size=size, fps=fps, partial=partial)
        first = next(frames)
        room = MAX_BYTES // first.nbytes
        expected = max(1, round(min(seconds or math.inf, max((video.seconds or 0.0) - start, 1 / rate)) * rate))
        _check_room(path, expected, room, first)
        buffer = np.empty((min(expected + 2, room), *first.shape), np.uint8)
        buffer[0] = first
        count = 1
        for frame in frames:
            if count == len(buffer):
                _check_room(path, count + 1, room, first)
                buffer = np.concatenate([buffer, np.empty((min(count // 2 + 8, room - count), *first.shape), np.uint8)])
            if frame.shape != first.shape:
                raise CuspError(f"{shown(path)} changes its size at frame {count}: read it with size=")
            buffer[count] = frame
            count += 1
        return buffer[:count], rate, video.caption, video.made


def probe(path: str | Path) -> VideoInfo:
    """What the file says of itself, without decoding more than its header and first frames."""
    with VideoFile(path) as video:
        stream, fps, seconds = video._stream, video.fps, video.seconds
        count = stream.frames or None
        if count and seconds and abs(count - seconds * fps) > 1.5:  # an edit list shows a part of what is coded
            count = round(seconds * fps)
        caption, made, container = video.caption, video.made, video._container.format.name.split(",")[0]
        height, width = next(video.frames()).shape[:2]  # as it is shown: turned, with square pixels
        codec = stream.codec_context.name
        return VideoInfo(video.path, container, codec, height, width, fps, count, seconds, caption, made)


def _check_room(path: str | Path, count: int, room: int, frame: Frame) -> None:
    if count > room:
        raise CuspError(
            f"{shown(path)} has {count} or more frames of {frame.shape[0]}x{frame.shape[1]}: "
            f"{count * frame.nbytes / 2**30:.1f} GiB in memory, more than {MAX_BYTES >> 30}; "
            "pass seconds=, size= or fps=, or read it with Clip.stream"
        )


def _check_is_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise CuspError(f"{shown(path)} is a folder: give a video file, or take the folder in with `cusp ingest`")
        if not path.is_file():
            raise CuspError(f"no file at {shown(path)}")
        if path.stat().st_size == 0:
            raise CuspError(f"{shown(path)} is empty (0 bytes): 0 frames could be read")
    except (OSError, ValueError) as error:  # a name that is too long, or has a zero byte
        raise CuspError(f"cannot read {shown(path)}: {error}") from error


def _lenient(version: str) -> dict[str, Any]:
    """How PyAV is told that a title in no encoding is no reason to refuse a video; from 19 on it replaces by itself."""
    return {"metadata_errors": "replace"} if int(version.partition(".")[0]) < 19 else {}


def _video_stream(container: Any) -> Any:
    """The stream that a player shows; the cover picture of a piece of music is no video."""
    from av.stream import Disposition

    best = container.streams.best("video")
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    return best if best in moving else next(iter(moving), None)


def _other_streams(container: Any) -> str:
    kinds = sorted({"a picture" if stream.type == "video" else stream.type for stream in container.streams})
    return ", ".join(kinds) or "nothing"
