"""From a check's strength to a probability: p = 1 / (1 + (centre / strength)^slope), one curve a check.

A strength is a ratio, the evidence over what the same clip shows elsewhere and its own noise, so that a curve has no
unit. `centre` is the strength at which a finding is as likely wrong as right.

The numbers are in `calibration.json`, which this file only reads:

    {"format": 1,
     "fits": {name: how it was fitted, as the command, its split and seeds},
     "judge": {"law", "seen", "bias", "own", "own_bias": the taught judge's weights, "fit": a name of fits},
     "elsewhere", "longer": {"seconds": of the clips, "strata": {of elsewhere.py: {"true": see bars.py, "fit"}}},
     "home": {"true": the largest log-odds of each true clip of the worlds as files, "fit"},
     "curves": {name of the check: {"centre", "slope", "fit": a name of fits}}}

Every check of the package has one curve there and every curve one check (`tests/audit/test_calibration.py`).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cuspworld.audit.bars import Bars, bar
from cuspworld.errors import CuspError

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Curve:
    """`centre`: the strength of one half. `slope`: how quickly it becomes sure. CuspError where one is not positive."""

    centre: float | int
    slope: float | int

    def __post_init__(self) -> None:
        if not (0 < self.centre < math.inf and 0 < self.slope < math.inf):
            raise CuspError(f"a curve's centre and slope must be positive: got {self.centre} and {self.slope}")

    def __call__(self, strength: float | int) -> float:
        """The probability that a suspect of this strength is a broken law."""
        return 1.0 / (1.0 + (self.centre / strength) ** self.slope) if strength > 0 else 0.0

    @staticmethod
    def of(check: str) -> Curve:
        """The curve of a check of the package. Raises CuspError where calibration.json has none of this name."""
        curves = fitted()
        if check not in curves:
            raise CuspError(
                f"the check {check!r} has no curve in calibration.json: give one, Check(curve=Curve(centre, slope)), "
                "where centre is the strength at which it is as likely wrong as right"
            )
        return curves[check]


@cache
def fitted() -> dict[str, Curve]:
    """The curve of every check of the package."""
    return {name: Curve(c["centre"], c["slope"]) for name, c in _read()["curves"].items()}


@cache
def bars() -> Bars:
    """How much evidence true clips show that the package was measured on."""
    known, longer = _read()["elsewhere"], _read()["longer"]
    long = Bars({stratum: found["true"] for stratum, found in longer["strata"].items()}, "", longer["seconds"])
    return Bars({stratum: found["true"] for stratum, found in known["strata"].items()}, "", known["seconds"], long)


@cache
def bar_at_home() -> float:
    """In log-odds, never below 0: what at most 5 % of true clips of the worlds pass that come as files."""
    return max(0.0, bar(_read()["home"]["true"]) or 0.0)


def odds(probability: float) -> float:
    """Log-odds of a law's suspect, as the judge's weights are for them: how unlikely an unlikely one is, is noise."""
    p = min(max(probability, 0.02), 0.999)
    return math.log(p / (1 - p))


@dataclass(frozen=True)
class Weights:
    """How the taught judge is mixed with the laws, all in log-odds.

    A law's suspect: `law` times its own + `seen` times the judge's, for that law at its time and place, + `bias`. The
    judge's own suspect: `own` times the mean of its strongest cells + `own_bias` (how sure it is of the law that it
    names was tried too, and got no weight). What the judge sees counts up to MOST_SEEN.
    """

    law: float | int
    seen: float | int
    bias: float | int
    own: float | int
    own_bias: float | int


@cache
def _read() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


TAUGHT = Weights(**{name: value for name, value in _read()["judge"].items() if name != "fit"})
MOST_SEEN = 6.0
