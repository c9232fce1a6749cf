"""Liquids at rest are level: one that stood level in a vessel and stands up like a wall after it has not flowed.

A liquid is known by how it first stands: one saturated colour whose upper edge is a level line from wall to wall, with
the walls and the empty part of the vessel above it. When everything is at rest again and no less of it is seen, but it
borders on empty space sideways, as high as it once stood deep, it has stayed as it was while its vessel turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.boxes import near_border
from cuspworld.audit.evidence.palette import index_of, table_of
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.gravity.units import NOTHING_FALLS
from cuspworld.audit.laws.needs import moving_colours, whole_picture
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`chroma`: CIE Lab, of the liquid. `liquid_share`: of the frame. `level_pixels`: that a level line may deviate.
    `wall_grey_levels`: a pixel, the edge of a vessel's wall. `empty_grey_levels`: as empty as the vessel was above the
    liquid. `kept_share`: of its area, that must still be there, least and most. `rest_seconds`: at the end."""

    chroma: float = 25.0
    liquid_share: float = 3e-3
    level_pixels: float = 1.2
    wall_grey_levels: float = 8.0
    empty_grey_levels: float = 24.0
    kept_share: tuple[float, float] = (0.6, 1.6)
    rest_seconds: float = 0.25


LIMITS = Thresholds()


@dataclass(frozen=True)
class Standing:
    """Rest from frame `start` to `end`. `cliff`: rows of liquid beside nothing; `depth`: rows that it stood deep."""

    start: int
    end: int
    box: tuple[int, int, int, int]
    cliff: int
    depth: int
    kept: float

    @property
    def strength(self) -> float:
        return 6.0 * min(1.5, self.cliff / self.depth) * min(1.0, self.kept)


def standing(scene: Scene) -> list[Standing]:
    """Every liquid that stands up sideways at the end of the shot."""
    colours, rest = scene.colours, _rest(scene)
    if colours is None or len(scene) - rest < max(5, round(LIMITS.rest_seconds * float(scene.fps))) or rest < 6:
        return []
    table = table_of(colours.centres)
    first, last = (index_of(scene.frames[t], table) for t in (0, len(scene) - 1))
    found = []
    for k, centre in enumerate(colours.centres):
        if np.hypot(centre[1], centre[2]) < LIMITS.chroma:
            continue
        early = _bulk(first == k)
        late = _bulk(last == k)
        if early is None or late is None:
            continue
        empty = _vessel(scene.frames[0], early)
        kept = float(late.sum()) / float(early.sum())
        if empty is None or not LIMITS.kept_share[0] < kept < LIMITS.kept_share[1]:
            continue
        depth = int(early.any(1).sum())
        cliff, box = _cliff(scene.frames[-1], late, empty)
        if cliff:
            found.append(Standing(rest, len(scene) - 1, box, cliff, depth, kept))
    return found


def _rest(scene: Scene) -> int:
    """The first frame from which on hardly anything changes."""
    activity = scene.activity
    moving = np.flatnonzero(activity > 0.05 * float(np.quantile(activity, 0.95)))
    return int(moving[-1]) + 1 if len(moving) else len(scene)


def _bulk(mask: np.ndarray) -> np.ndarray | None:
    """The largest region, unless it is small or touches the frame's border."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if len(stats) < 2:
        return None
    index = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h, area = (int(v) for v in stats[index])
    height, width = mask.shape
    if area < LIMITS.liquid_share * height * width or near_border((x, y, x + w, y + h), (height, width), 2):
        return None
    return labels == index


def _vessel(frame: np.ndarray, liquid: np.ndarray) -> np.ndarray | None:
    """The colour of the empty part above a level surface between two walls; None where there is no such thing."""
    rows, columns = np.flatnonzero(liquid.any(1)), np.flatnonzero(liquid.any(0))
    x0, x1, y0, y1 = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    margin = max(1, (x1 - x0) // 6)
    top = liquid[:, x0 + margin : x1 - margin].argmax(0)
    up = max(3, (y1 - y0) // 3)
    if len(top) < 5 or y0 - up < 0 or np.quantile(np.abs(top - np.median(top)), 0.9) > LIMITS.level_pixels:
        return None
    air = frame[y0 - up : y0 - 2, x0 + margin : x1 - margin].astype(np.float32)
    if air.shape[0] < 1:
        return None
    grey = frame[y0 - up : y0 - 2].astype(np.float32).mean(0)  # (width, 3)
    slope = np.abs(np.diff(grey, axis=0)).max(-1)
    reach = 5
    walls = [slope[max(0, x - reach) : x + reach].max(initial=0.0) for x in (x0, x1)]
    inside = slope[x0 + margin : x1 - margin - 1].max(initial=0.0)
    if min(walls) < max(LIMITS.wall_grey_levels, 2 * inside):
        return None
    return np.median(air, (0, 1))


def _cliff(frame: np.ndarray, liquid: np.ndarray, empty: np.ndarray) -> tuple[int, tuple[int, int, int, int]]:
    """(rows in which the liquid borders sideways on emptiness, on its worse side; their box)."""
    best, where = 0, (0, 0, 0, 0)
    rows, columns = np.flatnonzero(liquid.any(1)), np.flatnonzero(liquid.any(0))
    width = liquid.shape[1]
    for side in (-1, 1):
        bare = []
        for y in rows:
            inside = np.flatnonzero(liquid[y])
            edge = int(inside[-1] if side > 0 else inside[0])
            beside = [edge + side * d for d in (3, 4, 5)]
            if min(beside) < 0 or max(beside) >= width:
                continue
            away = np.abs(frame[y, beside].astype(np.float32) - empty).max(-1)
            bare.append(bool((away < LIMITS.empty_grey_levels).all()))
        count = int(sum(bare))
        if count > best:
            best, where = count, (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return best, where


def _find(seen: Observations) -> list[Suspect] | str:
    return [_suspect(seen.scene, liquid) for liquid in standing(seen.scene)] or NOTHING_FALLS


def _suspect(scene: Scene, liquid: Standing) -> Suspect:
    return Suspect(
        strength=liquid.strength,
        start=liquid.start,
        end=liquid.end,
        box=liquid.box,
        at=liquid.end,
        measured={
            "stands beside nothing": Measurement(liquid.cliff * scene.factor[1], "px high"),
            "stood level": Measurement(liquid.depth * scene.factor[1], "px deep"),
            "of it that is still there": Measurement(100 * liquid.kept, "%"),
        },
        sentence="What stood level in a vessel as a liquid stands up sideways in it and does not run out.",
    )


STANDING_LIQUID = Check(
    "standing liquid",
    Law.GRAVITY,
    "what stood level in a vessel, between walls, stands up sideways in it at the end",
    _find,
    needs=(whole_picture, moving_colours),
    thresholds=LIMITS,
)
