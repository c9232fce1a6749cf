"""How far the cells' masses are from what they should be, estimated without bias and with its standard error.

E^2 = sum_j w_j (mu(W_j) - nu_j)^2. Two weightings (`error_weights`):

- plain, w_j = 1 / (N nu_j^2): E is the root mean square over the cells of their relative errors mu(W_j) / nu_j - 1. It
  is taken where every mass is at least an eighth of the mean mass.
- mass-weighted, w_j = 1 / max(nu_j, tolerance^2 / N): the mean is taken over the mass instead of the cells. With equal
  masses the two are one number.

Why not always the plain one: no sample can certify it. Two solutions that differ in one cell, of mass nu_j in one and
nu_j (1 + 2 e sqrt(N)) in the other, have plain errors 0 and at least 2 e, but M samples tell them apart only if some of
them fall there, that is (Le Cam) if M nu_j (sqrt(1 + 2 e sqrt(N)) - 1)^2 is not small: with N = 1,000 and e = 0.05 a
mass of 1e-12 wants some 1e12 samples, whatever the method. And reaching it costs the averaged gradient
sum_j w_j nu_j / E^2 samples: N / E^2 mass-weighted, but mean(1 / nu) / E^2 plain, more by the ratio of the masses'
arithmetic to their harmonic mean, which has no bound. The mass-weighted E bounds what transport cares for: by
Cauchy-Schwarz sum_j |mu(W_j) - nu_j| <= E, so at most the share E / 2 of the noise goes to wrong points. Masses below
the floor tolerance^2 / N are judged against it: their cells together may hold a share of about tolerance^2 too much.

From counts c_j of M independent samples, the number of equal pairs c_j (c_j - 1) estimates M (M - 1) mu(W_j)^2 without
bias, where the squared frequency would add the sampling noise sum_j w_j nu_j / M to E^2 and never fall below it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

COMPARABLE = 1 / 8  # the least mass over the mean one, down to which the plain error is certified


@dataclass(frozen=True)
class MassError:
    """`square` estimates E^2 and may be negative by chance; `square_deviation` is its standard deviation."""

    square: float
    square_deviation: float
    samples: int

    @property
    def value(self) -> float:
        """RMS relative error of the cell masses."""
        return float(np.sqrt(max(self.square, 0.0)))

    @property
    def standard_error(self) -> float:
        """Standard error of `value`: ds / (2 sqrt(s)), and at most sqrt(ds) where s is lost in the noise."""
        return float(min(np.sqrt(self.square_deviation), self.square_deviation / (2 * max(self.value, 1e-300))))

    def upper(self, deviations: float) -> float:
        """Upper confidence limit of E, so many standard deviations above the estimate."""
        return float(np.sqrt(max(self.square + deviations * self.square_deviation, 0.0)))


def error_weights(masses: Float[ndarray, " sites"], tolerance: float) -> tuple[Float[ndarray, " sites"], bool]:
    """Weights w of E^2 for positive masses that add up to 1, and whether they are those of the plain error."""
    count = len(masses)
    if masses.min() * count >= COMPARABLE:
        return 1 / (count * masses**2), True
    return 1 / np.maximum(masses, tolerance**2 / count), False


def mass_error(
    counts: Int[ndarray, " sites"], masses: Float[ndarray, " sites"], weights: Float[ndarray, " sites"]
) -> MassError:
    """The error estimate from the cells' counts of independent samples; `masses` are positive and add up to 1.

    With p = mu(W_j) and Poisson counts, the estimate's variance is (4 / M) sum w^2 p (p - nu)^2 plus
    (2 / M^2) sum w^2 p^2; the powers of p are estimated by factorial moments.
    """
    count = counts.astype(np.float64)
    total = count.sum()
    first = count / total
    pairs = first * (count - 1) / max(total - 1, 1)  # estimates p^2
    triples = pairs * (count - 2) / total  # estimates p^3
    square = float((weights * (pairs - 2 * masses * first + masses**2)).sum())
    linear = max(float((weights**2 * (triples - 2 * masses * pairs + masses**2 * first)).sum()), 0.0)
    variance = 4 * linear / total + 2 * float((weights**2 * pairs).sum()) / total**2
    return MassError(square, float(np.sqrt(max(variance, 0.0))), int(total))
