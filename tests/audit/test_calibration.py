"""Every curve has one check, every check a curve; the numbers are those of calibration.json."""

import json

import pytest

from cuspworld.audit import Curve, checks
from cuspworld.audit.calibration import FILE, TAUGHT, fitted
from cuspworld.errors import CuspError


def test_every_curve_is_used_by_exactly_one_check_and_every_check_has_one() -> None:
    names = [check.name for check in checks()]
    assert len(names) == len(set(names))
    assert set(fitted()) == set(names)


def test_every_curve_and_the_judge_say_how_they_were_fitted() -> None:
    content = json.loads(FILE.read_text(encoding="utf-8"))
    assert {curve["fit"] for curve in content["curves"].values()} | {content["judge"]["fit"]} <= set(content["fits"])
    assert TAUGHT.law == content["judge"]["law"]


def test_a_curve_is_one_half_at_its_centre_and_grows() -> None:
    curve = Curve(4.0, 3.0)
    assert curve(4.0) == 0.5 and curve(0.0) == 0.0 == curve(-1.0)
    assert curve(8.0) == pytest.approx(8 / 9)  # 1 / (1 + (1/2)^3)


@pytest.mark.parametrize("centre,slope", [(0.0, 1.0), (1.0, -1.0), (float("nan"), 1.0), (1.0, float("inf"))])
def test_a_curve_without_sense_is_refused(centre: float, slope: float) -> None:
    with pytest.raises(CuspError, match="must be positive"):
        Curve(centre, slope)
