"""From a test's statistic to a probability: p = 1 / (1 + (centre / statistic)^slope), one curve a test.

Every statistic is a ratio, the strength of the evidence over what the same clip shows elsewhere and its own noise, so
that a curve has no unit. `centre` is the ratio at which a finding is as likely wrong as right.

Fitted by logistic regression (`benchmarks/audit_parts/certainty.py`, `cases` and `fit`) on the development split, the
strongest finding of each test in each clip: eight pairs a twin, faults put into its true clips at three places, and its
real clips. Video from elsewhere counts as much as the worlds, which the taught judge weighs once more. There is a weak
prior at the curves before. Tests with fewer than eight cases keep the curve of an earlier fit on more twins (261 pairs,
seeds 0 to 19), or the first guess (6, 3). These curves were fitted before the command counted the true clips under
worse conditions too, and before a freeze and a passing through were made weaker in quiet scenes and in crowds.

    python benchmarks/audit.py --split dev --fit --pairs 8 --parts twins real faults
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CURVES: dict[str, tuple[float, float]] = {
    "appears": (4.71, 1.90),
    "vanishes": (2.53, 3.17),
    "passing": (6.0, 3.0),
    "reshapes": (2.83, 2.83),
    "goes out": (4.94, 1.84),
    "flares": (5.13, 1.80),
    "lights": (6.34, 1.91),
    "jumps": (1.99, 4.26),
    "recolours": (6.0, 3.0),
    "velocity": (6.86, 2.30),
    "freeze": (2.59, 3.09),
    "thaw": (6.0, 3.0),
    "sudden": (4.15, 2.07),
    "passage": (3.74, 2.87),
    "crossed": (6.73, 3.24),
    "gone": (3.57, 2.42),
    "new": (3.04, 2.64),
    "grows": (3.21, 2.53),
    "through": (10.47, 5.37),
    "sinks": (10.61, 1.39),
    "fall": (10.90, 3.10),
    "dead": (8.50, 2.70),
    "stops": (5.35, 7.73),
    "rises": (2.97, 5.21),
    "level": (3.11, 4.76),
    "areal": (4.22, 3.72),
    "newton": (2.35, 8.66),
    "recolour": (2.71, 2.96),
    "look": (9.91, 4.50),
    "amount": (6.0, 3.0),
    "growth": (6.0, 3.0),
    "upward": (3.08, 3.18),
    "glides": (2.40, 3.36),
    "unmoved": (0.92, 4.75),
    "reverses": (1.92, 9.38),
    "start": (17.31, 5.55),
    "ignition": (5.58, 5.10),
    "energy": (6.0, 3.0),
    "assembly": (10.80, 4.77),
    "gluing": (29.32, 5.99),
    "birth": (6.0, 3.0),
    "extremum": (6.0, 3.0),
}


def probability(test: str, statistic: float) -> float:
    """The probability that a statistic of this test is a broken law."""
    centre, slope = CURVES[test]
    if not statistic > 0:
        return 0.0
    return 1.0 / (1.0 + (centre / statistic) ** slope)


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

    law: float
    seen: float
    bias: float
    own: float
    own_bias: float


# python benchmarks/audit.py --split dev --mix --pairs 12: of the laws' suspects 835 of 6369 are right, of the judge's
# own 842 of 1281
TAUGHT = Weights(law=0.50, seen=0.26, bias=0.16, own=0.66, own_bias=-0.31)
MOST_SEEN = 6.0
