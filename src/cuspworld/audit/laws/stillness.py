"""Stillness: a scene in full motion does not freeze and go on."""

from __future__ import annotations

import numpy as np

from cuspworld.audit.calibration import probability
from cuspworld.audit.laws.base import Evidence, Law
from cuspworld.audit.report import Finding, Measurement, Series
from cuspworld.audit.scene import SHORTEST, Scene


def check(scene: Scene) -> Evidence:
    """Runs of steps without any change, bounded by full motion on at least one side."""
    if len(scene) < 2 * SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {2 * SHORTEST} are needed")
    activity = scene.activity
    if activity.max() * scene.frames[0, ..., 0].size < 9:
        return Evidence(unchecked="nothing moves anywhere in the shot, and a still scene can be a true one")
    least = max(4, round(0.12 * scene.fps))
    suspects = []
    quiet = activity <= 0.02 * np.quantile(activity[activity > 0], 0.75)
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
        statistic = (end - start) / least * 4 * steady
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
    return Evidence(tuple(suspects))


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Half-open ranges [start, end) in which the flags hold."""
    padded = np.concatenate([[0], flags.astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


LAW = Law("stillness", "the scene should move and does not", check)
