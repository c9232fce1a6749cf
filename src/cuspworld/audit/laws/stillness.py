"""Stillness: a scene in full motion does not freeze and go on, and no part of it does.

A part that is frozen while the rest goes on gives itself away when it thaws: what stood still for a while, and moved
before, is at once where it would have come to in the meantime.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from cuspworld.audit.evidence.activity import runs
from cuspworld.audit.evidence.change import change_threshold, strongest, unexplained
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, probability
from cuspworld.audit.observations.sudden_changes import Jump

AROUND = 6  # working pixels around a jump that are its place
LIVELY = 0.002  # share of the picture that changes in each step of a scene in motion, at least
QUIET = 0.05  # share of a jump's own change that is no motion
SPRUNG = 9  # pixels of a patch that no motion explains


def check(scene: Scene) -> Evidence:
    """Runs of steps without any change, bounded by full motion on at least one side."""
    if len(scene) < 2 * SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {2 * SHORTEST} are needed")
    activity = scene.activity
    if activity.max() * scene.frames[0, ..., 0].size < 9:
        return Evidence(unchecked="nothing moves anywhere in the shot, and a still scene can be a true one")
    least = max(4, round(0.12 * scene.fps))
    suspects = []
    full = float(np.quantile(activity[activity > 0], 0.75))
    quiet = activity <= 0.02 * full
    for start, end in runs(quiet):
        if end - start < least:
            continue
        before, after = activity[max(0, start - 4) : start], activity[end : end + 4]
        stop = float(before.min()) if len(before) >= 3 else 0.0
        go = float(after.min()) if len(after) >= 3 else 0.0
        # stopping dead happens (a thing hits the floor); stopping dead and going on at the same pace does not
        if stop <= 0 or go <= 0 or not 0.4 < np.mean(before) / np.mean(after) < 2.5:
            continue
        steady = float(min(before.min() / before.max(), after.min() / after.max()))
        # what hardly moved has no motion to lose (and an encoder that saves leaves it out)
        pace = float(min(np.mean(before), np.mean(after)))
        share = min(1.0, 2 * pace / full, pace / LIVELY)
        statistic = (end - start) / least * 4 * steady * share
        suspects.append(
            Finding(
                law="stillness",
                start=scene.time(start),
                end=scene.time(end),
                box=scene.source_box((0, 0, scene.size[1], scene.size[0])),
                probability=probability("freeze", statistic),
                measured={
                    "frozen for": Measurement((end - start) / scene.fps, "s"),
                    "picture changing before": Measurement(100 * float(np.mean(before)), "% of pixels a frame"),
                    "picture changing after": Measurement(100 * float(np.mean(after)), "% of pixels a frame"),
                },
                sentence="Everything that moves stops dead at once and goes on as before.",
                series=(
                    Series(
                        "pixels that change in each step",
                        "%",
                        tuple(scene.time(t + 1) for t in range(len(activity))),
                        tuple(100 * float(v) for v in activity),
                    ),
                ),
            )
        )
    suspects += [found for jump in scene.jumps if (found := _thaws(scene, jump)) is not None]
    return Evidence(tuple(suspects))


def _thaws(scene: Scene, jump: Jump) -> Finding | None:
    """Did the place of this jump stand still before it, and move before that and after it?"""
    height, width = scene.size
    least = max(4, round(0.12 * float(scene.fps)))
    boxes = np.array([box for box in (jump.box, jump.old_box) if box is not None] + _sprung(scene, jump.frame))
    x0, y0 = np.maximum(boxes[:, :2].min(0) - AROUND, 0)
    x1, y1 = np.minimum(boxes[:, 2:].max(0) + AROUND, (width, height))
    if (x1 - x0) * (y1 - y0) > 0.6 * height * width:
        return None
    level = change_threshold(scene.noise)
    first, last = max(0, jump.frame - round(1.5 * float(scene.fps))), min(len(scene) - 1, jump.frame + 5)
    part = scene.frames[first : last + 1, y0:y1, x0:x1]
    local = np.array([(strongest(cv2.absdiff(a, b)) > level).mean() for a, b in itertools.pairwise(part)])
    step = jump.frame - first
    after = local[step + 1 : step + 5]
    quiet = 0
    while quiet < step and local[step - 1 - quiet] <= QUIET * local[step]:
        quiet += 1
    before = local[max(0, step - quiet - 4) : step - quiet]
    pace = min(float(before.min()), float(np.median(after))) if len(before) == 4 and len(after) >= 3 else 0.0
    if quiet < least or pace <= max(QUIET * float(local[step]), 1e-9):
        return None
    return Finding(
        law="stillness",
        start=scene.time(jump.frame - quiet),
        end=scene.time(jump.frame + 1),
        box=scene.source_box((int(x0), int(y0), int(x1), int(y1)), jump.frame),
        probability=probability("thaw", 4 * jump.ratio),
        measured={
            "frozen for": Measurement(quiet / float(scene.fps), "s"),
            "picture changing here before": Measurement(100 * float(before.mean()), "% of pixels a frame"),
            "at the thaw": Measurement(100 * float(local[step]), "% of pixels"),
        },
        sentence="A part of the picture stands still while it should move, and is then at once where it should be.",
        series=(
            Series(
                "pixels of this place that change in each step",
                "%",
                tuple(scene.time(first + t + 1) for t in range(len(local))),
                tuple(100 * float(v) for v in local),
            ),
        ),
    )


def _sprung(scene: Scene, step: int) -> list[tuple[int, int, int, int]]:
    """Boxes of what no motion explains in this step: where a thing was, and where it is at once."""
    level, reach = change_threshold(scene.noise), scene.change.reach
    before, after = scene.frames[step], scene.frames[step + 1]
    mask = unexplained(before, after, reach, level) | unexplained(after, before, reach, level)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, area in stats[1:] if area >= SPRUNG]


LAW = Law("stillness", "the scene should move and does not", check)
