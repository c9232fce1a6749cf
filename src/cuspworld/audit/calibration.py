"""From a test's statistic to a probability: p = 1 / (1 + (centre / statistic)^slope), one curve a test.

Every statistic is a ratio, the strength of the evidence over what the same clip shows elsewhere and its own noise, so
that a curve has no unit. `centre` is the ratio at which a finding is as likely wrong as right. The curves are fitted
by logistic regression (`benchmarks/audit_parts/certainty.py`) on the development split's twins, four pairs a twin, as
`python benchmarks/audit.py --split dev --fit --parts twins --pairs 4` does; laws changed after the fit, and it has not
been repeated. Where that split has few cases of a test (`ignition`, `growth`, `crossed`, `passing`,
`freeze`, `look`) its curve stays close to the first guess (6, 3). `flares` is held at 2.2 where the fit says 1.94: in a
true clip of the development split (a toy car in a loop) it reaches 1.96.
"""

from __future__ import annotations

from dataclasses import dataclass

CURVES: dict[str, tuple[float, float]] = {
    "appears": (6.09, 2.40),
    "vanishes": (3.94, 2.13),
    "passing": (6.0, 3.0),
    "reshapes": (4.96, 1.29),
    "goes out": (3.37, 3.46),
    "flares": (2.2, 2.15),
    "lights": (2.76, 2.97),
    "jumps": (7.75, 1.56),
    "recolours": (6.0, 3.0),
    "velocity": (3.84, 1.56),
    "freeze": (4.13, 3.10),
    "thaw": (6.0, 3.0),
    "sudden": (3.0, 5.0),
    "passage": (8.83, 1.39),
    "crossed": (5.0, 3.0),
    "gone": (2.62, 1.96),
    "new": (5.27, 2.80),
    "grows": (2.97, 2.88),
    "through": (8.55, 3.83),
    "sinks": (2.99, 3.54),
    "fall": (8.92, 2.88),
    "stops": (4.0, 4.0),
    "rises": (4.0, 4.0),
    "level": (2.5, 4.0),
    "areal": (4.15, 1.80),
    "newton": (3.16, 3.53),
    "recolour": (4.34, 1.32),
    "look": (6.35, 3.14),
    "amount": (6.0, 3.0),
    "growth": (6.0, 3.0),
    "upward": (3.08, 3.18),
    "glides": (3.0, 4.0),
    "unmoved": (1.6, 4.0),
    "start": (12.03, 4.16),
    "ignition": (6.0, 3.0),
    "energy": (6.00, 3.00),
    "assembly": (7.82, 3.42),
    "gluing": (15.45, 4.52),
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
