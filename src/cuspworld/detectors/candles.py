"""Candles: which flames burn in each frame, when the breath blows, and which flames go out before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from cuspworld.detectors.detector import Detector, register, usual
from cuspworld.detectors.network import ReaderConfig
from cuspworld.detectors.seen import NUMBERS, SIDE, Event, Seen, Thing, one_hot
from cuspworld.truth import Truth

COLOURS = ("blue", "green", "yellow", "purple", "white")
BURNS, OUT = 0.45, 0.25  # theta above which a flame is seen, below which it is not
SURE = 0.5
FRAMES = 2  # in a row, that make a change


@dataclass(frozen=True)
class CandlesReading:
    """`candles`: how many there are; `lit`: flames, one number a frame; `blowing`: whether the breath is seen.
    `out_at`: when the number of flames falls, seconds, once a flame; `blown_at`: when the breath begins."""

    candles: int
    colour: str
    lit: tuple[int, ...]
    mixed: Bool[np.ndarray, " frames"]
    blowing: Bool[np.ndarray, " frames"]
    out_at: tuple[float, ...]
    blown_at: float | None
    relit: bool

    @property
    def uncaused(self) -> bool:
        """A flame goes out before the breath, or with none."""
        return bool(self.out_at) and (self.blown_at is None or self.out_at[0] < self.blown_at - 1e-6)

    @property
    def delay(self) -> float:
        """Seconds from the breath to the first flame that goes out; NaN where one of them is missing."""
        return self.out_at[0] - self.blown_at if self.out_at and self.blown_at is not None else float("nan")


@register
class CandlesDetector(Detector[CandlesReading]):
    world = "Candles"
    config = ReaderConfig(
        things=("flame", "candle"),
        flags=("blowing",),
        choices=tuple(f"colour:{colour}" for colour in COLOURS),
        amounts=(),
        alone=1,
    )

    def targets(self, truth: Truth) -> Seen:
        assert truth.masks is not None
        scale = SIDE / truth.masks.shape[1]
        count, frames = int(truth.parameters["candles"]), []
        tops = [_top(truth.masks, n + 2) for n in range(count)]
        for row in truth.state:
            things = []
            for n, (x, y) in enumerate(tops):
                things.append(Thing("candle", x * scale, (y + 4) * scale))
                if (theta := float(row[f"flame_{n + 1}"])) >= OUT:
                    things.append(Thing("flame", x * scale, (y - 2) * scale, score=float(theta >= BURNS)))
            frames.append(tuple(things))
        colour = np.full(len(frames), COLOURS.index(truth.parameters["colour"]))
        blowing = (truth.state["breath_speed"] > 0).astype(float)
        return Seen(tuple(frames), {"mixed": np.zeros(len(frames)), "blowing": blowing}, {"colour": one_hot(colour, 5)})

    def reading(self, seen: Seen, fps: float) -> CandlesReading:
        bad = self.mixed(seen)
        sure = [[thing.kind for thing in things if thing.score >= SURE] for things in seen.things]
        lit = _settled([kinds.count("flame") for kinds in sure])
        candles = int(np.median([kinds.count("candle") for kinds in sure]))
        out, relit = [], False
        for k in range(1, len(lit)):
            out += [k / fps] * max(lit[k - 1] - lit[k], 0)
            relit |= lit[k] > lit[k - 1]
        blowing = seen.flags["blowing"] > 0.5
        return CandlesReading(
            candles, COLOURS[usual(seen.choices["colour"], ~bad)], tuple(lit), bad, blowing, tuple(out),
            float(np.flatnonzero(blowing)[0]) / fps if blowing.any() else None, relit,
        )  # fmt: skip

    def told(self, reading: CandlesReading) -> str:
        some = f"{NUMBERS[min(max(reading.candles, 1), len(NUMBERS)) - 1]} {reading.colour} candles burn on a cake"
        left = reading.lit[-1]
        out = f"Blow-out at {reading.out_at[0]:.1f} s." if reading.out_at else ""
        if not reading.blowing.any():
            return f"{some}; {'flames go out.' if out else 'nobody blows and nothing happens.'}"
        if not out:
            weak = "but the breath is too weak to put a flame out"
            return f"{some}; someone blows gently, {weak}: they lean and stand up."
        if left <= 0:
            return f"{some}; someone blows firmly, and the breath blows every flame out. {out}"
        gone = NUMBERS[min(max(reading.candles - left, 1), len(NUMBERS)) - 1].lower()
        return f"{some}; someone blows. {gone} go out, the others burn on. {out}"

    def events(self, reading: CandlesReading) -> tuple[Event, ...]:
        return ()  # flames that lean and hide are misread in one true clip of ten: that condemns nobody

    def faults(self, reading: CandlesReading) -> float:
        return float(reading.mixed.mean()) + 0.25 * reading.uncaused + 0.25 * reading.relit

    def changed(self, before: CandlesReading, after: CandlesReading) -> float:
        return float(abs(before.candles - after.candles) + (before.colour != after.colour))


def _top(masks: np.ndarray, instance: int) -> tuple[float, float]:
    """The upper end of a candle (pixels), from its pixels in any frame: it does not move."""
    ys, xs = np.nonzero((masks == instance).any(0))
    return float(xs.mean()) + 0.5, float(ys.min())


def _settled(counts: list[int]) -> list[int]:
    """A count that holds for one frame only is its neighbour's."""
    found = list(counts)
    for k in range(len(found) - 1):
        if k and found[k] != found[k - 1] and counts[k + 1] != counts[k]:
            found[k] = found[k - 1]
    return found
