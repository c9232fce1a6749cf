"""Falls of things told by their colour: one that ends on nothing, and one that turns into a rise.

A thing that touches another shares its blob, so a lump that drops off a branch has no track of its own while it most
matters; it keeps its colour. Every colour of the shot's moving things is followed region by region. A region that
falls, each step longer than the last, and is at rest from one frame to the next, stopped dead: what lands rocks, rolls
or gives way. One that falls and is then drawn upward, as evenly as it fell, falls upward. What moves sideways as well
may be carried round, and is left to other laws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from cuspworld.audit.evidence.boxes import near_border
from cuspworld.audit.evidence.palette import Palette, index_of, table_of
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.gravity.units import NOTHING_FALLS
from cuspworld.audit.laws.needs import moving_colours, whole_picture
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`region_share`: of the frame, least and most. `followed_frames`: for which a region must be. `still_pixels`: a
    frame, that is no motion; `rest_seconds`: of it. `quick_pixels`: a frame, of a fall's last step. `most_falls`: of a
    shot, the strongest."""

    region_share: tuple[float, float] = (1e-3, 0.1)
    followed_frames: int = 10
    still_pixels: float = 0.15
    rest_seconds: float = 0.25
    quick_pixels: float = 1.0
    most_falls: int = 2


LIMITS = Thresholds()


@dataclass(frozen=True)
class Fall:
    """`frame`: the last of the fall (stops) or the lowest (rises); heights are rows in working pixels."""

    kind: Literal["stops", "rises"]
    frame: int
    end: int
    box: tuple[int, int, int, int]
    strength: float
    speed: float  # pixels a frame, downward, at the end of the fall
    times: tuple[int, ...]
    rows: tuple[float, ...]


@dataclass(frozen=True)
class _Region:
    frame: int
    centre: np.ndarray
    area: float
    box: tuple[int, int, int, int]


def falls(scene: Scene) -> list[Fall]:
    """Falls that end on nothing or turn upward, strongest first."""
    found: list[Fall] = []
    colours = scene.colours
    if colours is None:
        return found
    for regions in _followed(scene, colours):
        for judge in (_stops, _rises):
            if (fall := judge(scene, regions)) is not None:
                found.append(fall)
    return sorted((fall for fall in found if fall.strength > 0), key=lambda fall: -fall.strength)


def _stops(scene: Scene, regions: list[_Region]) -> Fall | None:
    steps = np.diff([region.centre for region in regions], axis=0)  # (steps, 2)
    rest = max(6, round(LIMITS.rest_seconds * float(scene.fps)))
    best: Fall | None = None
    for i in range(2, len(steps) - rest):
        down = steps[i - 2 : i + 1, 1]
        sideways = float(np.abs(steps[i - 1 : i + 1, 0]).max())
        if down[2] < LIMITS.quick_pixels or not 0 < down[0] < down[1] < down[2] or sideways > 0.5 * down[2]:
            continue
        after = np.linalg.norm(steps[i + 1 : i + 1 + rest], axis=1)
        if (
            after[1:].max() > LIMITS.still_pixels
            or after[0] > 0.6 * down[2]
            or after[0] > max(LIMITS.still_pixels, 0.6 * down[1])
        ):
            continue
        areas = [region.area for region in regions[i - 2 : i + rest]]
        same = min(areas) / max(areas)
        strength = 3.0 * same * min(2.5, down[2] / (0.5 + 2 * float(after[0]))) * _free_below(scene, regions[i + 1])
        if best is None or strength > best.strength:
            best = _fall("stops", regions, i + 1, len(regions) - 1, strength, float(down[2]))
    return best


def _rises(scene: Scene, regions: list[_Region]) -> Fall | None:
    rows = np.array([region.centre[1] for region in regions])
    across = np.array([region.centre[0] for region in regions])
    if len(rows) < 2 * LIMITS.followed_frames:
        return None
    smooth = np.convolve(rows, np.ones(3) / 3, "valid")  # rows[1:-1]
    speed = np.diff(smooth)
    pull = np.diff(speed)  # positive: downward
    best: Fall | None = None
    for i in range(3, len(speed) - 3):
        if not (speed[i - 1] > 0 >= speed[i]):
            continue
        first, last = i, i
        while first > 0 and pull[first - 1] < -0.02:
            first -= 1
        while last < len(pull) and pull[last] < -0.02:
            last += 1
        if last - first < 6:
            continue
        fell, rose = float(speed[first]), float(-speed[last - 1])
        before = pull[max(0, first - 5) : first]
        weight = float(np.sort(before)[-2:].mean()) if len(before) > 2 else 0.0
        bend = pull[first:last]
        if (
            fell < LIMITS.quick_pixels
            or rose < LIMITS.quick_pixels
            or weight < 0.1
            or near_border(regions[i + 1].box, scene.size, 1)
        ):
            continue
        sideways = float(np.ptp(across[first : last + 2])) / max(1.0, float(np.ptp(rows[first : last + 2])))
        areas = [region.area for region in regions[first : last + 1] if not near_border(region.box, scene.size, 1)]
        even = float(np.median(-bend) / (-bend).max())
        alike = float(np.exp(-abs(np.log(np.median(-bend) / weight))))
        strength = 8.0 * even * alike * max(0.0, 1 - 2 * sideways) * min(areas) / max(areas)
        if best is None or strength > best.strength:
            best = _fall("rises", regions, i + 1, min(len(regions) - 1, last + 1), strength, fell)
    return best


def _fall(
    kind: Literal["stops", "rises"], regions: list[_Region], at: int, end: int, strength: float, speed: float
) -> Fall:
    return Fall(
        kind, regions[at].frame, regions[end].frame, regions[at].box, strength, speed,
        tuple(region.frame for region in regions), tuple(float(region.centre[1]) for region in regions),
    )  # fmt: skip


def _free_below(scene: Scene, region: _Region) -> float:
    """1 where nothing begins under the region: the picture below it goes on as plainly as it does farther down."""
    x0, y0, x1, y1 = region.box
    deep = max(4, (y1 - y0) // 2)
    if y1 + deep > scene.size[0]:
        return 0.0
    frame = scene.frames[region.frame, y1 + 2 : y1 + deep, x0:x1].astype(np.float32)
    changes = np.abs(np.diff(frame.mean(1), axis=0)).max(-1) if len(frame) > 1 else np.zeros(1)
    return float(np.clip(1.5 - float(changes.max()) / 12, 0, 1))


def _followed(scene: Scene, colours: Palette) -> list[list[_Region]]:
    """Regions of one colour, linked from frame to frame by place and area, of those that go down at all."""
    height, width = scene.size
    least, most = max(12.0, LIMITS.region_share[0] * height * width), LIMITS.region_share[1] * height * width
    done: list[list[_Region]] = []
    active: list[tuple[int, list[_Region]]] = []
    table = table_of(colours.centres)
    for t, frame in enumerate(scene.frames):
        index = index_of(frame, table)
        still: list[tuple[int, list[_Region]]] = []
        for k in range(len(colours.centres)):
            here = _regions(t, (index == k).astype(np.uint8), least, most)
            for path in [path for colour, path in active if colour == k]:
                match = _match(path, here)
                if match is None:
                    done.append(path)
                else:
                    here = [region for region in here if region is not match]
                    path.append(match)
                    still.append((k, path))
            still.extend((k, [region]) for region in here)
        active = still
    done += [path for _, path in active]
    return [
        path
        for path in done
        if len(path) >= LIMITS.followed_frames and np.ptp([r.centre[1] for r in path]) > 2 * LIMITS.quick_pixels
    ]


def _regions(t: int, mask: np.ndarray, least: float, most: float) -> list[_Region]:
    """The mask's connected regions of at least and at most so many pixels."""
    x, y, width, height = cv2.boundingRect(mask)
    if width * height < least:
        return []
    _, _, stats, centres = cv2.connectedComponentsWithStats(mask[y : y + height, x : x + width], connectivity=4)
    found = []
    for i in 1 + np.flatnonzero((stats[1:, 4] >= least) & (stats[1:, 4] <= most)):
        left, top, w, h, area = (int(v) for v in stats[i])
        box = (x + left, y + top, x + left + w, y + top + h)
        found.append(_Region(t, centres[i] + (x, y), float(area), box))
    return found


def _match(path: list[_Region], regions: list[_Region]) -> _Region | None:
    last = path[-1]
    speed = last.centre - path[-2].centre if len(path) > 1 else np.zeros(2)
    reach = 3 + 0.3 * np.sqrt(last.area) + 0.5 * float(np.linalg.norm(speed))
    near = [
        (float(np.linalg.norm(region.centre - last.centre - speed)), i)
        for i, region in enumerate(regions)
        if 0.6 < region.area / last.area < 1.6
    ]
    distance, i = min(near, default=(np.inf, -1))
    return regions[i] if distance < reach else None


def _stops_dead(seen: Observations) -> list[Suspect] | str:
    return _of_kind(seen, "stops", "stops dead in mid-air and stays there")


def _turns(seen: Observations) -> list[Suspect] | str:
    return _of_kind(seen, "rises", "is drawn upward as it was downward")


def _of_kind(seen: Observations, kind: Literal["stops", "rises"], what: str) -> list[Suspect] | str:
    strongest = seen.once(falls)[: LIMITS.most_falls]
    return [_suspect(seen.scene, fall, what) for fall in strongest if fall.kind == kind] or NOTHING_FALLS


def _suspect(scene: Scene, fall: Fall, what: str) -> Suspect:
    pace = scene.factor[1] * float(scene.fps)
    height = tuple((max(fall.rows) - row) * scene.factor[1] for row in fall.rows)
    return Suspect(
        strength=fall.strength,
        start=fall.frame,
        end=fall.end,
        box=fall.box,
        at=fall.frame,
        measured={"speed of the fall": Measurement(fall.speed * pace, "px/s", 0.2 * pace)},
        sentence=f"What falls {what}, and nothing is under it.",
        series=(Series("height above the lowest place", "px", scene.times(fall.times), height),),
    )


COLOURED_FALL_ENDS = Check(
    "coloured fall ends",
    Law.GRAVITY,
    "a region of one colour falls ever faster and is at rest from one frame to the next, with nothing under it",
    _stops_dead,
    needs=(whole_picture, moving_colours),
    thresholds=LIMITS,
)
COLOURED_FALL_TURNS = Check(
    "coloured fall turns",
    Law.GRAVITY,
    "a region of one colour falls and is drawn upward as evenly as it fell",
    _turns,
    needs=(whole_picture, moving_colours),
    thresholds=LIMITS,
)
