"""Moving and changing things as blobs: what differs from the window's own background plate.

The plate is the per-pixel median over the window. A blob is a connected region that differs from it by more than its
pixel's noise. A `ghost` is a blob that belongs to the plate and not to the frame (the place that a thing left, when
the plate still holds it): its outline is an edge in the plate and none in the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from cuspworld.audit.evidence.change import strongest


@dataclass(frozen=True)
class Blob:
    """One connected region in one frame. Lengths in working pixels; `centre` is weighted by the difference."""

    label: int
    area: float
    centre: tuple[float, float]  # x, y
    box: tuple[int, int, int, int]  # x0, y0, x1, y1
    colour: tuple[float, float, float]
    spread: tuple[float, float, float]  # second central moments xx, xy, yy
    at_edge: bool
    ghost: bool


def plate(
    frames: UInt8[np.ndarray, "time height width 3"], valid: Bool[np.ndarray, "time height width"] | None
) -> tuple[UInt8[np.ndarray, "height width 3"], Float[np.ndarray, "height width"]]:
    """The background plate, and each pixel's noise (1.4826 x median absolute deviation, largest channel)."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), 41)).astype(int)
    sample = frames[chosen]
    if valid is None:
        middle = np.median(sample, 0)
        deviation = np.median(np.abs(sample - middle), 0)
    else:
        shown = np.where(valid[chosen][..., None], sample, np.nan).astype(np.float32)
        shown[:, ~valid[chosen].any(0)] = 0
        middle = np.nanmedian(shown, 0)
        deviation = np.nanmedian(np.abs(shown - middle), 0)
    if valid is None and len(frames) >= 15:
        middle = _without_lingerers(frames, np.rint(middle).astype(np.uint8))
        deviation = np.minimum(deviation, np.median(np.abs(np.diff(frames[chosen[::2]].astype(np.int16), axis=0)), 0))
    return np.rint(middle).astype(np.uint8), (1.4826 * deviation.max(-1)).astype(np.float32)


def _without_lingerers(
    frames: UInt8[np.ndarray, "time height width 3"], middle: UInt8[np.ndarray, "height width 3"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Take out things that stood still for long: a frame's region replaces the plate's wherever its
    outline shows less of an edge (the true background goes on across the outline of what stood there)."""
    result = middle.copy()
    sample = frames[np.linspace(0, len(frames) - 1, 15).astype(int)]
    for candidate in [*sample, *sample]:
        mask = (difference(candidate, result) > 14).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for index in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[index])
            if area < 9:
                continue
            region = (slice(max(0, y - 3), y + h + 3), slice(max(0, x - 3), x + w + 3))
            body = (labels[region] == index).astype(np.uint8)
            rim = cv2.morphologyEx(body, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
            if rim.any() and edges(candidate[region])[rim].mean() < 0.67 * edges(result[region])[rim].mean():
                chosen = cv2.dilate(body, np.ones((3, 3), np.uint8)) > 0
                result[region][chosen] = candidate[region][chosen]
    result = _smooth_guess(frames, result)
    standing = _standing(frames)
    result[standing] = middle[standing]
    return result


def _standing(frames: UInt8[np.ndarray, "time height width 3"]) -> Bool[np.ndarray, "height width"]:
    """Pixels that never change and join the frame's border: scenery, whatever its outline looks like.

    (The inside of a plain thing may never change either, but the ring of its own motion cuts it off from the border.)
    """
    sample = frames[np.unique(np.linspace(0, len(frames) - 1, 41).astype(int))]
    changing = cv2.dilate((strongest(sample.max(0) - sample.min(0)) > 24).astype(np.uint8), np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(1 - changing, connectivity=4)
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.isin(labels, border[border > 0]) & (changing == 0)


def _smooth_guess(
    frames: UInt8[np.ndarray, "time height width 3"], middle: UInt8[np.ndarray, "height width 3"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Where the surroundings are smooth, what they lead one to expect of the changing pixels (Telea inpainting): of
    the values that a pixel ever had, the median of those near to that, and the expected value if it had none."""
    sample = frames[np.unique(np.linspace(0, len(frames) - 1, 21).astype(int))]
    changing = strongest(sample.max(0) - sample.min(0)) > 30
    if not changing.any() or changing.mean() > 0.6:
        return middle
    mask = cv2.dilate(changing.astype(np.uint8), np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)  # what something moved around may itself be standing
    if mask.mean() > 0.6:
        return middle
    expected = cv2.inpaint(np.ascontiguousarray(middle), mask, 3, cv2.INPAINT_TELEA)
    near = np.abs(sample.astype(np.int16) - expected).max(-1) < 20  # (sample, height, width)
    values = np.where(near[..., None], sample, np.nan).astype(np.float32)
    guess = middle.copy()
    known = (mask > 0) & near.any(0)
    guess[known] = np.rint(np.nanmedian(values[:, known], 0)).astype(np.uint8)
    strength = edges(middle) / 4
    rough = cv2.dilate((strength > 10).astype(np.uint8) * (mask == 0), np.ones((5, 5), np.uint8)) > 0
    unknown = ((mask > 0) & ~known).astype(np.uint8)
    count, labels = cv2.connectedComponents(unknown)
    for index in range(1, count):
        body = labels == index
        if not (rough & body).any():
            guess[body] = expected[body]
    return guess


def difference(
    frame: UInt8[np.ndarray, "height width 3"], background: UInt8[np.ndarray, "height width 3"]
) -> Float[np.ndarray, "height width"]:
    """The largest channel's difference from the plate, smoothed over 3x3 pixels."""
    return cv2.blur(strongest(cv2.absdiff(frame, background)).astype(np.float32), (3, 3))


def segment(
    frame: UInt8[np.ndarray, "height width 3"],
    background: UInt8[np.ndarray, "height width 3"],
    threshold: Float[np.ndarray, "height width"],
    valid: Bool[np.ndarray, "height width"] | None = None,
) -> tuple[Int[np.ndarray, "height width"], list[Blob]]:
    """Label image (0: background) and the blobs of one frame, largest first."""
    height, width = threshold.shape
    contrast = difference(frame, background)
    strong = contrast > threshold
    weak = contrast > 0.5 * threshold
    if valid is not None:
        strong, weak = strong & valid, weak & valid
    least = max(9, round(0.0005 * height * width))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(weak.astype(np.uint8), connectivity=8)
    seeds = np.bincount(labels[strong], minlength=count)
    kept = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= least and seeds[i] >= max(4, 0.2 * stats[i, 4])]
    kept.sort(key=lambda i: -stats[i, cv2.CC_STAT_AREA])
    edge_width = max(1, round(0.01 * min(height, width)))
    relabel = np.zeros(count, np.int32)
    blobs = []
    for label, index in enumerate(kept, 1):
        relabel[index] = label
        x, y, w, h, area = (int(v) for v in stats[index])
        here = labels[y : y + h, x : x + w] == index
        weight = np.where(here, contrast[y : y + h, x : x + w], 0)
        total = float(weight.sum())
        columns, rows = np.arange(x, x + w), np.arange(y, y + h)
        centre_x, centre_y = float((weight.sum(0) * columns).sum() / total), float((weight.sum(1) * rows).sum() / total)
        flat = here.astype(np.float32)
        mean_x, mean_y = float((flat.sum(0) * columns).sum() / area), float((flat.sum(1) * rows).sum() / area)
        dx, dy = columns - mean_x, rows - mean_y
        spread = (
            float((flat.sum(0) * dx**2).sum() / area),
            float(dy @ flat @ dx / area),
            float((flat.sum(1) * dy**2).sum() / area),
        )
        if valid is None:
            at_edge = x < edge_width or y < edge_width or x + w > width - edge_width or y + h > height - edge_width
        else:
            grown = cv2.dilate(here.astype(np.uint8), np.ones((2 * edge_width + 1,) * 2, np.uint8)) > 0
            at_edge = (
                bool((~valid[y : y + h, x : x + w] & grown).any())
                or x < 2
                or y < 2
                or x + w > width - 2
                or y + h > height - 2
            )
        colour = frame[y : y + h, x : x + w][here].mean(0)
        blobs.append(
            Blob(
                label,
                float(area),
                (centre_x, centre_y),
                (x, y, x + w, y + h),
                (float(colour[0]), float(colour[1]), float(colour[2])),
                spread,
                bool(at_edge),
                _is_ghost(frame, background, here, x, y),
            )
        )
    return relabel[labels], blobs


def _is_ghost(frame: np.ndarray, background: np.ndarray, here: np.ndarray, x: int, y: int) -> bool:
    """Does the outline follow an edge of the plate and none of the frame?"""
    h, w = here.shape
    y0, x0, y1, x1 = max(0, y - 2), max(0, x - 2), min(frame.shape[0], y + h + 2), min(frame.shape[1], x + w + 2)
    padded = np.zeros((y1 - y0, x1 - x0), np.uint8)
    padded[y - y0 : y - y0 + h, x - x0 : x - x0 + w] = here
    rim = cv2.morphologyEx(padded, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    if not rim.any():
        return False
    now, then = edges(frame[y0:y1, x0:x1])[rim].mean(), edges(background[y0:y1, x0:x1])[rim].mean()
    return bool(then > 1.5 * now)


def edges(patch: UInt8[np.ndarray, "height width 3"]) -> Float[np.ndarray, "height width"]:
    """The largest Sobel derivative over both directions and all channels."""
    parts = [np.abs(cv2.Sobel(c, cv2.CV_32F, dx, 1 - dx)) for c in cv2.split(patch) for dx in (0, 1)]
    return np.maximum.reduce(parts)
