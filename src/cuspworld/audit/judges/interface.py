"""Learned judges beside the laws, all optional, one interface: `score(frames) -> Surprise(time, place, surprise)`.

A judge says where and when a clip goes on otherwise than its model expected. What stands out of the clip's own usual
surprise becomes a finding of the law "learned". It is weighed less than the laws: no judge has been calibrated here, so
that its probability never passes MOST. A language model may name what is seen; it is no judge.

Segmenters and point trackers feed the laws instead of judging: `with_masks` gives a scene the masks of anybody's
segmenter (ids that last over time), and `masks_of_points` turns anybody's tracked points into such masks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from cuspworld.audit.evidence.blobs import Blob
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Evidence, Finding, Measurement, Series
from cuspworld.errors import CuspError

MOST = 0.9  # the largest probability that a learned judge is given
CENTRE, SLOPE = 4.0, 3.0  # of its curve: surprise over the clip's own usual surprise


class Surprise(NamedTuple):
    """`time`: frames from the first. `place`: boxes x0, y0, x1, y1 in pixels of the frames. `surprise`: in any unit, 0
    is expected, comparable within the clip."""

    time: Float[np.ndarray, " n"]
    place: Float[np.ndarray, "n 4"]
    surprise: Float[np.ndarray, " n"]


@runtime_checkable
class Judge(Protocol):
    """A learned judge of video. `name` stands in the report's sentence."""

    name: str

    def score(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Surprise:
        """How surprising each place is at each time; empty arrays where the clip is too short to tell."""
        ...


@runtime_checkable
class LatentPredictor(Protocol):
    """A model of what happens next in latent space: our own `dynamics`, or anybody's. `stride`: frames a latent."""

    stride: int

    def encode(
        self, frames: UInt8[np.ndarray, "time height width 3"]
    ) -> Float[np.ndarray, "latents rows columns channels"]: ...

    def predict(
        self, past: Float[np.ndarray, "latents rows columns channels"]
    ) -> Float[np.ndarray, "rows columns channels"]: ...


@dataclass(frozen=True)
class LatentJudge:
    """Surprise of a latent predictor: mean over channels of |predicted - seen|, for each cell of the latent grid."""

    predictor: LatentPredictor
    context: int = 2  # latents that are seen before the first prediction
    name: str = "latent predictor"

    def score(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Surprise:
        latents = self.predictor.encode(frames)
        count = len(latents)
        if count <= self.context:
            return nothing()
        error = np.stack(
            [np.abs(self.predictor.predict(latents[:t]) - latents[t]).mean(-1) for t in range(self.context, count)]
        )  # (predictions, rows, columns)
        times = (np.arange(self.context, count) + 0.5) * self.predictor.stride
        return on_grid(times, error, frames.shape[1], frames.shape[2])


def nothing() -> Surprise:
    """No judgement: the clip is too short."""
    return Surprise(np.zeros(0), np.zeros((0, 4)), np.zeros(0))


def on_grid(
    times: Float[np.ndarray, " steps"], error: Float[np.ndarray, "steps rows columns"], height: int, width: int
) -> Surprise:
    """Surprise of each cell of a grid that covers the frame."""
    steps, rows, columns = error.shape
    y, x = np.mgrid[0:rows, 0:columns].reshape(2, -1)
    boxes = np.stack(
        [x * width / columns, y * height / rows, (x + 1) * width / columns, (y + 1) * height / rows], -1
    )  # (cells, 4)
    return Surprise(
        np.repeat(np.asarray(times, float), rows * columns), np.tile(boxes, (steps, 1)), error.astype(float).ravel()
    )


def judged(judge: Judge, scene: Scene) -> Evidence:
    """A judge's surprise at one shot as evidence: the moments that stand out of the shot's own usual surprise."""
    time, place, surprise = judge.score(scene.frames)
    if not (len(time) == len(place) == len(surprise)):
        raise CuspError(
            f"the judge {judge.name!r} returned {len(time)} times, {len(place)} places and {len(surprise)} surprises: "
            "they must be as many"
        )
    if len(surprise) == 0:
        return Evidence(unchecked=f"{judge.name}: the shot is too short")
    if not np.isfinite(surprise).all() or (surprise < 0).any():
        raise CuspError(f"the judge {judge.name!r} returned a surprise that is negative or not finite")
    moments, index = np.unique(time, return_inverse=True)
    peaks = np.zeros(len(moments))
    np.maximum.at(peaks, index, surprise)
    series = (Series(f"surprise of {judge.name}", "", tuple(scene.time(t) for t in moments), tuple(map(float, peaks))),)
    suspects = []
    for k in np.argsort(-peaks)[:3]:
        others = np.delete(peaks, np.arange(max(0, k - 1), k + 2))
        usual = float(np.quantile(others, 0.9)) if len(others) else float(peaks[k])
        ratio = float(peaks[k]) / max(usual, 1e-12) if peaks[k] > 0 else 0.0
        if ratio < 1.5:
            break
        here = place[(index == k) & (surprise >= 0.5 * peaks[k])]
        box = (*here[:, :2].min(0), *here[:, 2:].max(0))
        step = float(np.median(np.diff(moments))) if len(moments) > 1 else 1.0
        suspects.append(
            Finding(
                law="learned",
                start=max(0.0, scene.time(moments[k] - step / 2)),
                end=scene.time(moments[k] + step / 2),
                box=scene.source_box(box, min(int(moments[k]), len(scene) - 1)),
                probability=MOST / (1 + (CENTRE / ratio) ** SLOPE),
                measured={"times the clip's own": Measurement(ratio, "")},
                sentence=f"The clip goes on otherwise than {judge.name} expects: {ratio:.1f} times its usual surprise.",
                series=series,
            )
        )
    return Evidence(tuple(suspects))


@runtime_checkable
class Segmenter(Protocol):
    """Anybody's segmenter or tracker: whole numbers (time, height, width), 0 is background, an id is one thing."""

    def masks(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Int[np.ndarray, "time height width"]: ...


def with_masks(scene: Scene, masks: Int[np.ndarray, "time height width"]) -> Scene:
    """The scene with these masks in the place of its own blobs and tracks."""
    if masks.shape != scene.frames.shape[:3]:
        raise CuspError(f"masks must have the frames' shape {scene.frames.shape[:3]}: got {masks.shape}")
    names = [int(name) for name in np.unique(masks) if name != 0]
    if names and (names[0] < 0 or names[-1] > np.iinfo(np.uint16).max):
        raise CuspError(f"mask ids must be from 0 to {np.iinfo(np.uint16).max}: got {names[0]} to {names[-1]}")
    blobs: list[list[Blob]] = []
    tracks = {name: Track(k) for k, name in enumerate(names)}
    for t, (frame, labels) in enumerate(zip(scene.frames, masks, strict=True)):
        found = [_blob(name, labels == name, frame) for name in names if (labels == name).any()]
        blobs.append(sorted(found, key=lambda blob: -blob.area))
        for blob in found:
            track = tracks[blob.label]
            if not len(track):
                track.birth = "start" if t == 0 else "edge" if blob.at_edge else "nothing"
            track.frames.append(t)
            track.blobs.append(blob)
            track.merged.append(False)
    for track in tracks.values():
        if track.end < len(scene) - 1:
            track.death = "edge" if track.blobs[-1].at_edge else "nothing"
    return replace(scene, labels=masks.astype(np.uint16), blobs=blobs, tracks=list(tracks.values()), crowded=False)


def masks_of_points(
    points: Float[np.ndarray, "time points 2"], size: tuple[int, int], radius: int = 3
) -> Int[np.ndarray, "time height width"]:
    """Tracked points (x, y; NaN where unseen) as small discs: point k has id k + 1."""
    masks = np.zeros((len(points), *size), np.int32)
    for mask, row in zip(masks, points, strict=True):
        for k, (x, y) in enumerate(row):
            if np.isfinite((x, y)).all():
                cv2.circle(mask, (round(float(x)), round(float(y))), radius, k + 1, -1)
    return masks


def _blob(name: int, mask: np.ndarray, frame: np.ndarray) -> Blob:
    rows, columns = np.nonzero(mask)
    x, y = float(columns.mean()), float(rows.mean())
    spread = (
        float(((columns - x) ** 2).mean()),
        float(((columns - x) * (rows - y)).mean()),
        float(((rows - y) ** 2).mean()),
    )
    box = int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
    height, width = mask.shape
    at_edge = box[0] <= 1 or box[1] <= 1 or box[2] >= width - 1 or box[3] >= height - 1
    red, green, blue = (float(v) for v in frame[mask].mean(0))
    return Blob(name, float(len(rows)), (x, y), box, (red, green, blue), spread, at_edge, False)
