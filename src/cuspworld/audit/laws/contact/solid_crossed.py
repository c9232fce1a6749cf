"""Solids that are crossed: what went round a place for long goes through it.

A solid in a stream is a compact region that does not change while the picture changes on all sides of it. Where the
region's inside begins to change, with everything that stands still beside it left as it is, the stream goes through.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.change import change_threshold, strongest
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import same_light, unmoved_camera
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`round_seconds`: for which the stream must go round. `always_ratio`: of its usual strength, that a stream has in
    every part of that time and a thing that passes by has not. `sectors`: of the surroundings, `sector_share` of which
    must stream. `contrast_grey_levels`: between the solid and the stream. `still_share`: of the steps, in which a pixel
    of a solid may change. `solid_share`: of the frame, least and most. `surround_share`: of the surroundings' pixels
    that change in a step, in a full stream."""

    round_seconds: float = 0.6
    always_ratio: float = 0.4
    sectors: int = 12
    sector_share: float = 0.7
    contrast_grey_levels: float = 50.0
    still_share: float = 0.02
    solid_share: tuple[float, float] = (0.001, 0.05)
    surround_share: float = 0.12


LIMITS = Thresholds()


@dataclass(frozen=True)
class Crossing:
    """First frame, box (working pixels), shares of the solid's pixels that changed a step before and after."""

    frame: int
    box: tuple[int, int, int, int]
    before: float
    after: float
    surround: float  # share of the surroundings' pixels that change in a step

    @property
    def stream(self) -> float:
        """1 in a full stream, less in a thin one."""
        return min(1.0, self.surround / LIMITS.surround_share)

    @property
    def strength(self) -> float:
        return self.after / (0.02 + self.before) * self.stream


def crossings(scene: Scene) -> tuple[list[Crossing], bool]:
    """(solids that are crossed, whether there is a solid in a stream at all)."""
    frames = scene.frames
    least = max(8, round(LIMITS.round_seconds * float(scene.fps)))
    if len(frames) < 2 * least:
        return [], False
    level = change_threshold(scene.noise)
    moving = np.stack([strongest(cv2.absdiff(frames[t], frames[t + 1])) > level for t in range(len(frames) - 1)])
    height, width = scene.size
    found, any_solid = [], False
    smallest, largest = (share * height * width for share in LIMITS.solid_share)
    for cut in range(least, len(moving) - 5, max(3, least // 3)):
        early = moving[:cut].mean(0)
        still = cv2.morphologyEx(
            (early < LIMITS.still_share).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)
        )
        count, labels, stats, centres = cv2.connectedComponentsWithStats(still, connectivity=4)
        for index in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[index])
            if not smallest <= area <= largest or area < 0.5 * w * h:
                continue
            if min(x, y, width - x - w, height - y - h) < 8 or max(w, h) > 3 * min(w, h):
                continue
            region = (slice(y - 8, y + h + 8), slice(x - 8, x + w + 8))
            body = (labels[region] == index).astype(np.uint8)
            ring = (cv2.dilate(body, np.ones((13, 13), np.uint8)) > 0) & (body == 0)
            rows, columns = np.nonzero(ring)
            angle = np.arctan2(rows + y - 8 - centres[index][1], columns + x - 8 - centres[index][0]) + np.pi
            sector = (angle * LIMITS.sectors / (2 * np.pi)).astype(int) % LIMITS.sectors
            flows = [early[region][rows[sector == k], columns[sector == k]] for k in range(LIMITS.sectors)]
            if float(np.mean([len(flow) > 0 and flow.max() > 0.05 for flow in flows])) < LIMITS.sector_share:
                continue
            round_it = moving[:cut][(slice(None), *region)][:, ring].mean(1)
            parts = [float(part.mean()) for part in np.array_split(round_it[len(round_it) // 4 :], 4)]
            if min(parts) < LIMITS.always_ratio * float(np.mean(parts)):
                continue
            here, there = (np.median(frames[cut][region][mask], 0) for mask in (body > 0, ring))
            inside = cv2.erode(body, np.ones((3, 3), np.uint8)) > 0
            if np.abs(here - there).max() < LIMITS.contrast_grey_levels or inside.sum() < 9:
                continue  # a gap in the stream
            rests = [
                np.median(part[(slice(None), *region)][:, inside], (0, 1))
                for part in (frames[:4], frames[cut : cut + 2 * least], frames[-8:])
            ]
            if max(np.abs(rest - here).max() for rest in rests) > 0.8 * LIMITS.contrast_grey_levels:
                continue  # it has come or gone away itself
            any_solid = True
            later = moving[cut : cut + 2 * least][(slice(None), *region)][:, inside].mean(1)
            before = float(moving[:cut][(slice(None), *region)][:, inside].mean())
            around = float(early[region][ring].mean())
            found.append(Crossing(cut, (x, y, x + w, y + h), before, float(np.quantile(later, 0.7)), around))
    return found, any_solid


def _find(seen: Observations) -> list[Suspect] | str:
    scene = seen.scene
    found, any_solid = crossings(scene)
    if not any_solid:
        return "no solid stands in a stream"
    crossing = max(found, key=lambda crossing: crossing.after * crossing.stream)
    return [
        Suspect(
            strength=crossing.strength,
            start=crossing.frame,
            end=len(scene) - 1,
            box=crossing.box,
            at=crossing.frame,
            measured={
                "the solid's pixels that change in a step": Measurement(100 * crossing.after, "%"),
                "before": Measurement(100 * crossing.before, "%"),
                "its surroundings' pixels that change in a step": Measurement(100 * crossing.surround, "%"),
            },
            sentence="What went round a solid at first now goes through it.",
        )
    ]


STREAM_THROUGH_SOLID = Check(
    "stream through solid",
    Law.CONTACT,
    "what streams round a solid all the while goes through it",
    _find,
    needs=(unmoved_camera, same_light),
    thresholds=LIMITS,
)
