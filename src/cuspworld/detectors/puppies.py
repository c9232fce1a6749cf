"""Puppies: which coats are seen in each frame, and which puppies there are in the clip.

A puppy that is hidden behind another is not seen; a set of coats is therefore kept as long as whatever is missing was
last seen close to another puppy, or at the edge, and nothing is there that was not before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from cuspworld.detectors.detector import Detector, register
from cuspworld.detectors.network import ReaderConfig
from cuspworld.detectors.seen import NUMBERS, SIDE, Event, Seen, Thing, listed
from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.puppies.world import FUR, MOST

SEEN, HIDDEN = 0.22, 0.06  # share of a puppy's outline above which it is seen, below which it is not
FEWEST = 6  # pixels, of a puppy that can be seen
SURE = 0.4  # score of a puppy that counts
CLOSE = 12.0  # pixels between the middles of two puppies of which one may hide the other
MOST_HIDDEN = 1.6  # s that a puppy may be hidden
Place = tuple[float, float]


@dataclass(frozen=True)
class PuppiesReading:
    """`frames`: the coats that are seen in each frame, in alphabetical order, a coat twice where two have it. `coats`:
    those of the clip. `changed`: when a puppy comes out of nothing or goes into nothing, seconds,
    and where it was last seen."""

    frames: tuple[tuple[str, ...], ...]
    mixed: Bool[np.ndarray, " frames"]
    coats: tuple[str, ...]
    changed: tuple[tuple[float, Place | None], ...]

    @property
    def changes(self) -> int:
        """How often."""
        return len(self.changed)

    @property
    def count(self) -> int:
        return len(self.coats)

    def countable(self, number: int) -> float:
        """Share of the frames in which so many puppies are seen, each for itself: none hides, and none melts into
        another. People prefer generated clips of which it is more (docs/detectors.md); `kept` forgives more."""
        return sum(len(frame) >= number for frame in self.frames) / max(1, len(self.frames))

    @property
    def kept(self) -> bool:
        """The same puppies throughout, and each frame a true state but one in ten. One that goes behind another is
        forgiven even where it should come out and does not: to eyes half of the clips that are kept are not."""
        return self.changes == 0 and float(self.mixed.mean()) <= 0.1


@register
class PuppiesDetector(Detector[PuppiesReading]):
    world = "Puppies"
    mixed_above = 0.8
    melts = "A puppy melts, or two of them are blended into one."
    config = ReaderConfig(things=(*FUR, "ball"), flags=(), choices=(), amounts=(), alone=1, apart=4)

    def targets(self, truth: Truth) -> Seen:
        assert truth.masks is not None
        scale = SIDE / truth.masks.shape[1]
        coats = {k: truth.parameters[f"coat_{k}"] for k in range(1, truth.parameters["count"] + 1)}
        frames = []
        for row, mask in zip(truth.state, truth.masks, strict=True):
            things = []
            for k, coat in coats.items():
                ys, xs = np.nonzero(mask == k)
                share = float(row[f"puppy_{k}_visible"])
                if share < HIDDEN or not len(xs):
                    continue
                sure = share >= SEEN and len(xs) * scale**2 >= FEWEST
                x, y = (float(v.mean() + 0.5) * scale for v in (xs, ys))
                things.append(Thing(coat, x, y, score=float(sure)))
            ys, xs = np.nonzero(mask == MOST + 1)
            if len(xs):
                things.append(Thing("ball", float(xs.mean() + 0.5) * scale, float(ys.mean() + 0.5) * scale))
            frames.append(tuple(things))
        return Seen(tuple(frames), {"mixed": np.zeros(len(frames))})

    def reading(self, seen: Seen, fps: float) -> PuppiesReading:
        bad = self.mixed(seen)
        puppies = [[thing for thing in things if thing.kind != "ball"] for things in seen.things]
        sure = [[thing for thing in things if thing.score >= SURE] for things in puppies]
        frames = tuple(tuple(sorted(thing.kind for thing in things)) for things in sure)
        coats = _coats([frame for frame, wrong in zip(frames, bad, strict=True) if not wrong] or list(frames))
        return PuppiesReading(frames, bad, coats, _changes(puppies, coats, fps))

    def told(self, reading: PuppiesReading) -> str:
        if not reading.coats:
            return "A meadow without puppies."
        number = NUMBERS[min(reading.count, len(NUMBERS)) - 1]
        return (
            f"{number} {'puppy' if reading.count == 1 else 'puppies'}: {listed(f'a {c} one' for c in reading.coats)}."
        )

    def events(self, reading: PuppiesReading) -> tuple[Event, ...]:
        sentence = "A puppy comes out of nothing, or goes into nothing."
        return tuple(Event(Law.PERMANENCE, at, sentence, place) for at, place in reading.changed)

    def faults(self, reading: PuppiesReading) -> float:
        return float(reading.mixed.mean()) + 0.25 * reading.changes

    def unclear(self, reading: PuppiesReading) -> float:
        return 1 - reading.countable(reading.count)

    def changed(self, before: PuppiesReading, after: PuppiesReading) -> float:
        one, other = Counter(before.coats), Counter(after.coats)
        return float(max((one - other).total(), (other - one).total()))  # a puppy of another coat is one change


def _coats(frames: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The puppies of a clip: of each coat as many as are seen in a third of the frames."""
    most = {coat: max(frame.count(coat) for frame in frames) for coat in FUR}
    found = []
    for coat, number in most.items():
        for k in range(1, number + 1):
            needed = 0.3 if k == 1 else 0.5
            if sum(frame.count(coat) >= k for frame in frames) >= max(2, needed * len(frames)):
                found.append(coat)
    return tuple(sorted(found))


def _changes(frames: list[list[Thing]], coats: tuple[str, ...], fps: float) -> tuple[tuple[float, Place | None], ...]:
    """When (seconds) and where: runs of two frames or more in which one is missing that nothing can hide, or one is too
    many."""
    usual, changes = Counter(coats), list[tuple[float, Place | None]]()
    for coat in FUR:
        missing, extra, last = 0, 0, None
        for k, things in enumerate(frames):
            own = [thing for thing in things if thing.kind == coat]
            others = [thing for thing in things if thing.kind != coat]
            sure = sum(thing.score >= SURE for thing in own)
            extra = extra + 1 if sure > usual[coat] else 0
            if len(own) >= usual[coat]:
                missing, last = 0, own[-1] if own else last
            else:
                excused = last is None or any(np.hypot(o.x - last.x, o.y - last.y) < CLOSE for o in others)
                missing += 1
                if excused and missing <= MOST_HIDDEN * fps:
                    continue
                if missing == 2 or (excused and missing == int(MOST_HIDDEN * fps) + 1):
                    changes.append((k / fps, (last.x, last.y) if last else None))
            if extra == 2:
                changes.append((k / fps, (own[-1].x, own[-1].y)))
    return tuple(sorted(changes, key=lambda change: change[0]))
