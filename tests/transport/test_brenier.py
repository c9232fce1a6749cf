"""Brenier potentials against closed forms and against solvers that others wrote."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import norm, ortho_group

from cuspworld import Brenier
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import exact_transport

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


def test_one_dimension_is_the_quantile_map():
    """In 1-D the cells are intervals between quantiles of the source, in the order of the points."""
    generator = np.random.default_rng(0)
    points, masses = generator.normal(size=(40, 1)) * 3 + 7, generator.random(40) + 0.2
    brenier = Brenier(tolerance=0.03).fit(points, masses=masses)
    order = np.argsort(points[:, 0])
    y, h = points[order, 0], brenier.heights_[order]
    ends = norm.cdf(np.concatenate([[-np.inf], -np.diff(h) / np.diff(y), [np.inf]]))
    wanted = (masses / masses.sum())[order]
    assert np.sqrt(np.mean((np.diff(ends) / wanted - 1) ** 2)) < 0.04
    quantiles = norm.ppf(np.linspace(0.001, 0.999, 200))[:, None]
    expected = y[np.searchsorted(np.cumsum(wanted)[:-1], norm.cdf(quantiles[:, 0]))]
    assert (brenier.map(quantiles)[:, 0] == expected).mean() > 0.95
    assert (np.diff(brenier.map(quantiles)[:, 0]) >= 0).all()


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_two_points_are_told_apart_at_the_gaussian_quantile(share):
    points = np.array([[1.0, 2.0, -1.0], [4.0, -2.0, 3.0]])
    brenier = Brenier(tolerance=0.03).fit(points, masses=[share, 1 - share])
    offset = (brenier.heights_[0] - brenier.heights_[1]) / np.linalg.norm(points[0] - points[1])
    assert norm.cdf(offset) == pytest.approx(share, rel=0.06)


def test_the_cross_polytope_has_equal_heights():
    points = np.concatenate([np.eye(8), -np.eye(8)])
    brenier = Brenier(tolerance=0.02).fit(points)
    # the mass of a cell falls by about its boundary's density times a height: 2 % of mass is far below 0.02 of height
    assert np.abs(brenier.heights_).max() < 0.02
    noise = brenier.sample_noise(2000, seed=3)
    largest = np.abs(noise).argmax(1)
    expected = np.where(noise[np.arange(2000), largest] > 0, largest, largest + 8)
    assert (brenier.cells(noise) == expected).mean() > 0.97


def test_cost_is_that_of_an_exact_assignment():
    """Semi-discrete cost against scipy's exact assignment of 1,500 samples to 100 points, 15 to each."""
    generator = np.random.default_rng(1)
    points = generator.normal(size=(100, 6)) * [3, 1, 1, 1, 0.5, 0.2]
    brenier = Brenier(tolerance=0.02).fit(points)
    noise = brenier.sample_noise(1500, seed=8).astype(np.float64)
    distance = cdist(noise, np.repeat(points, 15, axis=0), "sqeuclidean")
    assigned = distance[linear_sum_assignment(distance)].mean()
    mapped = ((noise - brenier.map(noise)) ** 2).sum(1)
    # weak duality: (|x|^2 - 2 u) on these samples plus the points' share bounds their assignment from below
    dual = ((noise**2).sum(1) - 2 * brenier.potential(noise)).mean() + (
        (points**2).sum(1) + 2 * brenier.heights_
    ).mean()
    assert dual <= assigned + 1e-9
    assert dual == pytest.approx(assigned, rel=0.01)
    assert mapped.mean() == pytest.approx(assigned, rel=0.03)


def test_cost_is_that_of_pots_exact_solver():
    """Unequal masses, 8,000 samples of noise to 200 points; POT's network simplex, where it is installed."""
    ot = pytest.importorskip("ot")
    generator = np.random.default_rng(4)
    points, masses = generator.normal(size=(200, 8)), generator.uniform(0.3, 1.0, 200)
    masses /= masses.sum()
    brenier = Brenier(tolerance=0.03).fit(points, masses=masses)
    assert brenier.certified_ and brenier.error_kind_ == "over cells"
    noise = brenier.sample_noise(8000, seed=8).astype(np.float64)
    exact = ot.emd2(np.full(8000, 1 / 8000), masses, cdist(noise, points, "sqeuclidean"), numItermax=10**7)
    mapped = ((noise - brenier.map(noise)) ** 2).sum(1).mean()
    dual = ((noise**2).sum(1) - 2 * brenier.potential(noise)).mean() + masses @ (
        (points**2).sum(1) + 2 * brenier.heights_
    )
    assert dual <= exact + 1e-9
    assert dual == pytest.approx(exact, rel=0.005)
    assert mapped == pytest.approx(exact, rel=0.02)


def test_heights_and_masses_are_those_of_the_exact_solver():
    points = np.random.default_rng(2).normal(size=(120, 2))
    sampled = Brenier(source="cube", tolerance=0.02).fit(points)
    exact = Brenier(source=SQUARE).fit(points)
    assert exact.error_ < 1e-8 and exact.certified_
    assert np.abs(sampled.heights_ - exact.heights_).max() < 0.02 * np.ptp(exact.heights_)
    solved = exact_transport(points, None, ConvexDomain.from_vertices(SQUARE))
    noise = exact.sample_noise(40_000, seed=5)
    seen = np.bincount(exact.cells(noise), minlength=120) / len(noise)
    spread = np.sqrt(solved.cell_masses / len(noise))
    assert np.sqrt(np.mean(((seen - solved.cell_masses) / spread) ** 2)) < 1.3  # 1 but for chance
    ours = np.bincount(sampled.cells(noise), minlength=120) * 120 / len(noise)
    assert np.sqrt(max(np.mean((ours - 1) ** 2) - 120 / len(noise), 0)) < 0.03


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), log_scale=st.floats(-6, 6), shift=st.floats(-100, 100), turn=st.integers(0, 3))
def test_heights_follow_moves_scalings_turns_and_orders(seed, log_scale, shift, turn):
    generator = np.random.default_rng(seed)
    points, scale = generator.normal(size=(25, 2)), 10**log_scale
    order = generator.permutation(25)
    rotation = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), turn)  # maps the square to itself
    plain = Brenier(source=SQUARE).fit(points).heights_
    moved = Brenier(source=SQUARE).fit(scale * (points[order] @ rotation.T + shift)).heights_
    np.testing.assert_allclose(moved / scale, plain[order], atol=1e-6)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31), log_scale=st.floats(-8, 8), shift=st.floats(-10, 10))
def test_any_position_and_scale_is_solved_in_any_dimension(seed, log_scale, shift):
    generator = np.random.default_rng(seed)
    rotation = ortho_group.rvs(5, random_state=seed)
    points = 10**log_scale * (generator.normal(size=(60, 5)) @ rotation + shift)
    brenier = Brenier(tolerance=0.15, seed=seed).fit(points)
    assert brenier.certified_
    counts = np.bincount(brenier.cells(brenier.sample_noise(60_000, seed=1)), minlength=60) / 1000
    assert np.sqrt(max(np.mean((counts - 1) ** 2) - 60 / 60_000, 0)) < 0.16


def test_update_and_condition_solve_what_fit_solves():
    generator = np.random.default_rng(5)
    points = generator.normal(size=(80, 2))
    whole = Brenier(source=SQUARE).fit(points)
    grown = Brenier(source=SQUARE).fit(points[:60]).update(points[60:])
    np.testing.assert_allclose(grown.heights_, whole.heights_, atol=1e-7)
    masses = generator.random(80)
    masses[:10] = 0
    conditioned = whole.condition(masses)
    direct = Brenier(source=SQUARE).fit(points, masses=masses)
    np.testing.assert_allclose(conditioned.heights_, direct.heights_, atol=1e-7)
    np.testing.assert_allclose(whole.masses_, 1 / 80)
    sampled = Brenier(tolerance=0.1).fit(points[:60]).update(points[60:]).condition(masses)
    assert sampled.certified_ and not np.isin(sampled.cells(sampled.sample_noise(5000)), np.arange(10)).any()
    again = sampled.condition(np.ones(80))
    assert again.certified_ and np.isfinite(again.heights_).all()
