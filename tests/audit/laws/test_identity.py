"""A coat that is swapped in place."""

import numpy as np

from cuspworld.audit import audit_clip
from cuspworld.clip import Clip

from ..scenes import BLUE, FPS, GREEN, RED, render, straight


def test_a_coat_that_changes_in_place_is_found() -> None:
    paths = [straight((25, 30), (0.8, 0), 60), straight((100, 65), (-0.8, 0), 60)]
    before, after = (render(paths, [8, 9], c) for c in ([RED, GREEN], [BLUE, GREEN]))
    report = audit_clip(Clip(np.concatenate([before[:30], after[30:]]), FPS))
    finding = next(f for f in report.findings if f.law == "identity")
    assert finding.start <= 30 / FPS <= finding.end + 1e-9
