"""The surrogate: what it was told it gives back, and what it is unsure of lies away from that."""

import numpy as np
import pytest

from cuspworld.explore.surrogate import NOISE, Surrogate


def test_it_interpolates_and_learns_a_smooth_function():
    random = np.random.default_rng(0)
    points = random.uniform(size=(80, 2))
    values = np.stack([np.sin(3 * points[:, 0]) * points[:, 1], points.sum(1)], 1)
    fitted = Surrogate.fit(points, values)
    assert fitted.predict(points) == pytest.approx(values, abs=1e-2)
    new = random.uniform(0.1, 0.9, size=(50, 2))
    assert np.abs(fitted.predict(new)[:, 1] - new.sum(1)).max() < 0.05
    assert fitted.variance(points).max() < 0.01 < fitted.variance(np.array([[3.0, 3.0]]))[0]


def test_it_is_the_gaussian_process_of_the_same_kernel_and_scale():
    gaussian = pytest.importorskip("sklearn.gaussian_process")
    random = np.random.default_rng(1)
    points, values, new = random.uniform(size=(60, 3)), random.normal(size=(60, 4)), random.uniform(size=(900, 3))
    fitted = Surrogate.fit(points, values, 0.4)
    matern = gaussian.kernels.Matern(0.4, nu=2.5)
    peer = gaussian.GaussianProcessRegressor(matern, alpha=NOISE, optimizer=None).fit(points, values - values.mean(0))
    mean, deviation = peer.predict(new, return_std=True)
    assert fitted.predict(new) == pytest.approx(mean + values.mean(0), abs=1e-8)
    assert fitted.variance(new) == pytest.approx(deviation[:, 0] ** 2, abs=1e-8)
