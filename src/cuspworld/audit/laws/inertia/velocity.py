"""Inertia and momentum: velocity does not jump where nothing is touched, and a thing does not leap from place to place.

Steps with anything near enough to touch (another thing, an edge in the background plate, the frame's border) are not
judged: they may be contacts. How the jumps of velocity are found: kinks.py.
"""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, certainty, probability
from cuspworld.audit.laws.inertia.kinks import Kink, kinks
from cuspworld.audit.observations.sudden_changes import Jump

MOST = 3  # jumps of velocity that a shot is charged with


def check(scene: Scene) -> Evidence:
    """Velocity jumps of single things with nothing near, and leaps from place to place."""
    leaps = [jump for jump in scene.jumps if jump.kind == "moves" and not jump.at_edge]
    suspects = [_leap(scene, jump) for jump in leaps if not _goes_on(scene, jump)]
    if scene.why_no_things and not suspects:
        return Evidence(unchecked=scene.why_no_things)
    suspects += [_velocity_jump(scene, kink) for kink in kinks(scene)[:MOST]]
    return Evidence(tuple(suspects))


def _velocity_jump(scene: Scene, kink: Kink) -> Finding:
    track, i = kink.track, kink.index
    pace = scene.factor[0] * scene.fps
    measured = {
        "speed before": _speed(scene, float(np.linalg.norm(kink.before)), kink.error / 1.4),
        "speed after": _speed(scene, float(np.linalg.norm(kink.after)), kink.error / 1.4),
        "velocity change": _speed(scene, kink.change, kink.error),
    }
    times = tuple(scene.time(f) for f in track.frames)
    speeds = np.linalg.norm(np.gradient(track.centres, track.times, axis=0), axis=1) * pace
    return Finding(
        law="inertia",
        start=scene.time(track.frames[i]),
        end=scene.time(track.frames[i + 1]),
        box=scene.source_box(track.boxes[i], track.frames[i]),
        probability=probability("velocity", kink.strength),
        measured=measured,
        sentence=(
            f"A thing's velocity changes from {measured['speed before']} to {measured['speed after']} "
            "within a frame, and nothing touches it."
        ),
        series=(Series("speed", "px/s", times, tuple(float(v) for v in speeds)),),
    )


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
