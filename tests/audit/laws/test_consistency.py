"""The consistency radius; surfaces that run the other way at once, against belts that run on and pendulums."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.consistency.gluing import radius
from cuspworld.audit.laws.consistency.surface_reversal import reversal
from cuspworld.clip import Clip

from ..drawn import belt
from ..scenes import BLUE, render

FPS = 24.0


def test_consistency_radius_is_half_the_range_in_errors() -> None:
    """Helly: intervals meet when they meet in pairs; the radius of constants is max |v_i - v_j| / (e_i + e_j)."""
    values, errors = np.array([[0.0], [1.0], [4.0]]), np.array([1.0, 1.0, 1.0])
    found = radius(values, errors)
    assert found == (2.0, 0, 2)
    grid = np.linspace(-1, 5, 6001)
    assert np.abs(values - grid).max(0).min() == pytest.approx(found[0], abs=1e-3)


def test_a_belt_that_runs_back_at_once_is_told_where_and_when() -> None:
    frames = belt(np.r_[np.arange(0, 40) * 1.7, 39 * 1.7 - np.arange(1, 33) * 1.7])
    found = reversal(observe(frames, FPS))
    assert found is not None and abs(found.frame - 39) <= 1 and found.strength > 3
    x0, y0, x1, y1 = found.box
    assert x0 < 30 and x1 > 95 and y0 > 55 and y1 < 82
    report = audit_clip(Clip(frames, FPS))
    assert [f for f in report.findings if f.law == "consistency" and abs(f.start - 39 / FPS) < 0.1]


def test_a_belt_that_runs_on_or_swings_is_silent() -> None:
    on = reversal(observe(belt(np.arange(72) * 1.7), FPS))
    assert on is None or on.strength < 1
    swings = reversal(observe(belt(20 * np.sin(np.arange(72) / 9)), FPS))  # slows down before it turns
    assert swings is None or swings.strength < 1.2


def test_a_disc_that_bounces_back_is_silent() -> None:
    path = np.stack([np.abs(np.arange(72) - 36.0) * 1.5 + 30, np.full(72, 48.0)], 1)
    found = reversal(observe(render([path], [9], [BLUE]), FPS))
    assert found is None or found.strength < 1
