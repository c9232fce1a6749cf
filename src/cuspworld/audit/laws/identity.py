"""Identity: a thing keeps its colour, size and shape unless something acts on it.

Three observations: a region that changes its colours in one step while its outline stays (a coat is swapped); a thing
alone that has another colour from one frame to the next; a rigid thing alone whose area leaps.
"""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, certainty, probability
from cuspworld.audit.observations.sudden_changes import Jump

SIDE = 4  # frames on each side that are compared


def check(scene: Scene) -> Evidence:
    """Recolouring in place, and leaps of a lone thing's colour or size."""
    if len(scene) < SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {SHORTEST} are needed")
    if not scene.camera.steady:
        return Evidence(unchecked="the camera shakes or travels too much to follow what a thing looks like")
    suspects = [_recoloured(scene, jump) for jump in scene.jumps if jump.kind == "recolours" and jump.same_shape]
    suspects += [_reshaped(scene, jump) for jump in scene.jumps if jump.kind == "reshapes" and not jump.at_edge]
    if not scene.why_no_things:
        suspects += [found for track in scene.things if (found := _leap(scene, track)) is not None]
    return Evidence(tuple(suspects))


def _recoloured(scene: Scene, jump: Jump) -> Finding:
    x0, y0, x1, y1 = jump.box
    before, after = (scene.frames[jump.frame + k, y0:y1, x0:x1].astype(float) for k in (0, 1))
    return Finding(
        law="identity",
        start=scene.time(jump.frame),
        end=scene.time(jump.frame + 1),
        box=scene.source_box(jump.box, jump.frame),
        probability=certainty("recolour", jump),
        measured={
            "recoloured area": Measurement(jump.area * scene.factor[0] * scene.factor[1], "px²"),
            "colour changes by": Measurement(float(np.quantile(np.abs(after - before), 0.9)), "grey levels"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence="A thing has other colours from one frame to the next, and the same outline.",
    )


def _reshaped(scene: Scene, jump: Jump) -> Finding:
    return Finding(
        law="identity",
        start=scene.time(jump.frame),
        end=scene.time(jump.frame + 1),
        box=scene.source_box(jump.box, jump.frame),
        probability=certainty("reshapes", jump),
        measured={
            "changed area": Measurement(jump.area * scene.factor[0] * scene.factor[1], "px²"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence="A thing has another shape from one frame to the next.",
    )


def _leap(scene: Scene, track: Track) -> Finding | None:
    """The largest leap of colour between frames in which the thing is alone, against how much it varies elsewhere."""
    if len(track) < 2 * SIDE + 2:
        return None
    alone = track.alone
    areas = np.log(np.maximum(track.areas, 1))
    if not alone.any() or np.median(track.areas[alone]) < 40:
        return None
    colours = track.colours
    best, where = 0.0, -1
    steps = np.abs(np.diff(colours, axis=0)).max(1)
    usual = float(np.quantile(steps[alone[1:] & alone[:-1]], 0.8)) if (alone[1:] & alone[:-1]).any() else 0.0
    for i in range(SIDE - 1, len(track) - SIDE):
        window = slice(i - SIDE + 1, i + SIDE + 1)
        if not alone[window].all() or track.frames[i + SIDE] - track.frames[i - SIDE + 1] != 2 * SIDE - 1:
            continue
        if np.ptp(areas[window]) > 0.2:  # another part of it shows, or it is another blob
            continue
        left, right = colours[i - SIDE + 1 : i + 1], colours[i + 1 : i + SIDE + 1]
        leap = float(np.abs(np.median(right, 0) - np.median(left, 0)).max())
        drift = float(max(np.abs(np.diff(left, axis=0)).max(), np.abs(np.diff(right, axis=0)).max()))
        statistic = leap / (4 + 2 * usual + 3 * drift)
        if statistic > best:
            best, where = statistic, i
    if best < 1:
        return None
    frame = track.frames[where]
    return Finding(
        law="identity",
        start=scene.time(frame),
        end=scene.time(track.frames[where + 1]),
        box=scene.source_box(track.boxes[where], frame),
        probability=probability("look", 2 * best),
        measured={
            "colour changes by": Measurement(
                float(np.abs(colours[where + 1] - colours[where]).max()), "grey levels", usual
            ),
            "change in other frames": Measurement(usual, "grey levels"),
        },
        sentence="A thing changes its colour from one frame to the next, and nothing is near it.",
        series=(
            Series(
                "mean grey level",
                "",
                tuple(scene.time(f) for f in track.frames),
                tuple(float(v) for v in colours.mean(1)),
            ),
        ),
    )


LAW = Law("identity", "a thing changes shape, size or colour without a cause; two swap", check)
