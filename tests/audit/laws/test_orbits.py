"""Newton's inverse square, read from places that have errors: Kepler's orbit passes, a spring's does not."""

import numpy as np
import pytest

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.gravity.orbits import LIMITS, _Body, _body, _newton

from ..scenes import render

CURVE = 2.35  # strength at which the check's curve is one half


def kepler(frames: int = 120, period: float = 60.0, eccentricity: float = 0.25, axis: float = 30.0) -> np.ndarray:
    """(frames, 2): an orbit about a focus at 0, by Kepler's equation."""
    anomaly = mean = 2 * np.pi * np.arange(frames) / period
    for _ in range(20):
        anomaly = mean + eccentricity * np.sin(anomaly)
    return axis * np.stack([np.cos(anomaly) - eccentricity, np.sqrt(1 - eccentricity**2) * np.sin(anomaly)], 1)


def spring(frames: int = 120, period: float = 60.0) -> np.ndarray:
    """(frames, 2): an ellipse about its middle, whose pull grows with the distance."""
    phase = 2 * np.pi * np.arange(frames) / period
    return np.stack([34 * np.cos(phase), 24 * np.sin(phase)], 1)


def body(path: np.ndarray, error: float, seed: int = 0) -> _Body:
    noisy = path + np.random.default_rng(seed).normal(0, error, path.shape)
    found = _body(np.arange(len(path)), noisy)
    assert found is not None
    return found


def strength(found: _Body) -> float:
    scene = observe(render([np.full((20, 2), 32.0)], [4], [(200, 40, 40)], size=(64, 64)), 24.0)
    suspect = _newton(scene, [found], np.zeros(2))
    assert suspect is not None
    return float(suspect.strength)


@pytest.mark.parametrize("error", [0.3, 0.5])
def test_the_error_of_an_acceleration_is_that_of_the_places(error: float) -> None:
    found = body(kepler(), error)
    window = np.arange(found.window) - found.window // 2
    by_hand = error * 2 / np.sqrt((window**4).sum() - (window**2).sum() ** 2 / found.window)  # of a parabola's bend
    usual = np.median(np.linalg.norm(found.acceleration, axis=1))
    assert found.unsure == pytest.approx(by_hand / usual, rel=0.25)


@pytest.mark.parametrize("seed", range(5))
def test_an_orbit_whose_places_are_blurred_is_no_finding_and_a_springs_is(seed: int) -> None:
    assert strength(body(kepler(), 0.2, seed)) < CURVE
    assert strength(body(spring(), 0.2, seed)) > CURVE


@pytest.mark.parametrize("seed", range(3))
def test_places_too_unsure_tell_no_acceleration(seed: int) -> None:
    quick = kepler(period=18.0, axis=12.0)
    assert body(quick, 1.0, seed).unsure > LIMITS.unsure_share > body(quick, 0.2, seed).unsure
