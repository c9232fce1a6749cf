"""Contact: solid bodies do not pass through each other, and nothing sinks into a floor.

Two rigid things that meet head on are followed through the frames in which they share a blob (`paths`). Newton's rule
of impact says e = - (relative velocity after . n) / (relative velocity before . n) with 0 <= e <= 1; things that pass
through each other have e = -1. Passing in front of one another looks the same only when the two lie at different
depths; then, in nearly every view, their centre lines differ too, so the smaller the offset the stronger the case.

A thing sinks when its visible part loses rows from below, its lowest row stays, and nothing in the background hides it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import LIT, Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, probability
from cuspworld.audit.laws.contact.solid_crossed import Crossing, crossings

FEWEST = 5  # points on either side of a meeting
OVERLAP, NEAREST = 0.9, 0.6  # of the sum of radii: nearer than this things overlap; nearer still they meet head on
ASIDE = 0.25  # of the sum of radii: centre lines that differ by more are another depth
RIGID = 0.05  # a thing whose area varies by less (median deviation over median) keeps its shape


def check(scene: Scene) -> Evidence:
    """Pairs of rigid things that come out on the far side of each other; things that sink into a floor."""
    crossed, solid = crossings(scene) if not scene.camera.moving and scene.tint < LIT else ([], False)
    through = max(crossed, key=lambda found: found.after * min(1.0, found.surround / 0.12), default=None)
    if scene.why_no_things and not solid:
        return Evidence(unchecked=scene.why_no_things)
    suspects = [] if through is None else [_crossed(scene, through)]
    if scene.why_no_things:
        return Evidence(tuple(suspects))
    meetings = [m for a, b in itertools.combinations(scene.paths, 2) if (m := _meeting(a, b)) is not None]
    aside = sum(m.offset > ASIDE and m.restitution < -0.5 for m in meetings)
    suspects += [_through(scene, m, aside) for m in meetings if m.nearest <= NEAREST * m.reach]
    suspects += [found for track in scene.things if (found := _sinks(scene, track))]
    return Evidence(tuple(suspects))


def _crossed(scene: Scene, crossing: Crossing) -> Finding:
    strength = crossing.after / (0.02 + crossing.before) * min(1.0, crossing.surround / 0.12)
    return Finding(
        law="contact",
        start=scene.time(crossing.frame),
        end=scene.time(len(scene) - 1),
        box=scene.source_box(crossing.box, crossing.frame),
        probability=probability("crossed", strength),
        measured={
            "the solid's pixels that change in a step": Measurement(100 * crossing.after, "%"),
            "before": Measurement(100 * crossing.before, "%"),
            "its surroundings' pixels that change in a step": Measurement(100 * crossing.surround, "%"),
        },
        sentence="What went round a solid at first now goes through it.",
    )


@dataclass(frozen=True)
class _Meeting:
    """Two rigid things that come to overlap, at points first .. last of the times that they share. Working pixels."""

    a: Path
    b: Path
    times: np.ndarray
    along: np.ndarray  # position of one past the other
    first: int
    last: int
    box: np.ndarray
    nearest: float
    reach: float
    through: float
    offset: float  # of the centre lines, in units of the sum of radii
    restitution: float
    seen: float


def _meeting(a: Path, b: Path) -> _Meeting | None:
    """Two rigid things that overlap; None where they do not, or not for long enough on either side."""
    times, ia, ib = np.intersect1d(a.times, b.times, return_indices=True)
    if len(times) < 2 * FEWEST or not (_rigid(a.track) and _rigid(b.track)):
        return None
    between = b.points[ib] - a.points[ia]  # (time, 2)
    distance = np.linalg.norm(between, axis=1)
    reach = a.radius + b.radius
    nearest = int(distance.argmin())
    if distance[nearest] > OVERLAP * reach or a.radius < 3 or b.radius < 3:
        return None
    before = np.flatnonzero((np.arange(len(times)) < nearest) & (distance > 0.9 * reach))
    after = np.flatnonzero((np.arange(len(times)) > nearest) & (distance > 0.6 * reach))
    if len(before) < FEWEST or len(after) < 1:
        return None
    first, last = int(before[-1]), int(after[min(len(after), FEWEST) - 1])
    normal = between[first] / distance[first]
    # how far through, in units of the sum of radii: 1 when it stands as far behind as it stood before
    through = float(np.clip(-(between[last] @ normal) / reach, 0, 1))
    if through < 0.25:
        return None
    window = slice(first, last + 1)
    sideways = between[window] - np.outer(between[window] @ normal, normal)
    pace_before = np.polyfit(times[before[-FEWEST:]], between[before[-FEWEST:]] @ normal, 1)[0]
    pace_after = np.polyfit(times[nearest : last + 1], between[nearest : last + 1] @ normal, 1)[0]
    if pace_before >= -0.02 or last - nearest < 3:
        return None
    return _Meeting(
        a,
        b,
        times,
        between @ normal,
        first,
        last,
        np.vstack([_box(p, int(i)) for p, index in ((a, ia), (b, ib)) for i in index[window]]),
        float(distance[nearest]),
        reach,
        through,
        float(np.abs(sideways).mean() / reach),
        float(-pace_after / pace_before),
        float(min(a.visible[ia][window].min(), b.visible[ib][window].min())),
    )


def _through(scene: Scene, meeting: _Meeting, aside: int) -> Finding:
    """One comes out of the other on the far side. `aside`: how many of the shot pass each other off the line."""
    m = meeting
    same_line = 1 / (1 + (m.offset / 0.25) ** 4)
    statistic = 20 * m.through * same_line * float(np.clip(-m.restitution, 0, 1)) * min(1.0, 0.5 + m.seen)
    first, last = int(m.times[m.first]), int(m.times[m.last])
    return Finding(
        law="contact",
        start=scene.time(first),
        end=scene.time(last),
        box=scene.source_box((*m.box[:, :2].min(0), *m.box[:, 2:].max(0)), (first + last) // 2),
        probability=probability("through", statistic / (1 + aside)),
        measured={
            "restitution (0 to 1 at a contact)": Measurement(m.restitution, ""),
            "nearest distance of the centres": Measurement(m.nearest * scene.factor[0], "px"),
            "sum of the radii": Measurement(m.reach * scene.factor[0], "px"),
            "offset of the centre lines": Measurement(100 * m.offset, "% of the sum of radii"),
        },
        sentence="Two solid things meet head on, and each comes out on the far side of the other.",
        series=(
            Series(
                "position of one past the other",
                "px",
                tuple(scene.time(int(t)) for t in m.times),
                tuple(float(v) * scene.factor[0] for v in m.along),
            ),
        ),
    )


def _sinks(scene: Scene, track: Track) -> Finding | None:
    """Does a thing lose its lower rows one by one while its bottom stays where it is?"""
    if track.death not in ("nothing", "merge") or len(track) < 8:
        return None
    areas, boxes = track.areas, track.boxes
    full = float(np.median(areas[: max(4, len(areas) // 2)]))
    if full < 60:
        return None
    tail = len(areas) - 1
    while tail > 0 and areas[tail - 1] > 0.98 * areas[tail]:
        tail -= 1
    top, bottom = boxes[:, 1].astype(float), boxes[:, 3].astype(float)
    height = float(np.median(bottom[: tail + 1] - top[: tail + 1])) if tail else 0.0
    if len(areas) - tail < 4 or tail < 3 or areas[-1] > 0.4 * full or height < 6:
        return None
    sunk = top[-1] - top[tail]
    moved_bottom = abs(bottom[-1] - bottom[tail])
    x0, y1, x1 = int(boxes[-1][0]), int(boxes[-1][3]), int(boxes[-1][2])
    strip = scene.background_edges[max(0, y1 - 2) : y1 + 3, max(0, x0 - 2) : x1 + 2]
    hidden = float(np.median(strip)) > 8 if strip.size else True  # an edge of the background: it goes behind something
    if sunk < 0.4 * height or moved_bottom > 0.5 * sunk or hidden or track.blobs[-1].at_edge:
        return None
    statistic = 8 * sunk / height * (1 - moved_bottom / max(sunk, 1e-9))
    pixels = scene.factor[0] * scene.factor[1]
    return Finding(
        law="contact",
        start=scene.time(track.frames[tail]),
        end=scene.time(track.frames[-1]),
        box=scene.source_box(boxes[tail], track.frames[tail]),
        probability=probability("sinks", float(statistic)),
        measured={
            "sunk": Measurement(float(sunk) * scene.factor[1], "px"),
            "height before": Measurement(height * scene.factor[1], "px"),
            "area left": Measurement(100 * float(areas[-1]) / full, "%"),
        },
        sentence="A thing sinks into what it stands on, and is gone.",
        series=(
            Series(
                "visible area",
                "px²",
                tuple(scene.time(f) for f in track.frames),
                tuple(float(v) * pixels for v in areas),
            ),
        ),
    )


def _rigid(track: Track) -> bool:
    areas = track.areas[track.alone]
    if len(areas) < 4:
        return False
    return bool(np.median(np.abs(areas - np.median(areas))) < RIGID * np.median(areas))


def _box(path: Path, i: int) -> np.ndarray:
    (x, y), (w, h) = path.points[i], path.half
    return np.array([x - w, y - h, x + w, y + h])


LAW = Law("contact", "solid bodies pass through each other, or sink into the floor", check)
