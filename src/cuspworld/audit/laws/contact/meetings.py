"""Solid bodies do not pass through each other.

Two rigid things that meet head on are followed through the frames in which they share a blob (`paths`). Newton's rule
of impact says e = - (relative velocity after . n) / (relative velocity before . n) with 0 <= e <= 1; things that pass
through each other have e = -1. Passing in front of one another looks the same only when the two lie at different
depths; then, in nearly every view, their centre lines differ too, so the smaller the offset the stronger the case.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import single_things
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """Ratios are of the sum of radii. `side_points`: on either side of a meeting. `overlap_ratio`, `head_on_ratio`:
    nearer than this things overlap; nearer still they meet head on. `aside_ratio`: centre lines that differ by more are
    another depth. `through_ratio`: that one must come out behind the other. `rigid_share`: a thing whose area varies by
    less (median deviation over median) keeps its shape. `pace_pixels`: a frame, at which they near each other."""

    side_points: int = 5
    overlap_ratio: float = 0.9
    head_on_ratio: float = 0.6
    aside_ratio: float = 0.25
    through_ratio: float = 0.25
    rigid_share: float = 0.05
    radius_pixels: float = 3.0
    pace_pixels: float = 0.02


LIMITS = Thresholds()


def _find(seen: Observations) -> list[Suspect]:
    paths = seen.scene.paths
    meetings = [m for a, b in itertools.combinations(paths, 2) if (m := meet(a, b)) is not None]
    aside = sum(m.offset > LIMITS.aside_ratio and m.restitution < -0.5 for m in meetings)
    return [_suspect(seen.scene, m, aside) for m in meetings if m.nearest <= LIMITS.head_on_ratio * m.reach]


@dataclass(frozen=True)
class Meeting:
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

    @property
    def same_line(self) -> float:
        """1 where their centres lie on one line, 0 where they pass beside each other, at another depth."""
        return 1 / (1 + (self.offset / LIMITS.aside_ratio) ** 4)

    @property
    def strength(self) -> float:
        """How surely one comes out of the other: how far, on one line, at the pace at which it went in, and seen."""
        passes = float(np.clip(-self.restitution, 0, 1))
        return 20 * self.through * self.same_line * passes * min(1.0, 0.5 + self.seen)


def meet(a: Path, b: Path) -> Meeting | None:
    """Two rigid things that overlap; None where they do not, or not for long enough on either side."""
    times, ia, ib = np.intersect1d(a.times, b.times, return_indices=True)
    if len(times) < 2 * LIMITS.side_points or not (_rigid(a.track) and _rigid(b.track)):
        return None
    between = b.points[ib] - a.points[ia]  # (time, 2)
    distance = np.linalg.norm(between, axis=1)
    reach = a.radius + b.radius
    nearest = int(distance.argmin())
    if distance[nearest] > LIMITS.overlap_ratio * reach or min(a.radius, b.radius) < LIMITS.radius_pixels:
        return None
    before = np.flatnonzero((np.arange(len(times)) < nearest) & (distance > LIMITS.overlap_ratio * reach))
    after = np.flatnonzero((np.arange(len(times)) > nearest) & (distance > LIMITS.head_on_ratio * reach))
    if len(before) < LIMITS.side_points or len(after) < 1:
        return None
    first, last = int(before[-1]), int(after[min(len(after), LIMITS.side_points) - 1])
    normal = between[first] / distance[first]
    # how far through, in units of the sum of radii: 1 when it stands as far behind as it stood before
    through = float(np.clip(-(between[last] @ normal) / reach, 0, 1))
    if through < LIMITS.through_ratio:
        return None
    window = slice(first, last + 1)
    sideways = between[window] - np.outer(between[window] @ normal, normal)
    pace_before = np.polyfit(times[before[-LIMITS.side_points :]], between[before[-LIMITS.side_points :]] @ normal, 1)[
        0
    ]
    pace_after = np.polyfit(times[nearest : last + 1], between[nearest : last + 1] @ normal, 1)[0]
    if pace_before >= -LIMITS.pace_pixels or last - nearest < 3:
        return None
    return Meeting(
        a,
        b,
        times,
        between @ normal,
        first,
        last,
        np.vstack([p.box(int(i)) for p, index in ((a, ia), (b, ib)) for i in index[window]]),
        float(distance[nearest]),
        reach,
        through,
        float(np.abs(sideways).mean() / reach),
        float(-pace_after / pace_before),
        float(min(a.visible[ia][window].min(), b.visible[ib][window].min())),
    )


def _suspect(scene: Scene, meeting: Meeting, aside: int) -> Suspect:
    """One comes out of the other on the far side. `aside`: how many of the shot pass each other off the line."""
    m = meeting
    first, last = int(m.times[m.first]), int(m.times[m.last])
    along = tuple(float(v) * scene.factor[0] for v in m.along)
    return Suspect(
        strength=m.strength / (1 + aside),
        start=first,
        end=last,
        box=(*m.box[:, :2].min(0), *m.box[:, 2:].max(0)),
        at=(first + last) // 2,
        measured={
            "restitution (0 to 1 at a contact)": Measurement(m.restitution, ""),
            "nearest distance of the centres": Measurement(m.nearest * scene.factor[0], "px"),
            "sum of the radii": Measurement(m.reach * scene.factor[0], "px"),
            "offset of the centre lines": Measurement(100 * m.offset, "% of the sum of radii"),
        },
        sentence="Two solid things meet head on, and each comes out on the far side of the other.",
        series=(Series("position of one past the other", "px", scene.times(int(t) for t in m.times), along),),
    )


def _rigid(track: Track) -> bool:
    areas = track.areas[track.alone]
    if len(areas) < 4:
        return False
    return bool(np.median(np.abs(areas - np.median(areas))) < LIMITS.rigid_share * np.median(areas))


PASSES_THROUGH = Check(
    "passes through",
    Law.CONTACT,
    "two rigid things meet head on and come out on each other's far side: a coefficient of restitution of -1",
    _find,
    needs=(single_things,),
    thresholds=LIMITS,
    principal=True,
)
