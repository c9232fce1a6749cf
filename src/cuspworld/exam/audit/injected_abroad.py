"""Faults put into true clips from elsewhere: which does the audit find there, at bars that one true clip in twenty
passes?

A camera at rest only: the faults act on what differs from the median of the frames. Each clip gets each fault once, at
the frame in which most moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.exam.audit import faults, slow_faults
from cuspworld.exam.audit.abroad import Foreign, share
from cuspworld.exam.audit.faults import Fault
from cuspworld.exam.audit.injected import busiest
from cuspworld.exam.audit.observed import Kept, report
from cuspworld.exam.audit.scoring import in_time, points_at

SIDE = 256  # pixels: the longest side of a clip that gets a fault
REGION = 0.3  # side of the box over the picture's shorter side
VISIBLE = 24  # grey levels that a fault changes at least


@dataclass(frozen=True)
class Trial:
    """A fault in a clip, and whether the audit found it: in its time, where the clip without it has no finding; and
    there in its place."""

    fault: str
    found: bool
    placed: bool


def faulty(clip: Clip) -> Iterator[tuple[str, Callable[[], tuple[np.ndarray, Fault]]]]:
    """(name, how it is made) of every fault that the clip offers an occasion for."""
    frames, fps, (at, *_) = clip.frames, float(clip.fps), busiest(clip.frames)
    second, background = max(4, round(fps)), np.median(clip.frames[:: max(1, len(clip) // 40)], 0).astype(np.uint8)
    short, rest = max(2, round(0.4 * fps)), len(frames) - at
    yield "reversed", partial(faults.reverse, frames)
    yield "freeze", partial(faults.freeze_all, frames, at, short)
    yield "cut frames", partial(faults.cut_frames, frames, at, short)
    yield "speed change", partial(faults.change_speed, frames, at, 2.0)
    box = faults.moving_region(frames, at, share=REGION)
    if box is None:
        return
    yield "frozen region", partial(faults.freeze_region, frames, at, short, box)
    yield "vanishes", partial(faults.delete_object, frames, at, rest, background, box)
    yield "appears", partial(slow_faults.appear, frames, at, background, box)
    yield "hovers", partial(slow_faults.hover, frames, at, background, box)
    yield "grows", partial(slow_faults.grow, frames, at, second, background, box)
    yield "melts", partial(slow_faults.melt, frames, at, second, background, box)
    yield "morphs", partial(slow_faults.morph, frames, at, second, background, box)
    yield "changes colour", partial(slow_faults.drift, frames, at, second, background, box)
    yield "local speed", partial(slow_faults.local_speed, frames, at, second, box)
    shift = faults.still_place(frames, box)
    if shift is not None:
        yield "duplicated", partial(faults.duplicate_object, frames, at, box, shift)
        yield "teleports", partial(slow_faults.teleport, frames, at, background, box, shift)
        yield "merges", partial(slow_faults.merge, frames, at, second, box, shift)


def trials(clip: Foreign, kept: Kept, seconds: float) -> list[Trial]:
    """Every fault in the first `seconds` of a true clip."""
    plain = _small(clip, seconds)
    before = report(kept.of(f"{clip.path.name}, small", seconds, lambda: plain)).to_dict()["findings"]
    tried = []
    for name, make in faulty(plain):
        try:
            frames, fault = make()
        except CuspError:
            continue
        if len(frames) == len(plain) and np.abs(frames.astype(np.int16) - plain.frames).max() < VISIBLE:
            continue
        broken = Clip(frames, plain.fps)
        line = kept.of(f"{clip.path.name}, {name}", seconds, partial(lambda given: given, broken))
        start, end = fault.first / float(plain.fps), fault.end / float(plain.fps)
        new = [f for f in report(line).to_dict()["findings"] if in_time(f, start, end) and not _known(f, before)]
        tried.append(Trial(name, bool(new), any(points_at(f["box"], fault.box) for f in new)))
    return tried


def rows(tried: Sequence[Trial]) -> list[dict[str, Any]]:
    """A row a fault, and one of all."""
    named = {name: [t for t in tried if t.fault == name] for name in dict.fromkeys(t.fault for t in tried)}
    return [
        {"fault put into true clips": name, "clips": len(group), "found in time": share(t.found for t in group),
         "and place": share(t.placed for t in group)}
        for name, group in {**named, "all": list(tried)}.items()
    ]  # fmt: skip


def _small(clip: Foreign, seconds: float) -> Clip:
    read = Clip.read(clip.path, seconds=seconds)
    shrink = max(1.0, max(read.size) / SIDE)
    size = (max(1, round(read.size[1] / shrink)), max(1, round(read.size[0] / shrink)))
    return Clip(np.stack([cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in read.frames]), read.fps)


def _known(finding: dict[str, Any], before: list[dict[str, Any]]) -> bool:
    """Has the clip without the fault a finding of this law at this time?"""
    return any(f["law"] == finding["law"] and in_time(f, finding["start"], finding["end"]) for f in before)
