"""The judge's weights are the maximum likelihood of what it and the laws said, none of them negative."""

from pathlib import Path

import numpy as np
import pytest

from cuspworld.audit.calibration import Weights
from cuspworld.exam.audit import calibration_file, weigh_judge


def test_logistic_regression_finds_the_weights_that_cases_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 2, (20_000, 2))
    right = (rng.random(len(x)) < 1 / (1 + np.exp(-(x @ [0.8, 0.3] - 1.0)))).astype(float)
    assert weigh_judge._logistic(x, right) == pytest.approx([0.8, 0.3, -1.0], abs=0.05)


def test_what_speaks_against_itself_gets_no_weight() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(0, 2, (2000, 1))
    right = (rng.random(len(x)) < 1 / (1 + np.exp(2 * x[:, 0]))).astype(float)
    weights = weigh_judge._logistic(x, right)
    assert weights[0] == 0 and weights[1] == pytest.approx(0, abs=0.15)


def test_weights_are_written_with_how_they_were_made(tmp_path: Path) -> None:
    path, before = tmp_path / "calibration.json", calibration_file.read()
    fitted = weigh_judge.Fitted(Weights(0.512, 0.2, 0.1, 0.7, -0.3), (8, 60), (4, 12))
    weigh_judge.write(fitted, "again", "the command", path)
    after = calibration_file.read(path)
    assert after["judge"] == {"law": 0.51, "seen": 0.2, "bias": 0.1, "own": 0.7, "own_bias": -0.3, "fit": "again"}
    assert after["fits"]["again"] == (
        "the command: of the laws' suspects 8 of 60 are right, of the judge's own 4 of 12"
    )
    assert after["curves"] == before["curves"]
