"""The transport's cost: the squared Wasserstein distance W2^2 = integral |x - grad u(x)|^2 dmu to the points.

By duality W2^2 = E|x|^2 + sum_j nu_j |y_j|^2 - 2 (E u - sum_j nu_j h_j), whose error is of second order in that of the
heights. On a polygon or polyhedron all of it is summed exactly over the cells. Elsewhere E u is a mean over samples,
and of u the part that follows |x|^2, whose mean is known, is subtracted before (a control variate).
"""

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.power_diagram import power_diagram
from cuspworld.transport.potential import Potential

_STREAM = (1 << 20) + 7
_SAMPLES = 1 << 17


def transport_cost(
    potential: Potential, points: Float64[ndarray, "sites d"], masses: Float64[ndarray, " sites"], scale: float
) -> tuple[float, float]:
    """(W2^2, its standard error) between the source and `points`, of which the potential's sites are the normalised
    ones in units of `scale`, with these masses."""
    if potential.source.name == "convex":
        return _summed_over_cells(potential, points), 0.0
    square = _second_moment(potential.source.name, potential.source.dimension)
    radii, values = [], []
    sampler, shift = potential.sampler(_STREAM), potential.heights.mean()  # the search's heights are centred
    chunk = min(_SAMPLES, potential.products.samples_at_once)
    for at in range(0, _SAMPLES, chunk):
        noise = sampler.draw(min(chunk, _SAMPLES - at))
        values.append(potential.top_k(noise, 1)[0][:, 0].astype(np.float64))
        radii.append((noise.cpu().numpy().astype(np.float64) ** 2).sum(1))
    radius, value = np.concatenate(radii) - square, np.concatenate(values) + shift
    rest = value - np.cov(radius, value)[0, 1] / radius.var() * radius
    energy = rest.mean() - masses @ potential.heights  # the part <x, center> of u has mean 0
    cost = square + masses @ (points**2).sum(1) - 2 * scale * energy
    return max(float(cost), 0.0), float(2 * scale * rest.std() / np.sqrt(len(rest)))


def _summed_over_cells(potential: Potential, points: ndarray) -> float:
    domain = ConvexDomain.from_vertices(np.asarray(potential.source.vertices, np.float64))
    cells = power_diagram(potential.sites.astype(np.float64), potential.heights, domain)
    square = cells.second - 2 * (cells.first * points).sum(1) + cells.volumes * (points**2).sum(1)
    return float(square.sum() / cells.volumes.sum())


def _second_moment(name: str, dimension: int) -> float:
    """E|x|^2 of a source that is centred at 0."""
    return {"gaussian": dimension, "cube": dimension / 12, "ball": dimension / (dimension + 2)}[name]
