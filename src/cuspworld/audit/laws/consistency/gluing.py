"""Every stretch of the clip is explained by itself, and no single explanation of the whole exists.

A sheaf over the clip (Robinson, "Sheaves are the canonical data structure for sensor integration", 2017): the opens
are overlapping windows of each thing's track, the stalk of a window holds what is constant in any explanation of a
thing (its chroma) or of the scene (the acceleration of falls), and restrictions are identities. The *consistency
radius* is the least r such that one global section lies within r errors of every local one; for constants that is half
the range of the local values in units of their errors. *Local surprise* is how badly a window explains its own frames;
windows with a high one are left to the other laws, so that what is found here is found by nothing local.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuspworld.audit.evidence.falling import falling, keeps_shape
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

TOO_FEW = "fewer than two windows explain themselves: nothing to glue"


@dataclass(frozen=True)
class Thresholds:
    """`window_frames`: of one window; `stride_frames`: so that neighbours overlap by half. `calm_grey_levels`: a frame;
    a window whose chroma varies by more is a local surprise. `chroma_grey_levels`: error of a steady chroma.
    `thing_pixels`: of a thing. `fall_points`: of a fall. `fall_log_ratio`: of an exact acceleration."""

    window_frames: int = 8
    stride_frames: int = 4
    calm_grey_levels: float = 2.0
    chroma_grey_levels: float = 3.0
    thing_pixels: float = 60.0
    fall_points: int = 7
    fall_log_ratio: float = 0.25


LIMITS = Thresholds()


def radius(
    values: Float[np.ndarray, "windows channels"], errors: Float[np.ndarray, " windows"]
) -> tuple[float, int, int]:
    """(consistency radius of constants, the two windows that set it): min over c of max |v_i - c| / e_i.

    For two windows it is |v_i - v_j| / (e_i + e_j), and the largest pair decides, since intervals on a line meet
    together when they meet in pairs (Helly).
    """
    best = (0.0, 0, 0)
    for channel in values.T:
        gap = np.abs(channel[:, None] - channel[None]) / (errors[:, None] + errors[None])
        i, j = np.unravel_index(int(gap.argmax()), gap.shape)
        if gap[i, j] > best[0]:
            best = (float(gap[i, j]), int(min(i, j)), int(max(i, j)))
    return best


def _chroma_drifts(seen: Observations) -> list[Suspect] | str:
    suspects, windows = [], 0
    for track in (path.track for path in seen.scene.paths if keeps_shape(path)):
        found, count = _chroma(seen.scene, track)
        windows += count
        if found is not None:
            suspects.append(found)
    return TOO_FEW if windows < 2 else suspects


def _chroma(scene: Scene, track: Track) -> tuple[Suspect | None, int]:
    """Does each window show one chroma, and all of them together none? And how many windows explain themselves."""
    alone, colours, window = track.alone, track.colours, LIMITS.window_frames
    if not alone.any() or np.median(track.areas[alone]) < LIMITS.thing_pixels:
        return None, 0
    chroma = colours - colours.mean(1, keepdims=True)
    at, values, errors = [], [], []
    for start in range(0, len(track) - window + 1, LIMITS.stride_frames):
        part = slice(start, start + window)
        if not alone[part].all() or np.abs(np.diff(chroma[part], axis=0)).max() > LIMITS.calm_grey_levels:
            continue
        at.append(start)
        values.append(chroma[part].mean(0))
        errors.append(LIMITS.chroma_grey_levels + 2 * float(chroma[part].std(0).max()))
    if len(at) < 2:
        return None, len(at)
    r, i, j = radius(np.array(values), np.array(errors))
    if r < 1:
        return None, len(at)
    red = tuple(float(v) for v in chroma[:, 0])
    suspect = Suspect(
        strength=1.5 * r,
        start=track.frames[at[i]],
        end=track.frames[at[j] + window - 1],
        box=track.boxes[at[j]],
        at=track.frames[at[j]],
        measured={
            "consistency radius": Measurement(r, "errors"),
            "local surprise": Measurement(float(np.median(errors)) - LIMITS.chroma_grey_levels, "grey levels"),
        },
        sentence="In every moment a thing has one colour, and over the whole clip none: it drifts into another.",
        series=(Series("red minus mean", "grey levels", scene.times(track.frames), red),),
    )
    return suspect, len(at)


def _falls_disagree(seen: Observations) -> list[Suspect] | str:
    """Every fall has its acceleration; have they one?"""
    at, values, errors, boxes = [], [], [], []
    for path in seen.scene.paths:
        for first, pieces in seen.scene.flown(path, alone=True):
            for piece in pieces:
                if len(piece) >= LIMITS.fall_points and falling(piece):
                    at.append(int(path.times[first + piece.first]))
                    values.append(np.log(piece.acceleration[1]))
                    errors.append(LIMITS.fall_log_ratio + 2 * piece.error / piece.acceleration[1])
                    boxes.append(path.box(first + piece.first))
    if len(at) < 2:
        return TOO_FEW
    r, i, j = radius(np.array(values)[:, None], np.array(errors))
    if r < 1:
        return []
    early, late = sorted((i, j), key=lambda k: at[k])
    return [
        Suspect(
            strength=2 * r,
            start=at[early],
            end=at[late] + LIMITS.window_frames,
            box=boxes[late],
            at=at[late],
            measured={
                "consistency radius": Measurement(r, "errors"),
                "ratio of the accelerations": Measurement(float(np.exp(abs(values[i] - values[j]))), ""),
            },
            sentence="Each fall is a fall by itself, but they need different gravities.",
        )
    ]


CHROMA_DRIFTS = Check(
    "chroma drifts",
    Law.CONSISTENCY,
    "the consistency radius of a thing's chroma over windows that explain themselves is several errors",
    _chroma_drifts,
    needs=(single_things,),
    thresholds=LIMITS,
    principal=True,
)
FALLS_DISAGREE = Check(
    "falls disagree",
    Law.CONSISTENCY,
    "the consistency radius of the accelerations of all falls is several errors",
    _falls_disagree,
    needs=(single_things,),
    thresholds=LIMITS,
)
