"""Things that go on without their limbs, flames that do not heed the air, fires that begin by themselves."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.cause.flames_in_wind import unmoved
from cuspworld.audit.laws.cause.ignitions import ignitions
from cuspworld.audit.laws.cause.limbless_walk import glides
from cuspworld.clip import Clip

from ..drawn import candle, flame, flames, walker

FPS = 24.0


def test_what_walked_and_goes_on_with_its_legs_still_glides() -> None:
    found = glides(observe(walker(30), FPS))
    assert len(found) == 1 and found[0].strength > 3 and abs(found[0].start - 30) <= 5
    assert found[0].pace_after * FPS > 10 and found[0].after < 0.2 * found[0].before


def test_walking_on_and_stopping_are_no_gliding() -> None:
    assert glides(observe(walker(80), FPS)) == []
    assert glides(observe(walker(30, speed_after=0.0), FPS)) == []


def test_a_flame_that_does_not_heed_the_smoke_that_passes_is_told() -> None:
    still, leaning = (unmoved(observe(candle(leans), FPS)) for leans in (False, True))
    assert still is not None and still.strength > 2.5 and still.start >= 15
    assert leaning is not None and leaning.strength < 0.5 * still.strength
    assert unmoved(observe(candle(False, smoke=False), FPS)) is None


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_fire_out_of_nothing_is_an_effect_without_cause(seed: int) -> None:
    report = audit_clip(Clip(flames(flame(70, 50, 20), seed=seed), FPS))
    finding = next(f for f in report.findings if f.law == "cause")
    assert abs(finding.start - 20 / FPS) < 4 / FPS
    assert finding.box is not None and finding.box[0] - 3 < 70 < finding.box[2] + 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_candle_lit_by_a_flame_that_is_brought_is_no_finding(seed: int) -> None:
    t = np.arange(60)
    brought = np.stack([np.maximum(128 + 8 - 3.0 * t, 74), np.full(60, 44), np.full(60, 3.5)], 1)
    report = audit_clip(Clip(flames(brought, flame(68, 52, 22), seed=seed), FPS))
    assert not [f for f in report.findings if f.law == "cause"]


def test_a_fire_that_burns_from_the_start_is_no_finding() -> None:
    report = audit_clip(Clip(flames(flame(70, 50, -20)), FPS))
    assert not [f for f in report.findings if f.law == "cause"]


@pytest.mark.parametrize("end", [60, 20, 21, 22, 23])
def test_a_light_far_away_explains_no_fire_whether_it_burns_on_or_has_just_gone_out(end: int) -> None:
    far = flame(12, 20, -20)
    far[end:, 2] = 0
    found = ignitions(observe(flames(far, flame(90, 60, 20)), FPS))
    assert [fire for fire in found if fire.box[0] - 3 < 90 < fire.box[2] + 3 and abs(fire.frame - 20) < 5]
