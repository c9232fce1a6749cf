"""The squared Wasserstein distance against closed forms."""

import numpy as np
import pytest
from scipy.stats import norm

from cuspworld import Brenier

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


def cost_on_the_line(points, masses):
    """W2^2 from the standard normal: 1 + sum nu y^2 - 2 sum y (phi(a) - phi(b)) over the intervals (a, b) between
    quantiles, in the order of the points."""
    order = np.argsort(points)
    ends = norm.pdf(norm.ppf(np.r_[0, np.cumsum(masses[order])[:-1], 1]))
    return 1 + masses @ points**2 - 2 * points[order] @ (ends[:-1] - ends[1:])


def within_four_deviations(brenier, wanted):
    return abs(brenier.cost_ - wanted) < 4 * brenier.cost_standard_error_ + 1e-3 * wanted


def test_one_point_costs_the_second_moments():
    for source, moment in (("gaussian", 4), ("cube", 4 / 12), ("ball", 4 / 6)):
        brenier = Brenier(source=source).fit([[3.0, 0, 4, 0]])
        assert brenier.cost_ == pytest.approx(25 + moment, rel=1e-6)


@pytest.mark.parametrize("distance", [0.5, 3.0, 100.0])
def test_two_points(distance):
    """d + a^2 - 2 a E|x|, E|x| = sqrt(2 / pi): each half-space goes to its own side."""
    points = np.zeros((2, 8))
    points[:, 0] = -distance, distance
    brenier = Brenier(tolerance=0.05).fit(points)
    assert within_four_deviations(brenier, 8 + distance**2 - 2 * distance * np.sqrt(2 / np.pi))


def test_the_line():
    generator = np.random.default_rng(0)
    points, masses = generator.normal(size=(40, 1)) * 2 + 1, generator.random(40)
    brenier = Brenier().fit(points, masses=masses)
    assert within_four_deviations(brenier, cost_on_the_line(points[:, 0], brenier.masses_))


@pytest.mark.parametrize("shift", [0.0, 50.0])
def test_a_grid_of_products_costs_the_sum_over_its_axes(shift):
    """The map of a product of measures onto a product of measures goes axis by axis."""
    generator = np.random.default_rng(1)
    axes = [generator.normal(size=6) * scale + shift for scale in (2, 1, 0.5)]
    shares = [generator.dirichlet(np.full(6, 5.0)) for _ in axes]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    masses = np.einsum("i,j,k->ijk", *shares).ravel()
    brenier = Brenier(tolerance=0.05).fit(points, masses=masses)
    wanted = sum(cost_on_the_line(a, m) for a, m in zip(axes, shares, strict=True))
    assert abs(brenier.cost_ - wanted) < 4 * brenier.cost_standard_error_ + 2e-3 * (wanted - 3 * shift**2)


def test_cells_are_summed_exactly():
    """The square onto the middles of its halves: the variance of a half is 1/48 + 1/12."""
    brenier = Brenier(source=SQUARE).fit([[-0.25, 0.0], [0.25, 0.0]])
    assert brenier.cost_ == pytest.approx(1 / 48 + 1 / 12, rel=1e-6) and brenier.cost_standard_error_ == 0
    far = Brenier(source=np.add(SQUARE, [3, 4])).fit([[0.0, 0.0]])
    assert far.cost_ == pytest.approx(25 + 1 / 6, rel=1e-6)
