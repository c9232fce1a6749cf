"""The estimator of the cell-mass error against the truth, over many draws."""

import numpy as np
import pytest

from cuspworld.transport.sampled.mass_error import error_weights, mass_error


def estimates(true, masses, weights, samples, draws, seed):
    generator = np.random.default_rng(seed)
    return [mass_error(generator.multinomial(samples, true), masses, weights) for _ in range(draws)]


def perturbed(count, error, seed, uneven):
    generator = np.random.default_rng(seed)
    masses = generator.random(count) ** (4 if uneven else 0) + 0.01
    masses /= masses.sum()
    true = masses * (1 + error * generator.choice([-1.0, 1.0], count))
    return true / true.sum(), masses


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("error", [0.0, 0.1, 0.5])
def test_estimate_is_unbiased_and_knows_its_deviation(error, uneven, plain):
    """600 draws of 3 samples a cell, where the plain squared frequency would report an error of 0.58 for none."""
    true, masses = perturbed(300, error, 1, uneven and not plain)
    if plain and uneven:
        masses = np.random.default_rng(5).uniform(0.3, 1.0, 300)
        masses /= masses.sum()
        true = masses * (1 + error * np.random.default_rng(6).choice([-1.0, 1.0], 300))
        true /= true.sum()
    weights, found_plain = error_weights(masses, 0.05)
    assert found_plain == (plain or not uneven)
    square = float(np.mean((true / masses - 1) ** 2) if found_plain else (weights * (true - masses) ** 2).sum())
    found = estimates(true, masses, weights, 900, 600, 2)
    squares = np.array([estimate.square for estimate in found])
    assert abs(squares.mean() - square) < 4 * squares.std() / np.sqrt(600)
    deviation = np.sqrt(np.mean([estimate.square_deviation**2 for estimate in found]))
    assert deviation == pytest.approx(squares.std(), rel=0.15)


def test_upper_limit_covers_the_truth_as_often_as_it_says():
    """2 standard deviations: at most 2.3 % of the limits may lie below the truth; 4 % allows for the draws."""
    true, masses = perturbed(1000, 0.1, 3, False)
    truth = float(np.sqrt(((true - masses) ** 2 / masses).sum()))
    limits = np.array([estimate.upper(2.0) for estimate in estimates(true, masses, 1 / masses, 20_000, 400, 4)])
    assert 0.005 < (limits < truth).mean() < 0.04


def test_masses_below_the_floor_are_judged_against_it():
    masses = np.array([1 - 1e-12, 1e-12])
    counts = np.array([99_990, 10])  # a share of 1e-4 too much, 1e8 times the mass
    assert mass_error(counts, masses, 1 / masses).value > 50
    weights, plain = error_weights(masses, np.sqrt(2e-3))
    assert not plain
    assert mass_error(counts, masses, weights).value == pytest.approx(1e-4 / np.sqrt(1e-3), rel=0.1)


def test_equal_masses_have_one_error_and_comparable_ones_the_plain_one():
    equal = np.full(40, 1 / 40)
    np.testing.assert_allclose(error_weights(equal, 0.1)[0], 1 / equal)
    masses = np.append(np.full(39, 1.0), 0.2)
    assert error_weights(masses / masses.sum(), 0.1)[1]
    masses[-1] = 0.1
    assert not error_weights(masses / masses.sum(), 0.1)[1]


def test_standard_error_of_a_perfect_fit_is_finite():
    error = mass_error(np.full(10, 50), np.full(10, 0.1), np.full(10, 10.0))
    assert error.value == 0.0 and 0 < error.standard_error < 1
