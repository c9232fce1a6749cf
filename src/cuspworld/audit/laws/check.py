"""A check: the unit of the audit. It belongs to one law, says what it needs, and looks for one kind of thing that
could not happen.

    from cuspworld.audit import Check, Curve, Suspect, register

    def find(seen):
        lit = seen.scene.activity.max()  # share of the picture that changes in a step
        return [Suspect(strength=lit / 0.33, start=0, end=len(seen.scene) - 1, sentence="The picture flickers.")]

    register(Check("flickers", Law.CAUSE, "much of the picture changes at once", find, curve=Curve(1.2, 6.0)))

`find` gets the Observations of one shot and returns its suspects; none where all is well; or, as a string, why it
could not tell. The runner (`runner.py`) turns suspects into findings: seconds, pixels of the source, a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cuspworld.audit.calibration import Curve
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.needs import Need
from cuspworld.audit.observations.seen import Observations
from cuspworld.errors import CuspError
from cuspworld.laws import Law

Box = tuple[float | int, ...] | np.ndarray


@dataclass(frozen=True)
class Suspect:
    """Something odd in one shot.

    `strength`: of the evidence, a ratio over what the same clip shows elsewhere and its own noise; the check's curve
    makes a probability of it. `start`, `end`: frames of the shot. `box`: x0, y0, x1, y1 in working pixels of the
    stabilised shot, None for everywhere; `at`: the frame whose camera motion is undone for the box (None: none).
    `sentence`: what is seen, for the reader of the report. `measured`, `series`: the numbers behind it, in the units
    of the report (seconds, pixels of the source). `mask`: bool (height, width) at working size, the place exactly.
    """

    strength: float | int
    start: float | int
    end: float | int
    sentence: str
    box: Box | None = None
    at: int | None = None
    measured: Mapping[str, Measurement] = field(default_factory=dict)
    series: tuple[Series, ...] = ()
    mask: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Check:
    """One test of one law.

    `name`: unique; its curve in calibration.json has the same. `sentence`: what it looks for, for the docs page.
    `needs`: what must be there for it to look at all. `thresholds`: a frozen dataclass with the numbers that it was
    set up with. `curve`: where calibration.json has none of this name. `principal`: where no check of a law could
    look, the report gives this one's reason. `repeats`: checks of the same law that see the same thing better: where
    one of them has a finding at the same time, this one is silent.

    Raises CuspError where a name or a sentence is missing, or the law is none of cuspworld.laws.Law.
    """

    name: str
    law: Law
    sentence: str
    find: Callable[[Observations], Iterable[Suspect] | str] = field(repr=False)
    needs: tuple[Need, ...] = ()
    thresholds: Any = None
    curve: Callable[[float], float] | None = None
    principal: bool = False
    repeats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.sentence.strip():
            raise CuspError("a check needs a name and a sentence that says what it looks for: got an empty one")
        if self.law not in list(Law):
            raise CuspError(f"the check {self.name!r} names no law: got {self.law!r}, take one of {', '.join(Law)}")

    def probability(self, strength: float | int) -> float:
        """The probability that a suspect of this strength is a broken law."""
        curve = self.curve if self.curve is not None else Curve.of(self.name)
        return float(curve(float(strength)))
