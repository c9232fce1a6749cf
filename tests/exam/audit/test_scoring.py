"""The figures of the audit's tables, against second computations and closed forms."""

import itertools

import numpy as np
import pytest

from cuspworld.exam.audit import scoring


def test_auc_is_the_mann_whitney_statistic() -> None:
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    # rounded: there are ties
    a, b = rng.normal(0.4, 1, 37).round(1).tolist(), rng.normal(0, 1, 23).round(1).tolist()
    u = mannwhitneyu(a, b).statistic
    assert scoring.auc(a, b) == pytest.approx(u / (len(a) * len(b)))
    assert scoring.auc(a, b) + scoring.auc(b, a) == pytest.approx(1)


def test_of_a_pair_the_possible_clip_scores_higher_and_a_tie_is_half() -> None:
    assert scoring.pairwise([0.9, 0.5, 0.2], [0.1, 0.5, 0.8]) == pytest.approx(0.5)
    assert scoring.pairwise([0.9, 0.5], [0.1, 0.5]) == pytest.approx(0.75)
    assert np.isnan(scoring.pairwise([], [])) and np.isnan(scoring.auc([], [1.0]))


@pytest.mark.parametrize("first, second, inside", [
    (1.0, 2.0, True), (1.3, 1.4, True), (0.0, 0.81, True), (2.19, 3.0, True), (0.0, 0.79, False), (2.21, 3.0, False),
])  # fmt: skip
def test_a_finding_within_a_fifth_of_a_second_is_at_the_time(first: float, second: float, inside: bool) -> None:
    assert scoring.in_time({"start": first, "end": second}, 1.0, 2.0) is inside


def test_time_overlap_is_the_share_of_the_findings_own_time() -> None:
    assert scoring.time_overlap({"start": 1.2, "end": 1.8}, 1.0, 2.0) == pytest.approx(1)
    assert scoring.time_overlap({"start": 1.2, "end": 4.2}, 1.0, 2.0) == pytest.approx(1 / 3)
    assert scoring.time_overlap({"start": 5.0, "end": 6.0}, 1.0, 2.0) == 0
    # an instant lasts a tenth of a second
    assert scoring.time_overlap({"start": 2.15, "end": 2.15}, 1.0, 2.0) == pytest.approx(0.5)


def test_box_overlap_is_that_of_the_pixels() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        boxes = [np.sort(rng.integers(0, 12, (2, 2)), 1).ravel().tolist() for _ in range(2)]
        a, b = ((x0, y0, x1 + 1, y1 + 1) for x0, x1, y0, y1 in boxes)  # none is empty
        masks = np.zeros((2, 14, 14), bool)
        for mask, (x0, y0, x1, y1) in zip(masks, (a, b), strict=True):
            mask[y0:y1, x0:x1] = True
        expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
        assert scoring.box_overlap(tuple(map(float, a)), tuple(map(float, b))) == pytest.approx(expected)
    assert scoring.box_overlap(None, (0.0, 0.0, 1.0, 1.0)) == 0


def test_a_box_points_at_another_with_its_middle() -> None:
    place = (40.0, 40.0, 100.0, 60.0)  # grown by 6 pixels to either side, by 4 up and down
    for x, y in itertools.product((33.0, 35.0, 70.0, 105.0, 107.0), (35.0, 37.0, 50.0, 63.0, 65.0)):
        inside = 34 <= x <= 106 and 36 <= y <= 64
        assert scoring.points_at((x - 3, y - 2, x + 3, y + 2), place) is inside
    assert not scoring.points_at(None, place)


def test_a_table_lines_up_and_a_dash_stands_for_what_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    scoring.table(("clip", "score"), [("a long name", scoring.number(0.5)), ("b", scoring.number(float("nan")))])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["clip         score", "a long name   0.50", "b                -", ""]
    assert scoring.number(0.123, percent=True) == "12%"
