"""Intervention: effects whose size, way and delay are known."""

import numpy as np
import pytest

from cuspworld.exam.answers import ask
from cuspworld.exam.parts.intervention import _colour, _difference, _gravity, _kick, _nothing, _seed, effect
from cuspworld.exam.references import LastFrame, Oracle
from cuspworld.exam.sitting import Settings

SETTINGS = Settings(clips=2, size=64)


def test_of_an_effect_size_way_and_delay():
    true = np.outer(np.arange(1, 9.0), [1.0, -1.0])
    assert effect(true, true) == {"size": 1.0, "cosine": pytest.approx(1.0), "delay": 0.0, "rms": pytest.approx(
        np.sqrt(2 * (np.arange(1, 9) ** 2).mean()))}  # fmt: skip
    assert effect(-2 * true, true)["size"] == -2 and effect(-2 * true, true)["cosine"] == pytest.approx(-1)
    late = np.concatenate([np.zeros((3, 2)), true[:-3]])
    assert effect(late, true)["delay"] == pytest.approx(0.3)
    none = effect(0 * true, true)
    assert none["size"] == 0 and none["delay"] is None and none["rms"] == 0


def test_a_kick_moves_the_ball_by_what_it_says():
    """5 N s on pi kg are 1.59 m/s upwards: after 1.2 s 1.91 m, in the picture downwards counted."""
    trial = _kick(7_000_000, SETTINGS)
    assert trial.true[-1, 1] == pytest.approx(-5 / np.pi * 1.2, abs=0.1) and abs(trial.true[-1, 0]) < 0.05
    assert trial.after.action.shape == (12, 2) and trial.after.action[0, 1] == 5.0
    assert (trial.before.frames == trial.after.frames).all()  # nothing of it is shown


@pytest.mark.parametrize("make", [_gravity, _kick])
def test_the_oracle_is_right_and_the_last_frame_is_not(make):
    trial = make(7_000_001, SETTINGS)

    def found(model):
        arms = [(trial.before, trial.without), (trial.after, trial.with_)]
        return effect(_difference(*(see(ask(model, question, 60.0))["seen"] for question, see in arms)), trial.true)

    assert found(Oracle())["size"] == pytest.approx(1.0, abs=1e-3) and found(Oracle())["delay"] == 0
    assert found(LastFrame())["size"] < 0.5


def test_placebos_have_no_true_effect():
    assert np.abs(_colour(7_000_000, SETTINGS).true).max() < 0.1  # of metres: the tracker's floor
    assert not _nothing(7_000_000, SETTINGS).true.any() and not _seed(7_000_000, SETTINGS).true.any()
