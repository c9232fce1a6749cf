"""Things on plain ground, whatever the camera does: how many there are, and where they came from.

Where nearly all of the picture has one hue (a lawn, a road, a wall, the sky), what has another stands out without a
background plate, so a camera that pans too fast to be taken out does no harm. Such a thing comes and goes through the
frame's border, or it joins another; in one step it cannot come farther than its own motion carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from cuspworld.audit.evidence.boxes import near_border
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Measurement
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import length
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`plain_share`: of the pixels, that the ground's hue covers in nearly every frame. `apart_chroma`: CIE Lab, of
    what stands out from the ground, several times what shade and compression make. `same_hue_cosine`: between two looks
    of one thing. `thing_share`: of the frame. `most_things`: at once; more cannot be told apart from frame to frame."""

    plain_share: float = 0.75
    apart_chroma: float = 25.0
    same_hue_cosine: float = 0.8
    thing_share: float = 1e-3
    most_things: int = 8
    spot_pixels: int = 6
    border_pixels: int = 2


LIMITS = Thresholds()


@dataclass(frozen=True)
class Spot:
    """One region of another hue. Lengths in working pixels; `chroma`: away from the ground's."""

    box: tuple[int, int, int, int]
    area: float
    firm: float  # pixels of it that stand out by the threshold
    chroma: tuple[float, float]

    @property
    def centre(self) -> np.ndarray:
        return np.array([(self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2])

    @property
    def size(self) -> float:
        """The longer side."""
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))


@dataclass(frozen=True)
class Passing:
    """A thing that is there at `frame` and not in the frame before (comes) or after (goes).

    `way`: pixels from where it is to wholly outside the frame. `step`: pixels that it moves in a frame.
    """

    frame: int
    kind: Literal["comes", "goes"]
    spot: Spot
    way: float
    step: float

    @property
    def ratio(self) -> float:
        """How much too far away the border is."""
        return self.way / max(self.step, 1.0)


def spots(frames: np.ndarray) -> list[list[Spot]] | None:
    """What stands out of the ground in each frame, faintly at least; None where the ground is not plain."""
    pictures = [cv2.cvtColor(cv2.GaussianBlur(f, (0, 0), 1.0), cv2.COLOR_RGB2LAB)[..., 1:] for f in frames]
    ground = np.median(np.stack([p[::3, ::3] for p in pictures]).reshape(-1, 2), 0)
    found, plain = [], 0
    for picture in pictures:
        away = np.hypot(*(picture.astype(np.float32) - ground).transpose(2, 0, 1))
        mask = (away > LIMITS.apart_chroma / 2).astype(np.uint8)
        plain += bool(mask.mean() < 1 - LIMITS.plain_share)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        here = []
        for index in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[index])
            if area < LIMITS.spot_pixels:
                continue
            body = labels[y : y + h, x : x + w] == index
            a, b = picture[y : y + h, x : x + w][body].astype(np.float32).mean(0) - ground
            firm = float((away[y : y + h, x : x + w][body] > LIMITS.apart_chroma).sum())
            here.append(Spot((x, y, x + w, y + h), float(area), firm, (float(a), float(b))))
        found.append(here)
    return found if plain > 0.9 * len(frames) else None


def unexplained_passings(scene: Scene) -> list[Passing] | None:
    """Things that come from nowhere or go nowhere, in time's order; None where the ground is not plain.

    A thing whose own step is unknown (it is seen in one frame alone) is taken to move by three times its size.
    """
    seen = spots(scene.frames)
    height, width = scene.size
    least = LIMITS.thing_share * height * width
    if seen is None or max(sum(spot.firm >= least for spot in here) for here in seen) > LIMITS.most_things:
        return None
    result = []
    for t, here in enumerate(seen):
        for spot in here:
            if spot.firm < least or _at_border(spot, height, width):
                continue
            before = _match(spot, seen[t - 1]) if t else None
            after = _match(spot, seen[t + 1]) if t + 1 < len(seen) else None
            for kind, other, there in (("comes", before, t - 1), ("goes", after, t + 1)):
                if other is not None or not 0 <= there < len(seen):
                    continue
                if _hidden(spot, seen[there], scene.size):
                    continue
                known = after if kind == "comes" else before
                step = 3 * spot.size if known is None else 2 * float(np.linalg.norm(known.centre - spot.centre)) + 4
                x0, y0, x1, y1 = spot.box
                way = float(min(x1, y1, width - x0, height - y0))
                if way > step:
                    result.append(Passing(t, kind, spot, way, step))  # type: ignore[arg-type]
    return result


def _match(spot: Spot, others: list[Spot]) -> Spot | None:
    """The same thing in the next frame: like hue and size, and nearer than a few of its own sizes."""
    alike = [
        other
        for other in others
        if 0.2 < other.area / spot.area < 5
        and np.dot(other.chroma, spot.chroma)
        > LIMITS.same_hue_cosine * np.hypot(*other.chroma) * np.hypot(*spot.chroma)
        and np.linalg.norm(other.centre - spot.centre) < 3 * spot.size
    ]
    return min(alike, key=lambda other: float(np.linalg.norm(other.centre - spot.centre)), default=None)


def _hidden(spot: Spot, others: list[Spot], size: tuple[int, int]) -> bool:
    """Could something near hide or hold it, or be the part of it that is still in the frame?"""
    reach = spot.size
    x0, y0, x1, y1 = spot.box
    return any(
        min(x1 + reach, o.box[2]) > max(x0 - reach, o.box[0]) and min(y1 + reach, o.box[3]) > max(y0 - reach, o.box[1])
        for o in others
    )


def _at_border(spot: Spot, height: int, width: int) -> bool:
    return near_border(spot.box, (height, width), LIMITS.border_pixels)


def _find(seen: Observations) -> list[Suspect] | str:
    passings = unexplained_passings(seen.scene)
    if passings is None:
        return "the ground is not plain"
    return [_suspect(seen.scene, passing) for passing in passings]


def _suspect(scene: Scene, passing: Passing) -> Suspect:
    first = passing.frame - (passing.kind == "comes")
    pixels = scene.factor[0]
    word = "comes from nowhere" if passing.kind == "comes" else "is gone"
    return Suspect(
        strength=2 * passing.ratio,
        start=first,
        end=first + 1,
        box=passing.spot.box,
        at=passing.frame,
        measured={
            "way to the frame's border": Measurement(passing.way * pixels, "px"),
            "farthest that it could move": Measurement(passing.step * pixels, "px"),
            "area": Measurement(passing.spot.area * scene.area, "px²"),
        },
        sentence=f"A thing on plain ground {word} within a frame, too far from the border to have passed it.",
    )


PLAIN_GROUND = Check(
    "plain ground",
    Law.PERMANENCE,
    "on ground of one hue, whatever the camera does, a thing comes or goes too far from the border for it",
    _find,
    needs=(length(SHORTEST),),
    thresholds=LIMITS,
)
