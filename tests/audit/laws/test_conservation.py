"""Matter that grows in its place, or flows upward, against matter that is poured, uncovered or brought nearer."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.conservation.hue_growth import growths
from cuspworld.clip import Clip

from ..drawn import heap, vessels

FPS = 12.0


@pytest.mark.parametrize("factor", [1.15, 1.4])
def test_a_heap_that_grows_all_the_while_is_measured(factor: float) -> None:
    radii = 18 * np.linspace(1, factor, 36)
    found = growths(observe(heap(radii), FPS))
    # thirds are compared: from the middle of the first to the middle of the last
    expected = (radii[-12:].mean() / radii[:12].mean()) ** 2
    assert len(found) == 1 and found[0].ratio == pytest.approx(expected, rel=0.05)


def test_what_stays_moves_or_is_uncovered_at_once_does_not_grow() -> None:
    steady = np.full(36, 18.0)
    assert growths(observe(heap(steady), FPS)) == []
    assert growths(observe(heap(18 * np.linspace(1, 1.2, 36), np.linspace(25, 100, 36)), FPS)) == []
    assert growths(observe(heap(np.r_[steady[:18], 1.3 * steady[:18]]), FPS)) == []


def test_liquid_that_flows_upward_is_found_and_downward_is_not() -> None:
    def said(upward: bool) -> set[str]:
        return {f.law for f in audit_clip(Clip(vessels(upward), 30.0)).findings}

    assert "conservation" in said(True)
    assert "conservation" not in said(False)
