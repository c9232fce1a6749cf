"""Juice: the glass's tilt, the juice's colour and the hand's touch in each frame; what became of the glass.

Upright below `UPRIGHT`, lying above `LYING`; what is tilted between them tips over if the glass lies afterwards, and
rocks if it stands again. A fall has a readable tipping frame if one of the frames between shows the tilted glass clean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from cuspworld.detectors.detector import Detector, register, usual
from cuspworld.detectors.network import ReaderConfig
from cuspworld.detectors.seen import SIDE, Event, Seen, Thing, one_hot
from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.juice.world import Juice

COLOURS = ("orange", "red", "green", "blue", "purple", "yellow", "pink")
BIN = 5.0  # degrees a bin of the tilt
BINS = 20
UPRIGHT, LYING = 6.0, 75.0  # degrees
FALLEN = 45.0  # degrees: the moment of the fall
READABLE = (14.0, 76.0)  # degrees: a glass that a person sees tipping


@dataclass(frozen=True)
class JuiceReading:
    """`states`: standing, rocking, tipping, lying or mixed (no true state), one a frame. `tilt`: degrees. `fell_at`:
    seconds, None if it never lies. `readable`: a fall with a frame in which the tipping glass is read; True without a
    fall. `rises_at`: seconds, when it stands again after it has lain. `touched_at`: seconds, of the hand's first touch;
    `moved_at`: of the glass's first tilt. `place` (m) and `fill`: where the glass stands at first, and how full it
    is."""

    colour: str
    states: tuple[str, ...]
    tilt: Float[np.ndarray, " frames"]
    mixed: Bool[np.ndarray, " frames"]
    fell_at: float | None
    readable: bool
    rises_at: float | None
    touched_at: float | None
    moved_at: float | None
    place: float
    fill: float

    @property
    def fell(self) -> bool:
        return self.fell_at is not None

    @property
    def rises(self) -> bool:
        return self.rises_at is not None

    @property
    def uncaused(self) -> bool:
        """The glass moves before a hand touches it, or none does."""
        return self.moved_at is not None and (self.touched_at is None or self.moved_at < self.touched_at - 1e-6)


@register
class JuiceDetector(Detector[JuiceReading]):
    world = "Juice"
    mixed_above = 0.35
    config = ReaderConfig(
        things=("glass",),
        flags=("touch",),
        choices=(
            *(f"colour:{colour}" for colour in COLOURS),
            *(f"tilt:{round((k + 0.5) * BIN)}" for k in range(BINS)),
        ),
        amounts=("place", "fill"),
        alone=3,
    )

    def targets(self, truth: Truth) -> Seen:
        state, count, camera = truth.state, len(truth.state), truth.camera
        assert truth.masks is not None
        pixel = SIDE / truth.masks.shape[1] / camera["metres_per_pixel"]
        x = (state["glass_x"] * pixel + camera["origin_x"] * SIDE / truth.masks.shape[1]).tolist()
        y = (camera["origin_y"] * SIDE / truth.masks.shape[1] - state["glass_y"] * pixel).tolist()
        tilt = np.abs(np.degrees(state["glass_angle"]))
        bins = np.clip(tilt / BIN - 0.5, 0, BINS - 1.001)
        low, share = bins.astype(int), (bins % 1)[:, None]
        colour = np.full(count, COLOURS.index(truth.parameters["liquid"]))
        return Seen(
            tuple((Thing("glass", *place),) for place in zip(x, y, strict=True)),
            {"mixed": np.zeros(count), "touch": (state["push_force"] != 0).astype(float)},
            {
                "colour": one_hot(colour, len(COLOURS)),
                "tilt": (1 - share) * one_hot(low, BINS) + share * one_hot(low + 1, BINS),
            },
            {"place": state["glass_x"] * 10, "fill": np.full(count, float(truth.parameters["fill"]))},
        )

    def reading(self, seen: Seen, fps: float) -> JuiceReading:
        glasses = np.array([len(things) for things in seen.things])
        bad = self.mixed(seen) | (glasses > 1)
        tilt = seen.choices["tilt"] @ ((np.arange(BINS) + 0.5) * BIN)
        lying, upright = ~bad & (tilt >= LYING), ~bad & (tilt < UPRIGHT)
        states = _states(tilt, bad)
        fell_at = None
        if (runs := np.flatnonzero(lying)).size:
            first = int(runs[0])
            before = np.flatnonzero(tilt[: first + 1] < FALLEN)
            k = int(before[-1]) if before.size else 0
            share = (FALLEN - tilt[k]) / max(tilt[k + 1] - tilt[k], 1e-6) if k < first else 0.0
            fell_at = (k + float(np.clip(share, 0, 1))) / fps
        tipping = ~bad & (tilt > READABLE[0]) & (tilt < READABLE[1])
        readable = fell_at is None or bool(tipping[: int(np.flatnonzero(lying)[0])].any())
        touch, moved = np.flatnonzero(seen.flags["touch"] > 0.5), np.flatnonzero(~bad & (tilt >= UPRIGHT))
        still = np.flatnonzero(upright)[:3]
        return JuiceReading(
            COLOURS[usual(seen.choices["colour"], ~bad)],
            states, tilt, bad, fell_at, readable, _rises(lying, upright, fps),
            float(touch[0] / fps) if touch.size else None,
            float(moved[0] / fps) if moved.size else None,
            float(np.median(seen.amounts["place"][still])) / 10 if still.size else float("nan"),
            float(np.median(seen.amounts["fill"][still])) if still.size else float("nan"),
        )  # fmt: skip

    def told(self, reading: JuiceReading) -> str:
        glass = f"A glass of {reading.colour} juice"
        if reading.fell_at is not None:
            return f"{glass} is pushed; it tips over and the juice pours out. Tipping at {reading.fell_at:.1f} s."
        if reading.touched_at is None and reading.moved_at is None:
            return f"{glass} stands on the table; nobody pushes it and nothing happens."
        return f"{glass} is pushed gently; it rocks, stays standing and does not tip over, and no juice is spilled."

    def events(self, reading: JuiceReading) -> tuple[Event, ...]:
        found = []
        if reading.uncaused:
            assert reading.moved_at is not None
            found.append(Event(Law.CAUSE, reading.moved_at, "The glass moves before a hand touches it."))
        if not reading.readable:
            assert reading.fell_at is not None
            found.append(Event(Law.PASSAGE, reading.fell_at, "The glass stood and lies, and was never seen to tip."))
        if reading.rises_at is not None:
            found.append(Event(Law.ARROW, reading.rises_at, "A glass that lay stands up again."))
        return tuple(found)

    def faults(self, reading: JuiceReading) -> float:
        events = 0.5 * reading.rises + 0.5 * (not reading.readable) + 0.25 * reading.uncaused
        return float(reading.mixed.mean()) + events

    def changed(self, before: JuiceReading, after: JuiceReading) -> float:
        return float(before.colour != after.colour)


def _states(tilt: Float[np.ndarray, " frames"], bad: Bool[np.ndarray, " frames"]) -> tuple[str, ...]:
    """The state of each frame, told backwards: what a tilted glass does is known by what comes next."""
    states, follows = [], "lying" if tilt[-1] > FALLEN else "standing"
    for angle, wrong in zip(tilt[::-1].tolist(), bad[::-1].tolist(), strict=True):
        if not wrong and angle >= LYING:
            follows = "lying"
        elif not wrong and angle < UPRIGHT:
            follows = "standing"
        tilted = "tipping" if follows == "lying" else "rocking"
        states.append("mixed" if wrong else follows if angle < UPRIGHT or angle >= LYING else tilted)
    return tuple(states[::-1])


def _rises(lying: Bool[np.ndarray, " frames"], upright: Bool[np.ndarray, " frames"], fps: float) -> float | None:
    """When: two frames upright in a row after two that lie."""
    lies = np.flatnonzero(lying[1:] & lying[:-1])
    stands = np.flatnonzero((upright[1:] & upright[:-1])[lies[0] :]) if lies.size else lies
    return float((lies[0] + stands[0]) / fps) if stands.size else None


assert set(COLOURS) >= set(Juice.parameters[0].choices)
