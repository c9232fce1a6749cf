"""A coat that is swapped in place."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip, checks
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.runner import look
from cuspworld.audit.observations.seen import Observations
from cuspworld.clip import Clip

from ..scenes import BLUE, FPS, GREEN, RED, render, straight


def test_a_coat_that_changes_in_place_is_found() -> None:
    paths = [straight((25, 30), (0.8, 0), 60), straight((100, 65), (-0.8, 0), 60)]
    before, after = (render(paths, [8, 9], c) for c in ([RED, GREEN], [BLUE, GREEN]))
    report = audit_clip(Clip(np.concatenate([before[:30], after[30:]]), FPS))
    finding = next(f for f in report.findings if f.law == "identity")
    assert finding.start <= 30 / FPS <= finding.end + 1e-9


def _turning_green(steps: int) -> Observations:
    """A red disc that goes its way and turns green within so many frames."""
    share = np.clip((np.arange(60) - 30) / steps, 0, 1)[:, None]
    path = straight((20, 48), (1.4, 0), 60)
    red, green = (render([path], [9], [colour], noise=1.0).astype(float) for colour in (RED, GREEN))
    frames = red + share[:, :, None, None] * (green - red)
    return Observations(observe(np.rint(frames).astype(np.uint8), FPS))


@pytest.mark.parametrize("steps,leaps", [(1, True), (5, False)])
def test_a_colour_that_drifts_within_the_compared_frames_does_not_leap(steps: int, leaps: bool) -> None:
    check = next(check for check in checks() if check.name == "colour leaps")
    (found,) = look(_turning_green(steps), [check])
    assert (max((check.probability(s.strength) for s in found.suspects), default=0.0) >= 0.5) is leaps
