"""Faults put into true video, with their time and place: what an audit should find in any footage.

Each takes uint8 frames and returns new frames with a `Fault`. All choices come from the arguments; a moving region that
a fault acts on is found by `moving_region`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError

Frames = UInt8[np.ndarray, "time height width 3"]
Edited = UInt8[np.ndarray, "edited_time height width 3"]
Box = tuple[int, int, int, int]  # x0, y0, x1, y1


@dataclass(frozen=True)
class Fault:
    """What was done: first and last frame of the new video (end exclusive), pixel box, the laws that it breaks."""

    name: str
    first: int
    end: int
    box: tuple[float, float, float, float]
    laws: frozenset[str]


def cut_frames(frames: Frames, at: int, count: int) -> tuple[Edited, Fault]:
    """Leave out `count` frames from `at` on: everything that moves jumps ahead."""
    _check(frames, at, count)
    laws = frozenset({"passage", "inertia", "permanence", "identity", "consistency"})
    return np.delete(frames, np.s_[at : at + count], 0), Fault("cut frames", at - 1, at + 1, _whole(frames), laws)


def freeze_all(frames: Frames, at: int, count: int) -> tuple[Edited, Fault]:
    """The picture stands still for `count` frames at `at`, then goes on where it stopped."""
    _check(frames, at, 1)
    held = np.repeat(frames[at : at + 1], count, 0)
    laws = frozenset({"stillness", "inertia"})
    return np.concatenate([frames[:at], held, frames[at:]]), Fault("freeze", at, at + count, _whole(frames), laws)


def freeze_region(frames: Frames, at: int, count: int, box: Box) -> tuple[Edited, Fault]:
    """A region stands still for `count` frames while the rest goes on, then is again as it should be."""
    _check(frames, at, count)
    x0, y0, x1, y1 = box
    result = frames.copy()
    result[at : at + count, y0:y1, x0:x1] = frames[at, y0:y1, x0:x1]
    laws = frozenset({"stillness", "passage", "inertia", "permanence", "identity", "consistency"})
    return result, Fault("frozen region", at, at + count + 1, _floats(box), laws)


def delete_object(frames: Frames, at: int, count: int, background: UInt8[np.ndarray, "height width 3"], box: Box,
                  *, tolerance: int = 14) -> tuple[Edited, Fault]:  # fmt: skip
    """What differs from the background within a growing box is inpainted for `count` frames from `at` on.

    The box follows what it holds from frame to frame, so that a moving thing stays deleted. `background`: what tells
    the thing from the rest (the median of many frames, say); its place is filled from around it (Telea 2004).
    """
    _check(frames, at, min(count, len(frames) - 1 - at))
    result, reached = frames.copy(), [box]
    for t, (body, (x0, y0, x1, y1)) in enumerate(bodies(frames, at, count, background, box, tolerance), at):
        reached.append((x0, y0, x1, y1))
        mask = cv2.dilate(body, np.ones((7, 7), np.uint8))
        around = (slice(max(0, y0 - 24), y1 + 24), slice(max(0, x0 - 24), x1 + 24))
        result[t][around] = cv2.inpaint(frames[t][around], mask[around], 3, cv2.INPAINT_TELEA)
    laws = frozenset({"permanence", "conservation", "passage", "identity"})
    first = reached[min(1, len(reached) - 1)]
    return result, Fault("deleted object", at - 1, min(at + count + 1, len(frames)), _floats(first), laws)


def bodies(frames: Frames, at: int, count: int, background: UInt8[np.ndarray, "height width 3"], box: Box,
           tolerance: int = 14) -> Iterator[tuple[UInt8[np.ndarray, "height width"], Box]]:  # fmt: skip
    """What differs from the background in `box`, followed for `count` frames from `at` on: (mask, box) in each."""
    height, width = frames.shape[1:3]
    x0, y0, x1, y1 = box
    for t in range(at, min(at + count, len(frames))):
        grow = 6
        region = (slice(max(0, y0 - grow), min(height, y1 + grow)), slice(max(0, x0 - grow), min(width, x1 + grow)))
        body = cv2.absdiff(frames[t][region], background[region]).max(-1) > tolerance
        body = cv2.morphologyEx(body.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        if body.sum() >= 9:
            rows, columns = np.flatnonzero(body.any(1)), np.flatnonzero(body.any(0))
            x0, x1 = region[1].start + int(columns[0]), region[1].start + int(columns[-1]) + 1
            y0, y1 = region[0].start + int(rows[0]), region[0].start + int(rows[-1]) + 1
        mask = np.zeros((height, width), np.uint8)
        mask[region] = body
        yield mask, (x0, y0, x1, y1)


def duplicate_object(frames: Frames, at: int, box: Box, shift: tuple[int, int]) -> tuple[Edited, Fault]:
    """From `at` on, a copy of what moves in `box` stands `shift` pixels (x, y) away, feathered at its rim."""
    _check(frames, at, 1)
    height, width = frames.shape[1:3]
    x0, y0, x1, y1 = box
    dx, dy = shift
    if min(x0 + dx, y0 + dy) < 0 or x1 + dx > width or y1 + dy > height:
        raise CuspError(f"shift {shift} puts the copy of box {box} outside the frame of {width}x{height} pixels")
    result = frames.copy()
    rows, columns = np.mgrid[y0:y1, x0:x1]
    # an ellipse that fades over its outer fifth: no straight cut edges
    radius = np.hypot((columns - (x0 + x1 - 1) / 2) / ((x1 - x0) / 2), (rows - (y0 + y1 - 1) / 2) / ((y1 - y0) / 2))
    cover = np.clip((1 - radius) / 0.2, 0, 1)[..., None]
    patch = frames[at:, y0:y1, x0:x1].astype(np.float32)
    there = frames[at:, y0 + dy : y1 + dy, x0 + dx : x1 + dx].astype(np.float32)
    result[at:, y0 + dy : y1 + dy, x0 + dx : x1 + dx] = np.rint(cover * patch + (1 - cover) * there).astype(np.uint8)
    laws = frozenset({"permanence", "passage", "conservation", "identity"})
    return result, Fault("duplicated object", at - 1, len(frames), (x0 + dx, y0 + dy, x1 + dx, y1 + dy), laws)


def reverse(frames: Frames) -> tuple[Edited, Fault]:
    """The whole video backwards: impossible where something irreversible is seen."""
    laws = frozenset({"arrow", "gravity", "cause", "conservation", "inertia", "passage", "permanence"})
    return frames[::-1].copy(), Fault("reversed", 0, len(frames), _whole(frames), laws)


def change_speed(frames: Frames, at: int, factor: float) -> tuple[Edited, Fault]:
    """From `at` on, time runs `factor` times as fast (frames are left out, or blended in between)."""
    if not 0.1 <= factor <= 10:
        raise CuspError(f"factor must be from 0.1 to 10: got {factor}")
    _check(frames, at, 2)
    times = at + np.arange(0, len(frames) - 1 - at, factor)
    low = times.astype(int)
    share = (times - low)[:, None, None, None]
    after = frames[low] * (1 - share) + frames[np.minimum(low + 1, len(frames) - 1)] * share
    laws = frozenset({"inertia", "gravity", "consistency", "passage"})
    result = np.concatenate([frames[:at], np.rint(after).astype(np.uint8)])
    return result, Fault("speed change", at - 1, at + 2, _whole(frames), laws)


def moving_region(frames: Frames, at: int, *, share: float) -> Box | None:
    """A square box whose side is `share` of the shorter side, where most moves around frame `at`; None if nothing does.

    The box is shrunk to stay inside the frame.
    """
    height, width = frames.shape[1:3]
    side = max(6, round(share * min(height, width)))
    span = frames[max(0, at - 3) : at + 4]
    change = np.zeros((height, width), np.float32)
    for a, b in itertools.pairwise(span):
        change += cv2.absdiff(a, b).max(-1) > 16
    total = cv2.boxFilter(change, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    half = side // 2
    inner = total[half : height - half, half : width - half]
    if inner.size == 0 or inner.max() < 0.02 * side * side:
        return None
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    return int(x), int(y), int(x) + 2 * half, int(y) + 2 * half


def still_place(frames: Frames, box: Box) -> tuple[int, int] | None:
    """A shift (x, y) that puts a copy of `box` where little ever moves, as near as possible; None if there is none."""
    height, width = frames.shape[1:3]
    x0, y0, x1, y1 = box
    spread = (frames[:: max(1, len(frames) // 16)].max(0).astype(np.int16) - frames.min(0)).max(-1) > 40
    busy = cv2.boxFilter(spread.astype(np.float32), -1, (x1 - x0, y1 - y0), borderType=cv2.BORDER_CONSTANT)
    best: tuple[float, int, int] | None = None
    for dy, dx in itertools.product(range(-y0, height - y1 + 1, 4), range(-x0, width - x1 + 1, 4)):
        if abs(dx) < 1.2 * (x1 - x0) and abs(dy) < 1.2 * (y1 - y0):
            continue
        if busy[(y0 + y1) // 2 + dy, (x0 + x1) // 2 + dx] > 0.05:
            continue
        distance = float(np.hypot(dx, dy))
        if best is None or distance < best[0]:
            best = distance, dx, dy
    return None if best is None else best[1:]


FAULTS: dict[str, Callable[..., tuple[np.ndarray, Fault]]] = {
    "cut frames": cut_frames,
    "freeze": freeze_all,
    "frozen region": freeze_region,
    "deleted object": delete_object,
    "duplicated object": duplicate_object,
    "reversed": reverse,
    "speed change": change_speed,
}


def _check(frames: Frames, at: int, count: int) -> None:
    if at < 1 or count < 1 or at + count >= len(frames):
        raise CuspError(f"the fault must lie inside the {len(frames)} frames: got frame {at} and {count} frames")


def _whole(frames: Frames) -> tuple[float, float, float, float]:
    return 0.0, 0.0, float(frames.shape[2]), float(frames.shape[1])


def _floats(box: Box) -> tuple[float, float, float, float]:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])
