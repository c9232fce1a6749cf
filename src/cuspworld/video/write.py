"""Frames to video files: mp4 and mov (H.264, 4:2:0, as browsers play), webm (VP9) and gif, a frame at a time.

A file is encoded aside, checked, and renamed: it is written whole or not at all, also when the disk fills up.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.video.container import add_comment, is_cut_short
from cuspworld.video.images import unicode
from cuspworld.video.read import MAX_FPS, shown

SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".gif")
GIF_FPS = 50.0  # a gif's delays are whole hundredths of a second, and browsers slow down below two of them


def write_video(
    path: str | Path,
    chunks: Iterable[np.ndarray],
    fps: float,
    *,
    quality: int = 80,
    caption: str = "",
    made: Mapping[str, Any] | None = None,
) -> Path:
    """Encode chunks of frames, uint8 (time, height, width, 3) RGB, one after the other, in memory that does not grow.

    `quality` from 0 (smallest) to 100. H.264 with 4:2:0 chroma needs even sides: an odd side gets one more row or
    column, a copy of the last. A gif of more than 50 fps keeps the frames that a 50 fps gif shows. `caption` is kept
    in the file's description, `made` (how it came to be) as JSON in its comment; a gif has a comment alone, for both.
    Returns the path; raises CuspError on a bad argument, or if the file cannot be whole.
    """
    path = Path(path)
    check_output(path, SUFFIXES)
    if not (math.isfinite(fps) and 0.01 <= fps <= MAX_FPS):
        raise CuspError(f"fps must be from 0.01 to {MAX_FPS:g} frames per second to write a video: got {fps}")
    if not 0 <= quality <= 100:
        raise CuspError(f"quality must be from 0 (smallest file) to 100 (best picture): got {quality}")
    frames = _frames(chunks)
    first = next(frames, None)
    if first is None:
        raise CuspError(f"nothing to write to {shown(path)}: there are no frames")
    import av

    gif = path.suffix.lower() == ".gif"
    with written_whole(path) as aside:
        try:
            count = _encode(aside, first, frames, fps, quality, {} if gif else _texts(caption, made))
            _check_written(aside, count)
            if gif and (caption or made):
                add_comment(aside, *_texts("", {"caption": caption, **(made or {})}).values())
        except av.FFmpegError as error:
            raise CuspError(f"cannot write {shown(path)}: {error.strerror or error}") from error
    return path


def _texts(caption: str, made: Mapping[str, Any] | None) -> dict[str, str]:
    """What the file says of itself."""
    comment = json.dumps({"made_by": "cuspworld", **made}, ensure_ascii=False, sort_keys=True) if made else ""
    return {name: unicode(text) for name, text in (("description", caption), ("comment", comment)) if text}


def check_output(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise CuspError unless `path` ends in one of `suffixes` and is not a folder."""
    if path.suffix.lower() not in suffixes:
        raise CuspError(f"cannot tell the format of {shown(path)}: its name must end in {', '.join(suffixes)}")
    try:
        blocked = path.is_dir()
    except OSError as error:  # a name that is too long
        raise CuspError(f"cannot write {shown(path)}: {error.strerror}") from error
    if blocked:
        raise CuspError(f"cannot write {shown(path)}: a folder of that name is there")


def _frames(chunks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    size = None
    for chunk in chunks:
        if chunk.dtype != np.uint8 or chunk.ndim != 4 or chunk.shape[-1] != 3:
            raise CuspError(f"frames must be uint8 (time, height, width, 3): got {chunk.dtype} {chunk.shape}")
        if size is not None and chunk.shape[1:] != size:
            raise CuspError(f"all frames of a video have one size: got {chunk.shape[1:3]} after {size[:2]}")
        size = chunk.shape[1:]
        yield from chunk


def _encode(
    path: Path, first: np.ndarray, rest: Iterator[np.ndarray], fps: float, quality: int, texts: dict[str, str]
) -> int:
    """Encode and mux; returns the number of frames that the file must now have."""
    import av

    suffix = path.suffix.lower()
    height, width = first.shape[:2]
    rate = Fraction(fps).limit_denominator(1001)
    options = {"fflags": "+bitexact"}  # no random ids: the same frames give the same bytes
    if suffix not in (".gif", ".webm"):
        options["movflags"] = "+faststart+use_metadata_tags" if suffix == ".mov" else "+faststart"
    frames: Iterator[np.ndarray] = itertools.chain([first], rest)
    if suffix == ".gif" and rate > GIF_FPS:
        step, rate = rate / Fraction(GIF_FPS), Fraction(GIF_FPS)
        frames = _every(frames, step)
    count = 0
    with av.open(str(path), "w", options=options) as container:
        if suffix != ".gif":
            container.metadata.update(texts)
        stream: Any = container.add_stream({".webm": "libvpx-vp9", ".gif": "gif"}.get(suffix, "libx264"), rate=rate)
        if suffix == ".gif":
            stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
            prepare = _palette(height, width, rate)
        else:
            pad = ((0, height % 2), (0, width % 2), (0, 0)) if suffix != ".webm" else None
            stream.width, stream.height = (width, height) if pad is None else (width + width % 2, height + height % 2)
            stream.pix_fmt = "yuv420p"
            stream.options = _h264(quality) if suffix != ".webm" else _vp9(quality)
            stream.codec_context.thread_count = 1  # with two, x264 was seen to give other bytes in some runs
            context = stream.codec_context
            context.colorspace, context.color_range, context.color_primaries, context.color_trc = 1, 1, 1, 1  # BT.709
            prepare = _yuv(pad)
        for array in frames:
            frame = prepare(array)
            frame.pts, frame.time_base = count, 1 / rate
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count


def _h264(quality: int) -> dict[str, str]:
    """Quality 80 is crf 16. x264's macroblock tree is off: with it the same frames gave up to nine different files in
    sixty. Pictures change by -0.1 to 0.9 dB without it, and take more bytes."""
    crf = str(round(40 - 0.3 * quality))
    return {"preset": "veryfast", "crf": crf, "profile": "high", "x264-params": "mbtree=0"}


def _vp9(quality: int) -> dict[str, str]:
    return {"crf": str(round(55 - 0.45 * quality)), "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}


def _yuv(pad: Any) -> Any:
    """RGB array -> BT.709 limited-range frame, the colours that players assume."""
    import av
    from av.video.reformatter import Interpolation, VideoReformatter

    reformatter: Any = VideoReformatter()
    unbiased = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    padded = pad is not None and any(after for _, after in pad)

    def prepare(array: np.ndarray) -> Any:
        if padded:
            array = np.pad(array, pad, mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
        return reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace="ITU709",
            dst_color_range="MPEG",
            interpolation=unbiased,
            threads=1,  # several were seen to give other bytes now and then (FFmpeg 8.1)
        )

    return prepare


def _palette(height: int, width: int, rate: Fraction) -> Any:
    """RGB array -> indexed frame with the best 256 colours of its own."""
    import av

    graph: Any = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=1 / rate)
    split = graph.add("split")
    generate = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(generate, 1, 0)
    generate.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    pushed = itertools.count()

    def prepare(array: np.ndarray) -> Any:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
        frame.pts, frame.time_base = next(pushed), 1 / rate
        graph.push(frame)
        return graph.pull()

    return prepare


def _every(frames: Iterator[np.ndarray], step: Fraction) -> Iterator[np.ndarray]:
    """The frames at 0, step, 2 step, ... (step >= 1), rounded down."""
    wanted = Fraction(0)
    for index, frame in enumerate(frames):
        if index == math.floor(wanted):
            yield frame
            wanted += step


def _check_written(path: Path, count: int) -> None:
    """Raise CuspError unless the file on the disk has every frame: encoders do not always report a full disk."""
    import av

    with av.open(str(path)) as container:
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    if found != count or is_cut_short(path):
        raise CuspError(f"cannot write {shown(path)}: only {found} of {count} frames are on the disk; is it full?")
