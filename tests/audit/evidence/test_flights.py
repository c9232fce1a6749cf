"""A path is split into flights where its acceleration changes."""

import numpy as np
import pytest

from cuspworld.audit.evidence.flights import flights, noise_of


def test_flights_find_a_bounce_and_its_acceleration() -> None:
    """A fall and a rise under g = 0.3 px a frame squared, with noise: one break, both accelerations within 3 sigma."""
    time = np.arange(20.0)
    fall = np.stack([2 * time, 10 + 0.15 * time**2], 1)
    rise = np.stack([2 * (time + 20), fall[-1, 1] - 5 * (time + 1) + 0.15 * (time + 1) ** 2], 1)
    points = np.concatenate([fall, rise]) + np.random.default_rng(0).normal(0, 0.1, (40, 2))
    noise = noise_of(points)
    assert noise == pytest.approx(0.1, rel=0.4)
    found = flights(points, noise)
    assert [abs(f.first - 20) <= 1 for f in found[1:]] == [True]
    for flight in found:
        assert flight.acceleration[1] == pytest.approx(0.3, abs=3 * flight.error + 0.01)
        assert flight.acceleration[0] == pytest.approx(0.0, abs=3 * flight.error + 0.01)
