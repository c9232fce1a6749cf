"""Falls that end on nothing or turn, told by their path or their colour; liquids that stand up sideways; free fall."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.gravity.coloured_falls import falls
from cuspworld.audit.laws.gravity.standing_liquid import standing
from cuspworld.audit.report import Report
from cuspworld.clip import Clip

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


def test_a_fall_that_stops_in_mid_air_is_found() -> None:
    report = _falling(stop=28)
    finding = next(f for f in report.findings if f.law == "gravity")
    assert abs(finding.start - 28 / FPS) < 3 / FPS
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
