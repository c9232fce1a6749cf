"""From a test's statistic to a probability: p = 1 / (1 + (centre / statistic)^slope), one curve a test.

Every statistic is a ratio, the strength of the evidence over what the same clip shows elsewhere and its own noise, so
that a curve has no unit. `centre` is the ratio at which a finding is as likely wrong as right. The curves are first
guesses: most are one default, three (`sinks`, `freeze`, `passage`) were set by hand after a look at development clips.
None is fitted yet, so a probability orders findings and is no measured frequency.
"""

from __future__ import annotations

CURVES: dict[str, tuple[float, float]] = {
    "appears": (6.0, 3.0),
    "vanishes": (6.0, 3.0),
    "passing": (6.0, 3.0),
    "reshapes": (6.0, 3.0),
    "goes out": (4.0, 3.0),
    "flares": (4.0, 3.0),
    "lights": (4.0, 3.0),
    "jumps": (6.0, 3.0),
    "recolours": (6.0, 3.0),
    "velocity": (6.0, 3.0),
    "freeze": (4.0, 3.0),
    "thaw": (6.0, 3.0),
    "passage": (8.0, 3.0),
    "crossed": (5.0, 3.0),
    "gone": (3.0, 3.0),
    "new": (3.0, 3.0),
    "grows": (4.0, 3.0),
    "through": (6.0, 3.0),
    "sinks": (2.5, 3.0),
    "fall": (6.0, 3.0),
    "areal": (6.0, 3.0),
    "newton": (6.0, 3.0),
    "recolour": (6.0, 3.0),
    "look": (6.0, 3.0),
    "amount": (6.0, 3.0),
    "growth": (6.0, 3.0),
    "upward": (6.0, 3.0),
    "start": (6.0, 3.0),
    "ignition": (6.0, 3.0),
    "energy": (6.0, 3.0),
    "assembly": (6.0, 3.0),
    "gluing": (6.0, 3.0),
    "birth": (6.0, 3.0),
    "extremum": (6.0, 3.0),
}


def probability(test: str, statistic: float) -> float:
    """The probability that a statistic of this test is a broken law."""
    centre, slope = CURVES[test]
    if not statistic > 0:
        return 0.0
    return 1.0 / (1.0 + (centre / statistic) ** slope)
