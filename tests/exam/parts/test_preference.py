"""Preference: paths whose geometry is known, a fused score that must transfer, and who is surprised by what."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.exam.answers import ask
from cuspworld.exam.parts.preference import _pair, fused, geometry, surprises
from cuspworld.exam.references import Oracle


def test_the_geometry_of_a_line_and_of_a_circle():
    line = np.outer(np.arange(9.0), [3.0, 4.0])
    assert geometry(line) == pytest.approx((5.0, 0.0, 0.0, 0.0), abs=1e-6)
    angle = np.arange(24) * 2 * np.pi / 24
    step, turn, acceleration, _ = geometry(np.stack([np.cos(angle), np.sin(angle)], 1))
    chord = 2 * np.sin(np.pi / 24)
    assert (step, turn, acceleration) == pytest.approx((chord, 2 * np.pi / 24, chord), rel=1e-6)


def test_the_fused_score_learns_from_other_worlds_only():
    random = np.random.default_rng(0)
    paths = np.exp(random.normal(size=(40, 2, 4)))
    paths[:, 1, 2] = 3 * paths[:, 0, 2]  # in every world the impossible one bends more
    names = [str(k % 4) for k in range(40)]
    assert (fused(paths, names) > 0).mean() > 0.9
    backwards = paths.copy()
    backwards[[n == "0" for n in names], 1, 2] = paths[[n == "0" for n in names], 0, 2] / 3
    scores = fused(backwards, names)
    assert (scores[[n == "0" for n in names]] < 0).mean() > 0.9  # the rule of the other three does not hold there


def test_the_oracle_is_never_surprised_by_the_possible():
    world = worlds.make("Collision", size=32, fps=10.0)
    pair = next(p for seed in range(9) if (p := _pair(world, "speeds_up", ("inertia",), seed, 32)) is not None)
    found = surprises(ask(Oracle(), pair.question, 60.0), pair)
    assert found["possible"] == 0 and found["impossible"] > 0
    assert (pair.possible[: pair.first] == pair.impossible[: pair.first]).all()
