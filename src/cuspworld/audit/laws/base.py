"""The form of the laws that are not yet made of checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cuspworld.audit.calibration import Curve
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Evidence as Evidence
from cuspworld.audit.observations.sudden_changes import Jump

_NAMES = {
    "recolour": "recolours", "look": "colour leaps", "areal": "areal velocity", "newton": "inverse square",
    "fall": "fall ends", "stops": "coloured fall ends", "rises": "coloured fall turns", "level": "standing liquid",
    "jumps": "leaps", "sudden": "sudden leap", "velocity": "velocity jumps", "crossed": "stream through solid",
    "through": "passes through", "growth": "hue grows", "grows": "thing grows", "upward": "flows upward",
    "amount": "amount grows", "ignition": "fire begins", "lights": "light begins", "goes out": "light goes out",
    "flares": "light flares", "unmoved": "flames unmoved", "start": "bursts", "assembly": "gathers",
    "energy": "bounce gains", "reverses": "surface reverses", "gluing": "chroma drifts", "freeze": "freezes",
    "thaw": "thaws",
}  # fmt: skip


def probability(test: str, statistic: float) -> float:
    """The probability that a statistic of this test is a broken law."""
    if test == "dead":
        return Curve(8.5, 2.7)(statistic)
    return Curve.of(_NAMES.get(test, test))(statistic)


def certainty(test: str, jump: Jump, share: float | int = 1.0) -> float:
    """The probability that a jump is a broken law, by how alone it is in its place or in the shot, times `share`."""
    return max(probability(test, jump.ratio * share), probability("sudden", jump.sudden * share))


@dataclass(frozen=True)
class Law:
    """A law of the registry: its name, what counts as a finding, and its check."""

    name: str
    counts: str
    check: Callable[[Scene], Evidence] = field(repr=False)
