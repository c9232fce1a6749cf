"""Where each thing truly is while its blob is shared: its last picture is looked for again, pixel by pixel.

A blob that two things share has a centre that belongs to neither. Through such frames a thing's picture from its last
frame alone is laid over every place near the expected one, and the place where most of its pixels agree is taken
(masked matching with a truncated difference, so that an occluder costs only the pixels that it hides).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuspworld.audit.evidence.blobs import Blob
from cuspworld.audit.evidence.tracks import Track

AGREES = 36  # grey levels: a pixel of the picture is seen again when every channel is nearer than this
SEEN = 0.25  # share of a thing's pixels that must be seen again for its place to be known
FAR = 5  # working pixels around the expected place


@dataclass(frozen=True)
class Path:
    """The centre of one thing over time, working pixels. `visible`: share of its pixels seen, 1 where it is alone."""

    track: Track
    times: Int[np.ndarray, " points"]
    points: Float[np.ndarray, "points 2"]
    visible: Float[np.ndarray, " points"]
    alone: Bool[np.ndarray, " points"]
    half: tuple[float, float]  # half width and half height, of the median box while alone

    @property
    def radius(self) -> float:
        """The mean of the half sides."""
        return float(np.mean(self.half))

    def box(self, point: int) -> tuple[float, float, float, float]:
        """Its usual box about one of its points."""
        (x, y), (half_width, half_height) = self.points[point], self.half
        return float(x - half_width), float(y - half_height), float(x + half_width), float(y + half_height)


def trace(frames: np.ndarray, labels: np.ndarray, track: Track) -> Path:
    """Follow one track through the frames in which its blob is shared or lost."""
    alone = track.alone
    where = {frame: i for i, frame in enumerate(track.frames)}
    boxes = track.boxes[alone] if alone.any() else track.boxes
    half = np.median(boxes[:, 2:] - boxes[:, :2], 0) / 2
    times: list[int] = []
    points: list[np.ndarray] = []
    visible: list[float] = []
    own: list[bool] = []
    picture: _Picture | None = None
    for t in range(track.start, track.end + 1):
        i = where.get(t)
        if i is not None and alone[i]:
            blob = track.blobs[i]
            times.append(t)
            points.append(np.array(blob.centre))
            visible.append(1.0)
            own.append(True)
            picture = None
            continue
        if not times:
            continue
        if picture is None:
            last = where[times[-1]] if own[-1] else None
            if last is None:
                continue
            picture = _Picture.of(frames[track.frames[last]], labels[track.frames[last]], track.blobs[last])
        if t - times[-1] > 4:
            continue
        found = picture.find(frames[t], _expected(times, points, t))
        if found is None:
            continue
        times.append(t)
        points.append(found[0])
        visible.append(found[1])
        own.append(False)
    size = (float(half[0]), float(half[1]))
    return Path(
        track, np.array(times, int), np.array(points).reshape(-1, 2), np.array(visible), np.array(own, bool), size
    )


def _expected(times: list[int], points: list[np.ndarray], t: int) -> np.ndarray:
    back = min(4, len(times) - 1)
    if back < 1:
        return points[-1]
    speed = (points[-1] - points[-1 - back]) / (times[-1] - times[-1 - back])
    return points[-1] + speed * (t - times[-1])


@dataclass(frozen=True)
class _Picture:
    pixels: np.ndarray  # (pixels, 3) int16
    rows: np.ndarray  # (pixels,) offsets from the centre's pixel
    columns: np.ndarray
    rest: np.ndarray  # (2,) centre minus its pixel, x y

    @classmethod
    def of(cls, frame: np.ndarray, labels: np.ndarray, blob: Blob) -> _Picture:
        x0, y0, x1, y1 = blob.box
        rows, columns = np.nonzero(labels[y0:y1, x0:x1] == blob.label)
        if len(rows) > 250:  # enough to know a thing by
            chosen = np.linspace(0, len(rows) - 1, 250).astype(int)
            rows, columns = rows[chosen], columns[chosen]
        centre = np.array(blob.centre)
        corner = np.rint(centre).astype(int)
        pixels = frame[y0 + rows, x0 + columns].astype(np.int16)
        return cls(pixels, y0 + rows - corner[1], x0 + columns - corner[0], centre - corner)

    def find(self, frame: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, float] | None:
        """(centre, share of pixels seen) nearest to the expected centre; None where too few agree."""
        height, width = frame.shape[:2]
        corner = np.rint(expected - self.rest).astype(int)
        steps = np.arange(-FAR, FAR + 1)
        rows = self.rows[None] + (corner[1] + steps)[:, None]  # (offsets, pixels)
        columns = self.columns[None] + (corner[0] + steps)[:, None]
        inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None]
        flat = (rows.clip(0, height - 1) * width)[:, None] + columns.clip(0, width - 1)[None]  # (dy, dx, pixels)
        seen = frame.reshape(-1, 3)[flat].astype(np.int16)
        miss = np.where(inside, np.abs(seen - self.pixels).max(-1), 255)
        agree = (miss < AGREES).mean(-1)
        best = np.clip(1 - miss / AGREES, 0, 1).mean(-1)
        best[inside.mean(-1) < 0.5] = -1.0
        i, j = np.unravel_index(int(best.argmax()), best.shape)
        if agree[i, j] < SEEN or i in (0, 2 * FAR) or j in (0, 2 * FAR):
            return None
        sub = np.array([peak(best[i, j - 1 : j + 2]), peak(best[i - 1 : i + 2, j])])
        return corner + self.rest + np.array([j - FAR, i - FAR]) + sub, float(agree[i, j])


def peak(values: np.ndarray) -> float:
    """The vertex of the parabola through three values, in [-0.5, 0.5]."""
    a, b, c = (float(v) for v in values)
    bend = a - 2 * b + c
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5))
