"""The points as the solver sees them: distinct, with a positive mass, centred and of unit RMS.

Heights and cells follow exactly: with y = c + s z, <x, y> + h = <x, c> + s (<x, z> + h / s), so the cells of the points
y with heights h are those of z with heights h / s. Equal points share one cell, the first one's.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from numpy import ndarray

from cuspworld.transport.validation import first_of_equal_rows


@dataclass(frozen=True)
class NormalisedPoints:
    """`sites` z (n, d) and their `masses` (n,); `active` (n,) is the point of each site, `first` (N,) the first point
    equal to each point; z = (y - center) / scale."""

    center: Float64[ndarray, " d"]
    scale: float
    first: Int64[ndarray, " N"]
    active: Int64[ndarray, " n"]
    sites: Float32[ndarray, "n d"]
    masses: Float64[ndarray, " n"]

    @classmethod
    def of(cls, points: Float[ndarray, "N d"], masses: Float64[ndarray, " N"]) -> "NormalisedPoints":
        """Normalise `points` with `masses` that are not negative."""
        center = points.mean(axis=0, dtype=np.float64)
        shifted = points - center
        largest = np.abs(shifted).max()
        scale = float(largest * np.sqrt(np.mean((shifted / largest) ** 2))) if largest > 0 else 1.0
        scaled = (shifted / scale).astype(np.float32)
        first = first_of_equal_rows(scaled)
        gathered = np.bincount(first, weights=masses, minlength=len(first))
        active = np.flatnonzero(gathered > 0)
        return cls(center, scale, first, active, scaled[active], gathered[active])

    def rows(self, points: Float[ndarray, "m d"]) -> Float32[ndarray, "m d"]:
        """Other points in the sites' coordinates."""
        return ((points - self.center) / self.scale).astype(np.float32)

    def spread(self, heights: Float64[ndarray, " n"]) -> Float64[ndarray, " N"]:
        """The sites' values for all points; -inf for those without a mass."""
        everywhere = np.full(len(self.first), -np.inf)
        everywhere[self.active] = heights
        return everywhere[self.first]

    def site_of_points(self) -> Int64[ndarray, " N"]:
        """The site of each point; -1 for those without a mass."""
        site = np.full(len(self.first), -1)
        site[self.active] = np.arange(len(self.active))
        return site[self.first]
