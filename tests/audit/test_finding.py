"""A finding's forms, and what two of them share."""

import numpy as np
import pytest

from cuspworld.audit.finding import Evidence, Finding, Measurement, Series, finite, shared_place

Box = tuple[float, float, float, float] | None


def _at(box: Box, probability: float = 0.8) -> Finding:
    return Finding("inertia", 0.5, 1.0, probability, "odd", box)


def test_shared_place_is_that_of_the_pixels_over_the_smaller_box() -> None:
    rng = np.random.default_rng(0)
    for _ in range(80):
        masks, boxes = np.zeros((2, 16, 16), bool), []
        for mask in masks:
            (x0, x1), (y0, y1) = (sorted(rng.choice(16, 2, replace=False).tolist()) for _ in range(2))
            mask[y0:y1, x0:x1] = True
            boxes.append((float(x0), float(y0), float(x1), float(y1)))
        expected = (masks[0] & masks[1]).sum() / min(masks[0].sum(), masks[1].sum())
        first, second = _at(boxes[0]), _at(boxes[1])
        assert shared_place(first, second) == pytest.approx(expected)
        assert shared_place(second, first) == shared_place(first, second)


def test_a_finding_everywhere_shares_every_place() -> None:
    assert shared_place(_at(None), _at((0.0, 0.0, 1.0, 1.0))) == 1
    assert shared_place(_at((0.0, 0.0, 1.0, 1.0)), _at(None)) == 1
    assert shared_place(_at((0.0, 0.0, 2.0, 2.0)), _at((2.0, 0.0, 4.0, 2.0))) == 0  # side by side


def test_the_json_form_has_seconds_pixels_and_the_area_of_a_mask() -> None:
    mask = np.zeros((6, 8), bool)
    mask[1:3, 2:7] = True
    series = (Series("height", "px", (0.0, 0.04123), (1.2345678, 2.0)),)
    measured = {"speed": Measurement(12.3456789, "px/s", 0.5)}
    finding = Finding(
        "gravity", 1.23456789, 2, 0.876543, "falls", (1.234, 2.0, 3.0, 4.0), mask, measured, series, "fall ends", 3.0
    )
    assert finding.to_dict() == {
        "law": "gravity", "start": 1.234568, "end": 2.0, "box": [1.23, 2.0, 3.0, 4.0], "mask_area": 10,
        "probability": 0.8765, "measured": {"speed": {"value": 12.3457, "unit": "px/s", "error": 0.5}},
        "sentence": "falls",
        "series": [{"label": "height", "unit": "px", "times": [0.0, 0.0412], "values": [1.23457, 2.0]}],
    }  # fmt: skip
    plain = _at(None).to_dict()
    assert plain["box"] is None and plain["mask_area"] is None


def test_a_measurement_says_its_error_and_unit() -> None:
    assert str(Measurement(1234.5678, "px/s", 0.04567)) == "1235 ± 0.046 px/s"
    assert str(Measurement(3, "")) == "3"


@pytest.mark.parametrize("value, kept", [
    (None, None), (float("nan"), None), (float("inf"), None), (-float("inf"), None), (0.0, 0.0),
    (123456.789, 123457.0), (-1e-9, -1e-9),
])  # fmt: skip
def test_numbers_are_kept_to_six_digits_where_they_are_numbers(value: float | None, kept: float | None) -> None:
    assert finite(value) == kept


def test_a_suspect_becomes_a_finding_at_one_half() -> None:
    evidence = Evidence((_at(None, 0.49), _at(None, 0.5), _at(None, 0.9)))
    assert [f.probability for f in evidence.findings] == [0.5, 0.9]
    assert evidence.suspicion == 0.9
    assert Evidence(unchecked="too short").suspicion == 0 and Evidence().findings == []
