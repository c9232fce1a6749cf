"""The evidence of one shot: stabilised frames, plate, blobs, tracks and change, measured once and read by every law."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import UInt8

from cuspworld.audit.evidence import blobs as blobs_module
from cuspworld.audit.evidence import camera as camera_module
from cuspworld.audit.evidence import change as change_module
from cuspworld.audit.evidence.blobs import Blob
from cuspworld.audit.evidence.camera import Camera
from cuspworld.audit.evidence.change import Change
from cuspworld.audit.evidence.flights import Flight, even_stretches, flights, noise_of
from cuspworld.audit.evidence.palette import Palette, palette
from cuspworld.audit.evidence.paths import Path, trace
from cuspworld.audit.evidence.tracks import Track, link

CROWD = 40  # more blobs than this in a frame: things can't be told apart, laws about things are unchecked
LIT = 0.15  # a tint that comes and goes by more is another light: colours and changes in place say nothing
SEEN = 0.7  # share of a thing's pixels that must be seen for its place to count
SHORTEST = 6  # frames: shorter shots say nothing about motion


@dataclass(frozen=True)
class Scale:
    """What is known from outside: metres a source pixel (None: unknown), and whether fps is to be trusted."""

    metres_per_pixel: float | int | None = None
    fps_known: bool = False


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One shot. `frames`: uint8 (time, height, width, 3), stabilised and untinted, at working size; `given`: as they
    were before.

    `factor`: source pixels a working pixel (x, y). `first`: the shot's first frame in the video. `labels`: the blob's
    label of each pixel. `activity`: share of pixels that change in each step (time - 1,). `flow`: mean length of the
    optical flow of each step over the moving pixels, in working pixels a frame. `world`: which of the worlds it looks
    like, empty where like none, or where nobody asked.
    """

    frames: np.ndarray
    given: np.ndarray
    valid: np.ndarray | None
    fps: float | int
    first: int
    factor: tuple[float, float]
    camera: Camera
    noise: float
    tint: float
    background: np.ndarray
    threshold: np.ndarray
    labels: np.ndarray
    blobs: list[list[Blob]]
    tracks: list[Track]
    change: Change
    activity: np.ndarray
    flow: np.ndarray
    flow_high: np.ndarray
    crowded: bool
    scale: Scale
    world: str = ""

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) at working size."""
        return self.frames.shape[1], self.frames.shape[2]

    def time(self, frame: float | int) -> float:
        """Seconds from the video's start to a frame of this shot."""
        return (self.first + float(frame)) / self.fps

    def times(self, frames: Iterable[float | int]) -> tuple[float, ...]:
        """Seconds from the video's start to each of these frames of this shot."""
        return tuple(self.time(frame) for frame in frames)

    @property
    def area(self) -> float:
        """Source pixels, in area, a working pixel."""
        return float(self.factor[0] * self.factor[1])

    def source_box(
        self, box: tuple[float | int, ...] | np.ndarray, frame: int | None = None
    ) -> tuple[float, float, float, float]:
        """A working box (of stabilised coordinates) in source pixels; `frame` undoes the camera's motion there."""
        x0, y0, x1, y1 = (float(v) for v in box)
        if frame is not None and self.camera.moving and self.camera.steady:
            back = cv2.invertAffineTransform(self.camera.to_reference[frame])
            corners = np.array([[x0, y0, 1], [x1, y0, 1], [x0, y1, 1], [x1, y1, 1]]) @ back.T
            (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
        height, width = self.size
        x0, x1 = (float(np.clip(v, 0, width)) for v in (x0, x1))
        y0, y1 = (float(np.clip(v, 0, height)) for v in (y0, y1))
        fx, fy = self.factor
        return x0 * fx, y0 * fy, x1 * fx, y1 * fy

    @cached_property
    def things(self) -> list[Track]:
        """The tracks that are things: seen alone for at least four frames, and not the plate's ghosts."""
        return [track for track in self.tracks if len(track) >= 4 and not track.ghostly]

    @cached_property
    def background_edges(self) -> np.ndarray:
        """Gradient that stays, grey levels a pixel (height, width): where a thing could lean or bounce.

        The lower 15 % over the shot, so that the outline of a thing that rests for a while is no surface.
        """
        chosen = np.unique(np.linspace(0, len(self) - 1, 21).astype(int))
        return np.sort([blobs_module.edges(self.frames[t]) for t in chosen], 0)[int(0.15 * len(chosen))] / 4

    def reached(self, track: Track) -> np.ndarray:
        """Where the thing itself ever was, alone (height, width) bool."""
        if track.name not in self._reached:
            mask = np.zeros(self.size, bool)
            for frame, blob, merged in zip(track.frames, track.blobs, track.merged, strict=True):
                if not merged:
                    x0, y0, x1, y1 = blob.box
                    mask[y0:y1, x0:x1] |= self.labels[frame, y0:y1, x0:x1] == blob.label
            self._reached[track.name] = mask
        return self._reached[track.name]

    @cached_property
    def _reached(self) -> dict[int, np.ndarray]:
        return {}

    @cached_property
    def paths(self) -> list[Path]:
        """Where each thing is, also while it shares its blob."""
        return [trace(self.frames, self.labels, track) for track in self.things]

    def flown(self, path: Path, *, alone: bool) -> list[tuple[int, list[Flight]]]:
        """(index of its first point, its flights) of every stretch of a path that is followed frame by frame.

        `alone`: only where the thing shares its blob with nothing; else where most of it (SEEN) is seen.
        """
        key = (path.track.name, alone)
        if key not in self._flown:
            good = path.alone if alone else path.visible > SEEN
            stretches = even_stretches(path.times, good)
            self._flown[key] = [
                (first, flights(path.points[first:end], noise_of(path.points[first:end]))) for first, end in stretches
            ]
        return self._flown[key]

    @cached_property
    def _flown(self) -> dict[tuple[int, bool], list[tuple[int, list[Flight]]]]:
        return {}

    @cached_property
    def why_no_things(self) -> str:
        """Why laws about single things can't be checked here; empty where they can."""
        if len(self) < SHORTEST:
            return f"the shot is too short: {len(self)} frames, at least {SHORTEST} are needed"
        if not self.camera.steady:
            return "the camera shakes or travels too much for positions to be trusted"
        if self.crowded:
            return f"more than {CROWD} moving regions at once: single things can't be told apart"
        if not self.things:
            return "no moving object could be segmented"
        return ""

    @cached_property
    def colours(self) -> Palette | None:
        """The colours of the moving things, in 48 frames; None where too little or too much moves."""
        grown = [cv2.dilate((labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) for labels in self.labels]
        masks = np.stack(grown) > 0
        if len(self) < 12 or masks.mean() > 0.5 or masks.sum() < 100:
            return None
        return palette(self.frames, masks, colours=8, looks=48)


def shots(frames: UInt8[np.ndarray, "time height width 3"]) -> list[tuple[int, int]]:
    """Frame ranges [start, end) between shot cuts.

    A cut is a single step in which more than a quarter of the picture has colours that nothing within 8 % of the
    frame explains, in both directions in time, and ten times more than in the steps around it, and which leaves less
    than a third of the picture as it was (another shot has another background).
    """
    small = np.stack([cv2.resize(frame, (64, 48), interpolation=cv2.INTER_AREA) for frame in frames])
    area = np.array(
        [
            change_module.unexplained(a, b, 4, 20).mean() + change_module.unexplained(b, a, 4, 20).mean()
            for a, b in itertools.pairwise(small)
        ]
    )
    cuts = [0]
    for t in np.flatnonzero(area > 0.25):
        around = np.r_[area[max(0, t - 5) : t], area[t + 1 : t + 6]]
        same = float((change_module.strongest(cv2.absdiff(small[t], small[t + 1])) < 12).mean())
        if len(around) and area[t] > 10 * np.median(around) and area[t] >= around.max() and same < 1 / 3:
            cuts.append(int(t) + 1)
    cuts.append(len(frames))
    return [(a, b) for a, b in itertools.pairwise(cuts) if b > a]


def observe(
    frames: UInt8[np.ndarray, "time height width 3"],
    fps: float | int,
    *,
    first: int = 0,
    factor: tuple[float, float] = (1.0, 1.0),
    scale: Scale | None = None,
) -> Scene:
    """Measure one shot of working-size frames."""
    noise = camera_module.noise_level(frames)
    camera = camera_module.estimate(frames)
    steady_frames, valid = camera_module.stabilise(frames, camera)
    steady_frames, tint = camera_module.untint(steady_frames)
    flow, flow_high = _flow(steady_frames)
    reach = int(np.clip(3 + np.ceil(1.5 * np.quantile(flow_high, 0.75)) if len(flow_high) else 3, 3, 12))
    change = change_module.measure(steady_frames, noise, reach, valid)
    level = change_module.change_threshold(noise)
    activity = np.array(
        [
            float((change_module.strongest(cv2.absdiff(a, b)) > level).mean())
            for a, b in itertools.pairwise(steady_frames)
        ]
    )
    background, pixel_noise = blobs_module.plate(steady_frames, valid)
    threshold = np.maximum(max(14.0, 6 * noise), 5 * np.minimum(cv2.blur(pixel_noise, (3, 3)), 8)).astype(np.float32)
    labels = np.zeros(steady_frames.shape[:3], np.uint16)
    found: list[list[Blob]] = []
    for t, frame in enumerate(steady_frames):
        image, blobs = blobs_module.segment(frame, background, threshold, None if valid is None else valid[t])
        if len(blobs) > 2 * CROWD:
            blobs = blobs[: 2 * CROWD]
        labels[t] = image
        found.append(blobs)
    crowded = bool(np.median([len(blobs) for blobs in found]) > CROWD)
    tracks = [] if crowded else link(found)
    return Scene(
        frames=steady_frames,
        given=frames,
        valid=valid,
        fps=fps,
        first=first,
        factor=factor,
        camera=camera,
        noise=noise,
        tint=tint,
        background=background,
        threshold=threshold,
        labels=labels,
        blobs=found,
        tracks=tracks,
        change=change,
        activity=activity,
        flow=flow,
        flow_high=flow_high,
        crowded=crowded,
        scale=scale or Scale(),
    )


def _flow(frames: UInt8[np.ndarray, "time height width 3"]) -> tuple[np.ndarray, np.ndarray]:
    """Mean flow over moving pixels, and its 95th percentile, of each step (DIS at half size), in pixels a frame."""
    height, width = frames.shape[1:3]
    shrink = 2 if min(height, width) >= 96 else 1
    size = (max(1, width // shrink), max(1, height // shrink))
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    greys = [cv2.resize(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA) for f in frames]
    mean, high = np.zeros(len(frames) - 1), np.zeros(len(frames) - 1)
    if min(size) < 32:  # OpenCV's DIS reads out of bounds (and crashes) on pictures lower than 32 pixels
        return mean, high
    for t, (a, b) in enumerate(itertools.pairwise(greys)):
        flow = solver.calc(a, b, np.zeros((*a.shape, 2), np.float32))
        length = np.linalg.norm(flow, axis=-1) * shrink
        moving = (cv2.absdiff(a, b) > 6) & (length > 0.2)
        if moving.sum() > 8:
            mean[t], high[t] = length[moving].mean(), np.quantile(length[moving], 0.95)
    return mean, high
