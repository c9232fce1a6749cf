"""Inertia and momentum: velocity does not jump where nothing is touched, and a thing does not leap from place to place.

On either side of every step a straight line is fitted to the track (Gauss-Markov, equal weights). The change of
velocity is compared with what the fits' own noise allows and with what the clip's things do elsewhere. Steps with
anything near enough to touch (another thing, an edge in the background plate, the frame's border) are not judged:
they may be contacts.
"""

from __future__ import annotations

import cv2
import numpy as np

from cuspworld.audit.blobs import Blob
from cuspworld.audit.calibration import probability
from cuspworld.audit.jumps import Jump
from cuspworld.audit.laws.base import Evidence, Law, certainty
from cuspworld.audit.report import Finding, Measurement, Series
from cuspworld.audit.scene import Scene
from cuspworld.audit.tracks import Track

SPAN = 6  # frames on each side of a step that the velocity is fitted over
NEAR = 4  # working pixels: anything closer than this may be touched
OUTLINE = np.ones((5, 5), np.uint8)  # a thing's own outline, should the plate hold it, is no surface
STRUCTURE = 8.0  # grey levels a pixel: a gradient of the plate that may be a surface


def check(scene: Scene) -> Evidence:
    """Velocity jumps of single things with nothing near, and leaps from place to place."""
    leaps = [jump for jump in scene.jumps if jump.kind == "moves" and not jump.at_edge]
    suspects = [_leap(scene, jump) for jump in leaps if not _goes_on(scene, jump)]
    if scene.why_no_things and not suspects:
        return Evidence(unchecked=scene.why_no_things)
    noise, usual = _usual(scene)
    for track in scene.things:
        suspects.extend(_velocity_jumps(scene, track, noise, usual))
    return Evidence(tuple(suspects))


def velocity_change(track: Track, span: int = SPAN) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(change (n, 2), before (n, 2), after (n, 2), residual (n,)) at each point i: between point i and point i + 1.

    Velocities in working pixels a frame; NaN where a side has a gap, a shared blob or too few points. `residual`:
    root mean square of both fits.
    """
    count = len(track)
    nothing = np.full((count, 2), np.nan)
    change, before, after, residual = nothing.copy(), nothing.copy(), nothing.copy(), np.full(count, np.nan)
    times, centres, alone = track.times, track.centres, track.alone
    for i in range(span - 1, count - span):
        window = slice(i - span + 1, i + span + 1)
        if not alone[window].all() or times[i + span] - times[i - span + 1] != 2 * span - 1:
            continue
        left, right = centres[i - span + 1 : i + 1], centres[i + 1 : i + span + 1]
        (va, ra), (vb, rb) = _slope(left), _slope(right)
        before[i], after[i], change[i] = va, vb, vb - va
        residual[i] = np.sqrt((ra**2 + rb**2) / 2)
    return change, before, after, residual


def touches(scene: Scene, track: Track, i: int, near: int = NEAR) -> str:
    """What the thing may touch at its point i: `edge`, `thing`, `surface`, or empty."""
    blob, frame = track.blobs[i], track.frames[i]
    height, width = scene.size
    speed = float(np.linalg.norm(np.subtract(track.predict(frame + 1), blob.centre))) if i == len(track) - 1 else 0.0
    if 0 < i < len(track):
        speed = max(speed, float(np.linalg.norm(np.subtract(blob.centre, track.blobs[i - 1].centre))))
    if i + 1 < len(track):
        speed = max(speed, float(np.linalg.norm(np.subtract(track.blobs[i + 1].centre, blob.centre))))
    slack = near + int(np.ceil(speed))
    x0, y0, x1, y1 = blob.box
    if x0 - slack < 0 or y0 - slack < 0 or x1 + slack > width or y1 + slack > height:
        return "edge"
    region = (slice(y0 - slack, y1 + slack), slice(x0 - slack, x1 + slack))
    labels = scene.labels[frame][region]
    others = (labels > 0) & (labels != blob.label)
    for other in scene.blobs[frame]:
        if others.any() and is_shadow(scene, frame, other):
            others &= labels != other.label
    if others.any():
        return "thing"
    body = (labels == blob.label).astype(np.uint8)
    ring = (cv2.dilate(body, np.ones((2 * slack + 1,) * 2, np.uint8)) > 0) & (cv2.dilate(body, OUTLINE) == 0)
    ring &= ~scene.reached(track)[region]  # what it stood before is no surface
    if ring.any() and float(np.quantile(scene.background_edges[region][ring], 0.98)) > STRUCTURE:
        return "surface"
    return ""


def is_shadow(scene: Scene, frame: int, blob: Blob) -> bool:
    """A region that is the background, darkened alike in all channels and everywhere."""
    x0, y0, x1, y1 = blob.box
    here = scene.labels[frame, y0:y1, x0:x1] == blob.label
    now = scene.frames[frame, y0:y1, x0:x1][here].astype(np.float32)
    plate = scene.background[y0:y1, x0:x1][here].astype(np.float32)
    ratio = now.mean(0) / np.maximum(plate.mean(0), 1)
    return bool(ratio.max() < 0.96 and ratio.min() > 0.3 and np.ptp(ratio) < 0.1)


def _slope(points: np.ndarray) -> tuple[np.ndarray, float]:
    n = len(points)
    t = np.arange(n) - (n - 1) / 2
    slope = t @ points / (t @ t)
    rest = points - points.mean(0) - t[:, None] * slope
    return slope, float(np.sqrt((rest**2).sum() / max(1, 2 * n - 4)))


def _usual(scene: Scene) -> tuple[float, float]:
    """(position noise, upper decile of the velocity change) over all things of the shot, working pixels."""
    residuals, changes = [], []
    for track in scene.things:
        change, _, _, residual = velocity_change(track)
        residuals.append(residual[np.isfinite(residual)])
        size = np.linalg.norm(change, axis=1)
        changes.append(size[np.isfinite(size)])
    pool = np.concatenate(residuals) if residuals else np.zeros(0)
    noise = max(0.04, float(np.median(pool))) if len(pool) else 0.2
    pool = np.concatenate(changes) if changes else np.zeros(0)
    return noise, float(np.quantile(pool, 0.75)) if len(pool) else 0.0


def _velocity_jumps(scene: Scene, track: Track, noise: float, usual: float) -> list[Finding]:
    change, before, after, _ = velocity_change(track)
    size = np.linalg.norm(change, axis=1)
    size[~np.isfinite(size)] = 0.0
    error = noise * np.sqrt(2 * 12 / (SPAN**3 - SPAN))  # of a difference of two fitted slopes
    findings = []
    for _ in range(3):
        i = int(size.argmax())
        statistic = float(size[i] / (5 * error + usual))
        if statistic < 1:
            break
        window = slice(max(0, i - SPAN), i + SPAN)
        size[window] = 0.0
        areas = track.areas[max(0, i - SPAN + 1) : i + SPAN + 1]
        if areas.max() > 1.2 * areas.min():  # a part comes off or joins, and takes the centre along
            continue
        if any(touches(scene, track, k) for k in range(max(0, i - 1), min(len(track), i + 3))):
            continue
        if _accelerates(track, i, change[i]):
            continue
        pace = scene.factor[0] * scene.fps
        measured = {
            "speed before": _speed(scene, float(np.linalg.norm(before[i])), error / 1.4),
            "speed after": _speed(scene, float(np.linalg.norm(after[i])), error / 1.4),
            "velocity change": _speed(scene, float(np.linalg.norm(change[i])), error),
        }
        times = tuple(scene.time(f) for f in track.frames)
        speeds = np.linalg.norm(np.gradient(track.centres, track.times, axis=0), axis=1) * pace
        findings.append(
            Finding(
                law="inertia",
                start=scene.time(track.frames[i]),
                end=scene.time(track.frames[i + 1]),
                box=scene.source_box(track.boxes[i], track.frames[i]),
                probability=probability("velocity", statistic),
                measured=measured,
                sentence=(
                    f"A thing's velocity changes from {measured['speed before']} to {measured['speed after']} "
                    "within a frame, and nothing touches it."
                ),
                series=(Series("speed", "px/s", times, tuple(float(v) for v in speeds)),),
            )
        )
    return findings


def _accelerates(track: Track, i: int, change: np.ndarray) -> bool:
    """Is the change what the accelerations on both sides add up to (a fall begins), and no jump?"""
    left, right = track.centres[i - SPAN + 1 : i + 1], track.centres[i + 1 : i + SPAN + 1]
    half = SPAN // 2
    bend = [(_slope(side[half:])[0] - _slope(side[:half])[0]) / half for side in (left, right)]  # acceleration
    expected = (bend[0] + bend[1]) / 2 * SPAN
    return bool(np.linalg.norm(change - expected) < 0.5 * np.linalg.norm(change))


def _speed(scene: Scene, pixels_a_frame: float, error: float) -> Measurement:
    pace = scene.factor[0] * scene.fps
    if scene.scale.metres_per_pixel:
        pace *= scene.scale.metres_per_pixel
        return Measurement(pixels_a_frame * pace, "m/s", error * pace)
    return Measurement(pixels_a_frame * pace, "px/s", error * pace)


def _goes_on(scene: Scene, jump: Jump) -> bool:
    """Is the leap one step of a motion that is as fast before or after it (few frames a second)?"""
    leap = np.linalg.norm(np.subtract(_middle(jump.box), _middle(jump.old_box or jump.box)))
    for track in scene.tracks:
        where = {frame: blob for frame, blob in zip(track.frames, track.blobs, strict=True)}
        steps = [
            np.linalg.norm(np.subtract(where[t + 1].centre, where[t].centre))
            for t in (jump.frame - 1, jump.frame, jump.frame + 1)
            if t in where and t + 1 in where
        ]
        here = where.get(jump.frame)
        if here is None or jump.old_box is None or not _meet(here.box, jump.old_box):
            continue
        if len(steps) > 1 and sorted(steps)[-2] > 0.3 * leap:  # the leap itself, and a step before or after it
            return True
    return False


def _middle(box: tuple[int, int, int, int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _meet(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def _leap(scene: Scene, jump: Jump) -> Finding:
    old, new = np.array(jump.old_box), np.array(jump.box)
    leap = float(np.linalg.norm((new[:2] + new[2:] - old[:2] - old[2:]) / 2)) * scene.factor[0]
    both = np.concatenate([np.minimum(old[:2], new[:2]), np.maximum(old[2:], new[2:])])
    total = np.maximum(scene.change.appeared, scene.change.vanished) * scene.factor[0] * scene.factor[1]
    return Finding(
        law="inertia",
        start=scene.time(jump.frame),
        end=scene.time(jump.frame + 1),
        box=scene.source_box(both, jump.frame),
        probability=certainty("jumps", jump),
        measured={
            "leap": Measurement(leap, "px"),
            "reach of ordinary motion": Measurement(scene.change.reach * scene.factor[0], "px"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence=f"A thing leaps {leap:.0f} px from one frame to the next without being anywhere between.",
        series=(
            Series(
                "unexplained area of each step",
                "px²",
                tuple(scene.time(t + 1) for t in range(len(total))),
                tuple(float(v) for v in total),
            ),
        ),
    )


LAW = Law("inertia", "velocity jumps with no contact; a thing leaps from place to place", check)
