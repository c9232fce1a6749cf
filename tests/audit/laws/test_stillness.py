"""Motion that stops everywhere and goes on."""

import numpy as np

from cuspworld.audit import audit_clip
from cuspworld.clip import Clip

from ..drawn import two_paths
from ..scenes import BLUE, FPS, RED, render


def test_frozen_motion_that_goes_on_is_found() -> None:
    frames = render(two_paths(), [7, 9], [RED, BLUE])
    frozen = np.concatenate([frames[:30], np.repeat(frames[30:31], 12, 0), frames[30:]])
    report = audit_clip(Clip(frozen, FPS))
    assert "stillness" in [f.law for f in report.findings]


def test_a_still_picture_is_not_called_impossible() -> None:
    report = audit_clip(Clip(np.repeat(render(two_paths(1), [7, 9], [RED, BLUE]), 40, 0), FPS))
    assert report.findings == ()
    assert "stillness" in report.unchecked
