"""Contact: discs that pass through each other are found; those that bounce, or pass apart, are not."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.flights import flights, noise_of
from cuspworld.clip import Clip

from .scenes import BLUE, FPS, RED, render, straight


def _meeting(through: bool, offset: float = 0.0) -> Clip:
    a, b = straight((25, 48), (1.0, 0), 80), straight((105, 48 + offset), (-1.0, 0), 80)
    if not through:  # equal masses, elastic: they exchange velocities when their edges touch
        meet = int((80 - 19) / 2)
        a[meet:], b[meet:] = (
            a[meet] - np.arange(80 - meet)[:, None] * [1.0, 0],
            b[meet] + np.arange(80 - meet)[:, None] * [1.0, 0],
        )
    return Clip(render([a, b], [10, 9], [RED, BLUE], textured=False), FPS)


def test_discs_that_pass_through_each_other_are_found_when_they_meet() -> None:
    report = audit_clip(_meeting(through=True))
    finding = next(f for f in report.findings if f.law == "contact")
    assert finding.start <= 40 / FPS <= finding.end
    assert finding.measured["restitution (0 to 1 at a contact)"].value == pytest.approx(-1, abs=0.15)


def test_discs_that_bounce_are_silent() -> None:
    assert [f.law for f in audit_clip(_meeting(through=False)).findings] == []


def test_things_that_pass_on_other_lines_are_silent() -> None:
    assert "contact" not in [f.law for f in audit_clip(_meeting(through=True, offset=15)).findings]


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
