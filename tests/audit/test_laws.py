"""Each law on a drawn scene that obeys it and one that breaks it."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.laws import checks
from cuspworld.audit.laws.consistency.gluing import radius
from cuspworld.audit.report import Report
from cuspworld.clip import Clip
from cuspworld.laws import Law

from .scenes import BLUE, DARK, FPS, GREEN, RED, render, straight


def _said(report: Report) -> set[str]:
    return {finding.law for finding in report.findings}


def _fall(time: int, stop: int | None = None, turn: int | None = None) -> np.ndarray:
    """A fall under 0.2 px a frame squared from (60, 12) (at rest for 8 frames), which stops or turns at a frame."""
    height, speed, rows = 12.0, 0.0, []
    for t in range(time):
        rows.append((60.0, height))
        speed = 0.0 if stop is not None and t >= stop else speed + (0 if t < 8 else -0.2 if turn and t > turn else 0.2)
        height += speed
    return np.array(rows)


def _falling(**options: int) -> Report:
    path = _fall(50, **options)
    path[path[:, 1] < -20] = np.nan
    return audit_clip(Clip(render([path], [6], [DARK], size=(200, 128), textured=False, noise=1.0), FPS))


def test_every_law_of_the_table_is_there() -> None:
    assert {check.law for check in checks()} == set(Law)


def test_a_fall_out_of_the_frame_is_silent() -> None:
    report = _falling()
    assert "gravity" in report.suspicion
    assert _said(report) == set()


def test_a_fall_that_stops_in_mid_air_is_found() -> None:
    report = _falling(stop=28)
    finding = next(f for f in report.findings if f.law == "gravity")
    assert abs(finding.start - 28 / FPS) < 3 / FPS
    assert finding.measured["acceleration before"].value == pytest.approx(0.2 * FPS**2, rel=0.1)


def test_a_fall_that_turns_upward_is_found() -> None:
    assert "gravity" in _said(_falling(turn=22))


def test_a_coat_that_changes_in_place_is_found() -> None:
    paths = [straight((25, 30), (0.8, 0), 60), straight((100, 65), (-0.8, 0), 60)]
    before, after = (render(paths, [8, 9], c) for c in ([RED, GREEN], [BLUE, GREEN]))
    report = audit_clip(Clip(np.concatenate([before[:30], after[30:]]), FPS))
    assert "identity" in _said(report)
    finding = next(f for f in report.findings if f.law == "identity")
    assert finding.start <= 30 / FPS <= finding.end + 1e-9


def _vessels(upward: bool) -> Report:
    """Two vessels, one above the other; a red liquid's levels change by the same amount."""
    frames = np.full((60, 128, 96, 3), 200, np.uint8)
    frames[:, :, :8] = frames[:, :, -8:] = 90
    for t in range(60):
        moved = int(20 * t / 59)
        upper, lower = (35 - moved, 80 + moved) if upward else (15 + moved, 100 - moved)
        frames[t, upper:55, 30:66] = RED
        frames[t, lower:110, 36:60] = RED
    noise = np.random.default_rng(0).normal(0, 2, frames.shape)
    return audit_clip(Clip(np.clip(frames + noise, 0, 255).astype(np.uint8), FPS))


def test_liquid_that_flows_upward_is_found_and_downward_is_not() -> None:
    assert "conservation" in _said(_vessels(upward=True))
    assert "conservation" not in _said(_vessels(upward=False))


def test_consistency_radius_is_half_the_range_in_errors() -> None:
    """Helly: intervals meet when they meet in pairs; the radius of constants is max |v_i - v_j| / (e_i + e_j)."""
    values, errors = np.array([[0.0], [1.0], [4.0]]), np.array([1.0, 1.0, 1.0])
    found = radius(values, errors)
    assert found == (2.0, 0, 2)
    grid = np.linspace(-1, 5, 6001)
    assert np.abs(values - grid).max(0).min() == pytest.approx(found[0], abs=1e-3)


@pytest.mark.parametrize("law", list(Law))
def test_a_law_says_why_it_was_not_checked(law: str) -> None:
    report = audit_clip(Clip(np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8), FPS))
    assert law in report.suspicion or len(report.unchecked[law]) > 20
