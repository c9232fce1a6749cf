"""Falls that end on nothing or turn, told by their path or their colour; liquids that stand up sideways; free fall."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.falling import falling
from cuspworld.audit.evidence.flights import Flight, flights
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.gravity.coloured_falls import falls
from cuspworld.audit.laws.gravity.standing_liquid import standing
from cuspworld.audit.report import Report
from cuspworld.clip import Clip

from .. import breaking
from ..drawn import fall_path, glass, lump, lump_rows
from ..scenes import DARK, FPS, render

LUMP_FPS = 24.0


def _falling(**options: int) -> Report:
    path = fall_path(50, **options)
    path[path[:, 1] < -20] = np.nan
    return audit_clip(Clip(render([path], [6], [DARK], size=(200, 128), textured=False, noise=1.0), FPS))


def test_a_fall_out_of_the_frame_is_silent() -> None:
    report = _falling()
    assert "gravity" in report.suspicion
    assert report.findings == ()


def test_a_fall_that_stops_in_mid_air_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    report = _falling(stop=28)
    assert any(f.law == "gravity" and abs(f.start - 28 / FPS) < 3 / FPS for f in report.findings)
    monkeypatch.setattr("cuspworld.audit.elsewhere.bar_at_home", lambda: 0.0)  # what this check alone is too weak for
    finding = next(f for f in _falling(stop=28).findings if "acceleration before" in f.measured)
    assert finding.law == "gravity" and abs(finding.start - 28 / FPS) < 3 / FPS
    assert finding.measured["acceleration before"].value == pytest.approx(0.2 * FPS**2, rel=0.1)


def test_a_fall_that_turns_upward_is_found() -> None:
    assert "gravity" in {f.law for f in _falling(turn=22).findings}


@pytest.mark.parametrize("kind", ["stops", "rises"])
def test_a_fall_that_stops_or_turns_in_the_air_is_told(kind: str) -> None:
    scene = observe(lump(lump_rows(kind)), LUMP_FPS)
    found = [fall for fall in falls(scene) if fall.strength > 4]
    assert [fall.kind for fall in found] == [kind] and abs(found[0].frame - (18 if kind == "stops" else 24)) <= 3
    report = audit_clip(Clip(lump(lump_rows(kind)), LUMP_FPS))
    assert "gravity" in {finding.law for finding in report.findings}


def test_a_fall_that_lands_and_bounces_is_silent() -> None:
    scene = observe(lump(lump_rows("lands")), LUMP_FPS)
    assert [fall for fall in falls(scene) if fall.strength > 1] == []


def test_juice_that_stays_in_a_fallen_glass_stands_sideways() -> None:
    scene = observe(glass(flows=False), LUMP_FPS)
    found = standing(scene)
    assert found and found[0].strength > 3 and found[0].kept > 0.9 and found[0].start >= 19
    scene = observe(glass(flows=True), LUMP_FPS)
    assert standing(scene) == []


@pytest.mark.parametrize("gravity,possible", [(1.0, False), (9.81, True), (100.0, False)])
def test_with_scale_and_rate_given_a_free_fall_is_compared_with_the_earths(gravity: float, possible: bool) -> None:
    """One drawn fall of 0.2 pixels a frame squared, told to be at three gravities."""
    clip = Clip(breaking.falls(), FPS)
    report = audit_clip(clip, fps=FPS, metres_per_pixel=gravity / (0.2 * FPS**2), taught=False)
    found = [f for f in report.findings if f.check == "free fall"]
    assert bool(found) is not possible and report.verdict == ("possible" if possible else "impossible")
    if found:
        measured = found[0].measured["acceleration of the fall"]
        assert measured.value == pytest.approx(gravity, rel=0.1) and measured.unit == "m/s²"
        assert str(measured) in found[0].sentence and "9.81 m/s²" in found[0].sentence


@pytest.mark.parametrize("given", [{"fps": FPS}, {"metres_per_pixel": 1 / (0.2 * FPS**2)}])
def test_without_scale_or_rate_no_gravity_is_absolute(given: dict) -> None:
    assert audit_clip(Clip(breaking.falls(), FPS), taught=False, **given).findings == ()


def _flight(sideways: float) -> Flight:
    """Twenty points under 0.2 pixels a frame squared downward, and so much sideways."""
    t = np.arange(20.0)
    return flights(np.stack([sideways / 2 * t**2, 0.1 * t**2], 1), 0.04)[0]


def test_what_is_drawn_aside_as_much_as_down_does_not_fall_free() -> None:
    assert falling(_flight(0.0)) and falling(_flight(0.05))
    assert not falling(_flight(0.15)) and not falling(_flight(-0.15))
