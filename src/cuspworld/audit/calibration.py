"""From a test's statistic to a probability: p = 1 / (1 + (centre / statistic)^slope), one curve a test.

Every statistic is a ratio, the strength of the evidence over what the same clip shows elsewhere and its own noise, so
that a curve has no unit. `centre` is the ratio at which a finding is as likely wrong as right.

Fitted by logistic regression (`benchmarks/audit_parts/certainty.py`, `cases` and `fit`) on the development split's
twins, the strongest finding of each test in each clip: 219 pairs, 7 to 10 a twin (seeds 0 to 30), recorded before the
drawings of Puppies and Candles were changed. Of `reverses` ten pairs of Treadmill and the possible clips of all worlds
were measured; `fall` and `dead` shared one curve in that fit and were told apart by hand afterwards. Where that split
has few cases of a test (`ignition`, `growth`, `recolours`, `thaw`, `amount`, `energy`) its curve is the first guess.
"""

from __future__ import annotations

from dataclasses import dataclass

CURVES: dict[str, tuple[float, float]] = {
    "appears": (7.95, 3.35),
    "vanishes": (5.29, 1.63),
    "passing": (8.17, 3.42),
    "reshapes": (9.00, 3.29),
    "goes out": (2.50, 4.62),
    "flares": (3.32, 2.69),
    "lights": (5.23, 3.97),
    "jumps": (10.88, 1.72),
    "recolours": (6.0, 3.0),
    "velocity": (2.97, 1.20),
    "freeze": (7.50, 3.45),
    "thaw": (6.0, 3.0),
    "sudden": (3.35, 3.44),
    "passage": (14.71, 2.90),
    "crossed": (6.40, 2.94),
    "gone": (4.00, 4.22),
    "new": (5.19, 2.88),
    "grows": (2.88, 2.94),
    "through": (11.26, 4.74),
    "sinks": (4.42, 2.31),
    "fall": (10.90, 3.10),
    "dead": (8.50, 2.70),
    "stops": (3.18, 4.80),
    "rises": (3.20, 4.58),
    "level": (2.15, 4.91),
    "areal": (5.40, 2.82),
    "newton": (2.46, 5.89),
    "recolour": (10.09, 2.08),
    "look": (6.85, 3.39),
    "amount": (6.0, 3.0),
    "growth": (6.0, 3.0),
    "upward": (3.53, 3.19),
    "glides": (2.69, 2.43),
    "unmoved": (2.43, 3.22),
    "reverses": (1.60, 6.00),
    "start": (15.53, 5.02),
    "ignition": (6.0, 3.0),
    "energy": (6.00, 3.00),
    "assembly": (9.48, 4.08),
    "gluing": (24.18, 5.45),
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


# python benchmarks/audit.py --split dev --mix --pairs 12; right: 813 of 6054 of the laws, 775 of 1330 of its own
TAUGHT = Weights(law=0.32, seen=0.23, bias=-0.51, own=0.46, named=1.97, own_bias=-0.64)
MOST_SEEN = 6.0
