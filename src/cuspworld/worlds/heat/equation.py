"""The heat equation and Laplace's equation on a square plate with a given edge, exact in time on its grid.

dT/dt = alpha (T_xx + T_yy), T on the edge prescribed. In space the five-point Laplacian; its eigenvectors are the sine
modes sin(p pi x / L) sin(q pi y / L) with eigenvalues -lambda_pq = (2 cos(p pi h / L) + 2 cos(q pi h / L) - 4) / h^2:
Laplace's equation is one fast sine transform there and back, and every mode of T - T_steady decays as
exp(-alpha lambda_pq t), with no time step at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.fft import dstn, idstn

Grid = Float[np.ndarray, "inner inner"]  # interior temperatures, [row (y upwards), column (x)], in K
Whole = Float[np.ndarray, "outer outer"]  # with the edge around it: outer = inner + 2


class Plate:
    """A square plate of side `side` (m) with inner x inner interior points; `diffusivity` alpha in m^2/s."""

    def __init__(self, inner: int, side: float, diffusivity: float):
        self.inner, self.side, self.diffusivity = inner, side, diffusivity
        self.spacing = side / (inner + 1)
        half = np.pi * np.arange(1, inner + 1) / (2 * (inner + 1))
        one = (2 * np.sin(half) / self.spacing) ** 2
        self.decay_rates = one[:, None] + one[None, :]  # lambda_pq, 1/m^2

    def edge(self, function: Callable[[Any, Any], Any]) -> Whole:
        """The plate's grid with the edge set to function(x, y) (metres from the lower left corner) and zeros inside."""
        line = np.linspace(0.0, self.side, self.inner + 2)
        x, y = np.meshgrid(line, line)
        whole = np.array(function(x, y), np.float64) + np.zeros_like(x)
        whole[1:-1, 1:-1] = 0.0
        return whole

    def steady(self, edge: Whole) -> Grid:
        """The discrete harmonic function with this edge: Laplace's equation."""
        source = np.zeros((self.inner, self.inner))
        source[0] += edge[0, 1:-1]
        source[-1] += edge[-1, 1:-1]
        source[:, 0] += edge[1:-1, 0]
        source[:, -1] += edge[1:-1, -1]
        return idstn(dstn(source, 1) / (self.spacing**2 * self.decay_rates), 1)

    def evolve(self, temperature: Grid, edge: Whole, seconds: float) -> tuple[Grid, Grid]:
        """The temperature after that long with a constant edge, and its mean over that time."""
        steady = self.steady(edge)
        modes = dstn(temperature - steady, 1)
        rates = self.diffusivity * self.decay_rates
        after = idstn(modes * np.exp(-rates * seconds), 1)
        mean = idstn(modes * (-np.expm1(-rates * seconds) / (rates * seconds)), 1)
        return steady + after, steady + mean

    def inflow(self, temperature: Grid, edge: Whole) -> float:
        """Heat that flows in through the edge per second, as alpha times the line integral of dT/dn (K m^2/s)."""
        through = (edge[0, 1:-1] - temperature[0]).sum() + (edge[-1, 1:-1] - temperature[-1]).sum()
        through += (edge[1:-1, 0] - temperature[:, 0]).sum() + (edge[1:-1, -1] - temperature[:, -1]).sum()
        return float(self.diffusivity * through)  # the spacing of the line cancels that of the slope
