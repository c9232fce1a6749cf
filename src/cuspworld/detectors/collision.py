"""Collision: the balls of each frame with colour and radius, and whether both are kept through the contact."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool

from cuspworld.detectors.detector import Detector, register
from cuspworld.detectors.network import ReaderConfig
from cuspworld.detectors.seen import SIDE, Event, Seen, Thing, listed
from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.collision.words import BIG, SMALL
from cuspworld.worlds.collision.world import BALLS
from cuspworld.worlds.collision.world import SIDE as METRES

COLOURS = (*BALLS, "pink", "brown")
OTHER = "another colour"
METRE = SIDE / METRES  # pixels
TOUCH = 0.6  # m between their surfaces, at most, in the frame nearest to a contact: two fast balls move so far in one
WHOLE = 0.8  # of its radius: a ball's middle is so far inside the picture where its size can be read
SAME = 0.13  # m, between two readings of one radius
LEAVES = 3.0  # pixels from the edge: a fast ball is gone in the next frame
EDGE = 0.05  # m beyond a word's limits at which the word still holds


@dataclass(frozen=True)
class Ball:
    """A ball as it is read: metres of the world."""

    colour: str
    radius: float

    @property
    def sizes(self) -> frozenset[str]:
        """The words that hold for it, two of them close to their limit: small, "" and big."""
        words = set()
        if self.radius > BIG - EDGE:
            words.add("big")
        if self.radius < SMALL + EDGE:
            words.add("small")
        if SMALL - EDGE <= self.radius <= BIG + EDGE:
            words.add("")
        return frozenset(words)


@dataclass(frozen=True)
class CollisionReading:
    """`frames`: the balls of each frame, from left to right. `before`, `after`: those of the clip before and after the
    balls are nearest, by colour. `contact_at`: seconds, to the frame; None if none touch.
    `gone`: when a ball is gone for two frames that was not at the edge, seconds, and where it was."""

    frames: tuple[tuple[Ball, ...], ...]
    mixed: Bool[np.ndarray, " frames"]
    before: tuple[Ball, ...]
    after: tuple[Ball, ...]
    contact_at: float | None
    gone: tuple[float, tuple[float, float]] | None

    @property
    def vanished(self) -> bool:
        return self.gone is not None

    @property
    def kept(self) -> bool:
        """Two balls, and after the contact none but these with their colours and sizes; one that has left the picture
        is not missed. At most one frame in ten is no true state."""
        return len(self.before) == 2 and self.lasting and float(self.mixed.mean()) <= 0.1

    @property
    def lasting(self) -> bool:
        def known(ball: Ball) -> bool:
            return any(b.colour == ball.colour and abs(b.radius - ball.radius) < SAME for b in self.before)

        return bool(self.after) and all(map(known, self.after)) and self.most <= 2 and not self.vanished

    @property
    def most(self) -> int:
        """The most balls that two frames in a row show."""
        counts = [len(frame) for frame in self.frames]
        return max(map(min, pairwise(counts)), default=counts[0])


@register
class CollisionDetector(Detector[CollisionReading]):
    world = "Collision"
    mixed_above = 0.35
    config = ReaderConfig(things=(*COLOURS, OTHER), flags=(), choices=(), amounts=(), alone=2, apart=2)

    def targets(self, truth: Truth) -> Seen:
        frames = []
        for row in truth.state:
            things = []
            for k in (1, 2):
                x, y, r = float(row[f"ball_{k}_x"]), float(row[f"ball_{k}_y"]), float(row[f"ball_{k}_radius"])
                if row[f"ball_{k}_present"] and -0.5 * r < x < METRES + 0.5 * r and -0.5 * r < y < METRES + 0.5 * r:
                    inside = 0 < x < METRES and 0 < y < METRES
                    colour = truth.parameters[f"colour_{k}"]
                    things.append(Thing(colour, x * METRE, SIDE - y * METRE, r * METRE, float(inside)))
            frames.append(tuple(things))
        return Seen(tuple(frames), {"mixed": np.zeros(len(frames))})

    def reading(self, seen: Seen, fps: float) -> CollisionReading:
        bad = self.mixed(seen)
        sure = [[thing for thing in things if thing.score >= 0.5] for things in seen.things]
        gaps = [_gap(things) for things in sure]
        contact = int(np.argmin(gaps))
        before, after = sure[: max(contact, 1)], sure[contact + 1 :]
        return CollisionReading(
            tuple(tuple(Ball(t.kind, t.radius / METRE) for t in sorted(ts, key=lambda t: t.x)) for ts in sure),
            bad, _balls(before), _balls(after), contact / fps if gaps[contact] < TOUCH * METRE else None,
            _vanishes(sure, fps),
        )  # fmt: skip

    def told(self, reading: CollisionReading) -> str:
        balls = [f"a {_size(ball.radius)}{ball.colour} ball" for ball in reading.before]
        if len(balls) != 2:
            return f"There is {listed(balls) if balls else 'no ball'}."
        does = "roll past each other" if reading.contact_at is None else "collide"
        at = "" if reading.contact_at is None else f" Contact at {reading.contact_at:.1f} s."
        return f"{listed(balls)} {does}.{at}".capitalize()

    def events(self, reading: CollisionReading) -> tuple[Event, ...]:
        if reading.gone is not None:
            at, place = reading.gone
            return (Event(Law.PERMANENCE, at, "A ball is gone in the middle of the picture.", place),)
        if len(reading.before) == 2 and reading.contact_at is not None and not reading.lasting:
            sentence = "After the contact there are other balls than before."
            return (Event(Law.IDENTITY, reading.contact_at, sentence),)
        return ()

    def faults(self, reading: CollisionReading) -> float:
        return float(reading.mixed.mean()) + 0.5 * (not reading.lasting)

    def changed(self, before: CollisionReading, after: CollisionReading) -> float:
        """A ball may leave the picture: only one that was not there, of another colour or size, is a change. The share
        of the frames with a colour that was not there or with more balls than were, and the share of the balls of
        another size."""
        known, found = (*before.before, *before.after), (*after.before, *after.after)
        colours = {ball.colour for ball in known}
        other = [len(frame) > 2 or any(ball.colour not in colours for ball in frame) for frame in after.frames]
        sizes = [not any(b.colour == k.colour and abs(b.radius - k.radius) < SAME for k in known) for b in found]
        return float(np.mean(other)) + (float(np.mean(sizes)) if sizes else 0.0)


def _size(radius: float) -> str:
    return "big " if radius > BIG else "small " if radius < SMALL else ""


def _vanishes(frames: list[list[Thing]], fps: float) -> tuple[float, tuple[float, float]] | None:
    """When and where: a frame shows a ball well inside the picture, and the next two show fewer."""
    for k, (first, second, third) in enumerate(zip(frames, frames[1:], frames[2:], strict=False)):
        if len(first) > max(len(second), len(third)):
            lost = max(first, key=lambda t: min((np.hypot(t.x - o.x, t.y - o.y) for o in second), default=0.0))
            if min(lost.x, lost.y, SIDE - lost.x, SIDE - lost.y) > lost.radius + LEAVES:
                return (k + 1) / fps, (lost.x, lost.y)
    return None


def _gap(things: list[Thing]) -> float:
    """Pixels between the surfaces of the two balls."""
    if len(things) != 2:
        return float("inf")
    a, b = things
    return float(np.hypot(a.x - b.x, a.y - b.y)) - a.radius - b.radius


def _balls(frames: list[list[Thing]]) -> tuple[Ball, ...]:
    """The balls of a stretch of a clip, by colour and from left to right: of each colour as many as a quarter of the
    frames show that show any, with the median radius of the frames that show it whole."""
    shown = [sorted(things, key=lambda thing: thing.x) for things in frames if things]
    found = []
    for colour in sorted({thing.kind for things in shown for thing in things}):
        own = [[thing for thing in things if thing.kind == colour] for things in shown]
        enough = max(2, len(shown) / 4)
        number = max((k for k in range(1, 4) if sum(len(some) >= k for some in own) >= enough), default=0)
        for k in range(number):
            # where fewer of them are seen than there are, who is who is not known
            same = [some[k] for some in own if len(some) == number]
            whole = [t.radius for t in same if all(WHOLE * t.radius < v < SIDE - WHOLE * t.radius for v in (t.x, t.y))]
            found.append(Ball(colour, float(np.median(whole or [t.radius for t in same] or [0.0])) / METRE))
    return tuple(found)
