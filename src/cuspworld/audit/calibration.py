"""From a test's statistic to a probability: p = 1 / (1 + (centre / statistic)^slope), one curve a test.

Every statistic is a ratio, the strength of the evidence over what the same clip shows elsewhere and its own noise, so
that a curve has no unit. `centre` is the ratio at which a finding is as likely wrong as right.

Fitted by logistic regression (`benchmarks/audit_parts/certainty.py`, `cases` and `fit`) on the development split's
twins, the strongest finding of each test in each clip: 261 pairs, nine a twin (seeds 0 to 19), recorded before the
drawings of Puppies and Candles were changed. `fall` and `dead` shared one curve in that fit and were told apart by hand
afterwards. Where the split has fewer than five cases of a test (`passing`, `look`, `growth`, `energy`, `upward`,
`recolours`, `thaw`, `amount`) its curve is as it was before, most often the first guess (6, 3).
"""

from __future__ import annotations

from dataclasses import dataclass

CURVES: dict[str, tuple[float, float]] = {
    "appears": (8.07, 2.42),
    "vanishes": (6.03, 1.64),
    "passing": (6.0, 3.0),
    "reshapes": (10.38, 4.12),
    "goes out": (2.22, 5.50),
    "flares": (3.44, 2.45),
    "lights": (6.02, 5.06),
    "jumps": (13.59, 1.70),
    "recolours": (6.0, 3.0),
    "velocity": (3.06, 2.63),
    "freeze": (9.92, 3.91),
    "thaw": (6.0, 3.0),
    "sudden": (3.78, 2.79),
    "passage": (14.90, 4.16),
    "crossed": (6.73, 3.30),
    "gone": (3.97, 7.06),
    "new": (5.09, 2.34),
    "grows": (3.38, 3.08),
    "through": (11.77, 6.29),
    "sinks": (4.75, 1.89),
    "fall": (10.90, 3.10),
    "dead": (8.50, 2.70),
    "stops": (2.84, 5.31),
    "rises": (2.97, 5.21),
    "level": (2.04, 5.65),
    "areal": (4.81, 3.84),
    "newton": (2.35, 8.66),
    "recolour": (14.30, 3.03),
    "look": (6.35, 3.14),
    "amount": (6.0, 3.0),
    "growth": (6.0, 3.0),
    "upward": (3.08, 3.18),
    "glides": (2.34, 3.46),
    "unmoved": (0.92, 4.75),
    "reverses": (1.89, 8.03),
    "start": (17.48, 5.55),
    "ignition": (6.01, 4.24),
    "energy": (6.0, 3.0),
    "assembly": (10.54, 4.54),
    "gluing": (30.36, 6.19),
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


# python benchmarks/audit.py --split dev --mix --pairs 12; right: 831 of 6198 of the laws, 807 of 1282 of its own
TAUGHT = Weights(law=0.20, seen=0.20, bias=0.14, own=0.66, named=0.78, own_bias=-0.72)
MOST_SEEN = 6.0
