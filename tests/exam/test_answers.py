"""Whatever a model does wrong is said, and the exam goes on."""

import time

import numpy as np
import pytest

from cuspworld.exam.answers import Refusal, ask, within
from cuspworld.exam.question import Question
from cuspworld.exam.sitting import Kept, Settings, Sitting

FRAMES = np.zeros((3, 16, 20, 3), np.uint8)
QUESTION = Question(FRAMES, 10.0, 0.5)
GOOD = np.zeros((5, 16, 20, 3), np.uint8)


class Says:
    def __init__(self, value):
        self.value = value

    def continue_clip(self, frames, fps, seconds, action=None, seed=0):
        return self.value() if callable(self.value) else self.value


def _raise():
    raise RuntimeError("out of memory")


def _hang():
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.zeros((5, 20, 16, 3), np.uint8), "20 x 16, given 16 x 20"),
        (np.zeros((5, 16, 20), np.uint8), "the shape"),
        (np.zeros((8, 16, 20, 3), np.uint8), "8 new frames; 0.5 s at 10 frames a second are 5"),
        (np.full((5, 16, 20, 3), np.nan), "NaN"),
        (np.zeros((5, 16, 20, 3)), "float64"),
        (None, "object"),
        (_raise, "crashed: RuntimeError: out of memory"),
        (_hang, "gave no answer in 0.2 s"),
    ],
)
def test_what_is_wrong_is_said(value, says):
    with pytest.raises(Refusal, match=says):
        ask(Says(value), QUESTION, 0.2)


def test_an_answer_comes_back_and_the_question_is_untouched():
    class Writes:
        def continue_clip(self, frames, fps, seconds, action=None, seed=0):
            frames[:] = 9
            return GOOD

    assert (ask(Writes(), QUESTION, 5.0) == GOOD).all() and not FRAMES.any()


def test_a_model_that_hangs_is_stopped():
    ticks = []

    def work():
        while True:
            ticks.append(1)
            time.sleep(0.005)

    with pytest.raises(Refusal):
        within(0.1, work)
    time.sleep(0.05)
    count = len(ticks)
    time.sleep(0.1)
    assert len(ticks) == count


def test_clip_37_fails_alone_and_what_was_measured_is_kept(tmp_path):
    asked = []

    def model(number):
        asked.append(number)
        return Says(_raise if number == 37 else GOOD)

    def sit():
        sitting = Sitting({"mine": None}, Settings(timeout=5.0), Kept(tmp_path, "1"))
        for number in range(40):
            sitting.measured("range", "mine", str(number),
                             lambda n=number: {"mean": float(ask(model(n), QUESTION, 5.0).mean())})  # fmt: skip
        return sitting

    first = sit()
    assert [(f.question, f.reason) for f in first.failures] == [("37", "crashed: RuntimeError: out of memory")]
    with (tmp_path / "kept.jsonl").open("a") as file:
        file.write('["1", "cut o')  # as a power cut leaves it
    again = sit()
    assert len(asked) == 40 and again.failures == first.failures
    Kept(tmp_path, "2").get("late", lambda: within(0.01, lambda: time.sleep(0.2)))
    assert Kept(tmp_path, "2").get("late", lambda: {"x": 3}) == {"x": 3}  # asked again: it may have been the machine
    Kept(tmp_path, "2").get("range/mine/0", lambda: {"x": 1})
    assert Kept(tmp_path, "2").get("range/mine/0", lambda: {"x": 2}) == {"x": 1}


def test_features_that_are_none_are_refused_and_the_rest_goes_on():
    from cuspworld.exam.answers import features_of
    from cuspworld.exam.parts import newton, training

    class Shows:
        def __init__(self, features):
            self.features = features

        def continue_clip(self, frames, fps, seconds, action=None, seed=0):
            raise AssertionError

    frames = QUESTION.frames
    good = Shows(lambda x: {"a": x.mean((1, 2))})
    assert features_of(good, frames, 5.0)["a"].shape == (len(frames), 3)
    bad = {
        "crashed: ValueError": lambda x: _raise_value(),
        "NaN": lambda x: {"a": np.full((len(x), 3), np.nan)},
        "no layer": lambda x: {},
        "must be": lambda x: x,
    }
    for said, features in bad.items():
        with pytest.raises(Refusal, match=said):
            features_of(Shows(features), frames, 5.0)
    sitting = Sitting({"mine": Shows(bad["NaN"])}, Settings(clips=1, size=24, timeout=5.0), Kept(None, ""))
    assert not training._features(sitting, [frames])
    assert sitting.failures[-1].part == "training" and "NaN" in sitting.failures[-1].reason
    assert not sitting.features(newton.NAME, frames) and sitting.failures[-1].part == "newton"


def _raise_value():
    raise ValueError("none today")
