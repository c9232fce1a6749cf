"""How far the cells' masses are from what they should be, estimated without bias and with its standard error.

E^2 = sum_j nu_j (mu(W_j) / nu_j - 1)^2, the nu-weighted mean square relative error; with equal masses the plain mean.
From counts c_j of M independent samples, the number of equal pairs c_j (c_j - 1) estimates M (M - 1) mu(W_j)^2 without
bias, where the squared frequency would add the sampling noise N / M to E^2 and never fall below it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


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


def mass_error(counts: Int[ndarray, "sites"], masses: Float[ndarray, "sites"]) -> MassError:
    """The error estimate from the cells' counts of independent samples; `masses` are positive and add up to 1.

    With r = mu(W_j) / nu_j and Poisson counts, the estimate's variance is
    (4 / M) sum nu r (r - 1)^2 + (2 / M^2) sum r^2; the powers of r are estimated by factorial moments.
    """
    count = counts.astype(np.float64)
    total = count.sum()
    expected = total * masses
    first = count / expected
    pairs = first * (count - 1) / expected * (total / max(total - 1, 1))  # estimates r^2
    triples = pairs * (count - 2) / expected  # estimates r^3
    square = float((masses * pairs).sum() - 1)
    linear = max(float((masses * (triples - 2 * pairs + first)).sum()), 0.0)
    variance = 4 * linear / total + 2 * float(pairs.sum()) / total**2
    return MassError(square, float(np.sqrt(max(variance, 0.0))), int(total))
