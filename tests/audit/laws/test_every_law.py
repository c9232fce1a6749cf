"""Every law has checks, and says why it could not be checked."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip, checks
from cuspworld.clip import Clip
from cuspworld.laws import Law

from ..scenes import FPS


def test_every_law_of_the_table_is_there() -> None:
    assert {check.law for check in checks()} == set(Law)


@pytest.mark.parametrize("law", list(Law))
def test_a_law_says_why_it_was_not_checked(law: str) -> None:
    report = audit_clip(Clip(np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8), FPS))
    assert law in report.suspicion or len(report.unchecked[law]) > 20
