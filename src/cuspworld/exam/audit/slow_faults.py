"""Faults that take their time, as generated video makes them: what is there changes bit by bit, and never back.

Like those of faults.py: uint8 frames in, new frames and a `Fault` out, all choices in the arguments. Warps and blends
fade out around the thing, so that no cut edge gives them away. `at`: the frame at which it begins; `count`: over how
many frames it goes on; `box`: what moves (`faults.moving_region`).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from cuspworld.exam.audit.faults import Box, Edited, Fault, Frames, bodies, delete_object, duplicate_object

Picture = UInt8[np.ndarray, "height width 3"]
THING = frozenset({"identity", "conservation", "permanence", "passage"})


def appear(frames: Frames, at: int, background: Picture, box: Box) -> tuple[Edited, Fault]:
    """What moves in `box` is inpainted until `at`: then it is there at once."""
    back, _ = delete_object(frames[::-1], len(frames) - at, at - 1, background, box)
    return back[::-1].copy(), Fault("appears", at - 1, at + 1, _floats(box), THING)


def teleport(frames: Frames, at: int, background: Picture, box: Box, shift: tuple[int, int]) -> tuple[Edited, Fault]:
    """From `at` on what moves in `box` is `shift` pixels (x, y) away."""
    copied, there = duplicate_object(frames, at, box, shift)
    gone, _ = delete_object(frames, at, len(frames) - at, background, box)
    x0, y0, x1, y1 = (round(v) for v in there.box)
    gone[at:, y0:y1, x0:x1] = copied[at:, y0:y1, x0:x1]
    return gone, Fault("teleports", at - 1, at + 1, _both(box, there.box), THING | {"inertia"})


def hover(frames: Frames, at: int, background: Picture, box: Box) -> tuple[Edited, Fault]:
    """From `at` on what moves in `box` hangs where it was."""
    gone, _ = delete_object(frames, at, len(frames) - at, background, box)
    cover = _cover(frames.shape[1:3], box)
    gone[at:] = np.rint(cover * frames[at] + (1 - cover) * gone[at:]).astype(np.uint8)
    return gone, Fault("hovers", at, len(frames), _floats(box), frozenset({"gravity", "inertia", "cause", "stillness"}))


def merge(frames: Frames, at: int, count: int, box: Box, shift: tuple[int, int]) -> tuple[Edited, Fault]:
    """A copy of what moves in `box` stands beside it, and from `at` on slides into it and is gone."""
    copied, there = duplicate_object(frames, 1, box, shift)
    result = frames.copy()
    result[:at] = copied[:at]
    for t in range(at, min(at + count, len(frames))):
        left = 1 - (t - at) / count
        move = np.array([[1, 0, round(left * shift[0])], [0, 1, round(left * shift[1])]], np.float32)
        size = (frames.shape[2], frames.shape[1])
        cover = cv2.warpAffine(_cover(frames.shape[1:3], box)[..., 0], move, size)[..., None]
        result[t] = np.rint(cover * cv2.warpAffine(frames[t], move, size) + (1 - cover) * frames[t]).astype(np.uint8)
    return result, Fault("merges", at, at + count, _both(box, there.box), THING)


def grow(
    frames: Frames, at: int, count: int, background: Picture, box: Box, factor: float = 1.7
) -> tuple[Edited, Fault]:
    """What moves in `box` swells to `factor` times its size, and stays so."""

    def swollen(x: np.ndarray, y: np.ndarray, near: np.ndarray, amount: float) -> tuple[np.ndarray, np.ndarray]:
        scale = 1 / (1 + (factor - 1) * amount * near)
        return x * scale, y * scale

    return _warped(frames, at, count, background, box, swollen), _lasting("grows", frames, at, box)


def melt(
    frames: Frames, at: int, count: int, background: Picture, box: Box, depth: float = 0.35
) -> tuple[Edited, Fault]:
    """What moves in `box` runs into a wave, `depth` of its half side deep, and stays so."""

    def wavy(x: np.ndarray, y: np.ndarray, near: np.ndarray, amount: float) -> tuple[np.ndarray, np.ndarray]:
        deep = depth * amount * near
        return x + deep * np.sin(5 * y), y + deep * np.sin(4 * x + 1) - deep / 2

    return _warped(frames, at, count, background, box, wavy), _lasting("melts", frames, at, box)


def morph(frames: Frames, at: int, count: int, background: Picture, box: Box) -> tuple[Edited, Fault]:
    """What moves in `box` fades into its mirror image with its colours exchanged, and stays so."""
    result = frames.copy()
    for t, (_, where) in enumerate(bodies(frames, at, len(frames) - at, background, box), at):
        x0, y0, x1, y1 = where
        other = frames[t].copy()
        other[y0:y1, x0:x1] = np.roll(frames[t][y0:y1, x0:x1][:, ::-1], 1, -1)
        share = min(1.0, (t - at + 1) / count) * _cover(frames.shape[1:3], where)
        result[t] = np.rint(share * other + (1 - share) * frames[t]).astype(np.uint8)
    return result, _lasting("morphs", frames, at, box)


def drift(
    frames: Frames, at: int, count: int, background: Picture, box: Box, degrees: float = 100
) -> tuple[Edited, Fault]:
    """The hue of what moves in `box` turns by so many degrees, and stays so."""
    result = frames.copy()
    for t, (body, _) in enumerate(bodies(frames, at, len(frames) - at, background, box), at):
        turned = cv2.cvtColor(frames[t], cv2.COLOR_RGB2HSV)
        turned[..., 0] = (turned[..., 0] + round(degrees / 2 * min(1.0, (t - at + 1) / count))) % 180
        share = cv2.GaussianBlur(body.astype(np.float32), (0, 0), 1.5)[..., None]
        coloured = cv2.cvtColor(turned, cv2.COLOR_HSV2RGB)
        result[t] = np.rint(share * coloured + (1 - share) * frames[t]).astype(np.uint8)
    return result, _lasting("changes colour", frames, at, box)


def local_speed(frames: Frames, at: int, count: int, box: Box, factor: float = 0.4) -> tuple[Edited, Fault]:
    """For `count` frames time runs `factor` times as fast in `box` alone; then it stays late."""
    result, cover = frames.copy(), _cover(frames.shape[1:3], box)
    for t in range(at, len(frames)):
        source = t - round((1 - factor) * min(t - at, count))
        result[t] = np.rint(cover * frames[source] + (1 - cover) * frames[t]).astype(np.uint8)
    return result, Fault("local speed", at, at + count, _floats(box), frozenset({"inertia", "consistency", "passage"}))


Move = Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple[np.ndarray, np.ndarray]]


def _warped(frames: Frames, at: int, count: int, background: Picture, box: Box, move: Move) -> Edited:
    """Each frame from `at` on, looked up where `move` says, in units of the thing's half side around its middle."""
    result, (height, width) = frames.copy(), frames.shape[1:3]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    half = max(box[2] - box[0], box[3] - box[1]) / 2
    for t, (_, (x0, y0, x1, y1)) in enumerate(bodies(frames, at, len(frames) - at, background, box), at):
        x, y = (columns - (x0 + x1) / 2) / half, (rows - (y0 + y1) / 2) / half
        near = np.clip(2.2 - np.hypot(x, y), 0, 1).astype(np.float32)  # 1 on the thing, 0 from twice its size on
        u, v = move(x, y, near, min(1.0, (t - at + 1) / count))
        sources = ((u * half + (x0 + x1) / 2).astype(np.float32), (v * half + (y0 + y1) / 2).astype(np.float32))
        result[t] = cv2.remap(frames[t], *sources, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return result


def _cover(size: tuple[int, ...], box: Box) -> Float[np.ndarray, "height width 1"]:
    """1 in the ellipse of the box, fading to 0 at its rim."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    x0, y0, x1, y1 = box
    radius = np.hypot(
        (columns - (x0 + x1 - 1) / 2) / max((x1 - x0) / 2, 1), (rows - (y0 + y1 - 1) / 2) / max((y1 - y0) / 2, 1)
    )
    return np.clip((1.1 - radius) / 0.2, 0, 1).astype(np.float32)[..., None]


def _lasting(name: str, frames: Frames, at: int, box: Box) -> Fault:
    return Fault(name, at, len(frames), _floats(box), THING)


def _both(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float, float]:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _floats(box: Box) -> tuple[float, float, float, float]:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])
