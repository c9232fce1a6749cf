"""Interlaced video (two half pictures a frame, at two times) as whole pictures, one a frame: FFmpeg's bwdif filter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


def progressive(frames: Iterator[Any]) -> Iterator[Any]:
    """The decoded frames, de-interlaced from the first one that says it is interlaced on; others pass as they are."""
    for frame in frames:
        if frame.interlaced_frame:
            yield from _deinterlaced(itertools.chain([frame], frames))
            return
        yield frame


def _deinterlaced(frames: Iterator[Any]) -> Iterator[Any]:
    import av

    first = next(frames)
    graph: Any = av.filter.Graph()
    source = graph.add_buffer(
        width=first.width, height=first.height, format=first.format.name, time_base=first.time_base
    )
    filtered, sink = graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
    source.link_to(filtered)
    filtered.link_to(sink)
    graph.configure()
    waiting: list[Any] = []  # the filter looks one frame ahead, and forgets what only the decoder knows
    for frame in itertools.chain([first], frames, [None]):
        graph.push(frame)
        if frame is not None:
            waiting.append(frame)
        while True:
            try:
                made = graph.pull()
            except (BlockingIOError, EOFError):
                break
            given = waiting.pop(0)
            made.pts, made.time_base, made.duration = given.pts, given.time_base, given.duration
            yield made
