"""How far the cells' masses are from what they should be, estimated without bias and with its standard error.

E^2 = sum_j (mu(W_j) - nu_j)^2 / nu_j, the nu-weighted mean square relative error; with equal masses the plain mean.
From counts c_j of M independent samples, the number of equal pairs c_j (c_j - 1) estimates M (M - 1) mu(W_j)^2 without
bias, where the squared frequency would add the sampling noise N / M to E^2 and never fall below it.

No sample resolves a mass of 1e-12, so masses below a `floor` are judged against the floor: with floor = tolerance^2 / N
their cells together may hold a share of about tolerance^2 too much.
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


def mass_error(counts: Int[ndarray, "sites"], masses: Float[ndarray, "sites"], floor: float = 0.0) -> MassError:
    """The error estimate from the cells' counts of independent samples; `masses` are positive and add up to 1.

    With p = mu(W_j), Poisson counts and weights w = 1 / max(nu, floor), the estimate's variance is
    (4 / M) sum w^2 p (p - nu)^2 + (2 / M^2) sum w^2 p^2; the powers of p are estimated by factorial moments.
    """
    count = counts.astype(np.float64)
    total = count.sum()
    weight = 1 / np.maximum(masses, floor)
    first = count / total
    pairs = first * (count - 1) / max(total - 1, 1)  # estimates p^2
    triples = pairs * (count - 2) / total  # estimates p^3
    square = float((weight * (pairs - 2 * masses * first + masses**2)).sum())
    linear = max(float((weight**2 * (triples - 2 * masses * pairs + masses**2 * first)).sum()), 0.0)
    variance = 4 * linear / total + 2 * float((weight**2 * pairs).sum()) / total**2
    return MassError(square, float(np.sqrt(max(variance, 0.0))), int(total))
