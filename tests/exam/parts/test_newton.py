"""Newton or Kepler: paths whose law is known, and one that obeys none."""

import numpy as np
import pytest

from cuspworld.exam.parts.newton import FIT, GIVEN, G, Sinusoids, _law, _shot, _targets, law_of, scene
from cuspworld.exam.question import Question
from cuspworld.exam.references import LastFrame


@pytest.mark.parametrize("p", [2.0, 1.0, -1.0])
def test_the_exponent_of_a_path_is_found(p):
    found = law_of(_shot(np.array([1.0, 0.0, 0.3, 5.0, np.log(30.0), p]), 20, 10.0))
    assert found["p"] == pytest.approx(p, abs=0.01) and found["residual"] < 1e-3


def test_a_true_path_is_newton_s_and_what_stands_still_has_no_force():
    known = scene(7_000_000, 64).play(GIVEN + 20)
    found = _law(known.frames[GIVEN:], known)
    assert found["p"] == pytest.approx(2.0, abs=0.05) and found["residual"] < FIT
    still = LastFrame().continue_clip(known.frames[:GIVEN], 10.0, 2.0)
    assert _law(still, known)["p"] is None


def test_sinusoids_that_fit_the_seen_places_are_no_newton():
    known = scene(7_000_003, 16).play(GIVEN + 20, drawn=False)
    rows = known.state
    path = np.stack([rows["planet_1_x"] - rows["star_x"], rows["planet_1_y"] - rows["star_y"]], 1)
    question = Question(np.zeros((GIVEN, 16, 16, 3), np.uint8), 10.0, 2.0)
    found = law_of(Sinusoids(lambda asked: path[:GIVEN]).path(question))
    assert abs(found["p"] - 2) > 0.1 or found["residual"] > FIT


def test_the_force_and_the_ellipse_of_a_round_orbit():
    names = [f"{b}_{c}" for b in ("planet_1", "star") for c in ("x", "y", "velocity_x", "velocity_y")]
    row = np.zeros(1, [(name, "f8") for name in names])[0]
    row["planet_1_x"], row["planet_1_velocity_y"] = 4.0, np.sqrt(G / 4.0)
    force, ellipse = _targets(row, {"star_mass": 1.0})
    assert force == pytest.approx([-G / 16, 0]) and ellipse == pytest.approx([4.0, 0.0, 0.0], abs=1e-9)
