"""From a test's statistic to a probability: p = 1 / (1 + (centre / statistic)^slope), one curve a test.

Every statistic is a ratio, the strength of the evidence over what the same clip shows elsewhere and its own noise, so
that a curve has no unit. `centre` is the ratio at which a finding is as likely wrong as right.

Fitted by logistic regression (`benchmarks/audit_parts/certainty.py`, `cases` and `fit`) on the development split, the
strongest finding of each test in each clip: eight pairs a twin, faults put into its true clips, and its real clips, so
that a curve speaks for video from anywhere and not for the worlds alone; with a weak prior at the curves before. Tests
with fewer than eight cases keep the curve of an earlier fit on more twins (261 pairs, seeds 0 to 19), or the first
guess (6, 3).

    python benchmarks/audit.py --split dev --fit --pairs 8 --parts twins real faults
"""

from __future__ import annotations

from dataclasses import dataclass

CURVES: dict[str, tuple[float, float]] = {
    "appears": (6.72, 2.24),
    "vanishes": (4.73, 1.90),
    "passing": (6.0, 3.0),
    "reshapes": (8.46, 2.38),
    "goes out": (3.30, 2.46),
    "flares": (3.73, 2.72),
    "lights": (3.22, 2.52),
    "jumps": (3.67, 2.27),
    "recolours": (6.0, 3.0),
    "velocity": (4.06, 2.10),
    "freeze": (2.92, 2.75),
    "thaw": (6.0, 3.0),
    "sudden": (4.79, 1.88),
    "passage": (6.24, 2.94),
    "crossed": (6.42, 3.13),
    "gone": (4.38, 3.23),
    "new": (4.19, 2.24),
    "grows": (3.17, 2.69),
    "through": (10.04, 4.50),
    "sinks": (6.05, 1.72),
    "fall": (10.90, 3.10),
    "dead": (8.50, 2.70),
    "stops": (4.11, 5.09),
    "rises": (2.97, 5.21),
    "level": (2.90, 4.79),
    "areal": (4.38, 2.82),
    "newton": (2.35, 8.66),
    "recolour": (9.62, 2.60),
    "look": (9.91, 4.50),
    "amount": (6.0, 3.0),
    "growth": (6.0, 3.0),
    "upward": (3.08, 3.18),
    "glides": (2.40, 3.36),
    "unmoved": (0.92, 4.75),
    "reverses": (1.91, 8.98),
    "start": (15.70, 5.10),
    "ignition": (5.93, 4.19),
    "energy": (6.0, 3.0),
    "assembly": (9.99, 4.39),
    "gluing": (25.86, 5.61),
    "birth": (6.0, 3.0),
    "extremum": (6.0, 3.0),
}


def probability(test: str, statistic: float) -> float:
    """The probability that a statistic of this test is a broken law."""
    centre, slope = CURVES[test]
    if not statistic > 0:
        return 0.0
    return 1.0 / (1.0 + (centre / statistic) ** slope)


@dataclass(frozen=True)
class Weights:
    """How the taught judge is mixed with the laws, all in log-odds.

    A law's suspect: `law` times its own + `seen` times the judge's, for that law at its time and place, + `bias`. The
    judge's own suspect: `own` times the mean of its strongest cells + `named` times the log-probability of the law that
    it names + `own_bias`. What the judge sees counts up to MOST_SEEN.
    """

    law: float
    seen: float
    bias: float
    own: float
    named: float
    own_bias: float


# python benchmarks/audit.py --split dev --mix: with --pairs 12 for the judge's own (807 of 1282 right), with --pairs 5,
# after the curves' last fit, for the laws' (351 of 2562 right)
TAUGHT = Weights(law=0.31, seen=0.20, bias=0.13, own=0.66, named=0.78, own_bias=-0.72)
MOST_SEEN = 6.0
