"""Things that went by their own limbs and go on without them.

What walks changes its outline again and again on its way. Each picture of a thing is laid over the one a sixth of a
second later, moved by as much as its centre moved: the share of its pixels that this does not explain is its own
motion. Where that share has risen and fallen with every step and is then nothing at all, while the thing travels on at
the old pace, it glides: the effect goes on without its cause. (What coasts by nature, a bird or a skater, looks alike.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.change import change_threshold, unexplained
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`lag_seconds`: between the two pictures. `change_grey_levels`: at least. `limbs_share`: of a thing's pixels, that
    its limbs move, least and most. `strides`: in the first part. `long_seconds`: of either part. `far_pixels`: that it
    must travel on. `thing_pixels`: of it. `margin_pixels`: round its box."""

    lag_seconds: float = 1 / 6
    change_grey_levels: int = 24
    limbs_share: tuple[float, float] = (0.03, 0.25)
    strides: int = 3
    long_seconds: float = 0.5
    far_pixels: float = 3.0
    thing_pixels: float = 60.0
    margin_pixels: int = 4


LIMITS = Thresholds()


@dataclass(frozen=True)
class Glide:
    """From frame `start` to `end` (working box of the last). Shares of the thing's pixels; paces in pixels a frame."""

    start: int
    end: int
    box: tuple[int, int, int, int]
    before: float
    after: float
    pace_before: float
    pace_after: float
    travelled: float
    times: tuple[int, ...]
    shares: tuple[float, ...]

    @property
    def strength(self) -> float:
        """How much of its own motion it had for each bit that it has left, less for a short way."""
        return self.before / (self.after + 0.01) * min(1.0, self.travelled / (2 * LIMITS.far_pixels))


def glides(scene: Scene) -> list[Glide]:
    """Every thing that goes on without its limbs until it is seen no more."""
    return [found for track in scene.things if (found := _glide(scene, track)) is not None]


def _glide(scene: Scene, track: Track) -> Glide | None:
    long = max(6, round(LIMITS.long_seconds * float(scene.fps)))
    if len(track) < 2 * long or np.median(track.areas) < LIMITS.thing_pixels:
        return None
    times, shares, steps = _own_motion(scene, track, max(2, round(LIMITS.lag_seconds * float(scene.fps))))
    if len(times) < 2 * long:
        return None
    usual = float(np.quantile(shares[: max(long, len(shares) // 2)], 0.9))
    moving = np.flatnonzero(shares > 0.25 * usual)
    if not LIMITS.limbs_share[0] < usual < LIMITS.limbs_share[1] or not len(moving):
        return None
    first = int(moving[-1]) + 1
    if (shares[:first] > 0.5 * usual).sum() < LIMITS.strides:
        return None
    if len(times) - first < long or first < long // 2:
        return None
    travelled, pace = float(steps[first:].sum()), float(np.median(steps[first:]))
    old = float(np.median(steps[:first][steps[:first] > 0.05])) if (steps[:first] > 0.05).any() else 0.0
    if travelled < LIMITS.far_pixels or pace < 0.3 * old or old == 0.0:
        return None
    box = track.blobs[track.frames.index(int(times[-1]))].box
    after = float(np.quantile(shares[first:], 0.95))
    return Glide(
        int(times[first]), track.end, box, usual, after, old, pace, travelled,
        tuple(int(t) for t in times), tuple(float(v) for v in shares),
    )  # fmt: skip


def _own_motion(scene: Scene, track: Track, lag: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(frames, share of its pixels that its own travel does not explain, pixels that it travels a frame)."""
    height, width = scene.size
    level = max(LIMITS.change_grey_levels, change_threshold(scene.noise))
    where = {f: b for f, b, alone in zip(track.frames, track.blobs, track.alone, strict=True) if alone}
    rows: list[tuple[int, float, float]] = []
    margin = LIMITS.margin_pixels
    for t, blob in where.items():
        later = where.get(t + lag)
        if later is None:
            continue
        way = np.subtract(later.centre, blob.centre)
        x0, y0, x1, y1 = np.add(blob.box, (-margin, -margin, margin, margin))
        if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
            continue
        least = np.inf
        for dx in {int(np.floor(way[0])), int(np.ceil(way[0]))}:
            for dy in {int(np.floor(way[1])), int(np.ceil(way[1]))}:
                if x0 + dx < 0 or y0 + dy < 0 or x1 + dx > width or y1 + dy > height:
                    continue
                here = scene.frames[t, y0:y1, x0:x1]
                there = scene.frames[t + lag, y0 + dy : y1 + dy, x0 + dx : x1 + dx]
                inside = (slice(margin, -margin), slice(margin, -margin))
                new, lost = unexplained(here, there, 1, level)[inside], unexplained(there, here, 1, level)[inside]
                least = min(least, float(max(new.sum(), lost.sum())) / blob.area)
        if np.isfinite(least):
            rows.append((t, least, float(np.hypot(*way)) / lag))
    table = np.array(rows, float).reshape(-1, 3)
    return table[:, 0].astype(int), table[:, 1], table[:, 2]


def _find(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, found) for found in glides(seen.scene)] or "nothing is seen to walk and then glide"


def _suspect(scene: Scene, glide: Glide) -> Suspect:
    pace = scene.factor[0] * float(scene.fps)
    shares = tuple(100 * share for share in glide.shares)
    return Suspect(
        strength=glide.strength,
        start=glide.start,
        end=glide.end,
        box=glide.box,
        at=glide.end,
        measured={
            "its own motion before": Measurement(100 * glide.before, "% of its pixels"),
            "its own motion after": Measurement(100 * glide.after, "% of its pixels"),
            "pace before": Measurement(glide.pace_before * pace, "px/s"),
            "pace after": Measurement(glide.pace_after * pace, "px/s"),
        },
        sentence="A thing goes on at its pace while the limbs that moved it are still.",
        series=(Series("share of its pixels that its limbs move", "%", scene.times(glide.times), shares),),
    )


GLIDES = Check(
    "glides",
    Law.CAUSE,
    "what walked goes on at its pace with its limbs still",
    _find,
    needs=(single_things,),
    thresholds=LIMITS,
)
