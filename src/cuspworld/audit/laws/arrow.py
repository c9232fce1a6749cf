"""The arrow of time: what cannot be undone does not undo itself.

Friction and impact take energy out of motion, and pieces scatter. So: a bounce does not return faster than it came;
many pieces do not come together; a scene at rest does not burst into its strongest motion and then gently calm down
to another rest (an impact, seen backwards).
"""

from __future__ import annotations

import itertools

import numpy as np

from cuspworld.audit.evidence.activity import runs
from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, probability


def check(scene: Scene) -> Evidence:
    """Bounces that gain, pieces that gather, and bursts out of rest."""
    if len(scene) < 3 * SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {3 * SHORTEST} are needed")
    if not scene.camera.steady:
        return Evidence(unchecked="the camera shakes or travels too much to compare before and after")
    if scene.activity.max() * scene.frames[0, ..., 0].size < 9:
        return Evidence(unchecked="nothing moves anywhere in the shot")
    suspects = [found for found in (_burst(scene), _gathering(scene)) if found is not None]
    if not scene.why_no_things:
        for path in scene.paths:
            suspects.extend(_gains(scene, path))
    return Evidence(tuple(suspects))


def _gains(scene: Scene, path: Path) -> list[Finding]:
    """Bounces off something below that return faster than they came."""
    found = []
    for first, pieces in scene.flown(path, alone=False):
        for before, after in itertools.pairwise(pieces):
            down, up = before.velocity_end[1], -after.velocity_start[1]
            free = before.acceleration[1] > 4 * before.error and after.acceleration[1] > 4 * after.error
            alike = 0.6 < before.acceleration[1] / max(after.acceleration[1], 1e-9) < 1.7  # the same gravity
            if not free or not alike or down < 0.5 or up < 0.5 or min(len(before), len(after)) < 6:
                continue
            ratio = up / down
            error = float(np.hypot(before.velocity_error, after.velocity_error)) / down
            if ratio < 1.05:
                continue
            frame = int(path.times[first + before.last])
            x, y = path.points[first + before.last]
            box = (x - path.half[0], y - path.half[1], x + path.half[0], y + path.half[1])
            found.append(
                Finding(
                    law="arrow",
                    start=scene.time(frame),
                    end=scene.time(frame + 1),
                    box=scene.source_box(box, frame),
                    probability=probability("energy", 3 * (ratio - 1) / (0.1 + 3 * error)),
                    measured={"speed after over speed before": Measurement(ratio, "", error)},
                    sentence="A bounce returns faster than it came: an impact, backwards.",
                )
            )
    return found


def _burst(scene: Scene) -> Finding | None:
    """Rest, then at once the strongest motion, which then dies away: an impact seen backwards."""
    activity = scene.activity
    floor = 0.02 * float(np.quantile(activity[activity > 0], 0.75)) if (activity > 0).any() else 0.0
    least = max(6, round(0.2 * scene.fps))
    best, where = 0.0, -1
    for start, end in runs(activity <= floor):
        if end - start < least or end + 2 * least > len(activity):
            continue
        first = float(activity[end])
        soon, later = float(activity[end : end + least].mean()), float(activity[end + least : end + 2 * least].mean())
        jump = scene.frames[end].astype(int) - scene.frames[end + 1]
        rows, columns = np.nonzero(np.abs(jump).max(-1) > 20)
        height, width = scene.size
        if (
            len(rows) < 12
            or rows.min() < 2
            or columns.min() < 2
            or rows.max() > height - 3
            or columns.max() > width - 3
        ):
            continue  # it may have been set off by what came in
        strength = first / max(float(activity[end : end + 2 * least].max()), 1e-9)
        statistic = 7 * strength * min(1.0, soon / max(later, 1e-9) / 2)
        if strength > 0.7 and statistic > best:
            best, where = statistic, end
    if where < 0:
        return None
    return Finding(
        law="arrow",
        start=scene.time(where),
        end=scene.time(where + 1),
        box=scene.source_box((0, 0, scene.size[1], scene.size[0])),
        probability=probability("start", best),
        measured={"picture changing at the first step": Measurement(100 * float(activity[where]), "% of pixels")},
        sentence="Out of complete rest comes the strongest motion at once, and it calms down: an impact, backwards.",
        series=(
            Series(
                "pixels that change in each step",
                "%",
                tuple(scene.time(t + 1) for t in range(len(activity))),
                tuple(100 * float(v) for v in activity),
            ),
        ),
    )


def _gathering(scene: Scene) -> Finding | None:
    """Many pieces come together and none come apart."""
    tracks = [t for t in scene.tracks if len(t) >= 3 and not t.ghostly]
    merged = [t for t in tracks if t.death == "merge"]
    split = [t for t in tracks if t.birth == "split"]
    total = len(merged) + len(split)
    if total < 6:
        return None
    excess = (len(merged) - len(split)) / np.sqrt(total)
    if excess < 1:
        return None
    times = sorted(t.end for t in merged)
    return Finding(
        law="arrow",
        start=scene.time(times[0]),
        end=scene.time(times[-1]),
        box=scene.source_box((0, 0, scene.size[1], scene.size[0])),
        probability=probability("assembly", 2.2 * float(excess)),
        measured={
            "pieces that join": Measurement(len(merged), ""),
            "pieces that come off": Measurement(len(split), ""),
        },
        sentence="Pieces gather from all over and become one thing.",
    )


LAW = Law("arrow", "an irreversible process runs backwards", check)
