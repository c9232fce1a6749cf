"""Couplings inside each condition: the noise keeps its law, the targets their masses, and the pairs cost less."""

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from cuspworld.errors import CuspError
from cuspworld.transport.coupling import ConditionalCoupling

LABELS = np.repeat(["cup", "glass", "snow"], [60, 90, 50])
CENTRES = {"cup": 3.0, "glass": -3.0, "snow": 0.0}


@pytest.fixture(scope="module")
def points():
    shift = np.array([CENTRES[label] for label in LABELS])[:, None] * np.eye(4)[0]
    return np.random.default_rng(0).normal(size=(200, 4)) + shift


@pytest.fixture(scope="module")
def coupling(points):
    return ConditionalCoupling(points, LABELS, tolerance=0.05)


@pytest.mark.parametrize("label", ["cup", "glass", "snow"])
def test_noise_given_the_condition_is_normal_and_targets_are_its_own(points, coupling, label):
    asked = np.random.default_rng(1).permutation(np.repeat(np.unique(LABELS), 6000))
    noise, target = coupling.draw(asked, seed=2)
    mine = asked == label
    assert (LABELS[target] == asked).all()
    for column in noise[mine].T:
        assert kstest(column, "norm").pvalue > 1e-3
    np.testing.assert_allclose(np.cov(noise[mine].T), np.eye(4), atol=0.07)
    counts = np.bincount(target[mine], minlength=200)[label == LABELS]
    assert chisquare(counts).statistic / len(counts) < 2  # 1, and tolerance^2 times 100 samples a cell on top
    cost = ((noise[mine] - points[target[mine]]) ** 2).sum(1).mean()
    shuffled = np.random.default_rng(3).permutation(target[mine])
    assert cost < 0.7 * ((noise[mine] - points[shuffled]) ** 2).sum(1).mean()


def test_one_coupling_for_all_conditions_would_bend_the_noise(points):
    """What this file is for: the noise of one label's targets under a common coupling is far from normal."""
    common = ConditionalCoupling(points, np.zeros(200), tolerance=0.1)
    noise, target = common.draw(np.zeros(6000))
    assert kstest(noise[LABELS[target] == "cup"][:, 0], "norm").pvalue < 1e-12


def test_masses_are_shares_within_the_condition(points):
    masses = np.where(np.arange(200) % 2, 3.0, 1.0)
    _, target = ConditionalCoupling(points, LABELS, masses, tolerance=0.05).draw(np.repeat("cup", 8000))
    assert (target % 2).mean() == pytest.approx(0.75, abs=0.02)


def test_what_it_refuses(points, coupling):
    with pytest.raises(CuspError, match=r"conditions must have shape \(200,\)"):
        ConditionalCoupling(points, LABELS[:5])
    with pytest.raises(CuspError, match="no point has 'tree'; known are"):
        coupling.draw(["cup", "tree"])
