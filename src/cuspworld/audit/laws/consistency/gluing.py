"""Global consistency: every stretch of the clip is explained by itself, and no single explanation of the whole exists.

A sheaf over the clip (Robinson, "Sheaves are the canonical data structure for sensor integration", 2017): the opens
are overlapping windows of each thing's track, the stalk of a window holds what is constant in any explanation of a
thing (its chroma) or of the scene (the acceleration of falls), and restrictions are identities. The *consistency
radius* is the least r such that one global section lies within r errors of every local one; for constants that is half
the range of the local values in units of their errors. *Local surprise* is how badly a window explains its own frames;
windows with a high one are left to the other laws, so that what is found here is found by nothing local. A surface
whose motion is steady before an instant and steady after it, and the other way (`reverses.py`), is found here too.
"""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.falling import falling, keeps_shape
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, probability
from cuspworld.audit.laws.consistency.surface_reversal import Reversal, reversal

WINDOW = 8  # frames of one window
STRIDE = 4  # so that neighbours overlap by half
CALM = 2.0  # grey levels a frame: a window whose chroma varies by more is a local surprise


def check(scene: Scene) -> Evidence:
    """The consistency radius of chroma for each thing, and of gravity for the scene."""
    still = scene.camera.steady and not scene.camera.moving and scene.valid is None
    turned = reversal(scene) if still else None
    suspects = [] if turned is None else [_turned(scene, turned)]
    if scene.why_no_things:
        return Evidence(tuple(suspects), "" if suspects else scene.why_no_things)
    sections = 2 * len(suspects)
    for track in (path.track for path in scene.paths if keeps_shape(path)):
        found, count = _chroma(scene, track)
        sections += count
        if found is not None:
            suspects.append(found)
    found, count = _gravity(scene)
    sections += count
    if found is not None:
        suspects.append(found)
    if sections < 2:
        return Evidence(unchecked="fewer than two windows explain themselves: nothing to glue")
    return Evidence(tuple(suspects))


def _turned(scene: Scene, turned: Reversal) -> Finding:
    return Finding(
        law="consistency",
        start=scene.time(turned.frame),
        end=scene.time(turned.frame + 1),
        box=scene.source_box(turned.box, turned.frame),
        probability=probability("reverses", turned.strength),
        measured={
            "of what moves there runs backward": Measurement(100 * turned.share, "%"),
            "times what any other instant shows": Measurement(turned.ratio, ""),
        },
        sentence="A surface that ran steadily runs the other way from one frame to the next, and all else goes on.",
    )


def radius(values: np.ndarray, errors: np.ndarray) -> tuple[float, int, int]:
    """(consistency radius of constants, the two windows that set it): min over c of max |v_i - c| / e_i.

    `values` (windows, channels), `errors` (windows,). For two windows it is |v_i - v_j| / (e_i + e_j), and the largest
    pair decides, since intervals on a line meet together when they meet in pairs (Helly).
    """
    best = (0.0, 0, 0)
    for channel in values.T:
        gap = np.abs(channel[:, None] - channel[None]) / (errors[:, None] + errors[None])
        i, j = np.unravel_index(int(gap.argmax()), gap.shape)
        if gap[i, j] > best[0]:
            best = (float(gap[i, j]), int(min(i, j)), int(max(i, j)))
    return best


def _chroma(scene: Scene, track: Track) -> tuple[Finding | None, int]:
    """Does each window show one chroma, and all of them together none?"""
    alone, colours = track.alone, track.colours
    if not alone.any() or np.median(track.areas[alone]) < 60:
        return None, 0
    chroma = colours - colours.mean(1, keepdims=True)
    at, values, errors = [], [], []
    for start in range(0, len(track) - WINDOW + 1, STRIDE):
        part = slice(start, start + WINDOW)
        if not alone[part].all():
            continue
        step = np.abs(np.diff(chroma[part], axis=0)).max()
        if step > CALM:
            continue  # locally surprising
        at.append(start)
        values.append(chroma[part].mean(0))
        errors.append(3.0 + 2 * float(chroma[part].std(0).max()))
    if len(at) < 2:
        return None, len(at)
    r, i, j = radius(np.array(values), np.array(errors))
    if r < 1:
        return None, len(at)
    first, last = track.frames[at[i]], track.frames[at[j] + WINDOW - 1]
    return (
        Finding(
            law="consistency",
            start=scene.time(first),
            end=scene.time(last),
            box=scene.source_box(track.boxes[at[j]], track.frames[at[j]]),
            probability=probability("gluing", 1.5 * r),
            measured={
                "consistency radius": Measurement(r, "errors"),
                "local surprise": Measurement(float(np.median(errors)) - 3.0, "grey levels"),
            },
            sentence="In every moment a thing has one colour, and over the whole clip none: it drifts into another.",
            series=(
                Series(
                    "red minus mean",
                    "grey levels",
                    tuple(scene.time(f) for f in track.frames),
                    tuple(float(v) for v in chroma[:, 0]),
                ),
            ),
        ),
        len(at),
    )


def _gravity(scene: Scene) -> tuple[Finding | None, int]:
    """Every fall has its acceleration; have they one?"""
    at, values, errors, boxes = [], [], [], []
    for path in scene.paths:
        for first, pieces in scene.flown(path, alone=True):
            for piece in pieces:
                if len(piece) >= 7 and falling(piece):
                    at.append(int(path.times[first + piece.first]))
                    values.append(np.log(piece.acceleration[1]))
                    errors.append(0.25 + 2 * piece.error / piece.acceleration[1])
                    x, y = path.points[first + piece.first]
                    boxes.append((x - path.half[0], y - path.half[1], x + path.half[0], y + path.half[1]))
    if len(at) < 2:
        return None, len(at)
    r, i, j = radius(np.array(values)[:, None], np.array(errors))
    if r < 1:
        return None, len(at)
    order = sorted((i, j), key=lambda k: at[k])
    return (
        Finding(
            law="consistency",
            start=scene.time(at[order[0]]),
            end=scene.time(at[order[1]] + WINDOW),
            box=scene.source_box(boxes[order[1]], at[order[1]]),
            probability=probability("gluing", 2 * r),
            measured={
                "consistency radius": Measurement(r, "errors"),
                "ratio of the accelerations": Measurement(float(np.exp(abs(values[i] - values[j]))), ""),
            },
            sentence="Each fall is a fall by itself, but they need different gravities.",
        ),
        len(at),
    )


LAW = Law("consistency", "windows are each locally explained, but no single explanation of the whole exists", check)
